//! New connections from all listeners.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::rate::Rate;
use super::seats::Seats;
use crate::server::config::Limits;

/// Accepts connections as long as there are seats; closes the others at once.
pub(in crate::server) struct Incoming {
    listeners: Vec<TcpListener>,
    /// The listener that is asked first, so that none starves the others.
    turn: usize,
    pause: Option<Pin<Box<Sleep>>>,
    seats: Seats,
    limits: Limits,
    cut: CancellationToken,
}

impl Incoming {
    /// `cut` cuts every connection.
    pub(in crate::server) fn new(
        listeners: Vec<TcpListener>,
        limits: Limits,
        cut: CancellationToken,
    ) -> Self {
        let seats = Seats::new(limits.connections, limits.connections_per_address);
        Self { listeners, turn: 0, pause: None, seats, limits, cut }
    }

    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Connection>>> {
        let count = self.listeners.len();
        for offset in 0..count {
            let place = (self.turn + offset) % count;
            if let Poll::Ready(accepted) = self.listeners[place].poll_accept(context) {
                self.turn = place + 1;
                let (stream, address) = accepted?;
                let seat = self.seats.take(address.ip());
                return Poll::Ready(Ok(seat.map(|seat| self.connection(stream, seat))));
            }
        }
        Poll::Pending
    }

    fn connection(&self, stream: TcpStream, seat: super::seats::Seat) -> Connection {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection takes no TCP_NODELAY");
        }
        Connection::new(stream, Rate::new(&self.limits), self.cut.child_token(), seat)
    }
}

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match ready!(self.poll_accept(context)) {
                Ok(Some(connection)) => return Poll::Ready(Some(Ok(connection))),
                Ok(None) => tracing::debug!("a connection was closed: there are too many"),
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
