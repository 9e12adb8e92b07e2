//! What browsers ask before a web page may call (CORS, Fetch standard 3.2).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::header::{self, HeaderValue};
use tonic::codegen::http::{HeaderMap, Method, Request, Response};
use tower_layer::Layer;

use crate::server::config::WebOrigins;

/// Lets web pages call, as far as [`WebOrigins`] says.
#[derive(Clone, Debug)]
pub(in crate::server) struct WebLayer(pub(in crate::server) WebOrigins);

/// A service behind a [`WebLayer`].
#[derive(Clone, Debug)]
pub(in crate::server) struct WebService<S> {
    inner: S,
    origins: WebOrigins,
}

impl<S> Layer<S> for WebLayer {
    type Service = WebService<S>;

    fn layer(&self, inner: S) -> WebService<S> {
        WebService { inner, origins: self.0.clone() }
    }
}

impl<S> Service<Request<Body>> for WebService<S>
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
        let from_a_page = request.headers().contains_key(header::ORIGIN);
        if self.origins == WebOrigins::SameOrigin || !from_a_page {
            return Box::pin(self.inner.call(request));
        }
        if is_preflight(&request) {
            let mut response = Response::new(Body::empty());
            allow(response.headers_mut(), &PREFLIGHT);
            return Box::pin(std::future::ready(Ok(response)));
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            allow(response.headers_mut(), &ANSWER);
            Ok(response)
        })
    }
}

fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn allow(headers: &mut HeaderMap, allowed: &[(header::HeaderName, &'static str)]) {
    for (name, value) in allowed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

const PREFLIGHT: [(header::HeaderName, &str); 4] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, grpc-timeout, x-grpc-web, x-user-agent"),
    // Two hours, the most that browsers keep it.
    (header::ACCESS_CONTROL_MAX_AGE, "7200"),
];
const ANSWER: [(header::HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "grpc-status, grpc-message, grpc-status-details-bin, grpc-retry-pushback-ms",
    ),
];
