//! The exchange of batches: what is sent arrives, also after an absence; strangers are not let in.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sanad_core::batch::{Batch, NO_BATCH, SignedBatch};
use sanad_core::event::Event;
use sanad_core::hash::{BatchId, ChainId, Commitment};
use sanad_core::ids::{MemberId, Sequence};
use sanad_core::signature::SecretKey;
use sanad_node::gossip::{BatchExchange, Gossip, GossipError, GossipPeer, PeerRole};

const DEADLINE: Duration = Duration::from_secs(30);

/// Takes every batch once, as a pool does.
#[derive(Default)]
struct Inbox(Mutex<Vec<Arc<SignedBatch>>>);

impl Inbox {
    fn ids(&self) -> Vec<BatchId> {
        self.0.lock().unwrap().iter().map(|batch| batch.id()).collect()
    }
}

impl BatchExchange for Inbox {
    fn receive(&self, _from: &MemberId, bytes: &[u8]) -> Option<Arc<SignedBatch>> {
        let batch = Arc::new(SignedBatch::decode(bytes).ok()?);
        let mut batches = self.0.lock().unwrap();
        let new = batches.iter().all(|known| known.id() != batch.id());
        new.then(|| batches.push(Arc::clone(&batch)))?;
        Some(batch)
    }

    fn waiting(&self) -> Vec<Arc<SignedBatch>> {
        self.0.lock().unwrap().clone()
    }
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

fn batch(number: u64) -> Arc<SignedBatch> {
    let commitment = Commitment(*blake3::hash(&number.to_be_bytes()).as_bytes());
    let batch = Batch {
        chain_id: ChainId([1; 32]),
        issuer: "issuer".parse().unwrap(),
        sequence: Sequence(number),
        previous: NO_BATCH,
        events: vec![Event::Issue { commitment }],
    };
    Arc::new(batch.sign(&key(9)))
}

fn peer(number: u8, address: SocketAddr, role: PeerRole) -> GossipPeer {
    let member = format!("m{number}").parse().unwrap();
    GossipPeer { member, network_key: key(number).public(), address, role }
}

/// Addresses that were free a moment ago.
fn addresses<const N: usize>() -> [SocketAddr; N] {
    let listeners = [(); N].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

async fn start(number: u8, listen: SocketAddr, peers: Vec<GossipPeer>) -> (Gossip, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    let exchange: Arc<dyn BatchExchange> = inbox.clone();
    (Gossip::start(listen, &key(number), peers, exchange).await.unwrap(), inbox)
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
    own.0.lock().unwrap().push(Arc::clone(&missed));
    one.publish(missed);
    let (two, inbox) = start(2, b, vec![peer(1, a, Validator)]).await;
    until("what was missed", || inbox.ids() == [batch(0).id()]).await;
    let sent: Vec<_> = (1..500).map(batch).collect();
    sent.iter().for_each(|batch| one.publish(Arc::clone(batch)));
    until("all batches", || inbox.ids().len() == 500).await;
    let expected: Vec<_> = (0..500).map(|number| batch(number).id()).collect();
    assert_eq!(inbox.ids(), expected, "in order");
    assert_eq!(two.connected(), ["m1".parse().unwrap()]);
}

#[tokio::test]
async fn followers_batches_are_passed_on() {
    use PeerRole::{Follower, Validator};
    let [a, b, c] = addresses();
    let (_one, first) = start(1, a, vec![peer(2, b, Validator), peer(3, c, Follower)]).await;
    let (_two, second) = start(2, b, vec![peer(1, a, Validator)]).await;
    let (follower, _) = start(3, c, vec![peer(1, a, Validator)]).await;
    until("the connections", || follower.connected().len() == 1 && _one.connected().len() == 2).await;
    follower.publish(batch(7));
    until("the follower's batch", || first.ids() == [batch(7).id()] && second.ids() == [batch(7).id()]).await;
}

#[tokio::test]
async fn strangers_are_not_let_in() {
    use PeerRole::Validator;
    let [a, b, c] = addresses();
    let (one, inbox) = start(1, a, vec![peer(2, b, Validator)]).await;
    let (stranger, _) = start(3, c, vec![peer(1, a, Validator)]).await;
    let (two, _) = start(2, b, vec![peer(1, a, Validator)]).await;
    stranger.publish(batch(1));
    until("the known peer", || !two.connected().is_empty()).await;
    two.publish(batch(2));
    until("the known peer's batch", || !inbox.ids().is_empty()).await;
    // The stranger dialled first, and again every second.
    assert_eq!(inbox.ids(), [batch(2).id()]);
    assert_eq!(one.connected(), ["m2".parse().unwrap()]);
}

#[tokio::test]
async fn a_port_in_use_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let exchange: Arc<dyn BatchExchange> = Arc::new(Inbox::default());
    let started = Gossip::start(address, &key(1), Vec::new(), exchange).await;
    assert!(matches!(started, Err(GossipError::Listen { .. })));
}
