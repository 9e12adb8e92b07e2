//! Where a connection comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How widely addresses are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Level {
    /// What a provider holds: an IPv4 /16 or an IPv6 /32.
    Provider,
    /// What one site is given at most: an IPv4 /24 or an IPv6 /48.
    Network,
    /// One IPv4 address, or an IPv6 /64: every customer has one at least.
    Address,
}

impl Level {
    /// From wide to narrow.
    pub(super) const ALL: [Self; 3] = [Self::Provider, Self::Network, Self::Address];
}

/// The address of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin(IpAddr);

impl Origin {
    pub(super) fn of(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The first address of what is counted together with it.
    pub(super) fn at(&self, level: Level) -> IpAddr {
        let (bits_v4, bits_v6) = match level {
            Level::Provider => (16, 32),
            Level::Network => (24, 48),
            Level::Address => (32, 64),
        };
        match self.0 {
            IpAddr::V4(address) => {
                Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - bits_v4))).into()
            }
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits_v6))).into()
            }
        }
    }

    /// Whether it is counted together with another.
    pub(super) fn shares(&self, level: Level, other: &Self) -> bool {
        self.at(level) == other.at(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_together_by_their_first_bits() {
        let at = |address: &str| Level::ALL.map(|level| Origin::of(address.parse().unwrap()).at(level));
        let parsed = |addresses: [&str; 3]| addresses.map(|address| address.parse::<IpAddr>().unwrap());
        assert_eq!(at("192.0.2.7"), parsed(["192.0.0.0", "192.0.2.0", "192.0.2.7"]));
        assert_eq!(at("::ffff:192.0.2.7"), at("192.0.2.7"));
        assert_eq!(at("2001:db8:1:2:3::4"), parsed(["2001:db8::", "2001:db8:1::", "2001:db8:1:2::"]));
    }
}
