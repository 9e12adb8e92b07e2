//! Golden receipts: committed samples in both forms with what verification says of each. A test that fails here
//! means a format change.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::genesis::Genesis;
use sanad_core::history::SEAL_HEADERS;
use sanad_core::ids::{LogIndex, MEMBER_ID_BYTES_MAX};
use sanad_core::member::{ISSUER_ID_BYTES_MAX, MEMBER_NAME_BYTES_MAX};
use sanad_core::proof::{Finality, VALIDATOR_CHANGES_MAX};
use sanad_core::receipt::{
    RECEIPT_BINARY_BYTES_MAX, RECEIPT_BINARY_VERSION, RECEIPT_JSON_BYTES_MAX, RECEIPT_MAGIC, Receipt,
    ReceiptForm,
};
use sanad_core::registry::MEMBERS_MAX;
use sanad_core::trust::{ANCHOR_AGE_MS_MAX, TrustAnchor, TrustFile};
use sanad_core::validators::{VALIDATORS_MAX, VoteKind, vote_message};
use sanad_testkit::{
    Body, Chain, DOCUMENT, Ledger, Shape, certify, commitment_of, genesis, issue, sign_genesis,
};
use serde_json::{Value, json};
use support::layout::{cut, place};
use support::{add_order, page, signatures};

const SECRET: Secret = Secret([42; 32]);
/// Where the document is issued.
const INDEX: u64 = 301;

/// One sample: a receipt in both forms, and what it is checked against.
struct Case {
    name: &'static str,
    description: &'static str,
    genesis: Genesis,
    /// A trust file, and the verifier's time.
    trust: Option<(TrustFile, u64)>,
    document: Option<&'static [u8]>,
    json: String,
    binary: Vec<u8>,
}

impl Case {
    fn anchor(&self) -> TrustAnchor {
        match &self.trust {
            Some((file, now_ms)) => file.verify(*now_ms).unwrap(),
            None => TrustAnchor::new(&self.genesis).unwrap(),
        }
    }
}

/// The ledger of most samples.
fn ledger(kind: DocumentKind, issuer: &str, later: &[Event]) -> Ledger {
    let mut ledger = Ledger::new();
    let commitment = commitment_of(&ledger.genesis.chain_id(), issuer, kind, &SECRET, DOCUMENT);
    let mut events: Vec<Event> = (0..INDEX).map(issue).collect();
    events.push(Event::Issue { commitment });
    let batch = ledger.signed(issuer, events);
    ledger.commit(vec![batch]);
    for event in later {
        let batch = ledger.signed(issuer, vec![event.clone()]);
        ledger.commit(vec![batch]);
    }
    ledger
}

fn of_ledger(kind: DocumentKind, ledger: &Ledger) -> Receipt {
    let opening = Opening::Full { secret: SECRET, summary: None };
    Receipt::new(kind, opening, ledger.prove(INDEX)).trimmed(&ledger.anchor())
}

