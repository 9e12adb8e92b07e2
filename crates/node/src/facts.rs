//! What the gRPC service tells of the node beyond its ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sanad_api::{ChainState, Diagnosis, Peer, PeerKind};
use sanad_consensus_lite::Consensus;
use sanad_core::governance::RejoinStatement;
use sanad_core::hash::RejoinNonce;
use sanad_core::ids::MemberId;
use sanad_core::signature::PublicKey;
use tokio::sync::watch;

use crate::desk::Desk;
use crate::gossip::Gossip;
use crate::ledger::{Ledger, NodeFacts};
use crate::own_keys::MissingKey;
use crate::peers::NodePeer;

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
    /// The other nodes, as register and configuration have them now.
    pub peers: watch::Receiver<Arc<[NodePeer]>>,
    /// Keys of its member that it should have, and does not.
    pub missing_keys: watch::Receiver<Vec<MissingKey>>,
    /// What this process drew for a rejoin statement, while one is of use; written by `settling.rs`.
    pub rejoin: Arc<watch::Sender<Option<RejoinNonce>>>,
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
        self.consensus.validator_key().is_some_and(|key| self.ledger.is_validator(&key))
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

    fn rejoin(&self) -> Option<RejoinStatement> {
        let nonce = (*self.rejoin.borrow())?;
        Some(RejoinStatement { key: self.consensus.validator_key()?, nonce })
    }

    async fn peers(&self) -> Vec<Peer> {
        let consensus = self.consensus.status().await.peers;
        let connected = self.gossip.connected();
        let known = Arc::clone(&self.peers.borrow());
        let member = |key: &PublicKey| {
            let known = known.iter().find(|peer| peer.network_key == *key);
            known.map(|peer| peer.member.clone())
        };
        let voters = consensus.into_iter().map(|peer| Peer {
            member: member(&peer.network_key),
            network_key: peer.network_key,
            addresses: peer.address.into_iter().collect(),
            connected: peer.connected,
            kind: PeerKind::Consensus,
        });
        let exchanging = known.iter().map(|peer| Peer {
            member: Some(peer.member.clone()),
            network_key: peer.network_key,
            addresses: peer.gossip.iter().map(ToString::to_string).collect(),
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
