//! Contradictions of validators, and validators that have lost their memory.

use super::draft::Draft;
use crate::evidence::Accusation;
use crate::governance::{
    EVIDENCE_PER_MEMBER_MAX, EvidenceRecord, GovernanceError, GovernanceItem, RejoinRecord, RejoinStatement,
};
use crate::ids::{Height, MemberId};
use crate::member::KeyPurpose;

impl Draft<'_> {
    /// Records once that a member signed two statements of which an honest validator signs one. Whose the key is, the
    /// register says: it keeps every key for ever, and no key serves two members.
    pub(super) fn record_evidence(&mut self, accusation: &Accusation) -> Result<(), GovernanceError> {
        let Accusation { member, equivocation } = accusation;
        let (key, latest) = (equivocation.key, self.height);
        let keys = &self.known(member)?.rest().keys;
        if !keys.iter().any(|term| term.purpose == KeyPurpose::Consensus && term.key == key) {
            return Err(GovernanceError::NotItsConsensusKey { member: member.clone(), key });
        }
        if equivocation.height == Height::GENESIS || equivocation.height > latest {
            return Err(GovernanceError::EvidenceHeight { latest, actual: equivocation.height });
        }
        let occasion = equivocation.occasion();
        let mut occasions = self.kept.governance.evidence(member).to_vec();
        let Err(place) = occasions.binary_search(&occasion) else {
            return Err(GovernanceError::EvidenceRecorded { member: member.clone(), occasion });
        };
        if occasions.len() >= EVIDENCE_PER_MEMBER_MAX {
            return Err(GovernanceError::EnoughEvidence { member: member.clone() });
        }
        // Last: signatures cost the most.
        equivocation
            .verify(&self.state.chain_id)
            .map_err(|source| GovernanceError::NoEvidence { member: member.clone(), source })?;
        occasions.insert(place, occasion);
        let record = EvidenceRecord { member: member.clone(), occasions };
        self.kept.governance.set(GovernanceItem::Evidence(record));
        Ok(())
    }

    /// Enters a rejoin statement.
    pub(super) fn rejoin(
        &mut self,
        id: &MemberId,
        statement: &RejoinStatement,
    ) -> Result<(), GovernanceError> {
        let RejoinStatement { key, nonce } = *statement;
        if self.known(id)?.rest().current_key(KeyPurpose::Consensus) != Some(key) {
            return Err(GovernanceError::NotItsVotingKey { member: id.clone(), key });
        }
        if self.kept.governance.rejoin(id).is_some_and(|before| before.nonce == nonce) {
            return Err(GovernanceError::NonceUsed { member: id.clone() });
        }
        let record = RejoinRecord { member: id.clone(), key, nonce, height: self.height };
        self.kept.governance.set(GovernanceItem::Rejoin(record));
        Ok(())
    }
}
