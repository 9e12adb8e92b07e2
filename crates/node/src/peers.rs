//! The other nodes: those of the members in the register, with the keys and addresses that it states of them.
//!
//! The configuration says where to begin, and where a peer is if not at its address in the register. It lets nobody in
//! whom the register does not know, but for a key that it names itself: the ledger of a new node may be older than the
//! keys of its peers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_consensus_lite::PeerAddress;
use sanad_core::ids::MemberId;
use sanad_core::member::{KeyPurpose, MemberState, Role, Standing};
use sanad_core::registry::Registry;
use sanad_core::signature::PublicKey;
use tokio::sync::watch;

use crate::config::{self, HostPort};
use crate::facts::RunningNode;
use crate::gossip::{GossipPeer, PeerRole};
use crate::own_keys::OwnKeys;

/// Another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePeer {
    /// The member that runs it.
    pub member: MemberId,
    /// The key that it proves to hold when it connects.
    pub network_key: PublicKey,
    /// Whether it sends to all others itself.
    pub role: PeerRole,
    /// Where it listens for votes, if that is known.
    pub consensus: Option<HostPort>,
    /// Where it listens for batches, if that is known.
    pub gossip: Option<HostPort>,
}

impl NodePeer {
    /// As consensus takes it.
    pub(crate) fn voting(&self) -> PeerAddress {
        let address = self.consensus.as_ref().map(ToString::to_string);
        PeerAddress { address, network_key: self.network_key }
    }

    /// As the exchange of batches takes it.
    pub(crate) fn exchanging(&self) -> GossipPeer {
        let Self { member, network_key, role, gossip, .. } = self.clone();
        GossipPeer { member, network_key, address: gossip, role }
    }
}

/// The nodes of all members but `own` that have a network key, in the order of the members' ids.
pub fn peers(register: &Registry, configured: &[config::Peer], own: &MemberId) -> Vec<NodePeer> {
    let mut peers = Vec::new();
    for member in register.members().filter(|member| member.record().id != *own) {
        let given = configured.iter().find(|peer| peer.member == member.record().id);
        if let Some(key) = member.rest().current_key(KeyPurpose::Network) {
            peers.push(of_member(member, key, given));
        }
    }
    for given in configured.iter().filter(|given| given.member != *own) {
        let member = register.member(&given.member);
        let is_retired = member.is_some_and(|member| member.record().standing == Standing::Retired);
        let Some(network_key) = given.network_key.filter(|_| !is_retired) else { continue };
        // A key that is in force under any member's name already has its place.
        if register.holder(&network_key).is_none() {
            let role = member.map_or(PeerRole::Validator, role);
            let (consensus, gossip) = (Some(given.consensus.clone()), Some(given.gossip.clone()));
            peers.push(NodePeer { member: given.member.clone(), network_key, role, consensus, gossip });
        }
    }
    peers.sort_by(|one, other| (&one.member, one.network_key.0).cmp(&(&other.member, other.network_key.0)));
    peers
}

fn of_member(member: &MemberState, network_key: PublicKey, given: Option<&config::Peer>) -> NodePeer {
    let stated = |scheme: &str| {
        let address = |text: &String| text.strip_prefix(scheme)?.strip_prefix("://")?.parse().ok();
        member.rest().addresses.iter().find_map(address)
    };
    NodePeer {
        member: member.record().id.clone(),
        network_key,
        role: role(member),
        consensus: given.map(|given| given.consensus.clone()).or_else(|| stated("consensus")),
        gossip: given.map(|given| given.gossip.clone()).or_else(|| stated("gossip")),
    }
}

fn role(member: &MemberState) -> PeerRole {
    if member.rest().role == Role::Validator { PeerRole::Validator } else { PeerRole::Follower }
}

/// Keeps peers and own keys as the register and the configuration have them, for as long as the node runs.
pub(crate) async fn follow(
    node: RunningNode,
    mut configured: watch::Receiver<Vec<config::Peer>>,
    known: watch::Sender<Arc<[NodePeer]>>,
    mut own: OwnKeys,
) {
    let mut heads = node.ledger.heads();
    let mut tick = tokio::time::interval(TICK);
    let mut registered = known.borrow().to_vec();
    let mut replaced: Vec<(NodePeer, Instant)> = Vec::new();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            Ok(()) = heads.changed() => {}
            Ok(()) = configured.changed() => {}
        }
        let state = node.ledger.state();
        let mut now = peers(state.registry(), &configured.borrow_and_update(), &node.member);
        let until = Instant::now() + REPLACED_STAYS;
        replaced.extend(replaced_keys(&registered, &now).map(|peer| (peer.clone(), until)));
        replaced.retain(|(peer, until)| {
            Instant::now() < *until && !now.iter().any(|other| other.network_key == peer.network_key)
        });
        registered.clone_from(&now);
        now.extend(replaced.iter().map(|(peer, _)| peer.clone()));
        let before = Arc::clone(&known.borrow());
        if before[..] != now[..] {
            say(&before, &now);
            node.gossip.set_peers(now.iter().map(NodePeer::exchanging).collect());
            if let Err(error) = node.consensus.set_peers(now.iter().map(NodePeer::voting).collect()).await {
                tracing::error!(%error, "consensus does not take the peers");
            }
            known.send_replace(now.into());
        }
        own = own.look(&node, &state).await;
    }
}

