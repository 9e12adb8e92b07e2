//! Which faults come, in which order: a seed decides, and nothing else.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};
use sanad_e2e::disk::{Fate, Part};
use sanad_e2e::relay::Link;
use sanad_e2e::strangers::Flood;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Kill,
    KillAll,
    Restart,
    SetBack,
    Partition,
    SlowNetwork,
    SlowDisk,
    FailingDisk,
    FullDisk,
    LowDisk,
    Clock,
    Flood,
    DamagedBlock,
}

impl Kind {
    pub(crate) const ALL: [Self; 13] = [
        Self::Kill,
        Self::KillAll,
        Self::Restart,
        Self::SetBack,
        Self::Partition,
        Self::SlowNetwork,
        Self::SlowDisk,
        Self::FailingDisk,
        Self::FullDisk,
        Self::LowDisk,
        Self::Clock,
        Self::Flood,
        Self::DamagedBlock,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "node killed",
            Self::KillAll => "all killed",
            Self::Restart => "node stopped and started",
            Self::SetBack => "disk set back or lost",
            Self::Partition => "partition",
            Self::SlowNetwork => "slow network",
            Self::SlowDisk => "slow disk",
            Self::FailingDisk => "failing disk",
            Self::FullDisk => "full disk",
            Self::LowDisk => "disk below its limit",
            Self::Clock => "wrong clock",
            Self::Flood => "flood",
            Self::DamagedBlock => "damaged block",
        }
    }
}

/// A fault. Nodes count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL, and started again later.
    Kill {
        node: usize,
    },
    KillAll,
    /// SIGTERM, and started again later.
    Restart {
        node: usize,
    },
    /// A backup comes back, or a part of the data is lost. `backup` chooses among those that there are.
    SetBack {
        node: usize,
        fate: Fate,
        backup: usize,
    },
    /// These are parted from the others.
    Partition {
        nodes: Vec<usize>,
        link: Link,
    },
    SlowNetwork {
        time: Duration,
    },
    /// Each fsync takes so much longer.
    SlowDisk {
        node: usize,
        time: Duration,
    },
    /// From this fsync of a thread on, each fails, and the node must stop.
    FailingDisk {
        node: usize,
        sync: u32,
    },
    /// Not a byte is free on the disk of the node that has one of its own.
    FullDisk,
    /// Less is free than `storage.free_bytes_min`.
    LowDisk {
        node: usize,
    },
    /// The clock is off by so many seconds.
    Clock {
        node: usize,
        seconds: i32,
    },
    Flood {
        node: usize,
        flood: Flood,
    },
    /// A bit flips in a block of the older half, at this percentage of it.
    DamagedBlock {
        node: usize,
        percent: u64,
        part: Part,
    },
}

impl Fault {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Kill { .. } => Kind::Kill,
            Self::KillAll => Kind::KillAll,
            Self::Restart { .. } => Kind::Restart,
            Self::SetBack { .. } => Kind::SetBack,
            Self::Partition { .. } => Kind::Partition,
            Self::SlowNetwork { .. } => Kind::SlowNetwork,
            Self::SlowDisk { .. } => Kind::SlowDisk,
            Self::FailingDisk { .. } => Kind::FailingDisk,
            Self::FullDisk => Kind::FullDisk,
            Self::LowDisk { .. } => Kind::LowDisk,
            Self::Clock { .. } => Kind::Clock,
            Self::Flood { .. } => Kind::Flood,
            Self::DamagedBlock { .. } => Kind::DamagedBlock,
        }
    }

    /// The node whose process or disk it is about.
    fn node(&self) -> Option<usize> {
        match *self {
            Self::Kill { node }
            | Self::Restart { node }
            | Self::SetBack { node, .. }
            | Self::SlowDisk { node, .. }
            | Self::FailingDisk { node, .. }
            | Self::LowDisk { node }
            | Self::Clock { node, .. }
            | Self::Flood { node, .. }
            | Self::DamagedBlock { node, .. } => Some(node),
            Self::FullDisk => Some(OWN_DISK),
            Self::KillAll | Self::Partition { .. } | Self::SlowNetwork { .. } => None,
        }
    }

    /// Whether both may hold at once. Two disks that were set back are more than four validators can bear: see
    /// `docs/operations.md`.
    fn goes_with(&self, other: &Self) -> bool {
        let either = |kinds: &[Kind]| [self, other].map(|fault| kinds.contains(&fault.kind()));
        let network = either(&[Kind::Partition, Kind::SlowNetwork]);
        let set_back = either(&[Kind::SetBack]);
        !either(&[Kind::KillAll]).contains(&true)
            && network != [true; 2]
            && set_back != [true; 2]
            && (self.node().is_none() || self.node() != other.node())
    }
}

