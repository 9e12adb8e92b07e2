//! The ledger after a block, as far as deciding the next one needs it.

use crate::genesis::{Genesis, Parameters};
use crate::hash::{BlockHash, ChainId, Root};
use crate::ids::{Height, LogSize};
use crate::member::MemberRecord;
use crate::merkle::{Frontier, Rfc6962};
use crate::registry::Registry;
use crate::status::StatusTree;
use crate::validators::{ValidatorSet, ValidatorSetError};

/// The ledger after the block at [`Head::height`].
///
/// Cheap to clone whatever the size of the ledger: clones share the status tree and the records. A clone that
/// [advances](Self::advance) copies what the block changes and leaves the other as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) chain_id: ChainId,
    pub(crate) parameters: Parameters,
    pub(crate) head: Head,
    pub(crate) log: Frontier<Rfc6962>,
    pub(crate) status: StatusTree,
    pub(crate) registry: Registry,
    /// Those who decide the next block.
    pub(crate) validators: ValidatorSet,
}

/// The last block, or the genesis where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its height.
    pub height: Height,
    /// Its hash; at the genesis the chain id.
    pub hash: BlockHash,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
}

/// What a store keeps of a state, beside the genesis.
#[derive(Clone, Debug)]
pub struct StateParts {
    /// The last block.
    pub head: Head,
    /// The right edge of the log tree.
    pub log: Frontier<Rfc6962>,
    /// The status tree.
    pub status: StatusTree,
    /// Every member's record.
    pub records: Vec<MemberRecord>,
}

impl State {
    /// The ledger before the first block.
    ///
    /// # Errors
    /// [`ValidatorSetError`] where the genesis was not checked.
    pub fn genesis(genesis: &Genesis) -> Result<Self, ValidatorSetError> {
        let parts = StateParts {
            head: Head {
                height: Height::GENESIS,
                hash: BlockHash(genesis.chain_id().0),
                time_ms: genesis.time_ms,
            },
            log: Frontier::new(),
            status: StatusTree::default(),
            records: genesis.registry().records().cloned().collect(),
        };
        Self::from_parts(genesis, parts)
    }

    /// The ledger as a store kept it. The caller compares the roots with the header of the head.
    ///
    /// # Errors
    /// [`ValidatorSetError`] where the records make no validator set.
    pub fn from_parts(genesis: &Genesis, parts: StateParts) -> Result<Self, ValidatorSetError> {
        let registry = Registry::from_records(parts.records);
        Ok(Self {
            chain_id: genesis.chain_id(),
            parameters: genesis.parameters,
            head: parts.head,
            log: parts.log,
            status: parts.status,
            validators: registry.validators(parts.head.height.next())?,
            registry,
        })
    }

    /// The chain.
    pub fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// The chain's limits.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The last block.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Entries in the log.
    pub fn log_size(&self) -> LogSize {
        LogSize(self.log.size())
    }

    /// Root of the log tree.
    pub fn log_root(&self) -> Root {
        Root(self.log.root())
    }

    /// The right edge of the log tree.
    pub fn log(&self) -> &Frontier<Rfc6962> {
        &self.log
    }

    /// The status tree.
    pub fn status(&self) -> &StatusTree {
        &self.status
    }

    /// The members.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Those who decide the next block.
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }
}
