//! What the gRPC service tells of the node beyond its ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sanad_api::{ChainState, Diagnosis, Peer, PeerKind};
use sanad_consensus_lite::Consensus;
use sanad_core::ids::MemberId;
use sanad_core::signature::PublicKey;

use crate::desk::Desk;
use crate::gossip::{Gossip, GossipPeer};
use crate::ledger::{Ledger, NodeFacts};

/// The parts of a running node.
#[derive(Clone)]
pub struct RunningNode {
    /// The member that runs it.
    pub member: MemberId,
    /// Its ledger.
    pub ledger: Arc<Ledger>,
    /// Its consensus.
    pub consensus: Arc<Consensus>,
    /// Its exchange of batches.
    pub gossip: Gossip,
    /// The peers of its configuration.
    pub peers: Arc<[GossipPeer]>,
    /// The key it votes with.
    pub consensus_key: Option<PublicKey>,
    /// Time between blocks while there is nothing to commit.
    pub heartbeat: Duration,
    /// What it finds when it looks at itself.
    pub desk: Arc<Desk>,
    /// Set when it is about to stop.
    pub stopping: Arc<AtomicBool>,
}

impl NodeFacts for RunningNode {
    fn member(&self) -> &MemberId {
        &self.member
    }

    fn is_validator(&self) -> bool {
        self.consensus_key.is_some_and(|key| self.ledger.is_validator(&key))
    }

    fn catching_up(&self) -> bool {
        self.diagnosis().is_some_and(|diagnosis| diagnosis.state == ChainState::CatchingUp)
    }

    fn head_is_old(&self) -> bool {
        self.diagnosis().is_none_or(|diagnosis| diagnosis.state != ChainState::Advancing)
    }

    fn diagnosis(&self) -> Option<Diagnosis> {
        self.desk.latest().map(|look| look.diagnosis.clone())
    }

    async fn peers(&self) -> Vec<Peer> {
        let consensus = self.consensus.status().await.peers;
        let connected = self.gossip.connected();
        let member = |key: &PublicKey| {
            let known = self.peers.iter().find(|peer| peer.network_key == *key);
            known.map(|peer| peer.member.clone())
        };
        let voters = consensus.into_iter().map(|peer| Peer {
            member: member(&peer.network_key),
            network_key: peer.network_key,
            addresses: vec![peer.address],
            connected: peer.connected,
            kind: PeerKind::Consensus,
        });
        let exchanging = self.peers.iter().map(|peer| Peer {
            member: Some(peer.member.clone()),
            network_key: peer.network_key,
            addresses: vec![peer.address.to_string()],
            connected: connected.contains(&peer.member),
            kind: PeerKind::Gossip,
        });
        voters.chain(exchanging).collect()
    }

    fn accepted(&self) {
        self.gossip.publish();
        self.consensus.wake();
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
