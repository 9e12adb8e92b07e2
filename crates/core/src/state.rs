//! The ledger after a block, as far as deciding the next one needs it.

use std::sync::Arc;

use crate::block::ProtocolVersion;
use crate::genesis::{Genesis, Parameters};
use crate::governance::Governance;
use crate::hash::{BlockHash, ChainId, HistoryHash, Root};
use crate::ids::{Height, LogSize};
use crate::member::{Invitation, MemberState};
use crate::merkle::{Frontier, Rfc6962};
use crate::registry::Registry;
use crate::state_root;
use crate::status::StatusTree;
use crate::validators::{ValidatorSet, ValidatorSetError};

/// The ledger after the block at [`Head::height`].
///
/// Cheap to clone whatever the size of the ledger: clones share the status tree and the records. A clone that
/// [advances](Self::advance) copies what the block changes and leaves the other as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) chain_id: ChainId,
    /// The consortium's name and nonce, which member files are bound to.
    pub(crate) invitation: Arc<Invitation>,
    /// The protocol versions whose rules this program knows on this chain.
    pub(crate) known_versions: &'static [ProtocolVersion],
    pub(crate) parameters: Parameters,
    pub(crate) governance: Governance,
    pub(crate) head: Head,
    pub(crate) log: Frontier<Rfc6962>,
    /// Over the hashes of all headers up to the head.
    pub(crate) history: Frontier<HistoryHash>,
    pub(crate) status: StatusTree,
    pub(crate) registry: Registry,
    /// Those who decide the next block.
    pub(crate) validators: ValidatorSet,
}

/// The last block, or the genesis where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Height of the block; 0 for the genesis.
    pub height: Height,
    /// Its hash; at the genesis the chain id.
    pub hash: BlockHash,
    /// Its time, in milliseconds since 1970-01-01 UTC; 0 at the genesis.
    pub time_ms: u64,
}

/// What a store keeps of a state, beside the genesis.
#[derive(Clone, Debug)]
pub struct StateParts {
    /// The last block.
    pub head: Head,
    /// The right edge of the log tree.
    pub log: Frontier<Rfc6962>,
    /// The right edge of the history tree, the head included.
    pub history: Frontier<HistoryHash>,
    /// Statuses of all entries, as bits of a Merkle tree.
    pub status: StatusTree,
    /// Every member's state.
    pub members: Vec<MemberState>,
    /// The parameters in force.
    pub parameters: Parameters,
    /// Proposals and what else governance keeps.
    pub governance: Governance,
    /// Those who decide the next block.
    pub validators: ValidatorSet,
}

impl State {
    /// The ledger before the first block.
    ///
    /// # Errors
    /// [`ValidatorSetError`] where the genesis was not checked.
    pub fn genesis(genesis: &Genesis) -> Result<Self, ValidatorSetError> {
        let parts = StateParts {
            head: Head { height: Height::GENESIS, hash: BlockHash(genesis.chain_id().0), time_ms: 0 },
            log: Frontier::new(),
            history: Frontier::new(),
            status: StatusTree::default(),
            members: genesis.registry().members().cloned().collect(),
            parameters: genesis.parameters,
            governance: Governance::default(),
            validators: genesis.validators()?,
        };
        Ok(Self::from_parts(genesis, parts))
    }

    /// The ledger as a store kept it. The caller compares the roots with the header of the head.
    pub fn from_parts(genesis: &Genesis, parts: StateParts) -> Self {
        let StateParts { head, log, history, status, members, parameters, governance, validators } = parts;
        Self {
            chain_id: genesis.chain_id(),
            invitation: Arc::new(genesis.invitation()),
            known_versions: genesis.known_versions(),
            parameters,
            governance,
            head,
            log,
            history,
            status,
            registry: Registry::new(members),
            validators,
        }
    }

    /// The chain.
    pub fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// The chain's limits.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Proposals and what else governance keeps.
    pub fn governance(&self) -> &Governance {
        &self.governance
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

    /// The right edge of the history tree, the head included.
    pub fn history(&self) -> &Frontier<HistoryHash> {
        &self.history
    }

    /// Root over statuses, members and the other parts: the state root of the head's header.
    pub fn state_root(&self) -> Root {
        state_root::state_root(&self.status.root(self.log_size()), &self.registry.root(), &self.others_root())
    }

    /// Root over the parts of the state other than statuses and members.
    pub fn others_root(&self) -> Root {
        state_root::others_root(&state_root::parts(&self.governance, &self.parameters))
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
