//! What brings a node up to date.

use std::ops::RangeInclusive;

use bytes::Bytes;
use malachitebft_app_channel::app::types::PeerId;
use malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use malachitebft_app_channel::app::types::sync::{RawDecidedValue, Request, Response, Status};
use malachitebft_core_types::{ExtendedCommitCertificate, ExtendedCommitSignature, Round};
use malachitebft_sync::{ValueRequest, ValueResponse};
use sanad_core::block::BlockId;
use sanad_core::codec::CODEC_BYTES_MAX;
use sanad_core::ids::Height;
use sanad_core::signature::{self, PublicKey, Signature};
use sanad_core::validators::VALIDATORS_MAX;

use super::primitives::{Blob, List, defined};
use super::{Wire, WireCodec, WireError, decode, encode, plain_codec};
use crate::config::BLOCK_BYTES_LIMIT;
use crate::context::{Address, EngineHeight, SanadContext};

/// Most blocks of a response.
pub(crate) const RESPONSE_BLOCKS_MAX: usize = 64;
/// Longest encoding of a block's certificate and the lengths around it, in bytes.
pub(crate) const DECIDED_OVERHEAD_BYTES_MAX: usize = 4 + CERTIFICATE_BYTES + SIGNATURE_BYTES * VALIDATORS_MAX;

const RESPONSE_BYTES: usize = 8 + 4;
const CERTIFICATE_BYTES: usize = 8 + 4 + 32 + 4 + 4;
const SIGNATURE_BYTES: usize = signature::PUBLIC_KEY_BYTES + signature::SIGNATURE_BYTES;
const PEER_ID_BYTES_MAX: usize = 64;

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireStatus {
    peer: Blob<PEER_ID_BYTES_MAX>,
    tip: Height,
    history_start: Height,
}

impl Wire for Status<SanadContext> {
    type Twin = WireStatus;

    fn to_twin(&self) -> Result<WireStatus, WireError> {
        Ok(WireStatus {
            peer: Blob::new(self.peer_id.to_bytes().into())?,
            tip: self.tip_height.0,
            history_start: self.history_min_height.0,
        })
    }

    fn from_twin(twin: WireStatus) -> Result<Self, WireError> {
        Ok(Self {
            peer_id: PeerId::from_bytes(&twin.peer.into_bytes()).map_err(|_| WireError::PeerId)?,
            tip_height: EngineHeight(twin.tip),
            history_min_height: EngineHeight(twin.history_start),
        })
    }
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireRequest {
    first: Height,
    last: Height,
}

impl Wire for Request<SanadContext> {
    type Twin = WireRequest;

    fn to_twin(&self) -> Result<WireRequest, WireError> {
        let Self::ValueRequest(request) = self;
        Ok(WireRequest { first: request.range.start().0, last: request.range.end().0 })
    }

