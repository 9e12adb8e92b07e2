use super::*;
use sanad_core::hash::BlockHash;
use sanad_core::validators::Validator;

const CHAIN: ChainId = ChainId([1; 32]);
const LIMIT: usize = 4 * PART_BYTES;

fn keys() -> Vec<SecretKey> {
    (1..=4u8).map(|seed| SecretKey::from_seed(&[seed; 32])).collect()
}

fn validators() -> ValidatorSet {
    let validator = |(place, key): (usize, SecretKey)| Validator {
        member: format!("m{place}").parse().unwrap(),
        key: key.public(),
    };
    ValidatorSet::genesis(keys().into_iter().enumerate().map(validator).collect()).unwrap()
}

fn header(height: u64, round: u32, payload: &Bytes) -> ProposalHeader {
    let block = BlockId { hash: BlockHash([height as u8; 32]), round };
    ProposalHeader {
        height: Height(height),
        round,
        valid_round: None,
        block,
        payload_bytes: payload.len() as u32,
        payload_digest: *blake3::hash(payload).as_bytes(),
    }
}

fn parts(key: usize, header: ProposalHeader, payload: &Bytes) -> impl Iterator<Item = ProposalPart> {
    let key = &keys()[key];
    let signature = sign_header(&CHAIN, key, &header);
    super::parts(header, key.public(), signature, payload)
}

/// A peer, and one of all those who are not.
fn publisher(seed: u8, listed: bool) -> Publisher {
    let key = SecretKey::from_seed(&[seed; 32]).public();
    let peer = PeerId::from_bytes(&crate::peer::peer_id(&key).to_bytes()).unwrap();
    Publisher { peer, listed }
}

fn accept(streams: &mut Streams, id: u8, part: ProposalPart) -> Result<Option<Received>, StreamError> {
    accept_from(streams, publisher(100, true), id, part)
}

fn accept_from(
    streams: &mut Streams,
    publisher: Publisher,
    id: u8,
    part: ProposalPart,
) -> Result<Option<Received>, StreamError> {
    let validators = validators();
    let own = Some(keys()[3].public());
    let height = Height(5);
    let admission = Admission {
        chain_id: &CHAIN,
        height,
        validators: &validators,
        round: 0,
        payload_bytes_max: LIMIT,
        now_ms: 42,
        own,
    };
    streams.accept([id; STREAM_ID_BYTES], publisher, part, &admission)
}

fn payload(bytes: usize) -> Bytes {
    (0..bytes).map(|i| (i % 251) as u8).collect::<Vec<_>>().into()
}

#[test]
fn parts_in_any_order_make_the_payload() {
    for bytes in [0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 7] {
        let payload = payload(bytes);
        let header = header(5, 0, &payload);
        // Height 5, round 0 is the first validator's turn.
        let parts: Vec<_> = parts(0, header.clone(), &payload).collect();
        for reverse in [false, true] {
            let mut streams = Streams::default();
            let mut order = parts.clone();
            if reverse {
                order.reverse();
            }
            let last = order.pop().unwrap();
            for part in order {
                assert_eq!(accept(&mut streams, 1, part.clone()), Ok(None));
                assert_eq!(accept(&mut streams, 1, part), Ok(None));
            }
            let signature = last.signature;
            let received =
                Received { header: header.clone(), signature, payload: payload.clone(), arrived_ms: 42 };
            assert_eq!(accept(&mut streams, 1, last), Ok(Some(received)));
            assert!(streams.0.is_empty());
        }
    }
}

#[test]
fn only_the_proposer_and_only_now() {
    let payload = payload(10);
    let part = |key: usize, header| parts(key, header, &payload).next().unwrap();
    let refused = |part| accept(&mut Streams::default(), 1, part).unwrap_err();

    let second = keys()[1].public();
    let not_proposer = StreamError::NotProposer { sender: second, height: Height(5), round: 0 };
    assert_eq!(refused(part(1, header(5, 0, &payload))), not_proposer);
    assert!(accept(&mut Streams::default(), 1, part(1, header(5, 1, &payload))).is_ok());
    // Nor from the tenth round on, when every validator sends on what it locked: as the proposer signed it.
    assert!(matches!(refused(part(0, header(5, 10, &payload))), StreamError::NotProposer { .. }));

    assert_eq!(
        refused(part(3, header(4, 0, &payload))),
        StreamError::Height { next: Height(5), actual: Height(4) }
    );
    assert!(accept(&mut Streams::default(), 1, part(2, header(7, 0, &payload))).is_ok());
    assert!(matches!(refused(part(3, header(8, 0, &payload))), StreamError::Height { .. }));
    assert_eq!(refused(part(0, header(5, 11, &payload))), StreamError::Round { current: 0, actual: 11 });
    assert_eq!(refused(part(3, header(5, 3, &payload))), StreamError::OwnName);

    let mut forged = part(0, header(5, 0, &payload));
    forged.header.block.hash = BlockHash([9; 32]);
    assert!(matches!(refused(forged), StreamError::Signature(_)));
}

