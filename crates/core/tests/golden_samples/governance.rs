//! Evidence and signing requests.

use std::error::Error as _;

use sanad_core::batch::BatchChain;
use sanad_core::block::BlockId;
use sanad_core::event::{Entry, Event};
use sanad_core::evidence::{Equivocation, Statement, StatementKind, proposal_message};
use sanad_core::governance::{
    Change, Compromise, GovernanceItem, Proposal, SIGNING_REQUEST_FORMAT, SigningRequest,
};
use sanad_core::hash::{BatchId, ChainId};
use sanad_core::ids::{Height, LogIndex, Sequence};
use sanad_core::proof::{Contradiction, Evidence, EvidenceFault, FinalStatement, StatusProof};
use sanad_core::validators::{VoteKind, vote_message};
use sanad_testkit::{Ledger, consensus_key, governance_key, id, issuing_key};

use crate::blocks::entries;
use crate::proofs::trust;
use crate::support::signatures;
use crate::{Format, format, with};

/// Two precommits of a validator for round 0 of a height.
pub(super) fn equivocation(
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
pub(super) fn evidence_files() -> Format {
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
pub(super) fn governed() -> Ledger {
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

/// Every event of the governance chain, a vote and a freeze; what does not fit together; what a signer did not see.
pub(super) fn signing_requests() -> Format {
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
