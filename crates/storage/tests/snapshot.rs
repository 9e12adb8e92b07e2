//! Snapshots: a store that is made from one is the store that it was made of; whatever is wrong with it is found before
//! anything counts as a store.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;

use sanad_core::block::Block;
use sanad_core::codec;
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::snapshot::{
    CHUNK_BYTES, Chunk, ChunkCutter, FollowFault, ManifestError, SnapshotManifest, StateFault, StateRecord,
    records,
};
use sanad_core::state::State;
use sanad_core::trust::{TrustAnchor, TrustFault};
use sanad_core::validators::CommitCertificate;
use sanad_storage::{
    OpenError, SnapshotError, SnapshotFolder, SnapshotTrust, Store, audit, create_snapshot, restore_snapshot,
};
use support::{Consortium, ISSUERS, check_equal, check_same, small};
use tempfile::TempDir;

/// A store with some blocks, its consortium, and a snapshot of it.
struct Sample {
    consortium: Consortium,
    store: Store,
    folder: TempDir,
    _directory: TempDir,
}

impl Sample {
    fn new(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut consortium = Consortium::new(seed);
        let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
        (0..12).for_each(|n| consortium.grow_some(&store, 20 + n));
        let folder = tempfile::tempdir().unwrap();
        let sample = Self { consortium, store, folder, _directory: directory };
        sample.create();
        sample
    }

    fn create(&self) -> SnapshotManifest {
        let (state, genesis) = (self.consortium.state(), &self.consortium.genesis);
        create_snapshot(&self.store, state, genesis, self.folder.path(), |_| {}).unwrap()
    }

    fn manifest(&self) -> SnapshotManifest {
        SnapshotFolder::open(self.folder.path()).manifest().unwrap()
    }

    fn write(&self, manifest: &SnapshotManifest) {
        fs::write(self.folder.path().join("manifest"), manifest.to_bytes()).unwrap();
    }

    fn chunk_path(&self, chunk: &Chunk) -> PathBuf {
        self.folder.path().join("chunks").join(chunk.hash.to_string())
    }

