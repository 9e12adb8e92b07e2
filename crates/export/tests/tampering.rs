//! A mirror may lie or be damaged: whatever is changed, the answer is refused, with words that name the file; and an audit
//! finds every change of every file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};

use sanad_core::audit_report::AuditVerdict;
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_export::{AuditFault, Export, ExportAudit, ExportError, Part, audit};
use sanad_testkit::{commitment, id};
use support::{Chain, files, key};

const LAST: u64 = 12;

fn chain() -> Chain {
    let mut chain = Chain::new("tampering");
    chain.grow_to(LAST);
    chain
}

/// Asks everything that can be asked.
fn ask(folder: &Path, chain: &Chain) -> Result<(), ExportError> {
    let ledger = &chain.ledger;
    let export = Export::open(folder, &ledger.genesis)?;
    let size = export.head().header.log_size;
    for height in 1..=LAST {
        assert_eq!(export.block(Height(height))?.0, ledger.blocks[height as usize - 1]);
        if height < LAST {
            assert_eq!(export.history_proof(Height(height))?, ledger.prove_history(height));
        }
    }
    assert_eq!(export.entries(LogIndex(0), usize::MAX)?, ledger.entries);
    export.inclusion_path(LogIndex(3), LogSize(300))?;
    let anchor = ledger.anchor();
    for index in (0..size.0).step_by(5) {
        export.status_proof(LogIndex(index))?.verify(&anchor).unwrap();
    }
    for (index, entry) in ledger.entries.iter().enumerate().step_by(7) {
        let Event::Issue { commitment } = &entry.event else { continue };
        // That there is none is never proved: the export does not show it, and that is all.
        let hidden = || ExportError::Missing { path: folder.join("index") };
        assert_eq!(export.issuance(&entry.issuer, commitment)?.ok_or_else(hidden)?, LogIndex(index as u64));
    }
    Ok(())
}

fn look(folder: &Path, chain: &Chain) -> ExportAudit {
    audit(folder, &chain.ledger.genesis, Some(&key().public()), |_| ()).unwrap()
}

/// The path that an error names.
fn blamed(error: &ExportError) -> Option<&PathBuf> {
    match error {
        ExportError::Missing { path }
        | ExportError::TooLong { path, .. }
        | ExportError::Malformed { path, .. }
        | ExportError::Codec { path, .. }
        | ExportError::Note { path, .. }
        | ExportError::TrustFormat { path, .. }
        | ExportError::Trust { path, .. }
        | ExportError::Root { path, .. }
        | ExportError::Entry { path, .. }
        | ExportError::History { path, .. }
        | ExportError::Certificate { path, .. }
        | ExportError::Io { path, .. } => Some(path),
        _ => None,
    }
}

#[test]
fn each_file_is_checked_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    // Exported in steps, the folder has files that this head does not need.
    chain.export(folder.path(), LAST - 3).unwrap();
    let older: Vec<String> = files(folder.path()).into_keys().collect();
    chain.export(folder.path(), LAST).unwrap();
    ask(folder.path(), &chain).unwrap();
    assert_eq!(look(folder.path(), &chain).verdict(), AuditVerdict::Sound);
    let names: Vec<String> = files(folder.path()).into_keys().collect();
    for kind in [
        "tile/0/000",
        "tile/0/00",
        "tile/1",
        "tile/entries",
        "history/0",
        "block",
        "state",
        "status",
        "index",
        "trust",
        "manifest",
        "head",
    ] {
        assert!(names.iter().any(|name| name.starts_with(kind)), "{kind}");
    }
    let mut tried = 0;
    for name in &names {
        let path = folder.path().join(name);
        let sound = std::fs::read(&path).unwrap();
        let half = sound.len() / 2;
        let mut changes = vec![
            ("missing", None),
            ("empty", Some(Vec::new())),
            ("cut", Some(sound[..half].to_vec())),
            ("one byte short", Some(sound[..sound.len() - 1].to_vec())),
            ("one byte more", Some([&sound[..], b"\n"].concat())),
            ("one zero more", Some([&sound[..], b"\0"].concat())),
            ("twice", Some([&sound[..], &sound].concat())),
        ];
        for place in (0..sound.len()).step_by(sound.len() / 15 + 1).chain([sound.len() - 1]) {
            let mut flipped = sound.clone();
            flipped[place] ^= 1 << (place % 8);
            changes.push(("flipped", Some(flipped)));
        }
        // No answer depends on these: callers have a genesis, witnesses check the checkpoint, and others the JSON.
        let unread = name == "genesis.json"
            || name == "checkpoint"
            || name.ends_with(".json")
            || name.starts_with("manifest/")
            || (older.contains(name) && !name.ends_with("/000") && name != "head");
        for (change, bytes) in changes {
            match &bytes {
                None => std::fs::remove_file(&path).unwrap(),
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            }
            tried += 1;
            match audit(folder.path(), &chain.ledger.genesis, Some(&key().public()), |_| ()) {
                Ok(report) => {
                    assert_ne!(report.verdict(), AuditVerdict::Sound, "{name}: {change} passes an audit")
                }
                Err(error) => assert!(name == "head", "{name}: {change}: {error}"),
            }
            if unread {
                continue;
            }
            match ask(folder.path(), &chain) {
                Err(error) if name != "head" && change != "missing" => {
                    // A run may have fewer pages than it should: it hides issuances, which only an audit sees.
                    let hides = ["empty", "cut"].contains(&change) && name.starts_with("index/");
                    // Incomplete tiles of all levels are checked together: their folder is named.
                    let named = blamed(&error).is_some_and(|blamed| path.starts_with(blamed));
                    assert!(named || hides, "{name}: {change}: {error:?}");
                }
                Err(_) => {}
                // The hash of the manifest, and the signature: no answer depends on them.
                Ok(()) => assert!(name == "head" && change == "flipped", "{name}: {change} is not seen"),
            }
        }
        std::fs::write(&path, &sound).unwrap();
    }
    assert!(tried > 400, "{tried}");
    ask(folder.path(), &chain).unwrap();
    assert_eq!(look(folder.path(), &chain).verdict(), AuditVerdict::Sound);
}

