//! Golden samples: of each format some sound and some broken ones, as files of `testdata/<format>/`, with what is said
//! of each. A test that fails here means a format change. Those of receipts are in `receipt_golden.rs`.
//!
//! `SANAD_UPDATE=1` writes the files anew; `SANAD_SEEDS=DIR` also writes the samples, as fuzz targets take them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::block::{Block, HEADER_BYTES};
use sanad_core::codec;
use sanad_core::commitment::{ContentHash, IssuanceKey, Opening, Secret, SummaryHash};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::{Entry, Event};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{ChainId, Commitment};
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::json_form;
use sanad_core::keyfile::{self, KdfParameters};
use sanad_core::member::{Member, Role};
use sanad_core::proof::{CompletenessHead, ConsistencyProof, IssuerBatch, TrustAnchor};
use sanad_core::sd_jwt::SdJwt;
use sanad_core::signature::Signature;
use sanad_core::summary::{Summary, SummaryLabel};
use sanad_core::validators::{
    CERTIFICATE_BYTES_MAX, CommitCertificate, CommitSignature, Validator, ValidatorSet,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::log::{completeness, consistency, verify};
use support::{Ledger, add_order, certify, consensus_key, genesis, id, issue, issuing_key, member, page};

/// One format: what its samples are checked against, and how.
struct Format {
    name: &'static str,
    /// The fuzz target that takes such bytes, and what it wants before them.
    target: (&'static str, &'static str),
    /// What a reader must know beside the sample.
    context: Value,
    check: Check,
    samples: Vec<Sample>,
}

/// Says what is wrong with a sample.
type Check = Box<dyn Fn(&[u8]) -> Result<(), String>>;

/// Name, description and bytes; the samples named `sound…` are good, and no others.
type Sample = (&'static str, &'static str, Vec<u8>);

#[test]
fn samples_of_every_format() {
    for Format { name: format, target, context, check, samples } in formats() {
        for (name, description, bytes) in samples {
            let verdict = check(&bytes).map_or_else(|error| error, |()| "good".to_owned());
            assert_eq!(verdict == "good", name.starts_with("sound"), "{format}/{name}: {verdict}");
            let (form, content) = match String::from_utf8(bytes.clone()) {
                Ok(text) if text.starts_with('{') => ("text", text),
                _ => ("hex", hex::encode(&bytes)),
            };
            let mut file = json!({
                "description": description,
                "blake3": blake3::hash(&bytes).to_hex().as_str(),
                "verdict": verdict,
            });
            file[form] = content.into();
            if !context.is_null() {
                file["context"] = context.clone();
            }
            let text = serde_json::to_string_pretty(&file).unwrap() + "\n";
            page::check_file(&format!("{format}/{name}.json"), &text);
            seed(target.0, &format!("{format}-{name}"), &[target.1.as_bytes(), &bytes].concat());
        }
    }
}

#[test]
fn receipts_are_seeds_too() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/receipt");
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let sample: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let binary = hex::decode(sample["binary"].as_str().unwrap()).unwrap();
        seed("receipt_binary", name, &binary);
        seed("receipt_json", name, sample["json"].to_string().as_bytes());
        seed("json_document", name, sample["document"].as_str().unwrap().as_bytes());
        assert!(!binary.is_empty() && sample["json"].is_object(), "{name}");
    }
}

