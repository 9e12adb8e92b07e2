//! Credentials as JWTs, signed here; the RS256 one was made with the Python package `cryptography`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sanad_core::member::{MemberState, Role};
use sanad_core::signature::SecretKey;
use sanad_credential::{Circumstances, Finding, Holder, SD_JWT_VCT, Signature, Verdict, check};
use sanad_testkit::issuing_key;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

fn secret() -> SecretKey {
    issuing_key("ui.ac.id")
}

fn did() -> String {
    let key = [&[0xed, 0x01][..], &secret().public().0].concat();
    format!("did:key:z{}", bs58::encode(key).into_string())
}

/// Open Badges 3.0: the payload is the credential, with the registered claims beside.
fn payload() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "id": "urn:uuid:1",
        "issuer": {"id": did(), "name": "Universitas Uji"},
        "validFrom": "2025-01-01T00:00:00Z",
        "validUntil": "2030-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:uuid:2"},
        "iss": did(),
        "jti": "urn:uuid:1",
        "sub": "urn:uuid:2",
        "nbf": 1_735_689_600,
        "exp": 1_893_456_000,
    })
}

fn token(header: &Value, payload: &Value) -> String {
    token_by(&secret(), header, payload)
}

fn token_by(secret: &SecretKey, header: &Value, payload: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(payload));
    format!("{signed}.{}", BASE64.encode(secret.sign(signed.as_bytes()).0))
}

fn find_for(token: &str, member: Option<&MemberState>) -> Finding {
    let (member, rest) = (member.map(MemberState::record), member.map(MemberState::rest));
    check(token.as_bytes(), &Circumstances { now_ms: NOW_MS, member, rest }).unwrap()
}

fn find(token: &str) -> Finding {
    find_for(token, None)
}

fn holder(finding: &Finding) -> Option<&Holder> {
    finding.proofs[0].key.as_ref().map(|key| &key.holder)
}

#[test]
fn keys_by_value() {
    let multikey = did().replace("did:key:", "");
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(secret().public().0)});
    for (header, issuer, expected) in [
        (json!({"alg": "EdDSA", "kid": format!("{}#{multikey}", did())}), did(), Holder::Issuer),
        (json!({"alg": "Ed25519", "jwk": jwk}), did(), Holder::Issuer),
        (json!({"alg": "EdDSA"}), did(), Holder::Issuer),
        (json!({"alg": "EdDSA", "kid": "key-1"}), did(), Holder::Issuer),
        (json!({"alg": "EdDSA", "jwk": jwk}), "https://example.org".to_owned(), Holder::Unproven),
        (
            json!({"alg": "EdDSA", "kid": format!("https://example.org#{multikey}")}),
            "x:y".to_owned(),
            Holder::Unproven,
        ),
    ] {
        let mut payload = payload();
        payload["iss"] = json!(issuer);
        payload["issuer"]["id"] = json!(issuer);
        let finding = find(&format!("{}\n", token(&header, &payload)));
        assert_eq!(
            (finding.verdict, holder(&finding)),
            (if expected == Holder::Issuer { Verdict::Good } else { Verdict::KeyUnproven }, Some(&expected)),
            "{header}: {finding:#?}"
        );
    }
}

#[test]
fn the_key_of_the_member() {
    let mut member = sanad_testkit::member("ui.ac.id", Role::Issuer);
    member.issuer_ids = vec!["https://ui.ac.id".parse().unwrap()];
    let member = MemberState::genesis(&member);
    let mut payload = payload();
    payload["iss"] = json!("https://ui.ac.id");
    payload["issuer"]["id"] = json!("https://ui.ac.id");
    let token = token(&json!({"alg": "EdDSA", "kid": "https://ui.ac.id/keys/1"}), &payload);
    let finding = find(&token);
    assert_eq!(finding.verdict, Verdict::NotChecked);
    assert!(finding.proofs[0].reason.as_ref().unwrap().contains("https://ui.ac.id/keys/1"));
    let finding = find_for(&token, Some(&member));
    assert_eq!(finding.verdict, Verdict::Good);
    assert!(matches!(holder(&finding), Some(Holder::Member { id, .. }) if id.as_str() == "ui.ac.id"));
}

