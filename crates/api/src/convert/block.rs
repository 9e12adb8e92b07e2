//! Headers, certificates, validator sets and blocks.

use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::block::{BLOCK_BATCHES_MAX, Block, BlockHeader};
use sanad_core::codec;
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::ids::{Height, MEMBER_ID_BYTES_MAX};
use sanad_core::signature::PUBLIC_KEY_BYTES;
use sanad_core::validators::{CommitCertificate, CommitSignature, VALIDATORS_MAX, ValidatorSet};

use super::{WireError, fixed, required, signature, undecodable, within};
use crate::blocks::{BlockSummary, FinalBlock, FinalHeader};
use crate::wire;

/// Longest encoded validator set, in bytes: number, first height, count, then id and key of each.
const VALIDATOR_SET_BYTES_MAX: usize =
    4 + 8 + 4 + VALIDATORS_MAX * (1 + MEMBER_ID_BYTES_MAX + PUBLIC_KEY_BYTES);

impl From<&BlockHeader> for wire::Header {
    fn from(header: &BlockHeader) -> Self {
        Self {
            encoded: header.encode(),
            hash: header.hash().0.to_vec(),
            height: header.height.0,
            time_ms: header.time_ms,
            log_size: header.log_size.0,
            log_root: header.log_root.0.to_vec(),
            round: header.round,
            state_root: header.state_root.0.to_vec(),
        }
    }
}

impl TryFrom<wire::Header> for BlockHeader {
    type Error = WireError;
    fn try_from(header: wire::Header) -> Result<Self, WireError> {
        Self::decode(&header.encoded).map_err(undecodable("header.encoded"))
    }
}

impl From<&CommitCertificate> for wire::Certificate {
    fn from(certificate: &CommitCertificate) -> Self {
        let signature = |signed: &CommitSignature| wire::CommitSignature {
            validator: u32::from(signed.validator),
            signature: codec::encode(&signed.signature),
        };
        Self {
            height: certificate.height.0,
            round: certificate.round,
            block_hash: certificate.block.0.to_vec(),
            signatures: certificate.signatures.iter().map(signature).collect(),
        }
    }
}

impl TryFrom<wire::Certificate> for CommitCertificate {
    type Error = WireError;
    fn try_from(certificate: wire::Certificate) -> Result<Self, WireError> {
        within("certificate.signatures", certificate.signatures.len(), VALIDATORS_MAX)?;
        let commit = |signed: wire::CommitSignature| {
            let (field, actual) = ("certificate.signatures.validator", signed.validator);
            let validator =
                u16::try_from(actual).map_err(|_| WireError::Value { field, actual: u64::from(actual) })?;
            let signature = signature("certificate.signatures.signature", &signed.signature)?;
            Ok(CommitSignature { validator, signature })
        };
        Ok(Self {
            height: Height(certificate.height),
            round: certificate.round,
            block: fixed("certificate.block_hash", &certificate.block_hash)?,
            signatures: certificate.signatures.into_iter().map(commit).collect::<Result<_, WireError>>()?,
        })
    }
}

impl From<&FinalHeader> for wire::FinalHeader {
    fn from(last: &FinalHeader) -> Self {
        final_header(&last.header, &last.certificate)
    }
}

/// The message of a header and its certificate.
pub(super) fn final_header(header: &BlockHeader, certificate: &CommitCertificate) -> wire::FinalHeader {
    wire::FinalHeader { header: Some(header.into()), certificate: Some(certificate.into()) }
}

impl TryFrom<wire::FinalHeader> for FinalHeader {
    type Error = WireError;
    fn try_from(last: wire::FinalHeader) -> Result<Self, WireError> {
        Ok(Self {
            header: required("header", last.header)?.try_into()?,
            certificate: required("certificate", last.certificate)?.try_into()?,
        })
    }
}

impl From<&ValidatorSet> for wire::ValidatorSet {
    fn from(set: &ValidatorSet) -> Self {
        let validator = |validator: &sanad_core::validators::Validator| wire::Validator {
            member_id: validator.member.to_string(),
            key: codec::encode(&validator.key),
        };
        Self {
            encoded: codec::encode(set),
            number: set.number(),
            first_height: set.first_height().0,
            validators: set.validators().iter().map(validator).collect(),
        }
    }
}

impl TryFrom<wire::ValidatorSet> for ValidatorSet {
    type Error = WireError;
    fn try_from(set: wire::ValidatorSet) -> Result<Self, WireError> {
        codec::decode(&set.encoded, VALIDATOR_SET_BYTES_MAX).map_err(undecodable("validators.encoded"))
    }
}

impl From<&FinalBlock> for wire::Block {
    fn from(last: &FinalBlock) -> Self {
        Self {
            header: Some(final_header(&last.block.header, &last.certificate)),
            batches: last.block.batches.iter().map(|batch| batch.bytes().to_vec()).collect(),
        }
    }
}

impl TryFrom<wire::Block> for FinalBlock {
    type Error = WireError;
    fn try_from(block: wire::Block) -> Result<Self, WireError> {
        within("block.batches", block.batches.len(), BLOCK_BATCHES_MAX)?;
        let bytes = block.batches.iter().map(Vec::len).sum();
        within("block.batches (bytes)", bytes, BLOCK_BYTES_LIMIT as usize)?;
        let FinalHeader { header, certificate } = required("block.header", block.header)?.try_into()?;
        let batch = |bytes: &Vec<u8>| SignedBatch::decode(bytes).map(Arc::new);
        let batches = block.batches.iter().map(batch).collect::<Result<_, _>>();
        let batches = batches.map_err(undecodable("block.batches"))?;
        Ok(Self { block: Block { header, batches }, certificate })
    }
}

impl From<&BlockSummary> for wire::BlockSummary {
    fn from(summary: &BlockSummary) -> Self {
        Self {
            header: Some((&summary.header).into()),
            batches: summary.batches,
            entries: summary.entries,
            bytes: summary.bytes,
        }
    }
}

impl TryFrom<wire::BlockSummary> for BlockSummary {
    type Error = WireError;
    fn try_from(summary: wire::BlockSummary) -> Result<Self, WireError> {
        Ok(Self {
            header: required("blocks.header", summary.header)?.try_into()?,
            batches: summary.batches,
            entries: summary.entries,
            bytes: summary.bytes,
        })
    }
}
