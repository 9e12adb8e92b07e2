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

use super::rate::Rate;
use super::seats::Seat;

/// A TCP stream that can be cut from afar, and that counts while it lives.
pub(in crate::server) struct Connection {
    stream: TcpStream,
    info: ConnectionInfo,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _seat: Seat,
}

/// What the calls on a connection share.
#[derive(Clone)]
pub(in crate::server) struct ConnectionInfo {
    pub(super) rate: Arc<Rate>,
    cut: CancellationToken,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, rate: Rate, cut: CancellationToken, seat: Seat) -> Self {
        let waiting = Box::pin(cut.clone().cancelled_owned());
        Self { stream, info: ConnectionInfo { rate: Arc::new(rate), cut }, cut: waiting, _seat: seat }
    }
}

/// What cuts the connection that a call came on.
pub(in crate::server) fn connection_of<T>(request: &Request<T>) -> CancellationToken {
    let info = request.extensions().get::<ConnectionInfo>();
    info.map(|info| info.cut.clone()).unwrap_or_default()
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
        // An HTTP connection always waits to read, so that this is where it hears that it is cut.
        if self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
