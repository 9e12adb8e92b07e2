//! What governance holds.

use sanad_core::codec;
use sanad_core::governance::{
    GOVERNANCE_BYTES_MAX, GOVERNANCE_ITEM_BYTES_MAX, GOVERNANCE_ITEMS_MAX, GovernanceItem,
};
use sanad_core::proof::GovernanceProof;

use super::{WireError, fixed, required, undecodable, within};
use crate::limits::GOVERNANCE_RUN_BYTES_MAX;
use crate::wire;

/// The encoded items of a proof.
pub(crate) fn encoded_items(proof: &GovernanceProof) -> Vec<Vec<u8>> {
    proof.items.iter().map(codec::encode).collect()
}

/// The head of an answer whose runs are to have these items.
pub(crate) fn governance_head(proof: &GovernanceProof, items: &[Vec<u8>]) -> wire::GovernanceHead {
    wire::GovernanceHead {
        parameters: codec::encode(&proof.parameters),
        status_root: proof.status_root.0.to_vec(),
        members_root: proof.members_root.0.to_vec(),
        header: Some((&proof.header).into()),
        finality: Some((&proof.finality).into()),
        items: items.len() as u32,
        bytes: items.iter().map(|item| item.len() as u64).sum(),
    }
}

/// Cuts the next run off encoded items; `None` once there are none left.
pub(crate) fn next_run(items: &mut std::vec::IntoIter<Vec<u8>>) -> Option<wire::GovernanceRun> {
    let mut bytes = 0;
    let fits = |item: &&Vec<u8>| {
        bytes += item.len();
        bytes <= GOVERNANCE_RUN_BYTES_MAX
    };
    // An item is never longer than a run may be.
    let count = items.as_slice().iter().take_while(fits).count().max(1);
    let run: Vec<Vec<u8>> = items.take(count).collect();
    (!run.is_empty()).then_some(wire::GovernanceRun { items: run })
}

/// A proof whose head has come, and whose items come in runs.
pub(crate) struct Gathering {
    proof: GovernanceProof,
    items: usize,
    bytes: usize,
    bytes_left: usize,
}

impl Gathering {
    /// Takes what is announced, if governance can hold as much.
    pub(crate) fn new(head: wire::GovernanceHead) -> Result<Self, WireError> {
        let bytes = usize::try_from(head.bytes).unwrap_or(usize::MAX);
        let items = head.items as usize;
        within("head.items", items, GOVERNANCE_ITEMS_MAX)?;
        within("head.bytes", bytes, GOVERNANCE_BYTES_MAX)?;
        let proof = GovernanceProof {
            items: Vec::new(),
            parameters: codec::decode(&head.parameters, PARAMETERS_BYTES_MAX)
                .map_err(undecodable("head.parameters"))?,
            status_root: fixed("head.status_root", &head.status_root)?,
            members_root: fixed("head.members_root", &head.members_root)?,
            header: required("head.header", head.header)?.try_into()?,
            finality: required("head.finality", head.finality)?.try_into()?,
        };
        Ok(Self { proof, items, bytes, bytes_left: bytes })
    }

    /// Takes the next run.
    pub(crate) fn push(&mut self, run: &wire::GovernanceRun) -> Result<(), WireError> {
        if run.items.is_empty() {
            return Err(WireError::Missing { field: "run.items" });
        }
        within("run.items", self.proof.items.len() + run.items.len(), self.items)?;
        let bytes: usize = run.items.iter().map(Vec::len).sum();
        within("run.items", bytes, GOVERNANCE_RUN_BYTES_MAX)?;
        let taken = self.bytes - self.bytes_left;
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(WireError::TooMany {
            field: "run.items",
            actual: taken + bytes,
            max: self.bytes,
        })?;
        for bytes in &run.items {
            let item = codec::decode::<GovernanceItem>(bytes, GOVERNANCE_ITEM_BYTES_MAX);
            self.proof.items.push(item.map_err(undecodable("run.items"))?);
        }
        Ok(())
    }

    /// The proof, once all that was announced has come.
    pub(crate) fn finish(self) -> Result<GovernanceProof, WireError> {
        let (expected, actual) = (self.items as u64, self.proof.items.len() as u64);
        match actual < expected {
            true => Err(WireError::EndsEarly { field: "run.items", expected, actual }),
            false => Ok(self.proof),
        }
    }
}

/// Longest encoded parameters, in bytes.
const PARAMETERS_BYTES_MAX: usize = 4 + 4 + 2 + 1 + 2 + 8;
