//! The frame that holds one block in a segment. Layout: `docs/formats/storage.md`.

use sanad_chain::Fault;
use sanad_core::block::{Block, BlockHeader, HEADER_BYTES};
use sanad_core::codec;
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CertificateError, CommitCertificate};

/// Bytes of a frame beside certificate and payload.
pub(crate) const FRAME_OVERHEAD_BYTES: usize = FIXED_BYTES + 2 * CHECKSUM_BYTES;
/// Bytes that a front has at least.
pub(crate) const FIXED_BYTES: usize = 4 + 8 + 4 + 4;
/// Longest front, in bytes.
pub(crate) const FRONT_BYTES_MAX: usize = FIXED_BYTES + CERTIFICATE_BYTES_MAX + CHECKSUM_BYTES;
/// First bytes of a frame, version included.
pub(crate) const FRAME_MAGIC: [u8; 4] = *b"SNB1";
/// Bytes of the number of batches, which follows the header in a payload.
pub(crate) const COUNT_BYTES: usize = 4;

const CHECKSUM_BYTES: usize = 16;

/// Where a frame stands and how it is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FramePlace {
    /// Logical offset of its first byte.
    pub(crate) offset: u64,
    pub(crate) certificate_bytes: u32,
    pub(crate) payload_bytes: u32,
}

impl FramePlace {
    /// Length of the front: fixed fields, certificate, front checksum.
    pub(crate) fn front_bytes(&self) -> usize {
        FIXED_BYTES + self.certificate_bytes as usize + CHECKSUM_BYTES
    }

    /// Length of the whole frame.
    pub(crate) fn bytes(&self) -> usize {
        self.front_bytes() + self.payload_bytes as usize + CHECKSUM_BYTES
    }

    /// Whether certificate and payload are as long as they can be.
    pub(crate) fn is_possible(&self) -> bool {
        self.certificate_bytes as usize <= CERTIFICATE_BYTES_MAX
            && self.payload_bytes <= BLOCK_BYTES_LIMIT
            && self.payload_bytes as usize >= HEADER_BYTES + COUNT_BYTES
    }

    /// Logical offset of the payload.
    pub(crate) fn payload(&self) -> u64 {
        self.offset + self.front_bytes() as u64
    }

    /// Logical offset of the first byte after the frame.
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.bytes() as u64
    }
}

/// Makes and checks the frames of one segment. Checksums are keyed with the chain and the segment's salt, which stays
/// on this disk: nobody can put bytes into a batch that pass for a frame, and frames of other chains or segments do not
/// match.
#[derive(Clone, Copy)]
pub(crate) struct Framer {
    key: [u8; 32],
}

impl std::fmt::Debug for Framer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Framer(..)")
    }
}

impl Framer {
    pub(crate) fn new(chain_id: ChainId, salt: &[u8; 32]) -> Self {
        Self { key: *blake3::keyed_hash(&chain_id.0, salt).as_bytes() }
    }

    /// The frame of a block at an offset. Requires a block and certificate within the limits of core.
    pub(crate) fn encode(
        &self,
        offset: u64,
        block: &Block,
        certificate: &CommitCertificate,
    ) -> (Vec<u8>, FramePlace) {
        let certificate = codec::encode(certificate);
        let payload = block.encode();
        let place = FramePlace {
            offset,
            certificate_bytes: certificate.len() as u32,
            payload_bytes: payload.len() as u32,
        };
        let mut bytes = Vec::with_capacity(place.bytes());
        bytes.extend_from_slice(&FRAME_MAGIC);
        bytes.extend_from_slice(&block.header.height.0.to_be_bytes());
        bytes.extend_from_slice(&place.certificate_bytes.to_be_bytes());
        bytes.extend_from_slice(&place.payload_bytes.to_be_bytes());
        bytes.extend_from_slice(&certificate);
        let front = self.checksum(&bytes);
        bytes.extend_from_slice(&front);
        bytes.extend_from_slice(&payload);
        let whole = self.checksum(&bytes);
        bytes.extend_from_slice(&whole);
        (bytes, place)
    }

    /// Reads the front at the start of `bytes`, of a frame at `offset`. None unless it is all there and
    /// matches its checksum.
    pub(crate) fn front(&self, bytes: &[u8], offset: u64) -> Option<(Height, FramePlace)> {
        let rest = bytes.strip_prefix(&FRAME_MAGIC)?;
        let (height, rest) = rest.split_first_chunk()?;
        let (certificate, rest) = rest.split_first_chunk()?;
        let (payload, _) = rest.split_first_chunk()?;
        let place = FramePlace {
            offset,
            certificate_bytes: u32::from_be_bytes(*certificate),
            payload_bytes: u32::from_be_bytes(*payload),
        };
        let front = bytes.get(..place.front_bytes()).filter(|_| place.is_possible())?;
        let (checked, checksum) = front.split_last_chunk::<CHECKSUM_BYTES>()?;
        (self.checksum(checked) == *checksum).then_some((Height(u64::from_be_bytes(*height)), place))
    }

