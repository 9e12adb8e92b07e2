//! SD-JWTs: RFC 9901's own examples, one refusal for each rule, and any selection of disclosures.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;
use sanad_core::document::{DocumentError, DocumentKind, digest};
use sanad_core::jcs::{JsonError, LEXEME_CHARS_MAX};
use sanad_core::sd_jwt::{
    HolderBinding, SD_JWT_BYTES_MAX, SD_JWT_DEPTH_MAX, SD_JWT_DISCLOSURES_MAX, SdJwt, SdJwtError, SdJwtPart,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const HEADER: &str = r#"{"alg":"ES256","typ":"example+sd-jwt"}"#;

fn b64(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

fn hash(disclosure: &str) -> String {
    b64(Sha256::digest(disclosure))
}

fn jwt(payload: &Value) -> String {
    format!("{}.{}.{}", b64(HEADER), b64(payload.to_string()), b64("signature"))
}

fn compact(payload: &Value, disclosures: &[String]) -> String {
    let parts: Vec<String> = std::iter::once(jwt(payload)).chain(disclosures.iter().cloned()).collect();
    parts.join("~") + "~"
}

fn parse(text: &str) -> Result<SdJwt, SdJwtError> {
    SdJwt::parse(text.as_bytes())
}

fn refusal(payload: &Value, disclosures: &[String]) -> SdJwtError {
    parse(&compact(payload, disclosures)).unwrap_err()
}

// RFC 9901, 4.2.1, 4.2.2 and 4.2.3: the encoded disclosures and their digests, by the letter.
#[test]
fn the_disclosures_of_the_rfc_are_found() {
    let claim = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    let element = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0";
    let payload = json!({
        "_sd": ["X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"],
        "nationalities": ["DE", { "...": "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs" }, "US"],
    });
    let read = parse(&compact(&payload, &[claim.to_owned(), element.to_owned()])).unwrap();
    let expected = json!({ "family_name": "Möbius", "nationalities": ["DE", "FR", "US"] });
    assert_eq!(read.claims(), &expected);
}

// RFC 9901, 6.3: digests and contents, by the letter.
#[test]
fn the_recursive_example_of_the_rfc_is_processed() {
    let children = [
        r#"["2GLC42sKQveCfGfryNRN9w", "street_address", "Schulstr. 12"]"#,
        r#"["eluV5Og3gSNII8EYnsxA_A", "locality", "Schulpforta"]"#,
        r#"["6Ij7tM-a5iVPGboS5tmvVA", "region", "Sachsen-Anhalt"]"#,
        r#"["eI8ZWm9QnKPpNPeNenHdhQ", "country", "DE"]"#,
    ]
    .map(b64);
    let parent = b64(concat!(
        r#"["Qg_O64zqAxe412a108iroA", "address", {"_sd": ["6vh9bq-zS4GKM_7GpggVbYzzu6oOGXrmNVGPHP75Ud0", "#,
        r#""9gjVuXtdFROCgRrtNcGUXmF65rdezi_6Er_j76kmYyM", "KURDPh4ZC19-3tiz-Df39V8eidy1oV3a3H1Da2N0g88", "#,
        r#""WN9r9dCBJ8HTCsS2jKASxTjEyW5m5x65_Z_2ro2jfXM"]}]"#,
    ));
    let payload = json!({
        "_sd": ["HvrKX6fPV0v9K_yCVFBiLFHsMaxcD_114Em6VT8x1lg"],
        "iss": "https://issuer.example.com",
        "_sd_alg": "sha-256",
    });
    // Children before the parent: the order of disclosures does not matter.
    let all = [&children[..], std::slice::from_ref(&parent)].concat();
    let read = parse(&compact(&payload, &all)).unwrap();
    let address = json!({
        "street_address": "Schulstr. 12",
        "locality": "Schulpforta",
        "region": "Sachsen-Anhalt",
        "country": "DE",
    });
    assert_eq!(read.claims(), &json!({ "iss": "https://issuer.example.com", "address": address }));
    let parent_only = parse(&compact(&payload, &[parent])).unwrap();
    assert_eq!(parent_only.claims(), &json!({ "iss": "https://issuer.example.com", "address": {} }));
    assert_eq!(parent_only.digest(), read.digest());
    // Without the parent nothing refers to a child.
    assert_eq!(refusal(&payload, &children[..1]), SdJwtError::NotReferenced { place: 0 });
}

#[test]
fn the_digest_is_of_the_issuer_signed_part() {
    let disclosure = b64(r#"["salt","name","Siti"]"#);
    let payload = json!({ "_sd": [hash(&disclosure)], "cnf": { "kid": "1" } });
    let (all, none) = (compact(&payload, &[disclosure]), compact(&payload, &[]));
    let expected: [u8; 32] = blake3::hash(jwt(&payload).as_bytes()).into();
    for text in [&all, &none, &format!("\n{all} \r\n"), &format!("{none}YQ.YQ.YQ")] {
        assert_eq!(digest(DocumentKind::SdJwt, text.as_bytes()), Ok(expected), "{text}");
    }
    assert_eq!(parse(&all).unwrap().issuer_signed(), jwt(&payload));
    assert_eq!(parse(&all).unwrap().presentation(), all);
    assert_eq!(
        digest(DocumentKind::SdJwt, b"a.b.c"),
        Err(DocumentError::SdJwt(SdJwtError::Form)),
        "a JWT is not an SD-JWT"
    );
}

#[test]
fn holder_binding_is_reported() {
    let bound = json!({ "cnf": { "jwk": {} } });
    let key_binding = format!("{}.{}.{}", b64(r#"{"alg":"ES256","typ":"kb+jwt"}"#), b64("{}"), b64("s"));
    let unbound = parse(&compact(&json!({}), &[])).unwrap();
    assert_eq!((unbound.holder_binding(), unbound.confirmation()), (HolderBinding::Unbound, None));
    let without = parse(&compact(&bound, &[])).unwrap();
    assert_eq!((without.holder_binding(), without.key_binding_jwt()), (HolderBinding::NotChecked, None));
    assert_eq!(without.confirmation(), Some(&json!({ "jwk": {} })));
    let with = parse(&(compact(&bound, &[]) + &key_binding)).unwrap();
    assert_eq!(with.holder_binding(), HolderBinding::NotChecked);
    assert_eq!(with.key_binding_jwt(), Some(key_binding.as_str()));
    assert_eq!(with.presentation(), compact(&bound, &[]));
    let stray = parse(&(compact(&json!({}), &[]) + &key_binding)).unwrap();
    assert_eq!(stray.holder_binding(), HolderBinding::NotChecked);
    for bad in ["x", "YQ.YQ", "YQ.YQ.YQ.YQ", "YQ..YQ", "YQ.YR.YQ"] {
        let part = SdJwtPart::KeyBinding;
        assert_eq!(parse(&(compact(&bound, &[]) + bad)), Err(SdJwtError::Base64 { part }), "{bad}");
    }
}

/// A flattened JSON serialisation of a compact form without a key-binding JWT.
fn flattened(compact: &str) -> Value {
    let mut parts = compact.strip_suffix('~').unwrap().split('~');
    let jwt: Vec<&str> = parts.next().unwrap().split('.').collect();
    let disclosures: Vec<&str> = parts.collect();
    json!({
        "protected": jwt[0],
        "payload": jwt[1],
        "signature": jwt[2],
        "header": { "disclosures": disclosures },
    })
}

fn general(compact: &str) -> Value {
    let mut signature = flattened(compact);
    let payload = signature.as_object_mut().unwrap().remove("payload");
    json!({ "payload": payload, "signatures": [signature] })
}

#[test]
fn json_serialisations_give_the_compact_form() {
    let disclosure = b64(r#"["salt","name","Siti"]"#);
    let payload = json!({ "_sd": [hash(&disclosure)] });
    let text = compact(&payload, &[disclosure]);
    let expected = parse(&text).unwrap();
    for form in [flattened(&text), general(&text)] {
        assert_eq!(parse(&format!(" {form:#}\n")), Ok(expected.clone()));
    }
    let mut bare = flattened(&compact(&payload, &[]));
    bare.as_object_mut().unwrap().remove("header");
    assert_eq!(parse(&bare.to_string()).unwrap().digest(), expected.digest());
    let mut bound = flattened(&text);
    bound["header"]["kb_jwt"] = json!("YQ.YQ.YQ");
    assert_eq!(parse(&bound.to_string()).unwrap().key_binding_jwt(), Some("YQ.YQ.YQ"));

    let refused = |form: Value, pointer: &str, value: Value| {
        let mut form = form;
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        form.pointer_mut(parent).unwrap()[member] = value;
        parse(&form.to_string()).unwrap_err()
    };
    for (pointer, value, member) in [
        ("/payload", json!(1), "payload"),
        ("/payload", json!("a.b"), "payload"),
        ("/protected", json!(null), "protected"),
        ("/signature", json!("a~b"), "signature"),
        ("/header", json!([]), "header"),
        ("/header/disclosures", json!("a"), "disclosures"),
        ("/header/disclosures", json!([1]), "disclosures"),
        ("/header/disclosures", json!(["a~b"]), "disclosures"),
        ("/header/kb_jwt", json!(""), "kb_jwt"),
        ("/header/kb_jwt", json!(1), "kb_jwt"),
        ("/signatures", json!({}), "signatures"),
        ("/signatures", json!([]), "protected"),
    ] {
        assert_eq!(
            refused(flattened(&text), pointer, value.clone()),
            SdJwtError::Member { member },
            "{value}"
        );
    }
    // Anybody can add a member: the digest covers none of them, and people read what stands there.
    let long = "é".repeat(LEXEME_CHARS_MAX + 1);
    for (form, pointer) in [
        (flattened(&text), "/holder"),
        (flattened(&text), "/Payload"),
        (flattened(&text), "/header/kid"),
        (general(&text), "/award"),
        (general(&text), "/signatures/0/holder"),
        (general(&text), "/signatures/0/payload"),
        (general(&text), "/signatures/0/header/alg"),
        (flattened(&text), format!("/{long}").as_str()),
    ] {
        let name = pointer.rsplit('/').next().unwrap();
        let member = name.chars().take(LEXEME_CHARS_MAX).collect();
        assert_eq!(refused(form, pointer, json!("x")), SdJwtError::StrayMember { member }, "{pointer}");
    }
    let signature = general(&text)["signatures"][0].clone();
    for (signatures, count) in [(json!([]), 0), (json!([signature, signature]), 2)] {
        assert_eq!(refused(general(&text), "/signatures", signatures), SdJwtError::Signatures { count });
    }
    let doubled = flattened(&text).to_string().replacen('{', r#"{"payload":"e30","#, 1);
    let part = SdJwtPart::Serialisation;
    assert!(
        matches!(parse(&doubled), Err(SdJwtError::Json { part: p, source: JsonError::DuplicateKey { .. } }) if p == part)
    );
}

#[test]
fn headers_are_checked() {
    let with = |header: &str| parse(&format!("{}.{}.{}~", b64(header), b64("{}"), b64("s")));
    assert!(with(HEADER).is_ok());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"nOnE"}"#, "{}", r#"{"alg":1}"#] {
        assert_eq!(with(header), Err(SdJwtError::NotSigned), "{header}");
    }
    assert_eq!(with(r#"{"alg":"ES256","crit":["b64"],"b64":false}"#), Err(SdJwtError::Critical));
    assert_eq!(with("[]"), Err(SdJwtError::Type { part: SdJwtPart::Header }));
    assert!(matches!(with(r#"{"alg":"ES256","alg":"none"}"#), Err(SdJwtError::Json { .. })));
    for payload in ["[]", "1"] {
        let text = format!("{}.{}.{}~", b64(HEADER), b64(payload), b64("s"));
        assert_eq!(parse(&text), Err(SdJwtError::Type { part: SdJwtPart::Payload }));
    }
}

#[test]
fn other_texts_are_refused() {
    let [header, payload, signature] = [b64(HEADER), b64("{}"), b64("s")];
    for bad in [
        String::new(),
        "~".into(),
        format!("{header}.{payload}.{signature}"),
        format!("{header}.{payload}~"),
        format!("{header}.{payload}.~"),
        format!("{header}.{payload}.{signature}.{signature}~"),
    ] {
        assert_eq!(parse(&bad), Err(SdJwtError::Form), "{bad}");
    }
    assert_eq!(SdJwt::parse(b"\xff.a.b~"), Err(SdJwtError::Form));
    assert!(matches!(parse("{"), Err(SdJwtError::Json { part: SdJwtPart::Serialisation, .. })));
    let bytes = SD_JWT_BYTES_MAX + 1;
    assert_eq!(SdJwt::parse(&vec![b'~'; bytes]), Err(SdJwtError::TooLarge { bytes }));
}

#[test]
fn base64url_is_canonical() {
    let disclosure = r#"["salt","name",1]"#;
    let payload = json!({ "_sd": [hash(&b64(disclosure))] });
    assert!(parse(&compact(&payload, &[b64(disclosure)])).is_ok());
    let part = SdJwtPart::Disclosure(0);
    let mut trailing = b64(disclosure);
    let last = trailing.pop().unwrap();
    trailing.push(char::from(last as u8 + 1));
    assert_eq!(BASE64_STANDARD.encode(disclosure).len() % 4, 0);
    for bad in [BASE64_URL_SAFE.encode(disclosure), trailing, "a b".into(), "YQ\u{e9}".into(), "++++".into()]
    {
        assert_eq!(refusal(&payload, std::slice::from_ref(&bad)), SdJwtError::Base64 { part }, "{bad}");
    }
    // The signature is under the digest, and has one spelling too.
    let text = format!("{}.{}.YR~", b64(HEADER), b64("{}"));
    assert_eq!(parse(&text), Err(SdJwtError::Base64 { part: SdJwtPart::Signature }));
    let empty = refusal(&payload, &[String::new()]);
    assert!(matches!(empty, SdJwtError::Json { part: p, .. } if p == part));
}

#[test]
fn disclosures_are_checked() {
    let [claim, element] = [r#"["salt","name",1]"#, r#"["salt",1]"#].map(b64);
    let part = SdJwtPart::Disclosure(0);
    let in_claim = |disclosure: &str| {
        let encoded = b64(disclosure);
        refusal(&json!({ "_sd": [hash(&encoded)] }), &[encoded])
    };
    let in_array = |disclosure: &str| {
        let encoded = b64(disclosure);
        refusal(&json!({ "a": [{ "...": hash(&encoded) }] }), &[encoded])
    };
    assert_eq!(in_claim(r#"["salt",1]"#), SdJwtError::DisclosureLength { place: 0, expected: 3, actual: 2 });
    assert_eq!(
        in_array(r#"["salt","name",1]"#),
        SdJwtError::DisclosureLength { place: 0, expected: 2, actual: 3 }
    );
    for bad in [r#"[1,"name",1]"#, r#"["salt",1,1]"#, r#"{"salt":1}"#] {
        assert_eq!(in_claim(bad), SdJwtError::Type { part }, "{bad}");
    }
    assert_eq!(in_array("[1,1]"), SdJwtError::Type { part });
    assert!(matches!(in_claim(r#"["salt","name""#), SdJwtError::Json { .. }));
    for name in ["_sd", "...", "_sd_alg"] {
        let refused = in_claim(&format!(r#"["salt","{name}",[]]"#));
        assert_eq!(refused, SdJwtError::ReservedName { name });
    }
    for payload in
        [json!({ "...": "a" }), json!({ "a": { "...": "a" } }), json!({ "a": [{ "...": "a", "b": 1 }] })]
    {
        assert_eq!(refusal(&payload, &[]), SdJwtError::ReservedName { name: "..." }, "{payload}");
    }
    let exists = json!({ "name": 2, "_sd": [hash(&claim)] });
    let name = "name".to_owned();
    assert_eq!(
        refusal(&exists, std::slice::from_ref(&claim)),
        SdJwtError::ClaimExists { place: 0, name: name.clone() }
    );
    assert!(parse(&compact(&exists, &[])).is_ok(), "not disclosed, it repeats nothing");
    let second = b64(r#"["other salt","name",1]"#);
    let both = json!({ "_sd": [hash(&claim), hash(&second)] });
    assert_eq!(refusal(&both, &[claim.clone(), second]), SdJwtError::ClaimExists { place: 1, name });

    let once = json!({ "_sd": [hash(&claim)] });
    assert_eq!(refusal(&once, &[claim.clone(), claim.clone()]), SdJwtError::DisclosureTwice { place: 1 });
    assert_eq!(refusal(&once, &[claim.clone(), element.clone()]), SdJwtError::NotReferenced { place: 1 });
    // A claim that spells the digest without being an embedded digest refers to nothing.
    let spelled = json!({ "digest": hash(&claim), "list": [hash(&element)] });
    assert_eq!(refusal(&spelled, &[claim]), SdJwtError::NotReferenced { place: 0 });
}

#[test]
fn embedded_digests_are_checked() {
    let digest = hash("decoy");
    let twice = SdJwtError::DigestTwice { digest: digest.clone() };
    for payload in [
        json!({ "_sd": [digest, digest] }),
        json!({ "_sd": [digest], "a": { "_sd": [digest] } }),
        json!({ "a": [{ "...": digest }, { "...": digest }] }),
        json!({ "_sd": [digest], "a": [{ "...": digest }] }),
    ] {
        assert_eq!(refusal(&payload, &[]), twice, "{payload}");
    }
    let parent = b64(json!(["salt", "a", { "_sd": [digest] }]).to_string());
    let recursive = json!({ "_sd": [hash(&parent), digest] });
    assert_eq!(refusal(&recursive, &[parent]), twice, "once in the payload, once in a disclosure");

    let mut trailing = digest.clone();
    let last = trailing.pop().unwrap();
    trailing.push(char::from(last as u8 ^ 1));
    for bad in
        [json!("short"), json!(1), json!(format!("{digest}=")), json!(trailing), json!(format!("{digest}AA"))]
    {
        assert_eq!(refusal(&json!({ "_sd": [bad] }), &[]), SdJwtError::DigestForm, "{bad}");
        assert_eq!(refusal(&json!({ "a": [{ "...": bad }] }), &[]), SdJwtError::DigestForm, "{bad}");
    }
    assert_eq!(refusal(&json!({ "_sd": digest }), &[]), SdJwtError::DigestForm);

    assert!(parse(&compact(&json!({ "_sd": [digest], "_sd_alg": "sha-256" }), &[])).is_ok());
    for algorithm in [json!("sha-512"), json!("SHA-256"), json!(null)] {
        assert_eq!(refusal(&json!({ "_sd_alg": algorithm }), &[]), SdJwtError::HashAlgorithm);
    }
    // Below the top level it is a claim like any other.
    let nested = json!({ "a": { "_sd_alg": "sha-512" } });
    assert_eq!(parse(&compact(&nested, &[])).unwrap().claims(), &nested);
}

#[test]
fn limits_are_checked() {
    // Each disclosure holds the digest of the one before, so that no single part is deep.
    let chain = |length: usize| {
        let mut disclosures = vec![b64(r#"["salt","a",1]"#)];
        while disclosures.len() < length {
            let inner = hash(disclosures.last().unwrap());
            disclosures.push(b64(json!(["salt", "a", { "_sd": [inner] }]).to_string()));
        }
        (json!({ "_sd": [hash(disclosures.last().unwrap())] }), disclosures)
    };
    let (payload, disclosures) = chain(SD_JWT_DEPTH_MAX);
    assert!(parse(&compact(&payload, &disclosures)).is_ok());
    let (payload, disclosures) = chain(SD_JWT_DEPTH_MAX + 1);
    assert_eq!(refusal(&payload, &disclosures), SdJwtError::TooDeep);

    let disclosures: Vec<String> =
        (0..=SD_JWT_DISCLOSURES_MAX).map(|n| b64(format!(r#"["salt","{n}",1]"#))).collect();
    let digests =
        |disclosures: &[String]| json!({ "_sd": disclosures.iter().map(|d| hash(d)).collect::<Vec<_>>() });
    let most = &disclosures[1..];
    assert!(parse(&compact(&digests(most), most)).is_ok());
    let count = SD_JWT_DISCLOSURES_MAX + 1;
    assert_eq!(refusal(&digests(&disclosures), &disclosures), SdJwtError::TooManyDisclosures { count });
}

/// Claims below the top, some of them hidden: how an issuer would make them.
#[derive(Clone, Debug)]
enum Claim {
    Plain(u8),
    Object(Vec<(bool, Claim)>),
    Array(Vec<(bool, Claim)>),
}

fn claims() -> impl Strategy<Value = Vec<(bool, Claim)>> {
    let leaf = any::<u8>().prop_map(Claim::Plain);
    let claim = leaf.prop_recursive(4, 24, 4, |inner| {
        let children = prop::collection::vec((any::<bool>(), inner), 0..4);
        prop_oneof![children.clone().prop_map(Claim::Object), children.prop_map(Claim::Array)]
    });
    prop::collection::vec((any::<bool>(), claim), 0..5)
}

/// The claims with digests, and each disclosure with the place of the one that holds its digest.
#[derive(Default)]
struct Issued {
    disclosures: Vec<(String, Option<usize>)>,
    /// Number of the next salt.
    salts: usize,
}

impl Issued {
    fn object(&mut self, claims: &[(bool, Claim)], parents: &mut Vec<usize>) -> (Value, Value) {
        let (mut hidden, mut plain, mut digests) = (json!({}), json!({}), Vec::new());
        for (place, (hide, claim)) in claims.iter().enumerate() {
            let name = format!("claim {place}");
            let before = parents.len();
            let (with_digests, without) = self.claim(claim, parents);
            plain[&name] = without;
            if *hide {
                let content = json!([self.salt(), name, with_digests]);
                digests.push(self.disclose(&content, parents, before));
            } else {
                hidden[&name] = with_digests;
            }
        }
        if !digests.is_empty() {
            hidden["_sd"] = json!(digests);
        }
        (hidden, plain)
    }

    fn claim(&mut self, claim: &Claim, parents: &mut Vec<usize>) -> (Value, Value) {
        match claim {
            Claim::Plain(n) => (json!(n), json!(n)),
            Claim::Object(claims) => self.object(claims, parents),
            Claim::Array(elements) => {
                let (mut hidden, mut plain) = (Vec::new(), Vec::new());
                for (hide, element) in elements {
                    let before = parents.len();
                    let (with_digests, without) = self.claim(element, parents);
                    plain.push(without);
                    hidden.push(if *hide {
                        let content = json!([self.salt(), with_digests]);
                        json!({ "...": self.disclose(&content, parents, before) })
                    } else {
                        with_digests
                    });
                }
                (json!(hidden), json!(plain))
            }
        }
    }

    fn salt(&mut self) -> String {
        self.salts += 1;
        format!("salt {}", self.salts)
    }

    /// Adds a disclosure; those after `open` in `parents` are inside it.
    fn disclose(&mut self, content: &Value, parents: &mut Vec<usize>, open: usize) -> String {
        let place = self.disclosures.len();
        let encoded = b64(content.to_string());
        let digest = hash(&encoded);
        self.disclosures.push((encoded, None));
        for inner in parents.drain(open..) {
            self.disclosures[inner].1 = Some(place);
        }
        parents.push(place);
        digest
    }
}

proptest! {
    #[test]
    fn any_selection_keeps_the_digest(claims in claims(), selection in any::<[bool; 64]>(), rotation in any::<usize>()) {
        let mut issued = Issued::default();
        let (payload, plain) = issued.object(&claims, &mut Vec::new());
        let all: Vec<String> = issued.disclosures.iter().map(|(text, _)| text.clone()).collect();
        let whole = parse(&compact(&payload, &all)).unwrap();
        prop_assert_eq!(whole.claims(), &plain);
        // A disclosure goes with the one that holds its digest.
        let selected = |mut place: usize| loop {
            if !selection[place % 64] {
                break false;
            }
            match issued.disclosures[place].1 {
                Some(outer) => place = outer,
                None => break true,
            }
        };
        let mut some: Vec<String> = (0..all.len()).filter(|place| selected(*place)).map(|n| all[n].clone()).collect();
        let by = rotation % some.len().max(1);
        some.rotate_left(by);
        let text = compact(&payload, &some);
        let presented = parse(&text).unwrap();
        prop_assert_eq!(presented.digest(), whole.digest());
        prop_assert_eq!(DocumentKind::detect(text.as_bytes()), DocumentKind::SdJwt);
        prop_assert_eq!(&parse(&flattened(&text).to_string()).unwrap(), &presented);
        prop_assert_eq!(&parse(&general(&text).to_string()).unwrap(), &presented);
        // Without the outer one the inner ones are refused.
        if let Some((inner, _)) = issued.disclosures.iter().find(|(_, outer)| outer.is_some()) {
            prop_assert_eq!(refusal(&payload, std::slice::from_ref(inner)), SdJwtError::NotReferenced { place: 0 });
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), texts in prop::collection::vec("[\\[\\]{}\":,_sd.a1 ]{0,24}", 0..5)) {
        let _ = SdJwt::parse(&bytes);
        let encoded: Vec<String> = texts.iter().map(b64).collect();
        let _ = parse(&(encoded.join("~") + "~"));
        let payload = texts.first().cloned().unwrap_or_default();
        let _ = parse(&format!("{}.{}.{}~{}~", b64(HEADER), b64(payload), b64("s"), encoded.join("~")));
        let _ = parse(&format!("{{\"payload\":\"{}\",{}", encoded.join("\",\""), texts.join("")));
    }

    #[test]
    fn any_changed_byte_of_a_presentation_is_refused_or_keeps_the_claims(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let disclosure = b64(r#"["salt","name","Siti"]"#);
        let payload = json!({ "_sd": [hash(&disclosure)], "a": 1 });
        let text = compact(&payload, &[disclosure]);
        let whole = parse(&text).unwrap();
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = SdJwt::parse(&bytes) {
            prop_assert!(read.digest() != whole.digest() || read.claims() == whole.claims());
        }
    }
}
