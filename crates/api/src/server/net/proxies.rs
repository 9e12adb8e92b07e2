//! Reverse proxies whose word is taken for who calls.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use tonic::codegen::http::HeaderMap;

use super::callers::{Caller, Callers};
use super::origin::Origin;

/// The proxies that an operator trusts, and the callers behind them.
#[derive(Clone)]
pub(in crate::server) struct Proxies {
    trusted: Arc<[IpNet]>,
    /// Whether their connections begin with a header of the PROXY protocol.
    protocol: bool,
    callers: Arc<Callers>,
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Proxies").field(&self.trusted).finish()
    }
}

impl Proxies {
    pub(in crate::server) fn new(trusted: Vec<IpNet>, protocol: bool, callers: Arc<Callers>) -> Self {
        Self { trusted: trusted.into(), protocol, callers }
    }

    /// Whether connections from an address are a proxy's.
    pub(super) fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// Whether a connection from an address has to begin with a header of the PROXY protocol.
    pub(super) fn begins_with_header(&self, address: IpAddr) -> bool {
        self.protocol && self.trust(address)
    }

    /// Who calls, as the proxies say: the last address that is not a proxy's own. None if they do not say.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Option<Caller> {
        let values = headers.get_all(FORWARDED_FOR).iter().rev();
        let texts = values.map(|value| value.to_str().unwrap_or(""));
        let addresses = texts.flat_map(|text| text.rsplit(',')).map(|text| address(text.trim()));
        for address in addresses.take(HOPS_MAX) {
            // What stands before a word that is no address may be the caller's own invention.
            let address = address?;
            if !self.trust(address) {
                return Some(self.callers.of(&Origin::of(address)));
            }
        }
        None
    }
}

/// An address as proxies write it: some add the port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port)
}

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Addresses that are looked at, from the last.
const HOPS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Limits;

    fn proxies() -> Proxies {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap());
        Proxies::new(trusted.to_vec(), false, Arc::new(Callers::new(&Limits::default())))
    }

    /// The caller behind a header is the one of `expected`, or there is none.
    fn assert_caller(header: &str, expected: Option<&str>) {
        let proxies = proxies();
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, header.parse().unwrap());
        let found = proxies.caller(&headers).map(|caller| Arc::as_ptr(&caller.shares[0]));
        let expected = expected.map(|address| proxies.callers.of(&Origin::of(address.parse().unwrap())));
        assert_eq!(found, expected.map(|caller| Arc::as_ptr(&caller.shares[0])), "{header}");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_calls() {
        assert_caller("192.0.2.7", Some("192.0.2.7"));
        assert_caller("192.0.2.7, 10.1.2.3", Some("192.0.2.7"));
        assert_caller("198.51.100.1, 192.0.2.7:4711,10.1.2.3", Some("192.0.2.7"));
        assert_caller("[2001:db9::1]:80, 2001:db8::7", Some("2001:db9::1"));
        assert_caller("[2001:db9::1]", Some("2001:db9::1"));
        for nobody in ["", "unknown", "192.0.2.7, unknown", "10.1.2.3", "10.1.2.3, 10.1.2.4"] {
            assert_caller(nobody, None);
        }
    }

    #[test]
    fn only_the_named_addresses_are_proxies() {
        let proxies = proxies();
        for (address, trusted) in [("10.9.9.9", true), ("::ffff:10.9.9.9", true), ("11.0.0.1", false)] {
            assert_eq!(proxies.trust(address.parse().unwrap()), trusted, "{address}");
        }
    }
}