#[test]
fn too_long() {
    let payload = payload(LIMIT + 1);
    let part = parts(0, header(5, 0, &payload), &payload).next().unwrap();
    let refused = accept(&mut Streams::default(), 1, part);
    assert_eq!(refused, Err(StreamError::TooLong { actual: LIMIT + 1, limit: LIMIT }));
    // Half of it in the next round.
    let payload = payload.slice(..LIMIT / 2 + 1);
    let part = parts(1, header(5, 1, &payload), &payload).next().unwrap();
    let refused = accept(&mut Streams::default(), 1, part);
    assert_eq!(refused, Err(StreamError::TooLong { actual: LIMIT / 2 + 1, limit: LIMIT / 2 }));
}

#[test]
fn contradictory_descriptions() {
    let payload = payload(10);
    let mut header = header(5, 1, &payload);
    header.block.round = 0;
    let part = parts(1, header.clone(), &payload).next().unwrap();
    let refused = accept(&mut Streams::default(), 1, part);
    assert!(matches!(refused, Err(StreamError::Contradictory { .. })), "{refused:?}");
    header.valid_round = Some(0);
    let part = parts(1, header, &payload).next().unwrap();
    assert!(accept(&mut Streams::default(), 1, part).is_ok());
}

#[test]
fn one_stream_one_payload() {
    let payload = payload(PART_BYTES + 1);
    let mut streams = Streams::default();
    let first = parts(0, header(5, 0, &payload), &payload).next().unwrap();
    accept(&mut streams, 1, first).unwrap();
    let mut other = header(5, 0, &payload);
    other.block.hash = BlockHash([9; 32]);
    let other = parts(0, other, &payload).nth(1).unwrap();
    assert_eq!(accept(&mut streams, 1, other), Err(StreamError::Mixed));
    assert!(streams.0.is_empty());
}

#[test]
fn incomplete_payloads_are_few() {
    let payload = payload(PART_BYTES + 1);
    let mut streams = Streams::default();
    let part = |index| parts(0, header(5, 0, &payload), &payload).nth(index).unwrap();
    for id in 0..50 {
        assert_eq!(accept(&mut streams, id, part(0)), Ok(None));
        assert!(streams.0.len() <= STREAMS_PER_PUBLISHER_MAX);
    }
    // Another peer has room of its own, as have all others together.
    assert_eq!(accept_from(&mut streams, publisher(101, true), 0, part(0)), Ok(None));
    for seed in 0..50 {
        assert_eq!(accept_from(&mut streams, publisher(seed, false), 0, part(0)), Ok(None));
        assert!(streams.0.len() <= 1 + 2 * STREAMS_PER_PUBLISHER_MAX);
    }
    assert!(accept(&mut streams, 49, part(1)).unwrap().is_some(), "the latest are still there");
    assert!(accept_from(&mut streams, publisher(101, true), 0, part(1)).unwrap().is_some());
    streams.prune(Height(6));
    assert!(streams.0.is_empty());
}

/// Whoever has heard a part can make others with the same header and any bytes.
#[test]
fn nobody_touches_the_stream_of_another() {
    let payload = payload(2 * PART_BYTES + 9);
    let mut streams = Streams::default();
    let own: Vec<_> = parts(0, header(5, 0, &payload), &payload).collect();
    let junk = |index: usize| {
        let data = vec![9; own[index].data.len()].into();
        ProposalPart { data, ..own[index].clone() }
    };
    let liar = publisher(101, true);
    accept(&mut streams, 1, own[0].clone()).unwrap();
    for index in [0, 1] {
        assert_eq!(accept_from(&mut streams, liar, 1, junk(index)), Ok(None), "under the same id");
    }
    // The first to be complete, but not what the proposer signed.
    let publisher = liar.peer;
    assert_eq!(accept_from(&mut streams, liar, 1, junk(2)), Err(StreamError::OtherBytes { publisher }));
    for id in 2..9 {
        accept_from(&mut streams, liar, id, junk(0)).unwrap();
    }
    // A part that came once stays, even if its own publisher sends another.
    assert_eq!(accept(&mut streams, 1, junk(0)), Ok(None));
    assert_eq!(accept(&mut streams, 1, own[1].clone()), Ok(None));
    assert_eq!(accept(&mut streams, 1, own[2].clone()).unwrap().unwrap().payload, payload);
    // Sent on by another, it is as good.
    for (index, part) in own.iter().enumerate() {
        let received = accept_from(&mut streams, liar, 9, part.clone()).unwrap();
        assert_eq!(received.is_some(), index == 2);
    }
}

#[test]
fn no_part_speaks_for_another_validator() {
    let payload = payload(PART_BYTES + 1);
    let mut streams = Streams::default();
    let own: Vec<_> = parts(0, header(5, 0, &payload), &payload).collect();
    accept(&mut streams, 1, own[0].clone()).unwrap();
    let forged = ProposalPart { sender: keys()[3].public(), ..own[1].clone() };
    assert_eq!(accept(&mut streams, 1, forged), Err(StreamError::Mixed));
}
