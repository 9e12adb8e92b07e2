//! Credentials signed here, and every way in which they can be broken.

use sanad_core::member::{MemberState, Role};
use sanad_core::signature::SecretKey;
use sanad_testkit::issuing_key;
use serde_json::json;

use super::*;
use crate::credential;
use crate::finding::{Check, Finding, Holder, Part, Verdict};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

fn secret() -> SecretKey {
    issuing_key("ui.ac.id")
}

fn multikey() -> String {
    PublicKey::Ed25519(secret().public()).name()
}

fn unsigned() -> Value {
    json!({
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": "urn:uuid:7b1d8f6e-0a5c-4b53-8e0d-3d7c1a2b9f10",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": format!("did:key:{}", multikey()), "type": ["Profile"], "name": "Universitas Uji"},
        "validFrom": "2025-01-01T00:00:00+07:00",
        "validUntil": "2030-01-01T00:00:00+07:00",
        "name": "Ijazah",
        "credentialSubject": {
            "id": "urn:uuid:2f1b1c1e-0000-4000-8000-000000000001",
            "type": ["AchievementSubject"],
            "creditsEarned": 3.5,
            "achievement": {
                "id": "urn:uuid:2f1b1c1e-0000-4000-8000-000000000002",
                "type": ["Achievement"],
                "name": "Aljabar linear",
                "description": "Ruang vektor",
                "criteria": {"narrative": "Lulus ujian"},
            },
        },
    })
}

fn options(suite: &str) -> Value {
    json!({
        "type": "DataIntegrityProof",
        "cryptosuite": suite,
        "created": "2025-06-01T00:00:00Z",
        "verificationMethod": format!("did:key:{0}#{0}", multikey()),
        "proofPurpose": "assertionMethod",
    })
}

/// A proof over a document with these options.
fn proof(document: &Value, options: &Value) -> Value {
    let members = document.as_object().unwrap().clone();
    let unsecured = Unsecured::new(members);
    let options = options.as_object().unwrap().clone();
    let transformation = match options.get("cryptosuite").and_then(Value::as_str) {
        Some("eddsa-jcs-2022") => Transformation::Json,
        _ => Transformation::Rdf,
    };
    let (message, _) = unsecured.message(transformation, options.clone(), "").unwrap();
    let mut proof = Value::Object(options);
    proof["proofValue"] = json!(format!("z{}", bs58::encode(secret().sign(&message).0).into_string()));
    proof
}

fn signed(options: &Value) -> Value {
    let mut document = unsigned();
    document["proof"] = proof(&document, options);
    document
}

fn find(document: &Value) -> Finding {
    find_for(document, None)
}

fn find_for(document: &Value, member: Option<&MemberState>) -> Finding {
    let (record, rest) = (member.map(MemberState::record), member.map(MemberState::rest));
    find_with(document, &Circumstances { now_ms: NOW_MS, member: record, rest })
}

fn find_with(document: &Value, circumstances: &Circumstances<'_>) -> Finding {
    credential::check(document.to_string().as_bytes(), circumstances).unwrap()
}

const SUITES: [&str; 2] = ["eddsa-rdfc-2022", "eddsa-jcs-2022"];

#[test]
fn good_ones() {
    for suite in SUITES {
        let finding = find(&signed(&options(suite)));
        assert_eq!(finding.verdict, Verdict::Good, "{finding:#?}");
        assert_eq!(finding.proofs[0].key.as_ref().unwrap().holder, Holder::Issuer);
    }
    let mut legacy = options("");
    legacy["type"] = json!("Ed25519Signature2020");
    legacy.as_object_mut().unwrap().remove("cryptosuite");
    let mut document = unsigned();
    document["@context"]
        .as_array_mut()
        .unwrap()
        .push(json!("https://w3id.org/security/suites/ed25519-2020/v1"));
    document["proof"] = proof(&document, &legacy);
    let finding = find(&document);
    assert_eq!(finding.verdict, Verdict::Good, "{finding:#?}");
    assert_eq!(finding.proofs[0].method, "Ed25519Signature2020");
}

/// Every text of a document but its contexts, as a path of keys and indexes.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| texts(value, &format!("{at}/{key}"), found))
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(n, value)| texts(value, &format!("{at}/{n}"), found));
        }
        Value::String(_) if !at.contains("@context") => found.push(at.to_owned()),
        _ => {}
    }
}

