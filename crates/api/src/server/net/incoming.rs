//! New connections from all listeners.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, Sleep};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::proxies::Proxies;
use super::proxy_header;
use super::seats::{NoSeat, Seat, Seats, Via};
use crate::server::config::Limits;
use crate::server::stats::ServerStats;

/// Accepts connections as long as there are seats, closes the others at once, and closes those that are not used.
pub(in crate::server) struct Incoming {
    listeners: Vec<TcpListener>,
    /// The listener that is asked first, so that none starves the others.
    turn: usize,
    pause: Option<Pin<Box<Sleep>>>,
    sweep: Interval,
    seats: Arc<Seats>,
    proxies: Proxies,
    /// Connections of proxies that are still to say whose they are. Each has a seat.
    announced: JoinSet<Option<Announced>>,
    limits: Limits,
    cut: CancellationToken,
    stats: ServerStats,
}

/// A connection of a proxy, which has said whose it is; `None` if it is its own.
struct Announced {
    stream: TcpStream,
    caller: Option<IpAddr>,
    seat: Seat,
    cut: CancellationToken,
}

impl Incoming {
    /// `seats` may be those of other ports, too. `cut` cuts every connection. To be called on the runtime.
    pub(in crate::server) fn new(
        listeners: Vec<TcpListener>,
        limits: Limits,
        seats: Arc<Seats>,
        proxies: Proxies,
        cut: CancellationToken,
        stats: ServerStats,
    ) -> Self {
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let announced = JoinSet::new();
        Self { listeners, turn: 0, pause: None, sweep, seats, proxies, announced, limits, cut, stats }
    }

    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Result<Connection, NoSeat>>> {
        while let Poll::Ready(Some(announced)) = self.announced.poll_join_next(context) {
            // What has no header is closed. (A task that panics would be, too.)
            if let Ok(Some(announced)) = announced {
                return Poll::Ready(Ok(self.seated(announced)));
            }
            tracing::debug!("a proxy's connection was closed: it does not begin with a PROXY header");
        }
        let count = self.listeners.len();
        for offset in 0..count {
            let place = (self.turn + offset) % count;
            if let Poll::Ready(accepted) = self.listeners[place].poll_accept(context) {
                self.turn = place + 1;
                let (stream, address) = accepted?;
                let cut = self.cut.child_token();
                let via = if self.proxies.trust(address.ip()) { Via::Proxy } else { Via::Direct };
                let seat = match self.seats.take(address.ip(), via, cut.clone()) {
                    Ok(seat) => seat,
                    Err(none) => return Poll::Ready(Ok(Err(none))),
                };
                if self.proxies.begins_with_header(address.ip()) {
                    self.announced.spawn(announced(stream, seat, cut, self.limits.handshake_timeout));
                    // Polled once, so that the task is woken when the header is there.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                return Poll::Ready(Ok(Ok(self.connection(stream, cut, seat))));
            }
        }
        Poll::Pending
    }

    /// Gives a connection that a proxy passes on the seat of whom it is passed on for.
    fn seated(&self, announced: Announced) -> Result<Connection, NoSeat> {
        let Announced { stream, caller, seat, cut } = announced;
        let Some(caller) = caller else { return Ok(self.connection(stream, cut, seat)) };
        drop(seat);
        let via = if self.proxies.trust(caller) { Via::Proxy } else { Via::Direct };
        let seat = self.seats.take(caller, via, cut.clone())?;
        Ok(self.connection(stream, cut, seat))
    }

    fn connection(&self, stream: TcpStream, cut: CancellationToken, seat: Seat) -> Connection {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection takes no TCP_NODELAY");
        }
        Connection::new(stream, &self.limits, cut, seat)
    }
}

/// Waits for the header of a proxy's connection.
async fn announced(
    mut stream: TcpStream,
    seat: Seat,
    cut: CancellationToken,
    timeout: Duration,
) -> Option<Announced> {
    let read = tokio::time::timeout(timeout, proxy_header::read(&mut stream));
    let caller = tokio::select! {
        read = read => read.ok()?.ok()?,
        () = cut.cancelled() => return None,
    };
    Some(Announced { stream, caller, seat, cut })
}

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while self.sweep.poll_tick(context).is_ready() {
            self.seats.sweep(&self.limits);
        }
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            // Closing takes a moment, and each has a descriptor until then.
            if self.seats.closing() >= CONNECTIONS_CLOSING_MAX {
                self.pause = Some(Box::pin(tokio::time::sleep(CLOSING_PAUSE)));
                continue;
            }
            match ready!(self.poll_accept(context)) {
                Ok(Ok(connection)) => return Poll::Ready(Some(Ok(connection))),
                Ok(Err(NoSeat::Full)) => {
                    self.stats.limit_hit("connections");
                    tracing::debug!("a connection was closed: there are too many");
                }
                Ok(Err(NoSeat::TooOften)) => {
                    self.stats.limit_hit("connection-rate");
                    tracing::debug!("a connection was closed: its address opens too many a second");
                }
                // Most often too many open files: asking again at once would only burn the processor.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    self.pause = Some(Box::pin(tokio::time::sleep(ACCEPT_PAUSE)));
                }
            }
        }
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time between looks for connections that are not used.
const SWEEP: Duration = Duration::from_millis(250);
/// Connections that may be on their way out, beyond [`Limits::connections`].
pub const CONNECTIONS_CLOSING_MAX: usize = 32;
const CLOSING_PAUSE: Duration = Duration::from_millis(2);
