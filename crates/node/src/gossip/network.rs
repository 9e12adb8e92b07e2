//! The task that owns the libp2p swarm.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use libp2p::allow_block_list::{AllowedPeers, Behaviour as AllowList};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{self, Message, OutboundRequestId, ProtocolSupport, ResponseChannel};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{PeerId, Swarm, SwarmBuilder, noise, ping, tcp, yamux};
use sanad_core::hash::BatchId;
use sanad_core::ids::MemberId;
use sanad_core::signature::SecretKey;
use tokio::sync::{mpsc, oneshot};

use super::asked::{Ask, Asked};
use super::asking::{QUESTIONS_MAX, Question, Read};
use super::blocks::{self, BlockCodec, Told};
use super::codec::{Answer, Codec, PROTOCOL, Request};
use super::flow::Flow;
use super::gate::Gate;
use super::progress::Progress;
use super::{
    BatchExchange, GossipError, GossipLimits, GossipPeer, PeerRole, Received, Shared, Traffic, keypair, lock,
    multiaddr,
};
use crate::config::HostPort;
use crate::pool::{Interest, Offered, Source};
use crate::watchdog::Beat;

// The order matters: a connection is refused by the first that denies it, before the later ones spend anything.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) gate: Gate,
    pub(super) allow_list: AllowList<AllowedPeers>,
    limits: connection_limits::Behaviour,
    ping: ping::Behaviour,
    batches: request_response::Behaviour<Codec>,
    pub(super) blocks: request_response::Behaviour<BlockCodec>,
}

pub(super) struct Peer {
    pub(super) member: MemberId,
    pub(super) address: Option<HostPort>,
    /// Whether its name is being resolved.
    pub(super) resolving: bool,
    pub(super) role: PeerRole,
    pub(super) connections: usize,
    /// None while it is not connected.
    pub(super) progress: Option<Progress<OutboundRequestId>>,
    /// Of this connection.
    pub(super) traffic: Traffic,
    /// What it sends.
    pub(super) flow: Flow,
    /// Blocks that it is given.
    pub(super) given: Flow,
}

pub(super) struct Network {
    pub(super) limits: GossipLimits,
    /// Where it listens.
    pub(super) listen: SocketAddr,
    pub(super) is_listening: bool,
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) peers: HashMap<PeerId, Peer>,
    /// Batches that peers were asked for.
    pub(super) asked: Asked<PeerId>,
    pub(super) exchange: Arc<dyn BatchExchange>,
    pub(super) shared: Arc<Mutex<Shared>>,
    /// Who waits for an answer of a peer.
    pub(super) questions: HashMap<OutboundRequestId, oneshot::Sender<Told>>,
    /// Blocks that were read for peers, and the sending end for the threads that read.
    pub(super) read: (mpsc::UnboundedSender<Read>, mpsc::UnboundedReceiver<Read>),
    /// Messages whose batches were checked, and the sending end for the threads that check. There are at most
    /// [`GossipLimits::requests_per_peer`] on each connection of a peer, since each is an unanswered request.
    checked: (mpsc::UnboundedSender<Checked>, mpsc::UnboundedReceiver<Checked>),
    /// Names of peers that were resolved, at most one at a time for each, and the sending end for the tasks that do so.
    resolved: (mpsc::UnboundedSender<Resolved>, mpsc::UnboundedReceiver<Resolved>),
}

/// Where a peer with a name is now.
type Resolved = (PeerId, Vec<SocketAddr>);

/// A message from a peer, once the exchange has seen its batches.
struct Checked {
    from: PeerId,
    source: Source,
    answers: Vec<Answer>,
    channel: ResponseChannel<Vec<Answer>>,
}

