//! The bytes that nodes exchange and that the engine's log holds.
//!
//! Never hashed or signed, so they may change with the protocol's version. Each message has a private twin
//! here, encoded by `sanad_core::codec`: one encoding of each value, limits before memory, nothing trailing.

mod certificates;
mod messages;
mod part;
mod primitives;
mod sync;
mod values;

use bytes::Bytes;
use sanad_core::codec::{self, CodecError};

use sanad_core::signature::PublicKey;

use crate::arrivals::{Arrivals, Refusal};
use crate::prevotes::Prevotes;

pub(crate) use part::PART_MESSAGE_BYTES_MAX;
pub(crate) use sync::{DECIDED_OVERHEAD_BYTES_MAX, RESPONSE_BLOCKS_MAX};

/// Longest encoding of anything but a payload, in bytes (64 KiB). The longest is a certificate of 128 votes.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// Encodes and decodes for the engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct WireCodec {
    /// Decides what gets in, and reports it; `None` for the log.
    arrivals: Option<Arrivals>,
    /// Where to tell of this node's prevotes; `None` for the network.
    prevotes: Option<(PublicKey, Prevotes)>,
}

impl WireCodec {
    /// For the network: also asks `arrivals` whether a message may come in.
    pub(crate) fn tapped(arrivals: Arrivals) -> Self {
        Self { arrivals: Some(arrivals), prevotes: None }
    }

    /// For the log: also tells `prevotes` of those that `own` signed before a restart.
    pub(crate) fn of_log(own: PublicKey, prevotes: Prevotes) -> Self {
        Self { arrivals: None, prevotes: Some((own, prevotes)) }
    }
}

/// Why bytes are no message, or a message has no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error("a message outside of any round")]
    NoRound,
    #[error("no peer id")]
    PeerId,
    #[error("a stream id of {actual} bytes")]
    StreamId { actual: usize },
    #[error("part {index} is at sequence {sequence}")]
    Sequence { index: u32, sequence: u64 },
    #[error("part {index} of {count} with {actual} bytes")]
    Part { index: u32, count: usize, actual: usize },
    #[error("{count} items, more than the limit of {limit}")]
    Count { count: usize, limit: usize },
    #[error("{actual} bytes, more than the limit of {limit}")]
    Length { actual: usize, limit: usize },
    #[error("Sanad sends no message of this kind")]
    Unsupported,
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A message and its twin.
trait Wire: Sized {
    type Twin: bincode::Encode + bincode::Decode<()>;
    /// Longest encoding, in bytes.
    const BYTES_MAX: usize = MESSAGE_BYTES_MAX;

    fn to_twin(&self) -> Result<Self::Twin, WireError>;
    fn from_twin(twin: Self::Twin) -> Result<Self, WireError>;
}

fn encode<T: Wire>(message: &T) -> Result<Bytes, WireError> {
    Ok(codec::encode(&message.to_twin()?).into())
}

fn decode<T: Wire>(bytes: &[u8]) -> Result<T, WireError> {
    T::from_twin(codec::decode(bytes, T::BYTES_MAX)?)
}

macro_rules! plain_codec {
    ($($message:ty),* $(,)?) => {
        $(impl malachitebft_app_channel::app::types::codec::Codec<$message> for $crate::wire::WireCodec {
            type Error = $crate::wire::WireError;

            fn decode(&self, bytes: bytes::Bytes) -> Result<$message, $crate::wire::WireError> {
                $crate::wire::decode(&bytes)
            }

            fn encode(&self, message: &$message) -> Result<bytes::Bytes, $crate::wire::WireError> {
                $crate::wire::encode(message)
            }
        })*
    };
}
use plain_codec;

#[cfg(test)]
mod testing {
    use super::*;
    use malachitebft_app_channel::app::types::codec::Codec;

    pub(super) fn block_id(byte: u8) -> sanad_core::block::BlockId {
        sanad_core::block::BlockId { hash: sanad_core::hash::BlockHash([byte; 32]), round: 1 }
    }

    /// Asserts that a message comes back, and that no other bytes near its encoding pass for one.
    pub(super) fn assert_wire<T>(message: &T)
    where
        T: PartialEq + std::fmt::Debug,
        WireCodec: Codec<T, Error = WireError>,
    {
        let codec = WireCodec::default();
        let bytes = codec.encode(message).unwrap();
        assert_eq!(codec.decode(bytes.clone()).as_ref(), Ok(message));
        for length in (0..bytes.len()).rev().take(200) {
            assert!(codec.decode(bytes.slice(..length)).is_err(), "truncated to {length} bytes");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(codec.decode(longer.into()), Err(WireError::Codec(CodecError::Trailing { excess: 1 })));
    }
}
