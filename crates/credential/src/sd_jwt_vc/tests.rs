use sanad_core::summary::Summary;
use sanad_testkit::issuing_key;

use super::*;
use crate::credential::{Circumstances, check};
use crate::finding::Verdict;
use crate::sign::{Cryptosuite, check_unsigned};

const CREATED: &str = "2026-11-20T08:00:00Z";
const NOW_MS: u64 = 1_800_000_000_000;

fn signer() -> Signer {
    Signer::did_key(issuing_key("merapi"), Cryptosuite::default())
}

fn badge() -> Map<String, Value> {
    let identity = |kind: &str, text: &str| json!({"type": "IdentityObject", "identityType": kind, "hashed": false, "identityHash": text});
    let badge = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
        "id": "urn:uuid:7b1d8f6e-0a5c-8b53-8e0d-3d7c1a2b9f10",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": signer().issuer(), "type": ["Profile"], "name": "Universitas Merapi"},
        "validFrom": "2026-11-20T00:00:00+07:00",
        "validUntil": "2030-11-20T00:00:00+07:00",
        "name": "Analisis Data Dasar",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [identity("name", "Siti Nur'aini"), identity("emailAddress", "siti@x.example"),
                identity("identifier", "000123"), identity("ext:birthdate", "2004-05-06")],
            "licenseNumber": "UM/1",
            "creditsEarned": 3.5,
            "achievement": {"id": "https://x.example/add", "type": ["Achievement"], "name": "Analisis Data Dasar",
                "description": "Kursus daring.", "criteria": {"narrative": "Lulus ujian akhir."}},
            "result": [{"type": ["Result"], "value": "A"}],
        },
    });
    let Value::Object(badge) = badge else { panic!("not an object") };
    check_unsigned(&badge, signer().issuer()).unwrap();
    badge
}

fn salts(count: usize) -> Vec<Salt> {
    (0..count).map(|number| [u8::try_from(number).unwrap(); 16]).collect()
}

fn signed(badge: &Map<String, Value>) -> String {
    let claims = SdJwtClaims::of_badge(badge).unwrap();
    let text = signer().sign_sd_jwt(&claims, CREATED, &salts(claims.digests())).unwrap();
    assert!(claims.are_said_by(&text, &[]));
    String::from_utf8(text).unwrap()
}

fn verdict(text: &str) -> Verdict {
    let circumstances = Circumstances { now_ms: NOW_MS, member: None, rest: None };
    check(text.as_bytes(), &circumstances).unwrap().verdict
}

fn payload(text: &str) -> Value {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(text.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn how_many_claims_are_withheld_is_not_seen() {
    let digests = |badge: &Map<String, Value>| payload(&signed(badge))["_sd"].as_array().unwrap().clone();
    let all = digests(&badge());
    let mut less = badge();
    for member in ["licenseNumber", "creditsEarned", "result"] {
        less["credentialSubject"].as_object_mut().unwrap().remove(member);
    }
    assert_eq!((all.len(), digests(&less).len()), (DIGESTS_MULTIPLE, DIGESTS_MULTIPLE));
    // All of them look alike: sorted, of 32 bytes, none twice.
    let texts: Vec<&str> = all.iter().map(|digest| digest.as_str().unwrap()).collect();
    assert!(texts.is_sorted() && texts.windows(2).all(|pair| pair[0] != pair[1]), "{texts:?}");
    assert!(texts.iter().all(|text| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap().len() == 32));
    let mut more = badge();
    for number in 0..10 {
        more["credentialSubject"][format!("ext{number}")] = json!(number);
    }
    let claims = SdJwtClaims::of_badge(&more).unwrap();
    assert!(claims.own().len() > DIGESTS_MULTIPLE);
    assert_eq!(claims.digests(), 2 * DIGESTS_MULTIPLE);
}

#[test]
fn what_is_the_learners_own_is_withheld_unless_shown() {
    let text = signed(&badge());
    assert_eq!(verdict(&text), Verdict::Good);
    let header: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text.split('.').next().unwrap()).unwrap())
            .unwrap();
    assert_eq!((&header["typ"], &header["alg"]), (&json!("dc+sd-jwt"), &json!("EdDSA")));
    let sd_jwt = SdJwt::parse(text.as_bytes()).unwrap();
    let always = sd_jwt.always_shown().unwrap();
    assert_eq!(
        always,
        ["achievement", "exp", "iat", "iss", "issuer", "nbf", "validFrom", "validUntil", "vct"]
    );
    let payload = payload(&text);
    assert_eq!(
        (payload["nbf"].as_i64(), payload["exp"].as_i64(), payload["iat"].as_i64()),
        (Some(1_795_107_600), Some(1_921_338_000), Some(1_795_161_600))
    );
    for private in ["Siti", "siti@", "000123", "2004", "UM/1", "7b1d8f6e"] {
        assert!(!payload.to_string().contains(private), "{private}");
    }
    let digests: Vec<&str> =
        payload["_sd"].as_array().unwrap().iter().map(|digest| digest.as_str().unwrap()).collect();
    assert!(digests.is_sorted() && digests.len() == DIGESTS_MULTIPLE, "{digests:?}");

    let shown = sd_jwt.select(&["name", "result"]).unwrap();
    assert_eq!(verdict(&shown), Verdict::Good);
    let claims = SdJwt::parse(shown.as_bytes()).unwrap().claims().clone();
    assert_eq!((&claims["name"], &claims["result"][0]["value"]), (&json!("Siti Nur'aini"), &json!("A")));
    for withheld in ["email", "identifier", "birthdate", "licenseNumber", "creditsEarned", "jti"] {
        assert!(claims.get(withheld).is_none() && sd_jwt.claims().get(withheld).is_some(), "{withheld}");
    }
}

