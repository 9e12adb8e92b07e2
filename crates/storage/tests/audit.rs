//! An audit finds every byte that is not as it was written, names where, and changes nothing.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sanad_core::codec;
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex};
use sanad_storage::{AuditReport, Fault, Finding, OpenError, RunFault, Store, Verdict, audit};
use support::{Consortium, Random, change_database, check_same, small};

/// Bytes of a segment's head.
const HEAD_BYTES: u64 = 96;

/// A store with several segments and runs, suspensions, revocations and empty blocks, not yet closed.
fn grown(directory: &Path) -> (Store, Consortium) {
    let mut consortium = Consortium::new(21);
    let (store, _) = Store::create(directory, &consortium.genesis, small()).unwrap();
    for n in 0..60 {
        match n {
            // The first issuer's own: its first batch begins at 0.
            30 | 45 => {
                let target = LogIndex(n as u64 / 15 - 1);
                consortium.grow(&store, vec![vec![Event::Revoke { target }]]);
            }
            _ if n % 6 == 5 => consortium.grow(&store, vec![]),
            _ => consortium.grow_some(&store, 3 + n),
        }
    }
    // Runs are written in the background, and a store that is closed writes no more of them.
    let deadline = Instant::now() + Duration::from_secs(30);
    let has_runs = |name: &str| {
        files(&directory.join("index").join(name))
            .iter()
            .any(|file| file.extension().is_some_and(|end| end == "run"))
    };
    while !["issuances", "batches"].into_iter().all(has_runs) {
        assert!(Instant::now() < deadline, "no index run is written");
        std::thread::sleep(Duration::from_millis(5));
    }
    (store, consortium)
}

fn stopped() -> (tempfile::TempDir, Consortium) {
    let directory = tempfile::tempdir().unwrap();
    let (store, consortium) = grown(directory.path());
    store.close().unwrap();
    (directory, consortium)
}

fn audited(directory: &Path, consortium: &Consortium) -> AuditReport {
    audit(directory, &consortium.genesis, |_| {}).unwrap()
}

/// The first finding, which must be there.
fn found(directory: &Path, consortium: &Consortium) -> Finding {
    let report = audited(directory, consortium);
    assert_ne!(report.verdict(), Verdict::Sound);
    report.findings.into_iter().next().unwrap()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// All files below a directory, with their contents.
fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for path in files(directory) {
        if path.is_dir() {
            all.extend(contents(&path))
        } else {
            drop(all.insert(path.clone(), fs::read(path).unwrap()))
        }
    }
    all
}

/// The height that each byte of frames belongs to, from the beginning of the log on.
fn heights(consortium: &Consortium) -> Vec<Height> {
    let frame = |(block, certificate): &(sanad_core::block::Block, _)| {
        let bytes =
            52 + sanad_core::codec::encode::<sanad_core::validators::CommitCertificate>(certificate).len();
        std::iter::repeat_n(block.header.height, bytes + block.encode().len())
    };
    consortium.blocks.iter().flat_map(frame).collect()
}

/// Changes one byte, looks, and changes it back.
fn with_byte_changed<T>(path: &Path, position: u64, mask: u8, look: impl FnOnce() -> T) -> T {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, position).unwrap();
    file.write_all_at(&[byte[0] ^ mask], position).unwrap();
    let seen = look();
    file.write_all_at(&byte, position).unwrap();
    seen
}

/// A random byte of some files.
fn any_byte(files: &[PathBuf], random: &mut Random) -> (PathBuf, u64) {
    let lengths: Vec<u64> = files.iter().map(|file| fs::metadata(file).unwrap().len()).collect();
    let mut place = random.below(lengths.iter().sum());
    for (file, length) in files.iter().zip(lengths) {
        if place < length {
            return (file.clone(), place);
        }
        place -= length;
    }
    unreachable!("the place is below the sum of all lengths")
}

