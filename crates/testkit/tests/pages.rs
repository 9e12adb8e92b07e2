//! The running example of `docs/formats/`: every value that the pages show of it, written with `SANAD_UPDATE=1`, and
//! else compared.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::PathBuf;

use sanad_core::codec;
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::event::Event;
use sanad_core::genesis::{Genesis, agreement_message, fingerprint};
use sanad_core::hash::{CONTEXTS, RegistryHash, Root};
use sanad_core::ids::LogIndex;
use sanad_core::member::{Fact, Member, MemberFile, Role, possession_message};
use sanad_core::merkle::{TreeHash, root_of};
use sanad_core::receipt::Receipt;
use sanad_core::registry::Registry;
use sanad_core::state_root;
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{VoteKind, vote_message};
use sanad_testkit::{
    Consortium, DOCUMENT, Ledger, commitment_of, governance_key, id, issue, member, member_keys,
};
use serde::Serialize;

const BROMO: &str = "bromo.example";
const MERAPI: &str = "merapi.example";
const SECRET: Secret = Secret([42; 32]);

fn genesis() -> Genesis {
    let bromo = Member {
        name: "Universitas Bromo".into(),
        issuer_ids: vec!["did:web:bromo.example".parse().unwrap(), "https://bromo.example".parse().unwrap()],
        addresses: vec!["node.bromo.example:4040".into()],
        facts: vec![Fact { name: "accreditation".into(), value: "unggul".into() }],
        ..member(BROMO, Role::Validator)
    };
    let merapi = Member { name: "Universitas Merapi".into(), ..member(MERAPI, Role::Validator) };
    Consortium::new().with_member(bromo).with_member(merapi).genesis()
}

/// Three blocks: two credentials of one member, one of the other, and a revocation.
fn ledger() -> Ledger {
    let mut ledger = Ledger::of(genesis());
    let credential = Event::Issue {
        commitment: commitment_of(&ledger.state.chain_id(), BROMO, DocumentKind::Json, &SECRET, DOCUMENT),
    };
    let first = ledger.signed(BROMO, vec![issue(0), credential]);
    ledger.commit(vec![first]);
    ledger.issue(MERAPI, 1..2);
    let revocation = ledger.signed(BROMO, vec![Event::Revoke { target: LogIndex(0) }]);
    ledger.commit(vec![revocation]);
    ledger
}

#[test]
fn the_pages_show_the_running_example() {
    let ledger = ledger();
    let anchor = ledger.anchor();
    contexts();
    genesis_page(&ledger);
    member_page(&ledger);
    header_and_block(&ledger);
    trees(&ledger);
    certificate(&ledger);
    batch_and_entry(&ledger);
    receipt(&ledger, &anchor);
    trust(&ledger);
    let history = ledger.prove_history(1);
    history.verify_path(ledger.header(1).height, &ledger.header(1).hash()).unwrap();
    check_part(
        "history.md",
        "history",
        &[json(&history), table(&[("older block hash", hash(&ledger, 1))])].concat(),
    );
    let consistency = ledger.consistency(2, 4);
    consistency.verify(&anchor).unwrap();
    check_part("consistency.md", "consistency", &json(&consistency));
    let (head, runs) = ledger.completeness(BROMO);
    let lines = runs.iter().fold(head.to_json(), |lines, run| lines + &run.to_json());
    check_part("completeness.md", "completeness", &format!("```json\n{lines}```\n"));
}

fn contexts() {
    let list: String = CONTEXTS.iter().map(|context| format!("- `{context}`\n")).collect();
    check_part("README.md", "contexts", &list);
}

