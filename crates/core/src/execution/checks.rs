//! The rules that a batch and its events keep, given the block so far.

use std::collections::BTreeMap;

use super::chains::{chain_head, check_signatures};
use super::draft::{Draft, Kept};
use super::error::{AddError, BatchError, EventError};
use super::{BatchPlace, BlockBuilder, LedgerView, own};
use crate::batch::{Batch, BatchChain, SignedBatch};
use crate::block::LOG_SIZE_MAX;
use crate::commitment::IssuanceKey;
use crate::event::{Event, EventKind, Origin};
use crate::governance::GovernanceError;
use crate::ids::{LogIndex, LogSize, MemberId, Sequence};
use crate::member::{DailyCount, MemberState, Standing};
use crate::status::Status;

impl<V: LedgerView> BlockBuilder<'_, V> {
    pub(super) fn check_issuer(&self, signed: &SignedBatch) -> Result<(), BatchError> {
        let batch = signed.batch();
        let issuer = batch.issuer.clone();
        if batch.chain_id != self.state.chain_id {
            let (expected, actual) = (self.state.chain_id, batch.chain_id);
            return Err(BatchError::ForeignChain { expected, actual });
        }
        let Some(member) = self.member(&issuer) else {
            return Err(BatchError::UnknownIssuer { issuer });
        };
        check_signatures(member, signed)?;
        let head = chain_head(member, &self.kept.governance, batch.chain);
        let (expected, actual) = (head.next_sequence, batch.sequence);
        if actual < expected {
            return Err(BatchError::SequenceUsed { issuer, expected, actual });
        }
        if actual > expected {
            return Err(BatchError::SequenceGap { issuer, expected, actual });
        }
        if batch.previous != head.last_batch {
            if batch.chain == BatchChain::Freeze {
                let source = GovernanceError::OtherKeys { member: issuer }.into();
                return Err(BatchError::Event { position: 0, source });
            }
            let (expected, actual) = (head.last_batch, batch.previous);
            return Err(BatchError::Fork { issuer, expected, actual });
        }
        let size = self.log.size() + batch.events.len() as u64;
        if size > LOG_SIZE_MAX {
            return Err(BatchError::LogFull { size: LogSize(size) });
        }
        Ok(())
    }

    /// Checks the events and takes in the new issuances. After an error they are as before.
    pub(super) fn check_events(&mut self, signed: &SignedBatch) -> Result<Checked, AddError<V::Error>> {
        let Batch { issuer, chain, events, .. } = signed.batch();
        if *chain != BatchChain::Issuing {
            return self.check_governance(signed);
        }
        let mut changes = StatusesBy::new();
        let before = self.revoked(issuer);
        let mut revoked = before;
        let (mut keys, mut positions) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
        self.issued.reserve(events.len());
        let mut failed = None;
        for (position, event) in events.iter().enumerate() {
            let checked = match event {
                Event::Issue { commitment } => {
                    let key = IssuanceKey::new(issuer, commitment);
                    match self.issued.insert(key) {
                        true => {
                            keys.push(key);
                            positions.push(position);
                            Ok(())
                        }
                        false => {
                            let commitment = *commitment;
                            Err(EventFailure::Refused(EventError::DuplicateCommitment { commitment }))
                        }
                    }
                }
                Event::Revoke { target } => self
                    .check_change(event, *target, issuer, &mut changes)
                    .and_then(|_| count_revocation(&mut revoked)),
                Event::Suspend { target } | Event::Reinstate { target } => {
                    self.check_change(event, *target, issuer, &mut changes).map(drop)
                }
                other => Err(wrong_chain(other, *chain)),
            };
            if let Err(failure) = checked {
                failed = Some((position, failure));
                break;
            }
        }
        // All at once, which costs the store less. An issuance that is found stands before whatever failed above.
        match self.view.first_issued(&keys) {
            Ok(None) => {}
            Ok(Some((place, at))) => {
                let position = positions[place];
                if let Event::Issue { commitment } = events[position] {
                    failed =
                        Some((position, EventFailure::Refused(EventError::AlreadyIssued { commitment, at })));
                }
            }
            Err(error) => failed = Some((0, EventFailure::View(error))),
        }
        let Some((position, failure)) = failed else {
            let first = self.log.size();
            let index = |position: &usize| LogIndex(first + *position as u64);
            let issuances = keys.into_iter().zip(positions.iter().map(index)).collect();
            let revoked = (revoked != before).then_some(revoked);
            return Ok(Checked { changes, issuances, revoked, ..Checked::default() });
        };
        for key in &keys {
            self.issued.remove(key);
        }
        Err(failure.at(position))
    }

    /// Checks the events of the governance chain, or a freeze.
    fn check_governance(&self, signed: &SignedBatch) -> Result<Checked, AddError<V::Error>> {
        let Batch { issuer, chain, sequence, events, .. } = signed.batch();
        if *chain == BatchChain::Freeze && events.len() != 1 {
            let (issuer, events) = (issuer.clone(), events.len());
            return Err(AddError::Refused(BatchError::FreezeEvents { issuer, events }));
        }
        let mut draft = self.draft(self.height, LogIndex(self.log.size()));
        let mut changes = StatusesBy::new();
        let mut concerns = Vec::new();
        for (index, (position, event)) in (self.log.size()..).map(LogIndex).zip(events.iter().enumerate()) {
            draft.from = LogIndex(index.0 + 1);
            let concerned = match event.chain() == *chain {
                true => self.check_own(&mut draft, event, issuer, (*sequence, position), index, &mut changes),
                false => Err(wrong_chain(event, *chain)),
            };
            let concerned = concerned.map_err(|error| error.at(position))?;
            concerns.extend(concerned.filter(|member| member != issuer).map(|member| (member, index)));
        }
        let Draft { members, kept, .. } = draft;
        Ok(Checked { changes, governance: Some((members, kept)), concerns, ..Checked::default() })
    }

    /// Checks an event by governance keys and enters it into a draft; returns the member that it concerns.
    fn check_own(
        &self,
        draft: &mut Draft<'_>,
        event: &Event,
        issuer: &MemberId,
        (sequence, position): (Sequence, usize),
        index: LogIndex,
        changes: &mut StatusesBy,
    ) -> Result<Option<MemberId>, EventFailure<V::Error>> {
        if event.chain() == BatchChain::Governance {
            own::check_standing(draft.known(issuer)?, event)?;
        }
        match event {
            Event::RotateKey(rotation) => draft.rotate(issuer, rotation)?,
            Event::SetAddresses { addresses } => draft.set_addresses(issuer, addresses)?,
            Event::DropIssuerId { issuer_id } => draft.drop_issuer_id(issuer, issuer_id)?,
            Event::DeclareCompromise(compromise) => draft.declare(issuer, compromise, index)?,
            Event::Freeze => draft.enter_freeze(issuer)?,
            Event::Propose(proposal) => {
                draft.propose(issuer, sequence, position, proposal)?;
                return Ok(proposal.change.member());
            }
            Event::Approve { proposal } | Event::Withdraw { proposal } => {
                let concerned = draft.concerned(proposal);
                match event {
                    Event::Approve { .. } => draft.approve(issuer, proposal)?,
                    _ => draft.withdraw(issuer, proposal)?,
                }
                return Ok(concerned);
            }
            Event::Confirm { target }
            | Event::RevokeByGovernance { target }
            | Event::RevokeAsSuccessor { target } => {
                return self.check_change(event, *target, issuer, changes).map(Some);
            }
            Event::RecordEvidence(accusation) => {
                draft.record_evidence(accusation)?;
                return Ok(Some(accusation.member.clone()));
            }
            Event::Rejoin(statement) => draft.rejoin(issuer, statement)?,
            other => return Err(wrong_chain(other, BatchChain::Governance)),
        }
        Ok(None)
    }

    /// Checks a change of an issuance's status; returns its issuer.
    fn check_change(
        &self,
        event: &Event,
        target: LogIndex,
        by: &MemberId,
        changes: &mut StatusesBy,
    ) -> Result<MemberId, EventFailure<V::Error>> {
        let size = LogSize(self.log.size());
        if target.0 >= size.0 {
            return Err(EventFailure::Refused(EventError::UnknownTarget { target, size }));
        }
        let Origin { issuer, kind } = self.origin(target).map_err(EventFailure::View)?;
        if kind != EventKind::Issue {
            let kind = kind.as_str();
            return Err(EventFailure::Refused(EventError::NotAnIssuance { target, kind }));
        }
        let record = self.member(&issuer).map(MemberState::record);
        match event {
            Event::RevokeAsSuccessor { .. } => {
                let is_retired = record.is_some_and(|record| record.standing == Standing::Retired);
                if !is_retired || self.kept.governance.successor(&issuer) != Some(by) {
                    let member = by.clone();
                    return Err(GovernanceError::NotSuccessor { member, issuer }.into());
                }
            }
            _ if issuer != *by => {
                return Err(EventFailure::Refused(EventError::AnotherIssuer { target, issuer }));
            }
            Event::Confirm { .. } if !record.is_some_and(|record| record.is_disputed(target)) => {
                return Err(GovernanceError::NotDisputed { target }.into());
            }
            _ => {}
        }
        let pending = changes.get(&target).or_else(|| self.statuses.get(&target)).copied();
        let status = pending.unwrap_or_else(|| self.state.status.status(target));
        let Some(next) = status.after(event) else {
            let change = event.kind();
            return Err(EventFailure::Refused(EventError::Status { target, status, change }));
        };
        changes.insert(target, next);
        Ok(issuer)
    }

    /// The origin of the entry at an index, which may stand in this very block.
    fn origin(&self, index: LogIndex) -> Result<Origin, V::Error> {
        if index.0 < self.state.log.size() {
            return self.view.origin(index);
        }
        let place = self.places.partition_point(|place| place.first_index <= index) - 1;
        let BatchPlace { issuer, first_index, .. } = &self.places[place];
        let event = &self.batches[place].batch().events[(index.0 - first_index.0) as usize];
        Ok(Origin { issuer: issuer.clone(), kind: EventKind::from(event) })
    }

    /// What a member's issuing chain has revoked today. The day is that of the block before: a batch stays good when its
    /// block is proposed again at a later time.
    fn revoked(&self, issuer: &MemberId) -> DailyCount {
        let today = DailyCount { day: DailyCount::day_of(self.state.head.time_ms), count: 0 };
        match self.member(issuer) {
            Some(member) if member.rest().revoked.day == today.day => member.rest().revoked,
            _ => today,
        }
    }
}

