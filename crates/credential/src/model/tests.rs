//! What the authors of the data models call good and bad: the cases of the W3C's and 1EdTech's test suites, written anew.

use serde_json::json;

use super::*;
use crate::contexts::OPEN_BADGES_UNVERSIONED;

const BADGES: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";

fn credential() -> Value {
    json!({
        "@context": [CREDENTIALS_V2],
        "id": "urn:x:1",
        "type": ["VerifiableCredential"],
        "issuer": "https://example.org/issuer",
        "credentialSubject": {"id": "did:example:subject"},
    })
}

fn old() -> Value {
    let mut old = credential();
    old["@context"] = json!([CREDENTIALS_V1]);
    old["issuanceDate"] = json!("2020-01-01T00:00:00Z");
    old
}

fn badge() -> Value {
    json!({
        "@context": [CREDENTIALS_V2, BADGES],
        "id": "urn:x:1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "https://example.org/issuer", "type": ["Profile"]},
        "validFrom": "2020-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:example:subject",
            "type": ["AchievementSubject"],
            "achievement": {"id": "urn:x:2", "type": ["Achievement"], "name": "A", "description": "B",
                "criteria": {"narrative": "C"}},
        },
    })
}

/// Puts a value at a place; `null` takes away what is there.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let (outer, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(outer).unwrap() {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(entries) => entries[name.parse::<usize>().unwrap()] = value,
        other => panic!("{pointer}: {other}"),
    }
}

fn pointers(document: &Value) -> Vec<String> {
    faults(document.as_object().unwrap()).into_iter().map(|fault| fault.pointer).collect()
}

/// Each change, and the place of the fault that it makes; none if it is good.
fn table(base: &Value, cases: &[(&str, Value, &[&str])]) {
    assert_eq!(pointers(base), [""; 0], "{base}");
    for (pointer, value, expected) in cases {
        let mut document = base.clone();
        put(&mut document, pointer, value.clone());
        assert_eq!(pointers(&document), *expected, "{pointer} = {value}");
    }
}

