//! Calls about the consortium.

use sanad_core::genesis::Genesis;
use sanad_core::ids::MemberId;
use sanad_core::member::MemberState;
use sanad_core::proof::GovernanceProof;
use sanad_core::registry::MEMBERS_MAX;

use super::{Client, ClientError, asked};
use crate::convert::{WireError, within};
use crate::limits::MEMBERS_PAGE;
use crate::proofs::{MemberDetails, ProofForm};
use crate::wire;

impl Client {
    /// All members, sorted by id. Not proved, and not all as of one block if new ones come meanwhile.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn members(&self) -> Result<Vec<MemberState>, ClientError> {
        self.in_all(self.pages_of_members()).await
    }

    async fn pages_of_members(&self) -> Result<Vec<MemberState>, ClientError> {
        let mut members: Vec<MemberState> = Vec::new();
        let mut page_token = String::new();
        loop {
            let message = wire::ListMembersRequest { page_size: MEMBERS_PAGE.max, page_token };
            let page = self.timed(self.ledger().list_members(self.request(message))).await?;
            within("members", members.len() + page.members.len(), MEMBERS_MAX)?;
            let before = members.len();
            for member in page.members {
                let member = MemberState::try_from(member)?;
                if members.last().is_some_and(|last| last.record().id >= member.record().id) {
                    return Err(WireError::NotAsked { field: "members.id" }.into());
                }
                members.push(member);
            }
            page_token = page.next_page_token;
            // An empty page ends the list whatever its token, or a node could keep the caller here for ever.
            if page_token.is_empty() || members.len() == before {
                return Ok(members);
            }
        }
    }

    /// A member as of the node's last block. The rest is the one that the record names; the record's proof is not
    /// verified.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` if there is no such member.
    pub async fn member(&self, id: &MemberId, form: ProofForm) -> Result<MemberDetails, ClientError> {
        let message = wire::GetMemberRequest { id: id.to_string(), form: wire::ProofForm::from(form).into() };
        let answer = self.timed(self.ledger().get_member(self.request(message))).await?;
        let member = MemberDetails::try_from(answer)?;
        asked("member.id", id, &member.proof.member.record.id)?;
        Ok(member)
    }

    /// What governance holds as of the node's last block. The proof is not verified.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn governance(&self, form: ProofForm) -> Result<GovernanceProof, ClientError> {
        let message = wire::GetGovernanceRequest { form: wire::ProofForm::from(form).into() };
        Ok(self.ledger().get_governance(self.request(message)).await?.into_inner().try_into()?)
    }

    /// The genesis as the node has it. Its chain id must be compared with one learnt elsewhere.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn genesis(&self) -> Result<Genesis, ClientError> {
        let request = self.request(wire::GetGenesisRequest {});
        Ok(self.timed(self.ledger().get_genesis(request)).await?.try_into()?)
    }
}
