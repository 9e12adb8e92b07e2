//! What the engine's log holds of a received block, and the proof that a peer is a validator.

use malachitebft_app_channel::app::types::ProposedValue;
use malachitebft_core_types::{Round, ValidatorProof, Validity};
use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, Signature};

use super::primitives::{Blob, defined, optional};
use super::{Wire, WireError, plain_codec};
use crate::context::{Address, EngineHeight, SanadContext, Value};

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireProposedValue {
    height: Height,
    round: u32,
    valid_round: Option<u32>,
    proposer: PublicKey,
    block: BlockId,
    valid: bool,
}

impl Wire for ProposedValue<SanadContext> {
    type Twin = WireProposedValue;

    fn to_twin(&self) -> Result<WireProposedValue, WireError> {
        Ok(WireProposedValue {
            height: self.height.0,
            round: defined(self.round)?,
            valid_round: self.valid_round.as_u32(),
            proposer: self.proposer.0,
            block: self.value.0,
            valid: self.validity.is_valid(),
        })
    }

    fn from_twin(twin: WireProposedValue) -> Result<Self, WireError> {
        Ok(Self {
            height: EngineHeight(twin.height),
            round: Round::new(twin.round),
            valid_round: optional(twin.valid_round),
            proposer: Address(twin.proposer),
            value: Value(twin.block),
            validity: Validity::from_bool(twin.valid),
        })
    }
}

/// Longest key or peer id, in bytes. Those of Ed25519 have 32 and 38.
const NAME_BYTES_MAX: usize = 64;

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireValidatorProof {
    public_key: Blob<NAME_BYTES_MAX>,
    peer_id: Blob<NAME_BYTES_MAX>,
    signature: Signature,
}

impl Wire for ValidatorProof<SanadContext> {
    type Twin = WireValidatorProof;

    fn to_twin(&self) -> Result<WireValidatorProof, WireError> {
        Ok(WireValidatorProof {
            public_key: Blob::new(self.public_key.clone().into())?,
            peer_id: Blob::new(self.peer_id.clone().into())?,
            signature: self.signature,
        })
    }

    fn from_twin(twin: WireValidatorProof) -> Result<Self, WireError> {
        let WireValidatorProof { public_key, peer_id, signature } = twin;
        Ok(Self::new(public_key.into_bytes().into(), peer_id.into_bytes().into(), signature))
    }
}

plain_codec!(ProposedValue<SanadContext>, ValidatorProof<SanadContext>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::WireCodec;
    use crate::wire::testing::{assert_wire, block_id};
    use malachitebft_app_channel::app::types::codec::Codec;

    #[test]
    fn values() {
        for validity in [Validity::Valid, Validity::Invalid] {
            for valid_round in [Round::Nil, Round::new(1)] {
                assert_wire(&ProposedValue {
                    height: EngineHeight(Height(7)),
                    round: Round::new(2),
                    valid_round,
                    proposer: Address(PublicKey([3; 32])),
                    value: Value(block_id(1)),
                    validity,
                });
            }
        }
    }

    #[test]
    fn proofs() {
        assert_wire(&ValidatorProof::new(vec![1; 32], vec![2; 38], Signature([3; 64])));
        let longer = ValidatorProof::new(vec![1; 65], Vec::new(), Signature([3; 64]));
        assert_eq!(WireCodec::default().encode(&longer), Err(WireError::Length { actual: 65, limit: 64 }));
    }
}
