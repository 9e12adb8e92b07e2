//! How far the key of a node that has lost its memory can have signed, as its peers show.
//!
//! A validator signs at a height only when it has the block before, and that block has the precommits of a quorum. Let
//! `X` be the last height at which the key signed: then a quorum signed `X - 1`. Of it, all but this node and the faulty
//! ones were at `X - 1` before this process began, so their heads were at `X - 2` at least, and no head goes back. Ask so
//! many of the others, now, that one of those is among them: then `X` is at most two above the highest head that they
//! show. With `n` validators, a quorum of `q` and at most `f` faulty, more than `n - q + f` of the others are enough.
//!
//! The answers must be fresh, so they are asked over connections that prove who answers. A head counts as far as its
//! certificate does: nobody can keep this node from voting by naming a height that does not exist.
//!
//! The owner can say the same without them, by a rejoin statement: a nonce that this process drew, signed by the member's
//! governance key and entered at a height `R`. What signed before was gone when the nonce was drawn. Had the key signed above
//! `R`, the block at `R` would have been decided by then, and could not hold the nonce.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_core::block::BlockId;
use sanad_core::hash::RejoinNonce;
use sanad_core::ids::{Height, MemberId};
use tokio::time::timeout;

use crate::facts::RunningNode;
use crate::gossip::{BlockCopy, Gossip, Wanted};
use crate::ledger::Ledger;

/// The highest block that a peer proves to be decided, if it is above the head: a node that is about to start follows up
/// to there, and asks no signature of its key. Waits a moment for peers that answer at once.
pub(crate) async fn ahead(gossip: &Gossip, ledger: &Arc<Ledger>, own: &MemberId) -> Option<Height> {
    let others = Votes::of(ledger, own).others;
    let deadline = Instant::now() + LOOK_AROUND;
    let mut connected = 0;
    // They connect one after the other, if they run.
    while connected < others.len() && Instant::now() < deadline {
        tokio::time::sleep(LOOK_EVERY).await;
        connected = gossip.connected().iter().filter(|member| others.contains(member)).count();
    }
    let heads = ask_all(gossip, ledger, &others).await;
    heads.into_iter().max().filter(|highest| *highest > ledger.height())
}

/// Whenever something is lost, asks until enough validators have answered, or a rejoin statement is entered, and tells
/// consensus.
pub(crate) async fn settle(node: RunningNode) {
    let mut tick = tokio::time::interval(ASK_EVERY);
    let mut said = 0_u64;
    loop {
        tick.tick().await;
        if !node.consensus.is_lost() {
            said = 0;
            node.rejoin.send_replace(None);
            continue;
        }
        if let Some(through) = rejoined(&node) {
            tracing::info!(%through, "a rejoin statement is entered: this node votes above that height");
            settle_through(&node, through);
            continue;
        }
        let votes = Votes::of(&node.ledger, &node.member);
        let answers = ask_all(&node.gossip, &node.ledger, &votes.others).await;
        let (answered, highest) = (answers.len(), answers.into_iter().max().unwrap_or_default());
        if answered >= votes.needed {
            let through = Height(highest.max(node.ledger.height()).0 + AHEAD);
            tracing::info!(answered, highest = %highest, %through, "this node's key has signed at no height above");
            settle_through(&node, through);
        } else if said.is_multiple_of(SAY_EVERY) {
            tracing::warn!(
                answered,
                needed = votes.needed,
                "this node does not vote until more validators have shown how far they are; where they cannot, and the \
                 process that ran before is gone for good, enter `sanad member rejoin` while this one runs"
            );
        }
        said += 1;
    }
}

