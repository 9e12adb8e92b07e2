//! BFT agreement on the next block, on the Malachite engine (Tendermint).
//!
//! The ledger implements [`Application`]; [`Consensus::start`] runs the engine over it, in threads of its
//! own, until it is stopped or must not go on. No type of the engine, of libp2p or of a wire format is
//! visible here: this crate can change them without the others noticing.
//!
//! - A block is executed before it is proposed and before it is voted on.
//! - Blocks are made when there is something to commit, and at every heartbeat.
//! - A validator gives its first vote only to a block whose time agrees with its [`Clock`].
//! - A validator signs only what its [`SigningGuard`] has on disk.
//! - Only its peers may connect: [`Config::peers`], then those of [`Consensus::set_peers`].

mod application;
mod arrivals;
mod attendance;
mod certificate;
mod clock;
mod config;
mod context;
mod engine;
mod guard;
mod handle;
mod heard;
mod limits;
mod log;
mod messages;
mod pace;
mod peer;
mod prevotes;
mod proposals;
mod rotation;
mod shared;
mod signer;
mod standing;
mod status;
mod stopped;
mod streams;
#[cfg(feature = "testing")]
pub mod testing;
mod timeliness;
mod verified;
mod wire;

pub use application::{
    Application, ApplicationError, Barrier, DecidedBlock, Durable, InvalidPayload, NextHeight, ProposedBlock,
    Slot, Undecided, ValidBlock,
};
pub use clock::Clock;
pub use config::{BLOCK_BYTES_LIMIT, Config, Keys, Timeouts};
pub use guard::{GuardError, GuardState, Memory, Position, SigningGuard, Step};
pub use handle::{Consensus, metrics};
pub use log::{has_log, make_log};
pub use peer::{PeerAddress, PeerAddressError};
pub use rotation::proposer;
pub use status::{
    ConsensusStatus, Counters, LATENCY_BOUNDS, Latencies, PeerStatus, Phase, Role, ValidatorStatus, Work,
};
pub use stopped::{SignedElsewhere, StartError, Stopped};
pub use timeliness::Receipt;
