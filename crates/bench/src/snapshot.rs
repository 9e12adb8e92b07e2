//! Snapshots, measured in this process: made from a ledger, and made into one.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sanad_storage::{Options, SnapshotTrust, Store, create_snapshot, restore_snapshot};

use crate::consortium::{block, certificate, genesis};
use crate::table::{Table, thousands};

/// Fills a ledger, makes a snapshot of it and a ledger of that, and prints a table.
pub(crate) fn run(events: u64, out: &mut impl Write) -> anyhow::Result<()> {
    let genesis = genesis(VALIDATORS);
    let folder = tempfile::tempdir()?;
    let (snapshot, restored) = (folder.path().join("snapshot"), folder.path().join("restored"));
    let (store, mut state) = Store::create(&folder.path().join("ledger"), &genesis, Options::default())?;
    let mut table = Table::new(&["of a ledger", "seconds", "entries a second"]);
    let mut row = |what: &str, took: Duration| {
        let rate = events as f64 / took.as_secs_f64();
        table.row(vec![what.to_owned(), format!("{:.1}", took.as_secs_f64()), thousands(rate)]);
    };
    let started = Instant::now();
    while state.log_size().0 < events {
        let (block, execution) = block(&state, &store, EVENTS.min(events - state.log_size().0))?;
        store.append(&block, &certificate(&state, &execution), &execution)?;
        state.advance(&execution);
    }
    row("executed and written", started.elapsed());

    let started = Instant::now();
    let manifest = create_snapshot(&store, &state, &genesis, &snapshot, |_| {})?;
    row("made into a snapshot", started.elapsed());
    store.close()?;

    let started = Instant::now();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let trust = SnapshotTrust { genesis: &genesis, anchor: None, now_ms: u64::try_from(now)? };
    restore_snapshot(&snapshot, trust, &restored, Options::default(), |_| {})?;
    row("restored from it", started.elapsed());
    table.print(out)?;
    let bytes: u64 = manifest.chunks().map(|chunk| u64::from(chunk.bytes)).sum();
    writeln!(
        out,
        "{} entries in {} blocks, {VALIDATORS} validators; {} chunks, {} MB.\n",
        thousands(events as f64),
        thousands(state.head().height.0 as f64),
        manifest.chunks().count(),
        bytes / 1_000_000
    )?;
    Ok(())
}

/// Events of a block.
const EVENTS: u64 = 1_000;
const VALIDATORS: u8 = 4;
