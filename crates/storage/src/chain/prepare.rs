//! What can be done for a block before the ones ahead of it are executed.

use rayon::prelude::*;
use sanad_core::block::Block;
use sanad_core::execution::issuing_key;
use sanad_core::hash::ChainId;
use sanad_core::registry::Registry;
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, ValidatorSet};

use crate::fault::Fault;

/// What is known of the ledger some blocks before. Wrong guesses cost time and nothing else.
pub(crate) struct Known {
    chain_id: ChainId,
    registry: Registry,
    validators: ValidatorSet,
}

/// A block that was read and, where it can be, decoded.
pub(crate) struct Prepared<R> {
    pub(crate) raw: R,
    pub(crate) decoded: Result<Decoded, Fault>,
}

/// A block whose batches have their leaf hashes, and their signatures checked with the keys known.
pub(crate) struct Decoded {
    pub(crate) block: Block,
    pub(crate) certificate: CommitCertificate,
    /// The validators for whom the certificate is good.
    pub(crate) certified_by: Option<ValidatorSet>,
}

impl Known {
    pub(crate) fn at(state: &State) -> Self {
        Self {
            chain_id: state.chain_id(),
            registry: state.registry().clone(),
            validators: state.validators().clone(),
        }
    }
}

/// Decodes and prepares blocks on all cores.
pub(crate) fn blocks<R: Send>(
    raw: Vec<R>,
    decode: impl Fn(&R) -> Result<(Block, CommitCertificate), Fault> + Sync,
    known: &Known,
) -> Vec<Prepared<R>> {
    let prepare = |raw: R| {
        let decoded = decode(&raw).map(|(block, certificate)| known.prepare(block, certificate));
        Prepared { raw, decoded }
    };
    raw.into_par_iter().map(prepare).collect()
}

impl Known {
    fn prepare(&self, block: Block, certificate: CommitCertificate) -> Decoded {
        let header = &block.header;
        for signed in &block.batches {
            let record = self.registry.record(&signed.batch().issuer);
            if let Some(Ok(key)) = record.map(|record| issuing_key(record, header.height)) {
                // Execution asks again, and names what is wrong.
                let _ = signed.verify(&key);
            }
            signed.hash_leaves();
        }
        let good = certificate.verify(&self.chain_id, header.height, &header.id(), &self.validators);
        let certified_by = good.is_ok().then(|| self.validators.clone());
        Decoded { block, certificate, certified_by }
    }
}
