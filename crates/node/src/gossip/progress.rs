//! How far a peer is with the batches that wait.

use std::time::{Duration, Instant};

use super::BatchExchange;
use super::codec::{Answer, BATCHES_BYTES_MAX, MESSAGE_BATCHES_MAX, Request};
use crate::pool::{Offered, Source, WaitingBatch};

/// A peer's place in the pool, and the request that it has not answered yet.
///
/// **Invariant:** of the batches before `next`, none is sent to the peer again on this connection unless it is offered
/// first; the others are sent once. A batch for which the peer has no room holds up none that come after it.
#[derive(Debug)]
pub(super) struct Progress<I> {
    /// Arrival number of the first batch that is not dealt with.
    next: u64,
    /// Batches before this arrival number are offered: the peer may have them.
    offered_before: u64,
    step: Step<I>,
    /// Nothing is sent before this, since the last request failed.
    hold_until: Option<Instant>,
    /// The first batch that the peer could not take yet, and when all from there on are offered again.
    later: Option<(u64, Instant)>,
    /// When all that waits is offered again: the peer may have had to give up what it took.
    all_at: Instant,
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
        Self {
            next: 0,
            offered_before,
            step: Step::Idle,
            hold_until: None,
            later: None,
            all_at: Instant::now() + OFFER_ALL,
            pause: RETRY_MIN,
        }
    }

    /// Makes the next request, if none is under way and there is something to send; `send` sends it.
    pub(super) fn advance(&mut self, exchange: &dyn BatchExchange, send: impl FnOnce(Request) -> I) {
        let now = Instant::now();
        if !matches!(self.step, Step::Idle) || self.hold_until.is_some_and(|until| now < until) {
            return;
        }
        self.hold_until = None;
        loop {
            let found = exchange.arrived_from(self.next, MESSAGE_BATCHES_MAX, BATCHES_BYTES_MAX);
            let Some(last) = found.last().map(|waiting| waiting.arrival) else {
                match self.offer_again(exchange, now) {
                    true => continue,
                    false => return,
                }
            };
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
                    let offer = batches.iter().map(|WaitingBatch { batch, .. }| Offered {
                        id: batch.id(),
                        issuer: batch.batch().issuer.clone(),
                        bytes: batch.bytes().len(),
                    });
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
                let then = end(&batches);
                self.note_later(&batches, answers);
                let wanted =
                    batches.into_iter().zip(answers).filter(|(_, answer)| **answer == Answer::Wanted);
                let wanted: Vec<_> = wanted.map(|(waiting, _)| waiting).collect();
                if wanted.is_empty() {
                    self.next = self.next.max(then);
                } else {
                    self.step = Step::Sent { request: send(outgoing(&wanted)), batches: wanted, then };
                }
            }
            Step::Sent { request, batches, then } if request == *to => {
                if answers.len() != batches.len() {
                    return self.retry(&batches);
                }
                self.note_later(&batches, answers);
                if answers.contains(&Answer::Settled) {
                    self.pause = RETRY_MIN;
                }
                self.next = self.next.max(then);
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
            // A peer that has no room is asked first.
            Source::Submitted if self.later.is_some() => Way::Offer,
            Source::Submitted => Way::Send,
            Source::Relayed => Way::Offer,
            Source::Gossiped => Way::PassOver,
        }
    }

    /// Goes back to what is to be offered again, if it is time: only once all else is dealt with, so that what is new
    /// never waits for it.
    fn offer_again(&mut self, exchange: &dyn BatchExchange, now: Instant) -> bool {
        let from = match self.later {
            _ if self.all_at <= now => {
                self.all_at = now + OFFER_ALL;
                0
            }
            Some((from, at)) if at <= now => from,
            _ => return false,
        };
        self.later = None;
        self.next = self.next.min(from);
        self.offered_before = exchange.next_arrival();
        true
    }

    /// Notes what the peer cannot take yet.
    fn note_later(&mut self, batches: &[WaitingBatch], answers: &[Answer]) {
        let mut later = batches.iter().zip(answers).filter(|(_, answer)| **answer == Answer::Later);
        let Some((first, _)) = later.next() else { return };
        match &mut self.later {
            Some((from, _)) => *from = first.arrival.min(*from),
            None => {
                self.later = Some((first.arrival, Instant::now() + self.pause));
                self.pause = (self.pause * 2).min(RETRY_MAX);
            }
        }
    }

    fn retry(&mut self, batches: &[WaitingBatch]) {
        self.offered_before = self.offered_before.max(end(batches));
        self.hold_until = Some(Instant::now() + self.pause);
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

const RETRY_MIN: Duration = Duration::from_millis(250);
/// Longest pause before a batch is offered again. An offer has some 60 bytes for each batch.
const RETRY_MAX: Duration = Duration::from_secs(4);
/// Time between two offers of all that waits.
const OFFER_ALL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use sanad_core::batch::SignedBatch;
    use sanad_core::ids::MemberId;
    use sanad_testkit::{Ledger, issue};

    use super::*;
    use crate::gossip::{BlockCopy, NoAnswer, Received, Wanted};
    use crate::pool::Interest;

    /// Batches that issuers handed in.
    #[derive(Default)]
    struct Waiting(Mutex<Vec<Arc<SignedBatch>>>);

    impl Waiting {
        fn submit(&self, number: u64) -> Arc<SignedBatch> {
            let batch = Arc::new(Ledger::new().signed("issuer", vec![issue(number)]));
            self.0.lock().unwrap().push(Arc::clone(&batch));
            batch
        }
    }

    impl BatchExchange for Waiting {
        fn receive(&self, _: &MemberId, _: Source, _: &[u8]) -> Received {
            Received::Settled
        }

        fn interest(&self, _: &[Offered]) -> Vec<Interest> {
            Vec::new()
        }

        fn arrived_from(&self, arrival: u64, count_max: usize, _: usize) -> Vec<WaitingBatch> {
            let batches = self.0.lock().unwrap();
            let later = batches.iter().enumerate().skip(arrival as usize).take(count_max);
            let waiting = |(arrival, batch): (usize, &Arc<SignedBatch>)| WaitingBatch {
                arrival: arrival as u64,
                batch: Arc::clone(batch),
                source: Source::Submitted,
            };
            later.map(waiting).collect()
        }

        fn next_arrival(&self) -> u64 {
            self.0.lock().unwrap().len() as u64
        }

        fn block(&self, _: Wanted) -> Result<Option<BlockCopy>, NoAnswer> {
            Ok(None)
        }
    }

    /// What is sent to the peer now; `number` names the request.
    fn sent(progress: &mut Progress<u32>, waiting: &Waiting, number: u32) -> Option<Request> {
        let mut sent = None;
        progress.advance(waiting, |request| {
            sent = Some(request);
            number
        });
        sent
    }

    #[test]
    fn what_finds_no_room_does_not_hold_up_what_comes_after_it() {
        let waiting = Waiting::default();
        let mut progress = Progress::new(&waiting);
        waiting.submit(0);
        assert!(
            matches!(sent(&mut progress, &waiting, 1), Some(Request::Outgoing(batches)) if batches.len() == 1)
        );
        progress.answered(&1, &[Answer::Later], |_| unreachable!());
        assert!(sent(&mut progress, &waiting, 2).is_none(), "it is offered again after a pause");
        let next = waiting.submit(1);
        let Some(Request::Offer(offered)) = sent(&mut progress, &waiting, 2) else { panic!("no offer") };
        assert_eq!(offered.iter().map(|offered| offered.id).collect::<Vec<_>>(), [next.id()]);
        let mut wanted = None;
        progress.answered(&2, &[Answer::Wanted], |request| {
            wanted = Some(request);
            3
        });
        assert!(matches!(wanted, Some(Request::Outgoing(batches)) if batches == [next]));
        progress.answered(&3, &[Answer::Settled], |_| unreachable!());
        // Both are offered again, since the peer may have given up either.
        progress.all_at = Instant::now();
        assert!(
            matches!(sent(&mut progress, &waiting, 4), Some(Request::Offer(offered)) if offered.len() == 2)
        );
        progress.answered(&4, &[Answer::Settled; 2], |_| unreachable!());
        assert!(sent(&mut progress, &waiting, 5).is_none());
    }
}
