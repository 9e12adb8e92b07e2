//! Credentials that others made: examples of the W3C, and the Open Badges of `SANAD_VECTORS`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

use sanad_credential::Signature::{Bad, Good, NotChecked};
use sanad_credential::{Circumstances, Finding, Holder, Signature, Verdict, check};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

fn finding(path: &Path) -> Finding {
    let document = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    check(&document, &Circumstances { now_ms: NOW_MS, member: None, rest: None }).unwrap()
}

fn expect(path: &Path, verdict: Verdict, signatures: &[Signature]) -> Finding {
    let finding = finding(path);
    let found: Vec<Signature> = finding.proofs.iter().map(|proof| proof.signature).collect();
    assert_eq!(
        (finding.verdict, found.as_slice()),
        (verdict, signatures),
        "{}: {:#?}",
        path.display(),
        finding.checks
    );
    for key in finding.proofs.iter().filter_map(|proof| proof.key.as_ref()) {
        assert_eq!(key.holder, Holder::Unproven);
    }
    finding
}

/// Data Integrity EdDSA Cryptosuites 1.0, appendix of test vectors.
#[test]
fn examples_of_the_w3c() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/w3c");
    for suite in ["eddsa-rdfc-2022", "eddsa-jcs-2022"] {
        let finding = expect(&folder.join(format!("{suite}.json")), Verdict::KeyUnproven, &[Good]);
        assert_eq!(finding.proofs[0].method, suite);
    }
    let chain = expect(&folder.join("proof-chain.json"), Verdict::KeyUnproven, &[Good, Good, NotChecked]);
    assert!(chain.proofs[2].reason.as_ref().unwrap().contains("previousProof"));
}

/// The folder of the vectors, or none where the variable is not set.
fn open_badges() -> Option<PathBuf> {
    let folder = std::env::var_os("SANAD_VECTORS").map(|vectors| Path::new(&vectors).join("openbadges"));
    if folder.is_none() {
        eprintln!("SANAD_VECTORS is not set: skipped");
    }
    folder
}

#[test]
fn open_badges_of_1edtech() {
    let Some(folder) = open_badges() else { return };
    let cases: [(&str, Verdict, &[Signature]); 10] = [
        ("simple.json", Verdict::KeyUnproven, &[Good]),
        ("simple-did-key-method.json", Verdict::KeyUnproven, &[Good]),
        ("simple-eddsa-2022.json", Verdict::KeyUnproven, &[Good]),
        ("simple-multiple-proofs.json", Verdict::KeyUnproven, &[NotChecked, Good]),
        ("endorsement-valid.json", Verdict::KeyUnproven, &[Good]),
        ("complete.json", Verdict::KeyUnproven, &[Good]),
        ("simple-err-expired.json", Verdict::Expired, &[Good]),
        ("simple-err-proof-value.json", Verdict::Bad, &[Bad]),
        ("simple-noproof.json", Verdict::Malformed, &[]),
        ("simple.jwt", Verdict::Malformed, &[NotChecked]),
    ];
    for (name, verdict, signatures) in cases {
        let finding = expect(&folder.join(name), verdict, signatures);
        assert!(finding.proofs.iter().all(|proof| proof.uncovered.is_empty()), "{name}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), cases.len(), "a new vector needs its finding here");
}
