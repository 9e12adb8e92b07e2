//! The service over gRPC and HTTP, and another one in its place when its settings change.
//!
//! Certificates and limits are fixed for the life of a server. So a reload starts a second one on the same listening
//! sockets, which takes all new connections, and tells the first one to stop: its calls have the time of a shutdown to end.
//! No connection is refused in between.

use std::sync::Arc;

use sanad_api::{Health, Ledger, Listeners, ServeError, ServerConfig, Serving, serve};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// What the service is told while it runs.
pub(crate) struct Told {
    /// The settings; a change replaces the server.
    pub(crate) settings: watch::Receiver<ServerConfig>,
    /// What the health check says.
    pub(crate) serving: watch::Receiver<Serving>,
    /// Ends the service.
    pub(crate) stop: CancellationToken,
}

/// A server that runs.
struct Running {
    stop: CancellationToken,
    health: Health,
    task: JoinHandle<Result<(), ServeError>>,
}

/// Serves until it is told to stop, or the server fails.
///
/// # Errors
/// [`ServeError`].
pub(crate) async fn serve_replaceable<L: Ledger>(
    listener: TcpListener,
    http: Option<TcpListener>,
    ledger: Arc<L>,
    mut told: Told,
) -> Result<(), ServeError> {
    let listener = listener.into_std().map_err(listening)?;
    let http = http.map(TcpListener::into_std).transpose().map_err(listening)?;
    let begin = |settings: ServerConfig, serving: Serving| {
        let again = |listener: &std::net::TcpListener| listener.try_clone().and_then(TcpListener::from_std);
        let grpc = vec![again(&listener).map_err(listening)?];
        let http = http.iter().map(again).collect::<Result<_, _>>().map_err(listening)?;
        let listeners = Listeners { grpc, http };
        let (stop, health) = (CancellationToken::new(), Health::new());
        health.set(serving);
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(serve(listeners, Arc::clone(&ledger), settings, health.clone(), stopped));
        Ok::<_, ServeError>(Running { stop, health, task })
    };
    let settings = told.settings.borrow_and_update().clone();
    let serving = *told.serving.borrow_and_update();
    let mut running = begin(settings, serving)?;
    let mut retiring = JoinSet::new();
    loop {
        tokio::select! {
            () = told.stop.cancelled() => break,
            ended = &mut running.task => return ended.unwrap_or(Ok(())),
            Ok(()) = told.serving.changed() => {
                let serving = *told.serving.borrow_and_update();
                running.health.set(serving);
            }
            Ok(()) = told.settings.changed() => {
                let settings = told.settings.borrow_and_update().clone();
                let serving = *told.serving.borrow();
                let before = std::mem::replace(&mut running, begin(settings, serving)?);
                before.stop.cancel();
                retiring.spawn(before.task);
            }
            Some(_) = retiring.join_next() => {}
        }
    }
    running.stop.cancel();
    let ended = running.task.await.unwrap_or(Ok(()));
    while retiring.join_next().await.is_some() {}
    ended
}

fn listening(error: std::io::Error) -> ServeError {
    ServeError::Transport(Box::new(error))
}
