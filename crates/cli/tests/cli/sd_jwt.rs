//! SD-JWTs: one receipt for every selection of disclosures.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::documents::genesis_naming;
use crate::memory_ledger::MemoryLedger;
use crate::node::Node;
use crate::program::sanad;

/// An issuer-signed part, and three disclosures of it. The signature is a stand-in: the ledger vouches for the text.
fn credential() -> (String, [String; 3]) {
    let disclosures = [
        json!(["c2FsdC0x", "given_name", "Arkanendra"]),
        json!(["c2FsdC0y", "credits", 20]),
        json!(["c2FsdC0z", "birthdate", "2004-05-06"]),
    ]
    .map(|disclosure| BASE64.encode(disclosure.to_string()));
    let digests: Vec<String> =
        disclosures.iter().map(|text| BASE64.encode(Sha256::digest(text.as_bytes()))).collect();
    let header = json!({"alg": "EdDSA", "typ": "dc+sd-jwt"});
    let payload = json!({
        "iss": "https://issuer.example",
        "vct": "https://issuer.example/award",
        "exp": 4_102_444_800_u64,
        "cnf": {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode([7; 32])}},
        "_sd": digests,
        "_sd_alg": "sha-256",
    });
    let signed = format!(
        "{}.{}.{}",
        BASE64.encode(header.to_string()),
        BASE64.encode(payload.to_string()),
        BASE64.encode([1; 64])
    );
    (signed, disclosures)
}

#[test]
fn a_presentation_with_fewer_disclosures_fits_the_same_receipt() {
    let (signed, [name, credits, born]) = credential();
    let whole = format!("{signed}~{name}~{credits}~{born}~");
    let node = Node::over(MemoryLedger::of(genesis_naming(&whole)));
    let folder = node.folder(&[]);
    let at = folder.path();
    fs::write(at.join("award.sd-jwt"), &whole).unwrap();
    let issue = "issue award.sd-jwt --issuer-dir issuer --genesis genesis.json --json";
    let issued = node.sanad(at, issue).expect(0).json();
    assert_eq!(issued["issued"].as_array().unwrap().len(), 1);
    let verify = |text: &str, code: i32| -> Value {
        fs::write(at.join("shown"), text).unwrap();
        let arguments = "verify shown --receipt award.sd-jwt.receipt.json --genesis genesis.json --json";
        sanad(at, arguments).expect(code).json()["findings"][0].clone()
    };
    for presentation in [&whole, &format!("{signed}~{credits}~"), &format!("{signed}~\n")] {
        let found = verify(presentation, 0);
        assert_eq!(found["verdict"], "active");
        assert!(found["checks"].to_string().contains("issuer-id"), "{found}");
        assert!(found["not_proved"].to_string().contains("holder not checked"), "{found}");
    }
    // What its holder shows is told, as the issuer's words; what is withheld is not there, nor is anything of a changed one.
    let shown = verify(&format!("{signed}~{name}~{credits}~"), 0)["claims"].clone();
    assert_eq!(
        shown["disclosed"],
        json!([{"claim": "/credits", "value": 20}, {"claim": "/given_name", "value": "Arkanendra"}])
    );
    assert_eq!(shown["always"]["vct"], "https://issuer.example/award");
    assert!(!shown.to_string().contains("2004"), "{shown}");
    let arguments = "verify shown --receipt award.sd-jwt.receipt.json --genesis genesis.json";
    let people = sanad(at, arguments).expect(0).stdout;
    assert!(people.contains("shown by the holder, given_name") && people.contains("Arkanendra"), "{people}");
    let richer = BASE64.encode(json!(["c2FsdC0y", "credits", 40]).to_string());
    let refused = [
        // A changed disclosure, one that is there twice, another signature.
        format!("{signed}~{richer}~"),
        format!("{signed}~{credits}~{credits}~"),
        format!("{}A~{credits}~", &signed[..signed.len() - 1]),
    ];
    for presentation in &refused {
        let found = verify(presentation, 1);
        assert_eq!(found["verdict"], "tampered", "{presentation}");
        assert!(found["reason"].as_str().unwrap().starts_with("document: "), "{found}");
        assert!(found["claims"].is_null(), "{found}");
    }
    // In the JSON serialisation, too; there nothing may stand beside it that the commitment does not bind, though people read it.
    let parts: Vec<&str> = signed.split('.').collect();
    let sound = json!({
        "payload": parts[1],
        "protected": parts[0],
        "signature": parts[2],
        "header": {"disclosures": [credits]},
    });
    assert_eq!(verify(&sound.to_string(), 0)["verdict"], "active");
    for (pointer, member) in [("", "holder"), ("/header", "award")] {
        let mut forged = sound.clone();
        forged.pointer_mut(pointer).unwrap()[member] = json!("Doktor Ilmu Komputer, cum laude");
        let found = verify(&forged.to_string(), 1);
        assert_eq!(found["verdict"], "tampered", "{found}");
        let reason = found["reason"].to_string();
        assert!(
            reason.contains(&format!("the member \\\"{member}\\\", which the issuer did not sign")),
            "{reason}"
        );
    }
    // Issued once, whatever is disclosed of it: the receipt beside it is found.
    let again = node.sanad(at, issue).expect(0).json();
    assert_eq!(again["skipped"].as_array().unwrap().len(), 1);
}

#[test]
fn a_presentation_does_not_say_that_nothing_is_hidden() {
    let (signed, [name, credits, born]) = credential();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("whole.sd-jwt"), format!("{signed}~{name}~{credits}~{born}~")).unwrap();
    let whole = sanad(at, "credential present whole.sd-jwt --json").expect(0).json();
    assert_eq!((&whole["not_in_file"], whole["hidden"].as_array().unwrap().len()), (&json!(0), 3));
    sanad(at, "credential present whole.sd-jwt --show credits --out part.sd-jwt").expect(0);
    let part = sanad(at, "credential present part.sd-jwt --json").expect(0).json();
    assert_eq!((&part["not_in_file"], &part["hidden"]), (&json!(2), &json!(["credits"])));
    let text = sanad(at, "credential present part.sd-jwt").expect(0).stdout;
    assert!(
        text.contains("what 2 digests stand for: claims that were withheld before, or nothing"),
        "{text}"
    );
    // What every presentation shows is not a choice.
    let error = sanad(at, "credential present whole.sd-jwt --show iss,credits --out x.sd-jwt");
    error.expect_error("iss is always shown, so that it cannot be chosen");
    assert!(!at.join("x.sd-jwt").exists());
}