/// Writes a sample where `SANAD_SEEDS` asks for it.
fn seed(target: &str, name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("SANAD_SEEDS") {
        let folder = PathBuf::from(folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

fn formats() -> Vec<Format> {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..5);
    let batches = vec![
        ledger.signed("v1", vec![issue(100), issue(101)]),
        ledger.signed("issuer", vec![Event::Revoke { target: LogIndex(1) }, issue(10)]),
    ];
    let (block, _) = ledger.build(batches.clone());
    ledger.commit(batches);
    ledger.issue("v2", 200..203);
    vec![
        commitments(),
        summaries(),
        entries(),
        signed_batches(&ledger),
        headers(&block),
        blocks(&block),
        certificates(&ledger),
        validator_sets(&ledger),
        geneses(),
        members(),
        key_files(),
        consistency_proofs(&ledger),
        completeness_proofs(&ledger),
    ]
}

fn text<T>(result: Result<T, impl ToString>) -> Result<(), String> {
    result.map(|_| ()).map_err(|error| error.to_string())
}

/// A copy with a change.
fn with<T: Clone>(value: &T, change: impl FnOnce(&mut T)) -> T {
    let mut value = value.clone();
    change(&mut value);
    value
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 1].to_vec()
}

fn longer(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0]].concat()
}

