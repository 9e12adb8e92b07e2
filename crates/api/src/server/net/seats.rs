//! How many connections there may be, in all and from one address, and which one makes room for another.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::activity::{Activity, Stage};
use crate::server::config::Limits;

/// The seats of a server.
pub(super) struct Seats {
    total: usize,
    per_address: usize,
    subscriptions_per_address: usize,
    taken: Arc<Mutex<Taken>>,
}

/// A connection's seat; free again when dropped.
pub(super) struct Seat {
    number: u64,
    address: IpAddr,
    activity: Arc<Activity>,
    subscriptions: Arc<Semaphore>,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    /// The number of the next seat: older connections have lower ones.
    next: u64,
    // Only addresses with a connection stand here. Connections that were told to close do not count.
    by_address: HashMap<IpAddr, Address>,
    total: usize,
    closing: usize,
}

struct Address {
    connections: HashMap<u64, Arc<Activity>>,
    closing: usize,
    subscriptions: Arc<Semaphore>,
}

impl Seats {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            total: limits.connections,
            per_address: limits.connections_per_address,
            subscriptions_per_address: limits.subscriptions_per_address,
            taken: Arc::default(),
        }
    }

    /// A seat for a connection that `cut` closes, if there is one or another can be had: first from the same address if
    /// that has as many as it may, else from the address that has most.
    pub(super) fn take(&self, address: IpAddr, cut: CancellationToken) -> Option<Seat> {
        // One IPv6 customer has a whole /64 at least.
        let address = match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
            address @ IpAddr::V4(_) => address,
        };
        let mut taken = lock(&self.taken);
        let own = taken.by_address.get(&address).map_or(0, |own| own.connections.len());
        if own >= self.per_address {
            let number = taken.by_address.get(&address)?.idle_longest()?.1;
            taken.close(address, number);
        } else if taken.total >= self.total {
            let (victim, number) = taken.victim(own)?;
            taken.close(victim, number);
        }
        let number = taken.next;
        taken.next += 1;
        taken.total += 1;
        let activity = Arc::new(Activity::new(cut));
        let place = taken.by_address.entry(address).or_insert_with(|| Address {
            connections: HashMap::new(),
            closing: 0,
            subscriptions: Arc::new(Semaphore::new(self.subscriptions_per_address)),
        });
        place.connections.insert(number, Arc::clone(&activity));
        let subscriptions = Arc::clone(&place.subscriptions);
        Some(Seat { number, address, activity, subscriptions, taken: Arc::clone(&self.taken) })
    }

    /// Connections that were told to close and are still there.
    pub(super) fn closing(&self) -> usize {
        lock(&self.taken).closing
    }

    /// Closes connections that have not begun to speak, or are without a call, for too long.
    pub(super) fn sweep(&self, limits: &Limits) {
        let mut taken = lock(&self.taken);
        let now = Instant::now();
        let mut over = Vec::new();
        for (address, place) in &taken.by_address {
            for (number, activity) in &place.connections {
                let Some((stage, since)) = activity.idle() else { continue };
                let timeout = match stage {
                    Stage::Silent => limits.handshake_timeout,
                    Stage::Greeted | Stage::Used => limits.idle_timeout,
                };
                if now.saturating_duration_since(since) > timeout {
                    over.push((*address, *number));
                }
            }
        }
        over.into_iter().for_each(|(address, number)| taken.close(address, number));
    }
}

impl Seat {
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// What is left of the subscriptions of its address.
    pub(super) fn subscriptions(&self) -> &Arc<Semaphore> {
        &self.subscriptions
    }
}

impl Taken {
    /// The connection that makes room for one from an address with `own` connections.
    fn victim(&self, own: usize) -> Option<(IpAddr, u64)> {
        let (address, most) = self.by_address.iter().max_by_key(|(_, place)| place.connections.len())?;
        if let Some((_, number)) = most.idle_longest() {
            return Some((*address, number));
        }
        let idle =
            self.by_address.iter().filter_map(|(address, place)| Some((place.idle_longest()?, *address)));
        if let Some(((_, number), address)) = idle.min() {
            return Some((address, number));
        }
        // All are busy: an address gives one up to another that has fewer.
        let oldest = most.connections.keys().min().filter(|_| most.connections.len() > own + 1)?;
        Some((*address, *oldest))
    }

    fn close(&mut self, address: IpAddr, number: u64) {
        let Some(place) = self.by_address.get_mut(&address) else { return };
        if let Some(activity) = place.connections.remove(&number) {
            activity.cut();
            place.closing += 1;
            self.closing += 1;
            self.total -= 1;
        }
    }
}