/// Faults that hold together for some time.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// One that sets a disk back is the first: it needs a network that is well.
    pub(crate) faults: Vec<Fault>,
    pub(crate) hold: Duration,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault:?}", if number > 0 { " with " } else { "" })?;
        }
        Ok(())
    }
}

/// The steps that follow from a seed.
pub(crate) struct Plan {
    random: StdRng,
    kinds: Vec<Kind>,
    /// What is left of the deck: every kind comes once before one comes again.
    deck: Vec<Kind>,
}

impl Plan {
    pub(crate) fn new(seed: u64, kinds: Vec<Kind>) -> Self {
        Self { random: StdRng::seed_from_u64(seed), kinds, deck: Vec::new() }
    }

    pub(crate) fn next_step(&mut self) -> Step {
        let kind = self.draw();
        let mut faults = vec![self.fault(kind)];
        if self.random.random_ratio(1, 2) {
            let kind = *self.kinds.choose(&mut self.random).unwrap();
            let with = self.fault(kind);
            if faults[0].goes_with(&with) {
                faults.push(with);
                faults.sort_by_key(|fault| fault.kind() != Kind::SetBack);
            }
        }
        Step { faults, hold: Duration::from_millis(self.random.random_range(HOLD_MS)) }
    }

    fn draw(&mut self) -> Kind {
        if self.deck.is_empty() {
            self.deck.clone_from(&self.kinds);
            self.deck.shuffle(&mut self.random);
        }
        self.deck.pop().unwrap()
    }

    fn fault(&mut self, kind: Kind) -> Fault {
        let random = &mut self.random;
        let node = random.random_range(1..=NODES);
        match kind {
            Kind::Kill => Fault::Kill { node },
            Kind::KillAll => Fault::KillAll,
            Kind::Restart => Fault::Restart { node },
            Kind::SetBack => Fault::SetBack {
                node,
                fate: *FATES.choose(random).unwrap(),
                backup: random.random_range(0..100),
            },
            Kind::Partition => {
                let mut nodes: Vec<usize> = (1..=NODES).collect();
                nodes.shuffle(random);
                nodes.truncate(random.random_range(1..=2));
                Fault::Partition { nodes, link: *[Link::Cut, Link::Silent].choose(random).unwrap() }
            }
            Kind::SlowNetwork => {
                Fault::SlowNetwork { time: Duration::from_millis(random.random_range(20..=150)) }
            }
            Kind::SlowDisk => {
                Fault::SlowDisk { node, time: Duration::from_millis(random.random_range(50..=500)) }
            }
            Kind::FailingDisk => Fault::FailingDisk { node, sync: random.random_range(1..=40) },
            Kind::FullDisk => Fault::FullDisk,
            Kind::LowDisk => Fault::LowDisk { node },
            Kind::Clock => {
                Fault::Clock { node, seconds: *[-3_600, -30, -3, 3, 30, 3_600].choose(random).unwrap() }
            }
            Kind::Flood => Fault::Flood { node, flood: *Flood::ALL.choose(random).unwrap() },
            Kind::DamagedBlock => Fault::DamagedBlock {
                node,
                percent: random.random_range(0..100),
                part: *[Part::Certificate, Part::Payload].choose(random).unwrap(),
            },
        }
    }
}

/// Nodes of the network: it bears one that is faulty.
pub(crate) const NODES: usize = 4;
/// The node with a small disk of its own.
pub(crate) const OWN_DISK: usize = NODES;
const HOLD_MS: std::ops::Range<u64> = 1_000..6_000;

/// Of a node that is stopped; backups of running ones are for `restores.rs`.
const FATES: [Fate; 5] =
    [Fate::Replaced, Fate::WrittenOver, Fate::LedgerLost, Fate::GuardLost, Fate::AllLost];