/// A sample is a text of all that a commitment comes from, and the commitment.
fn commitments() -> Format {
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

fn summaries() -> Format {
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

fn entries() -> Format {
    let entry = |event| Entry { issuer: id("issuer"), event }.encode();
    let target = LogIndex(258);
    let issuance = entry(issue(1));
    let samples = [
        ("sound-issue", "An issuance.", issuance.clone()),
        ("sound-revoke", "A revocation.", entry(Event::Revoke { target })),
        ("sound-suspend", "A suspension.", entry(Event::Suspend { target })),
        ("sound-reinstate", "The end of a suspension.", entry(Event::Reinstate { target })),
        ("tag", "A tag that stands for no event.", with(&issuance, |bytes| bytes[0] = 4)),
        ("issuer", "An issuer in upper case.", with(&issuance, |bytes| bytes[2] = b'I')),
        ("issuer-too-long", "An id longer than ids are.", with(&issuance, |bytes| bytes[1] = 33)),
        ("cut", "A byte is missing.", cut(&issuance)),
        ("longer", "A byte is left over.", longer(&issuance)),
    ];
    format("entry", ("encodings", "e"), Value::Null, |bytes| text(Entry::decode(bytes)), samples)
}

fn signed_batches(ledger: &Ledger) -> Format {
    let key = issuing_key("issuer");
    let batch = ledger.batch("issuer", vec![issue(7), Event::Revoke { target: LogIndex(2) }]);
    let sound = batch.clone().sign(&key).bytes().to_vec();
    // Version, chain, issuer, sequence and previous batch stand before the count.
    let count = 1 + 32 + 7 + 8 + 32;
    let none = Batch { events: Vec::new(), ..batch.clone() }.sign(&key).bytes().to_vec();
    let samples = [
        ("sound", "An issuance and a revocation.", sound.clone()),
        ("version", "Another version.", with(&sound, |bytes| bytes[0] = 2)),
        ("no-events", "No event.", none),
        ("event-count", "A claim of 2^32 - 1 events.", {
            with(&sound, |bytes| bytes[count..count + 4].fill(0xff))
        }),
        ("event-changed", "The target was changed after the batch was signed.", {
            with(&sound, |bytes| bytes[sound.len() - 65] ^= 1)
        }),
        ("another-signer", "Signed by another member.", batch.sign(&issuing_key("v1")).bytes().to_vec()),
        ("signature-not-canonical", "The group order was added to S.", {
            with(&sound, |bytes| add_order(&mut bytes[sound.len() - 32..]))
        }),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    let public = key.public();
    let check = move |bytes: &[u8]| {
        let signed = SignedBatch::decode(bytes).map_err(|error| error.to_string())?;
        text(signed.verify(&public))
    };
    format("batch", ("batch", ""), json!({ "key": public }), check, samples)
}

fn headers(block: &Block) -> Format {
    let sound = block.header.encode();
    let samples = [
        ("sound", "The header of a second block.", sound.clone()),
        ("version", "Another version.", with(&sound, |bytes| bytes[0] = 2)),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    let check = |bytes: &[u8]| text(sanad_core::block::BlockHeader::decode(bytes));
    format("header", ("encodings", "h"), Value::Null, check, samples)
}

fn blocks(block: &Block) -> Format {
    let sound = block.encode();
    let none = Block { batches: Vec::new(), ..block.clone() }.encode();
    let count = |bytes: &mut Vec<u8>, count: u32| {
        bytes[HEADER_BYTES..HEADER_BYTES + 4].copy_from_slice(&count.to_be_bytes());
    };
    let samples = [
        ("sound", "Two batches.", sound.clone()),
        ("sound-empty", "A payload without batches.", none),
        ("batch-count", "A claim of 2^32 - 1 batches.", with(&sound, |bytes| count(bytes, u32::MAX))),
        ("more-batches", "A claim of three batches.", with(&sound, |bytes| count(bytes, 3))),
        ("fewer-batches", "A claim of one batch.", with(&sound, |bytes| count(bytes, 1))),
        ("header-version", "Another version of the header.", with(&sound, |bytes| bytes[0] = 2)),
        ("batch-version", "Another version of the first batch.", {
            with(&sound, |bytes| bytes[HEADER_BYTES + 4] = 2)
        }),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    format("block", ("block", ""), Value::Null, |bytes| text(Block::decode(bytes, 1 << 20)), samples)
}

fn certificates(ledger: &Ledger) -> Format {
    let header = ledger.headers.last().unwrap().clone();
    let set = ledger.state.validators().clone();
    let sound = ledger.certify(&header, &[0, 1, 3]);
    type Signatures = Vec<CommitSignature>;
    let changed = |change: &dyn Fn(&mut Signatures)| {
        codec::encode(&with(&sound, |certificate| change(&mut certificate.signatures)))
    };
    let small_order = |signatures: &mut Signatures| {
        signatures[1].signature.0[..32].fill(0);
        signatures[1].signature.0[0] = 1;
    };
    let bytes = codec::encode(&sound);
    let count = 8 + 4 + 32;
    let samples = [
        ("sound", "Three of four validators.", bytes.clone()),
        ("sound-all", "All validators.", codec::encode(&ledger.certify(&header, &[0, 1, 2, 3]))),
        ("too-few", "Two of four.", changed(&|signatures| signatures.truncate(2))),
        ("twice", "One signature twice.", changed(&|signatures| signatures[1] = signatures[0])),
        ("reordered", "In another order.", changed(&|signatures| signatures.swap(0, 1))),
        ("unknown", "A validator that is not in the set.", changed(&|s| s[2].validator = 4)),
        ("another-place", "A signature in the place of another.", changed(&|s| s[2].validator = 2)),
        ("height", "Of another height.", codec::encode(&with(&sound, |c| c.height = c.height.next()))),
        ("round", "Of another round than was signed.", codec::encode(&with(&sound, |c| c.round = 1))),
        ("block", "Of another block.", codec::encode(&with(&sound, |c| c.block.0[0] ^= 1))),
        ("chain", "Signed for another chain.", {
            let foreign = with(&header, |header| header.chain_id = ChainId([9; 32]));
            let signatures = certify(&foreign, &set, &[0, 1, 3]).signatures;
            codec::encode(&CommitCertificate { signatures, ..sound.clone() })
        }),
        ("signature-changed", "A bit was changed.", changed(&|s| s[1].signature.0[40] ^= 1)),
        ("signature-not-canonical", "The group order was added to S.", {
            changed(&|signatures| add_order(&mut signatures[1].signature.0[32..]))
        }),
        ("signature-small-order", "R is the neutral element.", changed(&small_order)),
        ("signature-zero", "A signature of zeros.", changed(&|s| s[1].signature = Signature([0; 64]))),
        ("signature-count", "A claim of 2^32 - 1 signatures.", {
            with(&bytes, |bytes| bytes[count..count + 4].fill(0xff))
        }),
        ("cut", "A byte is missing.", cut(&bytes)),
        ("longer", "A byte is left over.", longer(&bytes)),
    ];
    let context = json!({ "header": hex::encode(header.encode()), "validators": set });
    let check = move |bytes: &[u8]| {
        let certificate = codec::decode::<CommitCertificate>(bytes, CERTIFICATE_BYTES_MAX);
        let certificate = certificate.map_err(|error| error.to_string())?;
        text(certificate.verify(&header.chain_id, header.height, &header.hash(), &set))
    };
    format("certificate", ("certificate", ""), context, check, samples)
}

fn validator_sets(ledger: &Ledger) -> Format {
    let sound = codec::encode(ledger.state.validators());
    let validators = ledger.state.validators().validators().to_vec();
    let list = |validators: Vec<Validator>| {
        let mut bytes = (validators.len() as u32).to_be_bytes().to_vec();
        validators.iter().for_each(|validator| codec::encode_into(validator, &mut bytes));
        bytes
    };
    let many = |n: usize| {
        let member = id(&format!("v{n:03}"));
        Validator { key: consensus_key(member.as_str()).public(), member }
    };
    let samples = [
        ("sound", "Four validators.", sound.clone()),
        ("none", "No validator.", list(Vec::new())),
        ("unsorted", "In another order.", list(with(&validators, |list| list.swap(0, 1)))),
        ("twice", "One member twice.", list(with(&validators, |list| list[1] = list[0].clone()))),
        ("shared-key", "Two members with one key.", list(with(&validators, |l| l[1].key = l[0].key))),
        ("too-many", "129 validators.", list((0..129).map(many).collect())),
        ("count", "A claim of 2^32 - 1 validators.", with(&sound, |bytes| bytes[..4].fill(0xff))),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    let check = |bytes: &[u8]| text(codec::decode::<ValidatorSet>(bytes, CERTIFICATE_BYTES_MAX));
    format("validator-set", ("encodings", "v"), Value::Null, check, samples)
}

fn geneses() -> Format {
    let sound = genesis();
    let changed = |change: &dyn Fn(&mut Genesis)| with(&sound, change).to_json().into_bytes();
    let edited = |from: &str, to: &str| {
        let text = sound.to_json();
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    };
    let samples = [
        ("sound", "Four validators, two issuers, an observer.", changed(&|_| {})),
        ("version", "Another version.", changed(&|genesis| genesis.version = 2)),
        ("no-name", "Without a name.", changed(&|genesis| genesis.name.clear())),
        ("block-bytes", "Blocks without room for a batch.", {
            changed(&|genesis| genesis.parameters.block_bytes_max = 1_000)
        }),
        ("no-validators", "Without validators.", {
            changed(&|genesis| genesis.members.retain(|member| member.role != Role::Validator))
        }),
        ("unsorted", "Members in another order.", changed(&|genesis| genesis.members.swap(0, 1))),
        ("unknown-field", "A field that no genesis has.", edited("\"name\"", "\"title\": 1, \"name\"")),
        ("time", "A time with a fraction.", edited("\"time_ms\": 1000", "\"time_ms\": 1000.5")),
        ("twice", "A field twice.", edited("\"version\": 1", "\"version\": 1, \"version\": 1")),
        ("cut", "The end is missing.", cut(sound.to_json().trim_end().as_bytes())),
    ];
    format("genesis", ("genesis", ""), Value::Null, |bytes| text(Genesis::from_json(bytes)), samples)
}

fn members() -> Format {
    let sound = member("ui.example", Role::Validator);
    let written = |member: &Member| serde_json::to_vec_pretty(member).unwrap();
    let changed = |change: &dyn Fn(&mut Member)| written(&with(&sound, change));
    let edited = |from: &str, to: &str| {
        let text = String::from_utf8(written(&sound)).unwrap();
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    };
    let point = |hex: &str| Some(hex.parse().unwrap());
    let small = "0100000000000000000000000000000000000000000000000000000000000000";
    let beyond = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    let samples = [
        ("sound-validator", "A validator.", changed(&|_| {})),
        ("sound-issuer", "An issuer.", written(&member("ui.example", Role::Issuer))),
        ("sound-observer", "An observer.", written(&member("ui.example", Role::Observer))),
        ("no-key", "A validator without a key to vote with.", changed(&|m| m.consensus_key = None)),
        ("needless-key", "An issuer with a key to vote with.", changed(&|m| m.role = Role::Issuer)),
        ("small-order-key", "A key of small order.", changed(&|m| m.issuing_key = point(small))),
        ("key-not-canonical", "A key with y beyond p.", changed(&|m| m.issuing_key = point(beyond))),
        ("no-name", "Without a name.", changed(&|m| m.name.clear())),
        ("never-active", "It ends before it begins.", changed(&|m| m.active_until = Some(m.active_from))),
        ("id", "An id in upper case.", edited("ui.example", "UI.example")),
        ("null", "A field without a value.", edited("\"role\"", "\"active_until\": null, \"role\"")),
        ("secret", "A field that none has.", edited("\"role\"", "\"secret_key\": \"\", \"role\"")),
    ];
    let check = |bytes: &[u8]| {
        let member: Member = json_form::read(bytes).map_err(|error| error.to_string())?;
        text(member.check())
    };
    format("member", ("encodings", "m"), Value::Null, check, samples)
}

fn key_files() -> Format {
    let passphrase = "passphrase";
    let cheap = KdfParameters { memory_kib: 8, iterations: 1, lanes: 1 };
    let seal = |passphrase: &str| {
        keyfile::seal(&[0x5a; 32], passphrase.as_bytes(), "issuing", cheap, [1; 16], [2; 24]).unwrap()
    };
    let edited = |from: &str, to: &str| {
        let text = seal(passphrase);
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    };
    let samples = [
        ("sound", "A key that signs batches.", seal(passphrase).into_bytes()),
        ("other-passphrase", "Sealed with another passphrase.", seal("another").into_bytes()),
        ("format", "Another format.", edited("sanad-key/v1", "sanad-key/v2")),
        ("purpose", "Its purpose was changed.", edited("issuing", "consensus")),
        ("memory", "More memory than is given.", edited("\"memory_kib\": 8", "\"memory_kib\": 1048577")),
        ("iterations", "More work than is done.", edited("\"iterations\": 1", "\"iterations\": 4000000000")),
        ("lanes", "More lanes than are computed.", edited("\"lanes\": 1", "\"lanes\": 255")),
        ("algorithm", "Another cipher.", edited("xchacha20-poly1305", "aes-256-gcm")),
        ("salt", "A salt that is too short.", edited("\"salt\": \"01", "\"salt\": \"")),
        ("cut", "The end is missing.", cut(seal(passphrase).trim_end().as_bytes())),
    ];
    let check = move |bytes: &[u8]| {
        let text_of = std::str::from_utf8(bytes).unwrap();
        text(keyfile::open(text_of, passphrase.as_bytes()))
    };
    format("keyfile", ("keyfile", ""), json!({ "passphrase": passphrase }), check, samples)
}

/// The genesis that proofs are checked against.
fn trust(ledger: &Ledger) -> (Value, TrustAnchor) {
    let genesis: Value = serde_json::from_str(&ledger.genesis.to_json()).unwrap();
    (json!({ "genesis": genesis }), TrustAnchor::new(&ledger.genesis).unwrap())
}

fn consistency_proofs(ledger: &Ledger) -> Format {
    let sound = consistency(ledger, 3, 9);
    let changed = |change: &dyn Fn(&mut ConsistencyProof)| with(&sound, change).to_json().into_bytes();
    let samples = [
        ("sound", "From 3 entries to 9, of a log of 12.", changed(&|_| {})),
        ("sound-one-size", "Of one size with itself.", consistency(ledger, 9, 9).to_json().into_bytes()),
        ("older-root", "Another older root.", changed(&|proof| proof.older.root.0[0] ^= 1)),
        ("newer-root", "Another newer root.", changed(&|proof| proof.newer.root.0[0] ^= 1)),
        ("older-size", "Another older size.", changed(&|proof| proof.older.size = LogSize(4))),
        ("no-entries", "An older log of no entries.", changed(&|proof| proof.older.size = LogSize(0))),
        ("path-changed", "A bit of the path was changed.", changed(&|proof| proof.path[0][0] ^= 1)),
        ("path-cut", "A hash of the path is missing.", changed(&|proof| proof.path.truncate(1))),
        ("path-longer", "A hash too many.", changed(&|proof| proof.head_path.push([0; 32]))),
        ("header", "A header that was not signed.", changed(&|proof| proof.header.time_ms += 1)),
        ("too-few", "Two of four validators.", changed(&|p| p.certificate.signatures.truncate(2))),
        ("format", "Another format.", changed(&|p| p.format = "sanad-consistency-proof/v2".into())),
    ];
    let (context, anchor) = trust(ledger);
    let check = move |bytes: &[u8]| {
        let proof = ConsistencyProof::from_json(bytes).map_err(|error| error.to_string())?;
        text(proof.verify(&anchor))
    };
    format("consistency", ("consistency_proof", ""), context, check, samples)
}

fn completeness_proofs(ledger: &Ledger) -> Format {
    let sound = completeness(ledger, "issuer");
    let written = |(head, batches): &(CompletenessHead, Vec<IssuerBatch>)| {
        let lines: String = batches.iter().map(IssuerBatch::to_json).collect();
        (head.to_json() + &lines).into_bytes()
    };
    let batches = |change: &dyn Fn(&mut Vec<IssuerBatch>)| written(&with(&sound, |(_, list)| change(list)));
    let head = |change: &dyn Fn(&mut CompletenessHead)| written(&with(&sound, |(head, _)| change(head)));
    let samples = [
        ("sound", "Two batches.", written(&sound)),
        ("sound-none", "An issuer without a batch.", written(&completeness(ledger, "v3"))),
        ("last-missing", "The last batch is missing.", batches(&|list| drop(list.pop()))),
        ("first-missing", "The first batch is missing.", batches(&|list| drop(list.remove(0)))),
        ("twice", "A batch twice.", batches(&|list| list.push(list[1].clone()))),
        ("event-changed", "An event was changed.", batches(&|list| list[1].batch[90] ^= 1)),
        ("place", "A batch in another place.", batches(&|list| list[1].first_index.0 += 1)),
        ("path-changed", "A bit of a path was changed.", batches(&|list| list[1].path[0][0] ^= 1)),
        ("issuer", "The batches of another issuer.", {
            written(&(sound.0.clone(), completeness(ledger, "v1").1))
        }),
        ("fewer-entries", "Fewer entries in the record.", head(&|h| h.issuer.record.chain.entries -= 1)),
        ("header", "A header that was not signed.", head(&|head| head.header.time_ms += 1)),
        ("format", "Another format.", head(&|h| h.format = "sanad-completeness-proof/v2".into())),
    ];
    let (context, anchor) = trust(ledger);
    let check = move |bytes: &[u8]| {
        let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let head = CompletenessHead::from_json(lines.next().unwrap()).map_err(|error| error.to_string())?;
        let batches: Result<Vec<_>, _> = lines.map(IssuerBatch::from_json).collect();
        text(verify(&head, &batches.map_err(|error| error.to_string())?, &anchor))
    };
    format("completeness", ("completeness_proof", ""), context, check, samples)
}

fn format(
    name: &'static str,
    target: (&'static str, &'static str),
    context: Value,
    check: impl Fn(&[u8]) -> Result<(), String> + 'static,
    samples: impl IntoIterator<Item = Sample>,
) -> Format {
    Format { name, target, context, check: Box::new(check), samples: samples.into_iter().collect() }
}
