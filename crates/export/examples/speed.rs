//! Measures a new export, an export that adds a little, and an audit, each in a process of its own:
//!
//! ```text
//! cargo run --release -p sanad-export --example speed -- 2000000
//! ```
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on fails")]

use std::convert::Infallible;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use sanad_core::batch::{Batch, BatchChain};
use sanad_core::block::Block;
use sanad_core::codec;
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::{Event, EventKind, Origin};
use sanad_core::execution::{BlockBuilder, LedgerView};
use sanad_core::genesis::{BLOCK_BYTES_LIMIT, Genesis};
use sanad_core::ids::LogIndex;
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate};
use sanad_export::{CheckpointSigner, Exporter, audit};
use sanad_testkit::{certify, genesis, id, issue, issuing_key, sign_genesis};

const ISSUERS: [&str; 4] = ["v0", "v1", "v2", "v3"];
/// Events of a batch; each block has one batch of each issuer.
const BATCH_EVENTS: u64 = 1_000;
const BLOCK_EVENTS: u64 = BATCH_EVENTS * ISSUERS.len() as u64;
/// One event in so many is a revocation.
const REVOKED: u64 = 50;
/// Bytes of blocks that are handed over together.
const WINDOW_BYTES: usize = 4 << 20;
/// Events of the second export.
const MORE_EVENTS: u64 = 20_000;

const EVENTS_A_SECOND: f64 = 300_000.0;
const RSS_MB: f64 = 300.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["make", file, events] => make(Path::new(file), events.parse().unwrap()),
        ["export", file, folder, blocks] => {
            export(Path::new(file), Path::new(folder), blocks.parse().unwrap())
        }
        ["audit", folder] => check(Path::new(folder)),
        [events] => run(events.parse().unwrap()),
        _ => run(2_000_000),
    }
}

fn run(events: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (blocks, export) = (folder.path().join("blocks"), folder.path().join("export"));
    let (blocks, export) = (blocks.to_str().unwrap(), export.to_str().unwrap());
    let call = |arguments: &[&str]| {
        let status = Command::new(std::env::current_exe().unwrap()).args(arguments).status().unwrap();
        assert!(status.success());
    };
    call(&["make", blocks, &(events + MORE_EVENTS).to_string()]);
    call(&["export", blocks, export, &events.div_ceil(BLOCK_EVENTS).to_string()]);
    call(&["audit", export]);
    call(&["export", blocks, export, &u64::MAX.to_string()]);
    call(&["audit", export]);
}

fn ledger() -> Genesis {
    let mut genesis = genesis();
    genesis.parameters.block_bytes_max = BLOCK_BYTES_LIMIT;
    sign_genesis(&mut genesis);
    genesis
}

/// The log, whose layout is regular.
struct Regular;

impl LedgerView for Regular {
    type Error = Infallible;

    fn issuance(&self, _: &IssuanceKey) -> Result<Option<LogIndex>, Infallible> {
        Ok(None)
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, Infallible> {
        let issuer = ISSUERS[(index.0 / BATCH_EVENTS) as usize % ISSUERS.len()];
        let kind = if index.0 % REVOKED == REVOKED - 1 { EventKind::Revoke } else { EventKind::Issue };
        Ok(Origin { issuer: id(issuer), kind })
    }
}

/// The event at an index: an issuance, or the revocation of some earlier one of the same issuer.
fn event(index: u64) -> Event {
    let (block, place) = (index / BLOCK_EVENTS, index % BLOCK_EVENTS);
    if index % REVOKED < REVOKED - 1 || block == 0 {
        return issue(index);
    }
    // Each revocation has a target of its own: the block is any before, the place is below that of the next revocation.
    let earlier = (block * 0x9e37) % block;
    let target = earlier * BLOCK_EVENTS + place - REVOKED + 1 + block % (REVOKED - 1);
    Event::Revoke { target: LogIndex(target) }
}

fn make(file: &Path, events: u64) {
    let genesis = ledger();
    let mut state = State::genesis(&genesis).unwrap();
    let mut out = BufWriter::new(File::create(file).unwrap());
    for block in 0..events.div_ceil(BLOCK_EVENTS) {
        let mut builder = BlockBuilder::new(&state, &Regular);
        for (place, issuer) in (0..).zip(ISSUERS) {
            let chain = state.registry().member(&id(issuer)).unwrap().rest().issuing;
            let first = block * BLOCK_EVENTS + place * BATCH_EVENTS;
            let mut own: Vec<Event> = (first..first + BATCH_EVENTS).map(event).collect();
            let mut seen = std::collections::HashSet::new();
            for (index, event) in (first..).zip(&mut own) {
                let twice = event.target().is_some_and(|target| {
                    !seen.insert(target)
                        || state.status().status(target) != sanad_core::status::Status::Active
                });
                if twice {
                    *event = issue(index);
                }
            }
            let batch = Batch {
                chain_id: state.chain_id(),
                issuer: id(issuer),
                chain: BatchChain::Issuing,
                sequence: chain.next_sequence,
                previous: chain.last_batch,
                events: own,
            };
            assert!(builder.add(Arc::new(batch.sign(&issuing_key(issuer)))).is_ok());
        }
        let (block, execution) = builder.finish(0, state.head().time_ms + 1_000).unwrap();
        let certificate = certify(&block.header, state.validators(), &[0, 1, 2]);
        for bytes in [block.encode(), codec::encode(&certificate)] {
            out.write_all(&(bytes.len() as u32).to_be_bytes()).unwrap();
            out.write_all(&bytes).unwrap();
        }
        state.advance(&execution);
    }
    out.flush().unwrap();
}

fn read(file: &mut impl Read) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    file.read_exact(&mut length).ok()?;
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    file.read_exact(&mut bytes).unwrap();
    Some(bytes)
}

