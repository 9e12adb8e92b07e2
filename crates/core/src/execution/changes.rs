//! What a vote changes: whether it can be, and what it does.

use super::draft::Draft;
use crate::block::ProtocolVersion;
use crate::genesis::Activation;
use crate::governance::{
    Admission, Change, GovernanceError, GovernanceItem, NewGovernanceKeys, SuccessorRecord,
};
use crate::ids::MemberId;
use crate::member::{
    Fact, ISSUER_IDS_MAX, IssuerId, IssuerIdTerm, KeyPurpose, MemberState, Role, Standing, possession_message,
};
use crate::registry::MEMBERS_MAX;

impl Draft<'_> {
    /// Checks that a change is possible as things stand.
    pub(super) fn check_change(&self, change: &Change) -> Result<(), GovernanceError> {
        change.check(&self.state.chain_id, self.height)?;
        match change {
            Change::Admit(admission) => self.check_admission(admission),
            Change::SetRole { member, role } => self.check_role(member, *role),
            Change::Amend { member, name, facts } => {
                self.check_amendment(member, name.as_deref(), facts.as_deref())
            }
            Change::Suspend { member } => match self.underlying(member)? {
                Standing::Active => Ok(()),
                standing => Err(GovernanceError::NotChanged { member: member.clone(), standing }),
            },
            Change::Lift { member } => match self.underlying(member)? {
                Standing::Suspended => Ok(()),
                standing => Err(GovernanceError::NotChanged { member: member.clone(), standing }),
            },
            Change::Retire { member } => {
                self.known_and_not_retired(member)?;
                self.check_not_a_validator(member)
            }
            Change::NameSuccessor { member, successor } => self.check_successor(member, successor),
            Change::ReplaceGovernanceKeys(new) => self.check_governance_keys(new),
            Change::AddIssuerId { member, issuer_id } => {
                let state = self.known_and_not_retired(member)?;
                self.check_issuer_id(issuer_id)?;
                match state.record().issuer_ids.len() < ISSUER_IDS_MAX {
                    true => Ok(()),
                    false => Err(GovernanceError::TooManyIssuerIds { member: member.clone() }),
                }
            }
            Change::SetValidators { validators, .. } => self.check_validators(validators),
            Change::SetParameters { block_bytes_max, heartbeat_ms } => {
                self.check_parameters(*block_bytes_max, *heartbeat_ms)
            }
            Change::ActivateProtocol { protocol, .. } => self.check_protocol(*protocol),
        }
    }

    /// Makes a change that was checked.
    pub(super) fn execute(&mut self, change: &Change) {
        match change {
            Change::Admit(admission) => {
                let member = &admission.member;
                let state = MemberState::admitted(member, self.since, self.from);
                self.members.insert(member.id.clone(), state);
            }
            Change::SetRole { member, role } => {
                let ended: &[KeyPurpose] = match role {
                    Role::Observer => &[KeyPurpose::Issuing, KeyPurpose::Consensus],
                    Role::Issuer => &[KeyPurpose::Consensus],
                    Role::Validator => &[],
                };
                self.change(member, |member| member.change_rest(|rest| rest.role = *role));
                self.end_keys(member, ended);
            }
            Change::Amend { member, name, facts } => self.change(member, |member| {
                if let Some(facts) = facts {
                    member.change_rest(|rest| rest.facts.clone_from(facts));
                }
                if let Some(name) = name {
                    member.change_record(|record| record.name.clone_from(name));
                }
            }),
            Change::Suspend { member } => self.stand_or_remember(member, Standing::Suspended),
            Change::Lift { member } => self.stand_or_remember(member, Standing::Active),
            Change::Retire { member } => {
                self.end_keys(member, &[KeyPurpose::Issuing, KeyPurpose::Consensus, KeyPurpose::Network]);
                self.forget_freeze(member);
                self.stand(member, Standing::Retired);
            }
            Change::NameSuccessor { member, successor } => {
                let record = SuccessorRecord { member: member.clone(), successor: successor.clone() };
                self.kept.governance.set(GovernanceItem::Successor(record));
            }
            Change::ReplaceGovernanceKeys(new) => {
                let NewGovernanceKeys { member, keys, threshold, .. } = &**new;
                self.defer_keys(member, KeyPurpose::Governance, keys.clone(), Some(*threshold));
            }
            Change::AddIssuerId { member, issuer_id } => {
                let term = IssuerIdTerm { id: issuer_id.clone(), from: self.from, until: None };
                self.change(member, |member| member.change_record(|record| record.issuer_ids.push(term)));
            }
            Change::SetValidators { validators, .. } => self.kept.validators = Some(validators.clone()),
            Change::SetParameters { block_bytes_max, heartbeat_ms } => {
                self.kept.parameters.block_bytes_max = *block_bytes_max;
                self.kept.parameters.heartbeat_ms = *heartbeat_ms;
            }
            Change::ActivateProtocol { protocol, height } => {
                let next = Activation { protocol: *protocol, height: *height };
                self.kept.parameters.next_protocol = Some(next);
            }
        }
    }

    /// Puts the protocol version in force whose height is next.
    pub(super) fn settle_protocol(&mut self) {
        if let Some(next) = self.kept.parameters.next_protocol
            && next.height <= self.since
        {
            self.kept.parameters.protocol = next.protocol;
            self.kept.parameters.next_protocol = None;
        }
    }

    fn known_and_not_retired(&self, id: &MemberId) -> Result<&MemberState, GovernanceError> {
        let member = self.known(id)?;
        match member.record().standing {
            standing @ Standing::Retired => Err(GovernanceError::Standing { member: id.clone(), standing }),
            Standing::Active | Standing::Frozen | Standing::Suspended => Ok(member),
        }
    }

    /// How a member stands, or stood when it was frozen.
    fn underlying(&self, id: &MemberId) -> Result<Standing, GovernanceError> {
        let standing = self.known(id)?.record().standing;
        let before = self.kept.governance.freezes(id).and_then(|record| record.before);
        Ok(if standing == Standing::Frozen { before.unwrap_or(standing) } else { standing })
    }

    fn stand_or_remember(&mut self, id: &MemberId, standing: Standing) {
        let record = self.kept.governance.freezes(id).filter(|record| record.before.is_some()).cloned();
        match record {
            Some(mut record) => {
                record.before = Some(standing);
                self.kept.governance.set(GovernanceItem::Freeze(record));
            }
            None => self.stand(id, standing),
        }
    }

    fn forget_freeze(&mut self, id: &MemberId) {
        if let Some(mut record) = self.kept.governance.freezes(id).cloned() {
            record.before = None;
            self.kept.governance.set(GovernanceItem::Freeze(record));
        }
    }

    fn check_admission(&self, admission: &Admission) -> Result<(), GovernanceError> {
        let Admission { member, possession } = admission;
        if self.member(&member.id).is_some() {
            return Err(GovernanceError::AlreadyAMember { member: member.id.clone() });
        }
        if self.all().count() >= MEMBERS_MAX {
            return Err(GovernanceError::TooManyMembers);
        }
        for (_, key) in member.keys() {
            self.check_unused(&key)?;
        }
        member.issuer_ids.iter().try_for_each(|id| self.check_issuer_id(id))?;
        let message = possession_message(&self.state.invitation, member);
        for ((purpose, key), signature) in member.keys().zip(possession) {
            key.verify(&message, signature).map_err(|source| GovernanceError::Possession {
                member: member.id.clone(),
                purpose,
                source,
            })?;
        }
        Ok(())
    }

    /// Checks that an issuer id is nobody's now.
    fn check_issuer_id(&self, issuer_id: &IssuerId) -> Result<(), GovernanceError> {
        let has = |member: &&MemberState| {
            let terms = &member.record().issuer_ids;
            terms.iter().any(|term| term.until.is_none() && term.id == *issuer_id)
        };
        match self.all().find(has) {
            None => Ok(()),
            Some(member) => Err(GovernanceError::IssuerIdInUse {
                issuer_id: issuer_id.clone(),
                holder: member.record().id.clone(),
            }),
        }
    }

    fn check_role(&self, id: &MemberId, role: Role) -> Result<(), GovernanceError> {
        let member = self.known_and_not_retired(id)?;
        if member.rest().role == role {
            return Err(GovernanceError::NoChange);
        }
        if role < Role::Validator {
            self.check_not_a_validator(id)?;
        }
        let needed: &[KeyPurpose] = match role {
            Role::Observer => &[],
            Role::Issuer => &[KeyPurpose::Issuing],
            Role::Validator => &[KeyPurpose::Issuing, KeyPurpose::Consensus, KeyPurpose::Network],
        };
        match needed.iter().find(|purpose| member.rest().current_key(**purpose).is_none()) {
            None => Ok(()),
            Some(purpose) => Err(GovernanceError::KeyMissing { member: id.clone(), role, purpose: *purpose }),
        }
    }

    /// Checks that a member decides no block, now or after a change that has passed.
    fn check_not_a_validator(&self, id: &MemberId) -> Result<(), GovernanceError> {
        let now = self.state.validators.validators().iter().any(|validator| validator.member == *id);
        let leaves = self.kept.validators.as_ref().is_some_and(|validators| !validators.contains(id));
        let will = self.kept.governance.open().any(|open| match &open.proposal.change {
            Change::SetValidators { validators, .. } => open.passed.is_some() && validators.contains(id),
            _ => false,
        });
        let next = self.next_validators().contains(&id);
        match (now && !leaves) || will || next {
            true => Err(GovernanceError::StillAValidator { member: id.clone() }),
            false => Ok(()),
        }
    }

    fn check_amendment(
        &self,
        id: &MemberId,
        name: Option<&str>,
        facts: Option<&[Fact]>,
    ) -> Result<(), GovernanceError> {
        let member = self.known_and_not_retired(id)?;
        let same_name = name.is_none_or(|name| name == member.record().name);
        let same_facts = facts.is_none_or(|facts| facts == member.rest().facts);
        if same_name && same_facts { Err(GovernanceError::NoChange) } else { Ok(()) }
    }

    fn check_successor(&self, id: &MemberId, successor: &MemberId) -> Result<(), GovernanceError> {
        self.known(id)?;
        self.known_and_not_retired(successor)?;
        match self.kept.governance.successor(id) == Some(successor) {
            true => Err(GovernanceError::NoChange),
            false => Ok(()),
        }
    }

    fn check_governance_keys(&self, new: &NewGovernanceKeys) -> Result<(), GovernanceError> {
        let NewGovernanceKeys { member: id, keys, threshold, .. } = new;
        let member = self.known(id)?;
        let purpose = KeyPurpose::Governance;
        self.check_key_room(member, purpose, keys.len())?;
        let current: Vec<_> = member.rest().current_keys(purpose).collect();
        let is_frozen = member.record().standing == Standing::Frozen || self.is_freezing(id);
        for key in keys {
            match current.contains(key) {
                true if is_frozen => {
                    return Err(GovernanceError::FrozenKey { member: id.clone(), key: *key });
                }
                true => {}
                false => self.check_unused(key)?,
            }
        }
        let same = *threshold == member.rest().governance_threshold
            && keys.len() == current.len()
            && keys.iter().all(|key| current.contains(key));
        if same { Err(GovernanceError::NoChange) } else { Ok(()) }
    }

    /// Checks that a set of validators can decide blocks from the switch on.
    fn check_validators(&self, validators: &[MemberId]) -> Result<(), GovernanceError> {
        let count = validators.len();
        let current = self.next_validators();
        if validators.iter().eq(current.iter().copied()) {
            return Err(GovernanceError::NoChange);
        }
        let mut able = 0;
        for id in validators {
            let member = self.known(id)?;
            let (standing, role) = (member.record().standing, member.rest().role);
            let key = member.rest().current_key(KeyPurpose::Consensus).is_some();
            // Whoever decides blocks already may stay while it is frozen or suspended, but is not counted on.
            let stands = match standing {
                Standing::Active => true,
                Standing::Frozen | Standing::Suspended => current.contains(&id),
                Standing::Retired => false,
            };
            if !stands || role != Role::Validator || !key {
                return Err(GovernanceError::NotEligible { member: id.clone(), standing, role, key });
            }
            able += usize::from(standing == Standing::Active);
        }
        let quorum = count * 2 / 3 + 1;
        match able >= quorum {
            true => Ok(()),
            false => Err(GovernanceError::NoQuorum { able, count, quorum }),
        }
    }

    fn check_parameters(&self, block_bytes_max: u32, heartbeat_ms: u32) -> Result<(), GovernanceError> {
        let current = &self.kept.parameters;
        match (current.block_bytes_max, current.heartbeat_ms) == (block_bytes_max, heartbeat_ms) {
            true => Err(GovernanceError::NoChange),
            false => Ok(()),
        }
    }

    fn check_protocol(&self, actual: ProtocolVersion) -> Result<(), GovernanceError> {
        let current = self.kept.parameters.protocol;
        match actual <= current || self.kept.parameters.next_protocol.is_some() {
            true => Err(GovernanceError::Protocol { current, actual }),
            false => Ok(()),
        }
    }
}
