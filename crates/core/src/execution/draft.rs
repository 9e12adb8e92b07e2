//! What one batch of governance, or the end of a block, makes of members and governance: taken in whole, or dropped.

use std::collections::BTreeMap;

use imbl::{OrdMap, OrdSet};

use crate::genesis::Parameters;
use crate::governance::{FreezeRecord, Governance, GovernanceError, GovernanceItem, PendingKey};
use crate::ids::{Height, LogIndex, MemberId};
use crate::member::{
    DISPUTED_RANGES_MAX, IndexRange, KEY_TERMS_MAX, KeyPurpose, KeyTerm, MemberRest, MemberState, Standing,
};
use crate::signature::PublicKey;
use crate::state::State;
use crate::validators::{Validator, ValidatorSet};

/// Members and governance with the changes of a batch, or of the end of a block.
pub(super) struct Draft<'a> {
    pub(super) state: &'a State,
    /// Members that the block changed before.
    pub(super) block: &'a BTreeMap<MemberId, MemberState>,
    /// Members changed since.
    pub(super) members: BTreeMap<MemberId, MemberState>,
    pub(super) kept: Kept,
    /// The block's height.
    pub(super) height: Height,
    /// The first height under a change that is executed now.
    pub(super) since: Height,
    /// The first log index under a change that is executed now.
    pub(super) from: LogIndex,
}

/// What a block keeps of governance while it is built. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) governance: Governance,
    pub(super) parameters: Parameters,
    /// Those who decide from the next height on, if a vote changes them.
    pub(super) validators: Option<Vec<MemberId>>,
    deferred: Deferred,
}

/// What takes effect at the next height.
#[derive(Clone, Debug, Default)]
struct Deferred {
    keys: OrdMap<(MemberId, KeyPurpose), NewKeys>,
    /// Whose each of these keys will be.
    holders: OrdMap<PublicKey, MemberId>,
    freezes: OrdSet<MemberId>,
    /// Disputed ranges; one without an end ends with the block.
    disputes: OrdSet<(MemberId, LogIndex, Option<LogIndex>)>,
}

#[derive(Clone, Debug)]
struct NewKeys {
    keys: Vec<PublicKey>,
    /// For governance keys.
    threshold: Option<u8>,
}

impl Kept {
    pub(super) fn new(state: &State) -> Self {
        Self {
            governance: state.governance.clone(),
            parameters: state.parameters,
            validators: None,
            deferred: Deferred::default(),
        }
    }
}