#[test]
fn a_sound_store_is_sound_and_stays_as_it_is() {
    let (directory, consortium) = stopped();
    let before = contents(directory.path());
    let mut last = None;
    let report = audit(directory.path(), &consortium.genesis, |progress| last = Some(progress)).unwrap();
    assert_eq!((report.verdict(), &report.findings[..]), (Verdict::Sound, &[][..]));
    check_same(&report.state, consortium.state());
    assert_eq!(report.checkpoint, Some(Height(60)));
    assert_eq!(
        report.batches,
        consortium.blocks.iter().map(|(block, _)| block.batches.len() as u64).sum::<u64>()
    );
    let last = last.unwrap();
    assert_eq!((last.height, last.bytes, last.bytes), (Height(60), last.bytes_total, report.bytes));
    assert_eq!(contents(directory.path()), before);
    // Two at once do not disturb each other.
    std::thread::scope(|scope| {
        let looks: Vec<_> = (0..2).map(|_| scope.spawn(|| audited(directory.path(), &consortium))).collect();
        looks.into_iter().for_each(|look| assert_eq!(look.join().unwrap().findings, []));
    });
}

#[test]
fn each_of_100_bytes_changed_in_the_log_is_found_at_its_height() {
    let (directory, consortium) = stopped();
    let segments = files(&directory.path().join("segments"));
    assert!(segments.len() > 3);
    let heights = heights(&consortium);
    let mut random = Random::seeded();
    let mut heads = 0;
    for _ in 0..100 {
        let (file, position) = any_byte(&segments, &mut random);
        let finding =
            with_byte_changed(&file, position, random.mask(), || found(directory.path(), &consortium));
        let base: u64 = file.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        match position.checked_sub(HEAD_BYTES) {
            None => {
                heads += 1;
                let first = heights[base as usize];
                assert_eq!(finding, Finding::SegmentHead { path: file, height: first }, "{random:?}");
            }
            Some(place) => {
                let height = heights[(base + place) as usize];
                assert!(
                    matches!(&finding, Finding::Block { height: at, .. } if *at == height),
                    "{random:?}: {height}, not {finding}"
                );
            }
        }
    }
    println!("{random:?}: {heads} of 100 in segment heads");
    assert_eq!(audited(directory.path(), &consortium).findings, []);
}

#[test]
fn each_of_100_bytes_changed_in_columns_tiles_and_runs_is_found() {
    let (directory, consortium) = stopped();
    let path = |name: &str| directory.path().join(name);
    let (runs, batch_runs) = (files(&path("index/issuances")), files(&path("index/batches")));
    let derived = [
        vec![path("columns/blocks"), path("columns/batches")],
        files(&path("tiles")),
        files(&path("history")),
        files(&path("register")),
        runs,
        batch_runs,
    ];
    let mut random = Random::seeded();
    for n in 0..100 {
        // Each kind alike often: runs are much longer than the rest.
        let (file, position) = any_byte(&derived[n % derived.len()], &mut random);
        let report =
            with_byte_changed(&file, position, random.mask(), || audited(directory.path(), &consortium));
        assert_eq!(report.verdict(), Verdict::Derived, "{random:?}: {} at {position}", file.display());
        let [finding] = &report.findings[..] else { panic!("{random:?}: {:?}", report.findings) };
        match finding {
            Finding::Record { part, height, place, .. } => {
                assert!(file.parent().unwrap().ends_with(part.as_str()) || file.ends_with(part.as_str()));
                if part.as_str() == "blocks" {
                    assert_eq!((height.0 - 1, position / 32), (*place, *place));
                }
            }
            Finding::Run { path, .. } => assert_eq!(*path, file),
            other => panic!("{random:?}: {other}"),
        }
        // The state is that of the log all the same.
        check_same(&report.state, consortium.state());
    }
    assert_eq!(audited(directory.path(), &consortium).findings, []);
}

#[test]
fn what_differs_is_named() {
    let (directory, consortium) = stopped();
    let blocks = directory.path().join("columns/blocks");
    // The last byte of the first index of block 3, of which 16 is the low bit.
    let finding = with_byte_changed(&blocks, 2 * 32 + 23, 1, || found(directory.path(), &consortium));
    let first_index = consortium.blocks[1].0.header.log_size.0;
    assert_eq!(finding.part(), "blocks first index");
    assert_eq!(finding.height(), Some(Height(3)));
    assert_eq!(finding.values(), Some((first_index.to_string(), (first_index ^ 1).to_string())));

    let segment = files(&directory.path().join("segments")).remove(0);
    let (block, certificate) = &consortium.blocks[0];
    let front = 36 + sanad_core::codec::encode(certificate).len() as u64;
    let header_at = |offset: u64| HEAD_BYTES + front + offset;
    let audit_at =
        |position: u64| with_byte_changed(&segment, position, 1, || found(directory.path(), &consortium));
    // The low byte of the log size.
    let finding = audit_at(header_at(2 + 32 + 8 + 4 + 8 + 7));
    let size = block.header.log_size.0;
    assert_eq!((finding.part(), finding.height()), ("header log_size".to_owned(), Some(Height(1))));
    assert_eq!(finding.values(), Some((size.to_string(), (size ^ 1).to_string())));
    // A signature, and a commitment.
    let first = block.batches[0].bytes().len() as u64;
    assert_eq!(audit_at(header_at(222 + 4 + first - 1)).part(), "batch 0");
    assert_eq!(audit_at(header_at(222 + 4 + first + 100)).part(), "batch 1");
    // A checksum alone, and the certificate, which the front's checksum covers.
    let frame = header_at(block.encode().len() as u64);
    assert_eq!(audit_at(frame + 3).part(), "frame checksum");
    assert_eq!(audit_at(HEAD_BYTES + 100).part(), "frame front");
}

