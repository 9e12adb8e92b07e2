//! The engine listens, and asks where to begin.

use std::time::Duration;

use malachitebft_app_channel::app::engine::host::HeightParams;
use malachitebft_app_channel::{NetworkRequest, Reply};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::driver::Driver;
use crate::application::Application;
use crate::context::{EngineHeight, SanadContext};
use crate::status::Phase;

impl<A: Application> Driver<A> {
    /// Begins the next height, once there are peers to hear what is proposed. Not later: the engine serves
    /// nobody before it has begun a height.
    pub(super) async fn on_ready(
        &mut self,
        reply: Reply<(EngineHeight, HeightParams<SanadContext>)>,
        network: &mpsc::Sender<NetworkRequest>,
    ) {
        let enough = self.next().validators.quorum().saturating_sub(1).min(self.shared().peer_count());
        let deadline = Instant::now() + PEERS_TIMEOUT;
        while connected(network).await < enough && Instant::now() < deadline {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        if enough > 0 {
            // Subscriptions follow the connections at once; what is published before them is lost.
            tokio::time::sleep(SUBSCRIPTION_TIME).await;
        }
        self.begun();
        self.shared().update(|progress| progress.phase = Phase::Deciding);
        let _ = reply.send((EngineHeight(self.next().height), self.params()));
    }
}

async fn connected(network: &mpsc::Sender<NetworkRequest>) -> usize {
    match NetworkRequest::dump_state(network).await {
        Ok(Some(dump)) => dump.peers.len(),
        _ => 0,
    }
}

/// Longest wait for peers. After it, a validator begins alone, and lets rounds pass until others come.
const PEERS_TIMEOUT: Duration = Duration::from_secs(3);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const SUBSCRIPTION_TIME: Duration = Duration::from_millis(150);
