//! Calls about the consortium.

use sanad_core::genesis::Genesis;
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::MemberState;
use sanad_core::proof::{GovernanceProof, MembersProof};
use sanad_core::registry::MEMBERS_MAX;

use super::{Client, ClientError, asked};
use crate::convert::{Gathering, WireError, required, within};
use crate::limits::MEMBERS_PAGE;
use crate::proofs::{MemberDetails, ProofForm};
use crate::wire;
use crate::wire::get_governance_response::Part;

impl Client {
    /// All members, sorted by id. Not proved, and not all as of one block if new ones come meanwhile.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn members(&self) -> Result<Vec<MemberState>, ClientError> {
        self.in_all(self.pages_of_members()).await
    }

    /// All members after the block of a height, from 1, sorted by id. The proof, which covers all of them together, is not
    /// verified.
    ///
    /// # Errors
    /// [`ClientError`]; [`ErrorCode::RegisterNotKept`](crate::ErrorCode::RegisterNotKept) where the node begins later.
    pub async fn members_as_of(&self, height: Height, form: ProofForm) -> Result<MembersProof, ClientError> {
        let (members, head) = self.in_all(self.pages_of_members_as_of(height, form)).await?;
        let proof: MembersProof = required("proof", head)?.try_into()?;
        asked("proof.header.height", &height, &proof.header.height)?;
        Ok(MembersProof { members, ..proof })
    }

    async fn pages_of_members(&self) -> Result<Vec<MemberState>, ClientError> {
        Ok(self.pages_of_members_as_of(Height::GENESIS, ProofForm::default()).await?.0)
    }

    /// The members as of a height, or now, and what proves them, as the first page has it.
    async fn pages_of_members_as_of(
        &self,
        height: Height,
        form: ProofForm,
    ) -> Result<(Vec<MemberState>, Option<wire::MembersHead>), ClientError> {
        let mut members: Vec<MemberState> = Vec::new();
        let (mut page_token, mut head) = (String::new(), None);
        let form = wire::ProofForm::from(form).into();
        loop {
            let (page_size, as_of) = (MEMBERS_PAGE.max, height.0);
            let message = wire::ListMembersRequest { page_size, page_token, as_of, form };
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
            if before == 0 {
                head = page.proof;
            }
            page_token = page.next_page_token;
            // An empty page ends the list whatever its token, or a node could keep the caller here for ever.
            if page_token.is_empty() || members.len() == before {
                return Ok((members, head));
            }
        }
    }

    /// A member as of the node's last block. The rest is the one that the record names; the record's proof is not
    /// verified.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` if there is no such member.
    pub async fn member(&self, id: &MemberId, form: ProofForm) -> Result<MemberDetails, ClientError> {
        self.member_at(id, Height::GENESIS, form).await
    }

    /// A member after the block of a height, from 1. The rest is the one that the record names; the record's proof is not
    /// verified.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` if it was no member then,
    /// [`ErrorCode::RegisterNotKept`](crate::ErrorCode::RegisterNotKept) where the node begins later.
    pub async fn member_as_of(
        &self,
        id: &MemberId,
        height: Height,
        form: ProofForm,
    ) -> Result<MemberDetails, ClientError> {
        let member = self.member_at(id, height, form).await?;
        asked("proof.header.height", &height, &member.proof.header.height)?;
        Ok(member)
    }

    /// A member after the block of a height; 0 for the last.
    async fn member_at(
        &self,
        id: &MemberId,
        height: Height,
        form: ProofForm,
    ) -> Result<MemberDetails, ClientError> {
        let form = wire::ProofForm::from(form).into();
        let message = wire::GetMemberRequest { id: id.to_string(), form, as_of: height.0 };
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
        self.in_all(self.runs_of_governance(form)).await
    }

    async fn runs_of_governance(&self, form: ProofForm) -> Result<GovernanceProof, ClientError> {
        let message = wire::GetGovernanceRequest { form: wire::ProofForm::from(form).into() };
        let mut stream = self.timed_stream(self.ledger().get_governance(self.request(message))).await?;
        let part = stream.message().await?.and_then(|message| message.part);
        let Part::Head(head) = required("part", part)? else {
            return Err(WireError::Missing { field: "head" }.into());
        };
        let mut gathering = Gathering::new(head)?;
        while let Some(message) = stream.message().await? {
            let Part::Run(run) = required("part", message.part)? else {
                return Err(WireError::NotAsked { field: "head" }.into());
            };
            gathering.push(&run)?;
        }
        Ok(gathering.finish()?)
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
