//! Commit certificates, from the engine's form by keys to the ledger's by places in the set, and back.

use std::collections::BTreeSet;

use malachitebft_core_types as engine;
use malachitebft_core_types::{ExtendedCommitSignature, Round};
use sanad_core::block::BlockId;
use sanad_core::hash::ChainId;
use sanad_core::validators::{CommitCertificate, CommitSignature, ValidatorSet, VoteKind, vote_message};

use crate::context::{Address, EngineHeight, SanadContext};
use crate::verified::Verified;

/// Why a certificate has no other form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConversionError {
    #[error("signed by {0}, who is no validator of the height")]
    UnknownSigner(Address),
    #[error("signed by validator {0} of a smaller set")]
    UnknownPlace(u16),
    #[error("no round")]
    NoRound,
}

/// By places in the set, in ascending order. Verifies nothing.
pub(crate) fn from_engine(
    certificate: &engine::CommitCertificate<SanadContext>,
    validators: &ValidatorSet,
) -> Result<CommitCertificate, ConversionError> {
    let by_place = |signed: &engine::CommitSignature<SanadContext>| {
        let unknown = ConversionError::UnknownSigner(signed.address);
        let place = validators.position(&signed.address.0).ok_or(unknown)?;
        let validator = u16::try_from(place).map_err(|_| unknown)?;
        Ok(CommitSignature { validator, signature: signed.signature })
    };
    let mut signatures =
        certificate.commit_signatures.iter().map(by_place).collect::<Result<Vec<_>, ConversionError>>()?;
    signatures.sort_by_key(|signed| signed.validator);
    Ok(CommitCertificate {
        height: certificate.height.0,
        round: certificate.round.as_u32().ok_or(ConversionError::NoRound)?,
        block: certificate.value_id.hash,
        signatures,
    })
}

/// By keys. `block` is the one that the certificate names.
pub(crate) fn to_engine(
    certificate: &CommitCertificate,
    block: BlockId,
    validators: &ValidatorSet,
) -> Result<engine::ExtendedCommitCertificate<SanadContext>, ConversionError> {
    let by_key = |signed: &CommitSignature| {
        let validator = validators.validators().get(usize::from(signed.validator));
        let key = validator.ok_or(ConversionError::UnknownPlace(signed.validator))?.key;
        Ok(ExtendedCommitSignature::new(Address(key), signed.signature, None))
    };
    Ok(engine::ExtendedCommitCertificate {
        height: EngineHeight(certificate.height),
        round: Round::new(certificate.round),
        value_id: block,
        commit_signatures: certificate
            .signatures
            .iter()
            .map(by_key)
            .collect::<Result<_, ConversionError>>()?,
    })
}

