//! Ports that are free, for nodes that start later.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;

use anyhow::Context;

/// `count` addresses on the loopback interface, all different.
///
/// They lie below the ports that systems give to outgoing connections, one of which could take them before the node
/// does. Another program that listens still can; the node then refuses to start and says so.
pub(crate) fn free(count: usize) -> anyhow::Result<Vec<SocketAddr>> {
    // All are held until all are found, so that none is found twice.
    let listeners: Vec<TcpListener> = (0..count).map(|_| listen()).collect::<Result<_, _>>()?;
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>();
    addresses.context("a listening socket has no address")
}

fn listen() -> anyhow::Result<TcpListener> {
    for _ in 0..TRIES {
        let random = u16::from_be_bytes(sanad_issuer::random_bytes()?);
        let port = PORTS.start + random % (PORTS.end - PORTS.start);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(listener);
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of 127.0.0.1 can be listened on")
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
        let addresses: std::collections::BTreeSet<_> = free(50).unwrap().into_iter().collect();
        assert_eq!(addresses.len(), 50);
    }
}
