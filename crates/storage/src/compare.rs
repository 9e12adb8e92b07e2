//! Comparing the logs of two stopped nodes of one chain.
//!
//! Every block is read, from the first on. Each header names all before it, so in two sound logs one look at a height
//! would show whether everything before is equal. But logs are compared when one of them is suspect, and a damaged block
//! in the middle shows only if it is read. Reading costs little compared with an audit: nothing is executed.

use std::collections::VecDeque;
use std::path::Path;

use rayon::prelude::*;
use sanad_chain::{BlockSource as _, Fault};
use sanad_core::block::Block;
use sanad_core::genesis::Genesis;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;

use crate::audit::{Finding, Log, LogStop};
use crate::closed::Closed;
use crate::directory::StoreDirectory;
use crate::error::OpenError;
use crate::rebuild::{Progress, Step};
use crate::segments::{RawFrame, Segments};

/// How two logs compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The last height up to which both have the same blocks.
    pub equal_up_to: Height,
    /// The block after it, if both have one and they differ.
    pub difference: Option<BlockDifference>,
    /// Equal blocks whose signatures differ, and the first of them. That is normal: each node keeps the signatures that
    /// came first.
    pub other_certificates: (u64, Option<Height>),
    /// How each log continues after the equal blocks.
    pub rest: [LogRest; 2],
}

/// A log after the blocks that it shares with another.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogRest {
    /// Whole blocks that follow.
    pub blocks: u64,
    /// What ends the log early.
    pub finding: Option<Finding>,
}

/// Two blocks of one height that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockDifference {
    /// Height of both, the first at which the logs differ.
    pub height: Height,
    /// The header fields that differ, with the value in each.
    pub fields: Vec<(&'static str, String, String)>,
    /// The first place where the batches differ, with the id and signature of the batch there, if there is one.
    pub batch: Option<(usize, Option<String>, Option<String>)>,
}

/// Compares the logs of the stores in two directories, up to the first block that differs. Changes nothing.
///
/// # Errors
/// As [`audit`](fn@crate::audit).
pub fn compare(
    directories: [&Path; 2],
    genesis: &Genesis,
    mut progress: impl FnMut(Progress),
) -> Result<Comparison, OpenError> {
    let chain_id = genesis.chain_id();
    let [mut one, mut other] =
        [Reader::open(directories[0], chain_id)?, Reader::open(directories[1], chain_id)?];
    let bytes_total = one.log.end().min(other.log.end());
    let mut comparison = Comparison {
        equal_up_to: Height::GENESIS,
        difference: None,
        other_certificates: (0, None),
        rest: Default::default(),
    };
    loop {
        let (mine, theirs) = match (one.next()?, other.next()?) {
            (Some(mine), Some(theirs)) => (mine, theirs),
            (mine, theirs) => {
                comparison.rest =
                    [one.rest(u64::from(mine.is_some()))?, other.rest(u64::from(theirs.is_some()))?];
                return Ok(comparison);
            }
        };
        let height = mine.frame.height;
        if mine.frame.payload() != theirs.frame.payload() {
            comparison.difference = Some(difference(height, &mine, &theirs));
            comparison.rest = [one.rest(1)?, other.rest(1)?];
            return Ok(comparison);
        }
        if mine.frame.certificate().ok() != theirs.frame.certificate().ok() {
            let (count, first) = comparison.other_certificates;
            comparison.other_certificates = (count + 1, first.or(Some(height)));
        }
        comparison.equal_up_to = height;
        let bytes = mine.frame.place.end();
        progress(Progress { step: Step::Read, height, bytes, bytes_total });
    }
}

/// Reads the blocks of a log one by one, checked against their checksums.
struct Reader {
    _directory: StoreDirectory,
    log: Log,
    window: VecDeque<(RawFrame, Option<Fault>)>,
    /// What ended the log.
    finding: Option<Finding>,
}

impl Reader {
    fn open(path: &Path, chain_id: ChainId) -> Result<Self, OpenError> {
        let directory = StoreDirectory::open_to_read(path)?;
        let inspected = Segments::inspect(&directory.segments(), chain_id)?;
        let vouched = Closed::read(&directory.closed(), &chain_id)?.end();
        let log = Log::new(inspected, vouched, 0);
        Ok(Self { _directory: directory, log, window: VecDeque::new(), finding: None })
    }

    /// The next block; `None` after the last that can be read.
    fn next(&mut self) -> Result<Option<RawFrame>, OpenError> {
        match self.next_or_stop() {
            Err(LogStop::Failed(error)) => Err(error.into()),
            Err(LogStop::Found(finding)) => {
                self.finding = Some(finding);
                Ok(None)
            }
            Ok(frame) => Ok(frame),
        }
    }

    fn next_or_stop(&mut self) -> Result<Option<RawFrame>, LogStop> {
        if self.finding.is_some() {
            return Ok(None);
        }
        if self.window.is_empty() {
            let checked = self.log.window()?.into_par_iter().map(|raw| {
                let fault = Log::decode(&raw).err();
                (raw, fault)
            });
            self.window = checked.collect::<Vec<_>>().into();
        }
        match self.window.pop_front() {
            Some((raw, Some(fault))) => {
                let height = raw.frame.height;
                let torn = self.log.torn_at(height)?;
                Err(LogStop::Found(torn.unwrap_or(Finding::Block { height, fault })))
            }
            next => Ok(next.map(|(raw, _)| raw)),
        }
    }

    /// Counts the blocks that are left, after some that were taken already.
    fn rest(&mut self, taken: u64) -> Result<LogRest, OpenError> {
        let mut blocks = taken;
        while self.next()?.is_some() {
            blocks += 1;
        }
        Ok(LogRest { blocks, finding: self.finding.clone() })
    }
}

fn difference(height: Height, one: &RawFrame, other: &RawFrame) -> BlockDifference {
    let block = |raw: &RawFrame| raw.frame.block().expect("invariant: it was decoded when it was read");
    let (one, other) = (block(one), block(other));
    let fields = one.header.fields().into_iter().zip(other.header.fields());
    let fields = fields.filter(|((_, one), (_, other))| one != other);
    let fields = fields.map(|((field, one), (_, other))| (field, one, other)).collect();
    let batch = |block: &Block, position: usize| {
        block.batches.get(position).map(|batch| format!("{} signed {}", batch.id(), batch.signatures()))
    };
    let positions = 0..one.batches.len().max(other.batches.len());
    let batches = positions.map(|position| (position, batch(&one, position), batch(&other, position)));
    let batch = batches.into_iter().find(|(_, one, other)| one != other);
    BlockDifference { height, fields, batch }
}
