//! The exchange of batches: what is sent arrives, also after an absence; strangers are not let in.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sanad_core::batch::{Batch, BatchChain, NO_BATCH, SignedBatch};
use sanad_core::hash::{BatchId, BlockHash, ChainId};
use sanad_core::ids::{Height, MemberId, Sequence};
use sanad_core::signature::SecretKey;
use sanad_core::validators::CommitCertificate;
use sanad_node::gossip::{
    BatchExchange, BlockCopy, Gossip, GossipError, GossipLimits, GossipPeer, NoAnswer, PeerRole, Received,
    Wanted,
};
use sanad_node::pool::{Interest, Offered, Source, WaitingBatch};
use sanad_testkit::{id, issue, issuing_key, network_key};

const DEADLINE: Duration = Duration::from_secs(30);
const LIMITS: GossipLimits = GossipLimits {
    connections_per_peer: 4,
    requests_per_peer: 8,
    handshakes: 16,
    handshake_timeout: Duration::from_secs(5),
    peer_bytes_per_second: 16 << 20,
};

/// Takes every batch once, as a pool does.
#[derive(Default)]
struct Inbox {
    batches: Mutex<Vec<(Arc<SignedBatch>, Source)>>,
    /// Batches that came, with those that were here already.
    received: AtomicUsize,
    full: AtomicBool,
}

impl Inbox {
    fn ids(&self) -> Vec<BatchId> {
        self.batches.lock().unwrap().iter().map(|(batch, _)| batch.id()).collect()
    }

    fn take(&self, batch: Arc<SignedBatch>, source: Source) -> Received {
        let mut batches = self.batches.lock().unwrap();
        if batches.iter().any(|(known, _)| known.id() == batch.id()) {
            return Received::Settled;
        }
        batches.push((batch, source));
        Received::New
    }
}

impl BatchExchange for Inbox {
    fn receive(&self, _from: &MemberId, source: Source, bytes: &[u8]) -> Received {
        self.received.fetch_add(1, Ordering::SeqCst);
        if self.full.load(Ordering::SeqCst) {
            return Received::NoRoom;
        }
        self.take(Arc::new(SignedBatch::decode(bytes).unwrap()), source)
    }

    fn interest(&self, offered: &[Offered]) -> Vec<Interest> {
        let known = self.ids();
        let interest = |offered: &Offered| match known.contains(&offered.id) {
            true => Interest::Known,
            false if self.full.load(Ordering::SeqCst) => Interest::NoRoom,
            false => Interest::Wanted,
        };
        offered.iter().map(interest).collect()
    }

    fn arrived_from(&self, arrival: u64, count_max: usize, bytes_max: usize) -> Vec<WaitingBatch> {
        let batches = self.batches.lock().unwrap();
        let mut bytes = 0;
        let found = batches.iter().enumerate().skip(arrival as usize).take(count_max);
        let fits = |(number, (batch, _)): &(usize, &(Arc<SignedBatch>, Source))| {
            bytes += batch.bytes().len();
            bytes <= bytes_max || *number as u64 == arrival
        };
        let waiting = |(number, (batch, source)): (usize, &(Arc<SignedBatch>, Source))| WaitingBatch {
            arrival: number as u64,
            batch: Arc::clone(batch),
            source: *source,
        };
        found.take_while(fits).map(waiting).collect()
    }

    fn block(&self, wanted: Wanted) -> Result<Option<BlockCopy>, NoAnswer> {
        let Wanted::Block(height) = wanted else { return Ok(None) };
        let certificate =
            CommitCertificate { height, round: 2, block: BlockHash([3; 32]), signatures: Vec::new() };
        Ok((height < Height(9)).then(|| BlockCopy { round: 1, certificate, payload: vec![4; 1 << 20] }))
    }

    fn next_arrival(&self) -> u64 {
        self.batches.lock().unwrap().len() as u64
    }
}

fn submit(gossip: &Gossip, inbox: &Inbox, batch: Arc<SignedBatch>) {
    inbox.take(batch, Source::Submitted);
    gossip.publish();
}

fn key(number: u8) -> SecretKey {
    network_key(&format!("m{number}"))
}

fn batch(number: u64) -> Arc<SignedBatch> {
    batch_of(number, 1)
}

/// The batch with a sequence number, which need not follow another: nothing here executes it.
fn batch_of(number: u64, events: usize) -> Arc<SignedBatch> {
    let batch = Batch {
        chain_id: ChainId([1; 32]),
        issuer: id("issuer"),
        chain: BatchChain::Issuing,
        sequence: Sequence(number),
        previous: NO_BATCH,
        events: vec![issue(number); events],
    };
    Arc::new(batch.sign(&issuing_key("issuer")))
}

fn peer(number: u8, address: SocketAddr, role: PeerRole) -> GossipPeer {
    let member = id(&format!("m{number}"));
    GossipPeer { member, network_key: key(number).public(), address: Some(address.into()), role }
}