#[test]
fn credentials_2_0() {
    let text = |members: Value| members;
    table(
        &credential(),
        &[
            // 4.3
            ("/@context", json!(null), &["/@context"]),
            ("/@context", json!(CREDENTIALS_V2), &["/@context"]),
            ("/@context", json!([]), &["/@context/0"]),
            (
                "/@context",
                json!(["https://www.w3.org/ns/credentials/examples/v2", CREDENTIALS_V2]),
                &["/@context/0"],
            ),
            ("/@context", json!([CREDENTIALS_V2, "https://www.w3.org/ns/credentials/examples/v2"]), &[]),
            ("/@context", json!([CREDENTIALS_V2, {"a": "urn:x:a"}]), &[]),
            ("/@context", json!([CREDENTIALS_V2, "https ://not-a-url/"]), &["/@context/1"]),
            ("/@context", json!([CREDENTIALS_V2, 123_192_875]), &["/@context/1"]),
            ("/@context", json!([CREDENTIALS_V2, null]), &["/@context/1"]),
            // 4.4
            ("/id", json!(null), &[]),
            ("/id", json!("did:example:credential"), &[]),
            ("/id", json!("not a url"), &["/id"]),
            ("/id", json!("not-a-url"), &["/id"]),
            ("/id", json!(["urn:x:1", "urn:x:2"]), &["/id"]),
            ("/id", json!(5), &["/id"]),
            ("/credentialSubject/id", json!(["urn:x:1", "urn:x:2"]), &["/credentialSubject/id"]),
            ("/credentialSubject/id", json!("relative"), &["/credentialSubject/id"]),
            // 4.5
            ("/type", json!(null), &["/type", "/type"]),
            ("/type", json!("VerifiableCredential"), &[]),
            ("/type", json!([]), &["/type", "/type"]),
            ("/type", json!(["VerifiableCredential", "https://example.org/#Type"]), &[]),
            ("/type", json!(["https://example.org/#Type", "VerifiableCredential"]), &[]),
            ("/type", json!(["VerifiableCredential", "Unmapped"]), &["/type/1"]),
            ("/type", json!(["VerifiableCredential", 5]), &["/type/1"]),
            ("/type", json!(["https://example.org/#Type"]), &["/type"]),
            // 4.7
            ("/issuer", json!(null), &["/issuer"]),
            ("/issuer", json!("not-a-url"), &["/issuer"]),
            ("/issuer", json!({"id": "did:example:issuer", "name": "A"}), &[]),
            ("/issuer", json!({"name": "A"}), &["/issuer/id"]),
            ("/issuer", json!({"id": null}), &["/issuer/id"]),
            ("/issuer", json!({"id": "not-a-url"}), &["/issuer/id"]),
            ("/issuer", json!(["did:example:a", "did:example:b"]), &["/issuer"]),
            ("/issuer", json!({"id": "urn:x:1", "name": {"@value": "A", "url": "b"}}), &["/issuer/name/url"]),
            // 4.8
            ("/credentialSubject", json!(null), &["/credentialSubject"]),
            ("/credentialSubject", json!({}), &["/credentialSubject"]),
            ("/credentialSubject", json!([]), &["/credentialSubject"]),
            ("/credentialSubject", json!("did:example:subject"), &["/credentialSubject"]),
            ("/credentialSubject", json!([{"id": "urn:x:2"}, {"id": "urn:x:3"}]), &[]),
            ("/credentialSubject", json!([{"id": "urn:x:2"}, {}]), &["/credentialSubject/1"]),
            // 4.6 and 11.1
            ("/name", text(json!("A")), &[]),
            ("/name", text(json!({"@value": "A", "@language": "en", "@direction": "ltr"})), &[]),
            (
                "/name",
                text(json!([{"@value": "A", "@language": "en"}, {"@value": "B", "@language": "id"}])),
                &[],
            ),
            ("/name", text(json!({"@value": "A", "extra": "x"})), &["/name/extra"]),
            ("/name", text(json!({"@value": "A", "@language": "not a language"})), &["/name/@language"]),
            ("/name", text(json!({"@value": "A", "@direction": "up"})), &["/name/@direction"]),
            ("/name", text(json!({"@language": "en"})), &["/name/@value"]),
            ("/name", text(json!(5)), &["/name"]),
            ("/description", text(json!(true)), &["/description"]),
            // 4.9
            ("/validFrom", json!("2023-07-01T19:23:24.123Z"), &[]),
            ("/validFrom", json!("2023-07-01T19:23:24-05:00"), &[]),
            ("/validFrom", json!("9999-12-31T24:00:00Z"), &[]),
            ("/validFrom", json!("2023-07-01T19:23:24"), &["/validFrom"]),
            ("/validFrom", json!("2023-07-01"), &["/validFrom"]),
            ("/validFrom", json!("June 17, 2023"), &["/validFrom"]),
            ("/validUntil", json!(["2023-07-01T19:23:24Z"]), &["/validUntil"]),
            // 4.10
            ("/credentialStatus", json!({"type": "https://example.org/#Status"}), &[]),
            ("/credentialStatus", json!({"id": "urn:x:5"}), &["/credentialStatus/type"]),
            (
                "/credentialStatus",
                json!({"id": ["urn:x:5", "urn:x:6"], "type": "urn:x:A"}),
                &["/credentialStatus/id"],
            ),
            ("/credentialStatus", json!({"id": "no url", "type": "urn:x:A"}), &["/credentialStatus/id"]),
            ("/credentialStatus", json!({"id": "urn:x:5", "type": 2}), &["/credentialStatus/type"]),
            (
                "/credentialStatus",
                json!({"type": "BitstringStatusListEntry", "statusPurpose": "revocation",
                "statusListIndex": "94567", "statusListCredential": "https://example.org/s"}),
                &[],
            ),
            (
                "/credentialStatus",
                json!({"type": "BitstringStatusListEntry", "statusListIndex": 5}),
                &[
                    "/credentialStatus/statusPurpose",
                    "/credentialStatus/statusListIndex",
                    "/credentialStatus/statusListCredential",
                ],
            ),
            // 4.11
            ("/credentialSchema", json!([{"id": "urn:x:5", "type": "JsonSchema"}]), &[]),
            ("/credentialSchema", json!({"type": "JsonSchema"}), &["/credentialSchema/id"]),
            ("/credentialSchema", json!({"id": "urn:x:5"}), &["/credentialSchema/type"]),
            (
                "/credentialSchema",
                json!([{"id": "no url", "type": "JsonSchema"}]),
                &["/credentialSchema/0/id"],
            ),
            // 4.12
            ("/proof", json!([{"type": "DataIntegrityProof"}]), &[]),
            ("/proof", json!({"proofValue": "z"}), &["/proof/type"]),
            ("/proof", json!("z"), &["/proof"]),
            // 5.3
            (
                "/relatedResource",
                json!([{"id": "urn:x:5", "digestSRI": "sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ="}, {"id": "urn:x:6", "digestMultibase": "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"}]),
                &[],
            ),
            ("/relatedResource", json!(["https://example.org/"]), &["/relatedResource/0"]),
            (
                "/relatedResource",
                json!([{"digestSRI": "sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ="}]),
                &["/relatedResource/0/id"],
            ),
            ("/relatedResource", json!([{"id": "urn:x:5"}]), &["/relatedResource/0"]),
            (
                "/relatedResource",
                json!([{"id": "urn:x:5", "digestSRI": "sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ="}, {"id": "urn:x:5", "digestSRI": "sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ="}]),
                &["/relatedResource/1/id"],
            ),
            // 5.4 to 5.6, 5.10
            ("/refreshService", json!({"type": "urn:x:A"}), &[]),
            ("/refreshService", json!({"id": "urn:x:5"}), &["/refreshService/type"]),
            ("/termsOfUse", json!([{"type": "urn:x:A"}, {"id": "urn:x:5", "type": "urn:x:A"}]), &[]),
            ("/termsOfUse", json!({"id": "urn:x:5"}), &["/termsOfUse/type"]),
            ("/termsOfUse", json!([]), &["/termsOfUse"]),
            ("/evidence", json!([{"type": "urn:x:A"}, {"type": ["urn:x:B"]}]), &[]),
            ("/evidence", json!({"id": "urn:x:5"}), &["/evidence/type"]),
            ("/evidence", json!("photo"), &["/evidence"]),
            ("/renderMethod", json!({}), &["/renderMethod/type"]),
            ("/confidenceMethod", json!({}), &["/confidenceMethod/type"]),
        ],
    );
    let mut turned = credential();
    turned["validFrom"] = json!("2024-01-01T00:00:00Z");
    turned["validUntil"] = json!("2024-01-01T01:00:00+01:00");
    assert_eq!(pointers(&turned), [""; 0]);
    turned["validUntil"] = json!("2023-12-31T23:59:59Z");
    assert_eq!(pointers(&turned), ["/validUntil"]);
}