#[test]
fn an_audit_finds_stray_files() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    chain.export(folder.path(), u64::MAX).unwrap();
    for name in
        ["diary.txt", "tile/0/001.p/1", "tile/0/x001/000", "state/7", "status/zz", ".hidden", "tmp/new"]
    {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "").unwrap();
        let report = look(folder.path(), &chain);
        assert_eq!(report.verdict(), AuditVerdict::Derived);
        let [finding] = &report.findings[..] else { panic!("{:?}", report.findings) };
        let named =
            matches!(&finding.fault, AuditFault::File(ExportError::Stray { path: stray }) if *stray == path);
        assert!(named && finding.part == Part::Files, "{finding:?}");
        std::fs::remove_file(&path).unwrap();
    }
    let chain = {
        let mut chain = chain;
        chain.grow_to(LAST + 1);
        chain
    };
    // What a killed export left is removed by the next one; what is not an export's stays.
    std::fs::create_dir_all(folder.path().join("tmp")).unwrap();
    for name in ["status/zz", "tile/9/000", "diary.txt"] {
        std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    chain.export(folder.path(), u64::MAX).unwrap();
    let left: Vec<String> = files(folder.path()).into_keys().collect();
    assert!(!left.iter().any(|name| name == "status/zz" || name.starts_with("tile/9")), "{left:?}");
    let report = look(folder.path(), &chain);
    assert_eq!(report.findings.len(), 1, "the diary: {:?}", report.findings);
}

fn change(path: &Path, place: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[place] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[track_caller]
fn refused(change: impl Fn(&Path), expected: impl Fn(&ExportError) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    chain.export(folder.path(), u64::MAX).unwrap();
    change(folder.path());
    let error = ask(folder.path(), &chain).expect_err("it was changed");
    assert!(expected(&error), "{error:?}");
}

#[test]
fn each_kind_has_its_own_words() {
    let tile = |folder: &Path| change(&folder.join("tile/0/000"), 40);
    refused(
        tile,
        |error| matches!(error, ExportError::Root { tree: "log", path, .. } if path.ends_with("tile/0/000")),
    );
    let history = |folder: &Path| change(&folder.join(format!("history/0/000.p/{}", LAST - 1)), 40);
    refused(history, |error| matches!(error, ExportError::Root { tree: "history", .. }));
    let entry = |folder: &Path| change(&folder.join("tile/entries/000"), 30);
    refused(entry, |error| matches!(error, ExportError::Entry { index: LogIndex(0), .. }));
    let state = |folder: &Path| change(&folder.join(format!("state/{LAST}")), 20);
    refused(state, |error| matches!(error, ExportError::Root { tree: "state", .. }));
    let page = |folder: &Path| {
        let path = folder.join("status").read_dir().unwrap().next().unwrap().unwrap().path();
        change(&path, 70);
    };
    refused(page, |error| matches!(error, ExportError::Root { tree: "status", .. }));
    let index = |folder: &Path| {
        let path = folder.join("index").read_dir().unwrap().next().unwrap().unwrap().path();
        change(&path, 10);
    };
    refused(
        index,
        |error| matches!(error, ExportError::Malformed { path, .. } if path.parent().unwrap().ends_with("index")),
    );
    // The first header, behind a length of 4 bytes: its state root.
    let header = |folder: &Path| change(&folder.join(format!("block/000.p/{LAST}")), 4 + 100);
    refused(header, |error| matches!(error, ExportError::History { height: Height(1), .. }));
    // What its `past` is the hash of: behind the header.
    let past = |folder: &Path| change(&folder.join(format!("block/000.p/{LAST}")), 4 + 222 + 10);
    refused(past, |error| matches!(error, ExportError::Codec { .. }));
    // Its certificate: the signatures begin after height, round, block and their number.
    let certificate =
        |folder: &Path| change(&folder.join(format!("block/000.p/{LAST}")), 4 + 222 + 96 + 48 + 20);
    refused(certificate, |error| matches!(error, ExportError::Certificate { height: Height(1), .. }));
    let trust = |folder: &Path| change(&folder.join(format!("trust/{LAST}.trust")), 5 + 20);
    refused(trust, |error| blamed(error).is_some_and(|path| path.ends_with(format!("trust/{LAST}.trust"))));
    let swapped = |folder: &Path| {
        let path = folder.join("head");
        let head = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, head.replace("\"log_size\":", "\"log_size\":1")).unwrap();
    };
    refused(swapped, |error| matches!(error, ExportError::Malformed { what, .. } if what.contains("head")));
    let long = |folder: &Path| std::fs::write(folder.join("head"), [b' '; 5_000]).unwrap();
    refused(long, |error| matches!(error, ExportError::TooLong { limit: 1024, .. }));
    let huge = |folder: &Path| {
        let path = folder.join(format!("block/000.p/{LAST}"));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[..4].copy_from_slice(&u32::MAX.to_be_bytes());
        std::fs::write(path, bytes).unwrap();
    };
    refused(huge, |error| matches!(error, ExportError::TooLong { actual: 0xffff_ffff, .. }));
}