    fn records(&self, chunks: &[Chunk]) -> Vec<Vec<u8>> {
        let bytes = chunks.iter().map(|chunk| fs::read(self.chunk_path(chunk)).unwrap());
        bytes
            .flat_map(|bytes| records(&bytes).unwrap().into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
            .collect()
    }

    /// Puts records in the place of those of a list.
    fn replace(&self, records: &[Vec<u8>]) -> Vec<Chunk> {
        let mut cutter = ChunkCutter::default();
        let mut chunks: Vec<_> = records.iter().filter_map(|record| cutter.push(record)).collect();
        chunks.extend(cutter.finish());
        let keep = |bytes: Vec<u8>| {
            let chunk = Chunk::of(&bytes);
            fs::write(self.chunk_path(&chunk), bytes).unwrap();
            chunk
        };
        chunks.into_iter().map(keep).collect()
    }

    fn restore(&self, to: &Path) -> Result<State, SnapshotError> {
        restore(self.folder.path(), &self.consortium, None, to)
    }

    /// Why nothing is restored.
    fn refused(&self) -> SnapshotError {
        let to = tempfile::tempdir().unwrap();
        let error = self.restore(to.path()).unwrap_err();
        assert!(
            Store::open(to.path(), &self.consortium.genesis, small()).is_err(),
            "what was refused is no store: {error}"
        );
        error
    }

    /// Why a manifest is refused.
    fn refuses(&self, change: impl FnOnce(&mut SnapshotManifest)) -> SnapshotError {
        let sound = self.manifest();
        let mut manifest = sound.clone();
        change(&mut manifest);
        self.write(&manifest);
        let error = self.refused();
        self.write(&sound);
        error
    }
}

fn restore(
    folder: &Path,
    consortium: &Consortium,
    anchor: Option<&TrustAnchor>,
    to: &Path,
) -> Result<State, SnapshotError> {
    let trust = SnapshotTrust { genesis: &consortium.genesis, anchor, now_ms: 0 };
    restore_snapshot(folder, trust, to, small(), |_| {})?;
    let (store, state) = Store::open(to, &consortium.genesis, small()).unwrap();
    store.close().unwrap();
    Ok(state)
}

fn block_fault(error: SnapshotError) -> (u64, FollowFault) {
    match error {
        SnapshotError::Block { height, source } => (height.0, source),
        error => panic!("{error:?}"),
    }
}

#[test]
fn a_restored_store_is_the_store() {
    let mut sample = Sample::new(31);
    let to = tempfile::tempdir().unwrap();
    let state = sample.restore(to.path()).unwrap();
    check_same(&state, sample.consortium.state());
    let (restored, _) = Store::open(to.path(), &sample.consortium.genesis, small()).unwrap();
    check_equal(&restored, &sample.consortium);
    // It goes on, and what it has is found sound.
    (0..9).for_each(|n| sample.consortium.grow_some(&restored, 10 + n));
    check_equal(&restored, &sample.consortium);
    restored.close().unwrap();
    drop(restored);
    assert!(audit(to.path(), &sample.consortium.genesis, |_| {}).unwrap().findings.is_empty());
    let (rebuilt, _) = Store::rebuild(to.path(), &sample.consortium.genesis, small(), |_| {}).unwrap();
    check_equal(&rebuilt, &sample.consortium);
}

#[test]
fn a_later_snapshot_adds_to_an_earlier_one() {
    let mut sample = Sample::new(32);
    let stray = sample.folder.path().join("chunks/thesis.pdf");
    fs::write(&stray, "somebody's").unwrap();
    let before = sample.manifest();
    let early = sample.consortium.state().clone();
    for _ in 0..20 {
        let batches = (0..ISSUERS).map(|_| sample.consortium.issuances(2_000)).collect();
        sample.consortium.grow(&sample.store, batches);
    }
    let middle = sample.create();
    assert!(middle.blocks.len() > 1 && middle.blocks[0].bytes as usize >= CHUNK_BYTES, "{:?}", middle.blocks);
    assert!(sample.chunk_path(&before.state[0]).exists(), "a node may be fetching it");
    sample.consortium.grow_some(&sample.store, 5);
    let after = sample.create();
    assert!(
        !sample.chunk_path(&before.state[0]).exists(),
        "what neither of the last two manifests names is gone"
    );
    assert!(sample.chunk_path(&middle.state[0]).exists(), "a node may be fetching it");
    assert_eq!(after.blocks[0], middle.blocks[0], "chunks of blocks are cut at the same places");
    assert!(stray.exists());
    let to = tempfile::tempdir().unwrap();
    let state = sample.restore(to.path()).unwrap();
    check_same(&state, sample.consortium.state());

    let other = Sample::new(33);
    let create = |from: &Sample, state: &State| {
        create_snapshot(&from.store, state, &from.consortium.genesis, sample.folder.path(), |_| {})
            .unwrap_err()
    };
    let error = create(&other, other.consortium.state());
    assert!(matches!(error, SnapshotError::HoldsOtherChain { .. }), "{error}");
    let error = create(&sample, &early);
    assert!(matches!(error, SnapshotError::HoldsNewer { .. }), "{error}");
    assert_eq!(sample.manifest().header(), after.header());
    let other = other.manifest();
    let error = sample.refuses(|manifest| *manifest = other);
    assert!(matches!(error, SnapshotError::OtherChain { .. }), "{error}");
}

/// Opening a pipe would wait for somebody to write to it.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    let sample = Sample::new(35);
    let manifest = sample.manifest();
    let pipe = |path: &Path| {
        let _ = fs::remove_file(path);
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    pipe(&sample.chunk_path(&manifest.blocks[0]));
    let error = sample.refused().to_string();
    assert!(error.contains(&manifest.blocks[0].hash.to_string()), "{error}");
    pipe(&sample.folder.path().join("manifest"));
    assert!(SnapshotFolder::open(sample.folder.path()).manifest().is_err());
    pipe(&sample.folder.path().join("LOCK"));
    assert!(SnapshotFolder::begin(sample.folder.path()).is_err());
}

#[test]
fn chunks_that_are_not_what_the_manifest_names_are_refused() {
    let sample = Sample::new(34);
    let manifest = sample.manifest();
    let swapped = sample.refuses(|manifest| {
        std::mem::swap(&mut manifest.blocks, &mut manifest.certificates);
    });
    assert!(matches!(swapped, SnapshotError::Encoding { .. }), "{swapped:?}");
    for chunk in manifest.chunks() {
        let path = sample.chunk_path(chunk);
        let bytes = fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 1;
        for (content, expected) in [
            (&changed[..], "does not have the hash"),
            (&bytes[1..], "and the manifest says"),
            (&[&bytes[..], &[0]].concat(), "and the manifest says"),
        ] {
            fs::write(&path, content).unwrap();
            let error = sample.refused().to_string();
            assert!(error.contains(expected), "{error}");
        }
        fs::remove_file(&path).unwrap();
        let error = sample.refused();
        assert!(matches!(error, SnapshotError::MissingChunk { .. }), "{error}");
        fs::write(&path, &bytes).unwrap();
    }
    sample.refuses(|manifest| manifest.blocks[0].bytes += 1);
    assert!(sample.restore(tempfile::tempdir().unwrap().path()).is_ok());
}

#[test]
fn a_manifest_of_too_much_is_refused_before_memory_is_taken() {
    let sample = Sample::new(35);
    let path = sample.folder.path().join("manifest");
    let sound = fs::read(&path).unwrap();
    // Magic and version, then the count of the state's chunks.
    let mut many = sound.clone();
    many[5..9].fill(0xff);
    let error = SnapshotManifest::from_bytes(&many).unwrap_err();
    assert!(matches!(error, ManifestError::Chunks(_)), "{error:?}");
    fs::write(&path, &many).unwrap();
    assert!(matches!(sample.refused(), SnapshotError::Manifest { .. }));
    for cut in 0..sound.len() {
        assert!(SnapshotManifest::from_bytes(&sound[..cut]).is_err(), "{cut}");
    }
    assert!(SnapshotManifest::from_bytes(&[&sound[..], &[0]].concat()).is_err());
    fs::write(&path, vec![0; 17 << 20]).unwrap();
    sample.refused();
    fs::write(&path, &sound).unwrap();

    let length = |manifest: SnapshotManifest| match SnapshotManifest::from_bytes(&manifest.to_bytes()) {
        Err(ManifestError::Length { list, number, .. }) => (list, number),
        read => panic!("{read:?}"),
    };
    let mut manifest = sample.manifest();
    manifest.blocks[0].bytes = u32::MAX;
    assert_eq!(length(manifest), ("blocks", 0));
    let mut manifest = sample.manifest();
    manifest.state.push(manifest.state[0]);
    assert_eq!(length(manifest), ("state", 0), "a chunk that is not full is the last");
    let mut manifest = sample.manifest();
    manifest.certificates.clear();
    let error = SnapshotManifest::from_bytes(&manifest.to_bytes()).unwrap_err();
    assert!(matches!(error, ManifestError::NoChunks { list: "certificates" }));
}

#[test]
fn a_header_that_no_quorum_signed_is_refused() {
    let sample = Sample::new(36);
    let error = sample.refuses(|manifest| {
        manifest.trust.anchor.certificate.signatures.pop();
    });
    assert!(matches!(error, SnapshotError::Trust(TrustFault::Header(_))), "{error:?}");
    let error = sample.refuses(|manifest| manifest.trust.anchor.header.state_root.0[0] ^= 1);
    assert!(matches!(error, SnapshotError::Trust(_)), "{error:?}");
}

#[test]
fn blocks_that_a_quorum_did_not_sign_in_this_order_are_refused() {
    let sample = Sample::new(37);
    let manifest = sample.manifest();
    let (blocks, certificates) = (sample.records(&manifest.blocks), sample.records(&manifest.certificates));
    let with_blocks = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut records = blocks.clone();
        change(&mut records);
        let chunks = sample.replace(&records);
        sample.refuses(|manifest| manifest.blocks = chunks)
    };
    let with_certificates = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut records = certificates.clone();
        change(&mut records);
        let chunks = sample.replace(&records);
        sample.refuses(|manifest| manifest.certificates = chunks)
    };
    // Below a quorum.
    let (height, fault) = block_fault(with_certificates(&|all| {
        let mut certificate: CommitCertificate = codec::decode(&all[4], 1 << 16).unwrap();
        certificate.signatures.pop();
        all[4] = codec::encode(&certificate);
    }));
    assert!(height == 5 && matches!(fault, FollowFault::Certificate(_)), "{fault}");
    let (height, fault) = block_fault(with_certificates(&|all| all.swap(2, 3)));
    assert!(height == 3 && matches!(fault, FollowFault::Certificate(_)), "{fault}");
    let error = with_certificates(&|all| drop(all.pop()));
    assert!(
        matches!(error, SnapshotError::CertificateCount { what: "fewer", height: Height(12) }),
        "{error}"
    );
    let error = with_certificates(&|all| all.push(all[0].clone()));
    assert!(matches!(error, SnapshotError::CertificateCount { what: "more", .. }), "{error}");

    let (height, fault) = block_fault(with_blocks(&|all| all.swap(2, 3)));
    assert!(height == 3 && matches!(fault, FollowFault::Certificate(_)), "{fault}");
    // The header is signed, and does not have these batches.
    let (height, fault) = block_fault(with_blocks(&|all| {
        let mut block = Block::decode(&all[6], 1 << 22).unwrap();
        block.batches.pop();
        all[6] = block.encode();
    }));
    assert_eq!((height, fault), (7, FollowFault::Past));
    let mut fewer = certificates.clone();
    fewer.pop();
    let mut short = blocks.clone();
    short.pop();
    let (short, fewer) = (sample.replace(&short), sample.replace(&fewer));
    let (height, fault) =
        block_fault(sample.refuses(|manifest| (manifest.blocks, manifest.certificates) = (short, fewer)));
    assert_eq!((height, fault), (12, FollowFault::Missing));
}

