//! The network between the nodes: a relay for each connection that a node makes.

use sanad_e2e::Net;
use sanad_e2e::relay::{Link, Relay};

/// Every relay, with the nodes at its ends.
pub(crate) struct Links(Vec<([usize; 2], Relay)>);

impl Links {
    /// Puts relays into the configurations of nodes that do not run yet.
    pub(crate) fn between(net: &Net) -> Self {
        let mut links = Vec::new();
        for from in net.nodes() {
            let path = net.node_path(from, "node.toml");
            let mut text = std::fs::read_to_string(&path).unwrap();
            for to in net.nodes().filter(|to| *to != from) {
                let [_, consensus, gossip] = net.listen_addresses(to);
                for address in [consensus, gossip] {
                    let relay = Relay::start(address);
                    let relayed =
                        text.replace(&format!("\"{address}\""), &format!("\"{}\"", relay.address()));
                    assert_ne!(relayed, text);
                    text = relayed;
                    links.push(([from, to], relay));
                }
            }
            std::fs::write(&path, text).unwrap();
        }
        Self(links)
    }

    /// Sets the links between these nodes and the others.
    pub(crate) fn part(&self, nodes: &[usize], link: Link) {
        for (_, relay) in self.0.iter().filter(|([from, to], _)| nodes.contains(from) != nodes.contains(to)) {
            relay.set(link);
        }
    }

    /// Sets all links.
    pub(crate) fn set_all(&self, link: Link) {
        self.0.iter().for_each(|(_, relay)| relay.set(link));
    }
}
