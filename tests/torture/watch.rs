//! Looks at the heads of all nodes all the time: no two blocks may be final at one height.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sanad_api::Client;
use sanad_core::hash::BlockHash;
use sanad_core::ids::Height;
use tokio::task::JoinSet;

/// The watch.
pub(crate) struct Watch {
    tasks: JoinSet<()>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    heads: BTreeMap<Height, BlockHash>,
    conflicting: u64,
}

impl Watch {
    /// Begins to look.
    pub(crate) fn begin(clients: &[Client]) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut tasks = JoinSet::new();
        for client in clients {
            tasks.spawn(look(client.with_timeout(Duration::from_secs(2)), Arc::clone(&seen)));
        }
        Self { tasks, seen }
    }

    /// Heads that contradicted others.
    pub(crate) fn end(self) -> u64 {
        drop(self.tasks);
        self.seen.lock().unwrap().conflicting
    }
}

async fn look(client: Client, seen: Arc<Mutex<Seen>>) {
    loop {
        if let Ok(head) = client.head().await {
            let (height, hash) = (head.header.height, head.header.id().hash);
            let mut seen = seen.lock().unwrap();
            if *seen.heads.entry(height).or_insert(hash) != hash {
                eprintln!("TWO HEADS at height {height}");
                seen.conflicting += 1;
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

const INTERVAL: Duration = Duration::from_millis(250);
