//! Whether the node says that it serves (`grpc.health.v1`).

use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// What the health check answers. Clones speak for the same server.
#[derive(Clone, Debug)]
pub struct Health(watch::Sender<Serving>);

/// Whether to send callers here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Serving {
    /// Not now: starting or stopping. Calls are answered nevertheless, as far as they can be.
    #[default]
    No,
    /// For reads only: its last block is old, since it is catching up or the chain stands. Answers are proved, and as
    /// old as the block that they name.
    Reads,
    /// For everything.
    Yes,
}

impl Health {
    /// Begins with [`Serving::No`].
    pub fn new() -> Self {
        Self(watch::Sender::new(Serving::No))
    }

    /// From now on the health check answers this.
    pub fn set(&self, serving: Serving) {
        self.0.send_replace(serving);
    }

    /// What the health check answers.
    pub fn serving(&self) -> Serving {
        *self.0.borrow()
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

/// Passes each change on to the service; ends never.
pub(super) async fn report(health: &Health, reporter: &HealthReporter) {
    let mut changes = health.0.subscribe();
    // The sender is at hand, so that waiting for its next change cannot fail.
    while changes.changed().await.is_ok() {
        let serving = *changes.borrow_and_update();
        set_status(reporter, serving).await;
    }
}

/// Says that the server stops, and ends every watch of its health.
pub(super) async fn close(mut reporter: HealthReporter) {
    set_status(&reporter, Serving::No).await;
    for (service, _) in SERVICES {
        reporter.clear_service_status(service).await;
    }
}

/// Sets the status of the whole server (`""`) and of each of its services.
pub(super) async fn set_status(reporter: &HealthReporter, serving: Serving) {
    for (service, needs) in SERVICES {
        let serves = match (needs, serving) {
            (_, Serving::No) | (Needs::FreshHead, Serving::Reads) => ServingStatus::NotServing,
            (_, Serving::Yes) | (Needs::Nothing, Serving::Reads) => ServingStatus::Serving,
        };
        reporter.set_service_status(service, serves).await;
    }
}

/// What a service needs to be of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    FreshHead,
}

const SERVICES: [(&str, Needs); 4] = [
    ("", Needs::FreshHead),
    ("sanad.v1.LedgerService", Needs::Nothing),
    ("sanad.v1.SubmissionService", Needs::FreshHead),
    ("sanad.v1.NodeService", Needs::Nothing),
];
