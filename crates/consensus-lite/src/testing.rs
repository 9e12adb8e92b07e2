//! Faults for tests: crashes at chosen points, and messages that no correct validator sends.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

use crate::guard::Position;
use crate::timeliness::Receipt;

/// What a node sends besides what the engine has it send, by height and round.
pub type Lies = Arc<dyn Fn(Height, u32) -> Vec<Lie> + Send + Sync>;

/// Which parts get lost.
pub type Losses = Arc<dyn Fn(u32, BlockId, PublicKey) -> bool + Send + Sync>;

/// The faults of one node. None by default.
#[derive(Clone, Default)]
pub struct Testing {
    /// Asked at each [`Point`]: whether to stop right there, as `kill -9` would.
    pub crash: Option<Arc<dyn Fn(Point) -> bool + Send + Sync>>,
    /// Asked when a round begins: what to send.
    pub lies: Option<Lies>,
    /// Asked for each part that comes in, by its round, its block and the network key of its publisher: whether it
    /// got lost on the way.
    pub losses: Option<Losses>,
}

/// A place in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The guard has the signature on disk; the engine has not logged it.
    Signed(Position),
    /// A block is on disk; the engine has not heard of it.
    Kept(BlockId, Receipt),
    /// The first vote is given; the blocks that were untimely are not handed in as valid yet.
    Prevoted(Height, u32),
}

/// What a faulty validator does.
#[derive(Clone, Debug)]
pub enum Lie {
    /// Sends a payload.
    Parts {
        /// The round it is said to be for.
        round: u32,
        /// The earlier round in which it is said to have been found valid.
        valid_round: Option<u32>,
        /// The block it is said to be.
        block: BlockId,
        /// The payload.
        payload: Bytes,
    },
    /// Sends a signed proposal.
    Proposal {
        /// Its round.
        round: u32,
        /// Its valid round.
        valid_round: Option<u32>,
        /// Its value.
        block: BlockId,
    },
    /// Does nothing for a while.
    Delay(Duration),
    /// Does not propose in this round.
    Silence,
}

impl Testing {
    pub(crate) fn crashes(&self, point: Point) -> bool {
        self.crash.as_ref().is_some_and(|crash| crash(point))
    }
}

impl fmt::Debug for Testing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Testing").finish_non_exhaustive()
    }
}
