//! How far a peer is with the batches that wait.

use std::time::{Duration, Instant};

use super::BatchExchange;
use super::codec::{Answer, BATCHES_BYTES_MAX, MESSAGE_BATCHES_MAX, Request};
use crate::pool::{Source, WaitingBatch};

/// A peer's place in the pool, and the request that it has not answered yet.
///
/// **Invariant:** of the batches before `next`, none is sent to the peer again on this connection; the others are sent
/// once, unless the sending failed.
#[derive(Debug)]
pub(super) struct Progress<I> {
    /// Arrival number of the first batch that is not dealt with.
    next: u64,
    /// Batches before this arrival number are offered: the peer may have them.
    offered_before: u64,
    step: Step<I>,
    retry_at: Option<Instant>,
    pause: Duration,
}

/// What is under way; `I` identifies the request.
#[derive(Debug)]
enum Step<I> {
    Idle,
    Offered {
        request: I,
        batches: Vec<WaitingBatch>,
    },
    /// Once these have arrived, `then` is the next arrival number.
    Sent {
        request: I,
        batches: Vec<WaitingBatch>,
        then: u64,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Offer,
    Send,
    /// Peers of its sender have it from there.
    PassOver,
}

impl<I: PartialEq> Progress<I> {
    /// For a peer that has just connected: all that waits is offered.
    pub(super) fn new(exchange: &dyn BatchExchange) -> Self {
        let offered_before = exchange.next_arrival();
        Self { next: 0, offered_before, step: Step::Idle, retry_at: None, pause: RETRY_MIN }
    }

    /// Makes the next request, if none is under way and there is something to send; `send` sends it.
    pub(super) fn advance(&mut self, exchange: &dyn BatchExchange, send: impl FnOnce(Request) -> I) {
        if !matches!(self.step, Step::Idle) || self.retry_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        self.retry_at = None;
        loop {
            let found = exchange.arrived_from(self.next, MESSAGE_BATCHES_MAX, BATCHES_BYTES_MAX);
            let Some(last) = found.last().map(|waiting| waiting.arrival) else { return };
            let ways = found.iter().map(|waiting| self.way(waiting));
            let Some((start, way)) = ways.enumerate().find(|(_, way)| *way != Way::PassOver) else {
                self.next = last + 1;
                continue;
            };
            let batches: Vec<_> =
                found.into_iter().skip(start).take_while(|next| self.way(next) == way).collect();
            let then = batches.last().map_or(self.next, |waiting| waiting.arrival + 1);
            self.step = match way {
                Way::Offer => {
                    let offer =
                        batches.iter().map(|waiting| (waiting.batch.id(), waiting.batch.bytes().len()));
                    Step::Offered { request: send(Request::Offer(offer.collect())), batches }
                }
                _ => Step::Sent { request: send(outgoing(&batches)), batches, then },
            };
            return;
        }
    }

    /// Takes the answers to a request; `send` sends what was asked for.
    pub(super) fn answered(&mut self, to: &I, answers: &[Answer], send: impl FnOnce(Request) -> I) {
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::Offered { request, batches } if request == *to => {
                if answers.len() != batches.len() {
                    return self.retry(&batches);
                }
                let then = first_later(&batches, answers).unwrap_or_else(|| end(&batches));
                let wanted =
                    batches.into_iter().zip(answers).filter(|(_, answer)| **answer == Answer::Wanted);
                let wanted: Vec<_> = wanted.map(|(waiting, _)| waiting).collect();
                if wanted.is_empty() {
                    self.settle(then, answers);
                } else {
                    self.step = Step::Sent { request: send(outgoing(&wanted)), batches: wanted, then };
                }
            }
            Step::Sent { request, batches, then } if request == *to => {
                if answers.len() != batches.len() {
                    return self.retry(&batches);
                }
                let later = first_later(&batches, answers);
                self.offered_before = self.offered_before.max(end(&batches));
                self.settle(later.map_or(then, |later| later.min(then)), answers);
            }
            other => self.step = other,
        }
    }

    /// A request did not arrive, or was not answered in time: what it was about is offered again after a pause.
    pub(super) fn failed(&mut self, request: &I) {
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::Offered { request: failed, batches } | Step::Sent { request: failed, batches, .. }
                if failed == *request =>
            {
                self.retry(&batches);
            }
            other => self.step = other,
        }
    }

    fn way(&self, waiting: &WaitingBatch) -> Way {
        match waiting.source {
            _ if waiting.arrival < self.offered_before => Way::Offer,
            Source::Submitted => Way::Send,
            Source::Relayed => Way::Offer,
            Source::Gossiped => Way::PassOver,
        }
    }

    fn settle(&mut self, next: u64, answers: &[Answer]) {
        // Never back: what a peer answered for is done with, however the pool changes.
        self.next = self.next.max(next);
        if answers.contains(&Answer::Later) {
            self.wait();
        } else {
            self.pause = RETRY_MIN;
        }
    }

    fn retry(&mut self, batches: &[WaitingBatch]) {
        self.offered_before = self.offered_before.max(end(batches));
        self.wait();
    }

    fn wait(&mut self) {
        self.retry_at = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(RETRY_MAX);
    }
}

fn outgoing(batches: &[WaitingBatch]) -> Request {
    Request::Outgoing(batches.iter().map(|waiting| waiting.batch.clone()).collect())
}

/// The arrival number after a message's last batch.
fn end(batches: &[WaitingBatch]) -> u64 {
    batches.last().map_or(0, |waiting| waiting.arrival + 1)
}

fn first_later(batches: &[WaitingBatch], answers: &[Answer]) -> Option<u64> {
    let later = batches.iter().zip(answers).find(|(_, answer)| **answer == Answer::Later);
    later.map(|(waiting, _)| waiting.arrival)
}

const RETRY_MIN: Duration = Duration::from_millis(250);
/// Longest pause before a batch is offered again. An offer has 36 bytes for each batch.
const RETRY_MAX: Duration = Duration::from_secs(4);