#[test]
fn credentials_1_1() {
    table(
        &old(),
        &[
            ("/issuanceDate", json!(null), &["/issuanceDate"]),
            ("/issuanceDate", json!("2020-01-01T00:00:00"), &[]),
            ("/issuanceDate", json!("2020-01-01"), &["/issuanceDate"]),
            ("/expirationDate", json!("2019-01-01T00:00:00Z"), &["/expirationDate"]),
            ("/expirationDate", json!("2030-01-01T00:00:00Z"), &[]),
            ("/credentialStatus", json!({"type": "urn:x:A"}), &["/credentialStatus/id"]),
            ("/refreshService", json!({"type": "urn:x:A"}), &["/refreshService/id"]),
            ("/name", json!({"any": "thing"}), &[]),
            ("/issuer", json!(null), &["/issuer"]),
            (
                "/@context",
                json!(["https://w3id.org/security/data-integrity/v1", CREDENTIALS_V1]),
                &["/@context/0"],
            ),
        ],
    );
}

#[test]
fn open_badges_3_0() {
    let subject = "/credentialSubject";
    let at = |tail: &str| format!("{subject}{tail}");
    table(
        &badge(),
        &[
            ("/@context/1", json!(OPEN_BADGES_UNVERSIONED), &[]),
            ("/@context/1", json!("https://www.w3.org/ns/credentials/examples/v2"), &["/@context/1"]),
            ("/id", json!(null), &["/id"]),
            ("/validFrom", json!(null), &["/validFrom"]),
            ("/issuer", json!("https://example.org/issuer"), &[]),
            ("/issuer/id", json!(null), &["/issuer/id", "/issuer/id"]),
            ("/issuer/type", json!(["Organization"]), &["/issuer/type"]),
            (
                "/issuer/otherIdentifier",
                json!([{"type": "Other", "identifier": "x", "identifierType": "ext:y"}]),
                &["/issuer/otherIdentifier/0/type"],
            ),
            ("/issuer/parentOrg", json!({"id": "urn:x:5", "type": "Other"}), &["/issuer/parentOrg/type"]),
            ("/issuer/image", json!({"id": "urn:x:5", "type": "Image"}), &[]),
            ("/evidence", json!([{"type": ["Evidence"], "narrative": "x"}]), &[]),
            ("/evidence", json!([{"type": ["urn:x:Other"]}]), &["/evidence/0/type"]),
            (&at("/id"), json!(null), &[subject]),
            (&at("/type"), json!(["Other"]), &["/credentialSubject/type"]),
            (&at("/achievement"), json!(null), &["/credentialSubject/achievement"]),
            (&at("/achievement"), json!("urn:x:2"), &["/credentialSubject/achievement"]),
            (&at("/achievement/id"), json!(null), &["/credentialSubject/achievement/id"]),
            (&at("/achievement/type"), json!("Other"), &["/credentialSubject/achievement/type"]),
            (&at("/achievement/name"), json!(null), &["/credentialSubject/achievement/name"]),
            (&at("/achievement/description"), json!(5), &["/credentialSubject/achievement/description"]),
            (&at("/achievement/criteria"), json!(null), &["/credentialSubject/achievement/criteria"]),
            (&at("/achievement/criteria"), json!({}), &["/credentialSubject/achievement/criteria"]),
            (
                &at("/achievement/alignment"),
                json!([{"type": ["Alignment"], "targetName": "x"}]),
                &["/credentialSubject/achievement/alignment/0/targetUrl"],
            ),
            (
                &at("/achievement/resultDescription"),
                json!([{"id": "urn:x:5", "type": ["Other"], "name": "x", "resultType": "Status"}]),
                &["/credentialSubject/achievement/resultDescription/0/type"],
            ),
            (&at("/result"), json!([{"type": ["Result"]}]), &[]),
            (&at("/result"), json!([{"type": ["Other"]}]), &["/credentialSubject/result/0/type"]),
            (&at("/source"), json!({"id": "urn:x:5", "type": "Other"}), &["/credentialSubject/source/type"]),
            (
                &at("/identifier"),
                json!([{"type": "IdentityObject", "hashed": true, "identityHash": "x", "identityType": "emailAddress"}]),
                &[],
            ),
            (
                &at("/identifier"),
                json!([{"type": "Other", "hashed": "no", "identityHash": "x", "identityType": "emailAddress"}]),
                &["/credentialSubject/identifier/0/type", "/credentialSubject/identifier/0/hashed"],
            ),
        ],
    );
    let mut by_identifier = badge();
    put(&mut by_identifier, &at("/id"), json!(null));
    put(
        &mut by_identifier,
        &at("/identifier"),
        json!([{"type": "IdentityObject", "hashed": false, "identityHash": "x", "identityType": "ext:y"}]),
    );
    assert_eq!(pointers(&by_identifier), [""; 0]);
    let mut endorsement = badge();
    endorsement["type"] = json!(["VerifiableCredential", "EndorsementCredential"]);
    endorsement["credentialSubject"] = json!({"id": "urn:x:5", "type": ["EndorsementSubject"]});
    table(
        &endorsement,
        &[
            ("/credentialSubject/id", json!(null), &["/credentialSubject/id"]),
            ("/credentialSubject/type", json!("Other"), &["/credentialSubject/type"]),
        ],
    );
}

