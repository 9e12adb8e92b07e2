//! What blocks are made of, and what makes them final.

use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::block::{Block, BlockId, HEADER_BYTES, ProtocolVersion};
use sanad_core::codec;
use sanad_core::event::{Entry, Event};
use sanad_core::evidence::Accusation;
use sanad_core::governance::{
    Admission, Change, Compromise, KeyRotation, NewGovernanceKeys, NewKey, Proposal, RejoinStatement,
};
use sanad_core::hash::{BlockHash, ChainId, ProposalId, RejoinNonce};
use sanad_core::ids::{Height, LogIndex};
use sanad_core::member::{IssuerId, KeyPurpose, Role};
use sanad_core::signature::Signature;
use sanad_core::validators::{
    CERTIFICATE_BYTES_MAX, CommitCertificate, CommitSignature, Validator, ValidatorSet,
};
use sanad_testkit::{Ledger, certify, consensus_key, governance_key, id, issue, issuing_key};
use serde_json::{Value, json};

use crate::governance::equivocation;
use crate::support::add_order;
use crate::{Format, cut, format, longer, text, with};

pub(super) fn entries() -> Format {
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

pub(super) fn signed_batches(ledger: &Ledger) -> Format {
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

pub(super) fn headers(block: &Block) -> Format {
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

pub(super) fn blocks(block: &Block) -> Format {
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

pub(super) fn certificates(ledger: &Ledger) -> Format {
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

pub(super) fn validator_sets(ledger: &Ledger) -> Format {
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
