//! Calls about the consortium.

use sanad_core::genesis::Genesis;
use sanad_core::ids::{LogSize, MemberId, Sequence};
use sanad_core::member::MemberRecord;
use sanad_core::registry::MEMBERS_MAX;

use super::entries::size_or_latest;
use super::{Client, ClientError, asked};
use crate::convert::{WireError, within};
use crate::limits::{ISSUER_BATCHES_PAGE, MEMBERS_PAGE};
use crate::proofs::{IssuerBatches, MemberProof};
use crate::wire;

impl Client {
    /// All members' records, sorted by id. Not proved; blocks that come in between may show.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn members(&self) -> Result<Vec<MemberRecord>, ClientError> {
        let mut members: Vec<MemberRecord> = Vec::new();
        let mut page_token = String::new();
        loop {
            let message = wire::ListMembersRequest { page_size: MEMBERS_PAGE.max, page_token };
            let page = self.ledger().list_members(self.request(message)).await?.into_inner();
            within("members", members.len() + page.members.len(), MEMBERS_MAX)?;
            let before = members.len();
            for record in page.members {
                let record = MemberRecord::try_from(record)?;
                if members.last().is_some_and(|last| last.member.id >= record.member.id) {
                    return Err(WireError::NotAsked { field: "members.id" }.into());
                }
                members.push(record);
            }
            page_token = page.next_page_token;
            // An empty page ends the list whatever it says, so that no node can keep the caller here.
            if page_token.is_empty() || members.len() == before {
                return Ok(members);
            }
        }
    }

    /// A member's record with its proof. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` where there is no such member.
    pub async fn member(&self, id: &MemberId) -> Result<MemberProof, ClientError> {
        let request = self.request(wire::GetMemberRequest { id: id.to_string() });
        let proof = MemberProof::try_from(self.ledger().get_member(request).await?.into_inner())?;
        asked("member.id", id, &proof.member.record.member.id)?;
        Ok(proof)
    }

    /// The batches of an issuer from `first` on, with the paths of their places in the log of `size` entries, or of
    /// the last block: as many as the node puts on a page. Not verified: see
    /// [`CompletenessVerifier`](sanad_core::proof::CompletenessVerifier).
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` where there is no such member, `OUT_OF_RANGE` where the log is not that long.
    pub async fn issuer_batches(
        &self,
        issuer: &MemberId,
        first: Sequence,
        size: Option<LogSize>,
    ) -> Result<IssuerBatches, ClientError> {
        let message = wire::ListIssuerBatchesRequest {
            issuer: issuer.to_string(),
            from_sequence: first.0,
            log_size: size_or_latest(size),
            page_size: ISSUER_BATCHES_PAGE.max,
            page_token: String::new(),
        };
        let answer = self.ledger().list_issuer_batches(self.request(message)).await?.into_inner();
        let page = IssuerBatches::try_from(answer)?;
        asked("log_size", &size.unwrap_or(page.log_size), &page.log_size)?;
        Ok(page)
    }

    /// The genesis as the node has it. Its chain id must be compared with one learnt elsewhere.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn genesis(&self) -> Result<Genesis, ClientError> {
        let request = self.request(wire::GetGenesisRequest {});
        Ok(self.ledger().get_genesis(request).await?.into_inner().try_into()?)
    }
}
