//! A block that is damaged on disk is put back from another node's copy.

use sanad_core::block::{Block, batches_root};
use sanad_core::codec::{self, CodecError};
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::{BlockHash, HistoryHash};
use sanad_core::ids::Height;
use sanad_core::merkle::{NodeSource as _, TreeHash as _};
use sanad_core::validators::{CertificateError, CommitCertificate};

use crate::error::StoreError;
use crate::history::past;
use crate::store::Store;

/// Why a copy of a block is not put in the place of a damaged one. Another node's may be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// There is no block at this height.
    #[error("there is no block of height {height} to repair")]
    NoBlock {
        /// Height that was to be repaired.
        height: Height,
    },
    /// The copy is no block.
    #[error("the copy is no block")]
    Malformed(#[source] CodecError),
    /// The copy is another block than the one that this node had.
    #[error("the copy is not the block of height {height} that this node's history names")]
    OtherBlock {
        /// Height that was to be repaired.
        height: Height,
    },
    /// The validators of the height did not certify it.
    #[error("the copy is not certified")]
    Certificate(#[source] CertificateError),
    /// The certificate has fewer signatures than the one that was here, whose place it would have to fill.
    #[error("the copy's certificate has {actual} bytes, and the damaged one {expected}")]
    ShortCertificate {
        /// Bytes of the damaged one.
        expected: usize,
        /// Bytes of the copy's.
        actual: usize,
    },
    /// The copy has another length than the columns say: they are damaged, too.
    #[error("the copy has {actual} bytes, and the damaged block {expected}; rebuild the columns first")]
    Length {
        /// Bytes of the damaged one.
        expected: usize,
        /// Bytes of the copy.
        actual: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Puts a copy of a block in the place of a damaged one, durably. The copy must be certified by the validators of its
    /// height, and be the block whose hash this node's history tree holds. What was certified here stays, if it can be
    /// read: certificates differ from node to node.
    ///
    /// Blocks are repaired from the lowest up: the hash of the one before is needed.
    ///
    /// # Errors
    /// [`RepairError`]; nothing is changed then, unless the write failed.
    pub fn repair(
        &self,
        height: Height,
        certificate: &CommitCertificate,
        payload: &[u8],
    ) -> Result<(), RepairError> {
        self.shared.check_health()?;
        let Some(record) = self.shared.blocks().record(height)? else {
            return Err(RepairError::NoBlock { height });
        };
        let block = Block::decode(payload, BLOCK_BYTES_LIMIT as usize).map_err(RepairError::Malformed)?;
        self.check_history(height, &block)?;
        let validators = self.validators_at(height).ok_or(RepairError::NoBlock { height })?;
        let id = block.header.id();
        let verify = |certificate: &CommitCertificate| {
            certificate.verify(&self.shared.chain_id, height, &id, &validators)
        };
        let place = record.frame;
        let own = self.shared.segments.certificate(&place, height)?;
        let certificate = match own.filter(|own| verify(own).is_ok()) {
            Some(own) => own,
            None => {
                let fitting = fit(certificate, place.certificate_bytes as usize)?;
                verify(&fitting).map_err(RepairError::Certificate)?;
                fitting
            }
        };
        let (frame, actual) =
            self.shared.segments.framer(place.offset).encode(place.offset, &block, &certificate);
        if actual != place {
            return Err(RepairError::Length { expected: place.bytes(), actual: actual.bytes() });
        }
        self.shared.segments.overwrite(&frame, place.offset)?;
        self.shared.segments.frame(&place, height)?;
        Ok(())
    }

    /// Whether a block is the one of its height in the history tree, with the batches that its header commits to.
    fn check_history(&self, height: Height, block: &Block) -> Result<(), RepairError> {
        let other = RepairError::OtherBlock { height };
        let leaf = self.history_tree().node(0, height.0 - 1)?;
        if block.header.height != height || HistoryHash::leaf(&block.header.hash().0) != leaf {
            return Err(other);
        }
        let genesis = BlockHash(self.shared.chain_id.0);
        let before = Height(height.0 - 1);
        let previous = self.block_hash(before)?.unwrap_or(genesis);
        let past = past(&self.shared.history_tiles, height, previous, batches_root(&block.batches))?;
        if past.hash() == block.header.past { Ok(()) } else { Err(other) }
    }
}

/// A certificate of exactly so many bytes: surplus signatures are left out.
fn fit(certificate: &CommitCertificate, bytes: usize) -> Result<CommitCertificate, RepairError> {
    let mut fitting = certificate.clone();
    let mut actual = codec::encode(&fitting).len();
    if actual < bytes {
        return Err(RepairError::ShortCertificate { expected: bytes, actual });
    }
    while actual > bytes && fitting.signatures.pop().is_some() {
        actual = codec::encode(&fitting).len();
    }
    if actual == bytes { Ok(fitting) } else { Err(RepairError::Length { expected: bytes, actual }) }
}