/// How many entries the issuing chain of a member revokes a day. Revocation is final, and whoever steals an issuing key must
/// not void everything; the governance chain has no limit.
pub const REVOCATIONS_A_DAY_MAX: u32 = 256;

fn count_revocation<E>(revoked: &mut DailyCount) -> Result<(), EventFailure<E>> {
    if revoked.count >= REVOCATIONS_A_DAY_MAX {
        return Err(EventFailure::Refused(EventError::RevocationLimit { limit: REVOCATIONS_A_DAY_MAX }));
    }
    revoked.count += 1;
    Ok(())
}

/// What one batch makes of statuses.
pub(super) type StatusesBy = BTreeMap<LogIndex, Status>;

/// What a batch that follows the rules does.
#[derive(Default)]
pub(super) struct Checked {
    /// New status of each issuance whose status changes, by log index.
    pub(super) changes: StatusesBy,
    /// What it issues.
    pub(super) issuances: Vec<(IssuanceKey, LogIndex)>,
    /// What the issuing chain has revoked today, if it revokes.
    pub(super) revoked: Option<DailyCount>,
    /// Members and governance after it, if it is one of governance.
    pub(super) governance: Option<(BTreeMap<MemberId, MemberState>, Kept)>,
    /// The entries that concern other members.
    pub(super) concerns: Vec<(MemberId, LogIndex)>,
}

enum EventFailure<E> {
    Refused(EventError),
    View(E),
}

impl<E> EventFailure<E> {
    /// Why the batch with the event at a position is not added.
    fn at(self, position: usize) -> AddError<E> {
        match self {
            Self::Refused(source) => AddError::Refused(BatchError::Event { position, source }),
            Self::View(error) => AddError::View(error),
        }
    }
}

impl<E> From<GovernanceError> for EventFailure<E> {
    fn from(error: GovernanceError) -> Self {
        Self::Refused(error.into())
    }
}

fn wrong_chain<E>(event: &Event, chain: BatchChain) -> EventFailure<E> {
    EventFailure::Refused(EventError::WrongChain { kind: event.kind(), chain })
}
