//! Answers of many messages: a task fills an [`Outlet`], the connection drains its [`Outflow`].
//!
//! Nothing is left out on the way. One message waits at most; a caller who takes none for too long is told so,
//! and its connection is cut where it does not even take that.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;

use super::call_error::CallError;

/// Where a task puts the messages of an answer.
pub(super) struct Outlet<T> {
    messages: mpsc::Sender<T>,
    stall_timeout: Duration,
}

impl<T> Outlet<T> {
    /// Waits until there is room for the message.
    pub(super) async fn send(&self, message: T) -> Result<(), CallError> {
        match self.messages.send_timeout(message, self.stall_timeout).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(CallError::Gone),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                Err(CallError::Stalled { timeout: self.stall_timeout })
            }
        }
    }
}

/// The messages of an answer, then the error that ended it, if one did.
pub(super) struct Outflow<T> {
    messages: mpsc::Receiver<T>,
    error: oneshot::Receiver<CallError>,
    /// Held for as long as the answer takes memory, not only for as long as it is made.
    _share: Vec<OwnedSemaphorePermit>,
    /// Tells the task that nobody listens any more.
    _listening: DropGuard,
}

impl<T> Stream for Outflow<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.messages.poll_recv(context).map(|message| match message {
            Some(message) => Some(Ok(message)),
            // Sent before the messages end, and taken once.
            None => self.error.try_recv().ok().map(|error| Err(error.into())),
        })
    }
}

/// What an answer of many messages is bound to.
pub(super) struct Bounds {
    /// Its share of the server, by each limit that it counts for.
    pub(super) share: Vec<OwnedSemaphorePermit>,
    /// How long the caller may take for one message.
    pub(super) stall_timeout: Duration,
    /// The server begins to stop.
    pub(super) stopping: CancellationToken,
    /// Cuts the caller's connection.
    pub(super) connection: CancellationToken,
}

/// Runs `fill` until it has sent everything, the caller is gone, or the server stops.
pub(super) fn outflow<T, F>(bounds: Bounds, fill: impl FnOnce(Outlet<T>) -> F) -> Outflow<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), CallError>> + Send + 'static,
{
    let Bounds { share, stall_timeout, stopping, connection } = bounds;
    let (sender, messages) = mpsc::channel(MESSAGES_WAITING_MAX);
    let (failed, error) = oneshot::channel();
    let gone = CancellationToken::new();
    let listening = gone.clone().drop_guard();
    let work = fill(Outlet { messages: sender.clone(), stall_timeout });
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = work => ended,
            () = stopping.cancelled() => Err(CallError::Stopping),
            () = gone.cancelled() => return,
        };
        if let Err(error) = ended {
            let _ = failed.send(error);
        }
        drop(sender);
        // The end waits behind a message that may not be taken, and its share of the server with it.
        if tokio::time::timeout(stall_timeout, gone.cancelled()).await.is_err() {
            connection.cancel();
        }
    });
    Outflow { messages, error, _share: share, _listening: listening }
}

/// Messages that wait for the connection: each may be a block of megabytes.
const MESSAGES_WAITING_MAX: usize = 1;