    fn from_twin(twin: WireRequest) -> Result<Self, WireError> {
        let range = RangeInclusive::new(EngineHeight(twin.first), EngineHeight(twin.last));
        Ok(Self::ValueRequest(ValueRequest::new(range)))
    }
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireCertificate {
    height: Height,
    round: u32,
    block: BlockId,
    signatures: List<(PublicKey, Signature), VALIDATORS_MAX>,
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireDecided {
    payload: Blob<BLOCK_BYTES_LIMIT>,
    certificate: WireCertificate,
}

impl WireDecided {
    fn new(decided: &RawDecidedValue<SanadContext>) -> Result<Self, WireError> {
        let certificate = &decided.certificate;
        let signature = |signed: &ExtendedCommitSignature<SanadContext>| (signed.address.0, signed.signature);
        let signatures = certificate.commit_signatures.iter().map(signature).collect();
        let certificate = WireCertificate {
            height: certificate.height.0,
            round: defined(certificate.round)?,
            block: certificate.value_id,
            signatures: List::new(signatures)?,
        };
        Ok(Self { payload: Blob::new(decided.value_bytes.clone())?, certificate })
    }

    fn into_decided(self) -> RawDecidedValue<SanadContext> {
        let WireCertificate { height, round, block, signatures } = self.certificate;
        let signature = |(key, signature)| ExtendedCommitSignature::new(Address(key), signature, None);
        let certificate = ExtendedCommitCertificate {
            height: EngineHeight(height),
            round: Round::new(round),
            value_id: block,
            commit_signatures: signatures.into_items().into_iter().map(signature).collect(),
        };
        RawDecidedValue::new(self.payload.into_bytes(), certificate)
    }
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireResponse {
    first: Height,
    blocks: List<WireDecided, RESPONSE_BLOCKS_MAX>,
}

impl Wire for Response<SanadContext> {
    type Twin = WireResponse;
    const BYTES_MAX: usize = CODEC_BYTES_MAX;

    fn to_twin(&self) -> Result<WireResponse, WireError> {
        let Self::ValueResponse(response) = self;
        let blocks = response.values.iter().map(WireDecided::new).collect::<Result<_, _>>()?;
        Ok(WireResponse { first: response.start_height.0, blocks: List::new(blocks)? })
    }

    fn from_twin(twin: WireResponse) -> Result<Self, WireError> {
        let values = twin.blocks.into_items().into_iter().map(WireDecided::into_decided).collect();
        Ok(Self::ValueResponse(ValueResponse::new(EngineHeight(twin.first), values)))
    }
}

plain_codec!(Status<SanadContext>, Request<SanadContext>);

impl Codec<Response<SanadContext>> for WireCodec {
    type Error = WireError;

    fn decode(&self, bytes: Bytes) -> Result<Response<SanadContext>, WireError> {
        let response = decode(&bytes)?;
        if let Some(arrivals) = &self.arrivals {
            arrivals.response(&response);
        }
        Ok(response)
    }

    fn encode(&self, response: &Response<SanadContext>) -> Result<Bytes, WireError> {
        encode(response)
    }
}

impl HasEncodedLen<Response<SanadContext>> for WireCodec {
    // The engine asks this once for each block it adds: so it is counted, not encoded.
    fn encoded_len(&self, response: &Response<SanadContext>) -> Result<usize, WireError> {
        let Response::ValueResponse(response) = response;
        let block = |decided: &RawDecidedValue<SanadContext>| {
            let signatures = decided.certificate.commit_signatures.len();
            4 + decided.value_bytes.len() + CERTIFICATE_BYTES + SIGNATURE_BYTES * signatures
        };
        Ok(RESPONSE_BYTES + response.values.iter().map(block).sum::<usize>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::testing::{assert_wire, block_id};

    fn decided(height: u64, payload: usize, signatures: usize) -> RawDecidedValue<SanadContext> {
        let signature = ExtendedCommitSignature::new(Address(PublicKey([3; 32])), Signature([4; 64]), None);
        let certificate = ExtendedCommitCertificate {
            height: EngineHeight(Height(height)),
            round: Round::new(1),
            value_id: block_id(1),
            commit_signatures: vec![signature; signatures],
        };
        RawDecidedValue::new(vec![5; payload].into(), certificate)
    }

    fn response(values: Vec<RawDecidedValue<SanadContext>>) -> Response<SanadContext> {
        Response::ValueResponse(ValueResponse::new(EngineHeight(Height(7)), values))
    }

    #[test]
    fn round_trips() {
        let peer = crate::peer::peer_id(&PublicKey([2; 32]));
        let peer_id = PeerId::from_bytes(&peer.to_bytes()).unwrap();
        let (tip_height, history_min_height) = (EngineHeight(Height(9)), EngineHeight(Height(1)));
        assert_wire(&Status { peer_id, tip_height, history_min_height });
        assert_wire(&Request::<SanadContext>::ValueRequest(ValueRequest::new(
            history_min_height..=tip_height,
        )));
        for values in [Vec::new(), vec![decided(7, 0, 0)], vec![decided(7, 10, 3), decided(8, 1000, 4)]] {
            let response = response(values);
            assert_wire(&response);
            let codec = WireCodec::default();
            let encoded = codec.encode(&response).unwrap();
            assert_eq!(codec.encoded_len(&response), Ok(encoded.len()));
        }
    }

    #[test]
    fn the_overhead_covers_the_largest_certificate() {
        let codec = WireCodec::default();
        let full = codec.encode(&response(vec![decided(7, 100, VALIDATORS_MAX)])).unwrap();
        assert_eq!(full.len(), RESPONSE_BYTES + 100 + DECIDED_OVERHEAD_BYTES_MAX);
    }

    #[test]
    fn malformed() {
        let codec = WireCodec::default();
        let mut status = vec![0, 0, 0, 1, 9];
        status.extend_from_slice(&[0; 16]);
        let decoded: Result<Status<SanadContext>, _> = codec.decode(status.into());
        assert_eq!(decoded, Err(WireError::PeerId));
        let many = response(vec![decided(7, 0, 0); RESPONSE_BLOCKS_MAX + 1]);
        assert!(matches!(codec.encode(&many), Err(WireError::Count { .. })));
        // A payload that claims four gigabytes.
        let mut bytes = codec.encode(&response(vec![decided(7, 0, 0)])).unwrap().to_vec();
        bytes[12..16].fill(0xff);
        let decoded: Result<Response<SanadContext>, _> = codec.decode(bytes.into());
        assert!(decoded.is_err());
    }
}