#[test]
fn a_torn_tail_is_named_and_left() {
    let directory = tempfile::tempdir().unwrap();
    let (store, mut consortium) = grown(directory.path());
    store.close().unwrap();
    drop(store);
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    consortium.grow(&store, vec![]);
    let events = consortium.issuances(5);
    consortium.grow(&store, vec![events]);
    // As a process leaves it that is killed: nothing after the checkpoint of block 60.
    drop(store);
    let report = audited(directory.path(), &consortium);
    assert_eq!((report.checkpoint, &report.findings[..]), (Some(Height(60)), &[][..]));
    assert_eq!(report.state.head().height, Height(62));
    let segment = files(&directory.path().join("segments")).pop().unwrap();
    let whole = fs::read(&segment).unwrap();
    let last = heights(&consortium).iter().filter(|height| height.0 == 62).count();
    for cut in [1, 17, last / 2, last - 1] {
        fs::write(&segment, &whole[..whole.len() - cut]).unwrap();
        let report = audited(directory.path(), &consortium);
        assert_eq!(report.verdict(), Verdict::Torn);
        assert_eq!(report.findings, [Finding::Torn { height: Height(62), bytes: (last - cut) as u64 }]);
        assert_eq!(fs::read(&segment).unwrap().len(), whole.len() - cut);
    }
    fs::write(&segment, &whole).unwrap();
    let bytes = last as u64;
    let position = whole.len() as u64 - 1;
    let finding = with_byte_changed(&segment, position, 1, || found(directory.path(), &consortium));
    assert_eq!(finding, Finding::Torn { height: Height(62), bytes });
    // Before the last block it is damage, checkpoint or not.
    let position = whole.len() as u64 - bytes - 1;
    let finding = with_byte_changed(&segment, position, 1, || found(directory.path(), &consortium));
    assert!(matches!(finding, Finding::Block { height: Height(61), .. }), "{finding}");
}

#[test]
fn what_a_checkpoint_vouches_for_is_damaged_not_torn() {
    let (directory, consortium) = stopped();
    let segment = files(&directory.path().join("segments")).pop().unwrap();
    let whole = fs::read(&segment).unwrap();
    for cut in [1, 16, 40, heights(&consortium).iter().filter(|height| height.0 == 60).count()] {
        fs::write(&segment, &whole[..whole.len() - cut]).unwrap();
        let finding = found(directory.path(), &consortium);
        assert_eq!(finding, Finding::Block { height: Height(60), fault: Fault::Truncated });
    }
    // Bytes after a clean end are what a next write would leave.
    fs::write(&segment, [&whole[..], &[0; 7]].concat()).unwrap();
    assert_eq!(found(directory.path(), &consortium), Finding::Torn { height: Height(61), bytes: 7 });
    fs::write(&segment, [&whole[..], &whole[HEAD_BYTES as usize..]].concat()).unwrap();
    let finding = found(directory.path(), &consortium);
    assert!(
        matches!(&finding, Finding::Block { height: Height(61), fault: Fault::Height { .. } }),
        "{finding}"
    );
}

