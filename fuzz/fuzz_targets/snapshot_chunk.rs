//! A chunk of a snapshot: its records are cut into the same chunk again. As a state, it is believed only if it is that of
//! the header.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sanad_core::block::BlockHeader;
use sanad_core::codec;
use sanad_core::snapshot::{ChunkCutter, StateReader, StateRecord, records};
use sanad_fuzz::{read, sample, text};

const STATE: &str = include_str!("../../crates/core/tests/testdata/snapshot-state/sound.json");

static HEADER: LazyLock<BlockHeader> = LazyLock::new(|| {
    serde_json::from_value(sample(STATE)["context"]["header"].clone()).expect("a committed header")
});
static SOUND: LazyLock<String> = LazyLock::new(|| text(&sample(STATE)["hex"]));

fuzz_target!(|data: &[u8]| {
    if !read(data, |data| records(data).is_ok()) {
        return;
    }
    let Ok(found) = records(data) else { return };
    let mut cutter = ChunkCutter::default();
    let mut cut = found.iter().filter_map(|record| cutter.push(record)).collect::<Vec<_>>();
    cut.extend(cutter.finish());
    assert_eq!(cut.concat(), data);
    assert!(cut.len() <= 1);
    for record in found {
        if let Ok(read) = codec::decode::<StateRecord>(record, record.len()) {
            assert_eq!(codec::encode(&read), record);
        }
    }
    let mut reader = StateReader::new(&HEADER);
    let is_state = read(data, |data| reader.read(data)).is_ok_and(|()| reader.finish().is_ok());
    // Entries that concern others are bound by the blocks alone.
    let sound = of_hex(&SOUND);
    assert!(!is_state || data.starts_with(&sound));
});

fn of_hex(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a committed sample") as u8;
    hex.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
