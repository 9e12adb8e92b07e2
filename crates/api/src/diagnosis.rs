//! Why the chain goes on or stands, as a node sees it. None of it is proved.

use std::time::Duration;

use sanad_core::ids::{Height, MemberId};

/// What a node finds when it looks at itself and the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What the chain does.
    pub state: ChainState,
    /// Whether the node does what it is for: the chain advances, it votes if it is a validator, and no warning is
    /// severe.
    pub fit: bool,
    /// The height to decide next.
    pub height: Height,
    /// Its round, if it has begun.
    pub round: Option<u32>,
    /// Time since the round began, or the height before it ended.
    pub round_age: Duration,
    /// Rounds that ended without a block since the node started.
    pub rounds_failed: u64,
    /// Time since the last block, by the node's clock; `None` before the first.
    pub head_age: Option<Duration>,
    /// Time between blocks while there is nothing to enter.
    pub heartbeat: Duration,
    /// The height that others prove decided at least.
    pub chain_height: Height,
    /// The validators, sorted by id.
    pub validators: Vec<ValidatorDiagnosis>,
    /// How many of them must vote for a block.
    pub power_needed: u32,
    /// How far the node's clock is ahead of the others', in milliseconds, by the median of their proposals; `None` while
    /// no quorum of clocks agrees.
    pub clock_skew_ms: Option<i64>,
    /// What the operator should see to.
    pub warnings: Vec<Warning>,
    /// Bytes free on the disk of the data directory.
    pub disk_free_bytes: u64,
    /// Its size, in bytes.
    pub disk_bytes: u64,
}

impl Diagnosis {
    /// How many validators vote.
    pub fn power_present(&self) -> usize {
        self.validators.iter().filter(|validator| validator.attendance == Attendance::Voting).count()
    }
}

/// What the chain does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// The node has started and heard too little yet.
    Starting,
    /// Blocks are decided, and this node has them.
    Advancing,
    /// Others have decided blocks that this node does not have yet.
    CatchingUp,
    /// No block is decided, here or by anyone this node hears of.
    Stalled,
    /// This node has no connection to any other validator, and cannot know what the chain does.
    Isolated,
}

impl ChainState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Starting, Self::Advancing, Self::CatchingUp, Self::Stalled, Self::Isolated];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Advancing => "advancing",
            Self::CatchingUp => "catching-up",
            Self::Stalled => "stalled",
            Self::Isolated => "isolated",
        }
    }
}

/// A validator, as far as signatures that reached the node show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorDiagnosis {
    /// Member whose vote it is.
    pub member: MemberId,
    /// What it does.
    pub attendance: Attendance,
    /// Whether this is the answering node's own.
    pub own: bool,
    /// Whether its node is connected for votes; true for the own.
    pub connected: bool,
    /// The highest height at which it was heard to sign since the node started.
    pub last_height: Height,
    /// The round of that signature.
    pub last_round: u32,
    /// Time since it was heard; `None` if it was not since the node started.
    pub silence: Option<Duration>,
    /// How far its last proposal was dated after the node's clock, in milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// Where its node should be; empty for the own.
    pub address: String,
}

/// What a validator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attendance {
    /// It signs at the height and round under way, or did at the last blocks.
    Voting,
    /// Its node is connected, but its signatures are of older heights or rounds, or do not come.
    Late,
    /// Its node is not connected, and its signatures do not come.
    Missing,
}

impl Attendance {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voting => "voting",
            Self::Late => "late",
            Self::Missing => "missing",
        }
    }
}

/// Something the operator should see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A word for programs, such as `disk-low`.
    pub code: String,
    /// What is the matter.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// Whether the node is not fit while this lasts.
    pub severe: bool,
}
