//! Why consensus stopped, or did not start.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::validators::CertificateError;

use crate::application::ApplicationError;
use crate::guard::{GuardError, Position};
use crate::peer::PeerAddressError;

/// Why consensus does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The signing guard does not open.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The ledger's head carries a signature of this node's key that its guard does not know.
    #[error(transparent)]
    SignedElsewhere(#[from] SignedElsewhere),
    /// Another program listens there.
    #[error("{address} is in use by another program")]
    ListenInUse {
        /// The address.
        address: SocketAddr,
    },
    /// One cannot listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A peer's address is none.
    #[error(transparent)]
    Peer(#[from] PeerAddressError),
    /// The directory of consensus cannot be used.
    #[error("the directory {path} cannot be used: {source}", path = path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The engine's log cannot be used.
    #[error("the log of consensus {path} cannot be used: {source}", path = path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The ledger failed.
    #[error("the ledger failed: {0}")]
    Application(#[source] ApplicationError),
    /// The operating system gives no thread.
    #[error("no thread for consensus: {0}")]
    Thread(#[source] std::io::Error),
    /// The engine does not start.
    #[error("the consensus engine does not start: {0}")]
    Engine(#[source] Box<dyn Error + Send + Sync>),
    /// The engine started, but did not come to listen in time.
    #[error("the consensus engine does not listen on {address}")]
    NotListening {
        /// The address.
        address: SocketAddr,
    },
    /// The thread of consensus panicked.
    #[error("consensus panicked at its start; this is a bug")]
    Panicked,
}

/// A key has signed what its guard does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this node's key has signed at height {height}, round {round}, but its guard knows of {known}: the key signs \
     elsewhere, or its disk was set back. Find the other place and stop it for good; then `sanad-node recover` has this \
     node vote again once that is safe. While both run, nothing that the key signs can be relied on",
    known = last.map_or("nothing".to_owned(), |last| last.to_string())
)]
pub struct SignedElsewhere {
    /// Height of the block.
    pub height: Height,
    /// Round of the signature.
    pub round: u32,
    /// What the guard knows.
    pub last: Option<Position>,
}

/// Why consensus stopped by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// The ledger failed.
    #[error("the ledger failed: {0}")]
    Application(#[source] ApplicationError),
    /// This node's key has signed what its guard does not know.
    #[error(transparent)]
    SignedElsewhere(#[from] SignedElsewhere),
    /// This node's member has declared on the ledger that this process is gone.
    #[error(
        "block {height} has a rejoin statement for this node's key that is not of this process: its member says that the \
         process which voted before is gone for good, and that another one votes now. This one has signed its last vote. Stop it \
         for good; if it is the statement that is wrong, stop the other one, and `sanad-node recover` has this node vote again"
    )]
    Disowned {
        /// The height.
        height: Height,
    },
    /// The guard cannot be written.
    #[error(transparent)]
    Guard(GuardError),
    /// The ledger is at another height than was decided.
    #[error("after height {decided} the ledger wants to decide height {next}")]
    LedgerHeight {
        /// The height decided.
        decided: Height,
        /// The height that the ledger names as the next.
        next: Height,
    },
    /// A block was decided whose payload is gone, though it was kept.
    #[error(
        "block {block} of height {height} is decided, but its payload is not in the ledger's store any more"
    )]
    PayloadMissing {
        /// The height.
        height: Height,
        /// The block.
        block: BlockId,
    },
    /// The others decided a block that this node's ledger refused.
    #[error(
        "block {block} of height {height} is decided, but this node's ledger found it invalid: its version or its \
         data differ from the others'. Compare `sanad-node --version` with theirs, and run `sanad audit` on its data"
    )]
    Disagrees {
        /// The height.
        height: Height,
        /// The block.
        block: BlockId,
    },
    /// The engine decided by a certificate that does not verify.
    #[error("the engine decided height {height} by a bad certificate: {source}")]
    Certificate {
        /// The height.
        height: Height,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// The engine decided by a certificate of strangers.
    #[error("the engine decided height {height} by a certificate of others than its validators")]
    Strangers {
        /// The height.
        height: Height,
    },
    /// The engine's log failed: nothing can be signed safely.
    #[error(
        "the log of consensus {path} failed, or does not agree with the votes that follow from it; see the log \
         messages of the engine. Check the disk before a restart",
        path = path.display()
    )]
    Log {
        /// The log.
        path: PathBuf,
    },
    /// A part of the engine failed.
    #[error("the consensus engine failed; see its log messages")]
    Engine,
    /// The engine did not start again after it stopped voting, or to vote again.
    #[error("the consensus engine does not start again: {0}")]
    Restart(#[source] StartError),
    /// The thread of consensus panicked.
    #[error("consensus panicked; this is a bug")]
    Panicked,
}