#[test]
fn a_claim_for_the_credential() {
    let mut inner = payload();
    for claim in ["iss", "jti", "sub", "nbf", "exp"] {
        inner.as_object_mut().unwrap().remove(claim);
    }
    let finding = find(&token(&json!({"alg": "EdDSA"}), &json!({"vc": inner, "iss": did()})));
    assert_eq!((finding.verdict, finding.issuer), (Verdict::Good, Some(did())));
}

/// VC 1.1, 6.3.1: what the claims say need not be in the credential.
#[test]
fn claims_complete_the_credential() {
    let inner = json!({
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"name": "Siti"},
    });
    let whole = json!({"vc": inner, "iss": did(), "nbf": 1_735_689_600, "exp": 1_893_456_000, "jti": "urn:uuid:1", "sub": "urn:uuid:2"});
    let finding = find(&token(&json!({"alg": "EdDSA"}), &whole));
    assert_eq!((finding.verdict, finding.issuer), (Verdict::Good, Some(did())), "{:#?}", finding.checks);
    let mut partial = whole;
    partial.as_object_mut().unwrap().remove("iss");
    let finding =
        find(&token(&json!({"alg": "EdDSA", "kid": format!("{0}#{1}", did(), &did()[8..])}), &partial));
    assert_eq!((finding.verdict, finding.faults[0].pointer.as_str()), (Verdict::Malformed, "/issuer"));
}

/// ES256 with a key of P-256: as `did:key`, as `did:jwk`, and as anybody's.
#[test]
fn es256() {
    use p256::ecdsa::signature::Signer as _;
    use p256::elliptic_curve::sec1::ToEncodedPoint as _;
    let secret = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let point = secret.verifying_key().as_affine().to_encoded_point(false);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode(point.x().unwrap()), "y": BASE64.encode(point.y().unwrap())});
    let compressed = secret.verifying_key().as_affine().to_encoded_point(true);
    let did_key = format!(
        "did:key:z{}",
        bs58::encode([&[0x80, 0x24][..], compressed.as_bytes()].concat()).into_string()
    );
    let did_jwk = format!("did:jwk:{}", BASE64.encode(jwk.to_string()));
    for (header, issuer, expected) in [
        (json!({"alg": "ES256", "kid": format!("{did_jwk}#0")}), did_jwk.clone(), Verdict::Good),
        (json!({"alg": "ES256", "jwk": jwk}), did_jwk.clone(), Verdict::Good),
        (json!({"alg": "ES256"}), did_key.clone(), Verdict::Good),
        (json!({"alg": "ES256", "jwk": jwk}), "https://example.org".to_owned(), Verdict::KeyUnproven),
        (json!({"alg": "ES256", "kid": format!("{did_jwk}#0")}), did(), Verdict::KeyUnproven),
        (json!({"alg": "EdDSA"}), did_key, Verdict::Bad),
    ] {
        let mut payload = payload();
        payload["iss"] = json!(issuer);
        payload["issuer"]["id"] = json!(issuer);
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(payload.to_string()));
        let signature: p256::ecdsa::Signature = secret.sign(signed.as_bytes());
        let finding = find(&format!("{signed}.{}", BASE64.encode(signature.to_bytes())));
        assert_eq!(finding.verdict, expected, "{header}: {:#?}", finding.checks);
    }
}

/// VC-JOSE-COSE: `exp` ends the signature, whatever the credential says of itself.
#[test]
fn a_signature_can_end_before_the_credential() {
    let mut payload = payload();
    payload["exp"] = json!(1_800_000_000);
    let header = |kind: &str| json!({"alg": "EdDSA", "typ": kind});
    assert_eq!(find(&token(&header("vc+jwt"), &payload)).verdict, Verdict::Good);
    assert_eq!(find(&token(&header("JWT"), &payload)).verdict, Verdict::Inconsistent);
    payload["exp"] = json!(1_750_000_000);
    assert_eq!(find(&token(&header("vc+jwt"), &payload)).verdict, Verdict::Expired);
}

