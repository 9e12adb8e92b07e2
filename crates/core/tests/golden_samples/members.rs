//! Genesis files, members and their keys.

use sanad_core::genesis::Genesis;
use sanad_core::hash::ChainId;
use sanad_core::ids::LogIndex;
use sanad_core::keyfile::{self, KdfParameters};
use sanad_core::member::{
    Fact, IndexRange, MEMBER_RECORD_BYTES_MAX, Member, MemberFile, MemberRecord, MemberRest, MemberState,
    Role, possession_message,
};
use sanad_core::proof::MemberProof;
use sanad_core::{codec, json_form};
use sanad_testkit::{Ledger, genesis, governance_key, id, member, member_keys, sign_genesis};
use serde_json::{Value, json};

use crate::proofs::trust;
use crate::support::signatures;
use crate::{Format, cut, format, longer, text, with};

/// What is said of a genesis, and of the signatures in it.
pub(super) fn geneses() -> Format {
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
pub(super) fn chained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

pub(super) fn members() -> Format {
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

pub(super) fn member_files() -> Format {
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

pub(super) fn member_records(ledger: &Ledger) -> Format {
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
pub(super) fn member_rests(ledger: &Ledger) -> Format {
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

pub(super) fn key_files() -> Format {
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

pub(super) fn member_proofs(ledger: &Ledger) -> Format {
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