impl Address {
    /// The connection that is without a call for longest, those first that never made one.
    fn idle_longest(&self) -> Option<((Stage, Instant), u64)> {
        let idle = self.connections.iter().filter_map(|(number, activity)| Some((activity.idle()?, *number)));
        idle.min()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut guard = lock(&self.taken);
        let taken = &mut *guard;
        let Some(place) = taken.by_address.get_mut(&self.address) else { return };
        if place.connections.remove(&self.number).is_some() {
            taken.total -= 1;
        } else {
            place.closing -= 1;
            taken.closing -= 1;
        }
        if place.connections.is_empty() && place.closing == 0 {
            taken.by_address.remove(&self.address);
        }
    }
}

/// Nothing panics while it holds the lock, so that a poisoned one is as good.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn seats(connections: usize, connections_per_address: usize) -> Seats {
        Seats::new(&Limits { connections, connections_per_address, ..Limits::default() })
    }

    /// A seat with a call under way.
    fn busy(seats: &Seats, address: &str) -> Option<Seat> {
        let seat = seats.take(address.parse().unwrap(), CancellationToken::new())?;
        seat.activity.hold();
        Some(seat)
    }

    #[test]
    fn seats_are_counted_in_all_and_by_address() {
        let seats = seats(3, 2);
        let first = busy(&seats, "10.0.0.1").unwrap();
        let _second = busy(&seats, "::ffff:10.0.0.1").unwrap();
        assert!(busy(&seats, "10.0.0.1").is_none());
        let _third = busy(&seats, "10.0.0.2").unwrap();
        assert!(busy(&seats, "10.0.0.2").is_none());
        drop(first);
        let _fourth = busy(&seats, "10.0.0.1").unwrap();
        assert!(busy(&seats, "10.0.0.1").is_none());
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_nothing_is_left_behind() {
        let all = seats(9, 1);
        let seat = busy(&all, "2001:db8::1").unwrap();
        assert!(busy(&all, "2001:db8::ffff:1").is_none());
        drop(seat);
        assert!(lock(&all.taken).by_address.is_empty());
        let none = seats(9, 0);
        assert!(busy(&none, "10.0.0.1").is_none());
        assert!(lock(&none.taken).by_address.is_empty());
    }

    #[test]
    fn a_connection_without_a_call_makes_room() {
        let seats = seats(4, 3);
        let idle = |address: &str| seats.take(address.parse().unwrap(), CancellationToken::new()).unwrap();
        let used = busy(&seats, "10.0.0.1").unwrap();
        let greeted = idle("10.0.0.1");
        greeted.activity.greeted();
        let silent = idle("10.0.0.1");
        let fourth = idle("10.0.0.1");
        assert!(silent.activity.is_cut() && !greeted.activity.is_cut() && seats.closing() == 1);
        let other = idle("10.0.0.2");
        // Full in all: the address that has most gives one up.
        let third = idle("10.0.0.3");
        assert!(fourth.activity.is_cut() && !other.activity.is_cut() && !greeted.activity.is_cut());
        drop((silent, fourth, greeted, other, third, used));
        assert!(lock(&seats.taken).by_address.is_empty());
        assert_eq!(seats.closing(), 0);
        assert_eq!(lock(&seats.taken).total, 0);
    }

    #[test]
    fn busy_addresses_share_with_others() {
        let seats = seats(3, 3);
        let held: Vec<_> = (0..3).map(|_| busy(&seats, "10.0.0.1").unwrap()).collect();
        let other = busy(&seats, "10.0.0.2").unwrap();
        assert!(held[0].activity.is_cut() && !held[1].activity.is_cut());
        assert!(busy(&seats, "10.0.0.2").is_none());
        drop((held, other));
        assert_eq!(lock(&seats.taken).total, 0);
    }

    #[test]
    fn what_is_not_used_is_closed() {
        let seats = seats(9, 9);
        let take = || seats.take([10, 0, 0, 1].into(), CancellationToken::new()).unwrap();
        let (silent, greeted, used) = (take(), take(), busy(&seats, "10.0.0.1").unwrap());
        greeted.activity.greeted();
        let limits =
            |handshake_timeout, idle_timeout| Limits { handshake_timeout, idle_timeout, ..Limits::default() };
        let hour = Duration::from_secs(3600);
        std::thread::sleep(Duration::from_millis(2));
        seats.sweep(&limits(Duration::from_millis(1), hour));
        assert!(silent.activity.is_cut() && !greeted.activity.is_cut());
        seats.sweep(&limits(hour, Duration::from_millis(1)));
        assert!(greeted.activity.is_cut() && !used.activity.is_cut());
    }
}