fn genesis_page(ledger: &Ledger) {
    let genesis = &ledger.genesis;
    let rows = table(&[
        ("encoding", hex::encode(codec::encode(genesis))),
        ("chain id", genesis.chain_id().to_string()),
        ("fingerprint", fingerprint(&genesis.chain_id())),
    ]);
    check_part("genesis.md", "genesis", &format!("```json\n{}```\n\n{rows}", genesis.to_json()));

    let member = &genesis.members[0];
    let message = possession_message(&genesis.invitation(), member);
    let signatures = member_keys(member).iter().map(|key| key.sign(&message)).collect();
    let file = MemberFile::new(genesis.invitation(), member.clone(), signatures);
    file.check().unwrap();
    let rows = table(&[
        ("consortium", serde_json::to_string(&file.consortium).unwrap()),
        ("member, encoded", hex::encode(codec::encode(member))),
        ("message", hex::encode(&message)),
        ("signature of the governance key", file.signatures[0].to_string()),
    ]);
    let text = "The file of `bromo.example` has `member` as in the genesis above; its signatures stand there under `possession`.";
    check_part("genesis.md", "member-file", &format!("{text}\n\n{rows}"));

    let message = agreement_message(&genesis.chain_id());
    let rows = table(&[
        ("message", hex::encode(&message)),
        ("signature of `bromo.example`", governance_key(BROMO).sign(&message).to_string()),
    ]);
    check_part("genesis.md", "agreement", &rows);
}

fn member_page(ledger: &Ledger) {
    let state = ledger.state.registry().member(&id(BROMO)).unwrap();
    let leaf = Root(Registry::leaf_hash(state.record()));
    let rows =
        table(&[("encoding", hex::encode(codec::encode(state.record()))), ("leaf hash", leaf.to_string())]);
    check_part("member.md", "record", &format!("{}\n{rows}", json(state.record())));
    let rows = table(&[("rest hash", state.rest().hash().to_string())]);
    check_part("member.md", "rest", &format!("That of the record above:\n\n{}\n{rows}", json(state.rest())));
}

fn header_and_block(ledger: &Ledger) {
    let (header, past) = (ledger.head(), ledger.pasts.last().unwrap());
    let rows = table(&[
        ("encoding", hex::encode(header.encode())),
        ("block hash", header.hash().to_string()),
        ("previous", past.previous.to_string()),
        ("history root", past.history_root.to_string()),
        ("batches root", past.batches_root.to_string()),
    ]);
    check_part(
        "header.md",
        "header",
        &format!(
            "Block 3 of the [running example](README.md#the-running-example):\n\n{}\n{rows}",
            json(header)
        ),
    );
    let block = &ledger.blocks[0];
    let rows = table(&[
        ("block 1 of the running example", hex::encode(block.encode())),
        ("batches root", ledger.pasts[0].batches_root.to_string()),
    ]);
    check_part("block.md", "block", &rows);
}

fn trees(ledger: &Ledger) {
    let (state, size) = (&ledger.state, ledger.state.log_size());
    let leaves: Vec<_> =
        state.registry().members().map(|member| Registry::leaf_hash(member.record())).collect();
    let mut rows: Vec<(String, String)> = Vec::new();
    for (index, entry) in ledger.entries.iter().enumerate() {
        rows.push((format!("log leaf {index}"), Root(entry.leaf_hash()).to_string()));
    }
    rows.push(("log root".into(), state.log_root().to_string()));
    rows.push(("status leaf 0".into(), hex::encode(state.status().leaf(0))));
    rows.push(("status root".into(), state.status().root(size).to_string()));
    for (index, leaf) in leaves.iter().enumerate() {
        rows.push((format!("member leaf {index}"), Root(*leaf).to_string()));
    }
    let root = root_of::<RegistryHash>(&leaves);
    rows.push(("members, root of the tree".into(), Root(root).to_string()));
    rows.push(("M".into(), state_root::members_root(leaves.len() as u64, &root).to_string()));
    rows.push(("encoded parameters".into(), hex::encode(codec::encode(state.parameters()))));
    rows.push(("root of part 1".into(), state.parameters().root().to_string()));
    rows.push(("O".into(), state.others_root().to_string()));
    rows.push(("state root".into(), state.state_root().to_string()));
    for height in 1..=3 {
        rows.push((format!("block hash {height}"), hash(ledger, height)));
    }
    rows.push(("history root of block 3".into(), ledger.pasts[2].history_root.to_string()));
    let empty = sanad_core::hash::HistoryHash::empty();
    rows.push(("history root of block 1".into(), Root(empty).to_string()));
    let rows: Vec<_> = rows.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    check_part("trees.md", "trees", &table(&rows));
}

