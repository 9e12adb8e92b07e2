//! How many connections there may be, in all, from one network and from one address, and which one makes room for
//! another; and how many one address may open a second.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::activity::{Activity, Stage};
use super::callers::{Caller, Callers};
use super::origin::{Level, Origin};
use crate::server::config::Limits;
use crate::server::shares::part;

/// Whether those who call are connected themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Direct,
    /// Through a trusted proxy, whose connections are nobody's in particular.
    Proxy,
}

/// Why a connection gets no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSeat {
    /// All are taken, and none gives way.
    Full,
    /// Its address opens too many connections a second.
    TooOften,
}

/// Who gives way where all seats are taken, each has a call under way, and none is held by a larger crowd than the
/// newcomer's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Crowded {
    /// The newcomer is refused.
    NewcomerRefused,
    /// The oldest connection of those that may give way is cut.
    OldestCut,
}

/// The seats of a server.
pub(in crate::server) struct Seats {
    limits: Limits,
    crowded: Crowded,
    callers: Arc<Callers>,
    taken: Arc<Mutex<Taken>>,
}

/// A connection's seat; free again when dropped.
pub(super) struct Seat {
    number: u64,
    origin: Origin,
    via: Via,
    activity: Arc<Activity>,
    caller: Caller,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    /// The number of the next seat: older connections have lower ones.
    next: u64,
    /// Without those that were told to close.
    connections: BTreeMap<u64, Taker>,
    /// Only addresses and networks with a connection, be it one that was told to close.
    groups: HashMap<(Level, IpAddr), Group>,
    closing: usize,
}

struct Taker {
    origin: Origin,
    via: Via,
    activity: Arc<Activity>,
}

/// The connections of one address or network.
#[derive(Default)]
struct Group {
    /// Without those that were told to close.
    open: usize,
    all: usize,
}

impl Seats {
    pub(in crate::server) fn new(limits: &Limits, callers: Arc<Callers>, crowded: Crowded) -> Self {
        Self { limits: *limits, crowded, callers, taken: Arc::default() }
    }

    /// A seat for a connection that `cut` closes, if there is one or another can be had: from the same address or
    /// network if that has as many as it may, else from where most come from. A proxy's connections are limited in all
    /// alone.
    ///
    /// # Errors
    /// [`NoSeat`].
    pub(super) fn take(&self, address: IpAddr, via: Via, cut: CancellationToken) -> Result<Seat, NoSeat> {
        let origin = Origin::of(address);
        let caller = self.callers.of(&origin);
        if via == Via::Direct {
            // Before anybody else makes room for it.
            caller.connections.take(Instant::now()).map_err(|_| NoSeat::TooOften)?;
        }
        let network_max = part(self.limits.connections, self.limits.network_percent);
        let mut taken = lock(&self.taken);
        let counted = via == Via::Direct;
        let victim = if counted && taken.open(Level::Address, &origin) >= self.limits.connections_per_address
        {
            let of_address = |taker: &Taker| taker.origin.shares(Level::Address, &origin);
            let idle = taken.idle_longest(of_address).map(|(number, _)| number);
            Some(idle.or_else(|| self.oldest(&taken, of_address)).ok_or(NoSeat::Full)?)
        } else if counted && taken.open(Level::Network, &origin) >= network_max {
            let of_network = |taker: &Taker| taker.origin.shares(Level::Network, &origin);
            let victim = taken.victim(&origin, of_network);
            Some(victim.or_else(|| self.oldest(&taken, of_network)).ok_or(NoSeat::Full)?)
        } else if taken.connections.len() >= self.limits.connections {
            let victim = taken.victim(&origin, |_| true);
            Some(victim.or_else(|| self.oldest(&taken, |_| true)).ok_or(NoSeat::Full)?)
        } else {
            None
        };
        if let Some(number) = victim {
            taken.close(number);
        }
        let number = taken.next;
        taken.next += 1;
        let activity = Arc::new(Activity::new(cut));
        for level in [Level::Address, Level::Network] {
            let group = taken.groups.entry((level, origin.at(level))).or_default();
            group.open += 1;
            group.all += 1;
        }
        taken.connections.insert(number, Taker { origin, via, activity: Arc::clone(&activity) });
        drop(taken);
        Ok(Seat { number, origin, via, activity, caller, taken: Arc::clone(&self.taken) })
    }

