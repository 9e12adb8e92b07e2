//! An exporter that is killed at any moment leaves the export before it, or its own; the next one continues.
//!
//! The test runs itself as another process and kills it. It keeps the page cache, so it proves nothing of a
//! loss of power.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sanad_core::audit_report::AuditVerdict;
use sanad_core::ids::LogIndex;
use sanad_export::{Export, Part, audit};
use support::{Chain, files, key};

const FOLDER: &str = "SANAD_EXPORT_CRASH_FOLDER";
const LAST: u64 = 300;
const STEP: u64 = 10;

fn chain() -> Chain {
    let mut chain = Chain::new("crash");
    chain.grow_to(LAST);
    chain
}

#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let chain = chain();
    let folder = Path::new(&folder);
    // Begun before the parent waits, so that it kills the export and not the making of the chain.
    writeln!(std::io::stdout().lock(), "\nready").unwrap();
    let at = Export::open(folder, &chain.ledger.genesis).map_or(0, |export| export.head().header.height.0);
    for height in (at / STEP + 1..=LAST / STEP).map(|step| step * STEP) {
        chain.export(folder, height).unwrap();
        writeln!(std::io::stdout().lock(), "exported {height}").unwrap();
    }
}

#[test]
fn killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    let anchor = chain.ledger.anchor();
    let (mut last, mut killed, mut finished) = (0, 0, false);
    for round in 0_u64.. {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line == "ready");
        assert!(ready, "the child came to nothing");
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let killer = std::thread::spawn(move || {
            // A random moment, later and later on a slow disk, unless the child ends before.
            let delay = (500 + round * 0x9E37 % 50_000) * (1 + round / 8);
            let _ = stopped.recv_timeout(Duration::from_micros(delay));
            child.kill().unwrap();
            child.wait().unwrap()
        });
        let said = lines
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("exported ").and_then(|(_, height)| height.parse().ok()))
            .max();
        finished |= said.is_some();
        let acknowledged = said.unwrap_or(last);
        drop(stop);
        let ended = killer.join().unwrap();
        killed += u64::from(!ended.success());
        if !folder.path().join("head").exists() {
            assert_eq!(acknowledged, 0);
            continue;
        }
        let export = Export::open(folder.path(), &chain.ledger.genesis).unwrap();
        let height = export.head().header.height.0;
        assert!(height == acknowledged || height == acknowledged + STEP, "{height}, {acknowledged}");
        assert_eq!(export.head().hash(), chain.block_hash(height));
        let size = export.head().header.log_size.0;
        assert_eq!(export.entries(LogIndex(0), usize::MAX).unwrap(), chain.ledger.entries[..size as usize]);
        for index in (0..size).step_by(331) {
            export.status_proof(LogIndex(index)).unwrap().verify(&anchor).unwrap();
        }
        // What a killed export left behind is named; nothing else is wrong.
        let report = audit(folder.path(), &chain.ledger.genesis, None, |_| ()).unwrap();
        for finding in &report.findings {
            // The checkpoint comes after the first head.
            if finding.part == Part::Checkpoint && !finished {
                continue;
            }
            assert_eq!((finding.verdict, finding.part), (AuditVerdict::Derived, Part::Files), "{finding:?}");
        }
        last = height;
        if height == LAST {
            break;
        }
    }
    assert!(killed > 5, "only {killed} were killed");
    // Whatever was left behind, the next export comes to the same as one made at once.
    let mut chain = chain;
    chain.grow_to(LAST + 3);
    chain.export(folder.path(), u64::MAX).unwrap();
    let report = audit(folder.path(), &chain.ledger.genesis, Some(&key().public()), |_| ()).unwrap();
    assert_eq!(report.verdict(), AuditVerdict::Sound, "{:?}", report.findings);
    let at_once = tempfile::tempdir().unwrap();
    chain.export(at_once.path(), u64::MAX).unwrap();
    let (grown, at_once) = (files(folder.path()), files(at_once.path()));
    let lists = |name: &str| name == "head" || name.starts_with("manifest/");
    for (name, bytes) in at_once.iter().filter(|(name, _)| !lists(name)) {
        assert!(grown.get(name) == Some(bytes), "{name}");
    }
    assert!(!grown.keys().any(|name| name.starts_with("tmp")));
    let states = grown.keys().filter(|name| name.starts_with("state/"));
    assert_eq!(states.count(), 2, "those of this head and of the one before");
}