fn certificate(ledger: &Ledger) {
    let (set, header) = (ledger.state.validators(), ledger.head());
    let rows = table(&[("encoding", hex::encode(codec::encode(set))), ("hash", set.hash().to_string())]);
    check_part("certificate.md", "set", &format!("{}\n{rows}", json(set)));
    let certificate = ledger.certify(header, &[0, 1]);
    let vote = vote_message(&header.chain_id, VoteKind::Precommit, header.height, 0, Some(&header.id()));
    let rows = table(&[("vote", hex::encode(vote)), ("encoding", hex::encode(codec::encode(&certificate)))]);
    check_part("certificate.md", "certificate", &format!("{}\n{rows}", json(&certificate)));
}

fn batch_and_entry(ledger: &Ledger) {
    let (batch, _) = &ledger.batches[0];
    let rows = table(&[("signed batch", hex::encode(batch.bytes())), ("id", batch.id().to_string())]);
    check_part("batch.md", "batch", &rows);
    let mut rows = Vec::new();
    for index in [1, 3] {
        let entry = &ledger.entries[index];
        rows.push(("entry", hex::encode(entry.encode())));
        rows.push(("in JSON", serde_json::to_string(entry).unwrap()));
        rows.push(("leaf hash", Root(entry.leaf_hash()).to_string()));
    }
    check_part(
        "entry.md",
        "entry",
        &format!("Log indices 1 and 3 of the running example:\n\n{}", table(&rows)),
    );
}

fn receipt(ledger: &Ledger, anchor: &TrustAnchor) {
    let opening = Opening::Full { secret: SECRET, summary: None };
    let receipt = Receipt::new(DocumentKind::Json, opening, ledger.prove(1));
    let proven = receipt.verify(Some(DOCUMENT), anchor).unwrap();
    assert_eq!(proven.status.to_string(), "active");
    let rows = table(&[("binary", hex::encode(receipt.to_binary(anchor).unwrap()))]);
    check_part("receipt.md", "running", &format!("{}\n{rows}", json(&receipt)));
}

fn trust(ledger: &Ledger) {
    let file = ledger.trust_file();
    file.verify(ledger.head().time_ms).unwrap();
    let mut value = serde_json::to_value(&file).unwrap();
    value["genesis"] = "as on its page".into();
    let rows = table(&[("binary", hex::encode(file.to_binary()))]);
    check_part("trust-file.md", "trust", &format!("{}\n{rows}", json(&value)));
}

fn hash(ledger: &Ledger, height: u64) -> String {
    ledger.header(height).hash().to_string()
}

fn json(value: &impl Serialize) -> String {
    format!("```json\n{}\n```\n", serde_json::to_string_pretty(value).unwrap())
}

fn table(rows: &[(&str, String)]) -> String {
    let rows: String = rows.iter().map(|(name, value)| format!("| {name} | `{value}` |\n")).collect();
    format!("| | |\n| --- | --- |\n{rows}")
}

/// Checks that a part of a page says `content`, or writes it.
fn check_part(page: &str, part: &str, content: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats").join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let (opening, closing) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let start = text.find(&opening).expect("the page has the part") + opening.len();
    let end = start + text[start..].find(&closing).unwrap();
    if std::env::var_os("SANAD_UPDATE").is_some() {
        std::fs::write(&path, [&text[..start], content, &text[end..]].concat()).unwrap();
    } else {
        assert_eq!(&text[start..end], content, "{page}: the part {part} is stale: run with SANAD_UPDATE=1");
    }
}