/// Whether a quorum of the validators gave their first votes of one round to a block.
pub(crate) fn verify_polka(
    certificate: &engine::PolkaCertificate<SanadContext>,
    chain_id: &ChainId,
    validators: &ValidatorSet,
    verified: &Verified,
) -> bool {
    let engine::PolkaCertificate { height, round, value_id, polka_signatures } = certificate;
    let Some(round) = round.as_u32() else { return false };
    let keys: BTreeSet<_> = polka_signatures.iter().map(|signed| signed.address.0).collect();
    let message = vote_message(chain_id, VoteKind::Prevote, height.0, round, Some(value_id));
    let good = |signed: &engine::PolkaSignature<SanadContext>| {
        verified.check(&signed.address.0, &message, &signed.signature).is_ok()
    };
    keys.len() == polka_signatures.len()
        && keys.len() >= validators.quorum()
        && keys.iter().all(|key| validators.position(key).is_some())
        && polka_signatures.iter().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::hash::BlockHash;
    use sanad_core::ids::Height;
    use sanad_core::signature::SecretKey;
    use sanad_core::validators::Validator;

    #[test]
    fn a_polka_has_a_quorum() {
        let keys: Vec<_> = (1..=5u8).map(|seed| SecretKey::from_seed(&[seed; 32])).collect();
        let validator = |(place, key): (usize, &SecretKey)| Validator {
            member: format!("m{place}").parse().unwrap(),
            key: key.public(),
        };
        let validators =
            ValidatorSet::genesis(keys[..4].iter().enumerate().map(validator).collect()).unwrap();
        let chain_id = ChainId([1; 32]);
        let block = BlockId { hash: BlockHash([2; 32]), round: 1 };
        let polka = |kind, signers: &[usize]| {
            let message = vote_message(&chain_id, kind, Height(7), 3, Some(&block));
            let signed = |signer: &usize| {
                let key = &keys[*signer];
                engine::PolkaSignature::new(Address(key.public()), key.sign(&message))
            };
            engine::PolkaCertificate::<SanadContext> {
                height: EngineHeight(Height(7)),
                round: Round::new(3),
                value_id: block,
                polka_signatures: signers.iter().map(signed).collect(),
            }
        };
        let verified = Verified::default();
        let holds = |certificate| verify_polka(&certificate, &chain_id, &validators, &verified);
        assert!(holds(polka(VoteKind::Prevote, &[3, 0, 1])));
        for signers in [&[0, 1][..], &[0, 1, 1], &[0, 1, 4], &[0, 1, 2, 4]] {
            assert!(!holds(polka(VoteKind::Prevote, signers)), "{signers:?}");
        }
        assert!(!holds(polka(VoteKind::Precommit, &[0, 1, 2])));
        let mut other = polka(VoteKind::Prevote, &[0, 1, 2]);
        other.value_id.round = 2;
        assert!(!holds(other));
    }

    #[test]
    fn there_and_back() {
        let keys: Vec<_> = (1..=4u8).map(|seed| SecretKey::from_seed(&[seed; 32])).collect();
        let validator = |(place, key): (usize, &SecretKey)| Validator {
            member: format!("m{place}").parse().unwrap(),
            key: key.public(),
        };
        let validators = ValidatorSet::genesis(keys.iter().enumerate().map(validator).collect()).unwrap();
        let chain_id = ChainId([1; 32]);
        let block = BlockId { hash: BlockHash([2; 32]), round: 1 };
        let message = vote_message(&chain_id, VoteKind::Precommit, Height(7), 1, Some(&block));
        let signature = |validator: u16| CommitSignature {
            validator,
            signature: keys[usize::from(validator)].sign(&message),
        };
        let certificate = CommitCertificate {
            height: Height(7),
            round: 1,
            block: block.hash,
            signatures: [0, 1, 3].map(signature).to_vec(),
        };
        let mut by_key = to_engine(&certificate, block, &validators).unwrap().trim_vote_extensions();
        by_key.commit_signatures.reverse();
        let back = from_engine(&by_key, &validators).unwrap();
        assert_eq!(back, certificate);
        assert_eq!(back.verify(&chain_id, Height(7), &block, &validators), Ok(()));

        // With all good signatures in memory, none that was changed passes, and no other block.
        let verified = Verified::default();
        let check = |certificate: &CommitCertificate, block: &BlockId| {
            let check = |key: &_, message: &_, signature: &_| verified.check(key, message, signature);
            certificate.verify_with(&chain_id, Height(7), block, &validators, check)
        };
        assert_eq!(check(&back, &block), Ok(()));
        for place in 0..3 {
            let mut forged = back.clone();
            forged.signatures[place].signature.0[40] ^= 1;
            assert!(check(&forged, &block).is_err());
            forged.signatures[place].signature = back.signatures[(place + 1) % 3].signature;
            assert!(check(&forged, &block).is_err());
        }
        assert!(check(&back, &BlockId { round: 2, ..block }).is_err());
        assert!(check(&CommitCertificate { round: 2, ..back.clone() }, &block).is_err());

        let three = ValidatorSet::genesis(validators.validators()[..3].to_vec()).unwrap();
        assert_eq!(to_engine(&certificate, block, &three), Err(ConversionError::UnknownPlace(3)));
        let stranger = Address(keys[3].public());
        assert_eq!(from_engine(&by_key, &three), Err(ConversionError::UnknownSigner(stranger)));
    }
}