#[test]
fn another_chain_and_another_state_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    chain.export(folder.path(), LAST - 1).unwrap();
    let foreign = Export::open(folder.path(), &Chain::new("foreign").ledger.genesis);
    assert!(matches!(foreign, Err(ExportError::ForeignChain { .. })), "{foreign:?}");
    let nothing = Export::open(&folder.path().join("tile"), &chain.ledger.genesis);
    assert!(matches!(nothing, Err(ExportError::NoExport { .. })), "{nothing:?}");

    // The state and the trust file of an earlier block in the place of a later one.
    chain.export(folder.path(), LAST).unwrap();
    for path in ["state/{}", "trust/{}.trust"] {
        let path = |height: u64| folder.path().join(path.replace("{}", &height.to_string()));
        let sound = std::fs::read(path(LAST)).unwrap();
        std::fs::copy(path(LAST - 1), path(LAST)).unwrap();
        let stale = Export::open(folder.path(), &chain.ledger.genesis).unwrap_err();
        assert!(stale.is_damage(), "{stale:?}");
        std::fs::write(path(LAST), sound).unwrap();
    }
}

#[test]
fn headers_of_validators_that_the_genesis_does_not_lead_to_are_refused() {
    let chain = chain();
    let folder = tempfile::tempdir().unwrap();
    chain.export(folder.path(), u64::MAX).unwrap();
    let mut genesis = chain.ledger.genesis.clone();
    let other = sanad_core::signature::SecretKey::from_seed(&[77; 32]).public();
    genesis.members.iter_mut().find(|member| member.id == id("v3")).unwrap().consensus_key = Some(other);
    let refused = Export::open(folder.path(), &genesis);
    assert!(matches!(refused, Err(ExportError::ForeignChain { .. })), "{refused:?}");
    // Even if the head claims that chain.
    let path = folder.path().join("head");
    let head = std::fs::read_to_string(&path).unwrap();
    let (own, other) = (chain.ledger.genesis.chain_id().to_string(), genesis.chain_id().to_string());
    std::fs::write(&path, head.replace(&own, &other)).unwrap();
    let refused = Export::open(folder.path(), &genesis);
    assert!(matches!(refused, Err(ExportError::Malformed { .. })), "{refused:?}");
}

#[test]
fn a_hidden_issuance_is_not_found_and_a_wrong_one_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    chain.export(folder.path(), u64::MAX).unwrap();
    let size = chain.ledger.entries.len();
    let path = folder.path().join(format!("index/0-{size}"));
    let sound = std::fs::read(&path).unwrap();
    let export = Export::open(folder.path(), &chain.ledger.genesis).unwrap();
    let (issuer, first) = (id("v1"), commitment(0));
    assert_eq!(export.issuance(&issuer, &first).unwrap(), Some(LogIndex(0)));
    // An index that names another entry for it, with a good checksum.
    let key = sanad_core::commitment::IssuanceKey::new(&issuer, &first);
    let mut changed = sound.clone();
    let record = changed.windows(8).position(|window| window == &key.0[..8]).unwrap();
    changed[record + 13] = 1;
    let page = &mut changed[record / 4096 * 4096..][..4096];
    let checksum = blake3::hash(&page[..4080]);
    page[4080..].copy_from_slice(&checksum.as_bytes()[..16]);
    std::fs::write(&path, &changed).unwrap();
    assert_eq!(export.issuance(&issuer, &first).unwrap(), None, "entry 1 is another");
    let report = look(folder.path(), &chain);
    assert!(report.findings.iter().any(|finding| finding.part == Part::Index), "{:?}", report.findings);
    std::fs::write(&path, sound).unwrap();
    assert_eq!(export.issuance(&issuer, &first).unwrap(), Some(LogIndex(0)));
}
