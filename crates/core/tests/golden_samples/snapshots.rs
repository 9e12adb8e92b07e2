//! Snapshots: manifests, states and chunks.

use sanad_core::block::Block;
use sanad_core::codec;
use sanad_core::ids::LogIndex;
use sanad_core::snapshot::{Chunk, ChunkCutter, SnapshotManifest, StateReader, StateRecord, records};
use sanad_testkit::{Ledger, id};
use serde_json::{Value, json};

use crate::members::chained;

use crate::{Format, cut, format, longer, text, with};

/// The records of a snapshot of a ledger: its state, its blocks and their certificates.
fn snapshot_records(ledger: &Ledger) -> [Vec<Vec<u8>>; 3] {
    let state = &ledger.state;
    let members = state.registry().members().map(|member| StateRecord::Member(Box::new(member.clone())));
    let leaves = state.status().leaves().map(|(place, leaf)| StateRecord::Statuses(place, *leaf));
    let records = [StateRecord::Parameters(*state.parameters())].into_iter().chain(members).chain(leaves);
    let certificate = |block: &Block| codec::encode(&ledger.certify(&block.header, &[0, 1, 3]));
    [
        records.map(|record| codec::encode(&record)).collect(),
        ledger.blocks.iter().map(Block::encode).collect(),
        ledger.blocks.iter().map(certificate).collect(),
    ]
}

fn chunk(records: &[Vec<u8>]) -> Vec<u8> {
    let mut cutter = ChunkCutter::default();
    assert!(records.iter().all(|record| cutter.push(record).is_none()), "one chunk");
    cutter.finish().unwrap()
}

fn manifest(ledger: &Ledger) -> SnapshotManifest {
    let chunks = |records: &Vec<Vec<u8>>| vec![Chunk::of(&chunk(records))];
    let [state, blocks, certificates] = snapshot_records(ledger).each_ref().map(chunks);
    SnapshotManifest { state, blocks, certificates, trust: ledger.trust_file() }
}

/// Its chunks are the sound samples of the two formats that follow.
pub(super) fn snapshot_manifests(ledger: &Ledger) -> Format {
    let manifest = manifest(ledger);
    let changed = |change: &dyn Fn(&mut SnapshotManifest)| with(&manifest, change).to_bytes();
    let sound = manifest.to_bytes();
    let samples = [
        ("sound", "A snapshot of one chunk in each list.", sound.clone()),
        ("magic", "Other first bytes.", with(&sound, |bytes| bytes[3] ^= 1)),
        ("version", "Another version.", with(&sound, |bytes| bytes[4] = 2)),
        ("count", "A claim of 2^32 - 1 chunks.", with(&sound, |bytes| bytes[5..9].fill(255))),
        ("no-state", "A list without chunks.", changed(&|manifest| manifest.state.clear())),
        ("empty-chunk", "A chunk of no bytes.", changed(&|manifest| manifest.blocks[0].bytes = 0)),
        ("long-chunk", "A chunk longer than any.", changed(&|manifest| manifest.blocks[0].bytes = 8_388_612)),
        ("short-chunk", "A short chunk before the last.", {
            changed(&|manifest| manifest.certificates.push(manifest.certificates[0]))
        }),
        ("certificate", "A certificate of two validators in the trust file.", {
            changed(&|manifest| manifest.trust.anchor.certificate.signatures.truncate(2))
        }),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    let now_ms = ledger.head().time_ms;
    let check = move |bytes: &[u8]| {
        let manifest = SnapshotManifest::from_bytes(bytes).map_err(|error| chained(&error))?;
        text(manifest.trust.verify(now_ms))
    };
    let context = json!({ "now_ms": now_ms });
    format("snapshot-manifest", ("snapshot_manifest", ""), context, check, samples)
}

pub(super) fn snapshot_states(ledger: &Ledger) -> Format {
    let [sound, ..] = snapshot_records(ledger);
    let header = ledger.head().clone();
    let changed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| chunk(&with(&sound, change));
    let leaf = |place, leaf| codec::encode(&StateRecord::Statuses(place, leaf));
    let last = sound.len() - 1;
    let samples = [
        ("sound", "Parameters, members, and a leaf of statuses.", chunk(&sound)),
        (
            "root",
            "Other statuses.",
            changed(&|records| records[last] = leaf(0, with(&[0; 64], |leaf| leaf[63] = 1))),
        ),
        ("missing", "A member is missing.", changed(&|records| drop(records.remove(1)))),
        ("no-parameters", "No parameters.", changed(&|records| drop(records.remove(0)))),
        ("order", "Two members in the wrong order.", changed(&|records| records.swap(1, 2))),
        ("twice", "A member twice.", changed(&|records| records.insert(1, records[1].clone()))),
        ("zero-leaf", "A leaf of zeros.", changed(&|records| records.push(leaf(1, [0; 64])))),
        ("beyond", "A leaf beyond the log.", changed(&|records| records.push(leaf(1, [1; 64])))),
        ("concern", "An entry that concerns nobody who is a member.", {
            changed(&|records| {
                records.push(codec::encode(&StateRecord::Concern(id("nobody.example"), LogIndex(0))));
            })
        }),
        ("tag", "Another tag.", changed(&|records| records[last][0] = 5)),
        ("longer", "A byte is left over in a record.", changed(&|records| records[0].push(0))),
        ("empty", "A record of no bytes.", changed(&|records| records.push(Vec::new()))),
        ("cut", "A byte is missing.", cut(&chunk(&sound))),
    ];
    let context = json!({ "header": header });
    let check = move |bytes: &[u8]| {
        let mut reader = StateReader::new(&header);
        text(reader.read(bytes).and_then(|()| reader.finish()))
    };
    format("snapshot-state", ("snapshot_chunk", ""), context, check, samples)
}

/// What every chunk is, whatever its records are.
pub(super) fn snapshot_chunks(ledger: &Ledger) -> Format {
    let [_, blocks, certificates] = snapshot_records(ledger).each_ref().map(|records| chunk(records));
    let samples = [
        ("sound-certificates", "The certificates of all blocks.", certificates),
        ("sound-blocks", "All blocks.", blocks.clone()),
        ("cut", "It ends inside a record.", cut(&blocks)),
        ("longer", "It ends inside a length.", longer(&blocks)),
        ("length", "A record longer than any.", with(&blocks, |bytes| bytes[0] = 1)),
    ];
    format("snapshot-chunk", ("snapshot_chunk", ""), Value::Null, |bytes| text(records(bytes)), samples)
}