    /// The connection that gives way though it has a call under way, if one does.
    fn oldest(&self, taken: &Taken, may: impl Fn(&Taker) -> bool) -> Option<u64> {
        match self.crowded {
            Crowded::NewcomerRefused => None,
            Crowded::OldestCut => {
                taken.connections.iter().find(|(_, taker)| may(taker)).map(|(number, _)| *number)
            }
        }
    }

    /// Connections that were told to close and are still there.
    pub(super) fn closing(&self) -> usize {
        lock(&self.taken).closing
    }

    /// Closes connections that have not begun to speak, are without a call, or do not take their answers, for too long.
    pub(super) fn sweep(&self, limits: &Limits) {
        let mut taken = lock(&self.taken);
        let now = Instant::now();
        let over = |activity: &Activity| match activity.idle() {
            Some((Stage::Silent, since)) => now.saturating_duration_since(since) > limits.handshake_timeout,
            Some((Stage::Greeted | Stage::Used, since)) => {
                now.saturating_duration_since(since) > limits.idle_timeout
            }
            None => activity.stalled(now).is_some_and(|stalled| stalled > limits.stall_timeout),
        };
        let over: Vec<u64> = taken
            .connections
            .iter()
            .filter(|(_, taker)| over(&taker.activity))
            .map(|(number, _)| *number)
            .collect();
        over.into_iter().for_each(|number| taken.close(number));
    }
}

impl Seat {
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    pub(super) fn via(&self) -> Via {
        self.via
    }

    /// Who is connected.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Taken {
    fn open(&self, level: Level, origin: &Origin) -> usize {
        self.groups.get(&(level, origin.at(level))).map_or(0, |group| group.open)
    }

    /// The connection that is without a call for longest, those first that never made one.
    fn idle_longest(&self, may: impl Fn(&Taker) -> bool) -> Option<(u64, Instant)> {
        let takers = self.connections.iter().filter(|(_, taker)| may(taker));
        let idle = takers.filter_map(|(number, taker)| Some((taker.activity.idle()?, *number)));
        idle.min().map(|((_, since), number)| (number, since))
    }

    /// The connection that makes room for one from `origin`: an idle one from where most come from; else, if that keeps
    /// no fewer than the origin then has, any that is idle for long, or the oldest of the many. Who has most already
    /// takes nothing from others: a crowd that holds its own with calls cannot close what others use now and then.
    fn victim(&self, origin: &Origin, may: impl Fn(&Taker) -> bool) -> Option<u64> {
        let mut crowd: Vec<(u64, &Taker)> = self
            .connections
            .iter()
            .filter(|(_, taker)| taker.via == Via::Direct && may(taker))
            .map(|(number, taker)| (*number, taker))
            .collect();
        if crowd.is_empty() {
            return self.idle_longest(may).map(|(number, _)| number);
        }
        let mut has_more = false;
        // From wide to narrow: who has a thousand addresses is one crowd.
        for level in Level::ALL {
            let mut sizes: HashMap<IpAddr, usize> = HashMap::new();
            for (_, taker) in &crowd {
                *sizes.entry(taker.origin.at(level)).or_default() += 1;
            }
            let own = origin.at(level);
            let own_size = sizes.get(&own).copied().unwrap_or(0);
            let size = sizes.values().copied().max()?;
            has_more |= size > own_size + 1;
            if !has_more && own_size == 0 {
                break;
            }
            crowd.retain(|(_, taker)| {
                let place = taker.origin.at(level);
                if has_more { sizes[&place] == size } else { place == own }
            });
        }
        let idle = crowd.iter().filter_map(|(number, taker)| Some((taker.activity.idle()?, *number)));
        if let Some((_, number)) = idle.min() {
            return Some(number);
        }
        if !has_more {
            return None;
        }
        let long = self.idle_longest(may).filter(|(_, since)| since.elapsed() >= LONG_IDLE);
        long.map(|(number, _)| number).or_else(|| crowd.first().map(|(number, _)| *number))
    }

