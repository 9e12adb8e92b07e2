//! Credentials that are good, and the ways in which others are not: each file has its verdict, and what says so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sanad_credential::Verdict::{self, *};
use sanad_credential::{Circumstances, Finding, Part, check};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

fn findings(group: &str) -> BTreeMap<String, Finding> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata").join(group);
    let circumstances = Circumstances { now_ms: NOW_MS, member: None, rest: None };
    let finding = |path: &Path| check(&fs::read(path).unwrap(), &circumstances).unwrap();
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), finding(&path))).collect()
}

#[test]
fn good_ones() {
    for (name, finding) in findings("own") {
        assert_eq!(finding.verdict, Good, "{name}: {finding:#?}");
        assert!(
            Part::ALL.iter().all(|part| finding.checks.iter().any(|check| check.part == *part)),
            "{name}"
        );
    }
}

#[test]
fn forged_ones() {
    // File, verdict, the part that gives it, what is seen.
    let expected: [(&str, Verdict, Part, &str); 41] = [
        ("abbreviated.json", NotCovered, Part::Cover, "/id is an abbreviation"),
        (
            "byte-order-mark.json",
            NotChecked,
            Part::Form,
            "byte order mark: not read as a credential; its own dates",
        ),
        ("context-prefix.json", NotCovered, Part::Cover, "/@context/2"),
        ("crit.jwt", Bad, Part::Signature, "crit"),
        ("didweb-fragment.json", KeyUnproven, Part::Key, "not shown to be the issuer's"),
        ("direction.json", NotCovered, Part::Cover, "/name/@direction"),
        ("empty-list.json", Malformed, Part::Model, "/termsOfUse is empty"),
        ("expired-claim.jwt", Expired, Part::Validity, "2025-06-15"),
        ("false-lines.json", Malformed, Part::Signature, "Foo are known\\u{a}  [ok]"),
        ("header-jwk.jwt", KeyUnproven, Part::Key, "not shown to be the issuer's"),
        ("hs256-wrapper.jwt", NotChecked, Part::Signature, "HS256"),
        ("id-by-keyword.json", NotChecked, Part::Signature, "/@id is a keyword"),
        ("inline-context.json", Expired, Part::Contexts, "/@context/2"),
        ("inline-context-jcs.json", NotChecked, Part::Contexts, "/@context/2"),
        ("key-twice.json", NotChecked, Part::Form, "duplicate key \"issuer\""),
        ("keyword-like-name.json", NotCovered, Part::Cover, "/credentialSubject/@gpa"),
        ("keyword-like-type.json", NotCovered, Part::Cover, "/type/2"),
        ("kid.jwt", KeyUnproven, Part::Key, "not shown to be the issuer's"),
        ("label.json", Malformed, Part::Cover, "/credentialSubject/id is a label"),
        ("list.json", NotChecked, Part::Form, "a list"),
        ("no-issuer.json", Malformed, Part::Model, "/issuer is missing"),
        ("no-subject.json", Malformed, Part::Model, "/credentialSubject is empty"),
        ("none.jwt", Bad, Part::Signature, "anyone"),
        ("null.json", Inconsistent, Part::Cover, "/validUntil is null"),
        ("other-purpose.jwt", NotChecked, Part::Signature, "at+jwt"),
        ("presentation.json", NotChecked, Part::Form, "presentation"),
        ("proof-option.json", NotCovered, Part::Cover, "/proof/@note"),
        ("relative-id.json", Malformed, Part::Cover, "/evidence is not a whole address"),
        ("renamed-until.json", NotChecked, Part::Contexts, "/@context/2"),
        ("reverse.json", NotChecked, Part::Signature, "/credentialSubject/@reverse"),
        ("second-subject.json", Malformed, Part::Cover, "/credentialSubject/0/id"),
        ("stranger-as-key-of-did.json", Bad, Part::Signature, "fragment"),
        ("stranger.json", KeyUnproven, Part::Key, "not shown to be the issuer's"),
        ("two-issuers.json", Malformed, Part::Model, "/issuer is neither one URL"),
        ("type-by-address.json", NotCovered, Part::Cover, "/type/1"),
        ("unknown-context-jcs.json", NotChecked, Part::Contexts, "https://example.org/mine"),
        ("until-by-address.json", NotChecked, Part::Signature, "an address in place of a name"),
        ("until-in-evidence.json", NotCovered, Part::Cover, "/evidence/id"),
        ("until-included.json", NotChecked, Part::Signature, "/@included"),
        ("until-nested.json", NotChecked, Part::Signature, "/@nest"),
        ("wrapped.jwt", Bad, Part::Signature, "payload"),
    ];
    let found = findings("forged");
    assert_eq!(found.len(), expected.len());
    for (name, verdict, part, detail) in expected {
        let finding = &found[name];
        assert_eq!(finding.verdict, verdict, "{name}: {finding:#?}");
        let says = |check: &sanad_credential::Check| {
            check.part == part && check.verdict != Good && check.detail.contains(detail)
        };
        assert!(finding.checks.iter().any(says), "{name}: {detail}: {:#?}", finding.checks);
        for check in &finding.checks {
            assert!(!check.detail.chars().any(char::is_control), "{name}");
        }
    }
}

/// A credential in a picture is read as that credential, and nothing is said of the picture.
#[test]
fn baked_ones() {
    for (name, finding) in findings("baked") {
        let expected = match name.as_str() {
            "good.png" | "good-compressed.png" | "good.svg" | "good-jwt.svg" => Good,
            "expired.png" => Expired,
            "two.png" | "entity.svg" => NotChecked,
            other => panic!("{other}"),
        };
        assert_eq!(finding.verdict, expected, "{name}: {finding:#?}");
        if expected != NotChecked {
            assert!(finding.left_open.iter().any(|open| open.contains("the picture")), "{name}");
        }
    }
}
