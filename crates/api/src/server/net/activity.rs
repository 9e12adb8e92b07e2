//! Whether a connection is used.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use http_body_util::BodyExt as _;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tower_layer::Layer;

use super::connection::ConnectionInfo;

/// What is known of the use of a connection.
pub(super) struct Activity {
    cut: CancellationToken,
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    calls: usize,
    /// When it was accepted, or its last call ended.
    since: Instant,
}

/// How far a connection is. The first is given up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It has not said which protocol it speaks.
    Silent,
    /// It speaks a protocol, and has made no call.
    Greeted,
    /// It has made a call.
    Used,
}

/// A call under way, until its answer has been sent.
struct Call(Arc<Activity>);

impl Activity {
    /// `cut` closes the connection.
    pub(super) fn new(cut: CancellationToken) -> Self {
        let state = State { stage: Stage::Silent, calls: 0, since: Instant::now() };
        Self { cut, state: Mutex::new(state) }
    }

    /// The connection speaks a protocol.
    pub(super) fn greeted(&self) {
        let mut state = self.state();
        state.stage = state.stage.max(Stage::Greeted);
    }

    /// How far it is and since when, unless a call is under way.
    pub(super) fn idle(&self) -> Option<(Stage, Instant)> {
        let state = self.state();
        (state.calls == 0).then_some((state.stage, state.since))
    }

    /// Closes the connection.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    #[cfg(test)]
    pub(super) fn hold(self: &Arc<Self>) {
        std::mem::forget(Arc::clone(self).begin());
    }

    #[cfg(test)]
    pub(super) fn is_cut(&self) -> bool {
        self.cut.is_cancelled()
    }

    fn begin(self: Arc<Self>) -> Call {
        let mut state = self.state();
        state.stage = Stage::Used;
        state.calls += 1;
        drop(state);
        Call(self)
    }

    // Nothing panics while it holds the lock, so a poisoned one is as good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.calls -= 1;
        state.since = Instant::now();
    }
}

/// Notes the calls on each connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct ActivityLayer;

/// A service behind an [`ActivityLayer`].
#[derive(Clone, Debug)]
pub(in crate::server) struct ActivityService<S>(S);

impl<S> Layer<S> for ActivityLayer {
    type Service = ActivityService<S>;

    fn layer(&self, inner: S) -> ActivityService<S> {
        ActivityService(inner)
    }
}

impl<S> Service<Request<Body>> for ActivityService<S>
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
        let info = request.extensions().get::<ConnectionInfo>();
        let call = info.map(|info| Arc::clone(&info.activity).begin());
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            // A stream is a call until its last frame is taken.
            Ok(answer.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    let _ = &call;
                    frame
                }))
            }))
        })
    }
}
