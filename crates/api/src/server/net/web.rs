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
        let Some(allowed) = self.allowed(request.headers()) else {
            return Box::pin(self.inner.call(request));
        };
        if is_preflight(&request) {
            let mut response = Response::new(Body::empty());
            allow(response.headers_mut(), allowed, &PREFLIGHT);
            return Box::pin(std::future::ready(Ok(response)));
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            allow(response.headers_mut(), allowed, &ANSWER);
            Ok(response)
        })
    }
}

impl<S> WebService<S> {
    /// The origin to name as allowed, if a page calls that may.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        match &self.origins {
            WebOrigins::SameOrigin => None,
            WebOrigins::Any => Some(HeaderValue::from_static("*")),
            // Scheme and host are compared as browsers send them, in lower case.
            WebOrigins::These(origins) => {
                origins.iter().any(|known| known.as_bytes() == origin.as_bytes()).then(|| origin.clone())
            }
        }
    }
}

fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue, more: &[(header::HeaderName, &'static str)]) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    // The answer is another one for another origin, which caches must know.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    for (name, value) in more {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

const PREFLIGHT: [(header::HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, grpc-timeout, x-grpc-web, x-user-agent"),
    // Two hours, the most that browsers keep it.
    (header::ACCESS_CONTROL_MAX_AGE, "7200"),
];
const ANSWER: [(header::HeaderName, &str); 1] = [(
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    "grpc-status, grpc-message, grpc-status-details-bin, grpc-retry-pushback-ms",
)];
