//! Ports that are free, for nodes that start later.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::{Range, RangeInclusive};

use anyhow::{Context, bail};

/// `count` addresses on the loopback interface, all different: the first free ones of `ports`, or random ones.
///
/// Random ones lie below the ports that systems give to outgoing connections, one of which could take them before the
/// node does. Another program that listens still can; the node then refuses to start and says so.
///
/// # Errors
/// Fewer than `count` of `ports` are free, or the system lets nobody listen.
pub(crate) fn free(count: usize, ports: Option<&RangeInclusive<u16>>) -> anyhow::Result<Vec<SocketAddr>> {
    // All are held until all are found, so that none is found twice.
    let listeners: Vec<TcpListener> = match ports {
        None => (0..count).map(|_| listen()).collect::<Result<_, _>>()?,
        Some(ports) => ports.clone().filter_map(|port| bind(port).ok()).take(count).collect(),
    };
    if let Some(ports) = ports.filter(|_| listeners.len() < count) {
        let (first, last, free) = (ports.start(), ports.end(), listeners.len());
        bail!(
            "--ports {first}-{last}: {count} ports are needed, five for each node, and {free} are free; name a longer range"
        );
    }
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>();
    addresses.context("a listening socket has no address")
}

/// Reads a range of ports, `FROM-TO`, both included.
///
/// # Errors
/// What a range looks like, as clap shows it.
pub(crate) fn parse_range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let range = text.split_once('-').and_then(|(first, last)| Some(first.parse().ok()?..=last.parse().ok()?));
    let ordered = range.filter(|range: &RangeInclusive<u16>| *range.start() > 0 && !range.is_empty());
    ordered.ok_or_else(|| "expected FROM-TO, two ports from 1 to 65535 in ascending order".to_owned())
}

fn listen() -> anyhow::Result<TcpListener> {
    for _ in 0..TRIES {
        let random = u16::from_be_bytes(sanad_issuer::random_bytes()?);
        let port = PORTS.start + random % (PORTS.end - PORTS.start);
        if let Ok(listener) = bind(port) {
            return Ok(listener);
        }
    }
    bind(0).context("no port of 127.0.0.1 can be listened on")
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// Ports that systems do not give to outgoing connections: Linux begins at 32768, others at 49152.
const PORTS: Range<u16> = 10_000..32_768;
/// Ports that are tried before the system chooses one.
const TRIES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_different() {
        let addresses: std::collections::BTreeSet<_> = free(50, None).unwrap().into_iter().collect();
        assert_eq!(addresses.len(), 50);
    }

    #[test]
    fn a_range_that_is_taken_has_too_few() {
        let taken = bind(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        let refused = free(1, Some(&(port..=port))).unwrap_err().to_string();
        assert!(refused.contains("1 ports are needed") && refused.contains("0 are free"), "{refused}");
    }

    #[test]
    fn ranges() {
        assert_eq!(parse_range("20000-20019"), Ok(20_000..=20_019));
        assert_eq!(parse_range("7-7"), Ok(7..=7));
        for wrong in ["", "7", "7-", "-7", "8-7", "0-9", "1-65536", "1-2-3", "a-b"] {
            assert!(parse_range(wrong).is_err(), "{wrong}");
        }
    }
}
