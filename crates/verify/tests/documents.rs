//! The document beside a receipt: changed, normalised, in the name of somebody else, or not readable as a credential.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::event::Event;
use sanad_core::member::{Member, Role};
use sanad_core::receipt::Receipt;
use sanad_credential::CREDENTIAL_BYTES_MAX;
use sanad_testkit::{Consortium, Ledger, commitment_of, member};
use sanad_verify::{Answer, Finding, NotAReceipt, Open, Part, Trust, Verdict, Verifier};

const ISSUER: &str = "issuer";
const ISSUER_ID: &str = "https://merapi.example";

/// A document that was issued, and its receipt.
struct Issued {
    trust: Trust,
    receipt: Receipt,
    now_ms: u64,
}

fn issue(document: &[u8]) -> Issued {
    let issuer = Member { issuer_ids: vec![ISSUER_ID.parse().unwrap()], ..member(ISSUER, Role::Issuer) };
    let validators = (0..4).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
    issue_in(validators.with_member(issuer), document)
}

fn issue_in(consortium: Consortium, document: &[u8]) -> Issued {
    let kind = DocumentKind::detect(document);
    let mut ledger = Ledger::of(consortium.genesis());
    let secret = Secret([7; 32]);
    let chain = ledger.genesis.chain_id();
    let commitment = commitment_of(&chain, ISSUER, kind, &secret, document);
    let batch = ledger.signed(ISSUER, vec![Event::Issue { commitment }]);
    let header = ledger.commit(vec![batch]);
    let receipt = Receipt::new(kind, Opening::Full { secret, summary: None }, ledger.prove(0));
    Issued { trust: Trust::from_genesis(ledger.genesis).unwrap(), receipt, now_ms: header.time_ms + 1_000 }
}

impl Issued {
    fn check(&self, document: &[u8]) -> Finding {
        let verifier = Verifier::new(&self.trust, self.now_ms);
        verifier.receipt("document", self.receipt.to_json().as_bytes(), Some(document)).unwrap()
    }
}

#[test]
fn another_layout_is_the_same_document_and_another_word_is_not() {
    let issued = issue(br#"{"issuer": "https://merapi.example", "name": "Siti"}"#);
    let same = issued.check(br#"{ "name":"Siti","issuer":"https://merapi.example" }"#);
    assert_eq!((same.verdict(), same.answer()), (Verdict::Active, Answer::Yes));
    assert!(same.checks().iter().any(|check| check.part == Part::IssuerId && check.holds));
    let other = issued.check(br#"{"issuer": "https://merapi.example", "name": "Sita"}"#);
    assert_eq!((other.verdict(), other.answer()), (Verdict::Tampered, Answer::No));
    assert!(other.credential().is_none(), "its own signature is not looked at");
    assert!(other.not_proved().contains(&Open::CredentialNotChecked));
    assert!(other.summary().is_none());
}

/// A credential that ended long ago.
fn ended(description: &str) -> String {
    serde_json::json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER_ID,
        "validUntil": "2020-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:x:1", "description": description},
    })
    .to_string()
}

#[test]
fn padding_keeps_nobody_from_reading_when_a_credential_ended() {
    let plain = ended("Digital");
    let issued = issue(plain.as_bytes());
    let space = " ".repeat(CREDENTIAL_BYTES_MAX + 1);
    let inside = plain.replacen(':', &format!(":{space}"), 1);
    for padded in [format!("{space}{plain}"), format!("{plain}{space}"), inside] {
        let finding = issued.check(padded.as_bytes());
        assert_eq!((finding.verdict(), finding.answer()), (Verdict::Active, Answer::No));
        assert!(finding.credential().unwrap().validity.expired);
    }
    let written = "x".repeat(CREDENTIAL_BYTES_MAX / 5);
    let finding = issue(ended(&written).as_bytes()).check(ended(&written).replace('x', "\\u0078").as_bytes());
    assert_eq!(finding.answer(), Answer::No, "escapes");
}

