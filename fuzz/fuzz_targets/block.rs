//! The payload of a block: one encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::block::{Block, BlockHeader, batches_root};
use sanad_core::codec;
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_fuzz::{has_json_form, read};

fuzz_target!(|data: &[u8]| {
    let Ok(block) = read(data, |data| Block::decode(data, BLOCK_BYTES_LIMIT as usize)) else { return };
    assert_eq!(block.encode(), data);
    let mut encoded = codec::encode(&block.header);
    assert_eq!(BlockHeader::decode(&encoded).as_ref(), Ok(&block.header));
    codec::encode_into(&(block.batches.len() as u32), &mut encoded);
    for signed in &block.batches {
        codec::encode_into(signed.batch(), &mut encoded);
        codec::encode_into(signed.signatures(), &mut encoded);
    }
    assert_eq!(encoded, data, "from the fields");
    has_json_form(&block.header);
    let _ = batches_root(&block.batches);
});