#[test]
fn whatever_is_changed_or_forged_is_refused() {
    let text = signed(&badge());
    let (jwt, disclosures) = text.split_once('~').unwrap();
    let first = disclosures.split('~').next().unwrap();
    let mut elements: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(first).unwrap()).unwrap();
    elements[2] = json!("changed");
    let changed = BASE64_URL_SAFE_NO_PAD.encode(elements.to_string());
    let forged = BASE64_URL_SAFE_NO_PAD.encode(json!(["c2FsdA", "result", "A+"]).to_string());
    let is_good = |text: &str| {
        let circumstances = Circumstances { now_ms: NOW_MS, member: None, rest: None };
        check(text.as_bytes(), &circumstances).is_some_and(|finding| finding.verdict == Verdict::Good)
    };
    assert!(is_good(&text) && is_good(&format!("{jwt}~")));
    for bad in [text.replace(first, &changed), format!("{text}{forged}~"), format!("{jwt}~{first}~{first}~")]
    {
        assert!(!is_good(&bad), "{bad}");
    }
    let mut payload = payload(&text);
    payload["exp"] = json!(1_990_000_000);
    let mut parts: Vec<String> = jwt.split('.').map(str::to_owned).collect();
    parts[1] = BASE64_URL_SAFE_NO_PAD.encode(payload.to_string());
    assert_eq!(verdict(&format!("{}~{disclosures}", parts.join("."))), Verdict::Bad);
}

#[test]
fn an_sd_jwt_has_the_summary_of_its_badge() {
    let badge = badge();
    let summary = Summary::of_json(&badge.clone().into()).unwrap();
    let text = signed(&badge);
    assert_eq!(Summary::of_json(&badge_of_sd_jwt(text.as_bytes()).unwrap()), Some(summary));
    let without = SdJwt::parse(text.as_bytes()).unwrap().select(&["result"]).unwrap();
    let shown = badge_of_sd_jwt(without.as_bytes()).unwrap();
    assert_eq!(shown["credentialSubject"].get("name"), None);
    for other in ["{}", "x", &text[..text.len() - 1]] {
        assert_eq!(badge_of_sd_jwt(other.as_bytes()), None);
    }
}

