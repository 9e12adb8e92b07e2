//! Answers of many messages: a task fills an [`Outlet`], the connection drains its [`Outflow`].
//!
//! Nothing is left out on the way. One message waits at most; a caller who takes none for too long is told so,
//! and cut off where it does not even take that.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
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
    error: Arc<OnceLock<CallError>>,
    /// Held for as long as the answer takes memory, not only for as long as it is made.
    _share: OwnedSemaphorePermit,
}

impl<T> Stream for Outflow<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.messages.poll_recv(context).map(|message| match message {
            Some(message) => Some(Ok(message)),
            // The task sets the error before it lets go of its end.
            None => Arc::get_mut(&mut self.error).and_then(OnceLock::take).map(|error| Err(error.into())),
        })
    }
}

/// Runs `fill` until it has sent everything, the caller is gone, or the server stops.
pub(super) fn outflow<T, F>(
    share: OwnedSemaphorePermit,
    stall_timeout: Duration,
    stopping: CancellationToken,
    connection: CancellationToken,
    fill: impl FnOnce(Arc<Outlet<T>>) -> F,
) -> Outflow<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), CallError>> + Send + 'static,
{
    let (sender, messages) = mpsc::channel(MESSAGES_WAITING_MAX);
    let error = Arc::new(OnceLock::new());
    let outlet = Arc::new(Outlet { messages: sender.clone(), stall_timeout });
    let work = fill(outlet);
    let slot = Arc::clone(&error);
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = work => ended,
            () = stopping.cancelled() => Err(CallError::Stopping),
            () = sender.closed() => Err(CallError::Gone),
        };
        let stalled = matches!(ended, Err(CallError::Stalled { .. }));
        if let Err(error) = ended {
            let _ = slot.set(error);
        }
        drop(slot);
        if stalled {
            // The error waits behind the message that is not taken.
            let _ = tokio::time::timeout(stall_timeout, sender.closed()).await;
            if !sender.is_closed() {
                connection.cancel();
            }
        }
    });
    Outflow { messages, error, _share: share }
}

/// Messages that wait for the connection: each may be a block of megabytes.
const MESSAGES_WAITING_MAX: usize = 1;
