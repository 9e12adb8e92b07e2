//! Rules of governance that need no state: a program that prepares an event applies the ones that the ledger does.

use super::{
    Admission, Change, GovernanceError, NewGovernanceKeys, NewKey, PROPOSAL_HEIGHTS_MAX,
    PROTOCOL_LEAD_HEIGHTS, Proposal, VALIDATORS_MIN,
};
use crate::event::Event;
use crate::genesis::{BLOCK_BYTES_FLOOR, BLOCK_BYTES_LIMIT, HEARTBEAT_MS_FLOOR, HEARTBEAT_MS_LIMIT};
use crate::hash::ChainId;
use crate::ids::{Height, MemberId};
use crate::member::{Fact, GOVERNANCE_KEYS_MAX, KeyPurpose, MemberError, check_name, check_texts};
use crate::validators::VALIDATORS_MAX;

impl Event {
    /// Checks what can be checked of an event of governance without the state, if `member` enters it in the block of
    /// `height`. The ledger may still refuse it.
    ///
    /// # Errors
    /// [`GovernanceError`], as the ledger refuses it.
    pub fn check_governance(
        &self,
        chain_id: &ChainId,
        member: &MemberId,
        height: Height,
    ) -> Result<(), GovernanceError> {
        match self {
            Self::Propose(proposal) => proposal.check(chain_id, height),
            Self::SetAddresses { addresses } => Ok(check_texts(member, addresses, &[])?),
            _ => Ok(()),
        }
    }
}

impl Proposal {
    fn check(&self, chain_id: &ChainId, height: Height) -> Result<(), GovernanceError> {
        self.check_heights(height)?;
        self.change.check(chain_id, height)
    }

    /// Checks until when it can be approved, and from when on it is in force, if it is proposed at `height`.
    pub(crate) fn check_heights(&self, height: Height) -> Result<(), GovernanceError> {
        check_height("expires", height, self.expires, height.next())?;
        if self.effective == Height::GENESIS {
            return Ok(());
        }
        let earliest = Height(height.0.saturating_add(self.change.lead().max(1)));
        check_height("effective", height, self.effective, earliest)
    }
}

impl Change {
    /// Checks what needs no state, for a block of `height`.
    pub(crate) fn check(&self, chain_id: &ChainId, height: Height) -> Result<(), GovernanceError> {
        match self {
            Self::Admit(admission) => admission.check(),
            Self::Amend { member, name, facts } => check_amendment(member, name.as_deref(), facts.as_deref()),
            Self::NameSuccessor { member, successor } => match member == successor {
                true => Err(GovernanceError::OwnSuccessor { member: member.clone() }),
                false => Ok(()),
            },
            Self::ReplaceGovernanceKeys(new) => new.check(chain_id),
            Self::SetValidators { validators, fewer_than_four } => {
                check_validators(validators, *fewer_than_four)
            }
            Self::SetParameters { block_bytes_max, heartbeat_ms } => {
                check_parameters(*block_bytes_max, *heartbeat_ms)
            }
            Self::ActivateProtocol { height: first, .. } => {
                let earliest = Height(height.0.saturating_add(PROTOCOL_LEAD_HEIGHTS));
                check_height("height", height, *first, earliest)
            }
            Self::SetRole { .. }
            | Self::Suspend { .. }
            | Self::Lift { .. }
            | Self::Retire { .. }
            | Self::AddIssuerId { .. } => Ok(()),
        }
    }
}

impl Admission {
    fn check(&self) -> Result<(), GovernanceError> {
        self.member.check()?;
        let (expected, actual) = (self.member.keys().count(), self.possession.len());
        match expected == actual {
            true => Ok(()),
            false => Err(GovernanceError::PossessionCount { expected, actual }),
        }
    }
}

impl NewGovernanceKeys {
    fn check(&self, chain_id: &ChainId) -> Result<(), GovernanceError> {
        let Self { member: id, keys, threshold, possession } = self;
        let (count, threshold) = (keys.len(), *threshold);
        if count == 0 || count > GOVERNANCE_KEYS_MAX {
            return Err(MemberError::GovernanceKeys { id: id.clone(), count }.into());
        }
        if threshold == 0 || usize::from(threshold) > count {
            return Err(MemberError::Threshold { id: id.clone(), threshold, keys: count }.into());
        }
        if !keys.is_sorted_by(|a, b| a < b) {
            return Err(MemberError::Order { id: id.clone(), field: "governance_keys" }.into());
        }
        if count != possession.len() {
            return Err(GovernanceError::PossessionCount { expected: count, actual: possession.len() });
        }
        let purpose = KeyPurpose::Governance;
        keys.iter().zip(possession).try_for_each(|(key, possession)| {
            let new = NewKey { key: *key, possession: *possession };
            new.check(chain_id, id, purpose).map_err(|source| GovernanceError::Possession {
                member: id.clone(),
                purpose,
                source,
            })
        })
    }
}

fn check_amendment(id: &MemberId, name: Option<&str>, facts: Option<&[Fact]>) -> Result<(), GovernanceError> {
    if let Some(name) = name {
        check_name(id, name)?;
    }
    let facts = facts.unwrap_or_default();
    check_texts(id, &[], facts)?;
    match facts.is_sorted_by(|a, b| a.name < b.name) {
        true => Ok(()),
        false => Err(MemberError::Order { id: id.clone(), field: "facts" }.into()),
    }
}

fn check_validators(validators: &[MemberId], fewer: bool) -> Result<(), GovernanceError> {
    let count = validators.len();
    if count == 0 || count > VALIDATORS_MAX {
        return Err(GovernanceError::ValidatorCount { count });
    }
    match (count < VALIDATORS_MIN, fewer) {
        (true, false) => return Err(GovernanceError::TooFewValidators { count }),
        (false, true) => return Err(GovernanceError::NeedlessForce { count }),
        _ => {}
    }
    match validators.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(GovernanceError::ValidatorOrder { member: pair[1].clone() }),
        None => Ok(()),
    }
}

fn check_parameters(block_bytes_max: u32, heartbeat_ms: u32) -> Result<(), GovernanceError> {
    if !(BLOCK_BYTES_FLOOR..=BLOCK_BYTES_LIMIT).contains(&block_bytes_max) {
        return Err(GovernanceError::BlockBytes { actual: block_bytes_max });
    }
    match (HEARTBEAT_MS_FLOOR..=HEARTBEAT_MS_LIMIT).contains(&heartbeat_ms) {
        true => Ok(()),
        false => Err(GovernanceError::Heartbeat { actual: heartbeat_ms }),
    }
}

/// Checks that a height is not before `earliest` and not too far above `height`. Requires `earliest >= height`.
fn check_height(
    field: &'static str,
    height: Height,
    actual: Height,
    earliest: Height,
) -> Result<(), GovernanceError> {
    if actual < earliest {
        return Err(GovernanceError::Past { field, earliest, actual });
    }
    match actual.0 - height.0 <= PROPOSAL_HEIGHTS_MAX {
        true => Ok(()),
        false => Err(GovernanceError::Future { field, actual }),
    }
}
