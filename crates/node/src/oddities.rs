//! Settings that fit together by their form and make no sense: refused before a node starts.

use std::collections::BTreeMap;

use crate::config::{Config, HostPort};
use crate::logging;

/// What is odd about a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Oddity {
    /// Two listeners want one address.
    #[error("{first} and {second} are both {address}; give each a port of its own")]
    SameAddress {
        /// A field.
        first: String,
        /// Another field.
        second: String,
        /// The address.
        address: HostPort,
    },
    /// A peer is where no peer can be.
    #[error("{field} is {address}, where no other node can be")]
    PeerNowhere {
        /// The field.
        field: String,
        /// The address.
        address: HostPort,
    },
    /// A filter of logs is not understood.
    #[error(
        "log.filter {filter:?} is not understood; write for example \"info\" or \"warn,sanad_node=debug\""
    )]
    Filter {
        /// The filter.
        filter: String,
    },
    /// An origin is not one.
    #[error(
        "api.web_origins has {origin:?}; write https://HOST or https://HOST:PORT, in lower case, without a path"
    )]
    Origin {
        /// The text.
        origin: String,
    },
}

/// Looks for settings that make no sense.
///
/// # Errors
/// The first [`Oddity`].
pub fn check(config: &Config) -> Result<(), Oddity> {
    let mut seen: BTreeMap<HostPort, String> = BTreeMap::new();
    let own = [
        ("api.listen", Some(config.api.listen)),
        ("http.listen", config.http.listen),
        ("consensus.listen", Some(config.consensus.listen)),
        ("gossip.listen", Some(config.gossip.listen)),
        ("admin.listen", config.admin.listen),
    ];
    let own = own.into_iter().filter_map(|(field, address)| Some((field.to_owned(), HostPort::Ip(address?))));
    let peers = config.peers.iter().flat_map(|peer| {
        [
            (format!("peers.consensus of {}", peer.member), peer.consensus.clone()),
            (format!("peers.gossip of {}", peer.member), peer.gossip.clone()),
        ]
    });
    // Port 0 stands for any free one.
    for (field, address) in own.chain(peers.clone()).filter(|(_, address)| address.port() != 0) {
        if let Some(first) = seen.get(&address) {
            return Err(Oddity::SameAddress { first: first.clone(), second: field, address });
        }
        seen.insert(address, field);
    }
    for (field, address) in peers {
        let nowhere = |ip: std::net::IpAddr| ip.is_unspecified() || ip.is_multicast();
        if address.port() == 0 || address.ip().is_some_and(|address| nowhere(address.ip())) {
            return Err(Oddity::PeerNowhere { field, address });
        }
    }
    if logging::filter(&config.log.filter).is_err() {
        return Err(Oddity::Filter { filter: config.log.filter.clone() });
    }
    match config.api.web_origins.iter().find(|origin| !is_origin(origin)) {
        Some(origin) => Err(Oddity::Origin { origin: origin.clone() }),
        None => Ok(()),
    }
}

/// Whether browsers send such a text as an origin (RFC 6454, 6.2), or it stands for all.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_part = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-.:[]".contains(&c);
    text == "*" || host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn sample(from: &str, to: &str) -> Result<(), Oddity> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/node.toml");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{from}");
        check(&Config::parse(&text.replace(from, to)).unwrap())
    }

    #[test]
    fn odd_settings_are_named() {
        assert_eq!(sample("listen", "listen"), Ok(()));
        let said = |from: &str, to: &str| sample(from, to).unwrap_err().to_string();
        let same = said("127.0.0.1:27000", "127.0.0.1:26000");
        assert!(same.contains("consensus.listen and gossip.listen are both 127.0.0.1:26000"), "{same}");
        let own = said("192.0.2.2:26000", "127.0.0.1:26000");
        assert!(own.contains("peers.consensus of univ-bromo.example"), "{own}");
        assert!(said("192.0.2.2:26000", "192.0.2.2:0").contains("no other node can be"));
        assert!(said("192.0.2.2:26000", "node.example:0").contains("no other node can be"));
        assert_eq!(sample("192.0.2.2:26000", "node.example:26000"), Ok(()));
        assert!(said("192.0.2.2:27000", "0.0.0.0:27000").contains("peers.gossip of univ-bromo.example"));
        assert!(
            said("# web_origins = []", "web_origins = [\"https://a.example/\"]").contains("without a path")
        );
        assert_eq!(sample("# web_origins = []", "web_origins = [\"*\", \"https://a.example:8443\"]"), Ok(()));
        assert!(said("[log]", "[log]\nfilter = \"=x=\"").contains("is not understood"));
    }
}
