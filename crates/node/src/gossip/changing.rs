//! Other peers, or another network key, while the exchange runs.

use std::collections::HashMap;
use std::time::Instant;

use libp2p::PeerId;

use super::flow::Flow;
use super::network::{Network, Peer, swarm};
use super::{GossipError, GossipPeer, Traffic, lock, multiaddr, peer_id};

impl Network {
    /// Takes over what the handle was told.
    pub(super) fn change(&mut self) {
        let (peers, key) = {
            let mut shared = lock(&self.shared);
            (shared.peers.take(), shared.key.take())
        };
        if let Some(peers) = peers
            && let Err(error) = self.set_peers(peers)
        {
            tracing::error!(%error, "the peers for batches stay as they were");
        }
        if let Some(key) = key {
            match swarm(&key, &self.limits) {
                // The former one ends here, with its connections and its listener.
                Ok(swarm) => {
                    self.swarm = swarm;
                    self.is_listening = false;
                    self.begin_anew();
                }
                Err(error) => tracing::error!(%error, "batches are exchanged under the former network key"),
            }
        }
        if !self.is_listening {
            match self.swarm.listen_on(multiaddr(self.listen)) {
                Ok(_) => self.is_listening = true,
                Err(error) => {
                    tracing::warn!(address = %self.listen, %error, "cannot listen for batches; trying again")
                }
            }
        }
    }

    /// Lets these peers in, and no others. On an error, nothing has changed.
    pub(super) fn set_peers(&mut self, peers: Vec<GossipPeer>) -> Result<(), GossipError> {
        let named = peers.into_iter().map(|peer| Ok((peer_id(&peer.member, &peer.network_key)?, peer)));
        let wanted: HashMap<PeerId, GossipPeer> = named.collect::<Result<_, GossipError>>()?;
        let gone: Vec<PeerId> = self.peers.keys().filter(|id| !wanted.contains_key(id)).copied().collect();
        for id in gone {
            // Closes its connections, too.
            self.swarm.behaviour_mut().allow_list.disallow_peer(id);
            self.swarm.behaviour_mut().gate.forget(&id);
            self.peers.remove(&id);
            self.asked.had_its_time(id, Instant::now());
        }
        for (id, GossipPeer { member, address, role, .. }) in wanted {
            self.admit(id, address.as_ref().and_then(crate::config::HostPort::ip));
            match self.peers.get_mut(&id) {
                Some(peer) => (peer.member, peer.address, peer.role) = (member, address, role),
                None => {
                    let flow = Flow::new(self.limits.peer_bytes_per_second, Instant::now());
                    let (progress, traffic) = (None, Traffic::default());
                    let (resolving, connections, given) = (false, 0, flow);
                    let peer = Peer {
                        member,
                        address,
                        resolving,
                        role,
                        connections,
                        progress,
                        traffic,
                        flow,
                        given,
                    };
                    self.peers.insert(id, peer);
                }
            }
        }
        self.show_connected();
        Ok(())
    }

    fn admit(&mut self, id: PeerId, address: Option<std::net::SocketAddr>) {
        let behaviour = self.swarm.behaviour_mut();
        behaviour.allow_list.allow_peer(id);
        match address {
            Some(address) => behaviour.gate.expect_from(id, address.ip()),
            None => behaviour.gate.forget(&id),
        }
    }

    /// The swarm is a new one: nobody is connected, and nothing that was sent will be answered.
    fn begin_anew(&mut self) {
        self.questions.clear();
        let admitted: Vec<_> = self
            .peers
            .iter()
            .map(|(id, peer)| (*id, peer.address.as_ref().and_then(crate::config::HostPort::ip)))
            .collect();
        for (id, address) in admitted {
            self.admit(id, address);
            self.asked.had_its_time(id, Instant::now());
        }
        for peer in self.peers.values_mut() {
            (peer.connections, peer.progress) = (0, None);
        }
        self.show_connected();
    }

    /// Says whose nodes are connected. A member may have two keys for a while.
    pub(super) fn show_connected(&self) {
        let connected = self.peers.values().filter(|peer| peer.progress.is_some());
        lock(&self.shared).connected = connected.map(|peer| peer.member.clone()).collect();
    }
}