#[test]
fn a_state_that_is_not_the_headers_is_refused() {
    let mut sample = Sample::new(38);
    sample.consortium.grow(&sample.store, vec![vec![Event::Revoke { target: LogIndex(0) }]]);
    sample.create();
    let records = sample.records(&sample.manifest().state);
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut records = records.clone();
        change(&mut records);
        let chunks = sample.replace(&records);
        sample.refuses(|manifest| manifest.state = chunks)
    };
    let fault = |error: SnapshotError| match error {
        SnapshotError::State(fault) => fault,
        error => panic!("{error:?}"),
    };
    let place = records.iter().position(|record| record[0] == 3).expect("something was revoked");
    // A revoked entry that reads as active.
    assert!(matches!(fault(with(&|all| *all[place].last_mut().unwrap() ^= 1)), StateFault::Root));
    assert!(matches!(fault(with(&|all| drop(all.remove(place)))), StateFault::Root));
    assert!(matches!(fault(with(&|all| all[place][1] = 1)), StateFault::Beyond));
    assert!(matches!(fault(with(&|all| drop(all.remove(1)))), StateFault::Root), "a member is left out");
    assert!(matches!(fault(with(&|all| all.swap(1, 2))), StateFault::Order));
    assert!(matches!(fault(with(&|all| all.insert(1, all[1].clone()))), StateFault::Order));
    assert!(matches!(fault(with(&|all| drop(all.remove(0)))), StateFault::NoParameters));
    assert!(matches!(fault(with(&|all| all[0].push(0))), StateFault::Encoding(_)));
    assert!(matches!(fault(with(&|all| all.push(vec![9]))), StateFault::Encoding(_)));
    // No root covers this list, but the fold of each member's events does.
    let member = sample.consortium.state().registry().members().next().unwrap().record().id.clone();
    let concern = codec::encode(&StateRecord::Concern(member.clone(), LogIndex(3)));
    let (height, found) = block_fault(with(&|all| all.push(concern.clone())));
    assert_eq!((height, found), (13, FollowFault::Events { member }));
}