#[test]
fn no_text_of_a_signed_credential_can_be_changed() {
    for suite in SUITES {
        let document = signed(&options(suite));
        let mut places = Vec::new();
        texts(&document, "", &mut places);
        assert!(places.len() > 20);
        for place in places {
            for change in
                [|text: &str| format!("{text}0"), |text: &str| text.replacen(['a', 'e', '0', '6'], "9", 1)]
            {
                let mut changed = document.clone();
                let text = changed.pointer_mut(&place).unwrap();
                let before = text.clone();
                *text = json!(change(before.as_str().unwrap()));
                if *text == before {
                    continue;
                }
                // Without its type or purpose it is another kind of proof, or none of a credential.
                let finding = find(&changed);
                let signature = finding.proofs[0].signature;
                let kind = ["/proof/type", "/proof/cryptosuite", "/proof/verificationMethod"]
                    .contains(&place.as_str());
                assert!(
                    signature == Signature::Bad || (kind && signature == Signature::NotChecked),
                    "{suite} {place}"
                );
                assert_ne!(finding.verdict, Verdict::Good, "{suite} {place}");
            }
        }
    }
}

#[test]
fn what_is_added_without_a_meaning_is_not_covered() {
    let mut document = signed(&options("eddsa-rdfc-2022"));
    document["credentialSubject"]["gpa"] = json!("4.0");
    let finding = find(&document);
    assert_eq!((finding.verdict, finding.proofs[0].signature), (Verdict::NotCovered, Signature::Good));
    assert_eq!(finding.proofs[0].uncovered, ["/credentialSubject/gpa has a name that no context defines"]);
    let mut document = signed(&options("eddsa-jcs-2022"));
    document["credentialSubject"]["gpa"] = json!("4.0");
    assert_eq!(find(&document).verdict, Verdict::Bad);
}

#[test]
fn whose_key_it_is() {
    let member = |name, ids: &[&str]| {
        let mut member = sanad_testkit::member(name, Role::Issuer);
        member.issuer_ids = ids.iter().map(|id| id.parse().unwrap()).collect();
        MemberState::genesis(&member)
    };
    let (ours, theirs) = (member("ui.ac.id", &["https://ui.ac.id/badges"]), member("itb.ac.id", &[]));
    let found = |finding: Finding| (finding.verdict, finding.proofs[0].key.clone().map(|key| key.holder));
    let of_member = Holder::Member { id: ours.record().id.clone(), name: ours.record().name.clone() };
    for suite in SUITES {
        // The issuer is its key: known by itself, and as the member whose key it is.
        let document = signed(&options(suite));
        assert_eq!(found(find(&document)), (Verdict::Good, Some(Holder::Issuer)));
        assert_eq!(found(find_for(&document, Some(&ours))), (Verdict::Good, Some(of_member.clone())));
        assert_eq!(found(find_for(&document, Some(&theirs))), (Verdict::KeyUnproven, Some(Holder::Unproven)));
        // A record shows no keys by itself, and only by the rest that it names.
        for (record, rest) in [(&ours, None), (&ours, Some(theirs.rest())), (&theirs, Some(ours.rest()))] {
            let circumstances = Circumstances { now_ms: NOW_MS, member: Some(record.record()), rest };
            assert_eq!(found(find_with(&document, &circumstances)).0, Verdict::KeyUnproven);
        }
        // Somebody's key at an address: good for the member that has the key and the id, for nobody else.
        for address in ["https://ui.ac.id/badges", "https://ui.ac.id/other", "did:web:ui.ac.id"] {
            for method in [
                format!("{address}#{}", multikey()),
                format!("{address}#1"),
                options(suite)["verificationMethod"].as_str().unwrap().to_owned(),
            ] {
                let mut document = unsigned();
                document["issuer"]["id"] = json!(address);
                let mut options = options(suite);
                options["verificationMethod"] = json!(method);
                document["proof"] = proof(&document, &options);
                let alone = find(&document).verdict;
                assert!(matches!(alone, Verdict::KeyUnproven | Verdict::NotChecked), "{method}: {alone:?}");
                let expected = match address {
                    "https://ui.ac.id/badges" => (Verdict::Good, Some(of_member.clone())),
                    _ => (Verdict::KeyUnproven, Some(Holder::Unproven)),
                };
                assert_eq!(found(find_for(&document, Some(&ours))), expected, "{method}");
                assert_eq!(find_for(&document, Some(&theirs)).verdict, alone, "{method}");
            }
        }
    }
    // The member's key, as a site names it that is not the issuer's.
    let mut document = unsigned();
    document["issuer"]["id"] = json!("https://ui.ac.id/badges");
    let mut elsewhere = options("eddsa-jcs-2022");
    elsewhere["verificationMethod"] = json!(format!("did:web:example.org#{}", multikey()));
    document["proof"] = proof(&document, &elsewhere);
    let unproven = (Verdict::KeyUnproven, Some(Holder::Unproven));
    assert_eq!(found(find_for(&document, Some(&ours))), unproven);
    // An address of somebody else in the name of an issuer that is a key.
    let mut options = options("eddsa-jcs-2022");
    options["verificationMethod"] = json!(format!("did:web:example.org#{}", multikey()));
    assert_eq!(found(find(&signed(&options))), (Verdict::KeyUnproven, Some(Holder::Unproven)));
}