#[test]
fn the_list_is_bounded() {
    let mut document = credential();
    document["evidence"] = json!(vec![json!({}); 100]);
    assert_eq!(pointers(&document).len(), 21);
}

/// Contexts of the document's own: what the W3C's suite calls good and bad.
#[test]
fn own_contexts() {
    let own = |definitions: Value, name: &str| {
        let mut document = credential();
        document["@context"] = json!([CREDENTIALS_V2, definitions]);
        document["type"] = json!(["VerifiableCredential", name]);
        pointers(&document)
    };
    let none = [""; 0];
    assert_eq!(own(json!({"A": "https://example.org/#A"}), "A"), none);
    assert_eq!(own(json!({"ex": "https://example.org/#", "A": "ex:A"}), "A"), none);
    assert_eq!(own(json!({"@vocab": "https://example.org/#"}), "A"), none);
    assert_eq!(own(json!({"A": {"@id": "https://example.org/#A"}}), "A"), none);
    assert_eq!(own(json!({"A": "https ://not-a-url#A"}), "A"), ["/@context/1/A"]);
    assert_eq!(own(json!({"A": "not-a-url"}), "A"), ["/@context/1/A"]);
    assert_eq!(own(json!({"@vocab": null}), "A"), ["/type/1"]);
    assert_eq!(own(json!({"A": null}), "A"), ["/type/1"]);
    let bad = json!({"A": "urn:x:a", "VerifiableCredential": "https://example.org/#Bad"});
    assert_eq!(own(bad, "A"), ["/@context/1/VerifiableCredential"]);
    assert_eq!(own(json!({"A": "urn:x:a", "name": null}), "A"), ["/@context/1/name"]);
    let mut document = credential();
    document["@context"] = json!([CREDENTIALS_V2, {"@protected": true, "A": "urn:x:a"}, {"A": "urn:x:b"}]);
    assert_eq!(pointers(&document), ["/@context/2/A"]);
    document["@context"] =
        json!([CREDENTIALS_V2, {"@protected": true, "A": "urn:x:a"}, {"A": {"@id": "urn:x:a"}}]);
    assert_eq!(pointers(&document), none);
    // Nobody knows what a context says that is not built in.
    document["@context"] = json!([CREDENTIALS_V2, "https://example.org/context"]);
    document["type"] = json!(["VerifiableCredential", "A"]);
    assert_eq!(pointers(&document), none);
}