fn export(file: &Path, folder: &Path, blocks: u64) {
    let genesis = ledger();
    let signer = CheckpointSigner::new(&genesis, SecretKey::from_seed(&[200; 32])).unwrap();
    let started = Instant::now();
    let mut exporter = Exporter::open(folder, &genesis, signer).unwrap();
    let mut file = BufReader::new(File::open(file).unwrap());
    let (mut window, mut bytes, mut height) = (Vec::new(), 0, 0);
    while let Some(payload) = (height < blocks).then(|| read(&mut file)).flatten() {
        let certificate = read(&mut file).unwrap();
        height += 1;
        if height < exporter.next_height().0 {
            continue;
        }
        bytes += payload.len();
        let certificate: CommitCertificate = codec::decode(&certificate, CERTIFICATE_BYTES_MAX).unwrap();
        window.push((Block::decode(&payload, BLOCK_BYTES_LIMIT as usize).unwrap(), certificate));
        if bytes >= WINDOW_BYTES {
            exporter.add_all(std::mem::take(&mut window)).unwrap();
            bytes = 0;
        }
    }
    exporter.add_all(window).unwrap();
    let added = started.elapsed().as_secs_f64();
    let written = exporter.finish().unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let rate = written.entries as f64 / seconds;
    let (rss, cpu, busiest) = usage();
    println!(
        "export  {:>9} events  {seconds:>6.2} s ({:.2} s of it to finish)  {rate:>9.0} events/s ({:.2} of {EVENTS_A_SECOND})  \
         CPU {cpu:.2} s (busiest thread {busiest:.2})  RSS {rss:.0} MB ({:.2} of {RSS_MB})  {} files, {:.1} bytes an event",
        written.entries,
        seconds - added,
        rate / EVENTS_A_SECOND,
        rss / RSS_MB,
        written.files,
        written.bytes as f64 / written.entries as f64,
    );
}

fn check(folder: &Path) {
    let key = SecretKey::from_seed(&[200; 32]).public();
    let started = Instant::now();
    let report = audit(folder, &ledger(), Some(&key), |_| ()).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let size = report.state.log_size().0;
    let (rss, cpu, busiest) = usage();
    println!(
        "audit   {size:>9} events  {seconds:>6.2} s  {:>9.0} events/s  CPU {cpu:.2} s (busiest thread {busiest:.2})  RSS {rss:.0} MB  {} files",
        size as f64 / seconds,
        report.files,
    );
}

/// Highest resident memory so far, in MB; CPU time of all threads and of the busiest one, in seconds. Linux alone.
///
/// On a machine that does other work, too, only CPU time can be compared: a run on idle cores takes at least as long as
/// its busiest thread, and at most as long as all of them.
fn usage() -> (f64, f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    let ticks = |stat: &Path| {
        let stat = std::fs::read_to_string(stat).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let of =
            |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
        (of(11) + of(12)) / 100.0
    };
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let busiest = threads.map(|thread| ticks(&thread.path().join("stat"))).fold(0.0, f64::max);
    (kb.unwrap_or_default() / 1024.0, ticks(Path::new("/proc/self/stat")), busiest)
}