#[test]
fn options_that_do_not_hold() {
    type Case = (&'static str, Value, Signature, &'static str);
    let cases: [Case; 13] = [
        ("proofPurpose", json!("authentication"), Signature::Bad, "proofPurpose"),
        ("created", json!("yesterday"), Signature::Bad, "created"),
        ("created", json!(5), Signature::Bad, "created"),
        ("expires", json!("2025-12-31T23:57:59Z"), Signature::Bad, "expired at 2025-12-31T23:57:59Z"),
        ("expires", json!("2025-12-31T23:58:00Z"), Signature::Good, ""),
        ("previousProof", json!("urn:uuid:1"), Signature::NotChecked, "previousProof"),
        ("cryptosuite", json!("bbs-2023"), Signature::NotChecked, "bbs-2023"),
        ("cryptosuite", json!("ecdsa-rdfc-2019"), Signature::Bad, "not one of P-256"),
        ("cryptosuite", Value::Null, Signature::Bad, "cryptosuite"),
        ("type", json!("RsaSignature2018"), Signature::NotChecked, "RsaSignature2018"),
        ("verificationMethod", json!(["x"]), Signature::Bad, "verificationMethod"),
        ("verificationMethod", json!("did:key:z6Mk"), Signature::Bad, "malformed"),
        (
            "verificationMethod",
            json!("did:web:example.org#1"),
            Signature::NotChecked,
            "did:web:example.org#1",
        ),
    ];
    for suite in SUITES {
        for (field, value, expected, reason) in &cases {
            let mut options = options(suite);
            options[*field] = value.clone();
            let found = find(&signed(&options)).proofs.remove(0);
            assert_eq!(found.signature, *expected, "{suite} {field} {value} {:?}", found.reason);
            assert!(found.reason.unwrap_or_default().contains(reason), "{suite} {field}");
        }
        let good = signed(&options(suite));
        let value = good["proof"]["proofValue"].as_str().unwrap().to_owned();
        for bad in
            [json!(value[1..]), json!(format!("m{value}")), json!(value.repeat(3)), json!("z"), Value::Null]
        {
            let mut document = good.clone();
            document["proof"]["proofValue"] = bad;
            let found = find(&document).proofs.remove(0);
            assert!(found.signature == Signature::Bad && found.reason.unwrap().contains("proofValue"));
        }
    }
}

#[test]
fn each_proof_stands_for_itself() {
    let document = unsigned();
    let proofs: Vec<Value> = SUITES.iter().map(|suite| proof(&document, &options(suite))).collect();
    let mut document = document;
    document["proof"] = json!([proofs[0], {"type": "SomeProofType"}, proofs[1], "no proof"]);
    let finding = find(&document);
    let signatures: Vec<Signature> = finding.proofs.iter().map(|proof| proof.signature).collect();
    assert_eq!(signatures, [Signature::Good, Signature::NotChecked, Signature::Good, Signature::Bad]);
    assert_eq!(finding.verdict, Verdict::Bad);
    document["proof"] = json!(vec![json!({"type": "SomeProofType"}); 100]);
    assert_eq!(find(&document).proofs.len(), PROOFS_MAX + 1);
}

#[test]
fn contexts_of_a_json_proof_come_first() {
    let mut with_contexts = options("eddsa-jcs-2022");
    with_contexts["@context"] = unsigned()["@context"].clone();
    let mut document = signed(&with_contexts);
    assert_eq!(find(&document).verdict, Verdict::Good);
    document["@context"].as_array_mut().unwrap().push(json!({"another": "urn:x:other"}));
    let finding = find(&document);
    assert_eq!(
        (finding.verdict, finding.proofs[0].uncovered.as_slice()),
        (Verdict::NotCovered, &["/@context/2 is not among the contexts of the proof".to_owned()][..])
    );
    document["@context"].as_array_mut().unwrap().rotate_left(1);
    let found = find(&document).proofs.remove(0);
    assert_eq!(found.reason.unwrap(), ProofFault::ContextPrefix.to_string());
}

