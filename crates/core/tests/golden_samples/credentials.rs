//! Commitments and summaries of credentials.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sanad_core::commitment::{ContentHash, IssuanceKey, Opening, Secret, SummaryHash};
use sanad_core::document::{self, DocumentKind};
use sanad_core::hash::{ChainId, Commitment};
use sanad_core::sd_jwt::SdJwt;
use sanad_core::summary::{Summary, SummaryLabel};
use sanad_core::{codec, json_form};
use sanad_testkit::id;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::page;
use crate::{Format, cut, format, longer, seed, text, with};

/// A sample is a text of all that a commitment comes from, and the commitment.
pub(super) fn commitments() -> Format {
    let (chain, issuer) = (ChainId([1; 32]), id("ui.example"));
    let secret = Secret([42; 32]);
    let bare = Opening::Full { secret: secret.clone(), summary: None };
    let summary = summary();
    let full = Opening::Full { secret, summary: Some(summary.clone()) };
    let sample = |kind: DocumentKind, document: &str, issued: &str, opening: &Opening| {
        let digest = document::digest(kind, issued.as_bytes()).unwrap();
        let commitment = opening.commitment(&chain, &issuer, kind, Some(&digest)).unwrap();
        json!({
            "chain": chain,
            "issuer": issuer,
            "kind": kind,
            "document": document,
            "opening": opening,
            "commitment": commitment,
        })
    };
    let (json, bytes) = (DocumentKind::Json, DocumentKind::Bytes);
    let document = r#"{"name":"Lencana Guru Digital","credits":20}"#;
    let respaced = r#"{ "credits": 20.0, "name": "Lencana\u0020Guru Digital" }"#;
    let digest = document::digest(json, document.as_bytes()).unwrap();
    let sd_jwt = DocumentKind::SdJwt;
    let (issuer_signed, disclosing) = page_sd_jwt();
    let (general, flattened) = serialised(&disclosing);
    let stray = |form: &Value, pointer: &str| {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let form = with(form, |form| form.pointer_mut(parent).unwrap()[member] = json!("Budi Santoso"));
        sample(sd_jwt, &form.to_string(), &disclosing, &bare)
    };
    let sound = sample(json, document, document, &bare);
    let summarised = sample(json, document, document, &full);
    let paper = with(&summarised, |sample| {
        sample["opening"] = json!(full.to_paper(&digest));
        sample.as_object_mut().unwrap().remove("document");
    });
    let closed = with(&summarised, |sample| sample["opening"] = json!(full.to_closed_summary()));
    let other_summary = |sample: &Value| with(sample, |s| s["opening"]["summary"]["credits"] = json!("21"));
    let samples = [
        ("sound", "A JSON document.", sound.clone()),
        (
            "sound-respaced",
            "The same JSON document, laid out otherwise.",
            sample(json, respaced, document, &bare),
        ),
        ("sound-bytes", "A document hashed byte by byte.", sample(bytes, document, document, &bare)),
        ("sound-summary", "A document and its summary.", summarised.clone()),
        ("sound-paper", "The summary alone, without the document.", paper.clone()),
        ("sound-closed-summary", "The document alone; its summary stays closed.", closed.clone()),
        ("respaced-bytes", "Byte by byte, it is another document.", sample(bytes, respaced, document, &bare)),
        ("other-kind", "A JSON document, hashed as bytes when it was issued.", {
            with(&sample(bytes, document, document, &bare), |sample| sample["kind"] = json!(json))
        }),
        ("other-secret", "The secret of another document.", {
            with(&sound, |sample| sample["opening"]["secret"] = json!(Secret([43; 32])))
        }),
        ("other-chain", "Issued on another chain.", {
            with(&sound, |sample| sample["chain"] = json!(ChainId([2; 32])))
        }),
        ("other-issuer", "Issued by another member.", {
            with(&sound, |sample| sample["issuer"] = json!("ugm.example"))
        }),
        ("other-summary", "The summary was changed.", other_summary(&summarised)),
        ("other-summary-paper", "The summary on the paper was changed.", other_summary(&paper)),
        ("summary-removed", "The summary was taken away.", {
            with(&summarised, |sample| {
                sample["opening"].as_object_mut().unwrap().remove("summary");
            })
        }),
        ("paper-with-document", "A paper opening would hold for any document.", {
            with(&paper, |sample| sample["document"] = json!(document))
        }),
        ("no-document", "The document is missing.", {
            with(&closed, |sample| {
                sample.as_object_mut().unwrap().remove("document");
            })
        }),
        ("unknown-label", "The summary says something that a newer program knows.", {
            with(&summarised, |sample| sample["opening"]["summary"]["grade"] = json!("A"))
        }),
        ("summary-direction", "A text of the summary turns the direction of reading.", {
            with(&summarised, |sample| sample["opening"]["summary"]["title"] = json!("\u{202e}uruG"))
        }),
        (
            "sound-sd-jwt",
            "An SD-JWT with all that it can disclose.",
            sample(sd_jwt, &disclosing, &disclosing, &bare),
        ),
        ("sound-sd-jwt-selection", "The same SD-JWT, nothing disclosed.", {
            sample(sd_jwt, &format!("{issuer_signed}~"), &disclosing, &bare)
        }),
        ("sd-jwt-stray", "A disclosure that no digest refers to.", {
            with(&sample(sd_jwt, &disclosing, &disclosing, &bare), |sample| {
                sample["document"] = json!(format!("{disclosing}{}~", b64(r#"["salt","credits",200]"#)));
            })
        }),
        ("sound-sd-jwt-flattened", "The same SD-JWT in the flattened JSON serialisation.", {
            sample(sd_jwt, &flattened.to_string(), &disclosing, &bare)
        }),
        ("sound-sd-jwt-general", "The same SD-JWT in the general JSON serialisation.", {
            sample(sd_jwt, &general.to_string(), &disclosing, &bare)
        }),
        ("sd-jwt-member", "Beside an SD-JWT's members, one in plain words that nothing binds.", {
            stray(&flattened, "/holder")
        }),
        ("sd-jwt-member-general", "The same beside the payload of the general serialisation.", {
            stray(&general, "/holder")
        }),
        ("sd-jwt-member-signature", "The same beside a signature.", stray(&general, "/signatures/0/holder")),
        ("sd-jwt-member-header", "The same beside the disclosures.", stray(&flattened, "/header/holder")),
        ("sd-jwt-two-signatures", "Two signatures, of which the digest would cover one.", {
            let two = with(&general, |form| {
                form["signatures"] = json!([form["signatures"][0], form["signatures"][0]])
            });
            sample(sd_jwt, &two.to_string(), &disclosing, &bare)
        }),
        ("sd-jwt-as-bytes", "Without its kind, what is disclosed counts.", {
            with(&sample(sd_jwt, &disclosing, &disclosing, &bare), |sample| sample["kind"] = json!(bytes))
        }),
        ("duplicate-key", "Readers differ on what it says.", sample(json, r#"{"a":1,"a":1}"#, "1", &bare)),
        ("large-integer", "No double has this value.", sample(json, "[9007199254740993]", "1", &bare)),
    ];
    let check = |bytes: &[u8]| {
        let sample: Value = serde_json::from_slice(bytes).unwrap();
        let kind: DocumentKind = serde_json::from_value(sample["kind"].clone()).unwrap();
        let digest = sample["document"].as_str().map(|document| document::digest(kind, document.as_bytes()));
        let digest = digest.transpose().map_err(|error| {
            let source = std::error::Error::source(&error).unwrap();
            format!("{error}: {source}")
        })?;
        let chain = serde_json::from_value(sample["chain"].clone()).unwrap();
        let issuer = serde_json::from_value(sample["issuer"].clone()).unwrap();
        let opening: Opening =
            json_form::read(sample["opening"].to_string().as_bytes()).map_err(|error| error.to_string())?;
        let commitment = opening.commitment(&chain, &issuer, kind, digest.as_ref());
        match commitment.map_err(|error| error.to_string())? {
            commitment if commitment.to_string() == sample["commitment"] => Ok(()),
            _ => Err("another commitment".into()),
        }
    };
    let samples = samples.map(|(name, what, sample)| (name, what, sample.to_string().into_bytes()));
    format("commitment", ("json_document", ""), Value::Null, check, samples)
}

fn b64(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// The SD-JWT of the page: its issuer-signed part, and the whole with its one disclosure.
fn page_sd_jwt() -> (String, String) {
    let disclosure = b64(r#"["2GLC42sKQveCfGfryNRN9w","name","Siti Rahma"]"#);
    let payload = format!(r#"{{"_sd":["{}"],"vct":"badge"}}"#, b64(Sha256::digest(&disclosure)));
    let issuer_signed = [b64(r#"{"alg":"ES256"}"#), b64(payload), b64("signature")].join(".");
    let whole = format!("{issuer_signed}~{disclosure}~");
    (issuer_signed, whole)
}

#[test]
fn the_commitment_page_shows_the_examples() {
    let document = concat!(
        r#"{"type":["VerifiableCredential","OpenBadgeCredential"],"validFrom":"2026-05-02T10:00:00+07:00","#,
        r#""credentialSubject":{"name":"Siti Rahma","creditsEarned":20.0,"#,
        r#""achievement":{"name":"Lencana Guru Digital"}}}"#,
    );
    let value: Value = serde_json::from_str(document).unwrap();
    let derived = Summary::of_json(&value).unwrap();
    assert_eq!(derived, summary());
    let digest = document::digest(DocumentKind::Json, document.as_bytes()).unwrap();
    let (chain, issuer, secret) = (ChainId([1; 32]), id("ui.example"), Secret([7; 32]));
    let (summary_key, content_key) = (secret.summary_key(), secret.content_key());
    let summary_hash = SummaryHash::new(&summary_key, &derived);
    let content = ContentHash::new(&content_key, &digest);
    let commitment = Commitment::new(&chain, &issuer, DocumentKind::Json, &summary_hash, &content);
    let opening = Opening::Full { secret: secret.clone(), summary: Some(derived.clone()) };
    let openings =
        [opening.clone(), opening.to_paper(&digest).unwrap(), opening.to_closed_summary().unwrap()];
    let (issuer_signed, sd_jwt) = page_sd_jwt();
    let rows = [
        ("document", document.to_owned()),
        ("kind", "0".to_owned()),
        ("digest", hex::encode(digest)),
        ("chain id", chain.to_string()),
        ("issuer", issuer.to_string()),
        ("secret", hex::encode(secret.0)),
        ("ks", hex::encode(summary_key.0)),
        ("kc", hex::encode(content_key.0)),
        ("encoded summary", hex::encode(derived.encode())),
        ("summary", summary_hash.to_string()),
        ("content", content.to_string()),
        ("commitment", commitment.to_string()),
        ("issuance key", IssuanceKey::new(&issuer, &commitment).to_string()),
        ("opening, full", serde_json::to_string(&openings[0]).unwrap()),
        ("opening, paper", serde_json::to_string(&openings[1]).unwrap()),
        ("opening, closed-summary", serde_json::to_string(&openings[2]).unwrap()),
        ("opening, paper, encoded", hex::encode(codec::encode(&openings[1]))),
    ];
    let table = |rows: &[(&str, String)]| {
        let rows: String = rows.iter().map(|(name, value)| format!("| {name} | `{value}` |\n")).collect();
        format!("| | |\n| --- | --- |\n{rows}")
    };
    page::check_part("formats/commitment.md", "example", &table(&rows));
    seed("sd_jwt", "page", sd_jwt.as_bytes());
    let read = SdJwt::parse(sd_jwt.as_bytes()).unwrap();
    let rows = [
        ("document", sd_jwt),
        ("issuer-signed part", issuer_signed),
        ("digest", hex::encode(read.digest())),
        ("processed claims", read.claims().to_string()),
    ];
    page::check_part("formats/commitment.md", "sd-jwt", &table(&rows));
}

fn summary() -> Summary {
    let fields = [
        (SummaryLabel::Holder, "Siti Rahma"),
        (SummaryLabel::Title, "Lencana Guru Digital"),
        (SummaryLabel::AwardedOn, "2026-05-02"),
        (SummaryLabel::Credits, "20"),
    ];
    Summary::new(fields.map(|(label, text)| (label, text.to_owned())).to_vec()).unwrap()
}

pub(super) fn summaries() -> Format {
    let sound = summary().encode();
    let field = |label: u8, text: &str| [&[label, text.len() as u8], text.as_bytes()].concat();
    let of = |fields: &[Vec<u8>]| [vec![fields.len() as u8], fields.concat()].concat();
    let numbers: Vec<Vec<u8>> =
        (0..8).map(|n| field(n, if matches!(n, 2 | 6) { "2026-05-02" } else { "1" })).collect();
    let samples = [
        ("sound", "Four fields.", sound.clone()),
        ("sound-all-labels", "Every label.", of(&numbers)),
        ("sound-longest", "Exactly 240 bytes.", of(&[field(1, &"x".repeat(237))])),
        ("too-long", "241 bytes.", of(&[field(1, &"x".repeat(238))])),
        ("none", "No field.", vec![0]),
        ("nine", "More fields than there are labels.", of(&[&numbers[..], &[field(8, "1")]].concat())),
        ("unknown-label", "A label that a newer program knows.", of(&[field(8, "1")])),
        ("twice", "The same label twice.", of(&[field(1, "a"), field(1, "b")])),
        ("order", "Labels out of order.", of(&[field(1, "a"), field(0, "b")])),
        ("empty", "A field without text.", of(&[field(1, "")])),
        ("control", "A line break in a text.", of(&[field(1, "a\nb")])),
        ("direction", "A text that turns the direction of reading.", of(&[field(1, "a\u{202e}b")])),
        ("date", "A date in another form.", of(&[field(2, "2 May 2026")])),
        ("not-utf8", "A text that is not UTF-8.", vec![1, 1, 1, 0xff]),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    format("summary", ("encodings", "s"), Value::Null, |bytes| text(Summary::decode(bytes)), samples)
}

/// The general and the flattened JSON serialisation of a compact form (RFC 9901, 8).
fn serialised(compact: &str) -> (Value, Value) {
    let mut parts = compact.strip_suffix('~').unwrap().split('~');
    let jwt: Vec<&str> = parts.next().unwrap().split('.').collect();
    let header = json!({ "disclosures": parts.collect::<Vec<_>>() });
    let signature = json!({ "protected": jwt[0], "signature": jwt[2], "header": header });
    let flattened = with(&signature, |form| form["payload"] = json!(jwt[1]));
    (json!({ "payload": jwt[1], "signatures": [signature] }), flattened)
}
