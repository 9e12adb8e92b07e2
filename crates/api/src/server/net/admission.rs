//! Which calls are let in: not too many a second on a connection, and not too many at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tower_layer::Layer;

use super::answer::hold;
use super::connection::ConnectionInfo;
use super::proxies::Proxies;
use super::seats::Via;
use crate::server::call_error::CallError;
use crate::server::shares::{self, Budget, Scope, Share, Shares};
use crate::server::stats::ServerStats;

/// Takes a share of the server for each call, from its first byte to the last of its answer.
#[derive(Clone, Debug)]
pub(in crate::server) struct AdmissionLayer {
    /// What a caller hears that is not let in.
    pub(in crate::server) refuse: fn(CallError) -> Response<Body>,
    pub(in crate::server) server: Arc<Shares>,
    pub(in crate::server) stats: ServerStats,
    pub(in crate::server) proxies: Proxies,
}

/// A service behind an [`AdmissionLayer`].
#[derive(Clone, Debug)]
pub(in crate::server) struct AdmissionService<S> {
    inner: S,
    refuse: fn(CallError) -> Response<Body>,
    server: Arc<Shares>,
    stats: ServerStats,
    proxies: Proxies,
}

impl<S> Layer<S> for AdmissionLayer {
    type Service = AdmissionService<S>;

    fn layer(&self, inner: S) -> AdmissionService<S> {
        AdmissionService {
            inner,
            refuse: self.refuse,
            server: Arc::clone(&self.server),
            proxies: self.proxies.clone(),
            stats: self.stats.clone(),
        }
    }
}

impl<S> AdmissionService<S> {
    fn admit(&self, request: &mut Request<Body>) -> Result<Share, CallError> {
        let budget = match request.uri().path() {
            path if path == HEALTH_WATCH || path.starts_with(REFLECTION) => Budget::Subscriptions,
            _ => Budget::Calls,
        };
        let via = request.extensions().get::<ConnectionInfo>().map(|info| info.via);
        let forwarded =
            via.filter(|via| *via == Via::Proxy).and_then(|_| self.proxies.caller(request.headers()));
        let Some(info) = request.extensions_mut().get_mut::<ConnectionInfo>() else {
            return shares::take([&self.server], budget, 1);
        };
        if let Some(caller) = forwarded {
            info.caller = caller;
        }
        let now = Instant::now();
        let of_connection = info.own.iter().map(|own| (&own.rate, Scope::Connection));
        for (rate, scope) in of_connection.chain([(&info.caller.rate, Scope::Address)]) {
            let soon = |retry_after| CallError::Rate { per_second: rate.per_second(), scope, retry_after };
            rate.take(now).map_err(soon)?;
        }
        shares::take(info.shares().chain([&self.server]), budget, 1)
    }
}

impl<S> Service<Request<Body>> for AdmissionService<S>
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let share = match self.admit(&mut request) {
            Ok(share) => share,
            Err(error) => {
                if let Some(limit) = error.limit() {
                    self.stats.limit_hit(limit);
                }
                return Box::pin(std::future::ready(Ok((self.refuse)(error))));
            }
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            hold(response.extensions_mut(), share);
            Ok(response)
        })
    }
}

/// Streams without an end of their own.
const HEALTH_WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.";