    fn close(&mut self, number: u64) {
        let Some(taker) = self.connections.remove(&number) else { return };
        taker.activity.cut();
        self.closing += 1;
        for level in [Level::Address, Level::Network] {
            if let Some(group) = self.groups.get_mut(&(level, taker.origin.at(level))) {
                group.open -= 1;
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        let open = usize::from(taken.connections.remove(&self.number).is_some());
        taken.closing -= 1 - open;
        for level in [Level::Address, Level::Network] {
            let key = (level, self.origin.at(level));
            let Some(group) = taken.groups.get_mut(&key) else { continue };
            group.open -= open;
            group.all -= 1;
            if group.all == 0 {
                taken.groups.remove(&key);
            }
        }
    }
}

/// Nothing panics while it holds the lock, so that a poisoned one is as good.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that is without a call for so long may be closed for the sake of a newcomer.
const LONG_IDLE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {

    use super::*;

    fn of(limits: &Limits) -> Seats {
        Seats::new(limits, Arc::new(Callers::new(limits)), Crowded::NewcomerRefused)
    }

    fn seats(connections: usize, connections_per_address: usize) -> Seats {
        let limits =
            Limits { connections, connections_per_address, network_percent: 100, ..Limits::default() };
        of(&limits)
    }

    /// A seat with a call under way.
    fn busy(seats: &Seats, address: &str) -> Option<Seat> {
        let seat = seats.take(address.parse().unwrap(), Via::Direct, CancellationToken::new()).ok()?;
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
        assert!(lock(&all.taken).groups.is_empty());
        let none = seats(9, 0);
        assert!(busy(&none, "10.0.0.1").is_none());
        assert!(lock(&none.taken).groups.is_empty());
    }

    #[test]
    fn a_connection_without_a_call_makes_room() {
        let seats = seats(4, 3);
        let idle = |address: &str| {
            seats.take(address.parse().unwrap(), Via::Direct, CancellationToken::new()).unwrap()
        };
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
        assert!(lock(&seats.taken).groups.is_empty());
        assert_eq!(seats.closing(), 0);
        assert!(lock(&seats.taken).connections.is_empty());
    }

    #[test]
    fn a_newcomer_takes_the_seat_of_the_oldest_where_nobody_is_refused() {
        let limits =
            Limits { connections: 3, connections_per_address: 2, network_percent: 100, ..Limits::default() };
        let seats = Seats::new(&limits, Arc::new(Callers::new(&limits)), Crowded::OldestCut);
        let held: Vec<_> = (0..4).map(|_| busy(&seats, "10.0.0.1").unwrap()).collect();
        let cut: Vec<_> = held.iter().map(|seat| seat.activity.is_cut()).collect();
        assert_eq!(cut, [true, true, false, false]);
        let _other = busy(&seats, "10.0.0.2").unwrap();
        let _third = busy(&seats, "10.0.0.3").unwrap();
        assert!(held[2].activity.is_cut() && !held[3].activity.is_cut());
    }

    #[test]
    fn busy_addresses_share_with_others() {
        let seats = seats(3, 3);
        let held: Vec<_> = (0..3).map(|_| busy(&seats, "10.0.0.1").unwrap()).collect();
        let other = busy(&seats, "10.0.0.2").unwrap();
        assert!(held[0].activity.is_cut() && !held[1].activity.is_cut());
        assert!(busy(&seats, "10.0.0.2").is_none());
        drop((held, other));
        assert!(lock(&seats.taken).connections.is_empty());
    }

    /// Each address of a /48 has one connection, and all are busy.
    #[test]
    fn a_network_of_many_addresses_is_one_crowd() {
        let crowd = seats(4, 4);
        let held: Vec<_> = (0..4).map(|n| busy(&crowd, &format!("2001:db8:1:{n}::1")).unwrap()).collect();
        let first = busy(&crowd, "2001:db8:2::1").unwrap();
        let second = busy(&crowd, "192.0.2.1").unwrap();
        assert!(held[0].activity.is_cut() && held[1].activity.is_cut());
        // Those who come from elsewhere keep theirs, and the crowd gets no more.
        assert!(busy(&crowd, "2001:db8:1:9::1").is_none());
        assert!([&held[2], &held[3], &first, &second].iter().all(|seat| !seat.activity.is_cut()));

        let limits = Limits { connections: 4, network_percent: 50, ..Limits::default() };
        let half = of(&limits);
        let _held: Vec<_> = (0..2).map(|n| busy(&half, &format!("2001:db8:1:{n}::1")).unwrap()).collect();
        assert!(busy(&half, "2001:db8:1:9::1").is_none());
        assert!(busy(&half, "2001:db8:2::1").is_some());
    }

    /// A flood whose connections all have a call under way.
    #[test]
    fn a_busy_crowd_closes_nobody_else() {
        let seats = seats(4, 4);
        let honest = seats.take([192, 0, 2, 1].into(), Via::Direct, CancellationToken::new()).unwrap();
        let held: Vec<_> = (0..3).map(|n| busy(&seats, &format!("10.0.{n}.1")).unwrap()).collect();
        for n in 0..9 {
            assert!(busy(&seats, &format!("10.0.{n}.9")).is_none());
        }
        assert!(!honest.activity.is_cut());
        let other = busy(&seats, "198.51.100.1").unwrap();
        assert!(!honest.activity.is_cut() && held[0].activity.is_cut());
        drop(other);
    }

    #[test]
    fn a_proxy_has_as_many_as_there_are_and_makes_room() {
        let seats = seats(3, 1);
        let proxied = || seats.take([10, 0, 0, 9].into(), Via::Proxy, CancellationToken::new());
        let held: Vec<_> = (0..3).map(|_| proxied().unwrap()).collect();
        held[1..].iter().for_each(|seat| seat.activity.hold());
        assert!(proxied().is_ok(), "in the place of one without a call");
        assert!(held[0].activity.is_cut());
        let other = busy(&seats, "10.0.0.2").unwrap();
        assert!(held[1..].iter().all(|seat| !seat.activity.is_cut()) && !other.activity.is_cut());
    }

    #[test]
    fn an_address_that_connects_too_often_takes_nobodys_seat() {
        let limits = Limits {
            connections: 4,
            connections_per_address: 4,
            network_percent: 100,
            address_connections_per_second: 1,
            address_connections_burst: 2,
            ..Limits::default()
        };
        let seats = of(&limits);
        let take = |address: &str, via| seats.take(address.parse().unwrap(), via, CancellationToken::new());
        let held = [take("10.0.0.1", Via::Direct).unwrap(), take("10.0.0.1", Via::Direct).unwrap()];
        // Seats are free, and would be without a call.
        assert_eq!(take("10.0.0.1", Via::Direct).err(), Some(NoSeat::TooOften));
        assert!(held.iter().all(|seat| !seat.activity.is_cut()));
        // Others have a rate of their own, and proxies none.
        assert!(take("10.0.0.2", Via::Direct).is_ok());
        for _ in 0..9 {
            assert!(take("10.0.0.1", Via::Proxy).is_ok());
        }
    }

    #[test]
    fn what_is_not_used_is_closed() {
        let seats = seats(9, 9);
        let take = || seats.take([10, 0, 0, 1].into(), Via::Direct, CancellationToken::new()).unwrap();
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
