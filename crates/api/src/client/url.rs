//! The URL of a node.

use std::fmt;
use std::str::FromStr;

/// The URL of a node: `http` or `https`, a host, and a port if it is not the scheme's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeUrl(String);

/// Why a text is not the URL of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeUrlError {
    /// It begins with neither `http://` nor `https://`.
    #[error("it begins with neither http:// nor https://; expected such as https://node.example.org:7443")]
    Scheme,
    /// It names a user or a password.
    #[error("it names a user or password, and nodes have none; leave out what is before the @")]
    User,
    /// It names no host, or one with characters that hosts do not have.
    #[error("it names no valid host; expected such as https://node.example.org:7443")]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// It goes on after the port.
    #[error("it goes on after the host and port, and a node has no path, query or fragment; leave them out")]
    Path,
}

impl NodeUrl {
    /// The URL without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_https(&self) -> bool {
        self.0.starts_with("https")
    }

    /// The host, an IPv6 address in brackets, and the port: the scheme's if it names none.
    pub(super) fn host_and_port(&self) -> (&str, u16) {
        let authority = self.0.split_once("://").map_or("", |(_, authority)| authority);
        let scheme_port = if self.is_https() { 443 } else { 80 };
        match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(scheme_port)),
            _ => (authority, scheme_port),
        }
    }
}

impl FromStr for NodeUrl {
    type Err = NodeUrlError;

    fn from_str(text: &str) -> Result<Self, NodeUrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(NodeUrlError::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(NodeUrlError::Scheme);
        }
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        if authority.contains('@') {
            return Err(NodeUrlError::User);
        }
        // An IPv6 address has colons of its own, in brackets (RFC 3986 3.2.2).
        let (host, port) = match authority.rfind(']') {
            Some(end) => (&authority[..=end], authority[end + 1..].strip_prefix(':')),
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        if !is_host(host) || (port.is_none() && authority.len() > host.len()) {
            return Err(NodeUrlError::Host);
        }
        if let Some(port) = port {
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            let number = port.parse::<u16>().ok().filter(|number| digits && *number > 0);
            number.ok_or(NodeUrlError::Port)?;
        }
        if !matches!(after, "" | "/") {
            return Err(NodeUrlError::Path);
        }
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

/// Whether a text is a name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.bytes().all(alphabet)
    };
    // A name may end with a dot.
    host.strip_suffix('.').unwrap_or(host).split('.').all(is_label)
}

impl fmt::Display for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::NodeUrlError::{Host, Path, Port, Scheme, User};
    use super::*;

    #[test]
    fn urls_of_nodes() {
        for (text, expected) in [
            ("http://127.0.0.1:50051", "http://127.0.0.1:50051"),
            ("HTTPS://node.ui.ac.id/", "https://node.ui.ac.id"),
            ("http://localhost:1", "http://localhost:1"),
            ("https://node_1.internal.:65535", "https://node_1.internal.:65535"),
            ("http://[::1]:50051/", "http://[::1]:50051"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(text.parse::<NodeUrl>().unwrap().as_str(), expected);
        }
        for (text, expected) in [
            ("", Scheme),
            ("127.0.0.1:50051", Scheme),
            ("node.ui.ac.id", Scheme),
            ("ftp://node.ui.ac.id", Scheme),
            ("file:///etc/passwd", Scheme),
            ("grpc://node.ui.ac.id:50051", Scheme),
            ("http:/node", Scheme),
            ("http://", Host),
            ("http://:50051", Host),
            ("http://a b:50051", Host),
            ("http://[::1", Host),
            ("http://[::1]x:1", Host),
            ("http://[1.2.3.4]:1", Host),
            ("http://a..b", Host),
            ("http://nöde:1", Host),
            ("http://node:", Port),
            ("http://node:0", Port),
            ("http://node:65536", Port),
            ("http://node:99999", Port),
            ("http://node:-1", Port),
            ("http://node:+80", Port),
            ("http://node:1:2", Port),
            ("http://node:http", Port),
            ("http://::1:50051", Host),
            ("http://admin:secret@node:1", User),
            ("http://admin@node:1", User),
            ("http://node:1/ledger", Path),
            ("http://node:1?a=b", Path),
            ("http://node:1#a", Path),
            ("http://node:1//", Path),
        ] {
            assert_eq!(text.parse::<NodeUrl>(), Err(expected), "{text}");
        }
    }
}
