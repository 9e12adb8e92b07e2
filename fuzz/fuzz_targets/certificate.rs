//! A commit certificate: one encoding, and none that makes another block final.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::block::BlockId;
use sanad_core::hash::BlockHash;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate};
use sanad_fuzz::{ANCHOR, canonical, has_json_form};

fuzz_target!(|data: &[u8]| {
    let Some(certificate) = canonical::<CommitCertificate>(data, CERTIFICATE_BYTES_MAX) else { return };
    has_json_form(&certificate);
    let set = &ANCHOR.validators;
    let verify = |certificate: &CommitCertificate, hash: BlockHash, round: u32| {
        certificate.verify(&ANCHOR.chain_id, certificate.height, &BlockId { hash, round }, set)
    };
    let verified = verify(&certificate, certificate.block, 0);
    assert!(verify(&certificate, BlockHash([0; 32]), 0).is_err());
    assert!(verified.is_err() || verify(&certificate, certificate.block, 1).is_err());
    let mut trimmed = certificate.clone();
    trimmed.trim(set, |_| true);
    assert!(trimmed.signatures.len() <= set.quorum());
    assert!(verified.is_err() || verify(&trimmed, trimmed.block, 0).is_ok());
    assert!(certificate.signers(set).count() <= certificate.signatures.len());
});
