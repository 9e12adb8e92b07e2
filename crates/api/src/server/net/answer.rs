//! Answers on their way to the caller: what they hold, and whether their bytes move.
//!
//! An answer holds its share of the server until the last of its bytes is written to the connection, or the connection
//! ends: a caller that opens no window (HTTP/2) or reads nothing keeps no more than its share. One that takes nothing of
//! an answer for too long is cut, see `Activity::stalled`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Extensions, Request, Response};
use tower_layer::Layer;

use super::activity::Call;
use super::connection::ConnectionInfo;
use crate::server::shares::Share;

/// What a response holds until it is sent: the parts of it that different layers have taken.
#[derive(Clone, Default)]
struct Held(Vec<Arc<Share>>);

/// Has the response with these extensions hold a share until its last byte is sent.
pub(in crate::server) fn hold(response: &mut Extensions, share: Share) {
    let mut held = response.remove::<Held>().unwrap_or_default();
    held.0.push(Arc::new(share));
    response.insert(held);
}

/// One answer. Dropped when its last byte is written.
struct Answer {
    progress: Arc<Progress>,
    _held: Held,
    _call: Option<Call>,
}

/// Whether the bytes of an answer move.
pub(super) struct Progress(Mutex<Moved>);

struct Moved {
    /// Parts that are not written yet.
    unsent: usize,
    /// When the last part was written, or came after a pause.
    at: Instant,
}

impl Progress {
    fn new() -> Self {
        Self(Mutex::new(Moved { unsent: 0, at: Instant::now() }))
    }

    /// How long bytes have waited without any of them being written.
    pub(super) fn stalled(&self, now: Instant) -> Option<Duration> {
        let moved = self.moved();
        (moved.unsent > 0).then(|| now.saturating_duration_since(moved.at))
    }

    fn moved(&self) -> MutexGuard<'_, Moved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part of an answer; written when dropped.
struct Part {
    bytes: Bytes,
    answer: Arc<Answer>,
}

impl Part {
    fn new(bytes: Bytes, answer: &Arc<Answer>) -> Self {
        let mut moved = answer.progress.moved();
        if moved.unsent == 0 {
            moved.at = Instant::now();
        }
        moved.unsent += 1;
        drop(moved);
        Self { bytes, answer: Arc::clone(answer) }
    }
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut moved = self.answer.progress.moved();
        moved.unsent -= 1;
        moved.at = Instant::now();
    }
}

/// The body of an answer, in parts of at most [`PART_BYTES_MAX`].
struct AnswerBody {
    inner: Body,
    /// What is left of the frame that was taken from `inner`.
    rest: Option<Part>,
    answer: Arc<Answer>,
}

impl AnswerBody {
    fn part(&mut self, mut bytes: Bytes) -> Bytes {
        if bytes.len() > PART_BYTES_MAX {
            self.rest = Some(Part::new(bytes.split_off(PART_BYTES_MAX), &self.answer));
        }
        Bytes::from_owner(Part::new(bytes, &self.answer))
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(rest) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(self.part(rest.bytes.clone())))));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(|bytes| self.part(bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.rest {
            Some(_) => SizeHint::default(),
            None => self.inner.size_hint(),
        }
    }
}

/// Notes the calls on each connection, and follows their answers.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct AnswerLayer;

/// A service behind an [`AnswerLayer`].
#[derive(Clone, Debug)]
pub(in crate::server) struct AnswerService<S>(S);

impl<S> Layer<S> for AnswerLayer {
    type Service = AnswerService<S>;

    fn layer(&self, inner: S) -> AnswerService<S> {
        AnswerService(inner)
    }
}

impl<S> Service<Request<Body>> for AnswerService<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let activity = request.extensions().get::<ConnectionInfo>().map(|info| Arc::clone(&info.activity));
        let call = activity.clone().map(Call::begin);
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            let held = response.extensions_mut().remove::<Held>().unwrap_or_default();
            let progress = Arc::new(Progress::new());
            if let Some(activity) = activity {
                activity.follow(&progress);
            }
            let answer = Arc::new(Answer { progress, _held: held, _call: call });
            Ok(response.map(|inner| Body::new(AnswerBody { inner, rest: None, answer })))
        })
    }
}

/// Longest part of an answer, in bytes (64 KiB): a caller that takes less in [`Limits::stall_timeout`] is cut.
///
/// [`Limits::stall_timeout`]: crate::server::config::Limits::stall_timeout
const PART_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full};
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_share_is_held_until_the_last_part_is_written() {
        let semaphore = Arc::new(Semaphore::new(1));
        let share = Arc::new(vec![Arc::clone(&semaphore).try_acquire_owned().unwrap()]);
        let progress = Arc::new(Progress::new());
        let answer =
            Arc::new(Answer { progress: Arc::clone(&progress), _held: Held(vec![share]), _call: None });
        let message: Bytes = (0..3 * PART_BYTES_MAX + 1).map(|n| n as u8).collect();
        let inner = Body::new(Full::new(message.clone()));
        let mut body = AnswerBody { inner, rest: None, answer };
        assert_eq!(progress.stalled(Instant::now()), None);
        let mut parts = Vec::new();
        while let Some(frame) = body.frame().await {
            parts.push(frame.unwrap().into_data().unwrap());
        }
        drop(body);
        assert!(parts.iter().all(|part| part.len() <= PART_BYTES_MAX));
        assert_eq!((parts.len(), parts.concat()), (4, message.to_vec()));
        assert!(progress.stalled(Instant::now()).is_some());
        parts.truncate(1);
        assert_eq!(semaphore.available_permits(), 0);
        drop(parts);
        assert_eq!((semaphore.available_permits(), progress.stalled(Instant::now())), (1, None));
    }
}