/// Whoever could leave its place in status lists out would hide that it was revoked.
#[test]
fn a_place_in_status_lists_is_always_shown() {
    let mut badge = badge();
    let entry = json!([{
        "id": "https://x.example/status/revocation-0.json#5", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
        "statusListIndex": "5", "statusListCredential": "https://x.example/status/revocation-0.json",
    }]);
    badge.insert("credentialStatus".to_owned(), entry.clone());
    let text = signed(&badge);
    assert_eq!(payload(&text)["credentialStatus"], entry);
    let least = SdJwt::parse(text.as_bytes()).unwrap().select(&[] as &[&str]).unwrap();
    let entries = crate::status_entries(least.as_bytes());
    assert_eq!(entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [5]);
    assert_eq!(badge_of_sd_jwt(least.as_bytes()).unwrap()["credentialStatus"], entry);
    // What was signed before it had one is the same credential.
    badge.remove("credentialStatus");
    let claims = SdJwtClaims::of_badge(&badge).unwrap();
    assert!(
        claims.are_said_by(text.as_bytes(), &["credentialStatus"])
            && !claims.are_said_by(text.as_bytes(), &[])
    );
}

#[test]
fn a_holder_whose_id_is_a_key_is_bound_to_it() {
    let x = BASE64_URL_SAFE_NO_PAD.encode(issuing_key("siti").public().0);
    let p256 = "did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP";
    for (id, expected) in [
        (
            crate::did_key(&issuing_key("siti").public()),
            Some(json!({"kty": "OKP", "crv": "Ed25519", "x": x})),
        ),
        (p256.to_owned(), key::of_method(p256).unwrap().jwk_of_p256()),
        ("mailto:siti@x.example".to_owned(), None),
    ] {
        let mut badge = badge();
        badge["credentialSubject"]["id"] = json!(id);
        let text = signed(&badge);
        let sd_jwt = SdJwt::parse(text.as_bytes()).unwrap();
        assert_eq!(sd_jwt.claims()["sub"], id);
        assert_eq!(payload(&text)["cnf"].get("jwk"), expected.as_ref(), "{id}");
        assert_eq!(payload(&text).get("sub"), None);
        if let Some(jwk) = expected {
            assert_eq!(key::of_jwk(&jwk), key::of_method(&id));
        }
    }
}

#[test]
fn what_makes_no_claims_is_refused() {
    let refused = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut badge = badge();
        change(&mut badge);
        SdJwtClaims::of_badge(&badge).unwrap_err()
    };
    let identity = |kind: &str| json!([{"identityType": kind, "hashed": false, "identityHash": "x"}]);
    assert_eq!(refused(&|badge| drop(badge.remove("issuer"))), SdJwtClaimsError::NotABadge);
    assert_eq!(refused(&|badge| badge["credentialSubject"] = json!([])), SdJwtClaimsError::NotABadge);
    assert_eq!(
        refused(&|badge| badge["validUntil"] = json!("soon")),
        SdJwtClaimsError::Date { field: "validUntil" }
    );
    for name in ["iss", "cnf", "_sd", "achievement", "credentialStatus"] {
        let kind = format!("ext:{name}");
        let error = refused(&|badge| badge["credentialSubject"]["identifier"] = identity(&kind));
        assert_eq!(error, SdJwtClaimsError::Reserved { name: name.to_owned() });
    }
    let error = refused(&|badge| badge["credentialSubject"]["identifier"] = identity("ext:result"));
    assert_eq!(error, SdJwtClaimsError::Twice { name: "result".to_owned() });

    let mut badge = badge();
    let hashed = json!({"identityType": "emailAddress", "hashed": true, "identityHash": "sha256$x"});
    badge["credentialSubject"]["identifier"] = json!([hashed, identity("name")[0], identity("name")[0]]);
    let claims = SdJwtClaims::of_badge(&badge).unwrap().whole();
    assert_eq!(claims["identifiers"].as_array().map(Vec::len), Some(3), "two names, and one that is hashed");
    let claims = SdJwtClaims::of_badge(&badge).unwrap();
    assert!(matches!(
        signer().sign_sd_jwt(&claims, CREATED, &salts(1)),
        Err(SignError::Salts { actual: 1, .. })
    ));
    badge["issuer"] = json!("did:web:x.example");
    let claims = SdJwtClaims::of_badge(&badge).unwrap();
    let salts = salts(claims.digests());
    assert!(matches!(signer().sign_sd_jwt(&claims, CREATED, &salts), Err(SignError::Issuer { .. })));
}
