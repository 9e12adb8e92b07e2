//! A chain as an issuer sees it: a node to ask, and what its answers are checked against.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use sanad_api::limits::STATUSES_MAX;
use sanad_api::{
    Client, ClientError, CompletenessStream, CredentialKey, ErrorCode, ProofForm, ask_patiently,
};
use sanad_core::block::BlockHeader;
use sanad_core::document::NamedIssuer;
use sanad_core::event::Event;
use sanad_core::genesis::{Genesis, Parameters};
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{IssuerId, MemberRecord, MemberRest, MemberState};
use sanad_core::proof::{
    CompletenessFault, CompletenessVerifier, Finality, GovernanceProof, ProofFault, StatusProof,
};
use sanad_core::status::CredentialStatus;
use sanad_core::trust::TrustAnchor;
use sanad_core::utc::Utc;

use crate::former_keys::FormerKeys;
use crate::status_lists::IssuedStatuses;

/// A node, and the genesis or trust file that its answers are checked against.
#[derive(Clone, Debug)]
pub struct Chain {
    client: Client,
    /// How errors name the node.
    node: String,
    genesis: Genesis,
    anchor: TrustAnchor,
    patience: Duration,
    /// Whether the node has answered: what is strange from then on is the connection.
    answered: Arc<AtomicBool>,
}

/// What is proved of a member's entries, as of one block.
pub(crate) struct Complete {
    /// By log index.
    pub(crate) statuses: BTreeMap<LogIndex, CredentialStatus>,
    pub(crate) former_keys: FormerKeys,
    pub(crate) height: Height,
    /// Time of the block, in milliseconds since 1970-01-01 UTC.
    pub(crate) time_ms: u64,
}

/// Why a node gives no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The call failed.
    #[error("{node}")]
    Call {
        /// The node.
        node: String,
        /// Why.
        source: Box<ClientError>,
    },
    /// The connection broke, and was not to be made anew.
    #[error("the connection to {node} broke, and could not be made anew within {LOST_TIME_MAX:?}")]
    Lost {
        /// The node.
        node: String,
        /// Why the last call failed.
        source: Box<ClientError>,
    },
    /// The answer is not proved.
    #[error("{node} does not prove {what}; ask another node")]
    NotProven {
        /// The node.
        node: String,
        /// What is not proved.
        what: &'static str,
        /// Why.
        source: Box<ProofFault>,
    },
    /// The list of what an issuer issued is not proved to be complete.
    #[error("{node} does not prove that its list of what {issuer} issued is complete; ask another node")]
    NotComplete {
        /// The node.
        node: String,
        /// The issuer.
        issuer: MemberId,
        /// Why.
        source: Box<CompletenessFault>,
    },
    /// The issuer's keys are not those of its record.
    #[error("{node} does not prove the issuer's keys; ask another node")]
    KeysNotProven {
        /// The node.
        node: String,
    },
    /// This machine's clock is behind the chain: what is signed now would have a wrong date.
    #[error(
        "this machine's clock is wrong: it says {}, but {node} has a block of {}; set the clock",
        Utc(*now_ms),
        Utc(*block_ms)
    )]
    ClockBehind {
        /// The node.
        node: String,
        /// The clock, in milliseconds since 1970-01-01 UTC.
        now_ms: u64,
        /// The time of the node's last block.
        block_ms: u64,
    },
    /// The node's last block is old by this machine's clock.
    #[error(
        "by this machine's clock, {}, the last block of {node} is old, of {}: set the clock if it is wrong, or ask another node",
        Utc(*now_ms),
        Utc(*block_ms)
    )]
    ClockAhead {
        /// The node.
        node: String,
        /// The clock, in milliseconds since 1970-01-01 UTC.
        now_ms: u64,
        /// The time of the node's last block.
        block_ms: u64,
    },
    /// The genesis has no such member.
    #[error("{0} is not a member of this chain; check the issuer and the genesis")]
    NotAMember(MemberId),
}

