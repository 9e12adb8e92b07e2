use sanad_core::block::ProtocolVersion;
use sanad_core::hash::{PastHash, Root, ValidatorsHash};
use sanad_core::ids::LogSize;

use super::*;

fn block() -> (Block, CommitCertificate) {
    let header = BlockHeader {
        version: ProtocolVersion::CURRENT,
        chain_id: ChainId([1; 32]),
        height: Height(258),
        round: 2,
        time_ms: 3,
        log_size: LogSize(4),
        log_root: Root([4; 32]),
        state_root: Root([5; 32]),
        past: PastHash([6; 32]),
        validators_hash: ValidatorsHash([7; 32]),
        next_validators_hash: ValidatorsHash([8; 32]),
    };
    let block = header.hash();
    let certificate = CommitCertificate { height: Height(258), round: 0, block, signatures: Vec::new() };
    (Block { header, batches: Vec::new() }, certificate)
}

// Changing what is pinned here is a change of format.
#[test]
fn layout() {
    let (block, certificate) = block();
    let framer = Framer::new(ChainId([1; 32]), &[9; 32]);
    let (bytes, place) = framer.encode(77, &block, &certificate);
    assert_eq!(place, FramePlace { offset: 77, certificate_bytes: 48, payload_bytes: 226 });
    assert_eq!(bytes[..20], *b"SNB1\0\0\0\0\0\0\x01\x02\0\0\0\x30\0\0\0\xe2");
    assert_eq!(bytes[20..68], codec::encode(&certificate));
    assert_eq!(bytes[84..310], block.encode());
    assert_eq!((bytes.len(), place.end()), (326, 77 + 326));
    let key = blake3::keyed_hash(&[1; 32], &[9; 32]);
    for end in [68, 310] {
        let checksum = blake3::keyed_hash(key.as_bytes(), &bytes[..end]);
        assert_eq!(bytes[end..end + 16], checksum.as_bytes()[..16]);
    }
    assert_eq!(
        blake3::hash(&bytes).to_hex().as_str(),
        "dde50751a5c790d84164a3405e7806d91544588505954e82663d7c0eeb956551"
    );
}

#[test]
fn every_byte_counts() {
    let (block, certificate) = block();
    let framer = Framer::new(ChainId([1; 32]), &[9; 32]);
    let (bytes, place) = framer.encode(0, &block, &certificate);
    let frame = framer.open(bytes.clone(), 0, Height(258)).unwrap();
    assert_eq!((frame.block().unwrap(), frame.certificate().unwrap()), (block, certificate));
    assert_eq!(
        framer.open(bytes.clone(), 0, Height(257)).unwrap_err(),
        Fault::Height { actual: Height(258) }
    );
    for position in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[position] ^= 1;
        let expected =
            if position < place.front_bytes() { Fault::Front } else { Fault::Checksum { shows: None } };
        assert_eq!(framer.open(bytes.clone(), 0, Height(258)).unwrap_err(), expected);
        bytes.truncate(position);
        assert!(framer.open(bytes, 0, Height(258)).is_err());
    }
    let other = Framer::new(ChainId([1; 32]), &[8; 32]);
    assert_eq!(other.open(bytes, 0, Height(258)).unwrap_err(), Fault::Front);
}
