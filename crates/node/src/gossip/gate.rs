//! Who may begin a handshake: checked as soon as a connection comes in, before anything is spent on it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

/// Limits the handshakes that others have begun: each address of a peer has places of its own, and all other addresses
/// share a few. So strangers do not keep peers out, and a peer may still come from an address that no configuration
/// names.
pub(super) struct Gate {
    /// One address of each peer, so that their number limits all handshakes. That of a name is the one dialled last.
    peers: HashMap<PeerId, IpAddr>,
    strangers_max: usize,
    // Only handshakes under way, so its length is limited by what `admit` allows.
    pending: HashMap<ConnectionId, Option<IpAddr>>,
}

/// There are too many handshakes under way.
#[derive(Debug, thiserror::Error)]
#[error("as many handshakes as are allowed at once, {max}, are under way from this kind of address")]
struct TooMany {
    max: usize,
}

impl Gate {
    /// `strangers_max` is the number of handshakes under way at once from all addresses that are not a peer's.
    pub(super) fn new(strangers_max: usize) -> Self {
        Self { peers: HashMap::new(), strangers_max, pending: HashMap::new() }
    }

    /// A peer comes from this address now.
    pub(super) fn expect_from(&mut self, peer: PeerId, address: IpAddr) {
        self.peers.insert(peer, address.to_canonical());
    }

    /// A peer comes no more.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.peers.remove(peer);
    }

    /// Most handshakes under way at once with so many peers.
    pub(super) fn pending_max(peers: usize, strangers_max: usize) -> usize {
        strangers_max + peers * PEER_ADDRESS_MAX
    }

    fn admit(&mut self, connection: ConnectionId, remote: &Multiaddr) -> Result<(), TooMany> {
        let address = remote.iter().find_map(|part| match part {
            Protocol::Ip4(address) => Some(IpAddr::from(address)),
            Protocol::Ip6(address) => Some(IpAddr::from(address).to_canonical()),
            _ => None,
        });
        let place = address.filter(|address| self.peers.values().any(|known| known == address));
        let max = if place.is_some() { PEER_ADDRESS_MAX } else { self.strangers_max };
        if self.pending.values().filter(|taken| **taken == place).count() >= max {
            return Err(TooMany { max });
        }
        self.pending.insert(connection, place);
        Ok(())
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.admit(connection, remote).map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _peer: PeerId,
        _local: &Multiaddr,
        _remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.pending.remove(&connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _connection: ConnectionId,
        _peer: PeerId,
        _address: &Multiaddr,
        _role: Endpoint,
        _port_use: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ListenFailure(failure) = event {
            self.pending.remove(&failure.connection_id);
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _peer: PeerId,
        _connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// Handshakes under way at once from one peer's address. Several nodes may share it.
const PEER_ADDRESS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Multiaddr {
        Multiaddr::from(address.parse::<IpAddr>().unwrap()).with(Protocol::Tcp(1))
    }

    #[test]
    fn strangers_leave_room_for_peers() {
        const STRANGERS_MAX: usize = 16;
        let mut gate = Gate::new(STRANGERS_MAX);
        let peer = PeerId::random();
        gate.expect_from(peer, "10.0.0.2".parse().unwrap());
        gate.expect_from(peer, "10.0.0.1".parse().unwrap());
        let mut connection = (0..).map(ConnectionId::new_unchecked);
        for number in 0..STRANGERS_MAX {
            gate.admit(connection.next().unwrap(), &from(&format!("192.0.2.{number}"))).unwrap();
        }
        assert!(gate.admit(connection.next().unwrap(), &from("192.0.2.200")).is_err());
        for _ in 0..PEER_ADDRESS_MAX {
            gate.admit(connection.next().unwrap(), &from("::ffff:10.0.0.1")).unwrap();
        }
        assert!(gate.admit(connection.next().unwrap(), &from("10.0.0.1")).is_err());
        assert_eq!(gate.pending.len(), Gate::pending_max(1, STRANGERS_MAX));
        gate.pending.remove(&ConnectionId::new_unchecked(3));
        gate.admit(connection.next().unwrap(), &from("192.0.2.200")).unwrap();
    }
}
