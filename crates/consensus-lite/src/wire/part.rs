//! Parts of payloads.

use bytes::Bytes;
use malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, Signature};

use super::primitives::Blob;
use super::{Wire, WireError, plain_codec};
use crate::context::{PART_BYTES, ProposalHeader, ProposalPart};
use crate::streams::STREAM_ID_BYTES;

/// Longest encoding of a part, in bytes.
pub(crate) const PART_MESSAGE_BYTES_MAX: usize = PART_BYTES + 512;

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WirePart {
    height: Height,
    round: u32,
    valid_round: Option<u32>,
    block: BlockId,
    payload_bytes: u32,
    payload_digest: [u8; 32],
    sender: PublicKey,
    signature: Signature,
    index: u32,
    data: Blob<PART_BYTES>,
}

impl Wire for ProposalPart {
    type Twin = WirePart;
    const BYTES_MAX: usize = PART_MESSAGE_BYTES_MAX;

    fn to_twin(&self) -> Result<WirePart, WireError> {
        let ProposalHeader { height, round, valid_round, block, payload_bytes, payload_digest } = self.header;
        Ok(WirePart {
            height,
            round,
            valid_round,
            block,
            payload_bytes,
            payload_digest,
            sender: self.sender,
            signature: self.signature,
            index: self.index,
            data: Blob::new(self.data.clone())?,
        })
    }

    fn from_twin(twin: WirePart) -> Result<Self, WireError> {
        let WirePart { height, round, valid_round, block, payload_bytes, payload_digest, .. } = twin;
        let header = ProposalHeader { height, round, valid_round, block, payload_bytes, payload_digest };
        let WirePart { sender, signature, index, .. } = twin;
        let data = twin.data.into_bytes();
        let count = header.parts();
        if index as usize >= count || data.len() != header.part_bytes(index as usize) {
            return Err(WireError::Part { index, count, actual: data.len() });
        }
        Ok(Self { header, sender, signature, index, data })
    }
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireStreamMessage {
    stream: [u8; STREAM_ID_BYTES],
    part: WirePart,
}

impl Wire for StreamMessage<ProposalPart> {
    type Twin = WireStreamMessage;
    const BYTES_MAX: usize = PART_MESSAGE_BYTES_MAX;

    fn to_twin(&self) -> Result<WireStreamMessage, WireError> {
        let id = self.stream_id.to_bytes();
        let stream = id[..].try_into().map_err(|_| WireError::StreamId { actual: id.len() })?;
        // A stream ends with its last part, of which each part knows the place; there is no end mark.
        let part = self.content.as_data().ok_or(WireError::Unsupported)?;
        if u64::from(part.index) != self.sequence {
            return Err(WireError::Sequence { index: part.index, sequence: self.sequence });
        }
        Ok(WireStreamMessage { stream, part: part.to_twin()? })
    }

    fn from_twin(twin: WireStreamMessage) -> Result<Self, WireError> {
        let part = ProposalPart::from_twin(twin.part)?;
        let id = StreamId::new(Bytes::copy_from_slice(&twin.stream));
        Ok(Self::new(id, u64::from(part.index), StreamContent::Data(part)))
    }
}

plain_codec!(ProposalPart, StreamMessage<ProposalPart>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::WireCodec;
    use crate::wire::testing::{assert_wire, block_id};
    use malachitebft_app_channel::app::types::codec::Codec;

    fn part(payload_bytes: usize, index: u32, data: usize) -> ProposalPart {
        let payload_bytes = payload_bytes as u32;
        let block = block_id(1);
        ProposalPart {
            header: ProposalHeader {
                height: Height(7),
                round: 2,
                valid_round: Some(1),
                block,
                payload_bytes,
                payload_digest: [7; 32],
            },
            sender: PublicKey([3; 32]),
            signature: Signature([4; 64]),
            index,
            data: vec![5; data].into(),
        }
    }

    #[test]
    fn parts() {
        let whole = PART_BYTES;
        for (payload, index, data) in
            [(0, 0, 0), (9, 0, 9), (whole, 0, whole), (whole + 1, 0, whole), (whole + 1, 1, 1)]
        {
            let part = part(payload, index, data);
            assert_wire(&part);
            let id = StreamId::new(vec![6; STREAM_ID_BYTES].into());
            assert_wire(&StreamMessage::new(id, u64::from(index), StreamContent::Data(part)));
        }
    }

    #[test]
    fn malformed() {
        let codec = WireCodec::default();
        for (payload, index, data) in
            [(9, 0, 8), (9, 1, 0), (0, 0, 1), (PART_BYTES + 1, 1, 2), (9, u32::MAX, 9)]
        {
            let bytes = codec.encode(&part(payload, index, data)).unwrap();
            let decoded: Result<ProposalPart, _> = codec.decode(bytes);
            assert!(matches!(decoded, Err(WireError::Part { .. })), "{payload} {index} {data}");
        }
        let stream =
            |id: Vec<u8>, sequence, content| StreamMessage::new(StreamId::new(id.into()), sequence, content);
        let data = StreamContent::Data(part(9, 0, 9));
        let id = vec![6; STREAM_ID_BYTES];
        assert_eq!(codec.encode(&stream(vec![6], 0, data.clone())), Err(WireError::StreamId { actual: 1 }));
        assert_eq!(
            codec.encode(&stream(id.clone(), 1, data)),
            Err(WireError::Sequence { index: 0, sequence: 1 })
        );
        assert_eq!(codec.encode(&stream(id, 1, StreamContent::Fin)), Err(WireError::Unsupported));
    }
}
