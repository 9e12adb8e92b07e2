//! Blocks from anywhere are checked as those of a store are, without any index.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::convert::Infallible;

use sanad_core::block::Block;
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::validators::CommitCertificate;
use sanad_storage::{BlockSource, ChainReport, Fault, Store, check_chain};
use support::{Consortium, check_same, small};

/// Blocks in memory, given out three at a time.
struct Memory {
    blocks: Vec<(Block, CommitCertificate)>,
    given: usize,
}

impl BlockSource for Memory {
    type Raw = (Vec<u8>, CommitCertificate);
    type Error = Infallible;

    fn window(&mut self) -> Result<Vec<Self::Raw>, Infallible> {
        let end = self.blocks.len().min(self.given + 3);
        let window = self.blocks[self.given..end].iter();
        self.given = end;
        Ok(window.map(|(block, certificate)| (block.encode(), certificate.clone())).collect())
    }

    fn again(&mut self, height: Height) -> Result<Self::Raw, Infallible> {
        let (block, certificate) = &self.blocks[height.0 as usize - 1];
        Ok((block.encode(), certificate.clone()))
    }

    fn decode((payload, certificate): &Self::Raw) -> Result<(Block, CommitCertificate), Fault> {
        let block = Block::decode(payload, 4 << 20);
        let block = block.map_err(|source| Fault::Encoding { part: "block", source })?;
        Ok((block, certificate.clone()))
    }
}

fn grown() -> Consortium {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::with_fifth(31, Some(Height(8)));
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    for n in 0..20 {
        match n {
            15 => consortium.grow(&store, vec![vec![Event::Revoke { target: LogIndex(1) }]]),
            _ => consortium.grow_some(&store, 4),
        }
    }
    consortium
}

/// The report, and the height up to which blocks were told of.
fn check(
    consortium: &Consortium,
    change: impl FnOnce(&mut Vec<(Block, CommitCertificate)>),
) -> (ChainReport, u64) {
    let mut source = Memory { blocks: consortium.blocks.clone(), given: 0 };
    change(&mut source.blocks);
    let mut told = 0;
    let each = |state: &sanad_core::state::State, blocks: &[sanad_storage::CheckedBlock<_>]| {
        for checked in blocks {
            told += 1;
            assert_eq!(checked.execution.header.height, Height(told));
        }
        assert_eq!(state.head().height, Height(told));
        Ok(())
    };
    let report = check_chain(&consortium.genesis, &mut source, each).unwrap();
    assert_eq!(report.state.head().height, Height(told));
    (report, told)
}

#[test]
fn a_sound_chain_leads_to_its_state() {
    let consortium = grown();
    let (report, told) = check(&consortium, |_| {});
    assert_eq!((report.fault, told), (None, 20));
    check_same(&report.state, &consortium.state);
    assert_eq!(check(&consortium, Vec::clear), (check(&consortium, Vec::clear).0, 0));
}

#[test]
fn the_first_block_that_is_not_sound_is_named() {
    let consortium = grown();
    let part = |change: fn(&mut Vec<(Block, CommitCertificate)>)| {
        let (report, told) = check(&consortium, change);
        let (height, fault) = report.fault.unwrap();
        assert_eq!(height.0, told + 1, "{fault}");
        (height.0, fault.part())
    };
    assert_eq!(part(|blocks| blocks[9].1.signatures[1].signature.0[5] ^= 1), (10, "certificate".into()));
    // Four of the five that decide from height 8 on; three are not enough any more.
    assert_eq!(part(|blocks| blocks[9].1.signatures.truncate(3)), (10, "certificate".into()));
    assert_eq!(part(|blocks| blocks[4].0.header.status_root.0[0] ^= 1), (5, "header status_root".into()));
    assert_eq!(part(|blocks| blocks[4].0.batches.swap(0, 1)).0, 5);
    assert_eq!(part(|blocks| drop(blocks.remove(6))).0, 7);
    // Two faults: the first in the order of heights, whichever thread sees its own first.
    assert_eq!(
        part(|blocks| {
            blocks[11].0.header.log_root.0[0] ^= 1;
            blocks[10].1.signatures.clear();
        }),
        (11, "certificate".into())
    );
}