#[test]
fn what_is_too_large_to_be_looked_at_is_never_a_yes() {
    let description = "x".repeat(CREDENTIAL_BYTES_MAX);
    let many = ended("").replacen('{', &format!("{{\"n\":[{}0],", "0,".repeat(100_000)), 1);
    // What every credential has may be written with escapes.
    let hidden = ended(&description).replace("VerifiableCredential", "Verifiable\\u0043redential");
    for document in [ended(&description), hidden.replace("www", "\\u0077ww"), many] {
        let finding = issue(document.as_bytes()).check(document.as_bytes());
        assert_eq!((finding.verdict(), finding.answer()), (Verdict::Active, Answer::CouldNotBeChecked));
        assert!(finding.credential().unwrap().beyond_limits && finding.dates_unseen());
    }
    let header = serde_json::json!({"alg": "EdDSA"}).to_string();
    let long = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), "A".repeat(CREDENTIAL_BYTES_MAX));
    assert_eq!(issue(long.as_bytes()).check(long.as_bytes()).answer(), Answer::CouldNotBeChecked);
    // Nothing in these looks like a credential, however large they are.
    let data = serde_json::json!({"issuer": ISSUER_ID, "data": description}).to_string();
    let numbers = format!("{{\"issuer\":\"{ISSUER_ID}\",\"n\":[{}0]}}", "0,".repeat(100_000));
    for document in [data, numbers] {
        let finding = issue(document.as_bytes()).check(document.as_bytes());
        assert_eq!((finding.answer(), finding.dates_unseen()), (Answer::Yes, false));
    }
}

#[test]
fn a_form_that_is_not_read_is_the_issuers_choice() {
    let quoted = format!("\u{feff}{}", ended(""));
    let finding = issue(quoted.as_bytes()).check(quoted.as_bytes());
    // Nobody else can bring a document into that form: the ledger binds each of its bytes.
    assert_eq!((finding.answer(), finding.dates_unseen()), (Answer::Yes, true));
    assert_eq!(finding.credential().unwrap().verdict, sanad_credential::Verdict::NotChecked);
}

#[test]
fn a_document_that_lost_its_normalisation_gets_a_hint() {
    let (composed, decomposed) = ("{\"name\": \"Andr\u{e9}\"}", "{\"name\": \"Andre\u{301}\"}");
    for (document, changed, hint) in
        [(composed, decomposed, "convert it to NFC"), (decomposed, composed, "convert it to NFD")]
    {
        let finding = issue(document.as_bytes()).check(changed.as_bytes());
        assert_eq!(finding.verdict(), Verdict::Tampered);
        assert!(finding.reason().unwrap().contains(hint), "{:?}", finding.reason());
        let finding = issue(document.as_bytes()).check(b"{\"name\": \"Andre\"}");
        assert!(!finding.reason().unwrap().contains("convert"), "{:?}", finding.reason());
    }
    let text = "Andr\u{e9} was here";
    let finding = issue(text.as_bytes()).check("Andre\u{301} was here".as_bytes());
    assert!(finding.reason().unwrap().contains("convert it to NFC"));
}

#[test]
fn a_document_in_the_name_of_somebody_else_is_not_proven() {
    let jwt = |payload: &str| {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.AAAA", encode(r#"{"alg":"EdDSA"}"#), encode(payload))
    };
    for document in [
        r#"{"issuer": "https://unrelated.example"}"#.to_owned(),
        r#"{"issuer": {"id": "https://unrelated.example"}}"#.to_owned(),
        r#"{"issuer": ["https://merapi.example"]}"#.to_owned(),
        r#"{"issuer": {"@id": "https://merapi.example"}}"#.to_owned(),
        r#"{"issuer": {"name": "Universitas Merapi"}}"#.to_owned(),
        r#"{"issuer": null}"#.to_owned(),
        r#"{"issuer": 7}"#.to_owned(),
        jwt(
            r#"{"iss":"https://unrelated.example","vc":{"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiableCredential"],"issuer":"https://unrelated.example","credentialSubject":{"id":"did:example:1"}}}"#,
        ),
    ] {
        let finding = issue(document.as_bytes()).check(document.as_bytes());
        assert_eq!((finding.verdict(), finding.answer()), (Verdict::NotProven, Answer::No), "{document}");
        let failed: Vec<Part> =
            finding.checks().iter().filter(|check| !check.holds).map(|check| check.part).collect();
        assert_eq!(failed, [Part::IssuerId], "{document}");
    }
}

