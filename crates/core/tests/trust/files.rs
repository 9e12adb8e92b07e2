//! Trust files themselves.

use sanad_core::ids::Height;
use sanad_core::proof::ProofFault;
use sanad_core::trust::{TrustFault, TrustFile};
use sanad_core::validators::{CertificateError, CommitCertificate};
use sanad_testkit::{Chain, certify};

use crate::anchors::fork_at;
use crate::{chain, forged, later};

#[test]
fn every_header_of_a_chain_makes_a_trust_file() {
    let chain = chain();
    for height in 1..=80 {
        let file = chain.trust_file(height);
        let anchor = chain.anchor(height);
        assert_eq!(anchor.chain_id, chain.genesis.chain_id());
        assert_eq!(anchor.header(), Some(chain.header(height)));
        let known = 1..=height + 1;
        for at in 1..=82 {
            let set = (known.contains(&at) && at <= 80).then(|| chain.set_at(at));
            if at <= 80 || !known.contains(&at) {
                assert_eq!(anchor.set_at(Height(at)), set, "{height}: {at}");
            }
        }
        for read in [file.to_binary(), file.to_json().into_bytes()] {
            let read = TrustFile::from_bytes(&read).unwrap();
            assert_eq!(read.verify(chain.header(height).time_ms).unwrap(), anchor);
        }
    }
}

