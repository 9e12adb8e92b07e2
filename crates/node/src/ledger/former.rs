//! Members as of blocks of the past, proved under the headers of those blocks.

use sanad_api::{HeaderProof, LedgerError, MemberDetails, Missing, ProofForm};
use sanad_core::ids::{Height, MemberId};
use sanad_core::proof::{MemberProof, MembersProof};
use sanad_storage::{FormerRegister, StoreError};

use super::Ledger;

impl Ledger {
    pub(super) fn member_as_of(
        &self,
        id: &MemberId,
        height: Height,
        form: ProofForm,
    ) -> Result<MemberDetails, LedgerError> {
        let HeaderProof { header, finality } = self.history_proof(height, form)?;
        let former = self.former_register(height)?;
        let missing = || LedgerError::NotFound(Missing::MemberAsOf { member: id.clone(), height });
        let proved = former.prove(id).map_err(|error| self.failed_read(error))?;
        let (member, rest) = proved.ok_or_else(missing)?;
        let (status_root, others_root) = (former.status_root(), former.others_root());
        let proof = MemberProof { member, status_root, others_root, header, finality };
        Ok(MemberDetails { proof, rest })
    }

    pub(super) fn members_as_of(
        &self,
        height: Height,
        after: Option<&MemberId>,
        count: usize,
        form: ProofForm,
    ) -> Result<MembersProof, LedgerError> {
        let HeaderProof { header, finality } = self.history_proof(height, form)?;
        let former = self.former_register(height)?;
        let (status_root, others_root) = (former.status_root(), former.others_root());
        let members = former.members(after, count).map_err(|error| self.failed_read(error))?;
        Ok(MembersProof { members, status_root, others_root, header, finality })
    }

    /// The register after a block.
    fn former_register(&self, height: Height) -> Result<FormerRegister<'_>, LedgerError> {
        match self.store.register_as_of(height) {
            Ok(Some(register)) => Ok(register),
            Ok(None) => Err(LedgerError::HeightBeyondHead { height, head: self.height() }),
            Err(StoreError::BeforeRegister { first }) => Err(LedgerError::RegisterNotKept { first }),
            Err(error) => Err(self.failed_read(error)),
        }
    }
}
