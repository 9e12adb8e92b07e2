//! What a member changes about itself with its governance keys.

use super::draft::Draft;
use crate::event::{Event, EventKind};
use crate::governance::{
    Compromise, FreezeRecord, GovernanceError, GovernanceItem, KeyRotation, NewKey, PendingKey,
    SET_LEAD_HEIGHTS,
};
use crate::ids::{Height, LogIndex, MemberId};
use crate::member::{IssuerId, KeyPurpose, KeyTerm, MemberState, Standing, check_texts};

/// Keys that a member's own rotations leave room for: governance keys that a vote may bring, and one for each other
/// purpose that may be on its way.
const KEYS_RESERVED: usize = 16;

/// Checks that a member may do this, as it stands.
pub(super) fn check_standing(member: &MemberState, event: &Event) -> Result<(), GovernanceError> {
    use EventKind as K;
    let kind = EventKind::from(event);
    let standing = member.record().standing;
    let may = match standing {
        Standing::Active => true,
        Standing::Suspended => kind != K::RevokeAsSuccessor,
        // Votes still count: they are signed by as many keys as the threshold asks for.
        Standing::Frozen => matches!(kind, K::Propose | K::Approve | K::Withdraw),
        // Its credentials stay, so it still stands by them or revokes them.
        Standing::Retired => matches!(
            kind,
            K::Confirm | K::RevokeByGovernance | K::DeclareCompromise | K::Propose | K::Approve | K::Withdraw
        ),
    };
    if may { Ok(()) } else { Err(GovernanceError::Standing { member: member.record().id.clone(), standing }) }
}

impl Draft<'_> {
    pub(super) fn rotate(&mut self, id: &MemberId, rotation: &KeyRotation) -> Result<(), GovernanceError> {
        let KeyRotation { purpose, new } = *rotation;
        if purpose == KeyPurpose::Governance {
            return Err(GovernanceError::VoteNeeded);
        }
        self.check_new_key(id, purpose, &new)?;
        match purpose {
            KeyPurpose::Consensus => {
                let height = Height(self.height.0 + SET_LEAD_HEIGHTS);
                let pending = PendingKey { member: id.clone(), key: new.key, height };
                self.kept.governance.set(GovernanceItem::PendingKey(pending));
            }
            KeyPurpose::Governance | KeyPurpose::Issuing | KeyPurpose::Network => {
                self.defer_keys(id, purpose, vec![new.key], None);
            }
        }
        Ok(())
    }

    fn check_new_key(&self, id: &MemberId, purpose: KeyPurpose, new: &NewKey) -> Result<(), GovernanceError> {
        let member = self.known(id)?;
        self.check_key_room(member, purpose, KEYS_RESERVED)?;
        self.check_unused(&new.key)?;
        new.check(&self.state.chain_id, id, purpose).map_err(|source| GovernanceError::Possession {
            member: id.clone(),
            purpose,
            source,
        })
    }

    pub(super) fn set_addresses(
        &mut self,
        id: &MemberId,
        addresses: &[String],
    ) -> Result<(), GovernanceError> {
        check_texts(id, addresses, &[])?;
        if self.known(id)?.rest().addresses == addresses {
            return Err(GovernanceError::NoChange);
        }
        self.change(id, |member| member.change_rest(|rest| rest.addresses = addresses.to_vec()));
        Ok(())
    }

    pub(super) fn drop_issuer_id(
        &mut self,
        id: &MemberId,
        issuer_id: &IssuerId,
    ) -> Result<(), GovernanceError> {
        let terms = &self.known(id)?.record().issuer_ids;
        let place = terms.iter().position(|term| term.until.is_none() && term.id == *issuer_id);
        let Some(place) = place else {
            let issuer_id = issuer_id.clone();
            return Err(GovernanceError::NotItsIssuerId { member: id.clone(), issuer_id });
        };
        let until = self.from;
        self.change(id, |member| {
            member.change_record(|record| record.issuer_ids[place].until = Some(until));
        });
        Ok(())
    }

    pub(super) fn declare(
        &mut self,
        id: &MemberId,
        compromise: &Compromise,
        index: LogIndex,
    ) -> Result<(), GovernanceError> {
        let Compromise { key, from: actual, replacement } = *compromise;
        let member = self.known(id)?;
        let is_it = |term: &&KeyTerm| term.purpose == KeyPurpose::Issuing && term.key == key;
        let Some(KeyTerm { from, until, .. }) = member.rest().keys.iter().find(is_it).copied() else {
            return Err(GovernanceError::NotItsKey { member: id.clone(), key });
        };
        // A key in force ends with the block; at this entry the log has `index` entries.
        let latest = until.map_or(index.0, |until| until.0.saturating_sub(1));
        if actual < from || actual.0 > latest {
            let until = LogIndex(latest);
            return Err(GovernanceError::CompromiseRange { from, until, actual });
        }
        match (until, replacement) {
            (Some(_), Some(_)) => return Err(GovernanceError::NeedlessReplacement { key }),
            (Some(_), None) => {}
            (None, Some(new)) => {
                self.check_new_key(id, KeyPurpose::Issuing, &new)?;
                self.defer_keys(id, KeyPurpose::Issuing, vec![new.key], None);
            }
            (None, None) => {
                self.check_key_room(member, KeyPurpose::Issuing, 0)?;
                self.defer_keys(id, KeyPurpose::Issuing, Vec::new(), None);
            }
        }
        self.defer_dispute(id, actual, until);
        Ok(())
    }

    /// Enters a freeze, in force from the next height on.
    pub(super) fn enter_freeze(&mut self, id: &MemberId) -> Result<(), GovernanceError> {
        let member = self.known(id)?;
        let standing = member.record().standing;
        if matches!(standing, Standing::Frozen | Standing::Retired) || self.is_freezing(id) {
            return Err(GovernanceError::NotChanged { member: id.clone(), standing });
        }
        let count = self.kept.governance.freezes(id).map_or(0, |record| record.count) + 1;
        let record = FreezeRecord { member: id.clone(), count, before: None };
        self.kept.governance.set(GovernanceItem::Freeze(record));
        self.defer_freeze(id);
        Ok(())
    }
}