impl Network {
    pub(super) async fn start(
        listen: SocketAddr,
        key: &SecretKey,
        peers: Vec<GossipPeer>,
        limits: GossipLimits,
        exchange: Arc<dyn BatchExchange>,
        shared: Arc<Mutex<Shared>>,
    ) -> Result<(Self, SocketAddr), GossipError> {
        let mut swarm = swarm(key, &limits)?;
        let refused = |reason: String| GossipError::Listen { address: listen, reason };
        swarm.listen_on(multiaddr(listen)).map_err(|error| refused(cause(&error)))?;
        let address = loop {
            match swarm.select_next_some().await {
                SwarmEvent::NewListenAddr { address, .. } => {
                    break socket_address(&address).unwrap_or(listen);
                }
                SwarmEvent::ListenerError { error, .. } => return Err(refused(cause(&error))),
                SwarmEvent::ListenerClosed { reason, .. } => return Err(refused(format!("{reason:?}"))),
                _ => {}
            }
        };
        let (checked, read, resolved) =
            (mpsc::unbounded_channel(), mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let (asked, questions) = (Asked::new(), HashMap::new());
        let mut network = Self {
            limits,
            listen: address,
            is_listening: true,
            swarm,
            peers: HashMap::new(),
            asked,
            exchange,
            shared,
            questions,
            read,
            checked,
            resolved,
        };
        network.set_peers(peers)?;
        Ok((network, address))
    }

    pub(super) async fn run(
        mut self,
        mut news: mpsc::Receiver<()>,
        mut questions: mpsc::Receiver<Question>,
        beat: Beat,
    ) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                call = news.recv() => match call {
                    Some(()) => self.send_to_all(),
                    None => return,
                },
                event = self.swarm.select_next_some() => self.on_event(event),
                Some(question) = questions.recv() => self.ask(question),
                Some(read) = self.read.1.recv() => self.on_read(read),
                Some(checked) = self.checked.1.recv() => self.on_checked(checked),
                Some((id, addresses)) = self.resolved.1.recv() => self.on_resolved(id, &addresses),
                _ = tick.tick() => {
                    beat.beat();
                    self.asked.prune(Instant::now());
                    self.change();
                    self.dial();
                    self.send_to_all();
                }
            }
        }
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::ConnectionEstablished { peer_id, .. } => self.on_connected(peer_id),
            SwarmEvent::ConnectionClosed { peer_id, num_established, .. } => {
                self.on_closed(peer_id, num_established as usize);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Batches(event)) => self.on_message(event),
            SwarmEvent::Behaviour(BehaviourEvent::Blocks(event)) => self.on_blocks(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                connection,
                result: Err(error),
                ..
            })) if !matches!(error, ping::Failure::Unsupported) => {
                self.swarm.close_connection(connection);
            }
            SwarmEvent::IncomingConnectionError { error, send_back_addr, .. } => {
                tracing::debug!(%error, address = %send_back_addr, "refused a connection");
            }
            _ => {}
        }
    }

    fn on_connected(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.connections += 1;
        if peer.progress.is_none() {
            tracing::info!(member = %peer.member, "peer connected for batches");
            lock(&self.shared).connected.insert(peer.member.clone());
            peer.progress = Some(Progress::new(&*self.exchange));
            peer.traffic = Traffic::default();
            self.send_next(id);
        }
    }

    fn on_closed(&mut self, id: PeerId, connections: usize) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.connections = connections;
        if connections == 0 {
            let Traffic { batches_sent, bytes_sent, batches_received } = peer.traffic;
            tracing::info!(
                member = %peer.member,
                batches_sent,
                bytes_sent,
                batches_received,
                "peer disconnected for batches"
            );
            peer.progress = None;
            self.asked.had_its_time(id, Instant::now());
            self.show_connected();
        }
    }

    fn on_message(&mut self, event: request_response::Event<Request, Vec<Answer>>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request: Request::Incoming(batches), channel, .. } => {
                    self.on_batches(peer, batches, channel);
                }
                Message::Request { request: Request::Offer(offered), channel, .. } => {
                    self.on_offer(peer, &offered, channel);
                }
                Message::Request { request: Request::Outgoing(_), .. } => {}
                Message::Response { request_id, response } => self.on_answers(peer, request_id, &response),
            },
            request_response::Event::OutboundFailure { peer, request_id, error, .. } => {
                if let Some(Peer { member, progress: Some(progress), .. }) = self.peers.get_mut(&peer) {
                    tracing::debug!(%member, %error, "batches did not arrive; they are offered again");
                    progress.failed(&request_id);
                }
            }
            _ => {}
        }
    }

    fn on_offer(&mut self, from: PeerId, offered: &[Offered], channel: ResponseChannel<Vec<Answer>>) {
        let now = Instant::now();
        let Some(peer) = self.peers.get_mut(&from) else { return };
        if peer.flow.take(offer_bytes(offered), now) != Some(Duration::ZERO) {
            // It offers more than anyone has. It may offer again.
            let answers = vec![Answer::Later; offered.len()];
            let _ = self.swarm.behaviour_mut().batches.send_response(channel, answers);
            return;
        }
        let answer = |(offered, interest): (&Offered, Interest)| match interest {
            Interest::Known => {
                self.asked.came(&offered.id);
                Answer::Settled
            }
            Interest::NoRoom => Answer::Later,
            Interest::Wanted => match self.asked.offered(from, offered.id, now) {
                Ask::Now => Answer::Wanted,
                Ask::Later => Answer::Later,
            },
        };
        let answers = offered.iter().zip(self.exchange.interest(offered)).map(answer).collect();
        // The peer may be gone; it will offer again.
        let _ = self.swarm.behaviour_mut().batches.send_response(channel, answers);
    }

    /// Has the batches checked elsewhere: signatures take a while, and the swarm must not wait for them.
    fn on_batches(&mut self, from: PeerId, batches: Vec<Vec<u8>>, channel: ResponseChannel<Vec<Answer>>) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        let bytes = batches.iter().map(Vec::len).sum();
        let Some(wait) = peer.flow.take(bytes, Instant::now()) else {
            // It has sent more than it may, and did not wait for the answers to slow it down.
            let answers = vec![Answer::Later; batches.len()];
            let _ = self.swarm.behaviour_mut().batches.send_response(channel, answers);
            return;
        };
        let source = match peer.role {
            PeerRole::Validator => Source::Gossiped,
            PeerRole::Follower => Source::Relayed,
        };
        let (member, exchange, checked) =
            (peer.member.clone(), Arc::clone(&self.exchange), self.checked.0.clone());
        let check = move || {
            let answer = |bytes: &Vec<u8>| match exchange.receive(&member, source, bytes) {
                Received::New | Received::Settled => Answer::Settled,
                Received::NoRoom => Answer::Later,
            };
            let answers = batches.iter().map(answer).collect();
            // An error means that the node stops.
            let _ = checked.send(Checked { from, source, answers, channel });
        };
        if wait.is_zero() {
            tokio::task::spawn_blocking(check);
        } else {
            // It waits for the answer with its next message.
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                tokio::task::spawn_blocking(check);
            });
        }
    }

    fn on_checked(&mut self, checked: Checked) {
        let Checked { from, source, answers, channel } = checked;
        let received = answers.len() as u64;
        self.asked.had_its_time(from, Instant::now());
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.traffic.batches_received += received;
        }
        lock(&self.shared).traffic.batches_received += received;
        // The peer may be gone; it will offer again.
        let _ = self.swarm.behaviour_mut().batches.send_response(channel, answers);
        if source == Source::Relayed {
            self.send_to_all();
        }
    }

    fn on_answers(&mut self, from: PeerId, request: OutboundRequestId, answers: &[Answer]) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        let Peer { progress: Some(progress), traffic, .. } = peer else { return };
        let (batches, shared) = (&mut self.swarm.behaviour_mut().batches, &self.shared);
        progress.answered(&request, answers, |request| {
            count(&request, traffic, shared);
            batches.send_request(&from, request)
        });
        self.send_next(from);
    }

    fn send_to_all(&mut self) {
        let connected: Vec<_> =
            self.peers.iter().filter(|(_, peer)| peer.progress.is_some()).map(|(id, _)| *id).collect();
        connected.into_iter().for_each(|id| self.send_next(id));
    }

    fn send_next(&mut self, id: PeerId) {
        let Some(Peer { progress: Some(progress), traffic, .. }) = self.peers.get_mut(&id) else { return };
        let (batches, shared) = (&mut self.swarm.behaviour_mut().batches, &self.shared);
        progress.advance(&*self.exchange, |request| {
            count(&request, traffic, shared);
            batches.send_request(&id, request)
        });
    }

    fn dial(&mut self) {
        let mut known = Vec::new();
        for (id, peer) in self.peers.iter_mut().filter(|(_, peer)| peer.connections == 0) {
            match &peer.address {
                None => {}
                Some(HostPort::Ip(address)) => known.push((*id, *address)),
                Some(HostPort::Name(..)) if peer.resolving => {}
                Some(HostPort::Name(name, port)) => {
                    peer.resolving = true;
                    tokio::spawn(resolve(*id, name.clone(), *port, self.resolved.0.clone()));
                }
            }
        }
        known.into_iter().for_each(|(id, address)| self.dial_at(id, &[address]));
    }

    fn on_resolved(&mut self, id: PeerId, addresses: &[SocketAddr]) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.resolving = false;
        // It may have moved, or come by itself, meanwhile.
        if peer.connections > 0 || !matches!(peer.address, Some(HostPort::Name(..))) {
            return;
        }
        if let Some(first) = addresses.first() {
            self.swarm.behaviour_mut().gate.expect_from(id, first.ip());
            self.dial_at(id, addresses);
        }
    }

    fn dial_at(&mut self, id: PeerId, addresses: &[SocketAddr]) {
        let options = DialOpts::peer_id(id)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .addresses(addresses.iter().copied().map(multiaddr).collect())
            .build();
        if let Err(error) = self.swarm.dial(options) {
            tracing::trace!(peer = %id, %error, "not dialled");
        }
    }
}

