//! Parts of Sanad, measured in this process.

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use sanad_core::block::Block;
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::event::{Entry, Event};
use sanad_core::execution::apply;
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::Commitment;
use sanad_core::ids::LogIndex;
use sanad_core::merkle::{Rfc6962, inclusion_path};
use sanad_core::proof::{Finality, StatusProof};
use sanad_core::receipt::Receipt;
use sanad_core::state::State;
use sanad_core::trust::TrustAnchor;
use sanad_storage::{Options, Store};

use crate::consortium::{ISSUER, block, certificate, genesis};
use crate::latency::Latencies;
use crate::table::{Table, thousands};

const EVENTS: u64 = 1_000;

/// Measures every part, and prints a table.
pub(crate) fn run(blocks: u64, out: &mut impl Write) -> anyhow::Result<()> {
    let mut table = Table::new(&["part", "a second", "p50 ms", "p99 ms"]);
    leaf_hashing(&mut table);
    let mut binary = None;
    for validators in [4, 14] {
        binary = Some(ledger(blocks, validators, &mut table)?);
    }
    table.print(out)?;
    let Some(mut receipt) = binary else { return Ok(()) };
    let (bytes, median) = (receipt.bytes, receipt.latencies.percentile(50));
    writeln!(
        out,
        "A binary receipt with 14 validators has {bytes} bytes (limit {RECEIPT_BYTES_LIMIT}: {}); decoded and verified \
         in {median:.2} ms, the median (limit {RECEIPT_MS_LIMIT}: {}).\n",
        kept(bytes as f64, RECEIPT_BYTES_LIMIT as f64),
        kept(median, RECEIPT_MS_LIMIT),
    )?;
    Ok(())
}

fn kept(value: f64, limit: f64) -> &'static str {
    if value <= limit { "kept" } else { "NOT KEPT" }
}

/// A binary receipt: how long it is, and how long each reading and verification took.
struct BinaryReceipt {
    bytes: usize,
    latencies: Latencies,
}

/// Longest receipt with 14 validators, in bytes: what one QR code holds.
const RECEIPT_BYTES_LIMIT: usize = 2_953;
/// Longest time for its verification on one core, in milliseconds.
const RECEIPT_MS_LIMIT: f64 = 1.0;

fn leaf_hashing(table: &mut Table) {
    let rounds = 2_000_000;
    let Ok(issuer) = ISSUER.parse() else { return };
    let mut entry = Entry { issuer, event: Event::Issue { commitment: Commitment([0; 32]) } };
    let started = Instant::now();
    for round in 0..rounds {
        entry.event = Event::Issue { commitment: Commitment([round as u8; 32]) };
        black_box(entry.leaf_hash());
    }
    table.row(row("leaf hash (entries)", f64::from(rounds), started.elapsed(), None));
}

/// Blocks of 1,000 events into a store, and a receipt out of it.
fn ledger(blocks: u64, validators: u8, table: &mut Table) -> anyhow::Result<BinaryReceipt> {
    let genesis = genesis(validators);
    let folder = tempfile::tempdir()?;
    let (store, mut state) = Store::create(&folder.path().join("ledger"), &genesis, Options::default())?;
    let (mut decode, mut execute, mut commit) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut commits = Latencies::default();
    for _ in 0..blocks {
        let payload = block(&state, &store, EVENTS)?.0.encode();
        let started = Instant::now();
        let block = Block::decode(&payload, BLOCK_BYTES_LIMIT as usize)?;
        decode += started.elapsed();
        let started = Instant::now();
        let execution = apply(&state, &store, &block).map_err(|error| anyhow::anyhow!("{error}"))?;
        execute += started.elapsed();
        let certificate = certificate(&state, &execution);
        let started = Instant::now();
        store.append(&block, &certificate, &execution)?;
        commit += started.elapsed();
        commits.add(started.elapsed());
        state.advance(&execution);
    }
    if validators == 4 {
        let events = (blocks * EVENTS) as f64;
        table.row(row("decode a payload (events)", events, decode, None));
        table.row(row("apply (events)", events, execute, None));
        table.row(row("storage commit of 1,000 (events)", events, commit, Some(&mut commits)));
    }
    receipts(&store, &state, TrustAnchor::new(&genesis)?, table)
}

fn receipts(
    store: &Store,
    state: &State,
    anchor: TrustAnchor,
    table: &mut Table,
) -> anyhow::Result<BinaryReceipt> {
    let rounds = 2_000;
    let started = Instant::now();
    for round in 0..rounds {
        black_box(prove(store, state, round)?);
    }
    let validators = state.validators().validators().len();
    table.row(row(&format!("proof, {validators} validators"), rounds as f64, started.elapsed(), None));
    let document = br#"{"name":"Lencana Guru Digital"}"#;
    let opening = Opening::Full { secret: Secret([1; 32]), summary: None };
    let receipt = Receipt::new(DocumentKind::Json, opening, prove(store, state, 7)?);
    receipt.proof.verify(&anchor)?;
    let started = Instant::now();
    for _ in 0..rounds {
        // The document is not the one issued; everything is computed all the same.
        black_box(receipt.proof.verify(&anchor)?);
        black_box(receipt.verify_document(Some(document)).is_ok());
    }
    table.row(row(
        &format!("receipt verification, {validators} validators"),
        rounds as f64,
        started.elapsed(),
        None,
    ));
    let bytes = receipt.to_binary(&anchor)?;
    let mut latencies = Latencies::default();
    let started = Instant::now();
    for _ in 0..rounds {
        let started = Instant::now();
        let receipt = Receipt::from_binary(&bytes, &anchor)?;
        black_box(receipt.proof.verify(&anchor)?);
        black_box(receipt.verify_document(Some(document)).is_ok());
        latencies.add(started.elapsed());
    }
    table.row(row(
        &format!("binary receipt read and verified, {validators} validators"),
        rounds as f64,
        started.elapsed(),
        Some(&mut latencies),
    ));
    Ok(BinaryReceipt { bytes: bytes.len(), latencies })
}

fn prove(store: &Store, state: &State, index: u64) -> anyhow::Result<StatusProof> {
    let head = store.head().ok_or_else(|| anyhow::anyhow!("no block"))?;
    let entry = store.entry(LogIndex(index))?;
    let size = state.log_size();
    let missing = || anyhow::anyhow!("no proof");
    let (status_leaf, status_path) = state.status().prove(LogIndex(index), size).ok_or_else(missing)?;
    Ok(StatusProof {
        index: LogIndex(index),
        log_path: inclusion_path::<Rfc6962, _>(&store.log_tree(), index, size.0)
            .map_err(|error| anyhow::anyhow!("{error}"))?,
        status_leaf,
        status_path,
        issuer: state.registry().prove(&entry.issuer).ok_or_else(missing)?,
        others_root: state.others_root(),
        header: head.header.clone(),
        finality: Finality::certificate(head.certificate.clone(), Vec::new()),
        entry,
    })
}

fn row(part: &str, count: f64, time: Duration, latencies: Option<&mut Latencies>) -> Vec<String> {
    let [p50, p99] = match latencies {
        Some(latencies) => [50, 99].map(|percent| format!("{:.2}", latencies.percentile(percent))),
        None => [String::new(), String::new()],
    };
    vec![part.to_owned(), thousands(count / time.as_secs_f64()), p50, p99]
}
