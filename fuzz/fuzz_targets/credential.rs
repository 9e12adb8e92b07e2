//! A credential in any form: the verdict is that of the checks, and nothing that is shown breaks out of its line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_credential::{Circumstances, Part, Verdict, check};
use sanad_fuzz::read;

fuzz_target!(|data: &[u8]| {
    let circumstances = Circumstances { now_ms: 1_767_225_600_000, member: None, rest: None };
    // A picture may be compressed, within a limit of its own.
    let finding = match data.starts_with(b"\x89PNG") {
        true => check(data, &circumstances),
        false => read(data, |data| check(data, &circumstances)),
    };
    let Some(finding) = finding else { return };
    assert_eq!(finding.verdict, Verdict::of(&finding.checks));
    let made = |part: Part| finding.checks.iter().any(|check| check.part == part);
    assert!(finding.verdict != Verdict::Good || Part::ALL.into_iter().all(made));
    let details = finding.checks.iter().map(|check| &check.detail);
    let proofs = finding
        .proofs
        .iter()
        .flat_map(|proof| proof.reason.iter().chain([&proof.method]).chain(&proof.uncovered));
    let faults = finding.faults.iter().map(|fault| &fault.pointer);
    for text in details.chain(proofs).chain(faults).chain(&finding.left_open).chain(&finding.issuer) {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
});