/// Asks the system where a name is, and always answers.
async fn resolve(id: PeerId, name: String, port: u16, resolved: mpsc::UnboundedSender<Resolved>) {
    let asked = tokio::net::lookup_host((name.as_str(), port));
    let addresses = match tokio::time::timeout(RESOLVE_TIMEOUT, asked).await {
        Ok(Ok(addresses)) => addresses.take(RESOLVED_MAX).collect(),
        Ok(Err(error)) => {
            tracing::debug!(name, %error, "the name of a peer is not known");
            Vec::new()
        }
        Err(_) => Vec::new(),
    };
    // An error means that the node stops.
    let _ = resolved.send((id, addresses));
}

fn count(request: &Request, of_peer: &mut Traffic, shared: &Mutex<Shared>) {
    let carried = if let Request::Outgoing(batches) = request { batches.len() as u64 } else { 0 };
    for traffic in [of_peer, &mut lock(shared).traffic] {
        traffic.batches_sent += carried;
        traffic.bytes_sent += request.wire_bytes() as u64;
    }
}

/// About what an offer has on the wire.
fn offer_bytes(offered: &[Offered]) -> usize {
    offered.iter().map(|offered| size_of::<BatchId>() + offered.issuer.as_str().len() + 5).sum()
}

pub(super) fn swarm(key: &SecretKey, given: &GossipLimits) -> Result<Swarm<Behaviour>, GossipError> {
    let failed = |reason: String| GossipError::Transport { reason };
    let config = request_response::Config::default()
        .with_request_timeout(REQUEST_TIMEOUT)
        .with_max_concurrent_streams(given.requests_per_peer);
    // Beside the gate, which counts handshakes: a peer that comes back has a place beside the connection that it lost.
    let limits = ConnectionLimits::default().with_max_established_per_peer(Some(given.connections_per_peer));
    let gate = Gate::new(given.handshakes);
    let swarm = SwarmBuilder::with_existing_identity(keypair(key)?)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|error| failed(error.to_string()))?
        .with_behaviour(|_| Behaviour {
            gate,
            allow_list: AllowList::default(),
            limits: connection_limits::Behaviour::new(limits),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_INTERVAL)),
            batches: request_response::Behaviour::new([(PROTOCOL, ProtocolSupport::Full)], config),
            blocks: request_response::Behaviour::new(
                [(blocks::PROTOCOL, ProtocolSupport::Full)],
                request_response::Config::default()
                    .with_request_timeout(BLOCK_TIMEOUT)
                    .with_max_concurrent_streams(QUESTIONS_MAX),
            ),
        })
        .map_err(|error| failed(error.to_string()))?
        // Peers stay connected; a connection whose other end is gone is closed when it answers no ping.
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::MAX))
        .with_connection_timeout(given.handshake_timeout)
        .build();
    Ok(swarm)
}

fn socket_address(address: &libp2p::Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

/// The innermost cause that says something: errors of transports around it print nothing.
fn cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).filter(|text| !text.is_empty()).last().unwrap_or_default()
}

/// Time between attempts to reach peers that are not connected, and looks at what is to be offered again.
const TICK: Duration = Duration::from_secs(1);
/// Time for the system to resolve a name.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried.
const RESOLVED_MAX: usize = 4;
/// Time in which a peer must take a message.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Time in which a peer must give a block.
const BLOCK_TIMEOUT: Duration = Duration::from_secs(30);
const PING_INTERVAL: Duration = Duration::from_secs(15);
