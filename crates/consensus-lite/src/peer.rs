//! Peers: where they are, and the key that proves that it is them.

use malachitebft_app_channel::app::net::{Multiaddr, PeerId};
use malachitebft_app_channel::app::types;
use sanad_core::signature::PublicKey;

/// A node that may connect, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// `host:port`; the host is a name, an IPv4 address, or an IPv6 address in brackets. `None` for a peer that is let in
    /// and not dialled.
    pub address: Option<String>,
    /// Public half of the peer's network key: connections without it are refused.
    pub network_key: PublicKey,
}

/// A text is not `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{address}\" is not host:port")]
pub struct PeerAddressError {
    /// The text.
    pub address: String,
}

impl PeerAddress {
    /// Checks that the address is `host:port`.
    ///
    /// # Errors
    /// [`PeerAddressError`].
    pub fn check(&self) -> Result<(), PeerAddressError> {
        self.multiaddr().map(|_| ())
    }

    /// Whether it has this name.
    pub(crate) fn is(&self, peer: &types::PeerId) -> bool {
        peer_id(&self.network_key).to_bytes() == peer.to_bytes()
    }

    /// `/ip4|ip6|dns/<host>/tcp/<port>/p2p/<peer id>`, which pins the address to the key; or the peer id alone.
    pub(crate) fn multiaddr(&self) -> Result<Multiaddr, PeerAddressError> {
        let id = peer_id(&self.network_key);
        let text = self.address.as_deref().unwrap_or_default();
        let wrong = || PeerAddressError { address: text.to_owned() };
        if self.address.is_none() {
            return format!("/p2p/{id}").parse().map_err(|_| wrong());
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port: u16 = port.parse().map_err(|_| wrong())?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(ip) => format!("ip6/{}", ip.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?),
            None if host.parse::<std::net::Ipv4Addr>().is_ok() => format!("ip4/{host}"),
            None if is_name(host) => format!("dns/{host}"),
            None => return Err(wrong()),
        };
        format!("/{host}/tcp/{port}/p2p/{id}").parse().map_err(|_| wrong())
    }
}

fn is_name(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (1..=253).contains(&host.len()) && host.chars().all(allowed)
}

/// The libp2p name of a network key.
pub(crate) fn peer_id(key: &PublicKey) -> PeerId {
    // libp2p specs, peer-ids: the identity multihash of the protobuf `PublicKey { Type = Ed25519, Data = key }`.
    let mut bytes = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
    bytes.extend_from_slice(&key.0);
    PeerId::from_bytes(&bytes).expect("invariant: a multihash code, a length and as many bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use malachitebft_app_channel::app::types::Keypair;
    use sanad_core::signature::SecretKey;

    #[test]
    fn peer_ids_are_those_of_libp2p() {
        let seed = [5; 32];
        let keypair = Keypair::ed25519_from_bytes(seed).unwrap();
        assert_eq!(peer_id(&SecretKey::from_seed(&seed).public()), keypair.public().to_peer_id());
    }

    #[test]
    fn addresses() {
        let network_key = SecretKey::from_seed(&[5; 32]).public();
        let multiaddr = |address: &str| {
            PeerAddress { address: Some(address.to_owned()), network_key }
                .multiaddr()
                .map(|address| address.to_string())
        };
        let id = peer_id(&network_key);
        assert_eq!(multiaddr("10.0.0.1:7000"), Ok(format!("/ip4/10.0.0.1/tcp/7000/p2p/{id}")));
        assert_eq!(multiaddr("[::1]:7000"), Ok(format!("/ip6/::1/tcp/7000/p2p/{id}")));
        assert_eq!(multiaddr("node.ui.ac.id:7000"), Ok(format!("/dns/node.ui.ac.id/tcp/7000/p2p/{id}")));
        let unknown = PeerAddress { address: None, network_key }.multiaddr().unwrap();
        assert_eq!(unknown.to_string(), format!("/p2p/{id}"));
        for wrong in ["", "host", "host:", "host:70000", ":7000", "a/b:7000", "[::1:7000", "::1:7000"] {
            assert!(multiaddr(wrong).is_err(), "{wrong}");
        }
    }
}