    /// Checks all of a frame of `height`, which `bytes` has to be from end to end.
    pub(crate) fn open(&self, bytes: Vec<u8>, offset: u64, height: Height) -> Result<Frame, Fault> {
        let (found, place) = self.front(&bytes, offset).ok_or(Fault::Front)?;
        if found != height {
            return Err(Fault::Height { actual: found });
        }
        if bytes.len() != place.bytes() {
            return Err(Fault::Truncated);
        }
        let frame = Frame { height, place, bytes };
        self.check(&frame)?;
        Ok(frame)
    }

    /// Checks a frame against the checksum at its end.
    pub(crate) fn check(&self, frame: &Frame) -> Result<(), Fault> {
        match frame.bytes.split_last_chunk::<CHECKSUM_BYTES>() {
            Some((checked, checksum)) if self.checksum(checked) == *checksum => Ok(()),
            _ => Err(Fault::Checksum { shows: None }),
        }
    }

    /// Reads certificate and header of a frame, of which `bytes` holds front and header alone, and checks
    /// that the certificate names the header.
    pub(crate) fn header(
        &self,
        bytes: &[u8],
        place: &FramePlace,
        height: Height,
    ) -> Result<(CommitCertificate, BlockHeader), Fault> {
        let (found, divided) = self.front(bytes, place.offset).ok_or(Fault::Front)?;
        if found != height || divided != *place {
            return Err(Fault::Height { actual: found });
        }
        let certificate = Self::certificate(bytes, place)?;
        let header = bytes.get(place.front_bytes()..).and_then(|bytes| bytes.get(..HEADER_BYTES));
        let header = decode_header(header.ok_or(Fault::Truncated)?)?;
        let (expected, actual) = (header.hash(), certificate.block);
        if expected != actual {
            return Err(Fault::Certificate(CertificateError::Block { expected, actual }));
        }
        if header.height != height {
            return Err(Fault::Height { actual: header.height });
        }
        Ok((certificate, header))
    }

    /// The certificate of a front that is divided as `place` says.
    pub(crate) fn certificate(front: &[u8], place: &FramePlace) -> Result<CommitCertificate, Fault> {
        decode_certificate(&front[FIXED_BYTES..FIXED_BYTES + place.certificate_bytes as usize])
    }

    fn checksum(&self, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
        let hash = blake3::keyed_hash(&self.key, bytes);
        *hash.as_bytes().first_chunk().expect("invariant: 16 is less than 32")
    }
}

/// A frame, whose checksums match unless it says otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) height: Height,
    pub(crate) place: FramePlace,
    bytes: Vec<u8>,
}

impl Frame {
    /// A frame that is still to be checked. Requires `bytes` as long as the place says.
    pub(crate) fn unchecked(height: Height, place: FramePlace, bytes: Vec<u8>) -> Self {
        Self { height, place, bytes }
    }

    pub(crate) fn certificate(&self) -> Result<CommitCertificate, Fault> {
        let end = FIXED_BYTES + self.place.certificate_bytes as usize;
        decode_certificate(&self.bytes[FIXED_BYTES..end])
    }

    /// All of it.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn payload(&self) -> &[u8] {
        let start = self.place.front_bytes();
        &self.bytes[start..start + self.place.payload_bytes as usize]
    }

    pub(crate) fn block(&self) -> Result<Block, Fault> {
        Block::decode(self.payload(), BLOCK_BYTES_LIMIT as usize)
            .map_err(|source| Fault::Encoding { part: "block", source })
    }

    pub(crate) fn header(&self) -> Result<BlockHeader, Fault> {
        decode_header(&self.payload()[..HEADER_BYTES])
    }

    /// Number of the block's batches, as the payload states it.
    pub(crate) fn batch_count(&self) -> Result<u64, Fault> {
        let count = self.payload()[HEADER_BYTES..].first_chunk::<COUNT_BYTES>();
        count.map(|count| u64::from(u32::from_be_bytes(*count))).ok_or(Fault::Truncated)
    }
}

fn decode_certificate(bytes: &[u8]) -> Result<CommitCertificate, Fault> {
    codec::decode(bytes, CERTIFICATE_BYTES_MAX)
        .map_err(|source| Fault::Encoding { part: "certificate", source })
}

fn decode_header(bytes: &[u8]) -> Result<BlockHeader, Fault> {
    BlockHeader::decode(bytes).map_err(|source| Fault::Encoding { part: "header", source })
}

#[cfg(test)]
mod tests;
