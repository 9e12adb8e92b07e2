//! Blocks from anywhere are checked without any index.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::convert::Infallible;
use std::error::Error;

use sanad_chain::{BlockSource, ChainReport, CheckedBlock, Fault, check_chain};
use sanad_core::block::Block;
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::state::State;
use sanad_core::validators::CommitCertificate;
use sanad_testkit::{Ledger, commitment, issue};

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

/// 20 blocks of two batches each: `v0` issues ten, `v1` revokes what it issued in the block before.
fn grown() -> Ledger {
    let mut ledger = Ledger::new();
    for n in 0..20u64 {
        let first = ledger.signed("v0", (10 * n..10 * n + 10).map(issue).collect());
        let mut events = vec![issue(1_000 + n)];
        // The first block has 11 entries, the others 12.
        let last_issued = ledger.entries.len().checked_sub(1);
        events.extend(last_issued.map(|target| Event::Revoke { target: LogIndex(target as u64) }));
        events.reverse();
        let second = ledger.signed("v1", events);
        ledger.commit(vec![first, second]);
    }
    ledger
}

/// The report, and the height up to which `each` was called.
fn check(ledger: &Ledger, change: impl FnOnce(&mut Vec<(Block, CommitCertificate)>)) -> (ChainReport, u64) {
    let certified = |block: &Block| (block.clone(), ledger.certify(&block.header, &[0, 2, 3]));
    let mut source = Memory { blocks: ledger.blocks.iter().map(certified).collect(), given: 0 };
    change(&mut source.blocks);
    let mut seen = 0;
    let each = |state: &State, blocks: &[CheckedBlock<_>]| {
        for checked in blocks {
            seen += 1;
            assert_eq!(checked.execution.header.height, Height(seen));
        }
        assert_eq!(state.head().height, Height(seen));
        Ok(())
    };
    let report = check_chain(&ledger.genesis, &mut source, each).unwrap();
    assert_eq!(report.state.head().height, Height(seen));
    (report, seen)
}

#[test]
fn a_sound_chain_leads_to_its_state() {
    let ledger = grown();
    let (report, seen) = check(&ledger, |_| {});
    assert_eq!((report.fault, report.batches, seen), (None, 40, 20));
    assert_eq!(report.state, ledger.state);
    let (report, seen) = check(&ledger, Vec::clear);
    assert_eq!((report.fault, report.batches, seen), (None, 0, 0));
    assert_eq!(report.state, State::genesis(&ledger.genesis).unwrap());
}

#[test]
fn the_first_block_that_is_not_sound_is_named() {
    let ledger = grown();
    let part = |change: fn(&mut Vec<(Block, CommitCertificate)>)| {
        let (report, seen) = check(&ledger, change);
        let (height, fault) = report.fault.unwrap();
        assert_eq!(height.0, seen + 1, "{fault}");
        (height.0, fault.part())
    };
    let certificate = |height| (height, "certificate".to_owned());
    assert_eq!(part(|blocks| blocks[9].1.signatures.swap(0, 1)), certificate(10));
    assert_eq!(part(|blocks| blocks[9].1.signatures.truncate(2)), certificate(10));
    // Validators vote for the round of first proposal too, so it cannot be changed under their signatures.
    assert_eq!(part(|blocks| blocks[4].0.header.round = 1), certificate(5));
    assert_eq!(part(|blocks| blocks[4].0.header.state_root.0[0] ^= 1), (5, "header state_root".into()));
    assert_eq!(part(|blocks| blocks[4].0.header.past.0[0] ^= 1), (5, "header past".into()));
    assert_eq!(part(|blocks| blocks[4].0.header.time_ms = 0), (5, "header time_ms".into()));
    assert_eq!(part(|blocks| blocks[4].0.batches.swap(0, 1)).0, 5);
    assert_eq!(part(|blocks| drop(blocks.remove(6))).0, 7);
    // Two faults: the first in the order of heights, whichever thread sees its own first.
    assert_eq!(
        part(|blocks| {
            blocks[11].0.header.log_root.0[0] ^= 1;
            blocks[10].1.signatures.clear();
        }),
        certificate(11)
    );
}

#[test]
fn a_repeated_issuance_is_found_in_the_later_block() {
    // By a ledger that forgets, as a quorum of liars could.
    let mut ledger = grown();
    ledger.issuances.clear();
    let index = ledger.entries.len() as u64;
    // Another issuer may use the commitment: it opens to nothing there.
    ledger.commit(vec![ledger.signed("v2", vec![issue(44)])]);
    let (report, _) = check(&ledger, |_| {});
    assert_eq!(report.fault, None);
    ledger.commit(vec![ledger.signed("v0", vec![issue(9_000), issue(44), issue(9_001)])]);
    ledger.commit(vec![ledger.signed("v0", vec![issue(45)])]);
    let (report, _) = check(&ledger, |_| {});
    let (height, fault) = report.fault.unwrap();
    assert_eq!((height, fault.part()), (Height(22), "batch 0".to_owned()));
    let mut source: &dyn Error = &fault;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    let first = ledger.entries.iter().position(|entry| entry.event == issue(44)).unwrap();
    let text = source.to_string();
    assert!(text.contains(&format!("log index {first}")), "{text}");
    assert!(text.contains(&commitment(44).to_string()), "{text}");
    assert!((first as u64) < index);
}