#[test]
fn texts_that_are_not_read_say_so() {
    let good = token(&json!({"alg": "EdDSA"}), &payload());
    let json = payload().to_string();
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(json.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let documents = [
        (format!("\u{feff}{json}").into_bytes(), "byte order mark"),
        (utf16, "UTF-16"),
        (format!("\"{good}\"").into_bytes(), "quotation marks"),
        (format!("\u{a0}{json}").into_bytes(), "characters around"),
        (format!("{json} x").into_bytes(), "not JSON that every reader"),
        (format!("[{json}]").into_bytes(), "a list"),
        (json!({"credential": payload()}).to_string().into_bytes(), "only mentions"),
        (
            json!({"payload": BASE64.encode(&json), "signatures": []}).to_string().into_bytes(),
            "serialisation",
        ),
        (b"eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d".to_vec(), "encrypted"),
    ];
    for (document, why) in documents {
        let finding = check(&document, &Circumstances { now_ms: NOW_MS, member: None, rest: None }).unwrap();
        assert_eq!(finding.verdict, Verdict::NotChecked, "{why}");
        assert!(finding.left_open[0].contains(why), "{why}: {:?}", finding.left_open);
        assert!(finding.left_open[0].ends_with("its own dates and signature were not looked at"));
    }
}

#[test]
fn claims_that_contradict_the_credential() {
    for (claim, value) in [
        ("iss", json!("did:key:z6Mk")),
        ("jti", json!("urn:uuid:3")),
        ("jti", json!(3)),
        ("sub", json!("urn:uuid:3")),
        ("nbf", json!(1_735_689_601)),
        ("exp", json!(1_893_456_001)),
    ] {
        let mut payload = payload();
        payload[claim] = value.clone();
        let finding = find(&token(&json!({"alg": "EdDSA"}), &payload));
        assert_eq!(
            (finding.verdict, finding.proofs[0].signature),
            (Verdict::Inconsistent, Signature::Good),
            "{claim}"
        );
        assert_eq!(finding.mismatches.len(), 1);
        assert_eq!(finding.mismatches[0].claim, claim);
    }
}

#[test]
fn dates_of_the_claims() {
    let mut payload = payload();
    for field in ["validFrom", "validUntil"] {
        payload.as_object_mut().unwrap().remove(field);
    }
    payload["exp"] = json!(1_750_000_000);
    assert_eq!(find(&token(&json!({"alg": "EdDSA"}), &payload)).verdict, Verdict::Expired);
    payload["exp"] = json!(1_893_456_000);
    payload["nbf"] = json!(1_893_000_000.5);
    assert_eq!(find(&token(&json!({"alg": "EdDSA"}), &payload)).verdict, Verdict::NotYetValid);
}

#[test]
fn broken_ones() {
    let good = token(&json!({"alg": "EdDSA"}), &payload());
    let [header, payload_part, signature]: [&str; 3] =
        good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut other = payload();
    other["name"] = json!("x");
    let other = BASE64.encode(other.to_string());
    let none = BASE64.encode("{\"alg\":\"none\"}");
    let cases = [
        (format!("{header}.{other}.{signature}"), "signature is wrong"),
        (format!("{header}.{payload_part}.{}", &signature[1..]), "64 bytes"),
        (format!("{header}.{payload_part}.{signature}="), "64 bytes"),
        (format!("{header}.{payload_part}."), "64 bytes"),
        (format!("{none}.{payload_part}."), "anyone"),
        (token(&json!({"alg": "nOnE"}), &payload()), "anyone"),
        (token(&json!({"alg": 5}), &payload()), "algorithm"),
        (token(&json!({"alg": "EdDSA", "crit": ["b64"], "b64": false}), &payload()), "crit"),
        (token(&json!({"alg": "EdDSA", "kid": "did:key:z6Mkx"}), &payload()), "malformed"),
        (token(&json!({"alg": "ES256"}), &payload()), "P-256"),
        (token(&json!({"alg": "RS256"}), &payload()), "RSA"),
        (
            token(&json!({"alg": "EdDSA", "typ": "vc+jwt"}), &json!({"vc": payload(), "iss": did()})),
            "credential itself",
        ),
        (
            token(&json!({"alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": ""}}), &payload()),
            "JWK",
        ),
        (
            token(&json!({"alg": "RS256", "jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}), &payload()),
            "2048",
        ),
    ];
    for (token, why) in cases {
        let finding = find(&token);
        assert_eq!((finding.verdict, finding.proofs[0].signature), (Verdict::Bad, Signature::Bad), "{why}");
        assert!(finding.proofs[0].reason.as_ref().unwrap().contains(why), "{why}: {finding:#?}");
    }
    for algorithm in ["HS256", "ES512", "PS256"] {
        let unknown = find(&token(&json!({"alg": algorithm}), &payload()));
        assert_eq!(unknown.verdict, Verdict::NotChecked);
        assert!(unknown.proofs[0].reason.as_ref().unwrap().contains(algorithm));
    }
}

#[test]
fn rs256_with_its_key() {
    let good = include_str!("testdata/jwt/rs256.jwt");
    let finding = find(good);
    assert_eq!(
        (finding.verdict, holder(&finding)),
        (Verdict::Malformed, Some(&Holder::Unproven)),
        "{finding:#?}"
    );
    assert_eq!(finding.proofs[0].signature, Signature::Good);
    assert_eq!(finding.faults[0].pointer, "/credentialSubject/achievement");
    let (signed, signature) = good.trim().rsplit_once('.').unwrap();
    let mut bytes = BASE64.decode(signature).unwrap();
    bytes[100] ^= 1;
    let finding = find(&format!("{signed}.{}", BASE64.encode(bytes)));
    assert_eq!((finding.verdict, finding.proofs[0].signature), (Verdict::Bad, Signature::Bad));
}

#[test]
fn what_is_no_jwt_of_a_credential_is_not_judged() {
    let other = token(&json!({"alg": "EdDSA"}), &json!({"sub": "x"}));
    for document in [
        "",
        ".",
        "..",
        "a.b.c",
        "%PDF-1.7.1.2",
        other.as_str(),
        "\u{feff}a.b.c",
        "e30.e30.e30",
        "VerifiableCredential",
    ] {
        assert_eq!(
            check(document.as_bytes(), &Circumstances { now_ms: NOW_MS, member: None, rest: None }),
            None,
            "{document}"
        );
    }
}

/// A MAC, or the key of a stranger, around a credential lends it nothing; nor does the proof within lend it to the JWT.
#[test]
fn a_wrapper_is_not_the_credentials_own_signature() {
    let inner: Value = serde_json::from_str(include_str!("testdata/own/good.json")).unwrap();
    let alone =
        check(inner.to_string().as_bytes(), &Circumstances { now_ms: NOW_MS, member: None, rest: None });
    assert_eq!(alone.unwrap().verdict, Verdict::Good);
    let key = issuing_key("stranger");
    let stranger = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(key.public().0)});
    for (header, expected) in [
        (json!({"alg": "HS256"}), Verdict::NotChecked),
        (json!({"alg": "EdDSA", "jwk": stranger}), Verdict::KeyUnproven),
        (json!({"alg": "EdDSA", "typ": "at+jwt", "jwk": stranger}), Verdict::NotChecked),
    ] {
        for payload in [inner.clone(), json!({"vc": inner})] {
            let finding = find(&token_by(&key, &header, &payload));
            assert_eq!(finding.verdict, expected, "{header}: {finding:#?}");
        }
    }
}

/// An SD-JWT of a payload with one disclosed claim.
fn sd_jwt(header: &Value, mut payload: Value, name: &str, value: &Value) -> String {
    let disclosure = BASE64.encode(json!(["c2FsdA", name, value]).to_string());
    payload["_sd"] = json!([BASE64.encode(Sha256::digest(&disclosure))]);
    format!("{}~{disclosure}~", token(header, &payload))
}

#[test]
fn sd_jwts_count_with_what_they_disclose() {
    let header = json!({"alg": "EdDSA", "typ": "vc+sd-jwt"});
    let whole = sd_jwt(&header, payload(), "name", &json!("Ijazah"));
    let finding = find(&whole);
    assert_eq!((finding.verdict, holder(&finding)), (Verdict::Good, Some(&Holder::Issuer)), "{finding:#?}");
    assert!(finding.left_open.is_empty());
    // A disclosed claim counts like any other.
    let mut dated = payload();
    let until = dated.as_object_mut().unwrap().remove("validUntil").unwrap();
    dated.as_object_mut().unwrap().remove("exp");
    assert_eq!(find(&sd_jwt(&header, dated.clone(), "validUntil", &until)).verdict, Verdict::Good);
    let past = json!("2025-06-01T00:00:00Z");
    let expired = sd_jwt(&header, dated, "validUntil", &past);
    assert_eq!(find(&expired).verdict, Verdict::Expired);
    // Its holder leaves the end out: that it has none, nobody knows.
    let finding = find(&format!("{}~", expired.split_once('~').unwrap().0));
    assert_eq!(finding.verdict, Verdict::NotChecked, "{finding:#?}");
    assert!(finding.validity.end_withholdable);
    assert!(finding.validity.to_string().contains("no end is shown"), "{}", finding.validity);
    // SD-JWT VC: no W3C credential, but a type.
    let short = json!({"vct": "https://example.org/badge", "iss": did()});
    let finding = find(&sd_jwt(&header, short, "name", &json!("Ijazah")));
    assert_eq!((finding.verdict, finding.issuer), (Verdict::Good, Some(did())));
}

#[test]
fn what_an_sd_jwt_withholds() {
    let header = json!({"alg": "EdDSA", "typ": "dc+sd-jwt"});
    let short = || json!({"vct": "https://example.org/badge", "iss": did()});
    let whole = sd_jwt(&header, short(), "name", &json!("Ijazah"));
    assert!(find(&whole).left_open.is_empty());
    let bare = |whole: &str| format!("{}~", whole.split_once('~').unwrap().0);
    let finding = find(&bare(&whole));
    // Its type may have an end of another name than `exp`.
    assert_eq!((finding.verdict, finding.validity.end_withholdable), (Verdict::NotChecked, true));
    assert!(finding.left_open[0].starts_with("some digests have no disclosure"), "{:?}", finding.left_open);
    let mut ends = short();
    ends["exp"] = json!(1_893_456_000);
    let finding = find(&bare(&sd_jwt(&header, ends, "name", &json!("Ijazah"))));
    assert_eq!((finding.verdict, finding.validity.end_withholdable), (Verdict::Good, false));
    // The type that is issued here shows both of its dates or none.
    let mut ours = json!({"vct": SD_JWT_VCT, "iss": did(), "nbf": 1_700_000_000});
    let past = json!("2020-01-01T00:00:00Z");
    let expired = sd_jwt(&header, ours.clone(), "validUntil", &past);
    assert_eq!(find(&expired).verdict, Verdict::Expired);
    let finding = find(&bare(&expired));
    assert_eq!((finding.verdict, finding.validity.end_withholdable), (Verdict::NotChecked, true));
    assert!(finding.validity.to_string().contains("what is withheld may be one"), "{}", finding.validity);
    ours["validFrom"] = json!("2023-11-14T22:13:20Z");
    let finding = find(&bare(&sd_jwt(&header, ours, "name", &json!("Ijazah"))));
    assert_eq!((finding.verdict, finding.validity.end_withholdable), (Verdict::Good, false));
    assert!(finding.validity.to_string().ends_with("with no end"), "{}", finding.validity);
    // VC 1.1 has its dates within a claim, and the claim may be withheld in part, or be disclosed as a whole.
    let untyped = json!({"alg": "EdDSA"});
    let mut inner = json!({
        "@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"], "issuer": did(),
        "issuanceDate": "2023-11-14T22:13:20Z", "credentialSubject": {"id": "did:example:1"},
    });
    let end = BASE64.encode(json!(["c2FsdA", "expirationDate", past]).to_string());
    inner["_sd"] = json!([BASE64.encode(Sha256::digest(&end))]);
    let signed = token(&untyped, &json!({"iss": did(), "vc": inner}));
    assert!(find(&format!("{signed}~{end}~")).validity.expired);
    for withheld in [format!("{signed}~"), sd_jwt(&untyped, json!({"iss": did()}), "vc", &inner)] {
        assert!(find(&withheld).validity.end_withholdable, "{withheld}");
    }
    // An end that the holder could leave out.
    let finding = find(&sd_jwt(&header, short(), "exp", &json!(1_893_456_000)));
    assert_eq!(finding.verdict, Verdict::Bad, "{finding:#?}");
    assert!(finding.proofs[0].reason.as_ref().unwrap().contains("always shows"));
    assert_eq!(find(&sd_jwt(&untyped, short(), "name", &json!("Ijazah"))).verdict, Verdict::NotChecked);
}

