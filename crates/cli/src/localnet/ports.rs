//! Ports that the system finds free.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context;

/// `count` addresses on the loopback interface, all different.
///
/// Another program can take one before its node does; the node then refuses to start and says so.
pub(crate) fn free(count: usize) -> anyhow::Result<Vec<SocketAddr>> {
    // All are held until all are found, so that none is found twice.
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()
        .context("no port of 127.0.0.1 can be listened on")?;
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>();
    addresses.context("a listening socket has no address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_different() {
        let addresses: std::collections::BTreeSet<_> = free(50).unwrap().into_iter().collect();
        assert_eq!(addresses.len(), 50);
    }
}