/// The height of the block with this process's rejoin statement. Draws its nonce first, if there is none.
fn rejoined(node: &RunningNode) -> Option<Height> {
    let Some(nonce) = *node.rejoin.borrow() else {
        let mut nonce = [0; 32];
        match getrandom::fill(&mut nonce) {
            Ok(()) => drop(node.rejoin.send_replace(Some(RejoinNonce(nonce)))),
            Err(error) => tracing::warn!(%error, "no nonce for a rejoin statement can be drawn"),
        }
        return None;
    };
    let state = node.ledger.state();
    let entered = state.governance().rejoin(&node.member)?;
    let is_own = entered.nonce == nonce && Some(entered.key) == node.consensus.validator_key();
    is_own.then_some(entered.height)
}

/// A nonce serves once: what is lost later may have been signed after its statement.
fn settle_through(node: &RunningNode, through: Height) {
    node.rejoin.send_replace(None);
    node.consensus.settle(through);
}

/// Whom to ask, and how many must answer.
struct Votes {
    others: Vec<MemberId>,
    needed: usize,
}

impl Votes {
    fn of(ledger: &Ledger, own: &MemberId) -> Self {
        let validators = ledger.validators();
        let others = validators.validators().iter().map(|validator| validator.member.clone());
        let others: Vec<_> = others.filter(|member| member != own).collect();
        Self { needed: needed(validators.validators().len(), validators.quorum()), others }
    }
}

/// How many of the others must answer; more than there are where nothing can be known.
fn needed(validators: usize, quorum: usize) -> usize {
    let faulty = validators.saturating_sub(1) / 3;
    validators - quorum + faulty + 1
}

/// The certified heads of all that answer.
async fn ask_all(gossip: &Gossip, ledger: &Arc<Ledger>, others: &[MemberId]) -> Vec<Height> {
    let mut asking = tokio::task::JoinSet::new();
    for peer in others {
        let peer = peer.clone();
        let (gossip, ledger) = (gossip.clone(), Arc::clone(ledger));
        asking.spawn(async move {
            match timeout(ANSWER_TIMEOUT, gossip.ask(&peer, Wanted::Head)).await {
                Ok(Ok(None)) => Some(Height::GENESIS),
                Ok(Ok(Some(head))) => {
                    let height = head.certificate.height;
                    let certified = is_certified(&ledger, &head);
                    if !certified {
                        tracing::debug!(%peer, %height, "a head cannot be checked: the validators may have changed since");
                    }
                    certified.then_some(height)
                }
                _ => None,
            }
        });
    }
    asking.join_all().await.into_iter().flatten().collect()
}

fn is_certified(ledger: &Ledger, head: &BlockCopy) -> bool {
    let BlockCopy { round, certificate, .. } = head;
    let id = BlockId { hash: certificate.block, round: *round };
    certificate.verify(&ledger.chain_id(), certificate.height, &id, &ledger.validators()).is_ok()
}

/// Heights beyond the highest head at which the key may have signed.
const AHEAD: u64 = 2;
const ASK_EVERY: Duration = Duration::from_secs(1);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait for connections at the start.
const LOOK_AROUND: Duration = Duration::from_millis(1_000);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Rounds of questions between two warnings.
const SAY_EVERY: u64 = 15;

#[cfg(test)]
mod tests {
    use super::*;

    /// For every set of faulty validators, of signers of a block and of those that answer, one that is honest, signed and
    /// is not the node itself has answered.
    #[test]
    fn one_honest_signer_is_always_among_those_that_answer() {
        for validators in 1..=7_usize {
            let quorum = 2 * validators / 3 + 1;
            let faulty = (validators - 1) / 3;
            let needed = needed(validators, quorum);
            let sets =
                |size: usize| (0..1_u32 << validators).filter(move |set| set.count_ones() as usize == size);
            let others = |set: &u32| set & 1 == 0;
            for answer in sets(needed).filter(others) {
                for signed in sets(quorum) {
                    for lie in sets(faulty).filter(others) {
                        assert_ne!(
                            answer & signed & !lie & !1,
                            0,
                            "{validators}: {answer:b} {signed:b} {lie:b}"
                        );
                    }
                }
            }
            assert_eq!(needed < validators, validators > 1, "{validators}");
        }
    }
}
