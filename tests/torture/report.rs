//! What the run found.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::load::Record;
use crate::plan::Step;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) seconds: u64,
    /// Faults by kind.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// Faults that this machine lacks something for, and what.
    pub(crate) skipped: Vec<String>,
    /// Last height.
    pub(crate) height: u64,
    pub(crate) acknowledged_batches: u64,
    pub(crate) acknowledged_events: u64,
    /// Acknowledged events that not every node proves.
    pub(crate) lost: u64,
    /// Two blocks of one height, or two places of one event.
    pub(crate) conflicting: u64,
    pub(crate) double_signatures: u64,
    /// Heights, rounds and steps at which nodes have signed.
    pub(crate) signatures: u64,
    /// Longest time without an acknowledgement, in milliseconds, and what held then.
    pub(crate) longest_stall_ms: u64,
    pub(crate) longest_stall_during: String,
    /// Longest time from the end of faults until all validators vote and a batch is acknowledged, in milliseconds.
    pub(crate) longest_recovery_ms: u64,
    /// Answers to submissions that were not acknowledgements.
    pub(crate) refusals: BTreeMap<String, u64>,
    /// Nodes that ended by themselves, a network that did not get well, an audit that found something.
    pub(crate) problems: Vec<String>,
    /// The first things that are lost or contradict others.
    pub(crate) examples: Vec<String>,
}

impl Report {
    pub(crate) fn new(seed: u64, skipped: Vec<String>) -> Self {
        Self {
            seed,
            seconds: 0,
            faults: BTreeMap::new(),
            skipped,
            height: 0,
            acknowledged_batches: 0,
            acknowledged_events: 0,
            lost: 0,
            conflicting: 0,
            double_signatures: 0,
            signatures: 0,
            longest_stall_ms: 0,
            longest_stall_during: String::new(),
            longest_recovery_ms: 0,
            refusals: BTreeMap::new(),
            problems: Vec::new(),
            examples: Vec::new(),
        }
    }

    pub(crate) fn count(&mut self, step: &Step) {
        for fault in &step.faults {
            *self.faults.entry(fault.kind().name()).or_default() += 1;
        }
    }

    pub(crate) fn recovered(&mut self, time: Duration) {
        self.longest_recovery_ms = self.longest_recovery_ms.max(time.as_millis() as u64);
    }

    /// Takes over what the load has met.
    pub(crate) fn note(&mut self, record: &Record) {
        let counts = record.counts();
        self.acknowledged_batches = counts.batches;
        self.acknowledged_events = counts.events;
        self.longest_stall_ms = counts.longest_stall.as_millis() as u64;
        self.longest_stall_during = counts.longest_stall_during;
        self.refusals = counts.refusals;
    }

    /// Nothing is lost, nothing contradicts anything, and nothing else went wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.lost == 0
            && self.conflicting == 0
            && self.double_signatures == 0
            && self.acknowledged_events > 0
            && self.problems.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            writeln!(f, "{name:<22}{value}")
        };
        row(f, "seed", &self.seed)?;
        row(f, "seconds of faults", &self.seconds)?;
        for (kind, count) in &self.faults {
            writeln!(f, "  {kind:<28}{count:>4}")?;
        }
        for skipped in &self.skipped {
            row(f, "skipped", skipped)?;
        }
        row(f, "blocks", &self.height)?;
        let Self { acknowledged_batches: batches, acknowledged_events: events, .. } = self;
        row(f, "acknowledged", &format_args!("{events} events in {batches} batches"))?;
        row(f, "lost", &self.lost)?;
        row(f, "conflicting", &self.conflicting)?;
        let Self { double_signatures, signatures, .. } = self;
        row(f, "signed twice", &format_args!("{double_signatures} of {signatures} positions"))?;
        let Self { longest_stall_ms, longest_stall_during, .. } = self;
        row(f, "longest stall", &format_args!("{longest_stall_ms} ms, during {longest_stall_during}"))?;
        row(f, "longest recovery", &format_args!("{} ms", self.longest_recovery_ms))?;
        let refusals = self.refusals.iter().map(|(code, count)| format!("{count} {code}"));
        row(f, "submitted again", &refusals.collect::<Vec<_>>().join(", "))?;
        for problem in &self.problems {
            row(f, "PROBLEM", problem)?;
        }
        for example in &self.examples {
            row(f, "", example)?;
        }
        row(f, "verdict", &if self.is_good() { "good" } else { "NOT GOOD" })
    }
}
