//! What each address and network has left, whichever connections its calls come on.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::origin::{Level, Origin};
use super::rate::Rate;
use crate::server::config::Limits;
use crate::server::shares::{Scope, Shares};

/// Who calls: an address, and the network that it is in.
#[derive(Clone)]
pub(in crate::server) struct Caller {
    /// What is left for the address and for the network.
    pub(in crate::server) shares: [Arc<Shares>; 2],
    /// Calls of the address.
    pub(super) rate: Arc<Rate>,
    /// New connections of the address.
    pub(super) connections: Arc<Rate>,
}

/// The callers that have something now, and some that had something lately.
pub(in crate::server) struct Callers {
    limits: Limits,
    known: Mutex<HashMap<(Level, IpAddr), Known>>,
    /// All that come when there are too many.
    others: Caller,
}

#[derive(Clone)]
struct Known {
    shares: Arc<Shares>,
    rate: Arc<Rate>,
    connections: Arc<Rate>,
}

impl Callers {
    pub(in crate::server) fn new(limits: &Limits) -> Self {
        let [address, network] = SCOPES.map(|(_, scope)| Known::new(scope, limits));
        let others = Caller {
            shares: [address.shares, network.shares],
            rate: address.rate,
            connections: address.connections,
        };
        Self { limits: *limits, known: Mutex::default(), others }
    }

    pub(super) fn of(&self, origin: &Origin) -> Caller {
        // Nothing panics while it holds the lock, so a poisoned one is as good.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + SCOPES.len() > CALLERS_MAX {
            known.retain(|_, known| known.is_used());
        }
        if known.len() + SCOPES.len() > CALLERS_MAX {
            return self.others.clone();
        }
        let [address, network] = SCOPES.map(|(level, scope)| {
            known.entry((level, origin.at(level))).or_insert_with(|| Known::new(scope, &self.limits)).clone()
        });
        Caller {
            shares: [address.shares, network.shares],
            rate: address.rate,
            connections: address.connections,
        }
    }
}

impl Known {
    fn new(scope: Scope, limits: &Limits) -> Self {
        let rate = Rate::new(limits.address_calls_per_second, limits.address_calls_burst);
        let connections = Rate::new(limits.address_connections_per_second, limits.address_connections_burst);
        Self {
            shares: Arc::new(Shares::new(scope, limits)),
            rate: Arc::new(rate),
            connections: Arc::new(connections),
        }
    }

    /// Whether a connection or a call counts on it.
    fn is_used(&self) -> bool {
        Arc::strong_count(&self.shares) > 1 || !self.shares.is_whole()
    }
}

const SCOPES: [(Level, Scope); 2] = [(Level::Address, Scope::Address), (Level::Network, Scope::Network)];
/// Addresses and networks that are known at once. Each takes half a kilobyte.
const CALLERS_MAX: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::shares::{self, Budget};

    #[test]
    fn callers_are_known_while_they_have_something_and_are_not_too_many() {
        let callers = Callers::new(&Limits { calls: 4, address_percent: 25, ..Limits::default() });
        let of = |number: u32| callers.of(&Origin::of(IpAddr::from((0x0a00_0000 + number).to_be_bytes())));
        let first = of(0);
        let share = shares::take(&first.shares, Budget::Calls, 1).unwrap();
        drop(first);
        for number in 1..2 * CALLERS_MAX as u32 {
            of(number);
        }
        assert!(callers.known.lock().unwrap().len() <= CALLERS_MAX);
        assert!(shares::take(&of(0).shares, Budget::Calls, 1).is_err(), "its share is taken");
        drop(share);
        assert!(shares::take(&of(0).shares, Budget::Calls, 1).is_ok());
    }
}