/// Ids are unique, names are not: a file, or a member, may be called almost as another member is.
#[test]
fn names_that_look_like_another_members_are_said() {
    let named = |id: &str, name: &str| Member { name: name.to_owned(), ..member(id, Role::Issuer) };
    let all = |issuer: &str| {
        let issuer = Member { issuer_ids: vec![ISSUER_ID.parse().unwrap()], ..named(ISSUER, issuer) };
        let validators = (0..4).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
        validators.with_member(issuer).with_member(named("merapi", "Universitas Merapi"))
    };
    let said = |issuer: &str, document: &str| -> Vec<String> {
        let issued = issue_in(all(issuer), document.as_bytes());
        let finding = issued.check(document.as_bytes());
        assert_eq!(finding.answer(), Answer::Yes, "it changes no verdict: {document}");
        let found = finding.not_proved().iter().filter_map(|open| match open {
            Open::LooksLike { claimed, name, member } => Some(format!("{claimed}, {name} ({member})")),
            _ => None,
        });
        let found: Vec<String> = found.collect();
        let headline = finding.headline();
        assert_eq!(
            headline.contains("NOT entered by Universitas Merapi (merapi)"),
            !found.is_empty(),
            "{headline}"
        );
        found
    };
    let document = |name: &str| {
        format!(
            r#"{{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"], "credentialSubject": {{"id": "urn:a"}},
            "issuer": {{"id": "https://merapi.example", "name": "{name}"}}}}"#
        )
    };
    for name in [
        "Universitas Merap1",
        "Universitas M\u{e9}rapi",
        "Universitas \u{39c}\u{395}R\u{391}\u{3a1}\u{399}",
        "Universitas Merapi",
    ] {
        let expected = format!("{name}, Universitas Merapi (merapi)");
        assert_eq!(said("Universitas Bromo", &document(name)), [expected]);
    }
    assert_eq!(said("Universitas Bromo", &document("Universitas Bromo")), [] as [String; 0]);
    assert_eq!(said("Universitas Bromo", &document("Kampus Bromo")), [] as [String; 0]);
    // A member that is called so itself, whatever its documents say.
    let expected = ["Universitas Merap1, Universitas Merapi (merapi)"];
    assert_eq!(said("Universitas Merap1", &document("Universitas Merap1")), expected);
    assert_eq!(said("Universitas Merap1", r#"{"issuer": "https://merapi.example"}"#), expected);
}

/// The ledger proves that it is later than a clock says that is behind, or was set back.
#[test]
fn a_clock_that_is_behind_brings_nothing_back_into_force() {
    let document = br#"{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],
        "issuer": "https://merapi.example", "validUntil": "1971-01-01T00:00:00Z", "credentialSubject": {"id": "urn:a"}}"#;
    let mut issued = issue(document);
    for now_ms in [issued.now_ms, 0] {
        issued.now_ms = now_ms;
        let finding = serde_json::to_value(issued.check(document)).unwrap();
        assert_eq!(finding["credential"]["validity"]["expired"], true, "{finding}");
    }
}

#[test]
fn a_document_that_names_nobody_is_said_to_name_nobody() {
    let finding = issue(br#"{"name": "Siti"}"#).check(br#"{"name": "Siti"}"#);
    assert_eq!(finding.answer(), Answer::Yes);
    assert!(finding.not_proved().iter().any(|open| matches!(open, Open::IssuerNotNamed(_))));
    let finding = issue(b"%PDF-1.7").check(b"%PDF-1.7");
    assert_eq!(finding.answer(), Answer::Yes);
    assert!(finding.not_proved().iter().any(|open| matches!(open, Open::IssuerNotSearched(_))));
}

#[test]
fn bytes_that_claim_nothing_are_not_a_receipt() {
    let issued = issue(b"x");
    let verifier = Verifier::new(&issued.trust, issued.now_ms);
    for bytes in [&b""[..], b"{}", b"[]", br#"["sanad-receipt/v1"]"#, b"\xff\xff"] {
        assert!(matches!(verifier.receipt("x", bytes, Some(b"x")), Err(NotAReceipt::Bytes(_))));
    }
    let receipt = issued.receipt.to_json();
    assert!(matches!(verifier.receipt("x", receipt.as_bytes(), None), Err(NotAReceipt::DocumentNeeded)));
    // One that claims to be a receipt and is cut off was tampered with.
    let cut = receipt.replace("\"secret\"", "\"sekret\"");
    let finding = verifier.receipt("x", cut.as_bytes(), Some(b"x")).unwrap();
    assert_eq!((finding.verdict(), finding.answer()), (Verdict::Tampered, Answer::No));
}
