//! What can be done for a block before the ones ahead of it are executed.

use rayon::prelude::*;
use sanad_core::batch::BatchChain;
use sanad_core::block::Block;
use sanad_core::execution::issuing_key;
use sanad_core::hash::ChainId;
use sanad_core::registry::Registry;
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, ValidatorSet};

use crate::fault::Fault;

/// What is known of the ledger some blocks before. A wrong guess costs time and nothing else.
pub struct Known {
    chain_id: ChainId,
    registry: Registry,
    validators: ValidatorSet,
}

/// A block that was read and, if possible, decoded.
pub struct Prepared<R> {
    /// As it was read.
    pub raw: R,
    /// The block, or how damage shows.
    pub decoded: Result<Decoded, Fault>,
}

/// A block whose batches have their leaf hashes, and their signatures checked with the keys known.
pub struct Decoded {
    /// Block that follows from nothing yet.
    pub block: Block,
    /// Certificate that is not checked yet.
    pub certificate: CommitCertificate,
    /// The validators for whom the certificate is good.
    pub certified_by: Option<ValidatorSet>,
}

impl Known {
    /// What a state knows.
    pub fn at(state: &State) -> Self {
        Self {
            chain_id: state.chain_id(),
            registry: state.registry().clone(),
            validators: state.validators().clone(),
        }
    }

    fn prepare(&self, block: Block, certificate: CommitCertificate) -> Decoded {
        let header = &block.header;
        for signed in &block.batches {
            let member = self.registry.member(&signed.batch().issuer);
            if let (BatchChain::Issuing, Some(Ok(key))) = (signed.batch().chain, member.map(issuing_key)) {
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

/// Decodes and prepares blocks on all cores.
pub fn prepare<R: Send>(
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