#[test]
fn contexts_that_are_not_known_or_not_certain() {
    let mut document = signed(&options("eddsa-rdfc-2022"));
    document["@context"].as_array_mut().unwrap().push(json!("https://example.org/mine"));
    let found = find(&document).proofs.remove(0);
    assert_eq!(found.signature, Signature::NotChecked);
    assert!(found.reason.unwrap().contains("https://example.org/mine"));
    let mut document = signed(&options("eddsa-rdfc-2022"));
    document["@context"][1] = json!(contexts::OPEN_BADGES_UNVERSIONED);
    let found = find(&document).proofs.remove(0);
    assert_eq!(found.signature, Signature::NotChecked);
    assert!(found.reason.unwrap().contains("has had several"));
}

#[test]
fn dates_and_signature_are_separate() {
    let mut document = unsigned();
    document["validUntil"] = json!("2025-12-31T23:57:59Z");
    document["proof"] = proof(&document, &options("eddsa-rdfc-2022"));
    let finding = find(&document);
    assert_eq!((finding.verdict, finding.proofs[0].signature), (Verdict::Expired, Signature::Good));
    let mut document = unsigned();
    document["validFrom"] = json!("2027-01-01T00:00:00Z");
    assert_eq!(find(&document).verdict, Verdict::NotYetValid);
    document["validFrom"] = json!("2025-01-01T00:00:00Z");
    assert_eq!(find(&document).verdict, Verdict::Unsigned);
}

#[test]
fn what_is_no_credential_is_not_judged() {
    let circumstances = Circumstances { now_ms: NOW_MS, member: None, rest: None };
    for document in ["{}", "{\"type\":\"Person\"}", "{\"type\":[5,null],\"@context\":7}", "{", "", "%PDF-1.7"]
    {
        assert_eq!(credential::check(document.as_bytes(), &circumstances), None, "{document}");
    }
    let twice = br#"{"type":"VerifiableCredential","type":"x"}"#;
    assert_eq!(credential::check(twice, &circumstances).unwrap().verdict, Verdict::NotChecked);
    let odd = json!({"type": "VerifiableCredential", "proof": 5, "issuer": 5, "credentialSubject": [], "@context": {}});
    assert_eq!(find(&odd).verdict, Verdict::Bad);
}

/// The verdict follows from the checks alone, and never from a check that was not made.
#[test]
fn a_missing_check_is_never_good() {
    let finding = find(&signed(&options("eddsa-jcs-2022")));
    assert_eq!(Verdict::of(&finding.checks), Verdict::Good);
    assert_eq!(Verdict::of(&[]), Verdict::NotChecked);
    for part in Part::ALL {
        let others: Vec<Check> = finding.checks.iter().filter(|check| check.part != part).cloned().collect();
        assert_eq!(Verdict::of(&others), Verdict::NotChecked, "{part:?}");
    }
}

/// Data Integrity ECDSA Cryptosuites 1.0, with a key of P-256.
#[test]
fn suites_of_p256() {
    use p256::ecdsa::signature::Signer as _;
    let secret = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let public = PublicKey::P256(secret.verifying_key().into());
    for (suite, transformation) in
        [("ecdsa-rdfc-2019", Transformation::Rdf), ("ecdsa-jcs-2019", Transformation::Json)]
    {
        let mut document = unsigned();
        document["issuer"]["id"] = json!(format!("did:key:{}", public.name()));
        let mut options = options(suite);
        options["verificationMethod"] = json!(format!("did:key:{0}#{0}", public.name()));
        let unsecured = Unsecured::new(document.as_object().unwrap().clone());
        let (message, _) =
            unsecured.message(transformation, options.as_object().unwrap().clone(), "").unwrap();
        let signature: p256::ecdsa::Signature = secret.sign(&message);
        options["proofValue"] = json!(format!("z{}", bs58::encode(signature.to_bytes()).into_string()));
        document["proof"] = options;
        let finding = find(&document);
        assert_eq!(
            (finding.verdict, finding.proofs[0].key.as_ref().map(|key| &key.holder)),
            (Verdict::Good, Some(&Holder::Issuer)),
            "{finding:#?}"
        );
        document["name"] = json!("Other");
        assert_eq!(find(&document).verdict, Verdict::Bad);
    }
}
