//! Signals: those that stop the node, and one that would end it without a word.

use std::future::Future;
use std::sync::Arc;

use signal_hook::consts::SIGXFSZ;
use tokio::signal::unix::{SignalKind, signal};

/// Completes at the first SIGTERM or SIGINT.
///
/// # Errors
/// The operating system refuses to tell of signals.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Has a write beyond the limit of file sizes (`ulimit -f`) fail with `EFBIG`, as on a full disk. Without it, SIGXFSZ ends the
/// process without a word.
///
/// # Errors
/// The operating system refuses to install a handler.
pub fn survive_file_size_limit() -> std::io::Result<()> {
    // What the handler sets is not looked at: the write says it.
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map(drop)
}