#[test]
fn sd_jwts_that_are_bound_say_that_the_holder_is_not_checked() {
    let mut bound = payload();
    bound["cnf"] = json!({"jwk": {}});
    let finding = find(&sd_jwt(&json!({"alg": "EdDSA"}), bound, "name", &json!("Ijazah")));
    assert_eq!(finding.verdict, Verdict::Good);
    assert!(finding.left_open[0].starts_with("holder not checked"), "{:?}", finding.left_open);
}

/// RFC 7519, 5.3.
#[test]
fn a_header_that_names_another_issuer() {
    let repeated = |issuer: String| json!({"alg": "EdDSA", "iss": issuer});
    assert_eq!(find(&token(&repeated(did()), &payload())).verdict, Verdict::Good);
    let other = find(&token(&repeated("did:web:ugm.ac.id".to_owned()), &payload()));
    assert_eq!(other.verdict, Verdict::Bad, "{other:#?}");
}

#[test]
fn sd_jwts_that_are_broken() {
    let header = json!({"alg": "EdDSA"});
    let good = sd_jwt(&header, payload(), "name", &json!("Ijazah"));
    let (signed, rest) = good.split_once('~').unwrap();
    let (content, signature) = signed.rsplit_once('.').unwrap();
    let mut bytes = BASE64.decode(signature).unwrap();
    bytes[9] ^= 1;
    let finding = find(&format!("{content}.{}~{rest}", BASE64.encode(bytes)));
    assert_eq!((finding.verdict, finding.proofs[0].signature), (Verdict::Bad, Signature::Bad));
    // A disclosure that nothing refers to, and another type of payload.
    let other = BASE64.encode(json!(["c2FsdA", "gpa", "4.0"]).to_string());
    for document in [format!("{good}{other}~"), format!("{signed}~{other}~")] {
        let finding = find(&document);
        assert_eq!((finding.verdict, finding.proofs.len()), (Verdict::NotChecked, 0), "{document}");
        assert!(finding.checks[0].detail.contains("not a valid SD-JWT"), "{finding:?}");
    }
    let plain = sd_jwt(&header, json!({"sub": "x"}), "name", &json!("Ijazah"));
    let circumstances = Circumstances { now_ms: NOW_MS, member: None, rest: None };
    let finding = check(plain.as_bytes(), &circumstances).unwrap();
    assert_eq!((finding.verdict, finding.proofs.len()), (Verdict::NotChecked, 0));
    assert!(finding.checks[0].detail.contains("without a vct"), "{finding:?}");
    let number = sd_jwt(&header, json!({"vct": 7}), "name", &json!("Ijazah"));
    assert_eq!(check(number.as_bytes(), &circumstances).unwrap().checks, finding.checks);
}
