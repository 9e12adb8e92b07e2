//! Snapshots: a ledger up to one block, in chunks that are named by their hashes. Layout: `docs/formats/snapshot.md`.
//!
//! The manifest carries a trust file, so that whoever has the genesis proves the header that the chunks lead to before
//! reading any of them. Nothing in a manifest names a file.

mod chunk;
mod follow;
mod state;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::block::BlockHeader;
use crate::codec::{self, CodecError};
use crate::hash::ChunkHash;
use crate::trust::{TRUST_FILE_MAGIC, TrustFile, TrustFormatError};

pub use chunk::{CHUNK_BYTES, CHUNK_BYTES_MAX, ChunkCutter, ChunkFault, RECORD_BYTES_MAX, records};
pub use follow::{BlockFollower, FollowFault, Followed, SignedBlock};
pub use state::{StateFault, StateReader, StateRecord, StateSnapshot};

/// First bytes of a manifest. No UTF-8 text has the first of them anywhere.
pub const SNAPSHOT_MAGIC: [u8; 4] = [0xf5, b's', b'n', b's'];
/// Longest manifest, in bytes (16 MiB).
pub const MANIFEST_BYTES_MAX: usize = codec::CODEC_BYTES_MAX;
/// Most chunks of blocks, and of certificates: 256 GiB of each.
pub const CHUNKS_MAX: usize = 1 << 16;
/// Most chunks of the state: 1 GiB.
pub const STATE_CHUNKS_MAX: usize = 1 << 8;
/// The only version of the layout.
const SNAPSHOT_VERSION: u8 = 1;

/// What a snapshot consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotManifest {
    /// Parameters, members, governance, statuses.
    pub state: Vec<Chunk>,
    /// Every block from height 1 on. The same on all nodes.
    pub blocks: Vec<Chunk>,
    /// The certificates of these blocks. They differ from node to node.
    pub certificates: Vec<Chunk>,
    /// Proves the last block from the genesis: its anchor.
    pub trust: TrustFile,
}

/// A chunk: its name and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, bincode::Encode, bincode::Decode)]
pub struct Chunk {
    /// Hash of its bytes.
    pub hash: ChunkHash,
    /// Its length, in bytes.
    pub bytes: u32,
}

/// Why bytes are not a manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Too long.
    #[error("{actual} bytes; the manifest of a snapshot has at most {MANIFEST_BYTES_MAX}")]
    TooLong {
        /// Its length.
        actual: usize,
    },
    /// It does not begin as one.
    #[error("not the manifest of a snapshot")]
    Magic,
    /// Another version.
    #[error("version {actual}; this program knows {SNAPSHOT_VERSION}")]
    Version {
        /// The version found.
        actual: u8,
    },
    /// The lists of chunks cannot be read.
    #[error("the lists of chunks cannot be read")]
    Chunks(#[from] CodecError),
    /// A chunk has a length that no snapshot is cut into.
    #[error("chunk {number} of the {list} has {bytes} bytes, which is not how snapshots are cut")]
    Length {
        /// `state`, `blocks` or `certificates`.
        list: &'static str,
        /// Its place in its list, from 0.
        number: usize,
        /// The length stated.
        bytes: u32,
    },
    /// There are no chunks of a kind that every snapshot has.
    #[error("no chunks of the {list}")]
    NoChunks {
        /// `state`, `blocks` or `certificates`.
        list: &'static str,
    },
    /// The trust file cannot be read.
    #[error("the trust file in the manifest cannot be read")]
    Trust(#[from] TrustFormatError),
}

impl SnapshotManifest {
    /// Reads a manifest. Nothing of it is proved yet.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong { actual: bytes.len() });
        }
        let rest = bytes.strip_prefix(&SNAPSHOT_MAGIC).ok_or(ManifestError::Magic)?;
        let lists = match rest.split_first() {
            Some((&SNAPSHOT_VERSION, rest)) => rest,
            Some((&actual, _)) => return Err(ManifestError::Version { actual }),
            None => return Err(CodecError::Truncated { missing: 1 }.into()),
        };
        let (Lists { state, blocks, certificates }, read) = codec::decode_prefix(lists, MANIFEST_BYTES_MAX)?;
        let trust = &lists[read..];
        if !trust.starts_with(&TRUST_FILE_MAGIC) {
            return Err(TrustFormatError::Format.into());
        }
        let manifest = Self { state, blocks, certificates, trust: TrustFile::from_bytes(trust)? };
        manifest.check_lengths()?;
        Ok(manifest)
    }

    /// Its encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = SNAPSHOT_MAGIC.to_vec();
        bytes.push(SNAPSHOT_VERSION);
        let Self { state, blocks, certificates, trust } = self;
        let (state, blocks, certificates) = (state.clone(), blocks.clone(), certificates.clone());
        codec::encode_into(&Lists { state, blocks, certificates }, &mut bytes);
        bytes.extend(trust.to_binary());
        bytes
    }

    /// The header of its last block, as it states it: proved once the trust file is.
    pub fn header(&self) -> &BlockHeader {
        &self.trust.anchor.header
    }

    /// All chunks.
    pub fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.lists().into_iter().flat_map(|(_, chunks)| chunks)
    }

    fn lists(&self) -> [(&'static str, &[Chunk]); 3] {
        [("state", &self.state), ("blocks", &self.blocks), ("certificates", &self.certificates)]
    }

    /// Every chunk but the last of a list has at least [`CHUNK_BYTES`].
    fn check_lengths(&self) -> Result<(), ManifestError> {
        for (list, chunks) in self.lists() {
            let last = chunks.len().checked_sub(1).ok_or(ManifestError::NoChunks { list })?;
            for (number, Chunk { bytes, .. }) in chunks.iter().enumerate() {
                let least = if number == last { 1 } else { CHUNK_BYTES };
                if !(least..=CHUNK_BYTES_MAX).contains(&(*bytes as usize)) {
                    return Err(ManifestError::Length { list, number, bytes: *bytes });
                }
            }
        }
        Ok(())
    }
}

impl Chunk {
    /// The chunk that has these bytes. Requires at most [`CHUNK_BYTES_MAX`] of them.
    pub fn of(bytes: &[u8]) -> Self {
        Self { hash: ChunkHash::of(bytes), bytes: bytes.len() as u32 }
    }
}

/// The lists of a manifest, as they are encoded.
struct Lists {
    state: Vec<Chunk>,
    blocks: Vec<Chunk>,
    certificates: Vec<Chunk>,
}

impl Encode for Lists {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        codec::encode_list(&self.state, encoder)?;
        codec::encode_list(&self.blocks, encoder)?;
        codec::encode_list(&self.certificates, encoder)
    }
}

impl<C> Decode<C> for Lists {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            state: codec::decode_list(decoder, STATE_CHUNKS_MAX, "state chunk count")?,
            blocks: codec::decode_list(decoder, CHUNKS_MAX, "block chunk count")?,
            certificates: codec::decode_list(decoder, CHUNKS_MAX, "certificate chunk count")?,
        })
    }
}