impl Draft<'_> {
    pub(super) fn member(&self, id: &MemberId) -> Option<&MemberState> {
        self.members.get(id).or_else(|| self.block.get(id)).or_else(|| self.state.registry.member(id))
    }

    /// A member that a change is about.
    pub(super) fn known(&self, id: &MemberId) -> Result<&MemberState, GovernanceError> {
        self.member(id).ok_or_else(|| GovernanceError::UnknownMember { member: id.clone() })
    }

    /// Every member, in no order that decides anything.
    pub(super) fn all(&self) -> impl Iterator<Item = &MemberState> {
        let unchanged = |member: &&MemberState| {
            let id = &member.record().id;
            !self.members.contains_key(id) && !self.block.contains_key(id)
        };
        let block = self.block.iter().filter(|(id, _)| !self.members.contains_key(*id));
        let changed = self.members.values().chain(block.map(|(_, member)| member));
        changed.chain(self.state.registry.members().filter(unchanged))
    }

    /// Changes a member, which must exist.
    pub(super) fn change(&mut self, id: &MemberId, change: impl FnOnce(&mut MemberState)) {
        if let Some(mut member) = self.member(id).cloned() {
            change(&mut member);
            self.members.insert(id.clone(), member);
        }
    }

    pub(super) fn stand(&mut self, id: &MemberId, standing: Standing) {
        let since = self.since;
        self.change(id, |member| {
            member.change_record(|record| (record.standing, record.since) = (standing, since));
        });
    }

    /// The ids of those who decide from the next height on, as far as is known.
    pub(super) fn next_validators(&self) -> Vec<&MemberId> {
        match &self.kept.validators {
            Some(validators) => validators.iter().collect(),
            None => self.state.validators.validators().iter().map(|validator| &validator.member).collect(),
        }
    }

    /// Checks that a key is not, and never was, one of any member.
    pub(super) fn check_unused(&self, key: &PublicKey) -> Result<(), GovernanceError> {
        let admitted = || {
            let holds = |member: &&MemberState| member.rest().keys.iter().any(|term| term.key == *key);
            let members = self.members.values().chain(self.block.values());
            members.into_iter().find(holds).map(|member| &member.record().id)
        };
        let pending = || self.kept.governance.pending_keys().find(|pending| pending.key == *key);
        let holder = (self.state.registry.holder(key))
            .or_else(|| self.kept.deferred.holders.get(key))
            .or_else(|| pending().map(|pending| &pending.member))
            .or_else(admitted);
        match holder {
            None => Ok(()),
            Some(holder) => Err(GovernanceError::KeyReuse { key: *key, holder: holder.clone() }),
        }
    }

    /// Checks that a member's record has room for so many more keys, and that none for the purpose is on its way.
    pub(super) fn check_key_room(
        &self,
        member: &MemberState,
        purpose: KeyPurpose,
        reserve: usize,
    ) -> Result<(), GovernanceError> {
        let id = &member.record().id;
        if self.kept.deferred.keys.contains_key(&(id.clone(), purpose))
            || purpose == KeyPurpose::Consensus
                && self.kept.governance.pending_keys().any(|pending| pending.member == *id)
        {
            return Err(GovernanceError::PendingKey { member: id.clone(), purpose });
        }
        match member.rest().keys.len() + reserve <= KEY_TERMS_MAX {
            true => Ok(()),
            false => Err(GovernanceError::TooManyKeys { member: id.clone() }),
        }
    }

    /// From the next height on the member has these keys for the purpose, and no others.
    pub(super) fn defer_keys(
        &mut self,
        member: &MemberId,
        purpose: KeyPurpose,
        keys: Vec<PublicKey>,
        threshold: Option<u8>,
    ) {
        let deferred = &mut self.kept.deferred;
        deferred.holders.extend(keys.iter().map(|key| (*key, member.clone())));
        deferred.keys.insert((member.clone(), purpose), NewKeys { keys, threshold });
    }

    pub(super) fn defer_dispute(&mut self, member: &MemberId, from: LogIndex, until: Option<LogIndex>) {
        self.kept.deferred.disputes.insert((member.clone(), from, until));
    }

    pub(super) fn is_freezing(&self, member: &MemberId) -> bool {
        self.kept.deferred.freezes.contains(member)
    }

    pub(super) fn defer_freeze(&mut self, member: &MemberId) {
        self.kept.deferred.freezes.insert(member.clone());
    }

    /// Ends the terms of a member's keys for some purposes, and forgets the keys on their way.
    pub(super) fn end_keys(&mut self, member: &MemberId, purposes: &[KeyPurpose]) {
        let from = self.from;
        for purpose in purposes {
            self.kept.deferred.keys.remove(&(member.clone(), *purpose));
            if *purpose == KeyPurpose::Consensus {
                self.kept.governance.remove_pending_key(member);
            }
        }
        self.change(member, |member| {
            member.change_rest(|rest| {
                let ends = |term: &&mut KeyTerm| term.until.is_none() && purposes.contains(&term.purpose);
                rest.keys.iter_mut().filter(ends).for_each(|term| term.until = Some(from));
            });
        });
    }

    /// Brings into force what waited for the end of the block.
    pub(super) fn settle(&mut self) {
        let Deferred { keys, freezes, disputes, .. } = std::mem::take(&mut self.kept.deferred);
        // Freezes first: a vote for other governance keys in the same block thaws.
        for member in freezes {
            self.freeze(&member);
        }
        for ((member, purpose), new) in keys {
            let from = self.from;
            self.change(&member, |member| member.change_rest(|rest| replace_keys(rest, purpose, &new, from)));
            if purpose == KeyPurpose::Governance {
                self.thaw(&member);
            }
        }
        for (member, from, until) in disputes {
            let until = until.unwrap_or(self.from);
            self.change(&member, |member| {
                member.change_record(|record| dispute(&mut record.disputed, IndexRange { from, until }));
            });
        }
    }

    fn freeze(&mut self, id: &MemberId) {
        let Some(before) = self.member(id).map(|member| member.record().standing) else { return };
        if matches!(before, Standing::Frozen | Standing::Retired) {
            return;
        }
        // A consensus key on its way may be a thief's.
        self.kept.governance.remove_pending_key(id);
        let count = self.kept.governance.freezes(id).map_or(0, |record| record.count);
        let record = FreezeRecord { member: id.clone(), count, before: Some(before) };
        self.kept.governance.set(GovernanceItem::Freeze(record));
        self.stand(id, Standing::Frozen);
    }

    fn thaw(&mut self, id: &MemberId) {
        let Some(record) = self.kept.governance.freezes(id) else { return };
        let (Some(before), count) = (record.before, record.count) else { return };
        let record = FreezeRecord { member: id.clone(), count, before: None };
        self.kept.governance.set(GovernanceItem::Freeze(record));
        self.stand(id, before);
    }

    /// Brings into force the consensus keys that decide the next height.
    pub(super) fn settle_consensus_keys(&mut self) {
        let due = |pending: &&PendingKey| pending.height <= self.since;
        let due: Vec<PendingKey> = self.kept.governance.pending_keys().filter(due).cloned().collect();
        for PendingKey { member, key, .. } in due {
            self.kept.governance.remove_pending_key(&member);
            let (from, new) = (self.from, NewKeys { keys: vec![key], threshold: None });
            self.change(&member, |member| {
                member.change_rest(|rest| replace_keys(rest, KeyPurpose::Consensus, &new, from));
            });
        }
    }

    /// The set that decides the next height.
    pub(super) fn validator_set(&self) -> ValidatorSet {
        let current = &self.state.validators;
        let validator = |id: &MemberId| {
            let own = self.member(id).and_then(|member| member.rest().current_key(KeyPurpose::Consensus));
            let before = || current.validators().iter().find(|validator| validator.member == *id);
            let key = own.or_else(|| before().map(|validator| validator.key))?;
            Some(Validator { member: id.clone(), key })
        };
        let validators: Vec<Validator> = self.next_validators().into_iter().filter_map(validator).collect();
        if *validators == *current.validators() {
            return current.clone();
        }
        // Whoever is in a set keeps a key of its own, so this fails for no reason known; a chain that goes on as before is
        // better than one that stands.
        current.successor(self.since, validators).unwrap_or_else(|_| current.clone())
    }
}

