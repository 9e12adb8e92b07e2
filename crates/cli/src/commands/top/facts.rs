//! What is shown: the last answers of a node, and how fast they change.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sanad_api::{Diagnosis, NodeStatus, Peer};

/// One look at a node.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) status: NodeStatus,
    pub(super) diagnosis: Option<Diagnosis>,
    pub(super) peers: Vec<Peer>,
}

/// All that the screen is drawn from.
#[derive(Debug)]
pub(super) struct State {
    url: String,
    last: Option<Sample>,
    /// Why the last look failed.
    failure: Option<String>,
    /// How long the node has been asked now.
    asked: Duration,
    /// Height and entries at the last looks.
    past: VecDeque<(Instant, u64, u64)>,
}

/// How fast the chain grows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) blocks: f64,
    pub(super) entries: f64,
}

impl State {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), last: None, failure: None, asked: Duration::ZERO, past: VecDeque::new() }
    }

    /// Adds a look, or why it failed; what was seen before stays.
    pub(super) fn add(&mut self, look: Result<Sample, String>, at: Instant) {
        self.asked = Duration::ZERO;
        match look {
            Ok(sample) => {
                self.past.push_back((at, sample.status.head.height.0, sample.status.log_size.0));
                while self.past.len() > 2
                    && self.past.front().is_some_and(|(then, ..)| at - *then > RATE_WINDOW)
                {
                    self.past.pop_front();
                }
                (self.last, self.failure) = (Some(sample), None);
            }
            Err(failure) => self.failure = Some(failure),
        }
    }

    /// The node has been asked for so long, and has not answered.
    pub(super) fn wait(&mut self, asked: Duration) {
        self.asked = asked;
    }

    /// How long the node has been silent, if that is long.
    pub(super) fn silence(&self) -> Option<Duration> {
        Some(self.asked).filter(|asked| *asked >= SILENCE_NOTED)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn last(&self) -> Option<&Sample> {
        self.last.as_ref()
    }

    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Over the last looks; `None` after the first.
    pub(super) fn rates(&self) -> Option<Rates> {
        let (first, last) = (self.past.front()?, self.past.back()?);
        let seconds = (last.0 - first.0).as_secs_f64();
        let rate = |from: u64, to: u64| to.saturating_sub(from) as f64 / seconds;
        (seconds > 0.0).then(|| Rates { blocks: rate(first.1, last.1), entries: rate(first.2, last.2) })
    }
}

/// Time without an answer that is shown.
const SILENCE_NOTED: Duration = Duration::from_secs(2);
/// Time over which rates are taken.
const RATE_WINDOW: Duration = Duration::from_secs(30);
