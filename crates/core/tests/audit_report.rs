//! Audit reports: one golden value, and every kind of change refused.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::audit_report::{
    AUDIT_REPORT_BYTES_MAX, AuditFinding, AuditReport, AuditReportError, AuditStatement, AuditVerdict,
};
use sanad_core::hash::{BlockHash, ChainId, Root, ValidatorsHash};
use sanad_core::ids::{Height, LogSize};
use sanad_core::jcs;
use sanad_core::signature::SecretKey;

fn key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn statement() -> AuditStatement {
    AuditStatement {
        chain_id: ChainId([1; 32]),
        verdict: AuditVerdict::Derived,
        height: Height(2),
        head_hash: BlockHash([3; 32]),
        head_time_ms: 1_700_000_000_000,
        log_size: LogSize(4),
        log_root: Root([5; 32]),
        status_root: Root([6; 32]),
        registry_root: Root([7; 32]),
        validators_hash: ValidatorsHash([8; 32]),
        batches: 9,
        findings: 1,
        first_finding: Some(AuditFinding {
            height: Some(Height(1)),
            part: "blocks first index".into(),
            message: "it differs".into(),
            expected: Some("0".into()),
            actual: Some("1".into()),
        }),
        audited_at_ms: 1_700_000_001_000,
        duration_ms: 10,
        program: "sanad 0.1.0".into(),
    }
}

// Changing what is pinned here is a change of format: docs/formats/audit-report.md.
#[test]
fn golden() {
    let digest = hex::encode(statement().digest().unwrap());
    assert_eq!(digest, "77a715c9339473f3284ff7787f60ef3872909f3e9aad698963cef5ceae88d700", "format change");
    let report = statement().sign(&key()).unwrap();
    assert_eq!(
        blake3::hash(report.to_json().as_bytes()).to_hex().as_str(),
        "18714b340c77d9a9bbc2d1dfa23f5fd57d21bc595dc5c88f297680346c13fb2a",
        "format change"
    );
    assert_eq!(
        report.signature.to_string(),
        "ed25519:3ed4eece795745b556ef864e40d78bcb80e8214a72177bcbf33904ad7aa9a56fb72618a0838214a93273b24e5a559ba259134d98d07f9ee976a0a44b6dbe850c",
        "format change"
    );
}

#[test]
fn round_trip_in_any_layout() {
    let report = statement().sign(&key()).unwrap();
    let text = report.to_json();
    let canonical = String::from_utf8(jcs::canonicalize(text.as_bytes()).unwrap()).unwrap();
    for text in [text, canonical] {
        let read = AuditReport::from_json(text.as_bytes()).unwrap();
        assert_eq!(read, report);
        read.verify(&key().public()).unwrap();
    }
}

#[test]
fn every_change_is_refused() {
    let text = statement().sign(&key()).unwrap().to_json();
    let other = SecretKey::from_seed(&[2; 32]).public();
    let report = AuditReport::from_json(text.as_bytes()).unwrap();
    assert!(matches!(report.verify(&other), Err(AuditReportError::Key { .. })));
    // Every character that is replaced by another one is either refused or leaves the same report.
    for position in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[position] = if bytes[position] == b'0' { b'1' } else { b'0' };
        if let Ok(read) = AuditReport::from_json(&bytes) {
            assert!(read == report || read.verify(&key().public()).is_err(), "{position}");
        }
    }
    for cut in 0..text.len() - 2 {
        AuditReport::from_json(&text.as_bytes()[..cut]).unwrap_err();
    }
    for (from, to) in [
        ("\"derived\"", "\"fine\""),
        ("report/v1", "report/v2"),
        ("\"height\": 2", "\"height\": 2.5"),
        ("\"batches\": 9", "\"batches\": 9, \"batches\": 9"),
        ("\"batches\": 9", "\"batches\": 9, \"more\": 9"),
        ("\"batches\": 9,", ""),
    ] {
        AuditReport::from_json(text.replacen(from, to, 1).as_bytes()).unwrap_err();
    }
    let long = format!("{text}{}", " ".repeat(AUDIT_REPORT_BYTES_MAX));
    assert!(matches!(AuditReport::from_json(long.as_bytes()), Err(AuditReportError::TooLong { .. })));
    let mut wordy = statement();
    wordy.program = "x".repeat(AUDIT_REPORT_BYTES_MAX);
    assert!(matches!(wordy.sign(&key()), Err(AuditReportError::TooLong { .. })));
}
