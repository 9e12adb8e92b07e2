//! A node's configuration: written for a new localnet, and read for the little that commands need of it.
//!
//! The node owns the format (`configs/node.toml` documents every field). Nothing is linked from it here:
//! the tests of the whole network are what holds the two together.

use std::fmt::Write as _;
use std::net::SocketAddr;

use sanad_core::ids::MemberId;
use sanad_core::member::Role;
use serde::Deserialize;

/// Where a node listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) api: SocketAddr,
    pub(crate) consensus: SocketAddr,
    pub(crate) gossip: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) http: SocketAddr,
}

/// A node to write a configuration for.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) member: MemberId,
    pub(crate) role: Role,
    pub(crate) addresses: Addresses,
}

/// What commands read from a configuration. Whether the rest is right is for the node to say.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Facts {
    pub(crate) member: MemberId,
    api: Listening,
    http: Option<Listening>,
}

#[derive(Clone, Debug, Deserialize)]
struct Listening {
    listen: SocketAddr,
}

impl Facts {
    /// The URL of the node's gRPC service.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.api.listen)
    }

    /// The URL of the verifier's page, and of the reads over HTTP.
    pub(crate) fn page(&self) -> Option<String> {
        self.http.as_ref().map(|http| format!("http://{}/", http.listen))
    }
}

/// The configuration of `nodes[place]`, with all others as its peers.
pub(crate) fn write(nodes: &[Node], place: usize) -> String {
    let Node { member, role, addresses } = &nodes[place];
    let Addresses { api, consensus, gossip, admin, http } = addresses;
    let consensus_key = match role {
        Role::Validator => "consensus = \"keys/consensus.json\"\n",
        _ => "",
    };
    // Member ids and addresses hold nothing that TOML would need escaped.
    let mut text = format!(
        "# A node of a localnet, written by `sanad localnet create`. Paths are relative to this file.\n\
         genesis = \"../genesis.json\"\n\
         data_dir = \"data\"\n\
         member = \"{member}\"\n\n\
         [keys]\n\
         {consensus_key}\
         network = \"keys/network.json\"\n\
         passphrase_file = \"../passphrase\"\n\n\
         [api]\n\
         listen = \"{api}\"\n\n\
         [consensus]\n\
         listen = \"{consensus}\"\n\n\
         [gossip]\n\
         listen = \"{gossip}\"\n\n\
         [admin]\n\
         listen = \"{admin}\"\n\n\
         [http]\n\
         listen = \"{http}\"\n"
    );
    for (other, Node { member, addresses, .. }) in nodes.iter().enumerate() {
        if other != place {
            let Addresses { consensus, gossip, .. } = addresses;
            let peer = format!("member = \"{member}\"\nconsensus = \"{consensus}\"\ngossip = \"{gossip}\"");
            // Writing to a string never fails.
            let _ = write!(text, "\n[[peers]]\n{peer}\n");
        }
    }
    text
}

/// Reads what commands need of a configuration.
pub(crate) fn read(text: &str) -> Result<Facts, toml::de::Error> {
    toml::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_toml_of_the_agreed_keys() {
        let address = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let node = |index: usize| Node {
            member: super::super::names::university(index).unwrap().0,
            role: if index == 2 { Role::Observer } else { Role::Validator },
            addresses: Addresses {
                api: address(10 + index as u16),
                consensus: address(20 + index as u16),
                gossip: address(30 + index as u16),
                admin: address(40 + index as u16),
                http: address(50 + index as u16),
            },
        };
        let text = write(&[node(0), node(1), node(2)], 1);
        let table: toml::Table = text.parse().unwrap();
        let keys: Vec<&str> = table.keys().map(String::as_str).collect();
        let expected =
            ["admin", "api", "consensus", "data_dir", "genesis", "gossip", "http", "keys", "member", "peers"];
        assert_eq!(keys, expected);
        let peers = table["peers"].as_array().unwrap();
        assert_eq!(peers.len(), 2);
        assert_eq!(peers[1]["member"].as_str(), Some("univ-semeru.example"));
        assert_eq!(peers[1]["gossip"].as_str(), Some("127.0.0.1:32"));
        assert!(table["keys"].get("consensus").is_some());
        let follower: toml::Table = write(&[node(0), node(2)], 1).parse().unwrap();
        assert!(follower["keys"].get("consensus").is_none());
        let facts = read(&text).unwrap();
        assert_eq!(
            (facts.member.as_str(), facts.url().as_str()),
            ("univ-bromo.example", "http://127.0.0.1:11")
        );
        assert_eq!(facts.page().as_deref(), Some("http://127.0.0.1:51/"));
    }
}
