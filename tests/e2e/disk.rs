//! What happens to a node's disk: it is copied, set back, lost, or damaged.

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

use crate::Net;

/// What happens to the data directory of a node that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A backup in the place of the directory.
    Replaced,
    /// A backup written over the files that are there.
    WrittenOver,
    /// The ledger is lost.
    LedgerLost,
    /// The guard is lost.
    GuardLost,
    /// Ledger and guard are lost.
    AllLost,
    /// All is lost, and the ledger comes from a backup that [`back_up`] made while the node ran.
    Restored,
}

impl Fate {
    /// Every fate.
    pub const ALL: [Self; 6] =
        [Self::Replaced, Self::WrittenOver, Self::LedgerLost, Self::GuardLost, Self::AllLost, Self::Restored];
}

/// Copies what is in a folder into another, which is made if need be.
pub fn copy(from: &Path, to: &Path) {
    let from = format!("{}/.", from.display());
    std::fs::create_dir_all(to).unwrap();
    assert!(Command::new("cp").args(["-r", &from]).arg(to).status().unwrap().success());
}

/// Where the backup of a running node is.
fn hot(net: &Net, node: usize) -> String {
    net.path(&format!("hot-{node}"))
}

/// Backs up a running node into a new folder: a ledger that was made anew from peers does not continue an older one.
pub fn back_up(net: &Net, node: usize) {
    let _ = std::fs::remove_dir_all(hot(net, node));
    let said = net.sanad_node(node, &["backup", "create", &hot(net, node)]);
    assert_eq!(said.code, 0, "{said:?}");
}

/// Removes what is in a folder. The folder stays: it may be a mount.
fn empty(folder: &Path) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }
}

/// Does this to a stopped node's data directory, and what `docs/operations.md` asks of the operator then; the node can be
/// started.
pub fn set_back(net: &Net, node: usize, fate: Fate, backup: &Path) {
    let data = net.node_path(node, "data");
    let (ledger, consensus) = (data.join("ledger"), data.join("consensus"));
    let recover = match fate {
        Fate::Replaced => {
            empty(&data);
            copy(backup, &data);
            false
        }
        Fate::WrittenOver => {
            std::fs::remove_dir_all(&ledger).unwrap();
            copy(backup, &data);
            false
        }
        Fate::LedgerLost => {
            std::fs::remove_dir_all(&ledger).unwrap();
            true
        }
        Fate::GuardLost => {
            std::fs::remove_file(consensus.join("signing.guard")).unwrap();
            true
        }
        Fate::AllLost => {
            empty(&data);
            true
        }
        Fate::Restored => {
            empty(&data);
            let said = net.sanad_node(node, &["backup", "restore", &hot(net, node)]);
            assert_eq!(said.code, 0, "{said:?}");
            false
        }
    };
    if recover {
        let refused = net.sanad_node(node, &["run"]);
        assert!(refused.code != 0 && refused.err.contains("sanad-node recover"), "{fate:?}: {refused:?}");
        let said = net.sanad_node(node, &["recover"]);
        assert_eq!(said.code, 0, "{fate:?}: {said:?}");
    }
}

/// What of a block is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its certificate.
    Certificate,
    /// Its header and batches.
    Payload,
}

/// Flips a bit of a block in a node's first segment. Layouts: `docs/formats/storage.md`.
pub fn damage(net: &Net, node: usize, height: u64, part: Part) {
    let ledger = net.node_path(node, "data/ledger");
    let mut record = [0; 32];
    let blocks = std::fs::File::open(ledger.join("columns/blocks")).unwrap();
    blocks.read_exact_at(&mut record, (height - 1) * 32).unwrap();
    let offset = u64::from_be_bytes(record[..8].try_into().unwrap());
    let certificate = u32::from_be_bytes(record[8..12].try_into().unwrap());
    let payload = u32::from_be_bytes(record[12..16].try_into().unwrap());
    // Head of the segment, fixed part of the frame, certificate, checksum of the front.
    let middle = match part {
        Part::Certificate => 96 + offset + 20 + u64::from(certificate / 2),
        Part::Payload => 96 + offset + 20 + u64::from(certificate) + 16 + u64::from(payload / 2),
    };
    let segment = ledger.join("segments/00000000000000000000.seg");
    let segment = std::fs::OpenOptions::new().read(true).write(true).open(segment).unwrap();
    let mut byte = [0];
    segment.read_exact_at(&mut byte, middle).unwrap();
    segment.write_all_at(&[byte[0] ^ 0x10], middle).unwrap();
}
