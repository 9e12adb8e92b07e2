//! Proofs of consistency, of completeness and of history.

use sanad_core::event::Entry;
use sanad_core::history::HistoryProof;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::json_form;
use sanad_core::proof::{CompletenessHead, ConsistencyProof, EntryRun};
use sanad_core::trust::TrustAnchor;
use sanad_testkit::{Chain, Ledger, id, issue};
use serde_json::{Value, json};

use crate::governance::governed;
use crate::members::chained;
use crate::support::{signatures, verify_complete as verify};
use crate::{Format, format, text, with};

/// The genesis that proofs are checked against.
pub(super) fn trust(ledger: &Ledger) -> (Value, TrustAnchor) {
    let genesis: Value = serde_json::from_str(&ledger.genesis.to_json()).unwrap();
    (json!({ "genesis": genesis }), ledger.anchor())
}

pub(super) fn consistency_proofs(ledger: &Ledger) -> Format {
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

pub(super) fn completeness_proofs(ledger: &Ledger) -> Format {
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

/// A chain of 40 headers, with changes of the validators after heights 4 and 10.
pub(super) fn chain() -> Chain {
    let mut chain = Chain::new(4);
    chain.extend_to(3);
    chain.announce();
    chain.extend_to(9);
    chain.announce();
    chain.extend_to(40);
    chain
}

/// A sample is the proof that the header of height 7 is in the history of another.
pub(super) fn history_proofs() -> Format {
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
