//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The seats of a server.
pub(super) struct Seats {
    total: usize,
    per_address: usize,
    taken: Arc<Mutex<Taken>>,
}

/// A connection's seat; free again when dropped.
pub(super) struct Seat {
    address: IpAddr,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    // Only addresses with a seat stand here, so that it never has more than `total` items.
    by_address: HashMap<IpAddr, usize>,
}

impl Seats {
    pub(super) fn new(total: usize, per_address: usize) -> Self {
        Self { total, per_address, taken: Arc::default() }
    }

    /// A seat, if there is one.
    pub(super) fn take(&self, address: IpAddr) -> Option<Seat> {
        // One IPv6 customer has a whole /64 at least.
        let address = match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
            address @ IpAddr::V4(_) => address,
        };
        let mut taken = lock(&self.taken);
        if taken.total >= self.total {
            return None;
        }
        let count = taken.by_address.entry(address).or_default();
        if *count >= self.per_address {
            if *count == 0 {
                taken.by_address.remove(&address);
            }
            return None;
        }
        *count += 1;
        taken.total += 1;
        Some(Seat { address, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.total -= 1;
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// Nothing panics while it holds the lock, so that a poisoned one is as good.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_in_all_and_by_address() {
        let seats = Seats::new(3, 2);
        let [here, there]: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let first = seats.take(here).unwrap();
        let _second = seats.take("::ffff:10.0.0.1".parse().unwrap()).unwrap();
        assert!(seats.take(here).is_none());
        let _third = seats.take(there).unwrap();
        assert!(seats.take(there).is_none());
        drop(first);
        let _fourth = seats.take(here).unwrap();
        assert!(seats.take(here).is_none());
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_nothing_is_left_behind() {
        let seats = Seats::new(9, 1);
        let seat = seats.take("2001:db8::1".parse().unwrap()).unwrap();
        assert!(seats.take("2001:db8::ffff:1".parse().unwrap()).is_none());
        drop(seat);
        assert!(lock(&seats.taken).by_address.is_empty());
        let none = Seats::new(9, 0);
        assert!(none.take("10.0.0.1".parse().unwrap()).is_none());
        assert!(lock(&none.taken).by_address.is_empty());
    }
}