/// The peers of before whose member has another network key now. Such a node may lack the block that says so, and would never get it from
/// nodes that know it no more.
fn replaced_keys<'a>(before: &'a [NodePeer], now: &'a [NodePeer]) -> impl Iterator<Item = &'a NodePeer> {
    before.iter().filter(|peer| {
        let is_there = |other: &NodePeer| other.network_key == peer.network_key;
        !now.iter().any(is_there) && now.iter().any(|other| other.member == peer.member)
    })
}

fn say(before: &[NodePeer], now: &[NodePeer]) {
    let find = |list: &'_ [NodePeer], key: &PublicKey| list.iter().position(|peer| peer.network_key == *key);
    for gone in before.iter().filter(|peer| find(now, &peer.network_key).is_none()) {
        tracing::info!(member = %gone.member, key = %gone.network_key, "a node is no peer any more");
    }
    for peer in now {
        let NodePeer { member, consensus, gossip, .. } = peer;
        match find(before, &peer.network_key).map(|place| &before[place]) {
            None => {
                tracing::info!(%member, key = %peer.network_key, ?consensus, ?gossip, "a node is a peer now")
            }
            Some(known) => {
                if known.gossip != *gossip {
                    tracing::info!(%member, address = ?gossip, "the peer is elsewhere for batches");
                }
                if known.consensus != *consensus {
                    tracing::info!(%member, address = ?consensus, "the peer is elsewhere for votes");
                }
            }
        }
    }
}

/// How long a node is known by a network key that was replaced: as long as it may take it to get the block that says so.
const REPLACED_STAYS: Duration = Duration::from_secs(20);
/// Time between looks while there are no blocks: a key file may come later.
const TICK: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_testkit::{Consortium, id, member, network_key};

    #[test]
    fn a_key_that_was_replaced_is_told_from_a_node_that_left() {
        let key = |name: &str| network_key(name).public();
        let peer = |member: &str, name: &str| NodePeer {
            member: id(member),
            network_key: key(name),
            role: PeerRole::Validator,
            consensus: None,
            gossip: None,
        };
        let before = [peer("v1", "v1"), peer("v2", "v2"), peer("v3", "v3")];
        let now = [peer("v1", "v1"), peer("v2", "v2 anew")];
        assert_eq!(replaced_keys(&before, &now).collect::<Vec<_>>(), [&before[1]]);
        assert_eq!(replaced_keys(&now, &now).count(), 0);
    }

    #[test]
    fn they_are_those_of_the_register() {
        let mut far = member("v1", Role::Validator);
        far.addresses =
            ["https://v1.example", "gossip://v1.example:2", "consensus://v1.example:1", "gossip://x"]
                .map(str::to_owned)
                .to_vec();
        let mut without_node = member("issuer", Role::Issuer);
        without_node.network_key = None;
        let genesis = Consortium::new()
            .with("v0", Role::Validator)
            .with_member(far)
            .with("v2", Role::Observer)
            .with_member(without_node)
            .genesis();
        let register = genesis.registry();
        let address = |text: &str| Some(text.parse::<HostPort>().unwrap());
        let key = |name: &str| network_key(name).public();
        let found = peers(&register, &[], &id("v0"));
        let expected = [
            NodePeer {
                member: id("v1"),
                network_key: key("v1"),
                role: PeerRole::Validator,
                consensus: address("v1.example:1"),
                gossip: address("v1.example:2"),
            },
            NodePeer {
                member: id("v2"),
                network_key: key("v2"),
                role: PeerRole::Follower,
                consensus: None,
                gossip: None,
            },
        ];
        assert_eq!(found, expected);
        // The configuration knows better where a peer is, and a key that is newer than the ledger.
        let given = |name: &str, network_key| config::Peer {
            member: id(name),
            consensus: "10.0.0.1:1".parse().unwrap(),
            gossip: "10.0.0.1:2".parse().unwrap(),
            network_key,
        };
        let configured =
            [given("v1", Some(key("newer"))), given("stranger", None), given("v2", Some(key("v2")))];
        let found = peers(&register, &configured, &id("v0"));
        let shown: Vec<_> = found.iter().map(|peer| (peer.member.as_str(), peer.network_key)).collect();
        let mut expected = [("v1", key("v1")), ("v1", key("newer")), ("v2", key("v2"))];
        expected.sort_by_key(|(name, key)| (*name, key.0));
        assert_eq!(shown, expected);
        assert!(found.iter().all(|peer| peer.gossip == address("10.0.0.1:2")));
    }
}
