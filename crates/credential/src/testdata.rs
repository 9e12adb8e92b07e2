//! Where the files in `tests/testdata/own` and `forged` come from: signed with test keys, then changed.
//!
//! `SANAD_WRITE_TESTDATA=1 cargo test -p sanad-credential testdata` writes them anew.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sanad_core::jcs;
use sanad_core::signature::SecretKey;
use sanad_testkit::issuing_key;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::canonical::canonical_form;
use crate::key;
use crate::rdf::tests::oracle;

const V1: &str = "https://www.w3.org/2018/credentials/v1";
const V2: &str = "https://www.w3.org/ns/credentials/v2";
const EXAMPLES: &str = "https://www.w3.org/ns/credentials/examples/v2";
const RDF: &str = "eddsa-rdfc-2022";
const JSON: &str = "eddsa-jcs-2022";

fn issuer() -> SecretKey {
    issuing_key("ui.ac.id")
}

fn stranger() -> SecretKey {
    issuing_key("stranger")
}

fn did(key: &SecretKey) -> String {
    format!("did:key:{}", key::encode(&key.public()))
}

fn method(key: &SecretKey) -> String {
    format!("{}#{}", did(key), key::encode(&key.public()))
}

fn credential() -> Value {
    json!({
        "@context": [V2, EXAMPLES],
        "id": "urn:uuid:7b1d8f6e-0a5c-4b53-8e0d-3d7c1a2b9f10",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "issuer": did(&issuer()),
        "validFrom": "2025-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:siti", "alumniOf": "Universitas Uji"},
    })
}

fn expired() -> Value {
    with(&credential(), &[("validUntil", json!("2025-06-01T00:00:00Z"))])
}

/// A document with other members.
fn with(document: &Value, members: &[(&str, Value)]) -> Value {
    let mut document = document.clone();
    members.iter().for_each(|(name, value)| document[*name] = value.clone());
    document
}

fn without(document: &Value, name: &str) -> Value {
    let mut document = document.clone();
    document.as_object_mut().unwrap().remove(name);
    document
}

/// Signs with the conversion of another program, so that documents can be signed that this one does not read.
fn sign_with(document: &Value, suite: &str, key: &SecretKey, options: &[(&str, Value)]) -> Value {
    let proof = json!({"type": "DataIntegrityProof", "cryptosuite": suite, "created": "2025-06-01T00:00:00Z",
        "verificationMethod": method(key), "proofPurpose": "assertionMethod"});
    let mut proof = with(&proof, options);
    let digest = |value: &Value| match suite {
        RDF => {
            let value = with(value, &[("@context", document["@context"].clone())]);
            Sha256::digest(canonical_form(&oracle(&value).unwrap()).unwrap())
        }
        _ => Sha256::digest(jcs::canonicalize(value.to_string().as_bytes()).unwrap()),
    };
    let message = [digest(&proof), digest(document)].concat();
    proof["proofValue"] = json!(format!("z{}", bs58::encode(key.sign(&message).0).into_string()));
    with(document, &[("proof", proof)])
}

fn sign(document: &Value, suite: &str) -> Value {
    sign_with(document, suite, &issuer(), &[])
}

fn jwt(header: &Value, payload: &Value, key: &SecretKey) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(payload));
    format!("{signed}.{}", BASE64.encode(key.sign(signed.as_bytes()).0))
}

/// An SD-JWT VC with one disclosed claim.
fn sd_jwt_vc() -> String {
    let disclosure = BASE64.encode(json!(["c2FsdA", "degree", "Sarjana"]).to_string());
    let digest = BASE64.encode(Sha256::digest(&disclosure));
    let payload = json!({"vct": "https://example.org/degree", "iss": did(&issuer()), "_sd": [digest], "exp": 1_893_456_000});
    let signed = jwt(&json!({"alg": "EdDSA", "typ": "dc+sd-jwt"}), &payload, &issuer());
    format!("{signed}~{disclosure}~")
}

fn text(document: &Value) -> String {
    format!("{document:#}\n")
}

/// Credentials that are good.
fn own() -> Vec<(&'static str, String)> {
    let far = with(&credential(), &[("validUntil", json!("9999-12-31T23:59:59Z"))]);
    let dates = with(
        &credential(),
        &[
            ("validFrom", json!("2024-12-31T24:00:00.000000000000000000000000000000000000+14:00")),
            ("validUntil", json!("12025-06-01T00:00:00Z")),
        ],
    );
    let header = json!({"alg": "EdDSA", "typ": "vc+jwt", "kid": method(&issuer())});
    vec![
        ("good.json", text(&sign(&credential(), RDF))),
        ("good-jcs.json", text(&sign(&credential(), JSON))),
        ("good.jwt", jwt(&header, &credential(), &issuer())),
        ("vc.sd-jwt", sd_jwt_vc()),
        ("until9999.json", text(&sign(&far, RDF))),
        (
            "created9999.json",
            text(&sign_with(&credential(), JSON, &issuer(), &[("created", json!("9999-12-31T23:59:59Z"))])),
        ),
        (
            "exp9999.jwt",
            jwt(&header, &with(&credential(), &[("exp", json!(253_402_300_799_i64))]), &issuer()),
        ),
        ("odd-dates.json", text(&sign(&dates, JSON))),
        (
            "language.json",
            text(&sign(
                &with(
                    &credential(),
                    &[("name", json!([{"@value": "Ijazah", "@language": "id"}, "Diploma"]))],
                ),
                RDF,
            )),
        ),
    ]
}

