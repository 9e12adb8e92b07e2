//! Golden receipts: committed samples in both forms with what verification says of each. A test that fails here
//! means a format change.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::commitment::Secret;
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::genesis::Genesis;
use sanad_core::ids::{Height, LogIndex, MEMBER_ID_BYTES_MAX};
use sanad_core::member::{MEMBER_NAME_BYTES_MAX, Member, Role};
use sanad_core::proof::{TrustAnchor, VALIDATOR_CHANGES_MAX};
use sanad_core::receipt::{
    RECEIPT_BINARY_BYTES_MAX, RECEIPT_BINARY_VERSION, RECEIPT_JSON_BYTES_MAX, RECEIPT_MAGIC, Receipt,
    ReceiptForm,
};
use sanad_core::registry::MEMBERS_MAX;
use sanad_core::validators::{VALIDATORS_MAX, VoteKind, vote_message};
use serde_json::{Value, json};
use support::layout::{cut, place};
use support::synthetic::DOCUMENT;
use support::{Ledger, add_order, commitment_of, genesis, issue, member, page};

const SECRET: Secret = Secret([42; 32]);
/// Where the document is issued.
const INDEX: u64 = 301;

/// One sample: a receipt in both forms, and what it is checked against.
struct Case {
    name: &'static str,
    description: &'static str,
    genesis: Genesis,
    document: &'static [u8],
    json: String,
    binary: Vec<u8>,
}

/// The ledger of all samples: `v4` becomes a validator, and `v0` ends to be one, with block 3.
fn ledger(kind: DocumentKind, issuer: &str, later: &[Event], blocks: usize) -> Ledger {
    let mut genesis = genesis();
    genesis.members.push(Member { active_from: Height(3), ..member("v4", Role::Validator) });
    let v0 = genesis.members.iter_mut().find(|member| member.id.as_str() == "v0").unwrap();
    v0.active_until = Some(Height(3));
    genesis.members.sort_by(|a, b| a.id.cmp(&b.id));
    let mut ledger = Ledger::of(genesis);
    let chain = TrustAnchor::new(&ledger.genesis).unwrap().chain_id;
    let commitment = commitment_of(&chain, issuer, kind, &SECRET, DOCUMENT);
    let mut events: Vec<Event> = (0..INDEX).map(issue).collect();
    events.push(Event::Issue { commitment });
    let batch = ledger.signed(issuer, events);
    ledger.commit(vec![batch]);
    for event in later {
        let batch = ledger.signed(issuer, vec![*event]);
        ledger.commit(vec![batch]);
    }
    for number in 0..blocks as u64 {
        ledger.issue("v1", 1_000 + number..1_001 + number);
    }
    ledger
}

fn case(name: &'static str, description: &'static str, kind: DocumentKind, ledger: &Ledger) -> Case {
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    let receipt = Receipt::new(kind, SECRET, ledger.prove(INDEX)).trimmed(&anchor);
    Case {
        name,
        description,
        genesis: ledger.genesis.clone(),
        document: DOCUMENT,
        json: receipt.to_json(),
        binary: receipt.to_binary(&anchor).unwrap(),
    }
}

/// A sample with the same change made in both forms: to the receipt, and to the bytes of a field.
fn changed(
    (name, description): (&'static str, &'static str),
    mut case: Case,
    json: fn(&mut Receipt),
    field: &str,
    binary: fn(&mut Vec<u8>, usize),
) -> Case {
    let mut receipt = Receipt::from_json(case.json.as_bytes()).unwrap();
    json(&mut receipt);
    let start = place(&cut(&case.binary, 4), field).start;
    binary(&mut case.binary, start);
    Case { name, description, json: receipt.to_json(), ..case }
}