impl Chain {
    /// The age from which a node's last block is not the chain's: a chain that runs has one every heartbeat of the
    /// parameters in force, which are proved.
    pub(crate) async fn head_age_max(&self) -> Result<Duration, ChainError> {
        let asked = || self.client.governance(ProofForm::SelfContained);
        match ask_patiently(Duration::ZERO, asked).await {
            Ok(proof) => self.checked(age_max(&proof, &self.anchor), "the parameters"),
            // Before the first block they are those of the genesis.
            Err(error) if error.code() == Some(ErrorCode::NoBlock) => Ok(old_from(&self.genesis.parameters)),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// A chain at a node. `node` is how errors name it; `genesis` and `anchor` are what the caller trusts, and
    /// `patience` is for how long a call is repeated while the node has no block yet.
    pub fn new(
        client: Client,
        node: String,
        genesis: Genesis,
        anchor: TrustAnchor,
        patience: Duration,
    ) -> Self {
        Self { client, node, genesis, anchor, patience, answered: Arc::default() }
    }

    /// What proofs are checked against.
    pub fn anchor(&self) -> &TrustAnchor {
        &self.anchor
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether the same call may succeed later. A frame that is cut off looks like another protocol, but not from a node
    /// that has answered before.
    pub(crate) fn may_recover_from(&self, error: &ClientError) -> bool {
        error.is_retryable() || (self.has_answered() && matches!(error, ClientError::NotANode))
    }

    fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self, source: ClientError) -> ChainError {
        ChainError::Call { node: self.node.clone(), source: source.into() }
    }

    /// Makes a call, patiently. Once the node has answered, a connection that breaks is made anew.
    pub(crate) async fn insist<T, C>(&self, call: impl Fn() -> C) -> Result<T, ChainError>
    where
        C: Future<Output = Result<T, ClientError>>,
    {
        let deadline = Instant::now() + LOST_TIME_MAX;
        loop {
            match ask_patiently(self.patience, &call).await {
                Ok(answer) => {
                    self.answered.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) if !self.has_answered() || !self.may_recover_from(&error) => {
                    return Err(self.failed(error));
                }
                Err(source) if Instant::now() >= deadline => {
                    let (node, source) = (self.node.clone(), source.into());
                    return Err(ChainError::Lost { node, source });
                }
                Err(_) => tokio::time::sleep(RETRY_INTERVAL).await,
            }
        }
    }

    /// The statuses of credentials, proved, some calls at once; `take` has them in the order of `keys`, `None` of those
    /// that the ledger does not hold. A connection that breaks is made anew.
    pub(crate) async fn statuses(
        &self,
        keys: &[CredentialKey],
        mut take: impl FnMut(Option<(StatusProof, CredentialStatus)>),
    ) -> Result<(), ChainError> {
        let call = |keys| self.insist(move || self.client.statuses(keys, ProofForm::SelfContained));
        let mut answers = stream::iter(keys.chunks(STATUSES_MAX).map(call)).buffered(CALLS_AT_ONCE);
        let mut header = HeaderOnce::default();
        while let Some(proofs) = answers.next().await {
            for proof in proofs? {
                take(match proof {
                    Some(proof) => {
                        let status = self.checked(header.verify(&proof, &self.anchor), "the status")?;
                        Some((proof, status))
                    }
                    None => None,
                });
            }
        }
        Ok(())
    }

    pub(crate) fn checked<T>(
        &self,
        result: Result<T, ProofFault>,
        what: &'static str,
    ) -> Result<T, ChainError> {
        result.map_err(|source| ChainError::NotProven {
            node: self.node.clone(),
            what,
            source: source.into(),
        })
    }

    /// The keys and chain heads of a member, proved.
    pub(crate) async fn member_rest(&self, id: &MemberId) -> Result<MemberRest, ChainError> {
        Ok(self.member(id).await?.rest().clone())
    }

    /// The statuses of all that a member ever issued, proved to be all, as of one block.
    ///
    /// # Errors
    /// [`ChainError`].
    pub async fn issued(&self, id: &MemberId) -> Result<IssuedStatuses, ChainError> {
        let mut issued = Vec::new();
        let complete = self
            .entries_of(id, |index, event| {
                if let Event::Issue { commitment } = event {
                    issued.push((index, *commitment));
                }
            })
            .await?;
        let Complete { statuses, former_keys, height, time_ms } = complete;
        let status = |(index, commitment)| Some((commitment, *statuses.get(&index)?));
        let statuses = issued.into_iter().filter_map(status).collect();
        Ok(IssuedStatuses { statuses, former_keys, height, time_ms })
    }

    /// All entries that concern a member, in order, proved to be all; they count only once this has returned.
    pub(crate) async fn entries_of(
        &self,
        id: &MemberId,
        mut take: impl FnMut(LogIndex, &Event),
    ) -> Result<Complete, ChainError> {
        let not_complete = |source: CompletenessFault| ChainError::NotComplete {
            node: self.node.clone(),
            issuer: id.clone(),
            source: source.into(),
        };
        let ask = async || self.client.completeness(id, ProofForm::SelfContained).await;
        let CompletenessStream { head, mut runs } = self.insist(ask).await?;
        let head = head.completeness();
        let (height, time_ms) = (head.proof.header.height, head.proof.header.time_ms);
        let former_keys = FormerKeys::in_rest(&head.rest);
        let mut verifier = CompletenessVerifier::new(head, &self.anchor).map_err(not_complete)?;
        while let Some(run) = runs.next().await.map_err(|error| self.failed(error))? {
            let entries = verifier.add(&run).map_err(not_complete)?;
            (run.first_index.0..).zip(entries).for_each(|(index, entry)| take(LogIndex(index), &entry.event));
        }
        let complete = verifier.finish().map_err(not_complete)?;
        Ok(Complete { statuses: complete.statuses, former_keys, height, time_ms })
    }

    /// Checks that a clock agrees with the node's last block, before anything is signed with a date of that clock. Before the first
    /// block there is nothing to compare it with.
    ///
    /// # Errors
    /// [`ChainError::ClockBehind`], [`ChainError::ClockAhead`]; those of the calls.
    pub async fn check_clock(&self, now_ms: u64) -> Result<(), ChainError> {
        let block_ms = match ask_patiently(Duration::ZERO, || self.client.head()).await {
            Ok(head) => head.header.time_ms,
            Err(error) if error.code() == Some(ErrorCode::NoBlock) => return Ok(()),
            Err(error) => return Err(self.failed(error)),
        };
        let node = self.node.clone();
        if now_ms.saturating_add(CLOCK_TOLERANCE_MS) < block_ms {
            return Err(ChainError::ClockBehind { node, now_ms, block_ms });
        }
        match Duration::from_millis(now_ms.saturating_sub(block_ms)) > self.head_age_max().await? {
            true => Err(ChainError::ClockAhead { node, now_ms, block_ms }),
            false => Ok(()),
        }
    }

    /// The header of a height, as the node has it.
    pub(crate) async fn header(&self, height: Height) -> Result<BlockHeader, ChainError> {
        Ok(self.insist(|| self.client.header(height)).await?.header)
    }

    /// As [`Chain::member`]; a node that is lost is asked again until `wait` is over.
    pub(crate) async fn member_patiently(
        &self,
        id: &MemberId,
        wait: Duration,
    ) -> Result<MemberState, ChainError> {
        let deadline = Instant::now() + wait;
        loop {
            match self.member(id).await {
                Err(ChainError::Call { source, .. })
                    if self.may_recover_from(&source) && Instant::now() < deadline =>
                {
                    tokio::time::sleep(RETRY_INTERVAL).await;
                }
                asked => return asked,
            }
        }
    }

    /// The record of a member and its keys, proved.
    ///
    /// # Errors
    /// [`ChainError`].
    pub async fn member(&self, id: &MemberId) -> Result<MemberState, ChainError> {
        Ok(self.member_as_of(id).await?.0)
    }

    /// As [`Self::member`], with the time of the block that proves it, in milliseconds since 1970-01-01 UTC.
    pub(crate) async fn member_as_of(&self, id: &MemberId) -> Result<(MemberState, u64), ChainError> {
        let asked = || self.client.member(id, ProofForm::SelfContained);
        match ask_patiently(Duration::ZERO, asked).await {
            Ok(details) => {
                self.answered.store(true, Ordering::Relaxed);
                self.checked(details.proof.verify(&self.anchor), "the issuer's record")?;
                let time_ms = details.proof.header.time_ms;
                let member = MemberState::new(details.proof.member.record, details.rest)
                    .map_err(|_| ChainError::KeysNotProven { node: self.node.clone() })?;
                Ok((member, time_ms))
            }
            // Before the first block nothing can be proved, and the genesis says it all.
            Err(error) if error.code() == Some(ErrorCode::NoBlock) => {
                let registry = self.genesis.registry();
                let member = registry.member(id).cloned();
                member.map(|member| (member, 0)).ok_or_else(|| ChainError::NotAMember(id.clone()))
            }
            Err(error) => Err(self.failed(error)),
        }
    }
}

fn age_max(proof: &GovernanceProof, anchor: &TrustAnchor) -> Result<Duration, ProofFault> {
    proof.verify(anchor)?;
    Ok(old_from(&proof.parameters))
}

fn old_from(parameters: &Parameters) -> Duration {
    (Duration::from_millis(parameters.heartbeat_ms.into()) * OLD_HEARTBEATS).max(HEAD_AGE_MIN)
}

/// Whether a document that names this issuer can be verified as the member's: see `docs/formats/receipt.md`, step 9.
pub(crate) fn is_named_by(member: &MemberRecord, named: &NamedIssuer) -> bool {
    match named {
        NamedIssuer::None => true,
        NamedIssuer::Unreadable => false,
        NamedIssuer::Name(name) => IssuerId::normalise(name)
            .is_ok_and(|id| member.issuer_ids.iter().any(|term| term.until.is_none() && term.id == id)),
    }
}

/// Checks proofs one after the other, and a header that they share once.
#[derive(Default)]
struct HeaderOnce {
    verified: Option<(BlockHeader, Finality)>,
}

impl HeaderOnce {
    fn verify(&mut self, proof: &StatusProof, anchor: &TrustAnchor) -> Result<CredentialStatus, ProofFault> {
        let known = |(header, finality): &(BlockHeader, Finality)| {
            *header == proof.header && *finality == proof.finality
        };
        if !self.verified.as_ref().is_some_and(known) {
            proof.verify_header(anchor)?;
            self.verified = Some((proof.header.clone(), proof.finality.clone()));
        }
        proof.verify_inclusion()?;
        proof.verify_state()
    }
}

/// Calls for many statuses at once: a node answers so many to one address if it has other callers, too.
const CALLS_AT_ONCE: usize = 2;
/// How long a lost node is tried again, and how often.
const LOST_TIME_MAX: Duration = Duration::from_secs(30);
const RETRY_INTERVAL: Duration = Duration::from_millis(300);

/// How far a clock may be behind a block: two minutes, as verifiers tolerate.
const CLOCK_TOLERANCE_MS: u64 = 120_000;
/// Heartbeats after which the last block of a node is old.
const OLD_HEARTBEATS: u32 = 5;
/// An age that is never too old: clocks differ.
const HEAD_AGE_MIN: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use sanad_core::event::Event;
    use sanad_core::governance::{Change, Proposal};
    use sanad_testkit::Ledger;

    use super::*;

    #[test]
    fn a_head_is_old_by_the_heartbeat_in_force() {
        let mut ledger = Ledger::new();
        ledger.issue("issuer", 0..1);
        let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
        let before = age_max(&ledger.prove_governance(), &anchor).unwrap();
        assert_eq!(before, old_from(&ledger.genesis.parameters));

        let block_bytes_max = ledger.genesis.parameters.block_bytes_max;
        let change = Change::SetParameters { block_bytes_max, heartbeat_ms: 300_000 };
        let proposal = Proposal { change, expires: Height(100), effective: Height(0) };
        let batch = ledger.governed("v0", vec![Event::Propose(Box::new(proposal.clone()))]);
        let sequence = batch.batch().sequence;
        let proposal = proposal.id(&ledger.genesis.chain_id(), &batch.batch().issuer, sequence, 0);
        ledger.commit(vec![batch]);
        for by in ["v1", "v2"] {
            ledger.commit(vec![ledger.governed(by, vec![Event::Approve { proposal }])]);
        }
        let after = age_max(&ledger.prove_governance(), &anchor).unwrap();
        assert_eq!(after, Duration::from_millis(300_000) * OLD_HEARTBEATS);
        assert_ne!(after, before);

        let mut changed = ledger.prove_governance();
        changed.parameters.heartbeat_ms = 1;
        age_max(&changed, &anchor).unwrap_err();
    }
}
