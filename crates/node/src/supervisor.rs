//! What systemd is told (`sd_notify`), where it supervises the node. Elsewhere all of this does nothing.

use sd_notify::NotifyState;

/// The node is still starting, and needs more time for it.
pub(crate) fn starting(status: &str) {
    tell(&[NotifyState::Status(status), NotifyState::ExtendTimeoutUsec(STARTING_USEC)]);
}

/// The node runs.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is read again.
pub(crate) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// The node stops.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The parts of the node run, and `status` is how it is.
pub(crate) fn alive(status: &str) {
    tell(&[NotifyState::Watchdog, NotifyState::Status(status)]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd does not listen");
    }
}

/// Time that a node which is starting asks for at a time (2 minutes), in microseconds.
const STARTING_USEC: u32 = 120_000_000;