/// Ends the keys for a purpose that are not among the new ones, and begins those that are not in force.
fn replace_keys(rest: &mut MemberRest, purpose: KeyPurpose, new: &NewKeys, from: LogIndex) {
    let mut coming = new.keys.clone();
    for term in rest.keys.iter_mut().filter(|term| term.purpose == purpose && term.until.is_none()) {
        match coming.iter().position(|key| *key == term.key) {
            Some(place) => drop(coming.remove(place)),
            None => term.until = Some(from),
        }
    }
    rest.keys.extend(coming.into_iter().map(|key| KeyTerm { purpose, key, from, until: None }));
    if let Some(threshold) = new.threshold {
        rest.governance_threshold = threshold;
    }
}

/// Adds a disputed range. Ranges only grow and merge; one too many merges the two that are closest.
fn dispute(ranges: &mut Vec<IndexRange>, range: IndexRange) {
    ranges.push(range);
    ranges.sort_unstable();
    let mut merged: Vec<IndexRange> = Vec::with_capacity(ranges.len());
    for range in ranges.drain(..) {
        match merged.last_mut() {
            Some(last) if range.from <= last.until => last.until = last.until.max(range.until),
            _ => merged.push(range),
        }
    }
    while merged.len() > DISPUTED_RANGES_MAX {
        let gap = |place: &usize| merged[place + 1].from.0 - merged[*place].until.0;
        // Of equal gaps the first.
        let Some(place) = (0..merged.len() - 1).min_by_key(gap) else { break };
        merged[place].until = merged[place + 1].until;
        merged.remove(place + 1);
    }
    *ranges = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: u64, until: u64) -> IndexRange {
        IndexRange { from: LogIndex(from), until: LogIndex(until) }
    }

    #[test]
    fn disputed_ranges_merge() {
        let mut ranges = vec![range(10, 20)];
        dispute(&mut ranges, range(20, 25));
        assert_eq!(ranges, [range(10, 25)]);
        dispute(&mut ranges, range(0, 5));
        dispute(&mut ranges, range(3, 12));
        assert_eq!(ranges, [range(0, 25)]);
        for n in 1..8 {
            dispute(&mut ranges, range(100 * n, 100 * n + 10));
        }
        assert_eq!(ranges.len(), DISPUTED_RANGES_MAX);
        dispute(&mut ranges, range(330, 340));
        assert_eq!(ranges.len(), DISPUTED_RANGES_MAX);
        assert!(ranges.contains(&range(300, 340)), "{ranges:?}");
    }
}
