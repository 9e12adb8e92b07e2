//! Counts calls by method, code and time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower_layer::Layer;

use crate::server::stats::ServerStats;

/// Counts each call when its answer ends. To stand inside of the layer of gRPC-Web, which hides the code from it.
#[derive(Clone, Debug)]
pub(in crate::server) struct ObserveLayer(pub(in crate::server) ServerStats);

/// A service behind an [`ObserveLayer`].
#[derive(Clone, Debug)]
pub(in crate::server) struct ObserveService<S> {
    inner: S,
    stats: ServerStats,
}

impl<S> Layer<S> for ObserveLayer {
    type Service = ObserveService<S>;

    fn layer(&self, inner: S) -> ObserveService<S> {
        ObserveService { inner, stats: self.0.clone() }
    }
}

impl<S> Service<Request<Body>> for ObserveService<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // A call that is dropped before its answer ends was cancelled.
        let mut call = Call {
            path: request.uri().path().to_owned(),
            code: Code::Cancelled,
            began: Instant::now(),
            stats: self.stats.clone(),
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            if let Some(Outcome { name, code }) = response.extensions_mut().remove() {
                (call.path, call.code) = (name, code);
            }
            if let Some(code) = code_of(response.headers()) {
                call.code = code;
            }
            Ok(response.map(|inner| Body::new(ObservedBody { inner, call })))
        })
    }
}

/// How a call over HTTP is counted, by an extension of its response: no header says it.
#[derive(Clone)]
pub(in crate::server) struct Outcome {
    pub(in crate::server) name: String,
    pub(in crate::server) code: Code,
}

/// A call under way; counted when dropped.
struct Call {
    path: String,
    code: Code,
    began: Instant,
    stats: ServerStats,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.stats.called(&self.path, self.code, self.began.elapsed());
    }
}

struct ObservedBody {
    inner: Body,
    call: Call,
}

impl http_body::Body for ObservedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_ref().and_then(code_of) {
                    self.call.code = code;
                }
            }
            Some(Err(error)) => self.call.code = error.code(),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn code_of(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()))
}
