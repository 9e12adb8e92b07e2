//! One connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Request;
use tonic::transport::server::Connected;

use super::activity::Activity;
use super::callers::Caller;
use super::rate::Rate;
use super::seats::{Seat, Via};
use crate::server::config::Limits;
use crate::server::shares::{Scope, Shares};

/// A TCP stream that can be cut from afar, and that counts while it lives.
pub(in crate::server) struct Connection {
    stream: TcpStream,
    info: ConnectionInfo,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Bytes still to come before it has said which protocol it speaks.
    greeting: usize,
    _seat: Seat,
}

/// What the calls on a connection share.
#[derive(Clone)]
pub(in crate::server) struct ConnectionInfo {
    pub(super) activity: Arc<Activity>,
    /// Of the connection alone; none of a proxy's, which carries the calls of many.
    pub(super) own: Option<Own>,
    pub(super) via: Via,
    /// Who calls: whoever is connected, or whom a proxy names.
    pub(super) caller: Caller,
    cut: CancellationToken,
}

/// What one connection has left.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) rate: Arc<Rate>,
    shares: Arc<Shares>,
}

impl ConnectionInfo {
    /// What is left for the connection, the caller's address and its network.
    pub(in crate::server) fn shares(&self) -> impl Iterator<Item = &Arc<Shares>> {
        self.own.iter().map(|own| &own.shares).chain(&self.caller.shares)
    }
}

impl Connection {
    /// `cut` is that of the seat's activity.
    pub(super) fn new(stream: TcpStream, limits: &Limits, cut: CancellationToken, seat: Seat) -> Self {
        let waiting = Box::pin(cut.clone().cancelled_owned());
        let own = || Own {
            rate: Arc::new(Rate::new(limits.calls_per_second, limits.calls_burst)),
            shares: Arc::new(Shares::new(Scope::Connection, limits)),
        };
        let info = ConnectionInfo {
            activity: Arc::clone(seat.activity()),
            own: (seat.via() == Via::Direct).then(own),
            via: seat.via(),
            caller: seat.caller().clone(),
            cut,
        };
        Self { stream, info, cut: waiting, greeting: GREETING_BYTES, _seat: seat }
    }

    /// Fails once the connection is cut, and wakes the task when it is. To be asked before reading and before writing: a
    /// connection whose client reads nothing only waits to write.
    fn check_cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

/// The connection that a call came on; none inside this process.
pub(in crate::server) fn connection_info<T>(request: &Request<T>) -> Option<&ConnectionInfo> {
    request.extensions().get::<ConnectionInfo>()
}

/// What cuts the connection that a call came on.
pub(in crate::server) fn connection_of<T>(request: &Request<T>) -> CancellationToken {
    connection_info(request).map(|info| info.cut.clone()).unwrap_or_default()
}

impl Connected for Connection {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_cut(context)?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.greeting > 0 {
            self.greeting = self.greeting.saturating_sub(buffer.filled().len() - before);
            if self.greeting == 0 {
                self.info.activity.greeted();
            }
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_cut(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_cut(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_cut(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_cut(context)?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Length of the client's preface in HTTP/2 (RFC 9113 3.4). A request in HTTP/1.1 and the start of a TLS handshake,
/// which has a timeout of its own, are longer.
const GREETING_BYTES: usize = 24;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::net::TcpListener;

    use super::super::callers::Callers;
    use super::super::seats::{Crowded, Seats};
    use super::*;

    /// A client that reads nothing leaves a connection only with something to write.
    #[tokio::test]
    async fn a_connection_that_waits_to_write_is_cut_too() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, address) = listener.accept().await.unwrap();
        let (limits, cut) = (Limits::default(), CancellationToken::new());
        let seats = Seats::new(&limits, Arc::new(Callers::new(&limits)), Crowded::NewcomerRefused);
        let seat = seats.take(address.ip(), Via::Direct, cut.clone()).unwrap();
        let mut connection = Connection::new(stream, &limits, cut.clone(), seat);
        let chunk = vec![0; 1 << 20];
        let writing = tokio::spawn(async move {
            loop {
                if let Err(error) =
                    poll_fn(|context| Pin::new(&mut connection).poll_write(context, &chunk)).await
                {
                    return error.kind();
                }
            }
        });
        cut.cancel();
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), writing).await;
        assert_eq!(ended.expect("it is woken").unwrap(), io::ErrorKind::ConnectionAborted);
    }
}
