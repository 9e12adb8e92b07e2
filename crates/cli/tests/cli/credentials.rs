//! A credential's own signature and dates: beside the ledger's findings, and alone.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sanad_core::proof::Finality;
use sanad_testkit::issuing_key;
use serde_json::{Value, json};

use crate::documents::Issued;
use crate::memory_ledger::ISSUER;
use crate::program::{Run, sanad};

/// An example of the W3C, signed by a key that nothing ties to its issuer.
const SIGNED: &str = include_str!("../../../credential/tests/testdata/w3c/eddsa-jcs-2022.json");

/// A JWT signed with the issuing key of the member, which its `kid` does not give by value.
fn jwt(valid_until: &str) -> String {
    jwt_of("https://issuer.example", valid_until)
}

fn jwt_of(issuer: &str, valid_until: &str) -> String {
    jwt_by("https://issuer.example/keys/1", issuer, valid_until)
}

fn jwt_by(kid: &str, issuer: &str, valid_until: &str) -> String {
    let header = json!({"alg": "EdDSA", "kid": kid});
    let payload = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "validUntil": valid_until,
        "credentialSubject": {"id": "urn:uuid:2"},
    });
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(payload.to_string()));
    let signature = issuing_key(ISSUER).sign(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(signature.0))
}

fn verify(issued: &Issued, code: i32) -> (Value, String) {
    let text = sanad(issued.at(), "verify ijazah.json --genesis genesis.json").expect(code).stdout;
    let run = sanad(issued.at(), "verify ijazah.json --genesis genesis.json --json").expect(code);
    (run.json()["findings"][0].clone(), text)
}

#[test]
fn a_good_signature_beside_the_ledgers_verdict() {
    let (finding, text) = verify(&Issued::of(SIGNED), 0);
    assert_eq!(finding["verdict"], "active");
    assert_eq!(finding["credential"]["verdict"], "key-unproven");
    assert_eq!(finding["credential"]["proofs"][0]["key"]["holder"], "unproven");
    assert!(text.starts_with("ijazah.json: active as of "), "{text}");
    // Whose key that is, nothing shows; and nothing hangs on it.
    assert!(
        text.contains("[ok] signature eddsa-jcs-2022: good") && text.contains("need not be known"),
        "{text}"
    );
}

/// A receipt has no keys; what it has is the issuer's own entry of the credential, signature and all.
#[test]
fn whose_key_signed_it_need_not_be_known_where_the_issuer_entered_it() {
    let key = [&[0xed, 0x01][..], &issuing_key(ISSUER).public().0].concat();
    let multikey = format!("z{}", bs58::encode(key).into_string());
    let jwt = jwt_by(
        &format!("https://issuer.example#{multikey}"),
        "https://issuer.example",
        "2999-01-01T00:00:00Z",
    );
    let issued = Issued::of(&jwt);
    let (finding, text) = verify(&issued, 0);
    assert_eq!(finding["credential"]["verdict"], "key-unproven");
    let said = format!(
        "[ok] signature JWT EdDSA: good, by the key {multikey}; whose key that is need not be known: "
    );
    assert!(
        text.contains(&said)
            && text.contains("entered this credential in the ledger with this very signature"),
        "{text}"
    );
    assert!(!text.contains("not shown to be the issuer's"), "{text}");
    let indonesian =
        sanad(issued.at(), "--lang id verify ijazah.json --genesis genesis.json").expect(0).stdout;
    assert!(
        indonesian.contains("[ya] tanda tangan JWT EdDSA: benar")
            && indonesian.contains("tidak perlu diketahui"),
        "{indonesian}"
    );
}

#[test]
fn a_receipt_does_not_hold_the_members_keys() {
    let (finding, text) = verify(&Issued::of(&jwt("2999-01-01T00:00:00Z")), 0);
    assert_eq!(finding["credential"]["verdict"], "not-checked");
    assert!(text.contains("[--] signature"), "{text}");
}

#[test]
fn what_speaks_against_the_credential_has_its_own_words() {
    // Broken before it was issued: the ledger proves that very document.
    let broken = SIGNED.replace("The School of Examples", "Another School");
    for (document, word, shown) in [
        (broken, "bad", "; not asked since; as a credential: signature wrong\n"),
        (jwt("2020-01-01T00:00:00Z"), "expired", "; not asked since; as a credential: expired\n"),
    ] {
        let issued = Issued::of(&document);
        let (finding, text) = verify(&issued, 1);
        assert_eq!(
            (&finding["verdict"], &finding["decision"], &finding["credential"]["verdict"]),
            (&json!("active"), &json!("no"), &json!(word))
        );
        assert!(finding["checks"].as_array().unwrap().iter().all(|check| check["holds"] == true));
        assert!(text.split_inclusive('\n').next().unwrap().ends_with(shown), "{text}");
        // Among others it is not lost, either: all of them are active.
        let several = "verify ijazah.json ijazah.json --genesis genesis.json";
        let text = sanad(issued.at(), several).expect(1).stdout;
        assert!(text.contains("2 active\n2 of them: not to be accepted as they are"), "{text}");
        let json = sanad(issued.at(), &format!("{several} --json")).expect(1).json();
        assert_eq!((&json["verdict"], &json["decision"]), (&json!("active"), &json!("no")));
    }
}