fn cases() -> Vec<Case> {
    let target = LogIndex(INDEX);
    let json = DocumentKind::Json;
    let active = || case("active", "A JSON document, active.", json, &ledger(json, "v1", &[], 0));
    let revoked = || {
        let ledger = ledger(json, "issuer", &[Event::Revoke { target }], 0);
        case("revoked", "Revoked after it was issued.", json, &ledger)
    };
    let bytes = DocumentKind::Bytes;
    let other_chain = Case {
        name: "foreign-chain",
        description: "The genesis of another consortium with the same members.",
        genesis: Genesis { name: "Another consortium".into(), ..genesis() },
        ..active()
    };
    let other_document = Case {
        name: "other-document",
        description: "The document was changed.",
        document: br#"{"name":"Lencana Guru Digital","credits":21}"#,
        ..active()
    };
    vec![
        active(),
        case(
            "suspended",
            "Suspended after it was issued, by an issuer that is no validator.",
            json,
            &ledger(json, "issuer", &[Event::Suspend { target }], 0),
        ),
        revoked(),
        case("bytes", "A document hashed byte by byte.", bytes, &ledger(bytes, "v1", &[], 0)),
        case(
            "last-of-its-validators",
            "Other validators decide the next block.",
            json,
            &ledger(json, "v1", &[], 1),
        ),
        case(
            "validator-change",
            "One validator left and one came on the way from the genesis.",
            json,
            &ledger(json, "v1", &[], 3),
        ),
        other_chain,
        other_document,
        changed(
            ("other-secret", "The secret is that of another document."),
            active(),
            |r| r.secret.0[0] ^= 1,
            "secret",
            |b, at| b[at] ^= 1,
        ),
        changed(
            ("other-commitment", "The commitment was changed."),
            active(),
            |r| match &mut r.proof.entry.event {
                Event::Issue { commitment } => commitment.0[0] ^= 1,
                other => unreachable!("{other:?}"),
            },
            "commitment",
            |b, at| b[at] ^= 1,
        ),
        changed(
            ("revocation-hidden", "Revoked, with the bits of the status leaf set to active."),
            revoked(),
            |r| r.proof.status_leaf[11] = 0,
            "status leaf mask",
            |b, at| {
                b[at + 1] = 0;
                b.remove(at + 8);
            },
        ),
        changed(
            ("too-few-signatures", "Two of four validators signed."),
            active(),
            |r| r.proof.certificate.signatures.truncate(2),
            "signers",
            |b, at| {
                b[at] &= 0b011;
                b.truncate(b.len() - 64);
            },
        ),
        changed(
            ("signature-changed", "A bit of one signature was changed."),
            active(),
            |r| r.proof.certificate.signatures[1].signature.0[9] ^= 1,
            "signatures",
            |b, at| b[at + 64 + 9] ^= 1,
        ),
        changed(
            ("signature-not-canonical", "The group order was added to S of one signature."),
            active(),
            |r| add_order(&mut r.proof.certificate.signatures[1].signature.0[32..]),
            "signatures",
            |b, at| add_order(&mut b[at + 64 + 32..at + 128]),
        ),
    ]
}

/// What verification says: the facts, or the first thing that is not so.
fn verdict(read: Result<Receipt, impl ToString>, document: &[u8], anchor: &TrustAnchor) -> Value {
    let verified = read
        .map_err(|error| error.to_string())
        .and_then(|receipt| receipt.verify(document, anchor).map_err(|fault| fault.to_string()));
    match verified {
        Ok(proven) => serde_json::to_value(proven).unwrap(),
        Err(error) => json!({ "error": error }),
    }
}

#[test]
fn golden_receipts() {
    for Case { name, description, genesis, document, json, binary } in cases() {
        let anchor = TrustAnchor::new(&genesis).unwrap();
        let value = json!({
            "description": description,
            "genesis": serde_json::from_str::<Value>(&genesis.to_json()).unwrap(),
            "chain_id": genesis.chain_id(),
            "document": std::str::from_utf8(document).unwrap(),
            "json": serde_json::from_str::<Value>(&json).unwrap(),
            "binary": hex::encode(&binary),
            "blake3": blake3::hash(&binary).to_hex().as_str(),
            "expected": {
                "json": verdict(Receipt::from_json(json.as_bytes()), document, &anchor),
                "binary": verdict(Receipt::from_binary(&binary, &anchor), document, &anchor),
            },
        });
        let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
        page::check_file(&format!("receipt/{name}.json"), &text);
    }
}

