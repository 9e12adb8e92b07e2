//! New connections from all listeners.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Interval, MissedTickBehavior, Sleep};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use super::callers::Callers;
use super::connection::Connection;
use super::proxies::Proxies;
use super::seats::{Seat, Seats, Via};
use crate::server::config::Limits;
use crate::server::stats::ServerStats;

/// Accepts connections as long as there are seats, closes the others at once, and closes those that are not used.
pub(in crate::server) struct Incoming {
    listeners: Vec<TcpListener>,
    /// The listener that is asked first, so that none starves the others.
    turn: usize,
    pause: Option<Pin<Box<Sleep>>>,
    sweep: Interval,
    seats: Seats,
    proxies: Proxies,
    limits: Limits,
    cut: CancellationToken,
    stats: ServerStats,
}

impl Incoming {
    /// `cut` cuts every connection. To be called on the runtime.
    pub(in crate::server) fn new(
        listeners: Vec<TcpListener>,
        limits: Limits,
        callers: Arc<Callers>,
        proxies: Proxies,
        cut: CancellationToken,
        stats: ServerStats,
    ) -> Self {
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let seats = Seats::new(&limits, callers);
        Self { listeners, turn: 0, pause: None, sweep, seats, proxies, limits, cut, stats }
    }

    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Connection>>> {
        let count = self.listeners.len();
        for offset in 0..count {
            let place = (self.turn + offset) % count;
            if let Poll::Ready(accepted) = self.listeners[place].poll_accept(context) {
                self.turn = place + 1;
                let (stream, address) = accepted?;
                let cut = self.cut.child_token();
                let via = if self.proxies.trust(address.ip()) { Via::Proxy } else { Via::Direct };
                let seat = self.seats.take(address.ip(), via, cut.clone());
                return Poll::Ready(Ok(seat.map(|seat| self.connection(stream, cut, seat))));
            }
        }
        Poll::Pending
    }

    fn connection(&self, stream: TcpStream, cut: CancellationToken, seat: Seat) -> Connection {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection takes no TCP_NODELAY");
        }
        Connection::new(stream, &self.limits, cut, seat)
    }
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
                Ok(Some(connection)) => return Poll::Ready(Some(Ok(connection))),
                Ok(None) => {
                    self.stats.limit_hit("connections");
                    tracing::debug!("a connection was closed: there are too many");
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
