//! Answers of many messages: a task fills an [`AnswerSender`], the connection drains its [`AnswerStream`].
//!
//! No message is left out. At most one waits; if the caller reads none for too long, the answer ends with an error, and
//! if it does not read that either, its connection is cut.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;

use super::call_error::CallError;
use super::shares::Share;

/// Where a task puts the messages of an answer.
pub(super) struct AnswerSender<T> {
    messages: mpsc::Sender<T>,
    stall_timeout: Duration,
}

impl<T> AnswerSender<T> {
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

/// The messages of an answer, then the error that ended it, if any.
pub(super) struct AnswerStream<T> {
    messages: mpsc::Receiver<T>,
    error: oneshot::Receiver<CallError>,
    /// Held for as long as the answer takes memory, not only for as long as it is made.
    _share: Share,
    /// Ends the task when nobody reads any more.
    _listening: DropGuard,
}

impl<T> Stream for AnswerStream<T> {
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
    pub(super) share: Share,
    /// How long the caller may take to read one message.
    pub(super) stall_timeout: Duration,
    /// The server begins to stop.
    pub(super) stopping: CancellationToken,
    /// Cuts the caller's connection.
    pub(super) connection: CancellationToken,
}

/// Runs `fill` until it has sent everything, the caller is gone, or the server stops.
pub(super) fn answer_stream<T, F>(bounds: Bounds, fill: impl FnOnce(AnswerSender<T>) -> F) -> AnswerStream<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), CallError>> + Send + 'static,
{
    let Bounds { share, stall_timeout, stopping, connection } = bounds;
    let (sender, messages) = mpsc::channel(MESSAGES_WAITING_MAX);
    let (failed, error) = oneshot::channel();
    let gone = CancellationToken::new();
    let listening = gone.clone().drop_guard();
    let work = fill(AnswerSender { messages: sender.clone(), stall_timeout });
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
    AnswerStream { messages, error, _share: share, _listening: listening }
}

/// Messages that wait for the connection: each may be a block of megabytes.
const MESSAGES_WAITING_MAX: usize = 1;