#[test]
fn the_page_shows_the_example() {
    let ledger = ledger(DocumentKind::Json, "v1", &[], 0);
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    let receipt = Receipt::new(DocumentKind::Json, SECRET, ledger.prove(INDEX)).trimmed(&anchor);
    let bytes = receipt.to_binary(&anchor).unwrap();
    let mut example = String::from("| field | bytes | |\n| --- | --- | --- |\n");
    for (field, range) in cut(&bytes, 4) {
        let length = range.len();
        let hex = bytes[range].chunks(32).map(|line| format!("`{}`", hex::encode(line)));
        example += &format!("| {field} | {length} | {} |\n", hex.collect::<Vec<_>>().join("<br>"));
    }
    page::check_part("formats/receipt.md", "example", &example);
    let header = &receipt.proof.header;
    let vote = vote_message(
        &header.chain_id,
        VoteKind::Precommit,
        header.height,
        receipt.proof.certificate.round,
        Some(&header.hash()),
    );
    let leaf = sanad_core::registry::Registry::leaf_hash(&receipt.proof.issuer.record);
    let status = {
        use sanad_core::merkle::TreeHash;
        sanad_core::hash::StatusHash::leaf(&receipt.proof.status_leaf)
    };
    let digest = document::digest(DocumentKind::Json, DOCUMENT).unwrap();
    let rows = [
        ("document", String::from_utf8(DOCUMENT.to_vec()).unwrap()),
        ("digest", hex::encode(digest)),
        ("chain id", header.chain_id.to_string()),
        ("validators hash", header.validators_hash.to_string()),
        ("entry", hex::encode(receipt.proof.entry.encode())),
        ("log leaf", hex::encode(receipt.proof.entry.leaf_hash())),
        ("log root", header.log_root.to_string()),
        ("status leaf hash", hex::encode(status)),
        ("status root", header.status_root.to_string()),
        ("registry leaf hash", hex::encode(leaf)),
        ("registry root", header.registry_root.to_string()),
        ("header", hex::encode(header.encode())),
        ("block hash", header.hash().to_string()),
        ("vote", hex::encode(vote)),
        ("finding", verdict(Ok::<_, String>(receipt), DOCUMENT, &anchor).to_string()),
    ];
    let rows: String = rows.iter().map(|(name, value)| format!("| {name} | `{value}` |\n")).collect();
    page::check_part("formats/receipt.md", "computed", &format!("| | |\n| --- | --- |\n{rows}"));
}

#[test]
fn the_page_states_the_constants() {
    let text = include_str!("../../../docs/formats/receipt.md");
    for form in [ReceiptForm::Json, ReceiptForm::Binary] {
        assert!(text.contains(&format!("| `{}` | `{}` |", form.media_type(), form.suffix())));
    }
    assert_eq!((RECEIPT_JSON_BYTES_MAX, RECEIPT_BINARY_BYTES_MAX), (1_048_576, 1_048_576));
    assert_eq!((RECEIPT_MAGIC, RECEIPT_BINARY_VERSION), ([0xf5, 0x73, 0x6e, 0x64], 1));
    assert_eq!((VALIDATOR_CHANGES_MAX, VALIDATORS_MAX, MEMBERS_MAX), (64, 128, 4_096));
    assert_eq!((MEMBER_ID_BYTES_MAX, MEMBER_NAME_BYTES_MAX), (32, 128));
    assert_eq!(ReceiptForm::detect(&[0xf5, 0x73, 0x6e, 0x64]), ReceiptForm::Binary);
    assert_eq!(ReceiptForm::detect(b"{"), ReceiptForm::Json);
}
