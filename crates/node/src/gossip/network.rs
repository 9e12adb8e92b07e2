//! The task that owns the libp2p swarm.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use libp2p::allow_block_list::{AllowedPeers, Behaviour as AllowList};
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{self, Message, ProtocolSupport, ResponseChannel};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{PeerId, Swarm, SwarmBuilder, noise, tcp, yamux};
use sanad_core::batch::SignedBatch;
use sanad_core::ids::MemberId;
use sanad_core::signature::SecretKey;
use tokio::sync::mpsc;

use super::codec::{Batches, Codec, MESSAGE_BYTES_MAX, Outgoing, PROTOCOL, Taken, message_bytes};
use super::{BatchExchange, GossipError, GossipPeer, PeerRole, keypair, multiaddr, peer_id};

/// Time between attempts to reach peers that are not connected.
const REDIAL: Duration = Duration::from_secs(1);
/// Time in which a peer must take a message.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Messages under way from one peer.
const STREAMS_MAX: usize = 8;
/// Bytes queued for one peer; beyond it, the queue is made anew from the pool.
const QUEUE_BYTES_MAX: usize = 8 << 20;

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    allow_list: AllowList<AllowedPeers>,
    batches: request_response::Behaviour<Codec>,
}

struct Peer {
    member: MemberId,
    address: SocketAddr,
    role: PeerRole,
    connections: usize,
    queue: VecDeque<Arc<SignedBatch>>,
    queue_bytes: usize,
    /// A message is under way; the next goes out when it was taken.
    busy: bool,
    /// The queue overflowed, or a message was lost: start again from the pool.
    resend: bool,
}

pub(super) struct Network {
    swarm: Swarm<Behaviour>,
    peers: HashMap<PeerId, Peer>,
    exchange: Arc<dyn BatchExchange>,
    connected: Arc<Mutex<BTreeMap<MemberId, ()>>>,
    /// Messages whose batches were checked, and the sending end for the threads that check. There are at most
    /// [`STREAMS_MAX`] of each peer, since each is an unanswered request.
    checked: (mpsc::UnboundedSender<Checked>, mpsc::UnboundedReceiver<Checked>),
}

/// A message from a peer, once the exchange has seen its batches.
struct Checked {
    from: PeerId,
    /// The batches that were new and good.
    new: Vec<Arc<SignedBatch>>,
    channel: ResponseChannel<Taken>,
}