#[test]
fn each_field_of_a_trust_file_counts() {
    let chain = chain();
    let sound = chain.trust_file(75);
    let now_ms = chain.header(75).time_ms;
    let refused = |what: &str, change: &dyn Fn(&mut TrustFile)| {
        let mut file = sound.clone();
        change(&mut file);
        match file.verify(now_ms) {
            Ok(_) => panic!("{what}: accepted"),
            Err(fault) => fault,
        }
    };
    type Change = (&'static str, fn(&mut TrustFile));
    let changes: [Change; 39] = [
        ("genesis version", |f| f.genesis.version = 2),
        ("genesis name", |f| f.genesis.name.push('!')),
        ("genesis nonce", |f| f.genesis.nonce.0[0] ^= 1),
        ("genesis log origin", |f| f.genesis.log_origin.push('x')),
        ("genesis parameters", |f| f.genesis.parameters.heartbeat_ms += 1),
        ("genesis member", |f| f.genesis.members[1].name.push('!')),
        ("genesis member missing", |f| drop(f.genesis.members.pop())),
        ("changes", |f| f.validator_changes.clear()),
        ("first change", |f| drop(f.validator_changes.remove(0))),
        ("middle change", |f| drop(f.validator_changes.remove(2))),
        ("last change", |f| drop(f.validator_changes.pop())),
        ("change twice", |f| f.validator_changes.insert(1, f.validator_changes[0].clone())),
        ("order", |f| f.validator_changes.swap(2, 3)),
        ("change: chain", |f| f.validator_changes[3].header.chain_id.0[0] ^= 1),
        ("change: layout", |f| f.validator_changes[3].header.version.layout = 2),
        ("change: rules", |f| f.validator_changes[3].header.version.rules = 2),
        ("change: height", |f| f.validator_changes[3].header.height.0 += 1),
        ("change: round", |f| f.validator_changes[3].header.round += 1),
        ("change: time", |f| f.validator_changes[3].header.time_ms += 1),
        ("change: past", |f| f.validator_changes[3].header.past.0[0] ^= 1),
        ("change: next set", |f| f.validator_changes[3].header.next_validators_hash.0[0] ^= 1),
        ("change: signature", |f| f.validator_changes[3].certificate.signatures[0].signature.0[0] ^= 1),
        ("change: signatures", |f| f.validator_changes[3].certificate.signatures.truncate(2)),
        ("change: round of the certificate", |f| f.validator_changes[3].certificate.round = 1),
        ("change: set", |f| f.validator_changes[3].next = f.validator_changes[2].next.clone()),
        ("change: path", |f| f.validator_changes[3].path[0][0] ^= 1),
        ("change: no path", |f| f.validator_changes[3].path.clear()),
        ("anchor: height", |f| f.anchor.header.height.0 += 1),
        ("anchor: time", |f| f.anchor.header.time_ms += 1),
        ("anchor: state", |f| f.anchor.header.state_root.0[0] ^= 1),
        ("anchor: set", |f| f.anchor.header.validators_hash.0[0] ^= 1),
        ("anchor: next set", |f| f.anchor.header.next_validators_hash.0[0] ^= 1),
        ("anchor: signature", |f| f.anchor.certificate.signatures[2].signature.0[40] ^= 1),
        ("anchor: signatures", |f| f.anchor.certificate.signatures.truncate(2)),
        ("anchor: previous", |f| f.anchor.past.previous.0[0] ^= 1),
        ("anchor: history", |f| f.anchor.past.history_root.0[0] ^= 1),
        ("anchor: batches", |f| f.anchor.past.batches_root.0[0] ^= 1),
        ("seals", |f| f.seals.push(f.remainder[0])),
        ("remainder", |f| f.remainder[1][0] ^= 1),
    ];
    for (what, change) in changes {
        let _ = refused(what, &change);
    }
    // The headers in it are taken from anywhere on the chain, and none of these belongs there.
    for height in [70, 74, 76] {
        let fault = refused("another anchor", &|file| {
            file.anchor.header = chain.header(height).clone();
            file.anchor.certificate = chain.certificate(height);
        });
        assert_eq!(fault, TrustFault::Header(ProofFault::Past { height: Height(height) }));
        refused("another anchor with its past", &|file| {
            file.anchor = chain.trust_file(height).anchor;
        });
    }
    assert!(sound.verify(now_ms).is_ok());
}

#[test]
fn a_change_at_the_anchor_is_the_anchor() {
    let chain = chain();
    let sound = chain.trust_file(30);
    let now_ms = chain.header(30).time_ms;
    let refused = |change: &dyn Fn(&mut TrustFile)| {
        let mut file = sound.clone();
        change(&mut file);
        file.verify(now_ms).unwrap_err()
    };
    assert!(sound.verify(now_ms).is_ok());
    assert_eq!(refused(&|file| drop(file.validator_changes.pop())), TrustFault::ChangeMissing);
    let padded = refused(&|file| file.validator_changes[2].path.push([0; 32]));
    assert_eq!(padded, TrustFault::NotTheAnchor { height: Height(30) });
    // Another header at that height, signed by all, announces a set of one's own.
    let own = refused(&|file| {
        let change = &mut file.validator_changes[2];
        change.header.state_root.0[0] ^= 1;
        change.certificate = certify(&change.header, chain.set_at(30), &[0, 1, 2, 3]);
    });
    assert_eq!(own, TrustFault::NotTheAnchor { height: Height(30) });
    // Above the anchor.
    let above = refused(&|file| file.validator_changes = chain.trust_file(45).validator_changes);
    assert!(matches!(above, TrustFault::Header(ProofFault::History { .. }) | TrustFault::ChangeOrder { .. }));
    // A set that an anchor of one's own announces, and that nobody signed.
    let unsigned = refused(&|file| {
        file.anchor.header.next_validators_hash = chain.sets[0].hash();
    });
    assert!(
        matches!(
            unsigned,
            TrustFault::Header(ProofFault::Certificate { .. } | ProofFault::NextValidators { .. })
                | TrustFault::NotTheAnchor { .. }
        ),
        "{unsigned:?}"
    );
}

#[test]
fn retired_validators_cannot_make_a_trust_file_of_the_true_chain() {
    // They fork below a change, and go on as if it had not been announced.
    let mut fork = fork_at(5);
    fork.extend_to(40);
    let file = fork.trust_file(40);
    // From the genesis alone, nobody can tell: only honest deletion of keys protects here.
    assert!(file.verify(fork.header(40).time_ms).is_ok());
    // Who holds a trust file does: it is not in the other's history, and has other headers.
    let held = later(45, 0);
    let (header, finality) = (fork.header(40), fork.certified(40, 0));
    let fault = held.verify_header(header, &finality).unwrap_err();
    assert!(matches!(fault, ProofFault::Validators { .. }), "{fault}");
    // A mixture: the fork's anchor with the true changes.
    let mixed = TrustFile { validator_changes: chain().trust_file(40).validator_changes, ..file };
    assert!(mixed.verify(0).is_err());
}

#[test]
fn every_flipped_bit_of_a_trust_file_is_refused() {
    let chain = chain();
    let mut small = Chain::new(1);
    small.extend_to(2);
    small.announce();
    small.extend_to(6);
    for (chain, height, bits) in [(&small, 6, 8), (chain, 25, 1)] {
        let file = chain.trust_file(height);
        let (binary, now_ms) = (file.to_binary(), chain.header(height).time_ms);
        for at in 0..binary.len() {
            for bit in 0..bits {
                let mut changed = binary.clone();
                changed[at] ^= 1 << ((at + bit) % 8);
                if let Ok(read) = TrustFile::from_bytes(&changed) {
                    assert!(read.verify(now_ms).is_err(), "byte {at}, bit {bit}");
                }
            }
        }
        for length in 0..binary.len() {
            assert!(TrustFile::from_bytes(&binary[..length]).is_err(), "{length}");
        }
        assert!(TrustFile::from_bytes(&[&binary[..], &[0]].concat()).is_err());
    }
    // The text form: what its members signed is left to nodes, all else counts.
    let file = small.trust_file(6);
    let text = file.to_json().into_bytes();
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 1;
        if let Ok(read) = TrustFile::from_bytes(&changed) {
            let same = TrustFile { genesis: file.genesis.clone(), ..read.clone() } == file;
            let same_genesis = read.genesis.chain_id() == file.genesis.chain_id();
            assert!((same && same_genesis) || read.verify(0).is_err(), "byte {at}");
        }
    }
}

#[test]
fn certificates_of_a_trust_file_are_those_of_their_height() {
    let chain = chain();
    let sound = chain.trust_file(45);
    let swapped = |change: &dyn Fn(&mut TrustFile)| {
        let mut file = sound.clone();
        change(&mut file);
        match file.verify(0) {
            Err(TrustFault::Header(ProofFault::Certificate { source, .. })) => source,
            other => panic!("{other:?}"),
        }
    };
    let of = |height| -> CommitCertificate { chain.certificate(height) };
    assert!(matches!(swapped(&|f| f.anchor.certificate = of(44)), CertificateError::Height { .. }));
    let other = swapped(&|file| {
        let (header, _) = forged(chain, 45, &[]);
        file.anchor.certificate = certify(&header, chain.set_at(45), &[0, 1, 2]);
    });
    assert!(matches!(other, CertificateError::Block { .. }));
    let few = swapped(&|file| file.validator_changes[1].certificate.signatures.truncate(2));
    assert!(matches!(few, CertificateError::Quorum { .. }));
}