#[test]
fn types_of_parts_are_defined() {
    let status = |kind: &str| json!({"id": "urn:x:3", "type": kind});
    table(
        &credential(),
        &[
            ("/credentialStatus", status("https://example.org/#Status"), &[]),
            ("/credentialStatus", status("Unmapped"), &["/credentialStatus/type"]),
            (
                "/evidence",
                json!([status("https://example.org/#E"), status("Unmapped")]),
                &["/evidence/1/type"],
            ),
            ("/credentialSchema", status("JsonSchema"), &[]),
        ],
    );
}

#[test]
fn digests_of_related_resources() {
    let resource = |field: &str, digest: &str| json!([{"id": "https://example.org/r", field: digest}]);
    let (multibase, sri) = ("digestMultibase", "digestSRI");
    let (no_multibase, no_sri): (&[&str], &[&str]) =
        (&["/relatedResource/0/digestMultibase"], &["/relatedResource/0/digestSRI"]);
    let hex = "sha256-ca3d163bab055381827226140568f3bef634ac187cebd76878e0b63e9e442356";
    table(
        &credential(),
        &[
            ("/relatedResource", resource(multibase, "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"), &[]),
            ("/relatedResource", resource(multibase, "uEres1usWcWCmW7uolIW2uA0CjQ8iRV14eGaZStJL73Vz"), &[]),
            ("/relatedResource", resource(multibase, "uZTQ0MjM1NiAgcmVwb3J0cw"), no_multibase),
            ("/relatedResource", resource(multibase, "EiBZlVzt"), no_multibase),
            ("/relatedResource", resource(sri, "sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ="), &[]),
            ("/relatedResource", resource(sri, hex), no_sri),
            ("/relatedResource", resource(sri, ""), no_sri),
        ],
    );
}

/// What the schemas of Open Badges 3.0 say of single values.
#[test]
fn values_of_badges() {
    let achievement = "/credentialSubject/achievement";
    let at = |field: &str| format!("{achievement}/{field}");
    let cases: Vec<(String, Value, Vec<String>)> = vec![
        ("/type".into(), json!(["VerifiableCredential"]), vec!["/type".into()]),
        ("/awardedDate".into(), json!("2020-01-01"), vec!["/awardedDate".into()]),
        ("/awardedDate".into(), json!("2020-01-01T00:00:00Z"), vec![]),
        ("/image".into(), json!("https://example.org/i.png"), vec!["/image".into()]),
        (
            "/credentialSubject/creditsEarned".into(),
            json!("3"),
            vec!["/credentialSubject/creditsEarned".into()],
        ),
        ("/credentialSubject/creditsEarned".into(), json!(3.5), vec![]),
        (at("achievementType"), json!("Diploma"), vec![]),
        (at("achievementType"), json!("ext:Sertifikat"), vec![]),
        (at("achievementType"), json!("Sertifikat"), vec![at("achievementType")]),
        (at("tag"), json!(["a", 1]), vec![at("tag")]),
        ("/issuer/url".into(), json!("example.org"), vec!["/issuer/url".into()]),
        ("/issuer/email".into(), json!("nobody"), vec!["/issuer/email".into()]),
        (
            "/endorsement".into(),
            json!([{"id": "urn:x:4", "type": ["VerifiableCredential"]}]),
            vec![
                "/endorsement/0/type".into(),
                "/endorsement/0/issuer".into(),
                "/endorsement/0/credentialSubject".into(),
            ],
        ),
        (
            at("alignment"),
            json!([{"type": ["Alignment"], "targetName": "A", "targetUrl": "b"}]),
            vec![at("alignment/0/targetUrl")],
        ),
    ];
    for (pointer, value, expected) in cases {
        let mut document = badge();
        put(&mut document, &pointer, value.clone());
        assert_eq!(pointers(&document), expected, "{pointer} = {value}");
    }
}
