//! What a node says about itself.

use std::time::Duration;

use sanad_core::codec;
use sanad_core::genesis::CHAIN_NAME_BYTES_MAX;
use sanad_core::governance::RejoinStatement;
use sanad_core::ids::{Height, LogSize};
use sanad_core::state::Head;
use sanad_core::validators::VALIDATORS_MAX;

use super::{WireError, fixed, member_id, optional_member_id, public_key, within};
use crate::limits::{PEER_ADDRESS_BYTES_MAX, PEER_ADDRESSES_MAX};
use crate::node_status::{NodeStatus, Peer, PeerKind};
use crate::wire;

/// Longest version text, in bytes.
const VERSION_BYTES_MAX: usize = 128;

impl From<NodeStatus> for wire::GetNodeStatusResponse {
    fn from(status: NodeStatus) -> Self {
        Self {
            chain_id: status.chain_id.0.to_vec(),
            chain_name: status.chain_name,
            member_id: status.member.map(String::from).unwrap_or_default(),
            version: status.version,
            height: status.head.height.0,
            head_hash: status.head.hash.0.to_vec(),
            head_time_ms: status.head.time_ms,
            log_size: status.log_size.0,
            catching_up: status.catching_up,
            validators: status.validators.into_iter().map(String::from).collect(),
            is_validator: status.is_validator,
            pool_batches: status.pool_batches,
            pool_bytes: status.pool_bytes,
            uptime_ms: u64::try_from(status.uptime.as_millis()).unwrap_or(u64::MAX),
            connected_peers: status.connected_peers,
            damaged_blocks: status.damaged_blocks,
            repaired_blocks: status.repaired_blocks,
            rejoin: status.rejoin.map(|statement| wire::Rejoin {
                key: codec::encode(&statement.key),
                nonce: statement.nonce.0.to_vec(),
            }),
        }
    }
}

impl TryFrom<wire::GetNodeStatusResponse> for NodeStatus {
    type Error = WireError;
    fn try_from(status: wire::GetNodeStatusResponse) -> Result<Self, WireError> {
        within("chain_name", status.chain_name.len(), CHAIN_NAME_BYTES_MAX)?;
        within("version", status.version.len(), VERSION_BYTES_MAX)?;
        within("validators", status.validators.len(), VALIDATORS_MAX)?;
        let validators = status.validators.into_iter().map(|id| member_id("validators", id));
        Ok(Self {
            chain_id: fixed("chain_id", &status.chain_id)?,
            chain_name: status.chain_name,
            member: optional_member_id("member_id", status.member_id)?,
            version: status.version,
            head: Head {
                height: Height(status.height),
                hash: fixed("head_hash", &status.head_hash)?,
                time_ms: status.head_time_ms,
            },
            log_size: LogSize(status.log_size),
            catching_up: status.catching_up,
            validators: validators.collect::<Result<_, _>>()?,
            is_validator: status.is_validator,
            pool_batches: status.pool_batches,
            pool_bytes: status.pool_bytes,
            uptime: Duration::from_millis(status.uptime_ms),
            connected_peers: status.connected_peers,
            damaged_blocks: status.damaged_blocks,
            repaired_blocks: status.repaired_blocks,
            rejoin: match status.rejoin {
                Some(rejoin) => Some(RejoinStatement {
                    key: public_key("rejoin.key", &rejoin.key)?,
                    nonce: fixed("rejoin.nonce", &rejoin.nonce)?,
                }),
                None => None,
            },
        })
    }
}

impl From<Peer> for wire::Peer {
    fn from(peer: Peer) -> Self {
        let kind = match peer.kind {
            PeerKind::Consensus => wire::PeerKind::Consensus,
            PeerKind::Gossip => wire::PeerKind::Gossip,
        };
        let short = |address: &String| address.len() <= PEER_ADDRESS_BYTES_MAX;
        Self {
            member_id: peer.member.map(String::from).unwrap_or_default(),
            network_key: codec::encode(&peer.network_key),
            addresses: peer.addresses.into_iter().filter(short).take(PEER_ADDRESSES_MAX).collect(),
            connected: peer.connected,
            kind: kind.into(),
        }
    }
}

impl TryFrom<wire::Peer> for Peer {
    type Error = WireError;
    fn try_from(peer: wire::Peer) -> Result<Self, WireError> {
        within("peers.addresses", peer.addresses.len(), PEER_ADDRESSES_MAX)?;
        for address in &peer.addresses {
            within("peers.addresses (bytes)", address.len(), PEER_ADDRESS_BYTES_MAX)?;
        }
        let kind = match peer.kind() {
            wire::PeerKind::Consensus => PeerKind::Consensus,
            wire::PeerKind::Gossip => PeerKind::Gossip,
            wire::PeerKind::Unspecified => {
                return Err(WireError::Value {
                    field: "peers.kind",
                    actual: u64::from(peer.kind.unsigned_abs()),
                });
            }
        };
        Ok(Self {
            member: optional_member_id("peers.member_id", peer.member_id)?,
            network_key: public_key("peers.network_key", &peer.network_key)?,
            addresses: peer.addresses,
            connected: peer.connected,
            kind,
        })
    }
}
