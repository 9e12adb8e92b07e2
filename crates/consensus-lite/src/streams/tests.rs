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
    }
}

fn accept(streams: &mut Streams, id: u8, part: ProposalPart) -> Result<Option<Received>, StreamError> {
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
    streams.accept([id; STREAM_ID_BYTES], part, &admission)
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
        let parts: Vec<_> = parts(&CHAIN, &keys()[0], header.clone(), &payload).collect();
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
            let received = Received { header: header.clone(), payload: payload.clone(), arrived_ms: 42 };
            assert_eq!(accept(&mut streams, 1, last), Ok(Some(received)));
            assert!(streams.0.is_empty());
        }
    }
}

#[test]
fn only_the_proposer_and_only_now() {
    let payload = payload(10);
    let part = |key: usize, header| parts(&CHAIN, &keys()[key], header, &payload).next().unwrap();
    let refused = |part| accept(&mut Streams::default(), 1, part).unwrap_err();

    let second = keys()[1].public();
    let not_proposer = StreamError::NotProposer { sender: second, height: Height(5), round: 0 };
    assert_eq!(refused(part(1, header(5, 0, &payload))), not_proposer);
    assert!(accept(&mut Streams::default(), 1, part(1, header(5, 1, &payload))).is_ok());
    // From the tenth round on, every validator sends on what it locked; strangers never.
    assert!(accept(&mut Streams::default(), 1, part(0, header(5, 10, &payload))).is_ok());
    let stranger = SecretKey::from_seed(&[99; 32]);
    let strange = parts(&CHAIN, &stranger, header(5, 10, &payload), &payload).next().unwrap();
    assert!(matches!(refused(strange), StreamError::NotProposer { .. }));

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
    let part = parts(&CHAIN, &keys()[0], header(5, 0, &payload), &payload).next().unwrap();
    let refused = accept(&mut Streams::default(), 1, part);
    assert_eq!(refused, Err(StreamError::TooLong { actual: LIMIT + 1, limit: LIMIT }));
    // Half of it in the next round.
    let payload = payload.slice(..LIMIT / 2 + 1);
    let part = parts(&CHAIN, &keys()[1], header(5, 1, &payload), &payload).next().unwrap();
    let refused = accept(&mut Streams::default(), 1, part);
    assert_eq!(refused, Err(StreamError::TooLong { actual: LIMIT / 2 + 1, limit: LIMIT / 2 }));
}

#[test]
fn contradictory_descriptions() {
    let payload = payload(10);
    let mut header = header(5, 1, &payload);
    header.block.round = 0;
    let part = parts(&CHAIN, &keys()[1], header.clone(), &payload).next().unwrap();
    let refused = accept(&mut Streams::default(), 1, part);
    assert!(matches!(refused, Err(StreamError::Contradictory { .. })), "{refused:?}");
    header.valid_round = Some(0);
    let part = parts(&CHAIN, &keys()[1], header, &payload).next().unwrap();
    assert!(accept(&mut Streams::default(), 1, part).is_ok());
}

#[test]
fn one_stream_one_payload() {
    let payload = payload(PART_BYTES + 1);
    let mut streams = Streams::default();
    let first = parts(&CHAIN, &keys()[0], header(5, 0, &payload), &payload).next().unwrap();
    accept(&mut streams, 1, first).unwrap();
    let mut other = header(5, 0, &payload);
    other.block.hash = BlockHash([9; 32]);
    let other = parts(&CHAIN, &keys()[0], other, &payload).nth(1).unwrap();
    assert_eq!(accept(&mut streams, 1, other), Err(StreamError::Mixed));
    assert!(streams.0.is_empty());
}

#[test]
fn incomplete_payloads_are_few() {
    let payload = payload(PART_BYTES + 1);
    let mut streams = Streams::default();
    let part = |index| parts(&CHAIN, &keys()[0], header(5, 0, &payload), &payload).nth(index).unwrap();
    for id in 0..50 {
        assert_eq!(accept(&mut streams, id, part(0)), Ok(None));
        assert!(streams.0.len() <= STREAMS_PER_SENDER_MAX);
    }
    // The latest are still there, and another sender has room of its own.
    assert!(accept(&mut streams, 49, part(1)).unwrap().is_some());
    let second = parts(&CHAIN, &keys()[1], header(5, 1, &payload), &payload).next().unwrap();
    assert_eq!(accept(&mut streams, 0, second), Ok(None));
    streams.prune(Height(6));
    assert!(streams.0.is_empty());
}
