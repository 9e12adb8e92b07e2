//! Golden samples: of each format some sound and some broken ones, as files of `testdata/<format>/`, with what is said
//! of each. A test that fails here means a format change. Those of receipts are in `receipt_golden.rs`.
//!
//! `SANAD_UPDATE=1` writes the files anew; `SANAD_SEEDS=DIR` also writes the samples, as fuzz targets take them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::error::Error as _;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sanad_core::batch::{Batch, BatchChain, SignedBatch};
use sanad_core::block::{Block, BlockId, HEADER_BYTES, ProtocolVersion};
use sanad_core::codec;
use sanad_core::commitment::{ContentHash, IssuanceKey, Opening, Secret, SummaryHash};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::{Entry, Event};
use sanad_core::evidence::{Accusation, Equivocation, Statement, StatementKind, proposal_message};
use sanad_core::genesis::Genesis;
use sanad_core::governance::{
    Admission, Change, Compromise, GovernanceItem, KeyRotation, NewGovernanceKeys, NewKey, Proposal,
    RejoinStatement, SIGNING_REQUEST_FORMAT, SigningRequest,
};
use sanad_core::hash::{BatchId, BlockHash, ChainId, Commitment, ProposalId, RejoinNonce};
use sanad_core::history::HistoryProof;
use sanad_core::ids::{Height, LogIndex, LogSize, Sequence};
use sanad_core::json_form;
use sanad_core::keyfile::{self, KdfParameters};
use sanad_core::member::{
    Fact, IndexRange, IssuerId, KeyPurpose, MEMBER_RECORD_BYTES_MAX, Member, MemberFile, MemberRecord,
    MemberRest, MemberState, Role, possession_message,
};
use sanad_core::proof::{
    CompletenessHead, ConsistencyProof, Contradiction, EntryRun, Evidence, EvidenceFault, FinalStatement,
    MemberProof, StatusProof,
};
use sanad_core::sd_jwt::SdJwt;
use sanad_core::signature::Signature;
use sanad_core::snapshot::{Chunk, ChunkCutter, SnapshotManifest, StateReader, StateRecord, records};
use sanad_core::summary::{Summary, SummaryLabel};
use sanad_core::trust::{TrustAnchor, TrustFile};
use sanad_core::validators::{
    CERTIFICATE_BYTES_MAX, CommitCertificate, CommitSignature, Validator, ValidatorSet, VoteKind,
    vote_message,
};
use sanad_testkit::{
    Chain, Ledger, certify, consensus_key, genesis, governance_key, id, issue, issuing_key, member,
    member_keys, sign_genesis,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{add_order, page, signatures, verify_complete as verify};

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
        if let Some(document) = sample["document"].as_str() {
            seed("json_document", name, document.as_bytes());
        }
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
        member_files(),
        member_records(&ledger),
        member_rests(&ledger),
        key_files(),
        consistency_proofs(&ledger),
        completeness_proofs(&ledger),
        evidence_files(),
        signing_requests(),
        member_proofs(&ledger),
        history_proofs(),
        trust_files(),
        binary_trust_files(),
        snapshot_manifests(&ledger),
        snapshot_states(&ledger),
        snapshot_chunks(&ledger),
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
    let ledger = Ledger::new();
    let signature = |name: &str| governance_key(name).sign(b"a sample");
    let new = |name: &str| NewKey { key: governance_key(name).public(), possession: signature(name) };
    let proposal = ProposalId([3; 32]);
    let (member, successor) = (id("issuer"), id("v1"));
    let propose = |change| {
        entry(Event::Propose(Box::new(Proposal { change, expires: Height(900), effective: Height(0) })))
    };
    let rotation = KeyRotation { purpose: KeyPurpose::Consensus, new: new("a") };
    let compromise =
        |replacement| Compromise { key: issuing_key("issuer").public(), from: LogIndex(7), replacement };
    let rotate = entry(Event::RotateKey(Box::new(rotation)));
    let amend =
        Change::Amend { member: member.clone(), name: Some("A name".into()), facts: Some(Vec::new()) };
    let admitted = ledger.genesis.members[0].clone();
    let possession = vec![signature("a"); 4];
    let governance_keys = NewGovernanceKeys {
        member: member.clone(),
        keys: vec![governance_key("a").public()],
        threshold: 1,
        possession: vec![signature("a")],
    };
    let validators = Change::SetValidators { validators: vec![id("v0"), id("v1")], fewer_than_four: true };
    let issuer_id: IssuerId = "https://issuer.example".parse().unwrap();
    let next = ProtocolVersion { layout: 1, rules: 2 };
    let block = BlockId { hash: BlockHash([4; 32]), round: 0 };
    let signed = equivocation(&ledger.state.chain_id(), "v1", Height(9), [Some(block), None]);
    let accusation =
        entry(Event::RecordEvidence(Box::new(Accusation { member: id("v1"), equivocation: signed })));
    let samples = [
        ("sound-rotate-key", "A new consensus key.", rotate.clone()),
        ("sound-set-addresses", "Addresses of a node.", {
            entry(Event::SetAddresses { addresses: vec!["node.issuer.example:4040".into()] })
        }),
        ("sound-drop-issuer-id", "An issuer id is dropped.", {
            entry(Event::DropIssuerId { issuer_id: issuer_id.clone() })
        }),
        ("sound-compromise", "A key was stolen, another takes its place.", {
            entry(Event::DeclareCompromise(Box::new(compromise(Some(new("b"))))))
        }),
        ("sound-compromise-alone", "A key was stolen.", {
            entry(Event::DeclareCompromise(Box::new(compromise(None))))
        }),
        ("sound-confirm", "A confirmation.", entry(Event::Confirm { target })),
        ("sound-revoke-by-governance", "A revocation by governance keys.", {
            entry(Event::RevokeByGovernance { target })
        }),
        ("sound-revoke-as-successor", "A revocation by the successor.", {
            entry(Event::RevokeAsSuccessor { target })
        }),
        ("sound-approve", "An approval.", entry(Event::Approve { proposal })),
        ("sound-withdraw", "An approval taken back.", entry(Event::Withdraw { proposal })),
        ("sound-freeze", "A freeze.", entry(Event::Freeze)),
        ("sound-record-evidence", "A validator voted for a block and for nil.", accusation.clone()),
        ("sound-rejoin", "A validator that has lost its memory.", {
            let (key, nonce) = (consensus_key("issuer").public(), RejoinNonce([5; 32]));
            entry(Event::Rejoin(Box::new(RejoinStatement { key, nonce })))
        }),
        ("statement", "Neither a proposal nor a vote.", {
            // After tag, issuer, member, key, height and round.
            with(&accusation, |bytes| bytes[1 + 7 + 3 + 33 + 8 + 4] = 3)
        }),
        ("sound-propose-admit", "An admission.", {
            propose(Change::Admit(Box::new(Admission { member: admitted, possession })))
        }),
        ("sound-propose-role", "A role.", {
            propose(Change::SetRole { member: member.clone(), role: Role::Observer })
        }),
        ("sound-propose-amend", "Another name, and no facts.", propose(amend)),
        ("sound-propose-suspend", "A suspension.", propose(Change::Suspend { member: member.clone() })),
        ("sound-propose-lift", "Its end.", propose(Change::Lift { member: member.clone() })),
        ("sound-propose-retire", "A member leaves.", propose(Change::Retire { member: member.clone() })),
        ("sound-propose-successor", "A successor.", {
            propose(Change::NameSuccessor { member: member.clone(), successor })
        }),
        ("sound-propose-keys", "Governance keys.", {
            propose(Change::ReplaceGovernanceKeys(Box::new(governance_keys)))
        }),
        ("sound-propose-issuer-id", "An issuer id.", { propose(Change::AddIssuerId { member, issuer_id }) }),
        ("sound-propose-validators", "Two validators, by name fewer than four.", propose(validators.clone())),
        ("sound-propose-parameters", "Parameters.", {
            propose(Change::SetParameters { block_bytes_max: 1 << 20, heartbeat_ms: 1_000 })
        }),
        ("sound-propose-protocol", "A protocol version.", {
            propose(Change::ActivateProtocol { protocol: next, height: Height(5_000) })
        }),
        ("purpose", "A purpose that no key has.", with(&rotate, |bytes| bytes[8] = 4)),
        ("change", "A change that there is not.", with(&propose(validators), |bytes| bytes[8] = 12)),
        ("sound-issue", "An issuance.", issuance.clone()),
        ("sound-revoke", "A revocation.", entry(Event::Revoke { target })),
        ("sound-suspend", "A suspension.", entry(Event::Suspend { target })),
        ("sound-reinstate", "The end of a suspension.", entry(Event::Reinstate { target })),
        ("tag", "A tag that stands for no event.", with(&issuance, |bytes| bytes[0] = 17)),
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
    // Version, chain id, issuer, chain, sequence and previous batch stand before the count.
    let chain = 1 + 32 + 7;
    let count = chain + 1 + 8 + 32;
    let none = Batch { events: Vec::new(), ..batch.clone() }.sign(&key).bytes().to_vec();
    let samples = [
        ("sound", "An issuance and a revocation.", sound.clone()),
        ("version", "Another version.", with(&sound, |bytes| bytes[0] = 2)),
        ("no-events", "No event.", none),
        ("event-count", "A claim of 2^32 - 1 events.", {
            with(&sound, |bytes| bytes[count..count + 4].fill(0xff))
        }),
        ("event-changed", "The target was changed after the batch was signed.", {
            with(&sound, |bytes| bytes[sound.len() - 66] ^= 1)
        }),
        ("chain", "A chain that no member has.", with(&sound, |bytes| bytes[chain] = 3)),
        ("other-chain", "The chain was changed after the batch was signed.", {
            with(&sound, |bytes| bytes[chain] = 1)
        }),
        ("signature-algorithm", "A signature by an algorithm to come.", {
            with(&sound, |bytes| bytes[sound.len() - 65] = 1)
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
        ("sound-rules", "Rules to come: readers do not depend on them.", with(&sound, |bytes| bytes[1] = 2)),
        ("layout", "A layout to come.", with(&sound, |bytes| bytes[0] = 2)),
        ("height", "Height 0.", with(&sound, |bytes| bytes[34..42].fill(0))),
        ("time", "A time after the year 9999.", with(&sound, |bytes| bytes[46] = 1)),
        ("log-size", "A log of more than 2^40 entries.", with(&sound, |bytes| bytes[56] = 1)),
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
        ("header-layout", "A header with a layout to come.", with(&sound, |bytes| bytes[0] = 2)),
        ("batch-version", "Another version of the first batch.", {
            with(&sound, |bytes| bytes[HEADER_BYTES + 4] = 2)
        }),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    format("block", ("block", ""), Value::Null, |bytes| text(Block::decode(bytes, 1 << 20)), samples)
}

fn certificates(ledger: &Ledger) -> Format {
    let header = ledger.head().clone();
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
        ("round-of-proposal", "Signed for another round of first proposal.", {
            let other = with(&header, |header| header.round = 1);
            let message = sanad_core::validators::vote_message(
                &header.chain_id,
                sanad_core::validators::VoteKind::Precommit,
                header.height,
                0,
                Some(&sanad_core::block::BlockId { round: other.round, ..header.id() }),
            );
            changed(&|signatures| {
                for CommitSignature { validator, signature } in signatures {
                    let member = &set.validators()[usize::from(*validator)].member;
                    *signature = consensus_key(member.as_str()).sign(&message);
                }
            })
        }),
        ("algorithm", "A signature by an algorithm to come.", with(&bytes, |bytes| bytes[50] = 1)),
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
        text(certificate.verify(&header.chain_id, header.height, &header.id(), &set))
    };
    format("certificate", ("certificate", ""), context, check, samples)
}

fn validator_sets(ledger: &Ledger) -> Format {
    let sound = codec::encode(ledger.state.validators());
    let validators = ledger.state.validators().validators().to_vec();
    let encoded = |number: u32, first_height: u64, validators: &[Validator]| {
        let mut bytes = [&number.to_be_bytes()[..], &first_height.to_be_bytes()].concat();
        codec::encode_into(&(validators.len() as u32), &mut bytes);
        validators.iter().for_each(|validator| codec::encode_into(validator, &mut bytes));
        bytes
    };
    let list = |validators: Vec<Validator>| encoded(0, 1, &validators);
    let many = |n: usize| {
        let member = id(&format!("v{n:03}"));
        Validator { key: consensus_key(member.as_str()).public(), member }
    };
    let samples = [
        ("sound", "The four validators of a genesis.", sound.clone()),
        ("sound-later", "The same four, as a later set.", encoded(7, 300, &validators)),
        ("first-height", "A first set that does not decide height 1.", encoded(0, 2, &validators)),
        ("number", "A later set that decides height 1.", encoded(1, 1, &validators)),
        ("height-0", "A set that decides the genesis.", encoded(1, 0, &validators)),
        ("none", "No validator.", list(Vec::new())),
        ("unsorted", "In another order.", list(with(&validators, |list| list.swap(0, 1)))),
        ("twice", "One member twice.", list(with(&validators, |list| list[1] = list[0].clone()))),
        ("shared-key", "Two members with one key.", list(with(&validators, |l| l[1].key = l[0].key))),
        ("too-many", "129 validators.", list((0..129).map(many).collect())),
        ("count", "A claim of 2^32 - 1 validators.", with(&sound, |bytes| bytes[12..16].fill(0xff))),
        ("algorithm", "A key of an algorithm to come.", with(&sound, |bytes| bytes[19] = 1)),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    let check = |bytes: &[u8]| text(codec::decode::<ValidatorSet>(bytes, CERTIFICATE_BYTES_MAX));
    format("validator-set", ("encodings", "v"), Value::Null, check, samples)
}

/// What is said of a genesis, and of the signatures in it.
fn geneses() -> Format {
    let sound = genesis();
    let signed = |change: &dyn Fn(&mut Genesis)| {
        let genesis = with(&sound, |genesis| {
            change(genesis);
            sign_genesis(genesis);
        });
        genesis.to_json().into_bytes()
    };
    let changed = |change: &dyn Fn(&mut Genesis)| with(&sound, change).to_json().into_bytes();
    let edited = |from: &str, to: &str| {
        let text = sound.to_json();
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    };
    let issuer = |genesis: &mut Genesis| genesis.members.iter().position(|m| m.id == id("issuer")).unwrap();
    let samples = [
        ("sound", "Four validators, an issuer and an observer, all of whom signed.", changed(&|_| {})),
        ("sound-facts", "With issuer ids, addresses, facts and a predecessor.", {
            signed(&|genesis| {
                genesis.predecessor = Some(sanad_core::genesis::Predecessor {
                    chain_id: ChainId([1; 32]),
                    height: sanad_core::ids::Height(9),
                    block: sanad_core::hash::BlockHash([2; 32]),
                });
                let at = issuer(genesis);
                let member = &mut genesis.members[at];
                member.issuer_ids = ["did:web:issuer.example", "https://issuer.example"]
                    .map(|id| id.parse().unwrap())
                    .to_vec();
                member.addresses = vec!["node.issuer.example:26656".into()];
                member.facts = vec![Fact { name: "accreditation".into(), value: "A".into() }];
            })
        }),
        ("version", "Another version.", signed(&|genesis| genesis.version = 2)),
        ("no-name", "Without a name.", changed(&|genesis| genesis.name.clear())),
        ("name-control", "A name with a line break.", signed(&|genesis| genesis.name = "a\nb".into())),
        ("name-direction", "A name that turns the direction of reading.", {
            signed(&|genesis| genesis.name = "\u{202e}muitrosnoc".into())
        }),
        ("log-origin", "An origin with a space.", signed(&|genesis| genesis.log_origin = "a b".into())),
        ("log-origin-plus", "An origin with a plus sign.", signed(&|g| g.log_origin = "a+b".into())),
        ("block-bytes", "Blocks without room for a batch.", {
            signed(&|genesis| genesis.parameters.block_bytes_max = 1_000)
        }),
        ("heartbeat", "More than 5 minutes between two blocks.", {
            signed(&|genesis| genesis.parameters.heartbeat_ms = 300_001)
        }),
        ("protocol", "Rules to come.", signed(&|genesis| genesis.parameters.protocol.rules = 2)),
        ("no-validators", "Without validators.", {
            signed(&|genesis| genesis.members.retain(|member| member.role != Role::Validator))
        }),
        ("unsorted", "Members in another order.", signed(&|genesis| genesis.members.swap(0, 1))),
        ("shared-key", "Two members with one key.", {
            signed(&|genesis| genesis.members[0].network_key = genesis.members[1].network_key)
        }),
        ("shared-issuer-id", "Two members with one issuer id.", {
            signed(&|genesis| {
                for member in &mut genesis.members[..2] {
                    member.issuer_ids = vec!["https://ui.example".parse().unwrap()];
                }
            })
        }),
        ("unsigned", "Without signatures.", changed(&|genesis| genesis.signatures.clear())),
        ("signature-missing", "A member has not signed.", {
            changed(&|genesis| drop(genesis.signatures.remove(&id("issuer"))))
        }),
        ("signature-other-chain", "A member agreed to another genesis.", {
            let other = with(&sound, |genesis| genesis.log_origin = "example.org/other".into());
            let of_other = sanad_testkit::agree(&other, &sound.members[0]);
            changed(&|genesis| {
                drop(genesis.signatures.insert(genesis.members[0].id.clone(), of_other.clone()))
            })
        }),
        ("signature-rehearsal", "The keys of a member signed its file for a rehearsal.", {
            let rehearsal = with(&sound, |genesis| genesis.nonce.0[0] ^= 1);
            let possession = sanad_testkit::agree(&rehearsal, &sound.members[0]).possession;
            changed(&|genesis| {
                let member = genesis.members[0].id.clone();
                genesis.signatures.get_mut(&member).unwrap().possession = possession.clone();
            })
        }),
        ("signature-stranger", "Somebody signed who is not a member.", {
            changed(&|genesis| {
                let signatures = genesis.signatures[&id("issuer")].clone();
                genesis.signatures.insert(id("stranger"), signatures);
            })
        }),
        ("signature-unknown-key", "A key signed that the member does not have.", {
            changed(&|genesis| {
                let key = governance_key("stranger");
                let message = sanad_core::genesis::agreement_message(&genesis.chain_id());
                let signatures = genesis.signatures.get_mut(&id("issuer")).unwrap();
                signatures.agreement.insert(key.public(), key.sign(&message));
            })
        }),
        ("unknown-field", "A field that no genesis has.", edited("\"name\"", "\"title\": 1, \"name\"")),
        (
            "fraction",
            "A number with a fraction.",
            edited("\"heartbeat_ms\": 60000", "\"heartbeat_ms\": 60000.5"),
        ),
        ("twice", "A field twice.", edited("\"version\": 1", "\"version\": 1, \"version\": 1")),
        ("cut", "The end is missing.", cut(sound.to_json().trim_end().as_bytes())),
    ];
    let check = |bytes: &[u8]| {
        let genesis = Genesis::from_json(bytes).map_err(|error| chained(&error))?;
        genesis.check_signatures().map_err(|error| chained(&error))
    };
    format("genesis", ("genesis", ""), Value::Null, check, samples)
}

/// An error with its causes.
fn chained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
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
    let point = |hex: &str| Some(format!("ed25519:{hex}").parse().unwrap());
    let small = "0100000000000000000000000000000000000000000000000000000000000000";
    let beyond = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    let governance = |n: usize| {
        let mut keys: Vec<_> = (0..n).map(|n| governance_key(&format!("k{n}")).public()).collect();
        keys.sort();
        keys
    };
    let fact = |name: &str| Fact { name: name.into(), value: "A".into() };
    let samples = [
        ("sound-validator", "A validator.", changed(&|_| {})),
        ("sound-issuer", "An issuer.", written(&member("ui.example", Role::Issuer))),
        ("sound-observer", "An observer.", written(&member("ui.example", Role::Observer))),
        ("sound-threshold", "Three of five governance keys.", {
            changed(&|m| (m.governance_keys, m.governance_threshold) = (governance(5), 3))
        }),
        ("no-key", "A validator without a key to vote with.", changed(&|m| m.consensus_key = None)),
        ("needless-key", "An issuer with a key to vote with.", changed(&|m| m.role = Role::Issuer)),
        ("shared-key", "One key that issues and votes.", changed(&|m| m.issuing_key = m.consensus_key)),
        ("governance-key-issues", "A governance key that issues.", {
            changed(&|m| m.issuing_key = Some(m.governance_keys[0]))
        }),
        ("no-governance-key", "Without governance keys.", changed(&|m| m.governance_keys.clear())),
        ("six-governance-keys", "Six governance keys.", changed(&|m| m.governance_keys = governance(6))),
        ("governance-keys-unsorted", "Governance keys in another order.", {
            changed(&|m| m.governance_keys = governance(2).into_iter().rev().collect())
        }),
        ("threshold-0", "A threshold of 0.", changed(&|m| m.governance_threshold = 0)),
        ("threshold-unreachable", "A threshold of 2, and one key.", changed(&|m| m.governance_threshold = 2)),
        ("small-order-key", "A key of small order.", changed(&|m| m.issuing_key = point(small))),
        ("key-not-canonical", "A key with y beyond p.", changed(&|m| m.issuing_key = point(beyond))),
        ("key-algorithm", "A key of an algorithm to come.", edited("ed25519:", "ed448:")),
        ("key-untagged", "A key without its algorithm.", edited("ed25519:", "")),
        ("no-name", "Without a name.", changed(&|m| m.name.clear())),
        (
            "name-control",
            "A name with a control character.",
            changed(&|m| m.name = "Universitas\u{1b}".into()),
        ),
        ("name-direction", "A name that turns the direction of reading.", {
            changed(&|m| m.name = "Universitas \u{2067}A".into())
        }),
        ("issuer-ids-unsorted", "Issuer ids in another order.", {
            changed(&|m| {
                m.issuer_ids = ["https://b.example", "https://a.example"].map(|id| id.parse().unwrap()).into()
            })
        }),
        ("issuer-id", "An issuer id in another spelling.", {
            edited("\"role\"", "\"issuer_ids\": [\"https://UI.example/\"], \"role\"")
        }),
        (
            "address",
            "An address with a bidirectional mark.",
            changed(&|m| m.addresses = vec!["a\u{200e}".into()]),
        ),
        ("fact", "The same fact twice.", changed(&|m| m.facts = vec![fact("a"), fact("a")])),
        ("id", "An id in upper case.", edited("ui.example", "UI.example")),
        ("null", "A field without a value.", edited("\"role\"", "\"addresses\": null, \"role\"")),
        ("secret", "A field that none has.", edited("\"role\"", "\"secret_key\": \"\", \"role\"")),
    ];
    let check = |bytes: &[u8]| {
        let member: Member = json_form::read(bytes).map_err(|error| chained(&error))?;
        member.check().map_err(|error| chained(&error))
    };
    format("member", ("encodings", "m"), Value::Null, check, samples)
}

fn member_files() -> Format {
    let (invitation, member) = (genesis().invitation(), member("ui.example", Role::Validator));
    let signed = |change: &dyn Fn(&mut Member)| {
        let member = with(&member, change);
        let message = possession_message(&invitation, &member);
        let signatures = member_keys(&member).iter().map(|key| key.sign(&message)).collect();
        MemberFile::new(invitation.clone(), member, signatures)
    };
    let sound = signed(&|_| {});
    let changed = |change: &dyn Fn(&mut MemberFile)| with(&sound, change).to_json().into_bytes();
    let samples = [
        ("sound", "A validator, signed by its four keys.", changed(&|_| {})),
        ("format", "Another format.", changed(&|file| file.format = "sanad-member/v2".into())),
        ("member", "A member that does not fit together.", {
            signed(&|member| member.governance_threshold = 2).to_json().into_bytes()
        }),
        (
            "other-consortium",
            "Signed for another consortium.",
            changed(&|file| file.consortium.name.push('!')),
        ),
        ("rehearsal", "Signed for a rehearsal.", changed(&|file| file.consortium.nonce.0[0] ^= 1)),
        ("no-consortium-name", "A consortium without a name.", changed(&|file| file.consortium.name.clear())),
        ("consortium-control", "A consortium whose name breaks its line.", {
            changed(&|file| file.consortium.name = "a\u{2028}b".into())
        }),
        (
            "changed",
            "The name was changed after the keys signed.",
            changed(&|file| file.member.name.push('!')),
        ),
        ("signature-missing", "One key did not sign.", changed(&|file| file.signatures.truncate(3))),
        ("signature-other-key", "A key signed in the place of another.", {
            changed(&|file| file.signatures[1] = file.signatures[2])
        }),
        ("signature-order", "Signatures in another order.", changed(&|file| file.signatures.swap(0, 1))),
    ];
    let check = |bytes: &[u8]| text(MemberFile::from_json(bytes).map_err(|error| chained(&error)));
    format("member-file", ("member_file", ""), Value::Null, check, samples)
}

fn member_records(ledger: &Ledger) -> Format {
    let range = |from, until| IndexRange { from: LogIndex(from), until: LogIndex(until) };
    let record = with(ledger.state.registry().member(&id("issuer")).unwrap().record(), |record| {
        record.issuer_ids = vec![sanad_core::member::IssuerIdTerm {
            id: "https://issuer.example".parse().unwrap(),
            from: LogIndex(3),
            until: Some(LogIndex(9)),
        }];
        record.disputed = vec![range(5, 7)];
    });
    let encoded = |change: &dyn Fn(&mut MemberRecord)| codec::encode(&with(&record, change));
    let sound = codec::encode(&record);
    let standing = (1 + record.id.as_str().len()) + (1 + record.name.len());
    let samples = [
        ("sound", "An issuer with an issuer id and a disputed range.", sound.clone()),
        ("sound-plain", "Neither.", encoded(&|r| (r.issuer_ids, r.disputed) = Default::default())),
        ("standing", "A standing that no member has.", with(&sound, |bytes| bytes[standing] = 4)),
        ("no-name", "Without a name.", encoded(&|record| record.name.clear())),
        ("name-direction", "A name that turns the direction of reading.", {
            encoded(&|record| record.name = "\u{202d}abc".into())
        }),
        ("nine-ranges", "Nine disputed ranges.", encoded(&|record| record.disputed = vec![range(1, 2); 9])),
        ("many-issuer-ids", "33 issuer ids.", {
            encoded(&|record| record.issuer_ids = vec![record.issuer_ids[0].clone(); 33])
        }),
        ("issuer-id", "An issuer id in another spelling.", {
            let at = sound.windows(5).position(|window| window == b"https").unwrap();
            with(&sound, |bytes| bytes[at] = b'H')
        }),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    let check = |bytes: &[u8]| {
        let record =
            codec::decode::<MemberRecord>(bytes, MEMBER_RECORD_BYTES_MAX).map_err(|e| chained(&e))?;
        record.check().map_err(|error| chained(&error))
    };
    format("member-record", ("encodings", "r"), Value::Null, check, samples)
}

/// A sample is a record and its rest, one after the other: the state of a member.
fn member_rests(ledger: &Ledger) -> Format {
    let state = ledger.state.registry().member(&id("issuer")).unwrap();
    let other = ledger.state.registry().member(&id("v1")).unwrap();
    let encoded = |change: &dyn Fn(&mut MemberRest)| {
        [codec::encode(state.record()), codec::encode(&with(state.rest(), change))].concat()
    };
    let sound = codec::encode(state);
    let samples = [
        ("sound", "An issuer.", sound.clone()),
        ("other-rest", "The rest of another member.", encoded(&|rest| *rest = other.rest().clone())),
        ("key", "Another key.", encoded(&|rest| rest.keys[1].key.0[0] ^= 1)),
        ("events", "Fewer entries.", encoded(&|rest| rest.events.count -= 1)),
        ("role", "Another role.", encoded(&|rest| rest.role = Role::Validator)),
        ("purpose", "A purpose that no key has.", {
            let at = codec::encode(state.record()).len() + 2 + 4;
            with(&sound, |bytes| bytes[at] = 4)
        }),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    let check = |bytes: &[u8]| text(codec::decode::<MemberState>(bytes, codec::CODEC_BYTES_MAX));
    format("member-state", ("encodings", "t"), Value::Null, check, samples)
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
    (json!({ "genesis": genesis }), ledger.anchor())
}

fn consistency_proofs(ledger: &Ledger) -> Format {
    let sound = ledger.consistency(3, 9);
    let changed = |change: &dyn Fn(&mut ConsistencyProof)| with(&sound, change).to_json().into_bytes();
    let samples = [
        ("sound", "From 3 entries to 9, of a log of 12.", changed(&|_| {})),
        ("sound-one-size", "Of one size with itself.", ledger.consistency(9, 9).to_json().into_bytes()),
        ("older-root", "Another older root.", changed(&|proof| proof.older.root.0[0] ^= 1)),
        ("newer-root", "Another newer root.", changed(&|proof| proof.newer.root.0[0] ^= 1)),
        ("older-size", "Another older size.", changed(&|proof| proof.older.size = LogSize(4))),
        ("no-entries", "An older log of no entries.", changed(&|proof| proof.older.size = LogSize(0))),
        ("path-changed", "A bit of the path was changed.", changed(&|proof| proof.path[0][0] ^= 1)),
        ("path-cut", "A hash of the path is missing.", changed(&|proof| proof.path.truncate(1))),
        ("path-longer", "A hash too many.", changed(&|proof| proof.head_path.push([0; 32]))),
        ("header", "A header that was not signed.", changed(&|proof| proof.header.time_ms += 1)),
        ("too-few", "Two of four validators.", changed(&|p| signatures(&mut p.finality).truncate(2))),
        ("format", "Another format.", changed(&|p| p.format = "sanad-consistency-proof/v2".into())),
    ];
    let (context, anchor) = trust(ledger);
    let check = move |bytes: &[u8]| {
        let proof = ConsistencyProof::from_json(bytes).map_err(|error| error.to_string())?;
        text(proof.verify(&anchor))
    };
    format("consistency", ("consistency_proof", ""), context, check, samples)
}

/// Two precommits of a validator for round 0 of a height.
fn equivocation(
    chain_id: &ChainId,
    name: &str,
    height: Height,
    blocks: [Option<BlockId>; 2],
) -> Equivocation {
    let key = consensus_key(name);
    let [first, second] = blocks.map(|block| {
        let message = vote_message(chain_id, VoteKind::Precommit, height, 0, block.as_ref());
        Statement { block, valid_round: None, signature: key.sign(&message) }
    });
    let statement = StatementKind::Precommit;
    Equivocation { key: key.public(), height, round: 0, statement, first, second }
}

/// One ledger revokes where its rival goes on issuing; the same validators sign both.
fn evidence_files() -> Format {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..5);
    let active = ledger.prove(1);
    let mut rival = ledger.clone();
    let revoke = ledger.signed("issuer", vec![Event::Revoke { target: LogIndex(1) }]);
    ledger.commit(vec![revoke]);
    let revoked = ledger.prove(1);
    rival.issue("issuer", 10..11);
    let same_height = rival.prove(1);
    rival.issue("issuer", 11..13);
    let later = rival.prove(1);
    let statement = |proof: &StatusProof| {
        Box::new(FinalStatement { header: proof.header.clone(), finality: proof.finality.clone() })
    };
    let heights = Contradiction::Heights { one: statement(&revoked), other: statement(&same_height) };
    let revocation = |revoked: &StatusProof, later: &StatusProof| Contradiction::Revocation {
        revoked: Box::new(revoked.clone()),
        later: Box::new(later.clone()),
    };
    let log = |older: &StatusProof, from: u64| Contradiction::Log {
        older: statement(older),
        newer: Box::new(rival.consistency(from, 8)),
    };
    let written = |statements: Contradiction| Evidence::new(statements).to_json().into_bytes();
    let fewer = |mut statements: Contradiction| {
        if let Contradiction::Revocation { later, .. } = &mut statements {
            signatures(&mut later.finality).truncate(2);
        }
        written(statements)
    };
    let one = statement(&revoked);
    let chain_id = ledger.state.chain_id();
    let signed = equivocation(&chain_id, "v1", Height(2), [Some(revoked.header.id()), None]);
    let written_of = |signed, decided| Evidence::of_validator(signed, decided).to_json().into_bytes();
    let samples = [
        ("sound-heights", "Two final headers of height 2.", written(heights)),
        ("sound-revocation", "Revoked at height 2, active at 3.", written(revocation(&revoked, &later))),
        ("sound-log", "Two logs of 6 entries.", written(log(&revoked, 6))),
        (
            "same-block",
            "The same header twice.",
            written(Contradiction::Heights { one: one.clone(), other: one }),
        ),
        ("other-heights", "Headers of two heights.", {
            written(Contradiction::Heights { one: statement(&active), other: statement(&later) })
        }),
        ("revoked-later", "It was revoked later.", written(revocation(&active, &revoked))),
        ("one-height", "Of one height.", written(revocation(&revoked, &same_height))),
        ("other-credential", "Of two credentials.", written(revocation(&revoked, &rival.prove(2)))),
        ("both-revoked", "Revoked in both.", {
            let mut ledger = ledger.clone();
            ledger.issue("issuer", 20..21);
            written(revocation(&revoked, &ledger.prove(1)))
        }),
        ("same-log", "The older log begins the newer one.", written(log(&same_height, 6))),
        ("other-size", "Logs of two sizes.", written(log(&revoked, 5))),
        ("too-few", "Two of four validators.", fewer(revocation(&revoked, &later))),
        ("sound-equivocation", "Two precommits of height 2, and its block.", {
            written_of(signed.clone(), Some(*statement(&revoked)))
        }),
        ("sound-equivocation-first", "Two precommits of height 1: the genesis says whose.", {
            written_of(equivocation(&chain_id, "v2", Height(1), [None, Some(active.header.id())]), None)
        }),
        ("sound-equivocation-proposals", "Two proposals of height 1.", {
            let mut proposals = equivocation(&chain_id, "v2", Height(1), [None, None]);
            proposals.statement = StatementKind::Proposal;
            for (proposed, proof) in [(&mut proposals.first, &revoked), (&mut proposals.second, &same_height)]
            {
                let block = proof.header.id();
                let message = proposal_message(&chain_id, Height(1), 0, None, &block);
                (proposed.block, proposed.signature) = (Some(block), consensus_key("v2").sign(&message));
            }
            written_of(proposals, None)
        }),
        ("equivocation-unknown", "Nothing says whose the key was.", written_of(signed.clone(), None)),
        ("equivocation-agreement", "The same vote twice.", {
            let twice = Equivocation { second: signed.first.clone(), ..signed.clone() };
            written_of(twice, Some(*statement(&revoked)))
        }),
        ("equivocation-signature", "A vote that the key did not sign.", {
            let mut changed = signed.clone();
            changed.round = 1;
            written_of(changed, Some(*statement(&revoked)))
        }),
        ("equivocation-valid-round", "A vote with a valid round.", {
            let mut changed = signed.clone();
            changed.first.valid_round = Some(0);
            written_of(changed, Some(*statement(&revoked)))
        }),
        ("equivocation-stranger", "The key is no validator's.", {
            let blocks = [Some(revoked.header.id()), None];
            let stranger = equivocation(&chain_id, "issuer", Height(2), blocks);
            written_of(stranger, Some(*statement(&revoked)))
        }),
        ("equivocation-other-height", "The block is of another height.", {
            written_of(signed.clone(), Some(*statement(&later)))
        }),
        ("format", "Another format.", {
            let mut proof = Evidence::new(revocation(&revoked, &later));
            proof.format = "sanad-evidence/v2".to_owned();
            proof.to_json().into_bytes()
        }),
    ];
    let (context, anchor) = trust(&ledger);
    let check = move |bytes: &[u8]| {
        let proof = Evidence::from_json(bytes).map_err(|error| error.to_string())?;
        let causes = |fault: EvidenceFault| match fault.source() {
            Some(source) => format!("{fault}: {source}"),
            None => fault.to_string(),
        };
        proof.verify(&anchor).map(|_| ()).map_err(causes)
    };
    format("evidence", ("evidence", ""), context, check, samples)
}

/// A ledger on which an issuer's key was stolen; it confirmed a credential and left, and its successor revoked another.
fn governed() -> Ledger {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..4);
    let key = issuing_key("issuer").public();
    let compromise = Compromise { key, from: LogIndex(1), replacement: None };
    let mut act = |by: &str, event: Event| {
        let batch = ledger.governed(by, vec![event]);
        ledger.commit(vec![batch.clone()]);
        batch
    };
    act("issuer", Event::DeclareCompromise(Box::new(compromise)));
    act("issuer", Event::Confirm { target: LogIndex(2) });
    let (member, successor) = (id("issuer"), id("v3"));
    for change in [Change::NameSuccessor { member: member.clone(), successor }, Change::Retire { member }] {
        let proposal = Proposal { change, expires: Height(100), effective: Height(0) };
        let batch = act("v0", Event::Propose(Box::new(proposal.clone())));
        let proposal = proposal.id(&batch.batch().chain_id, &id("v0"), batch.batch().sequence, 0);
        act("v1", Event::Approve { proposal });
        act("v2", Event::Approve { proposal });
    }
    act("v3", Event::RevokeAsSuccessor { target: LogIndex(3) });
    ledger
}

fn completeness_proofs(ledger: &Ledger) -> Format {
    let sound = ledger.completeness("issuer");
    let written = |(head, runs): &(CompletenessHead, Vec<EntryRun>)| {
        let lines: String = runs.iter().map(EntryRun::to_json).collect();
        (head.to_json() + &lines).into_bytes()
    };
    let runs = |change: &dyn Fn(&mut Vec<EntryRun>)| written(&with(&sound, |(_, list)| change(list)));
    let head = |change: &dyn Fn(&mut CompletenessHead)| written(&with(&sound, |(head, _)| change(head)));
    let samples = [
        ("sound", "Two lines of entries.", written(&sound)),
        ("sound-none", "An issuer without an entry.", written(&ledger.completeness("v3"))),
        ("sound-governance", "A member that confirmed, left, and has a successor that revoked.", {
            written(&governed().completeness("issuer"))
        }),
        ("sound-successor", "The successor of that member.", written(&governed().completeness("v3"))),
        ("vote-missing", "A vote of another member is missing.", {
            written(&with(&governed().completeness("issuer"), |(_, list)| drop(list.remove(3))))
        }),
        ("by-others", "An issuance of another member in place of a vote.", {
            written(&with(&governed().completeness("issuer"), |(_, list)| {
                list[3].entries[0] = Entry { issuer: id("v0"), event: issue(1) }.encode();
            }))
        }),
        ("last-missing", "The last line is missing.", runs(&|list| drop(list.pop()))),
        ("first-missing", "The first line is missing.", runs(&|list| drop(list.remove(0)))),
        (
            "revocation-missing",
            "The entry that revokes is missing.",
            runs(&|list| drop(list[1].entries.remove(0))),
        ),
        ("twice", "A line twice.", runs(&|list| list.push(list[1].clone()))),
        ("empty", "A line without entries.", runs(&|list| list[1].entries.clear())),
        ("entry-changed", "A bit of an entry was changed.", runs(&|list| list[1].entries[1][20] ^= 1)),
        ("entry-cut", "A byte of an entry is missing.", runs(&|list| list[0].entries[0].truncate(9))),
        ("swapped", "Two entries in another order.", runs(&|list| list[0].entries.swap(0, 1))),
        ("moved", "Entries at another place.", runs(&|list| list[1].first_index.0 += 1)),
        ("order", "Entries before the end of those before.", runs(&|list| list[1].first_index.0 = 2)),
        ("beyond", "Entries beyond the log.", runs(&|list| list[1].first_index = LogIndex(1 << 40))),
        ("issuer", "The entries of another issuer.", {
            written(&(sound.0.clone(), ledger.completeness("v1").1))
        }),
        ("other-rest", "Fewer entries in the rest.", head(&|head| head.rest.events.count -= 1)),
        (
            "rest-text",
            "A rest that has no encoding.",
            head(&|head| head.rest.addresses = vec!["x".repeat(256)]),
        ),
        ("record", "A record made for another rest.", {
            head(&|head| {
                head.rest.events.count -= 1;
                head.proof.member.record.rest = head.rest.hash();
            })
        }),
        ("header", "A header that was not signed.", head(&|head| head.proof.header.time_ms += 1)),
        ("format", "Another format.", head(&|h| h.format = "sanad-completeness-proof/v2".into())),
    ];
    let (context, anchor) = trust(ledger);
    let check = move |bytes: &[u8]| {
        let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let head = CompletenessHead::from_json(lines.next().unwrap()).map_err(|error| chained(&error))?;
        let runs: Result<Vec<_>, _> = lines.map(EntryRun::from_json).collect();
        text(verify(&head, &runs.map_err(|error| chained(&error))?, &anchor))
    };
    format("completeness", ("completeness_proof", ""), context, check, samples)
}

/// Every event of the governance chain, a vote and a freeze; what does not fit together; what a signer did not see.
fn signing_requests() -> Format {
    let mut ledger = Ledger::new();
    let change = Change::Suspend { member: id("v3") };
    let proposal = Proposal { change, expires: Height(900), effective: Height(0) };
    let proposed = ledger.governed("v1", vec![Event::Propose(Box::new(proposal))]);
    ledger.commit(vec![proposed]);
    let open = ledger.state.governance().open().map(|open| open.id).next().unwrap();
    let mut keys = ["rector", "registrar", "deputy"].map(governance_key).to_vec();
    keys.sort_by_key(|key| key.public());
    let of_entries = entries().samples.into_iter().filter(|(name, ..)| name.starts_with("sound"));
    let events = of_entries.map(|(_, _, bytes)| Entry::decode(&bytes).unwrap().event).filter(|event| {
        event.chain() == BatchChain::Governance
            && !matches!(event, Event::Approve { .. } | Event::Withdraw { .. })
    });
    let request = |events| SigningRequest {
        format: SIGNING_REQUEST_FORMAT.to_owned(),
        chain_id: ledger.state.chain_id(),
        member: id("v2"),
        chain: BatchChain::Governance,
        sequence: Sequence(3),
        previous: BatchId([9; 32]),
        events,
        keys: keys.iter().map(|key| key.public()).collect(),
        threshold: 2,
        governance: None,
        signatures: Vec::new(),
    };
    let signed = |mut request: SigningRequest, signers: &[usize]| {
        signers.iter().for_each(|signer| request.sign(&keys[*signer]).unwrap());
        request
    };
    let every = request(events.collect());
    let vote = SigningRequest {
        governance: Some(ledger.prove_governance()),
        ..request(vec![Event::Approve { proposal: open }, Event::Withdraw { proposal: open }])
    };
    let frozen = SigningRequest { chain: BatchChain::Freeze, threshold: 1, ..request(vec![Event::Freeze]) };
    let written = |request: &SigningRequest| request.to_json().into_bytes();
    let two = signed(request(vec![Event::Confirm { target: LogIndex(4) }]), &[0, 2]);
    let changed = |change: &dyn Fn(&mut SigningRequest)| written(&with(&two, change));
    let of_vote = |change: &dyn Fn(&mut SigningRequest)| written(&with(&signed(vote.clone(), &[1]), change));
    let samples = [
        ("sound", "Two of three keys have signed.", written(&two)),
        ("sound-every-event", "Every event that needs no proof; one key has signed.", {
            written(&signed(every, &[1]))
        }),
        ("sound-unsigned", "Nobody has signed.", changed(&|request| request.signatures.clear())),
        ("sound-vote", "An approval and a withdrawal of an open proposal.", of_vote(&|_| {})),
        ("sound-freeze", "A freeze.", written(&signed(frozen, &[0]))),
        ("format", "Another format.", changed(&|request| request.format.push('1'))),
        ("no-events", "No events.", changed(&|request| request.events.clear())),
        ("issuing", "Of the issuing chain.", changed(&|request| request.chain = BatchChain::Issuing)),
        ("other-chain", "An event of another chain.", changed(&|request| request.events.push(Event::Freeze))),
        ("keys-order", "The keys are not in order.", changed(&|request| request.keys.swap(0, 1))),
        ("no-threshold", "Nobody has to sign.", changed(&|request| request.threshold = 0)),
        ("threshold", "More have to sign than there are keys.", changed(&|request| request.threshold = 4)),
        ("stranger", "A key signed that is not one of them.", changed(&|request| request.keys.truncate(2))),
        ("order", "The signatures are not in order.", changed(&|request| request.signatures.reverse())),
        ("twice", "One key signed twice.", {
            changed(&|request| request.signatures[1] = request.signatures[0])
        }),
        ("event-changed", "An event was changed.", {
            changed(&|request| request.events = vec![Event::Confirm { target: LogIndex(5) }])
        }),
        ("member", "The member was changed.", changed(&|request| request.member = id("v3"))),
        (
            "sequence",
            "The place in the chain was changed.",
            changed(&|request| request.sequence = Sequence(4)),
        ),
        ("other-consortium", "Of another consortium.", {
            let other = with(&two, |request| {
                request.chain_id.0[0] ^= 1;
                request.signatures.clear();
            });
            written(&signed(other, &[0, 1]))
        }),
        ("no-proof", "A vote without what is voted on.", of_vote(&|request| request.governance = None)),
        ("proposal-changed", "The proposal is another than the proof has.", {
            of_vote(&|request| {
                let proof = request.governance.as_mut().unwrap();
                if let GovernanceItem::Open(open) = &mut proof.items[0] {
                    open.proposal.change = Change::Retire { member: id("v3") };
                }
            })
        }),
        ("too-few", "Two of four validators have signed the header.", {
            of_vote(&|request| signatures(&mut request.governance.as_mut().unwrap().finality).truncate(2))
        }),
    ];
    let (context, anchor) = trust(&ledger);
    let check = move |bytes: &[u8]| {
        let request = SigningRequest::from_json(bytes).map_err(|error| error.to_string())?;
        if request.chain_id != anchor.chain_id {
            return Err("for another consortium".to_owned());
        }
        let proof = request.governance.as_ref().map_or(Ok(()), |proof| proof.verify(&anchor).map(drop));
        proof.map_err(|fault| fault.to_string())
    };
    format("signing-request", ("signing_request", ""), context, check, samples)
}

fn member_proofs(ledger: &Ledger) -> Format {
    let sound = ledger.prove_member("issuer");
    let written = |proof: &MemberProof| serde_json::to_vec_pretty(proof).unwrap();
    let changed = |change: &dyn Fn(&mut MemberProof)| written(&with(&sound, change));
    let samples = [
        ("sound", "The record of an issuer.", written(&sound)),
        ("record", "Another name.", changed(&|proof| proof.member.record.name.push('!'))),
        ("path", "A bit of the path was changed.", changed(&|proof| proof.member.path[0][0] ^= 1)),
        ("path-cut", "A hash of the path is missing.", changed(&|proof| proof.member.path.truncate(1))),
        ("place", "Another place.", changed(&|proof| proof.member.index ^= 1)),
        ("count", "Another number of members.", changed(&|proof| proof.member.count += 1)),
        ("no-members", "A register without members.", changed(&|proof| proof.member.count = 0)),
        ("status-root", "Another status root.", changed(&|proof| proof.status_root.0[0] ^= 1)),
        ("others-root", "Another root of the other parts.", changed(&|proof| proof.others_root.0[0] ^= 1)),
        ("header", "A header that was not signed.", changed(&|proof| proof.header.time_ms += 1)),
        ("too-few", "Two of four validators.", changed(&|p| signatures(&mut p.finality).truncate(2))),
    ];
    let (context, anchor) = trust(ledger);
    let check = move |bytes: &[u8]| {
        let proof: MemberProof = json_form::read(bytes).map_err(|error| chained(&error))?;
        text(proof.verify(&anchor))
    };
    format("member-proof", ("member_proof", ""), context, check, samples)
}

/// A chain of 40 headers, with changes of the validators after heights 4 and 10.
fn chain() -> Chain {
    let mut chain = Chain::new(4);
    chain.extend_to(3);
    chain.announce();
    chain.extend_to(9);
    chain.announce();
    chain.extend_to(40);
    chain
}

/// A sample is the proof that the header of height 7 is in the history of another.
fn history_proofs() -> Format {
    let chain = chain();
    let older = chain.header(7).clone();
    let sound = chain.history_proof(7, 40, 0);
    let written = |proof: &HistoryProof| serde_json::to_vec_pretty(proof).unwrap();
    let changed = |change: &dyn Fn(&mut HistoryProof)| written(&with(&sound, change));
    let samples = [
        ("sound", "In the history of height 40.", written(&sound)),
        ("sound-next", "In the history of the next height.", written(&chain.history_proof(7, 8, 0))),
        ("path", "A bit of the path was changed.", changed(&|proof| proof.path[0][0] ^= 1)),
        ("path-cut", "A hash of the path is missing.", changed(&|proof| proof.path.truncate(2))),
        ("path-longer", "A hash too many.", changed(&|proof| proof.path.push([0; 32]))),
        (
            "other-place",
            "The path of another height.",
            changed(&|proof| {
                proof.path = chain.history_proof(8, 40, 0).path;
            }),
        ),
        ("history-root", "Another history root.", changed(&|proof| proof.past.history_root.0[0] ^= 1)),
        ("previous", "Another header before.", changed(&|proof| proof.past.previous.0[0] ^= 1)),
        (
            "not-newer",
            "A newer header of the same height.",
            changed(&|proof| {
                *proof = HistoryProof { path: Vec::new(), ..chain.history_proof(6, 7, 0) };
            }),
        ),
        (
            "older",
            "A newer header that is older.",
            changed(&|proof| {
                *proof = HistoryProof { path: Vec::new(), ..chain.history_proof(1, 2, 0) };
            }),
        ),
        ("newer-header", "A newer header that was not signed.", changed(&|proof| proof.header.time_ms += 1)),
        ("too-few", "Two of four validators.", changed(&|p| p.certificate.signatures.truncate(2))),
        (
            "change-missing",
            "A change of the validators is missing.",
            changed(&|p| {
                p.validator_changes.remove(0);
            }),
        ),
    ];
    let context = json!({
        "genesis": serde_json::from_str::<Value>(&chain.genesis.to_json()).unwrap(),
        "header": older,
    });
    let anchor = chain.genesis_anchor();
    let check = move |bytes: &[u8]| {
        let proof: HistoryProof = json_form::read(bytes).map_err(|error| chained(&error))?;
        let finality = sanad_core::proof::Finality::History(Box::new(proof));
        text(anchor.verify_header(&older, &finality))
    };
    format("history", ("history_proof", ""), context, check, samples)
}

fn trust_file_samples(written: fn(&TrustFile) -> Vec<u8>) -> Vec<Sample> {
    let chain = chain();
    let sound = chain.trust_file(40);
    let changed = |change: &dyn Fn(&mut TrustFile)| written(&with(&sound, change));
    vec![
        ("sound", "Two changes of the validators.", written(&sound)),
        ("sound-first", "The first header.", written(&chain.trust_file(1))),
        ("sound-announcement", "The header that announces a change.", written(&chain.trust_file(10))),
        ("other-genesis", "A genesis of the same members with another nonce.", {
            changed(&|file| file.genesis.nonce.0[0] ^= 1)
        }),
        ("genesis", "A genesis that is not valid.", changed(&|file| file.genesis.name.clear())),
        ("change-missing", "The first change is missing.", changed(&|f| drop(f.validator_changes.remove(0)))),
        ("last-change-missing", "The last change is missing.", changed(&|f| drop(f.validator_changes.pop()))),
        ("announcement-missing", "The change that the anchor announces is missing.", {
            written(&with(&chain.trust_file(10), |file| drop(file.validator_changes.pop())))
        }),
        ("change-order", "Changes in another order.", changed(&|f| f.validator_changes.swap(0, 1))),
        ("change-path", "A bit of a path was changed.", changed(&|f| f.validator_changes[0].path[0][0] ^= 1)),
        ("change-above", "A change above the anchor.", {
            written(&with(&chain.trust_file(8), |file| {
                file.validator_changes = with(&sound.validator_changes, |_| {});
            }))
        }),
        ("change-signatures", "A change that two of four validators signed.", {
            changed(&|file| file.validator_changes[0].certificate.signatures.truncate(2))
        }),
        ("change-set", "Another set after a change.", {
            changed(&|f| f.validator_changes[1].next = f.validator_changes[0].next.clone())
        }),
        ("anchor-time", "An anchor that was not signed.", changed(&|file| file.anchor.header.time_ms += 1)),
        ("anchor-past", "Another past of the anchor.", changed(&|file| file.anchor.past.previous.0[0] ^= 1)),
        ("anchor-signatures", "Two of four validators signed the anchor.", {
            changed(&|file| file.anchor.certificate.signatures.truncate(2))
        }),
        ("remainder", "Another history.", changed(&|file| file.remainder[0][0] ^= 1)),
        ("remainder-missing", "A peak is missing.", changed(&|file| file.remainder.truncate(1))),
        ("seals", "A root too many.", changed(&|file| file.seals.push([0; 32]))),
    ]
}

fn check_trust_file(bytes: &[u8]) -> Result<(), String> {
    let file = TrustFile::from_bytes(bytes).map_err(|error| chained(&error))?;
    text(file.verify(1_700_000_100_000))
}

fn trust_files() -> Format {
    let mut samples = trust_file_samples(|file| file.to_json().into_bytes());
    let sound = chain().trust_file(40);
    let changed = |change: &dyn Fn(&mut TrustFile)| with(&sound, change).to_json().into_bytes();
    samples.push(("format", "Another format.", changed(&|file| file.format = "sanad-trust/v2".into())));
    let context = json!({ "now_ms": 1_700_000_100_000u64 });
    format("trust-file", ("trust_file", ""), context, check_trust_file, samples)
}

fn binary_trust_files() -> Format {
    let mut samples = trust_file_samples(TrustFile::to_binary);
    let sound = chain().trust_file(40).to_binary();
    samples.extend([
        ("magic", "Other first bytes.", with(&sound, |bytes| bytes[3] ^= 1)),
        ("version", "Another version.", with(&sound, |bytes| bytes[4] = 2)),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ]);
    let context = json!({ "now_ms": 1_700_000_100_000u64 });
    format("trust-file-binary", ("trust_file", ""), context, check_trust_file, samples)
}

/// The records of a snapshot of a ledger: its state, its blocks and their certificates.
fn snapshot_records(ledger: &Ledger) -> [Vec<Vec<u8>>; 3] {
    let state = &ledger.state;
    let members = state.registry().members().map(|member| StateRecord::Member(Box::new(member.clone())));
    let leaves = state.status().leaves().map(|(place, leaf)| StateRecord::Statuses(place, *leaf));
    let records = [StateRecord::Parameters(*state.parameters())].into_iter().chain(members).chain(leaves);
    let certificate = |block: &Block| codec::encode(&ledger.certify(&block.header, &[0, 1, 3]));
    [
        records.map(|record| codec::encode(&record)).collect(),
        ledger.blocks.iter().map(Block::encode).collect(),
        ledger.blocks.iter().map(certificate).collect(),
    ]
}

fn chunk(records: &[Vec<u8>]) -> Vec<u8> {
    let mut cutter = ChunkCutter::default();
    assert!(records.iter().all(|record| cutter.push(record).is_none()), "one chunk");
    cutter.finish().unwrap()
}

fn manifest(ledger: &Ledger) -> SnapshotManifest {
    let chunks = |records: &Vec<Vec<u8>>| vec![Chunk::of(&chunk(records))];
    let [state, blocks, certificates] = snapshot_records(ledger).each_ref().map(chunks);
    SnapshotManifest { state, blocks, certificates, trust: ledger.trust_file() }
}

/// Its chunks are the sound samples of the two formats that follow.
fn snapshot_manifests(ledger: &Ledger) -> Format {
    let manifest = manifest(ledger);
    let changed = |change: &dyn Fn(&mut SnapshotManifest)| with(&manifest, change).to_bytes();
    let sound = manifest.to_bytes();
    let samples = [
        ("sound", "A snapshot of one chunk in each list.", sound.clone()),
        ("magic", "Other first bytes.", with(&sound, |bytes| bytes[3] ^= 1)),
        ("version", "Another version.", with(&sound, |bytes| bytes[4] = 2)),
        ("count", "A claim of 2^32 - 1 chunks.", with(&sound, |bytes| bytes[5..9].fill(255))),
        ("no-state", "A list without chunks.", changed(&|manifest| manifest.state.clear())),
        ("empty-chunk", "A chunk of no bytes.", changed(&|manifest| manifest.blocks[0].bytes = 0)),
        ("long-chunk", "A chunk longer than any.", changed(&|manifest| manifest.blocks[0].bytes = 8_388_612)),
        ("short-chunk", "A short chunk before the last.", {
            changed(&|manifest| manifest.certificates.push(manifest.certificates[0]))
        }),
        ("certificate", "A certificate of two validators in the trust file.", {
            changed(&|manifest| manifest.trust.anchor.certificate.signatures.truncate(2))
        }),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ];
    let now_ms = ledger.head().time_ms;
    let check = move |bytes: &[u8]| {
        let manifest = SnapshotManifest::from_bytes(bytes).map_err(|error| chained(&error))?;
        text(manifest.trust.verify(now_ms))
    };
    let context = json!({ "now_ms": now_ms });
    format("snapshot-manifest", ("snapshot_manifest", ""), context, check, samples)
}

fn snapshot_states(ledger: &Ledger) -> Format {
    let [sound, ..] = snapshot_records(ledger);
    let header = ledger.head().clone();
    let changed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| chunk(&with(&sound, change));
    let leaf = |place, leaf| codec::encode(&StateRecord::Statuses(place, leaf));
    let last = sound.len() - 1;
    let samples = [
        ("sound", "Parameters, members, and a leaf of statuses.", chunk(&sound)),
        (
            "root",
            "Other statuses.",
            changed(&|records| records[last] = leaf(0, with(&[0; 64], |leaf| leaf[63] = 1))),
        ),
        ("missing", "A member is missing.", changed(&|records| drop(records.remove(1)))),
        ("no-parameters", "No parameters.", changed(&|records| drop(records.remove(0)))),
        ("order", "Two members in the wrong order.", changed(&|records| records.swap(1, 2))),
        ("twice", "A member twice.", changed(&|records| records.insert(1, records[1].clone()))),
        ("zero-leaf", "A leaf of zeros.", changed(&|records| records.push(leaf(1, [0; 64])))),
        ("beyond", "A leaf beyond the log.", changed(&|records| records.push(leaf(1, [1; 64])))),
        ("concern", "An entry that concerns nobody who is a member.", {
            changed(&|records| {
                records.push(codec::encode(&StateRecord::Concern(id("nobody.example"), LogIndex(0))));
            })
        }),
        ("tag", "Another tag.", changed(&|records| records[last][0] = 5)),
        ("longer", "A byte is left over in a record.", changed(&|records| records[0].push(0))),
        ("empty", "A record of no bytes.", changed(&|records| records.push(Vec::new()))),
        ("cut", "A byte is missing.", cut(&chunk(&sound))),
    ];
    let context = json!({ "header": header });
    let check = move |bytes: &[u8]| {
        let mut reader = StateReader::new(&header);
        text(reader.read(bytes).and_then(|()| reader.finish()))
    };
    format("snapshot-state", ("snapshot_chunk", ""), context, check, samples)
}

/// What every chunk is, whatever its records are.
fn snapshot_chunks(ledger: &Ledger) -> Format {
    let [_, blocks, certificates] = snapshot_records(ledger).each_ref().map(|records| chunk(records));
    let samples = [
        ("sound-certificates", "The certificates of all blocks.", certificates),
        ("sound-blocks", "All blocks.", blocks.clone()),
        ("cut", "It ends inside a record.", cut(&blocks)),
        ("longer", "It ends inside a length.", longer(&blocks)),
        ("length", "A record longer than any.", with(&blocks, |bytes| bytes[0] = 1)),
    ];
    format("snapshot-chunk", ("snapshot_chunk", ""), Value::Null, |bytes| text(records(bytes)), samples)
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