fn case(name: &'static str, description: &'static str, kind: DocumentKind, ledger: &Ledger) -> Case {
    let receipt = of_ledger(kind, ledger);
    Case {
        name,
        description,
        genesis: ledger.genesis.clone(),
        trust: None,
        document: Some(DOCUMENT),
        json: receipt.to_json(),
        binary: receipt.to_binary(&ledger.anchor()).unwrap(),
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
    let active = || case("active", "A JSON document, active.", json, &ledger(json, "v1", &[]));
    let revoked = || {
        let ledger = ledger(json, "issuer", &[Event::Revoke { target }]);
        case("revoked", "Revoked after it was issued.", json, &ledger)
    };
    let bytes = DocumentKind::Bytes;
    let mut another = Genesis { name: "Another consortium".into(), ..genesis() };
    sign_genesis(&mut another);
    let other_chain = Case {
        name: "foreign-chain",
        description: "The genesis of another consortium with the same members.",
        genesis: another,
        ..active()
    };
    let other_document = Case {
        name: "other-document",
        description: "The document was changed.",
        document: Some(br#"{"name":"Lencana Guru Digital","credits":21}"#),
        ..active()
    };
    let mut cases = vec![
        active(),
        case(
            "suspended",
            "Suspended after it was issued, by an issuer that is not a validator.",
            json,
            &ledger(json, "issuer", &[Event::Suspend { target }]),
        ),
        revoked(),
        case("bytes", "A document hashed byte by byte.", bytes, &ledger(bytes, "v1", &[])),
        other_chain,
        other_document,
        changed(
            ("other-secret", "The secret is that of another document."),
            active(),
            |r| r.opening = Opening::Full { secret: Secret([43; 32]), summary: None },
            "secret",
            |b, at| b[at..at + 32].fill(43),
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
            |r| signatures(&mut r.proof.finality).truncate(2),
            "signers",
            |b, at| {
                b[at] &= 0b011;
                b.truncate(b.len() - 64);
            },
        ),
        changed(
            ("signature-changed", "A bit of one signature was changed."),
            active(),
            |r| signatures(&mut r.proof.finality)[1].signature.0[9] ^= 1,
            "signatures",
            |b, at| b[at + 64 + 9] ^= 1,
        ),
        changed(
            ("signature-not-canonical", "The group order was added to S of one signature."),
            active(),
            |r| add_order(&mut signatures(&mut r.proof.finality)[1].signature.0[32..]),
            "signatures",
            |b, at| add_order(&mut b[at + 64 + 32..at + 128]),
        ),
    ];
    cases.extend(chain_cases());
    cases
}

/// Samples of a chain on which the validators change: after height 4, after height 8 and so on.
fn chain_cases() -> Vec<Case> {
    let mut chain = Chain::new(4);
    let body = Body::new(&Shape::usual(100_000, 4), &chain.genesis.chain_id());
    // The usual range begins 1,000 entries after the document.
    let disputed = body.clone().with_state(|_, record| record.disputed[0].from.0 -= 1_000);
    let summarised =
        Body::new(&Shape { summary_bytes: 240, ..Shape::usual(100_000, 4) }, &chain.genesis.chain_id());
    chain.enter(&body);
    for _ in 0..4 {
        chain.extend_to(chain.height() + 2);
        chain.announce();
        chain.enter(&body);
    }
    chain.enter(&disputed);
    let (with_disputed, with_summary) = (chain.height(), chain.enter(&summarised));
    let last_of_set = chain.enter_and_announce(&body);
    chain.extend_to(SEAL_HEADERS + 1);
    let last = chain.height();
    let digest = document::digest(DocumentKind::Json, DOCUMENT).unwrap();
    let plain = |(name, description), receipt: Receipt| {
        let anchor = chain.genesis_anchor();
        Case {
            name,
            description,
            genesis: chain.genesis.clone(),
            trust: None,
            document: Some(DOCUMENT).filter(|_| receipt.opening.needs_document()),
            json: receipt.to_json(),
            binary: receipt.to_binary(&anchor).unwrap(),
        }
    };
    let certified = |body: &Body, height| body.receipt(chain.header(height), chain.certified(height, 0));
    let paper = || {
        let receipt = certified(&summarised, with_summary);
        Receipt { opening: receipt.opening.to_paper(&digest).unwrap(), ..receipt }
    };
    let closed = || {
        let receipt = certified(&summarised, with_summary);
        Receipt { opening: receipt.opening.to_closed_summary().unwrap(), ..receipt }
    };
    // Written with one trust file, and read with another.
    let trusted = |(name, description), receipt: Receipt, written: u64, read: u64, age_ms: u64| Case {
        name,
        description,
        genesis: chain.genesis.clone(),
        trust: Some((chain.trust_file(read), chain.header(read).time_ms + age_ms)),
        document: Some(DOCUMENT),
        json: receipt.to_json(),
        binary: receipt.to_binary(&chain.anchor(written)).unwrap(),
    };
    let at = |height, finality| body.receipt(chain.header(height), finality);
    let compact = |height| at(height, chain.certified(height, height));
    let history = |newer| Finality::History(Box::new(chain.history_proof(5, newer, newer)));
    let sealed = || at(5, chain.seal(5));
    let forked = {
        let mut header = chain.header(9).clone();
        header.time_ms += 1;
        let certificate = certify(&header, chain.set_at(9), &[0, 1, 2]);
        body.receipt(&header, Finality::certificate(certificate, Vec::new()))
    };
    let year = ANCHOR_AGE_MS_MAX;
    vec![
        plain(
            ("self-contained", "Two changes of validators on the way from the genesis."),
            certified(&body, 9),
        ),
        plain(
            ("last-of-its-validators", "Other validators decide the next block."),
            certified(&body, last_of_set),
        ),
        plain(("summary", "With a summary of 240 bytes."), certified(&summarised, with_summary)),
        plain(("paper", "The summary alone: the document is not seen."), paper()),
        plain(("closed-summary", "The document alone: the summary stays closed."), closed()),
        plain(("disputed", "Issued while somebody else may have held the key."), {
            certified(&disputed, with_disputed)
        }),
        trusted(("compact", "A header above the trust file's, without its changes."), compact(9), 9, 8, 0),
        trusted(
            ("compact-covered", "A header below the trust file's, whose signers still hold their keys."),
            compact(9),
            9,
            13,
            0,
        ),
        trusted(
            ("compact-at-the-anchor", "The header of the trust file itself, years later."),
            compact(9),
            9,
            9,
            20 * year,
        ),
        trusted(
            ("retired-signers", "A header below the trust file's, whose signers have all left."),
            compact(1),
            1,
            last,
            0,
        ),
        trusted(
            ("renew", "A header above that of a trust file that is too old."),
            compact(9),
            9,
            8,
            year + 1,
        ),
        trusted(
            ("history", "An old header in the history of the trust file's."),
            at(5, history(last)),
            last,
            last,
            20 * year,
        ),
        trusted(
            ("history-newer", "An old header in the history of one above the trust file's."),
            at(5, history(last)),
            last,
            last - 10,
            0,
        ),
        trusted(
            ("sealed", "A path to a complete subtree of the history; no signatures."),
            sealed(),
            last,
            last,
            20 * year,
        ),
        trusted(
            ("not-covered", "A sealed receipt, and a trust file below the end of its subtree."),
            sealed(),
            last,
            last - 1,
            0,
        ),
        Case {
            trust: None,
            ..trusted(
                ("needs-trust-file", "A sealed receipt, and the genesis alone."),
                sealed(),
                last,
                last,
                0,
            )
        },
        trusted(("not-the-anchor", "Another header at the height of the trust file's."), forked, 8, 9, 0),
    ]
}

/// What verification says: the facts, or the first thing that is not so.
fn verdict(read: Result<Receipt, impl ToString>, document: Option<&[u8]>, anchor: &TrustAnchor) -> Value {
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
    for case in cases() {
        let (anchor, document) = (case.anchor(), case.document);
        let Case { name, description, genesis, trust, json, binary, .. } = case;
        let mut value = json!({
            "description": description,
            "genesis": serde_json::from_str::<Value>(&genesis.to_json()).unwrap(),
            "chain_id": genesis.chain_id(),
            "json": serde_json::from_str::<Value>(&json).unwrap(),
            "binary": hex::encode(&binary),
            "blake3": blake3::hash(&binary).to_hex().as_str(),
            "expected": {
                "json": verdict(Receipt::from_json(json.as_bytes()), document, &anchor),
                "binary": verdict(Receipt::from_binary(&binary, &anchor), document, &anchor),
            },
        });
        if let Some(document) = document {
            value["document"] = std::str::from_utf8(document).unwrap().into();
        }
        if let Some((file, now_ms)) = trust {
            value["trust_file"] = serde_json::to_value(&file).unwrap();
            value["now_ms"] = now_ms.into();
        }
        let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
        page::check_file(&format!("receipt/{name}.json"), &text);
    }
}

#[test]
fn the_page_shows_the_example() {
    let ledger = ledger(DocumentKind::Json, "v1", &[]);
    let (anchor, receipt) = (ledger.anchor(), of_ledger(DocumentKind::Json, &ledger));
    let bytes = receipt.to_binary(&anchor).unwrap();
    let mut example = String::from("| field | bytes | |\n| --- | --- | --- |\n");
    for (field, range) in cut(&bytes, 4) {
        let length = range.len();
        let hex = bytes[range].chunks(32).map(|line| format!("`{}`", hex::encode(line)));
        example += &format!("| {field} | {length} | {} |\n", hex.collect::<Vec<_>>().join("<br>"));
    }
    page::check_part("formats/receipt.md", "example", &example);
    let proof = &receipt.proof;
    let header = &proof.header;
    let vote = vote_message(&header.chain_id, VoteKind::Precommit, header.height, 0, Some(&header.id()));
    let record = sanad_core::registry::Registry::leaf_hash(&proof.issuer.record);
    let leaf = <sanad_core::hash::StatusHash as sanad_core::merkle::TreeHash>::leaf(&proof.status_leaf);
    let status_root = ledger.state.status().root(ledger.state.log_size());
    let digest = document::digest(DocumentKind::Json, DOCUMENT).unwrap();
    let rows = [
        ("document", String::from_utf8(DOCUMENT.to_vec()).unwrap()),
        ("digest", hex::encode(digest)),
        ("chain id", header.chain_id.to_string()),
        ("validators hash", header.validators_hash.to_string()),
        ("entry", hex::encode(proof.entry.encode())),
        ("log leaf", hex::encode(proof.entry.leaf_hash())),
        ("log root", header.log_root.to_string()),
        ("status leaf hash", hex::encode(leaf)),
        ("status root", status_root.to_string()),
        ("member leaf hash", hex::encode(record)),
        ("members root", ledger.state.registry().root().to_string()),
        ("state root", header.state_root.to_string()),
        ("header", hex::encode(header.encode())),
        ("block hash", header.hash().to_string()),
        ("vote", hex::encode(vote)),
        ("finding", verdict(Ok::<_, String>(receipt.clone()), Some(DOCUMENT), &anchor).to_string()),
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
    assert_eq!((MEMBER_ID_BYTES_MAX, MEMBER_NAME_BYTES_MAX, ISSUER_ID_BYTES_MAX), (32, 128, 128));
    assert_eq!(ReceiptForm::detect(&[0xf5, 0x73, 0x6e, 0x64]), ReceiptForm::Binary);
    assert_eq!(ReceiptForm::detect(b"{"), ReceiptForm::Json);
}