#[test]
fn what_the_operator_trusts_beyond_the_genesis_counts() {
    let mut sample = Sample::new(39);
    let newest = |sample: &Sample, height| {
        let file = sample.store.trust_file(&sample.consortium.genesis, Height(height)).unwrap();
        file.verify(0).unwrap()
    };
    let older = newest(&sample, 5);
    let to = tempfile::tempdir().unwrap();
    restore(sample.folder.path(), &sample.consortium, Some(&older), to.path()).unwrap();
    sample.consortium.grow_some(&sample.store, 5);
    let newer = newest(&sample, 13);
    let error = restore(sample.folder.path(), &sample.consortium, Some(&newer), to.path()).unwrap_err();
    assert!(matches!(error, SnapshotError::Older { .. }), "{error}");
    // The same validators signed two histories: the one that is trusted stands.
    let other = Sample::forked(39);
    let pinned = newest(&other, 5);
    let to = tempfile::tempdir().unwrap();
    let error = restore(sample.folder.path(), &sample.consortium, Some(&pinned), to.path()).unwrap_err();
    let (height, fault) = block_fault(error);
    assert!(height == 5 && matches!(fault, FollowFault::NotTrusted { .. }), "{fault}");
    let error = Store::open(to.path(), &sample.consortium.genesis, small()).unwrap_err();
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
}

#[test]
fn other_folders_and_an_empty_ledger_are_refused() {
    let sample = Sample::new(40);
    let error = sample.restore(sample.folder.path()).unwrap_err();
    assert!(matches!(error, SnapshotError::Open(OpenError::NotEmpty { .. })), "{error}");
    let (empty, directory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let error = SnapshotFolder::open(empty.path()).manifest().unwrap_err();
    assert!(matches!(error, SnapshotError::NoSnapshot { .. }), "{error}");
    let genesis = &sample.consortium.genesis;
    let (store, state) = Store::create(directory.path(), genesis, small()).unwrap();
    let error = create_snapshot(&store, &state, genesis, empty.path(), |_| {}).unwrap_err();
    assert!(matches!(error, SnapshotError::NoBlocks), "{error}");
    let error = create_snapshot(&sample.store, sample.consortium.state(), genesis, directory.path(), |_| {})
        .unwrap_err();
    assert!(matches!(error, SnapshotError::NotEmpty { .. }), "{error}");
    let _held = SnapshotFolder::begin(empty.path()).unwrap();
    let error =
        create_snapshot(&sample.store, sample.consortium.state(), genesis, empty.path(), |_| {}).unwrap_err();
    assert!(matches!(error, SnapshotError::Locked { .. }), "{error}");
}

impl Sample {
    /// Another history of the same chain.
    fn forked(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut consortium = Consortium::new(seed);
        let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
        (0..12).for_each(|n| consortium.grow_some(&store, 3 + n));
        let folder = tempfile::tempdir().unwrap();
        Self { consortium, store, folder, _directory: directory }
    }
}
