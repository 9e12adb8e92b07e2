//! Time limits that hold for whole answers.
//!
//! tonic's limit ends with the headers of an answer: whoever sends these and then nothing would be waited for without end.

use std::future::Future;
use std::time::Duration;

use tonic::{Response, Status, Streaming};

use super::{Client, ClientError, StatusCode};

/// An answer of many messages, each of which has to come within a time.
#[derive(Debug)]
pub(super) struct TimedStream<T> {
    stream: Streaming<T>,
    limit: Duration,
}

impl Client {
    /// Waits for a whole answer.
    pub(super) async fn timed<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, ClientError> {
        Ok(within(self.timeout, call).await?.into_inner())
    }

    /// Waits for an answer that comes in many pieces, however small somebody makes them.
    pub(super) async fn in_all<T>(
        &self,
        pieces: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        let limit = self.timeout * PIECES_TIME_FACTOR;
        tokio::time::timeout(limit, pieces).await.unwrap_or_else(|_| Err(late(limit)))
    }

    /// Waits for the beginning of an answer of many messages.
    pub(super) async fn timed_stream<T>(
        &self,
        call: impl Future<Output = Result<Response<Streaming<T>>, Status>>,
    ) -> Result<TimedStream<T>, ClientError> {
        Ok(TimedStream { stream: self.timed(call).await?, limit: self.timeout })
    }
}

impl<T> TimedStream<T> {
    /// The next message; `None` after the last.
    pub(super) async fn message(&mut self) -> Result<Option<T>, ClientError> {
        within(self.limit, self.stream.message()).await
    }
}

async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Status>>,
) -> Result<T, ClientError> {
    match tokio::time::timeout(limit + GRACE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(late(limit + GRACE)),
    }
}

fn late(limit: Duration) -> ClientError {
    ClientError::Status {
        status: StatusCode::DeadlineExceeded,
        code: None,
        message: format!("no whole answer within {} s", limit.as_secs_f64()),
        retry_after: None,
    }
}

/// Time on top of a call's own limit, in which a node can say itself that it is over.
const GRACE: Duration = Duration::from_secs(1);
/// How many times the limit of a call an answer in pieces may take.
const PIECES_TIME_FACTOR: u32 = 6;
