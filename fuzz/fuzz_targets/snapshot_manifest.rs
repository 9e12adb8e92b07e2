//! The manifest of a snapshot: what is read is written as the same bytes, and states no chunk that could not be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::snapshot::{CHUNK_BYTES_MAX, SnapshotManifest};
use sanad_fuzz::read;

fuzz_target!(|data: &[u8]| {
    let Ok(manifest) = read(data, SnapshotManifest::from_bytes) else { return };
    assert_eq!(manifest.to_bytes(), data);
    assert!(manifest.chunks().all(|chunk| (1..=CHUNK_BYTES_MAX).contains(&(chunk.bytes as usize))));
    let lists = [&manifest.state, &manifest.blocks, &manifest.certificates];
    assert!(lists.iter().all(|list| !list.is_empty()));
});
