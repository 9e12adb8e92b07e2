//! Certificates of votes that keep the rounds of all nodes together.

use bytes::Bytes;
use malachitebft_app_channel::app::consensus::LivenessMsg;
use malachitebft_app_channel::app::types::codec::Codec;
use malachitebft_core_types::{
    PolkaCertificate, PolkaSignature, Round, RoundCertificate, RoundCertificateType, RoundSignature, VoteType,
};
use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, Signature};
use sanad_core::validators::VALIDATORS_MAX;

use super::messages::{WireVote, nil_or, vote_type};
use super::primitives::{List, defined};
use super::{Wire, WireCodec, WireError, plain_codec};
use crate::context::{Address, EngineHeight, SanadContext};

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WirePolka {
    height: Height,
    round: u32,
    block: BlockId,
    signatures: List<(PublicKey, Signature), VALIDATORS_MAX>,
}

impl Wire for PolkaCertificate<SanadContext> {
    type Twin = WirePolka;

    fn to_twin(&self) -> Result<WirePolka, WireError> {
        let signatures = self.polka_signatures.iter().map(|signed| (signed.address.0, signed.signature));
        Ok(WirePolka {
            height: self.height.0,
            round: defined(self.round)?,
            block: self.value_id,
            signatures: List::new(signatures.collect())?,
        })
    }

    fn from_twin(twin: WirePolka) -> Result<Self, WireError> {
        let signature = |(key, signature)| PolkaSignature::new(Address(key), signature);
        Ok(Self {
            height: EngineHeight(twin.height),
            round: Round::new(twin.round),
            value_id: twin.block,
            polka_signatures: twin.signatures.into_items().into_iter().map(signature).collect(),
        })
    }
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireRoundSignature {
    precommit: bool,
    block: Option<BlockId>,
    validator: PublicKey,
    signature: Signature,
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireRoundCertificate {
    height: Height,
    round: u32,
    skip: bool,
    signatures: List<WireRoundSignature, VALIDATORS_MAX>,
}

impl WireRoundCertificate {
    fn new(certificate: &RoundCertificate<SanadContext>) -> Result<Self, WireError> {
        let signature = |signed: &RoundSignature<SanadContext>| WireRoundSignature {
            precommit: signed.vote_type == VoteType::Precommit,
            block: match signed.value_id {
                malachitebft_core_types::NilOrVal::Nil => None,
                malachitebft_core_types::NilOrVal::Val(block) => Some(block),
            },
            validator: signed.address.0,
            signature: signed.signature,
        };
        Ok(Self {
            height: certificate.height.0,
            round: defined(certificate.round)?,
            skip: certificate.cert_type == RoundCertificateType::Skip,
            signatures: List::new(certificate.round_signatures.iter().map(signature).collect())?,
        })
    }

    fn into_certificate(self) -> RoundCertificate<SanadContext> {
        let signature = |signed: WireRoundSignature| {
            let address = Address(signed.validator);
            RoundSignature::new(vote_type(signed.precommit), nil_or(signed.block), address, signed.signature)
        };
        RoundCertificate {
            height: EngineHeight(self.height),
            round: Round::new(self.round),
            cert_type: if self.skip { RoundCertificateType::Skip } else { RoundCertificateType::Precommit },
            round_signatures: self.signatures.into_items().into_iter().map(signature).collect(),
        }
    }
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) enum WireLiveness {
    Vote(WireVote),
    Polka(WirePolka),
    Round(WireRoundCertificate),
}

impl Wire for LivenessMsg<SanadContext> {
    type Twin = WireLiveness;

    fn to_twin(&self) -> Result<WireLiveness, WireError> {
        Ok(match self {
            Self::Vote(vote) => WireLiveness::Vote(WireVote::new(vote)?),
            Self::PolkaCertificate(certificate) => WireLiveness::Polka(certificate.to_twin()?),
            Self::SkipRoundCertificate(certificate) => {
                WireLiveness::Round(WireRoundCertificate::new(certificate)?)
            }
        })
    }

    fn from_twin(twin: WireLiveness) -> Result<Self, WireError> {
        Ok(match twin {
            WireLiveness::Vote(vote) => Self::Vote(vote.into_vote()),
            WireLiveness::Polka(polka) => Self::PolkaCertificate(PolkaCertificate::from_twin(polka)?),
            WireLiveness::Round(certificate) => Self::SkipRoundCertificate(certificate.into_certificate()),
        })
    }
}

plain_codec!(PolkaCertificate<SanadContext>);

impl Codec<LivenessMsg<SanadContext>> for WireCodec {
    type Error = WireError;

    fn decode(&self, bytes: Bytes) -> Result<LivenessMsg<SanadContext>, WireError> {
        let message = super::decode(&bytes)?;
        if let Some(arrivals) = &self.arrivals {
            match &message {
                LivenessMsg::Vote(vote) => arrivals.vote(vote)?,
                LivenessMsg::PolkaCertificate(certificate) => arrivals.polka(certificate),
                LivenessMsg::SkipRoundCertificate(_) => {}
            }
        }
        Ok(message)
    }

    fn encode(&self, message: &LivenessMsg<SanadContext>) -> Result<Bytes, WireError> {
        super::encode(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::messages::tests::vote;
    use crate::wire::testing::{assert_wire, block_id};
    use sanad_core::codec::CodecError;

    fn polka(signatures: usize) -> PolkaCertificate<SanadContext> {
        PolkaCertificate {
            height: EngineHeight(Height(7)),
            round: Round::new(2),
            value_id: block_id(1),
            polka_signatures: vec![
                PolkaSignature::new(Address(PublicKey([3; 32])), Signature([4; 64]));
                signatures
            ],
        }
    }

    #[test]
    fn certificates() {
        for signatures in [0, 1, VALIDATORS_MAX] {
            assert_wire(&polka(signatures));
        }
        assert_wire(&LivenessMsg::PolkaCertificate(polka(3)));
        assert_wire(&LivenessMsg::Vote(vote(VoteType::Precommit, Some(block_id(1)))));
        for cert_type in [RoundCertificateType::Skip, RoundCertificateType::Precommit] {
            let signature = |kind, block| {
                RoundSignature::new(kind, nil_or(block), Address(PublicKey([3; 32])), Signature([4; 64]))
            };
            assert_wire(&LivenessMsg::SkipRoundCertificate(RoundCertificate {
                height: EngineHeight(Height(7)),
                round: Round::new(2),
                cert_type,
                round_signatures: vec![
                    signature(VoteType::Prevote, None),
                    signature(VoteType::Precommit, Some(block_id(1))),
                ],
            }));
        }
    }

    #[test]
    fn counts_are_limited() {
        let codec = WireCodec::default();
        let limit = VALIDATORS_MAX;
        assert_eq!(codec.encode(&polka(limit + 1)), Err(WireError::Count { count: limit + 1, limit }));
        let mut bytes = codec.encode(&polka(0)).unwrap().to_vec();
        let count = bytes.len() - 4;
        bytes[count..].copy_from_slice(&u32::MAX.to_be_bytes());
        let decoded: Result<PolkaCertificate<SanadContext>, _> = codec.decode(bytes.into());
        assert_eq!(decoded, Err(WireError::Codec(CodecError::Invalid { field: "list length" })));
    }
}