#[test]
fn files_that_are_missing_too_many_or_empty_are_found() {
    let (directory, consortium) = stopped();
    let folder = directory.path().join("segments");
    let segments = files(&folder);
    let heights = heights(&consortium);
    for segment in &segments {
        let whole = fs::read(segment).unwrap();
        let base: usize = segment.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let height = heights[base];
        fs::remove_file(segment).unwrap();
        let finding = found(directory.path(), &consortium);
        assert!(
            matches!(&finding, Finding::Block { height: at, fault: Fault::Segment { .. } | Fault::Truncated } if *at == height),
            "{finding}"
        );
        for short in [&b""[..], &whole[..95]] {
            fs::write(segment, short).unwrap();
            assert_eq!(
                found(directory.path(), &consortium),
                Finding::SegmentHead { path: segment.clone(), height }
            );
        }
        // Bytes at the end of a segment that is not the last.
        fs::write(segment, [&whole[..], b"x"].concat()).unwrap();
        let finding = found(directory.path(), &consortium);
        let next = heights.get(base + whole.len() - HEAD_BYTES as usize).copied().unwrap_or(Height(61));
        assert_eq!(finding.height(), Some(next), "{finding}");
        fs::write(segment, whole).unwrap();
    }
    for name in ["00000000000099999999.seg", "7.seg", "00000000000000000000.seg.new", "notes"] {
        let path = folder.join(name);
        fs::write(&path, b"").unwrap();
        let finding = found(directory.path(), &consortium);
        match name.len() {
            24 => assert!(matches!(finding, Finding::Block { height: Height(61), .. }), "{finding}"),
            _ => assert_eq!(finding, Finding::Stray { path: path.clone() }),
        }
        fs::remove_file(path).unwrap();
    }
    for name in [
        "columns/blocks",
        "columns/batches",
        "tiles/0",
        "tiles/1",
        "history/0",
        "register/heights",
        "register/changes",
        "register/states",
    ] {
        let path = directory.path().join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], &[0; 3]].concat()).unwrap();
        let finding = found(directory.path(), &consortium);
        assert!(matches!(&finding, Finding::Length { path: at, .. } if *at == path), "{finding}");
        fs::remove_file(&path).unwrap();
        assert!(matches!(found(directory.path(), &consortium), Finding::Record { .. }));
        fs::write(path, whole).unwrap();
    }
    let run = files(&directory.path().join("index/issuances")).remove(0);
    let whole = fs::read(&run).unwrap();
    fs::remove_file(&run).unwrap();
    let finding = found(directory.path(), &consortium);
    assert!(matches!(finding, Finding::Run { fault: RunFault::Gap { from: 0 }, .. }), "{finding}");
    fs::write(run, whole).unwrap();
    assert_eq!(audited(directory.path(), &consortium).findings, []);
}

#[test]
fn identity_and_checkpoint_are_compared() {
    let (directory, consortium) = stopped();
    let identity = directory.path().join("store.json");
    let text = fs::read_to_string(&identity).unwrap();
    let at = |needle: &str| text.find(needle).unwrap() + needle.len();
    for (position, part) in
        [(at("chain_id\": \""), "store.json"), (0, "store.json"), (at("index_secret\": \""), "index")]
    {
        let mut bytes = text.clone().into_bytes();
        bytes[position] = if bytes[position] == b'1' { b'2' } else { b'1' };
        fs::write(&identity, bytes).unwrap();
        assert_eq!(found(directory.path(), &consortium).part(), part);
    }
    fs::write(&identity, &text).unwrap();

    // The checkpoint of another store of the same chain, which ends earlier and differently.
    let other = tempfile::tempdir().unwrap();
    let mut twin = Consortium::new(21);
    let (store, _) = Store::create(other.path(), &twin.genesis, small()).unwrap();
    (0..40).for_each(|n| twin.grow_some(&store, 4 + n));
    store.close().unwrap();
    drop(store);
    let (own, others) = (directory.path().join("checkpoint.sled"), other.path().join("checkpoint.sled"));
    let aside = directory.path().join("aside");
    fs::rename(&own, &aside).unwrap();
    assert_eq!(found(directory.path(), &consortium).part(), "checkpoint database");
    fs::rename(&others, &own).unwrap();
    assert_eq!(found(directory.path(), &consortium).part(), "checkpoint of the clean stop");
    fs::remove_file(directory.path().join("closed")).unwrap();
    let finding = found(directory.path(), &consortium);
    assert_eq!(finding.part(), "checkpoint place", "{finding}");
}