impl Network {
    pub(super) async fn start(
        listen: SocketAddr,
        key: &SecretKey,
        peers: Vec<GossipPeer>,
        exchange: Arc<dyn BatchExchange>,
        connected: Arc<Mutex<BTreeMap<MemberId, ()>>>,
    ) -> Result<(Self, SocketAddr), GossipError> {
        let mut swarm = swarm(key)?;
        let mut known = HashMap::new();
        for GossipPeer { member, network_key, address, role } in peers {
            let id = peer_id(&member, &network_key)?;
            swarm.behaviour_mut().allow_list.allow_peer(id);
            let queue = VecDeque::new();
            let peer = Peer {
                member,
                address,
                role,
                connections: 0,
                queue,
                queue_bytes: 0,
                busy: false,
                resend: false,
            };
            known.insert(id, peer);
        }
        let refused = |reason: String| GossipError::Listen { address: listen, reason };
        swarm.listen_on(multiaddr(listen)).map_err(|error| refused(error.to_string()))?;
        let address = loop {
            match swarm.select_next_some().await {
                SwarmEvent::NewListenAddr { address, .. } => {
                    break socket_address(&address).unwrap_or(listen);
                }
                SwarmEvent::ListenerError { error, .. } => return Err(refused(error.to_string())),
                SwarmEvent::ListenerClosed { reason, .. } => return Err(refused(format!("{reason:?}"))),
                _ => {}
            }
        };
        let checked = mpsc::unbounded_channel();
        Ok((Self { swarm, peers: known, exchange, connected, checked }, address))
    }

    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Arc<SignedBatch>>) {
        let mut redial = tokio::time::interval(REDIAL);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(batch) => self.publish(&batch, None),
                    None => return,
                },
                event = self.swarm.select_next_some() => self.on_event(event),
                Some(checked) = self.checked.1.recv() => self.on_checked(checked),
                _ = redial.tick() => self.dial(),
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
            SwarmEvent::IncomingConnectionError { error, send_back_addr, .. } => {
                tracing::debug!(%error, address = %send_back_addr, "refused a connection");
            }
            _ => {}
        }
    }

    fn on_connected(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.connections += 1;
        if peer.connections == 1 {
            tracing::info!(member = %peer.member, "peer connected for batches");
            self.connected.lock().unwrap_or_else(PoisonError::into_inner).insert(peer.member.clone(), ());
            (peer.busy, peer.resend) = (false, true);
            self.send_next(id);
        }
    }

    fn on_closed(&mut self, id: PeerId, connections: usize) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.connections = connections;
        if connections == 0 {
            tracing::info!(member = %peer.member, "peer disconnected for batches");
            self.connected.lock().unwrap_or_else(PoisonError::into_inner).remove(&peer.member);
            peer.queue.clear();
            (peer.queue_bytes, peer.busy) = (0, false);
        }
    }

    fn on_message(&mut self, event: request_response::Event<Batches, Taken>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request: Batches::Incoming(batches), channel, .. } => {
                    self.on_batches(peer, batches, channel);
                }
                Message::Request { .. } => {}
                Message::Response { .. } => self.on_taken(peer),
            },
            request_response::Event::OutboundFailure { peer, error, .. } => {
                if let Some(known) = self.peers.get_mut(&peer) {
                    tracing::debug!(member = %known.member, %error, "batches did not arrive; they are sent again");
                    // The connection may be gone; what waits is sent again when there is one.
                    (known.busy, known.resend) = (false, true);
                }
            }
            _ => {}
        }
    }

    /// Has the batches checked elsewhere: signatures take a while, and the swarm must not wait for them.
    fn on_batches(&mut self, from: PeerId, batches: Vec<Vec<u8>>, channel: ResponseChannel<Taken>) {
        let Some(peer) = self.peers.get(&from) else { return };
        let (member, exchange, checked) =
            (peer.member.clone(), Arc::clone(&self.exchange), self.checked.0.clone());
        tokio::task::spawn_blocking(move || {
            let new = batches.iter().filter_map(|bytes| exchange.receive(&member, bytes)).collect();
            // An error means that the node stops.
            let _ = checked.send(Checked { from, new, channel });
        });
    }

    fn on_checked(&mut self, checked: Checked) {
        let Checked { from, new, channel } = checked;
        // The peer may be gone; it will send again.
        let _ = self.swarm.behaviour_mut().batches.send_response(channel, Taken(new.len() as u32));
        if self.peers.get(&from).is_some_and(|peer| peer.role == PeerRole::Follower) {
            new.iter().for_each(|batch| self.publish(batch, Some(from)));
        }
    }

    fn on_taken(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.busy = false;
        }
        self.send_next(id);
    }

    fn publish(&mut self, batch: &Arc<SignedBatch>, except: Option<PeerId>) {
        let connected =
            self.peers.iter_mut().filter(|(id, peer)| peer.connections > 0 && Some(**id) != except);
        let mut ready = Vec::new();
        for (id, peer) in connected {
            peer.enqueue(Arc::clone(batch));
            if !peer.busy {
                ready.push(*id);
            }
        }
        ready.into_iter().for_each(|id| self.send_next(id));
    }

    fn send_next(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.busy || peer.connections == 0 {
            return;
        }
        if peer.resend {
            peer.resend = false;
            peer.queue.clear();
            peer.queue_bytes = 0;
            self.exchange.waiting().into_iter().for_each(|batch| peer.enqueue(batch));
        }
        let batches = peer.take_message();
        if !batches.0.is_empty() {
            peer.busy = true;
            self.swarm.behaviour_mut().batches.send_request(&id, Batches::Outgoing(batches));
        }
    }

    fn dial(&mut self) {
        for (id, peer) in self.peers.iter_mut().filter(|(_, peer)| peer.connections == 0) {
            let options = DialOpts::peer_id(*id)
                .condition(PeerCondition::DisconnectedAndNotDialing)
                .addresses(vec![multiaddr(peer.address)])
                .build();
            if let Err(error) = self.swarm.dial(options) {
                tracing::trace!(member = %peer.member, %error, "not dialled");
            }
        }
        let resend: Vec<_> =
            self.peers.iter().filter(|(_, peer)| peer.resend && !peer.busy).map(|(id, _)| *id).collect();
        resend.into_iter().for_each(|id| self.send_next(id));
    }
}

impl Peer {
    fn enqueue(&mut self, batch: Arc<SignedBatch>) {
        let bytes = message_bytes(&batch);
        if self.queue_bytes + bytes > QUEUE_BYTES_MAX {
            self.resend = true;
            return;
        }
        self.queue_bytes += bytes;
        self.queue.push_back(batch);
    }

    fn take_message(&mut self) -> Outgoing {
        let mut room = MESSAGE_BYTES_MAX - 4;
        let mut batches = Vec::new();
        while let Some(batch) = self.queue.pop_front_if(|batch| message_bytes(batch) <= room) {
            room -= message_bytes(&batch);
            self.queue_bytes -= message_bytes(&batch);
            batches.push(batch);
        }
        Outgoing(batches)
    }
}

fn swarm(key: &SecretKey) -> Result<Swarm<Behaviour>, GossipError> {
    let failed = |reason: String| GossipError::Transport { reason };
    let config = request_response::Config::default()
        .with_request_timeout(REQUEST_TIMEOUT)
        .with_max_concurrent_streams(STREAMS_MAX);
    let swarm = SwarmBuilder::with_existing_identity(keypair(key)?)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|error| failed(error.to_string()))?
        .with_behaviour(|_| Behaviour {
            allow_list: AllowList::default(),
            batches: request_response::Behaviour::new([(PROTOCOL, ProtocolSupport::Full)], config),
        })
        .map_err(|error| failed(error.to_string()))?
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::MAX))
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