/// Credentials that somebody changed, or signed in another's name.
fn forged() -> Vec<(&'static str, String)> {
    let good = sign(&credential(), RDF);
    let old = sign(&expired(), RDF);
    let add = |members: &[(&str, Value)]| text(&with(&good, members));
    let subject = |members: &[(&str, Value)]| {
        text(&with(&good, &[("credentialSubject", with(&good["credentialSubject"], members))]))
    };
    // A credential that names itself as its evidence, and has ended.
    let itself = json!({"id": credential()["id"], "type": ["VerifiableCredential"]});
    let of_itself = sign(&with(&expired(), &[("evidence", itself.clone())]), RDF);
    let ended = json!({"validUntil": "2025-06-01T00:00:00Z"});
    let labelled = |label: &str| {
        with(&credential(), &[("credentialSubject", json!({"id": label, "alumniOf": "Universitas Uji"}))])
    };
    let spelled = |id: &str| {
        with(
            &without(&credential(), "validFrom"),
            &[
                ("@context", json!([V1, EXAMPLES])),
                ("issuanceDate", json!("2025-01-01T00:00:00Z")),
                ("id", json!(id)),
            ],
        )
    };
    let inline = json!([V2, EXAMPLES, {"note": {"@id": "https://www.w3.org/2018/credentials#validUntil",
        "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}}]);
    let in_name_of =
        |id: &str| with(&credential(), &[("issuer", json!({"id": id, "name": "Universitas Indonesia"}))]);
    let web = in_name_of("did:web:ui.ac.id");
    let fragment = format!("did:web:ui.ac.id#{}", key::encode(&stranger().public()));
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(stranger().public().0)});
    let prefix = sign_with(&credential(), JSON, &issuer(), &[("@context", json!([V2, EXAMPLES]))]);
    let mut added_context = prefix.clone();
    added_context["@context"]
        .as_array_mut()
        .unwrap()
        .push(json!("https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"));
    let type_of = |proof: &str| with(&in_name_of("did:web:ui.ac.id"), &[("proof", json!({"type": proof}))]);
    let whole_type = json!([
        "VerifiableCredential",
        "https://www.w3.org/2018/credentials#VerifiableCredential",
        "AlumniCredential"
    ]);
    vec![
        ("relative-id.json", add(&[("evidence", json!("GPA 4.0 summa cum laude"))])),
        (
            "keyword-like-type.json",
            add(&[("type", json!(["VerifiableCredential", "AlumniCredential", "@SummaCumLaude"]))]),
        ),
        (
            "second-subject.json",
            add(&[(
                "credentialSubject",
                json!([{"id": "siti", "alumniOf": "Harvard"}, good["credentialSubject"]]),
            )]),
        ),
        ("keyword-like-name.json", subject(&[("@gpa", json!("4.0"))])),
        ("empty-list.json", add(&[("termsOfUse", json!([]))])),
        ("null.json", add(&[("validUntil", json!(null))])),
        (
            "direction.json",
            text(&with(
                &sign(&with(&credential(), &[("name", json!("Ijazah"))]), RDF),
                &[("name", json!({"@value": "Ijazah", "@direction": "rtl"}))],
            )),
        ),
        (
            "inline-context.json",
            text(&with(&sign(&with(&expired(), &[("@context", inline.clone())]), RDF), &[])),
        ),
        (
            "renamed-until.json",
            text(&with(
                &without(&sign(&with(&expired(), &[("@context", inline.clone())]), RDF), "validUntil"),
                &[("note", ended["validUntil"].clone())],
            )),
        ),
        (
            "inline-context-jcs.json",
            text(&sign(
                &with(&credential(), &[("@context", inline), ("note", ended["validUntil"].clone())]),
                JSON,
            )),
        ),
        (
            "unknown-context-jcs.json",
            text(&sign(&with(&credential(), &[("@context", json!([V2, "https://example.org/mine"]))]), JSON)),
        ),
        (
            "until-by-address.json",
            text(&with(
                &without(&old, "validUntil"),
                &[(
                    "https://www.w3.org/2018/credentials#validUntil",
                    json!({"@value": "2025-06-01T00:00:00Z", "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}),
                )],
            )),
        ),
        ("until-nested.json", text(&with(&without(&old, "validUntil"), &[("@nest", ended.clone())]))),
        (
            "until-included.json",
            text(&with(
                &without(&old, "validUntil"),
                &[("@included", json!([with(&itself, &[("validUntil", ended["validUntil"].clone())])]))],
            )),
        ),
        (
            "until-in-evidence.json",
            text(&with(
                &without(&of_itself, "validUntil"),
                &[("evidence", with(&itself, &[("validUntil", ended["validUntil"].clone())]))],
            )),
        ),
        ("reverse.json", subject(&[("@reverse", json!({}))])),
        ("id-by-keyword.json", text(&with(&without(&good, "id"), &[("@id", good["id"].clone())]))),
        (
            "label.json",
            text(&with(
                &sign(&labelled("_:siti"), RDF),
                &[("credentialSubject", labelled("_:mallory")["credentialSubject"].clone())],
            )),
        ),
        (
            "abbreviated.json",
            text(&with(
                &sign(&spelled("https://www.w3.org/2018/credentials#siti"), RDF),
                &[("id", json!("cred:siti"))],
            )),
        ),
        ("type-by-address.json", add(&[("type", whole_type)])),
        ("proof-option.json", {
            let mut changed = good.clone();
            changed["proof"]["@note"] = json!("anything");
            text(&changed)
        }),
        ("context-prefix.json", text(&added_context)),
        (
            "didweb-fragment.json",
            text(&sign_with(&web, JSON, &stranger(), &[("verificationMethod", json!(fragment))])),
        ),
        ("stranger.json", text(&sign_with(&credential(), RDF, &stranger(), &[]))),
        (
            "stranger-as-key-of-did.json",
            text(&sign_with(
                &credential(),
                JSON,
                &stranger(),
                &[(
                    "verificationMethod",
                    json!(format!("{}#{}", did(&issuer()), key::encode(&stranger().public()))),
                )],
            )),
        ),
        ("kid.jwt", jwt(&json!({"alg": "EdDSA", "kid": fragment}), &web, &stranger())),
        (
            "header-jwk.jwt",
            jwt(&json!({"alg": "EdDSA", "kid": "key-1", "jwk": jwk}), &credential(), &stranger()),
        ),
        ("hs256-wrapper.jwt", jwt(&json!({"alg": "HS256"}), &good, &stranger())),
        ("none.jwt", jwt(&json!({"alg": "none"}), &credential(), &stranger())),
        ("crit.jwt", jwt(&json!({"alg": "EdDSA", "crit": ["b64"], "b64": false}), &credential(), &issuer())),
        ("other-purpose.jwt", jwt(&json!({"alg": "EdDSA", "typ": "at+jwt"}), &credential(), &issuer())),
        (
            "wrapped.jwt",
            jwt(
                &json!({"alg": "EdDSA", "typ": "vc+jwt"}),
                &json!({"vc": credential(), "iss": did(&issuer())}),
                &issuer(),
            ),
        ),
        (
            "expired-claim.jwt",
            jwt(&json!({"alg": "EdDSA"}), &with(&credential(), &[("exp", json!(1_750_000_000))]), &issuer()),
        ),
        ("no-issuer.json", text(&sign(&without(&credential(), "issuer"), RDF))),
        (
            "two-issuers.json",
            text(&sign(
                &with(&credential(), &[("issuer", json!([did(&issuer()), "did:web:ui.ac.id"]))]),
                RDF,
            )),
        ),
        ("no-subject.json", text(&sign(&with(&credential(), &[("credentialSubject", json!([]))]), JSON))),
        ("false-lines.json", text(&type_of("Foo are known\n  [ok] signature eddsa-rdfc-2022: good"))),
        ("list.json", text(&json!([sign(&expired(), JSON)]))),
        ("byte-order-mark.json", format!("\u{feff}{}", sign(&expired(), JSON))),
        ("key-twice.json", good.to_string().replacen('{', "{\"issuer\":\"did:web:ui.ac.id\",", 1)),
        (
            "presentation.json",
            text(
                &json!({"@context": [V2], "type": "VerifiablePresentation", "verifiableCredential": [good]}),
            ),
        ),
    ]
}

#[test]
fn files_are_what_this_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata");
    let write = std::env::var_os("SANAD_WRITE_TESTDATA").is_some();
    for (group, files) in [("own", own()), ("forged", forged())] {
        for (name, content) in &files {
            let path = folder.join(group).join(name);
            if write {
                fs::write(&path, content).unwrap();
            }
            assert_eq!(&fs::read_to_string(&path).unwrap_or_default(), content, "{name}");
        }
        let found = fs::read_dir(folder.join(group)).unwrap().count();
        assert_eq!(found, files.len(), "a file of {group} that nothing makes");
    }
}