#[test]
fn each_part_of_the_checkpoint_is_compared() {
    let (directory, consortium) = stopped();
    let database = directory.path().join("checkpoint.sled");
    let state = consortium.state();
    let mut parameters = *state.parameters();
    parameters.heartbeat_ms += 1;
    let set = state.validators();
    let next = set.successor(Height(50), set.validators().to_vec()).unwrap();
    let genesis = consortium.genesis.registry();
    let member = genesis.member(&support::issuer(1)).unwrap();
    for (key, value, part) in [
        (b"p".to_vec(), codec::encode(&parameters), "checkpoint parameters"),
        (b"v\0\0\0\x01".to_vec(), codec::encode(&next), "checkpoint validator set 1"),
        (b"mu1.ac.id".to_vec(), codec::encode(member), "checkpoint state of u1.ac.id"),
        (b"s\0\0\0\0\0\0\0\0".to_vec(), vec![0xaa; 64], "checkpoint status leaf 0"),
    ] {
        let before = change_database(&database, &key, Some(value));
        assert_eq!(found(directory.path(), &consortium).part(), part);
        change_database(&database, &key, before);
    }
    assert_eq!(audited(directory.path(), &consortium).findings, []);
}

#[test]
fn each_of_50_bytes_changed_in_the_checkpoint_is_found() {
    let (directory, consortium) = stopped();
    let path = |name: &str| directory.path().join(name);
    let sled: Vec<_> = files(&path("checkpoint.sled")).into_iter().filter(|path| path.is_file()).collect();
    let mut random = Random::seeded();
    for n in 0..50 {
        let (file, position) = match n % 5 {
            0 => any_byte(&[path("closed")], &mut random),
            _ => any_byte(&sled, &mut random),
        };
        let report =
            with_byte_changed(&file, position, random.mask(), || audited(directory.path(), &consortium));
        let finding = report.findings.first();
        assert!(
            matches!(finding, Some(Finding::Checkpoint { .. })),
            "{random:?}: {} at {position}",
            file.display()
        );
        check_same(&report.state, consortium.state());
    }
    assert_eq!(audited(directory.path(), &consortium).findings, []);
}

#[test]
fn a_store_in_use_or_of_another_chain_is_not_audited() {
    let directory = tempfile::tempdir().unwrap();
    let (store, consortium) = grown(directory.path());
    let error = audit(directory.path(), &consortium.genesis, |_| {}).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    drop(store);
    let foreign = Consortium::new(22);
    let error = audit(directory.path(), &foreign.genesis, |_| {}).unwrap_err();
    assert!(matches!(error, OpenError::ForeignChain { .. }), "{error}");
    for path in [directory.path().join("absent"), tempfile::tempdir().unwrap().path().to_owned()] {
        audit(&path, &consortium.genesis, |_| {}).unwrap_err();
    }
}

#[test]
fn a_copy_that_cannot_be_written_is_audited() {
    fn set(path: &Path, mode: u32) {
        if path.is_dir() {
            fs::set_permissions(path, Permissions::from_mode(mode | 0o111)).unwrap();
            files(path).iter().for_each(|path| set(path, mode));
        } else {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
    }
    let (directory, consortium) = stopped();
    fs::remove_file(directory.path().join("LOCK")).unwrap();
    set(directory.path(), 0o444);
    let report = audited(directory.path(), &consortium);
    set(directory.path(), 0o644);
    assert_eq!(report.findings, []);
    assert!(!directory.path().join("LOCK").exists());
}

#[test]
fn a_commitment_issued_twice_is_found_in_the_later_block() {
    // Made by a ledger that has forgotten the first issuance, as a quorum of liars could.
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(23);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    let twice = consortium.commitment();
    for n in 0..9 {
        let mut events = consortium.issuances(10);
        if n == 2 || n == 6 {
            events[7] = Event::Issue { commitment: twice };
        }
        consortium.ledger.issuances.clear();
        let (block, execution) = consortium.ledger.build(vec![consortium.batch(0, events)]);
        let certificate = consortium.certify(&block);
        store.append(&block, &certificate, &execution).unwrap();
        consortium.enter(block, certificate);
    }
    store.close().unwrap();
    drop(store);
    let finding = found(directory.path(), &consortium);
    assert_eq!((finding.height(), finding.part()), (Some(Height(7)), "batch 0".to_owned()));
    let text = with_sources(&finding);
    assert!(text.contains("log index 27"), "{text}");
}

/// An error with all that caused it.
fn with_sources(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", with_sources(source)),
        None => error.to_string(),
    }
}