/// Addresses that were free a moment ago.
fn addresses<const N: usize>() -> [SocketAddr; N] {
    let listeners = [(); N].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

async fn start(number: u8, listen: SocketAddr, peers: Vec<GossipPeer>) -> (Gossip, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    let exchange: Arc<dyn BatchExchange> = inbox.clone();
    (Gossip::start(listen, &key(number), peers, LIMITS, exchange).await.unwrap(), inbox)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < DEADLINE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn batches_arrive_and_what_was_missed_is_sent_on_connection() {
    use PeerRole::Validator;
    let [a, b] = addresses();
    let (one, own) = start(1, a, vec![peer(2, b, Validator)]).await;
    let missed = batch(0);
    submit(&one, &own, missed);
    let (two, inbox) = start(2, b, vec![peer(1, a, Validator)]).await;
    until("what was missed", || inbox.ids() == [batch(0).id()]).await;
    let sent: Vec<_> = (1..500).map(batch).collect();
    sent.iter().for_each(|batch| submit(&one, &own, Arc::clone(batch)));
    until("all batches", || inbox.ids().len() == 500).await;
    let expected: Vec<_> = (0..500).map(|number| batch(number).id()).collect();
    assert_eq!(inbox.ids(), expected, "in order");
    assert_eq!(inbox.received.load(Ordering::SeqCst), 500, "each once");
    assert_eq!(two.connected(), ["m1".parse().unwrap()]);
}

#[tokio::test]
async fn followers_batches_are_passed_on() {
    use PeerRole::{Follower, Validator};
    let [a, b, c] = addresses();
    let (_one, first) = start(1, a, vec![peer(2, b, Validator), peer(3, c, Follower)]).await;
    let (_two, second) = start(2, b, vec![peer(1, a, Validator)]).await;
    let (follower, own) = start(3, c, vec![peer(1, a, Validator)]).await;
    until("the connections", || follower.connected().len() == 1 && _one.connected().len() == 2).await;
    submit(&follower, &own, batch(7));
    until("the follower's batch", || first.ids() == [batch(7).id()] && second.ids() == [batch(7).id()]).await;
}

#[tokio::test]
async fn strangers_are_not_let_in() {
    use PeerRole::Validator;
    let [a, b, c] = addresses();
    let (one, inbox) = start(1, a, vec![peer(2, b, Validator)]).await;
    let (stranger, strange) = start(3, c, vec![peer(1, a, Validator)]).await;
    let (two, own) = start(2, b, vec![peer(1, a, Validator)]).await;
    submit(&stranger, &strange, batch(1));
    until("the known peer", || !two.connected().is_empty()).await;
    submit(&two, &own, batch(2));
    until("the known peer's batch", || !inbox.ids().is_empty()).await;
    // The stranger dialled first, and again every second.
    assert_eq!(inbox.ids(), [batch(2).id()]);
    assert_eq!(one.connected(), ["m2".parse().unwrap()]);
}

#[tokio::test]
async fn peers_come_and_go_and_change_their_keys() {
    use PeerRole::Validator;
    let [a, b] = addresses();
    let (one, inbox) = start(1, a, vec![peer(2, b, Validator)]).await;
    let (two, own) = start(2, b, vec![peer(1, a, Validator)]).await;
    until("the connection", || one.connected().len() == 1 && two.connected().len() == 1).await;
    one.set_peers(Vec::new());
    until("the end of it", || one.connected().is_empty() && two.connected().is_empty()).await;
    submit(&two, &own, batch(1));
    // It is let in again under another key, which it takes itself; nobody dials it.
    one.set_peers(vec![GossipPeer { network_key: key(3).public(), address: None, ..peer(2, b, Validator) }]);
    two.set_network_key(key(3));
    until("the batch", || inbox.ids() == [batch(1).id()]).await;
    assert_eq!(one.connected(), ["m2".parse().unwrap()]);
}

#[tokio::test]
async fn a_port_in_use_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let exchange: Arc<dyn BatchExchange> = Arc::new(Inbox::default());
    let started = Gossip::start(address, &key(1), Vec::new(), LIMITS, exchange).await;
    assert!(matches!(started, Err(GossipError::Listen { .. })));
}

/// More waits than any queue held, at three nodes; a peer starts anew and then again with what it has.
#[tokio::test]
async fn a_peer_that_comes_back_gets_each_batch_once() {
    use PeerRole::Validator;
    const COUNT: usize = 120;
    let addresses = addresses::<4>();
    let peers_of = |number: u8| {
        let others = (1..=4).filter(|other| *other != number);
        others.map(|other| peer(other, addresses[usize::from(other) - 1], Validator)).collect()
    };
    let waiting: Vec<_> = (0..COUNT as u64).map(|number| batch_of(number, 3_930)).collect();
    let bytes: usize = waiting.iter().map(|batch| batch.bytes().len()).sum();
    assert!(bytes > 15_000_000, "{bytes}");
    let mut nodes = Vec::new();
    for number in 1..=3 {
        let (node, inbox) = start(number, addresses[usize::from(number) - 1], peers_of(number)).await;
        waiting
            .iter()
            .for_each(|batch| assert_eq!(inbox.take(Arc::clone(batch), Source::Gossiped), Received::New));
        nodes.push((node, inbox));
    }
    let sent = |nodes: &[(Gossip, Arc<Inbox>)]| -> (u64, u64) {
        let traffic = nodes.iter().map(|(node, _)| node.traffic());
        traffic.fold((0, 0), |sum, traffic| (sum.0 + traffic.batches_sent, sum.1 + traffic.bytes_sent))
    };
    until("connections of the three", || nodes.iter().all(|(node, _)| node.connected().len() == 2)).await;
    assert_eq!(sent(&nodes).0, 0, "all have all");

    let (fourth, inbox) = start(4, addresses[3], peers_of(4)).await;
    until("all batches", || inbox.ids().len() == COUNT && fourth.connected().len() == 3).await;
    let (batches, sent_bytes) = sent(&nodes);
    assert_eq!((batches, inbox.received.load(Ordering::SeqCst)), (COUNT as u64, COUNT));
    assert!((sent_bytes as usize) < bytes + bytes / 20, "{sent_bytes} bytes for {bytes}");

    drop(fourth);
    until("the fourth to go", || nodes.iter().all(|(node, _)| node.connected().len() == 2)).await;
    let exchange: Arc<dyn BatchExchange> = inbox.clone();
    let fourth = loop {
        // The port is free once the task of the node before has ended.
        match Gossip::start(addresses[3], &key(4), peers_of(4), LIMITS, Arc::clone(&exchange)).await {
            Ok(fourth) => break fourth,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    until("the fourth", || fourth.connected().len() == 3).await;
    submit(&nodes[0].0, &nodes[0].1, batch(1_000));
    until("a new batch", || nodes[1..].iter().all(|(_, inbox)| inbox.ids().len() == COUNT + 1)).await;
    until("a new batch", || inbox.ids().len() == COUNT + 1).await;
    assert_eq!(inbox.received.load(Ordering::SeqCst), COUNT + 1, "it had the others");
}

#[tokio::test]
async fn what_finds_no_room_is_offered_until_there_is_some() {
    use PeerRole::Validator;
    let [a, b] = addresses();
    let (one, own) = start(1, a, vec![peer(2, b, Validator)]).await;
    let (_two, inbox) = start(2, b, vec![peer(1, a, Validator)]).await;
    until("the connection", || one.connected().len() == 1).await;
    inbox.full.store(true, Ordering::SeqCst);
    (0..20).for_each(|number| submit(&one, &own, batch_of(number, 3_930)));
    until("the first", || inbox.received.load(Ordering::SeqCst) > 0).await;
    let sent = one.traffic().bytes_sent;
    // Three offers at least: the pause between two is at most 4 s.
    until("offers", || one.traffic().bytes_sent >= sent + 3 * 40).await;
    assert!(one.traffic().bytes_sent < sent + 10_000, "offers alone");
    inbox.full.store(false, Ordering::SeqCst);
    until("all", || inbox.ids().len() == 20).await;
    assert!(one.traffic().batches_sent <= 20 + 8, "{:?}", one.traffic());
}

#[tokio::test]
async fn blocks_are_asked_for_and_a_peer_gets_no_more_than_its_rate() {
    use PeerRole::Validator;
    let [a, b] = addresses();
    let (one, _) = start(1, a, vec![peer(2, b, Validator)]).await;
    assert_eq!(one.ask(&id("m2"), Wanted::Block(Height(5))).await, Err(NoAnswer), "it is not connected");
    let (_two, _) = start(2, b, vec![peer(1, a, Validator)]).await;
    until("the connection", || one.connected().len() == 1).await;
    let copy = one.ask(&id("m2"), Wanted::Block(Height(5))).await.unwrap().unwrap();
    assert_eq!((copy.certificate.height, copy.payload.len()), (Height(5), 1 << 20));
    assert_eq!(one.ask(&id("m2"), Wanted::Block(Height(9))).await, Ok(None));
    assert_eq!(one.ask(&id("m2"), Wanted::Head).await, Ok(None));
    assert_eq!(one.ask(&id("m3"), Wanted::Head).await, Err(NoAnswer), "nobody knows it");
    // Some seconds' worth, and then no more than the rate.
    let mut given = 0;
    while one.ask(&id("m2"), Wanted::Block(Height(5))).await.is_ok() {
        given += 1;
        assert!(given < 400, "{given} MB");
    }
}