#[test]
fn a_missing_signature_is_not_held_against_it() {
    let mut document: Value = serde_json::from_str(SIGNED).unwrap();
    document.as_object_mut().unwrap().remove("proof");
    let (finding, text) = verify(&Issued::of(&document.to_string()), 0);
    assert_eq!(finding["credential"]["verdict"], "unsigned");
    assert!(text.contains("[--] signature: none in the document"), "{text}");
    // What is no credential at all is not spoken of.
    assert!(verify(&Issued::new(), 0).0.get("credential").is_none());
}

#[test]
fn a_record_that_is_not_proved_lends_no_key() {
    let issued = Issued::of(&jwt("2999-01-01T00:00:00Z"));
    let mut receipt = issued.receipt.clone();
    let Finality::Certificate { certificate, .. } = &mut receipt.proof.finality else { panic!() };
    certificate.signatures.truncate(1);
    issued.write(&receipt);
    let (finding, _) = verify(&issued, 1);
    assert_eq!(finding["verdict"], "not-proven");
    assert!(finding.get("credential").is_none(), "it was not shown to be the document that was entered");
}

#[test]
fn credentials_alone() {
    let issued = Issued::new();
    let at = issued.at();
    fs::write(issued.path("good.json"), SIGNED).unwrap();
    fs::write(issued.path("bad.json"), SIGNED.replace("Alumni Credential", "Other")).unwrap();
    // The member's key, in the name of an issuer that is that key, and in the name of one that it does not list.
    let key = [&[0xed, 0x01][..], &issuing_key(ISSUER).public().0].concat();
    let did = format!("did:key:z{}", bs58::encode(key).into_string());
    fs::write(issued.path("member.jwt"), jwt_of(&did, "2029-01-01T00:00:00Z")).unwrap();
    fs::write(issued.path("other.jwt"), jwt("2029-01-01T00:00:00Z")).unwrap();
    fs::write(issued.path("mark.json"), format!("\u{feff}{SIGNED}")).unwrap();
    let check = |arguments: &str| sanad(at, &format!("credential check {arguments}"));
    let stranger = "good.json: signature good, but not shown to be the issuer's\n";
    assert!(check("good.json").expect(1).stdout.starts_with(stranger));
    let unread = check("mark.json").expect(1).stdout;
    assert!(
        unread.starts_with("mark.json: not checked\n")
            && unread.contains("[--] starts with a byte order mark"),
        "{unread}"
    );
    let Run { stdout, .. } = check("good.json bad.json").expect(1);
    assert!(stdout.contains("bad.json: signature wrong\n"), "{stdout}");
    let early = check("good.json --at 2022-12-31T23:00:00Z --json").expect(1).json();
    assert_eq!(
        (&early["verdict"], &early["findings"][0]["target"]),
        (&json!("not-yet-valid"), &json!("good.json"))
    );
    assert!(check("member.jwt").expect(0).stdout.starts_with("member.jwt: signature good\n"));
    check("member.jwt --genesis genesis.json --member issuer").expect(0);
    check("member.jwt --genesis genesis.json --member v2").expect(1);
    check("other.jwt").expect(1);
    check("other.jwt --genesis genesis.json --member issuer").expect(1);
    check("member.jwt --genesis genesis.json --member nobody.ac.id").expect_error("names no member");
    check("member.jwt --member issuer").expect_error("--genesis");
    check("good.json --at yesterday").expect_error("yesterday");
    let run = check("good.json ijazah.json --json").expect(2);
    assert!(
        run.stderr.contains("ijazah.json: nothing in this looks like a W3C credential"),
        "{}",
        run.stderr
    );
    assert!(run.json()["verdict"].is_null());
    assert_eq!(run.json()["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn broken_open_badges_are_told_from_sound_ones() {
    let Some(vectors) = std::env::var_os("SANAD_VECTORS") else {
        eprintln!("SANAD_VECTORS is not set: skipped");
        return;
    };
    let folder = Path::new(&vectors).join("openbadges");
    for (file, code, word) in [
        ("simple.json", 1, "signature good, but not shown to be the issuer's"),
        ("complete.json", 1, "signature good, but not shown to be the issuer's"),
        ("simple-err-proof-value.json", 1, "signature wrong"),
        ("simple-err-expired.json", 1, "expired"),
        ("simple-noproof.json", 1, "breaks the rules of its data model"),
        ("simple.jwt", 1, "breaks the rules of its data model"),
    ] {
        let run = sanad(&folder, &format!("credential check {file} --at 2026-01-01T00:00:00Z")).expect(code);
        assert!(run.stdout.starts_with(&format!("{file}: {word}\n")), "{}", run.stdout);
    }
}
