//! The API's server over a ledger in memory, in the place of a node.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sanad_api::{Health, Ledger as _, ServerConfig, serve};
use sanad_core::genesis::Genesis;
use sanad_core::keyfile::{KdfParameters, seal};
use sanad_core::member::MemberFile;
use sanad_testkit::issuing_key;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::memory_ledger::{ISSUER, MemoryLedger};
use crate::program::{PASSPHRASE, Run, private, sanad};

/// A node that makes a block of its pool every few milliseconds, unless it is told not to.
pub(crate) struct Node {
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) url: String,
    commits: Arc<Mutex<bool>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Node {
    pub(crate) fn start() -> Self {
        Self::over(MemoryLedger::new())
    }

    pub(crate) fn over(ledger: MemoryLedger) -> Self {
        Self::serving(ledger, true)
    }

    /// A node that makes no block until it is told to.
    pub(crate) fn idle(ledger: MemoryLedger) -> Self {
        Self::serving(ledger, false)
    }

    fn serving(ledger: MemoryLedger, commits: bool) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (ledger, commits) = (Arc::new(ledger), Arc::new(Mutex::new(commits)));
        let (stop, stopped) = oneshot::channel();
        let served = (Arc::clone(&ledger), Arc::clone(&commits));
        let thread = std::thread::spawn(move || {
            let (ledger, commits) = served;
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async move {
                let pool = Arc::clone(&ledger);
                let committer = tokio::spawn(async move {
                    loop {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        let commits = commits.lock().unwrap();
                        if *commits {
                            pool.commit();
                        }
                    }
                });
                let listener = TcpListener::from_std(listener).unwrap();
                let stop = async { stopped.await.unwrap_or(()) };
                serve(vec![listener], ledger, ServerConfig::default(), Health::new(), stop).await.unwrap();
                committer.abort();
            });
        });
        Self { ledger, url, commits, stop: Some(stop), thread: Some(thread) }
    }

    /// Lets the node make blocks, or not; returns when none is on its way.
    pub(crate) fn commits(&self, commits: bool) {
        *self.commits.lock().unwrap() = commits;
    }

    /// A folder with the genesis, an issuer's folder, and documents.
    pub(crate) fn folder(&self, documents: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("genesis.json"), self.ledger.genesis().to_json()).unwrap();
        write_issuer(&folder.path().join("issuer"), self.ledger.genesis());
        fs::create_dir(folder.path().join("awards")).unwrap();
        for name in documents {
            fs::write(folder.path().join("awards").join(name), format!("{{\"award\": \"{name}\"}}")).unwrap();
        }
        folder
    }

    /// Runs the program against this node.
    pub(crate) fn sanad(&self, folder: &Path, arguments: &str) -> Run {
        sanad(folder, &format!("{arguments} --node {}", self.url))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

/// Writes the member folder of [`ISSUER`].
pub(crate) fn write_issuer(folder: &Path, genesis: &Genesis) {
    write_issuer_of(folder, genesis, ISSUER);
}

/// Writes a member's folder.
pub(crate) fn write_issuer_of(folder: &Path, genesis: &Genesis, id: &str) {
    fs::create_dir_all(folder.join("keys")).unwrap();
    let cheap = KdfParameters { memory_kib: 8, iterations: 1, lanes: 1 };
    let (secret, passphrase) = (issuing_key(id).seed(), PASSPHRASE.as_bytes());
    let text = seal(&secret, passphrase, "issuing", cheap, [1; 16], [2; 24]).unwrap();
    fs::write(folder.join("keys/issuing.json"), text).unwrap();
    private(&folder.join("keys/issuing.json"));
    let member = genesis.members.iter().find(|member| member.id.as_str() == id).unwrap();
    let signatures = genesis.signatures[&member.id].possession.clone();
    let file = MemberFile::new(genesis.invitation(), member.clone(), signatures);
    fs::write(folder.join("member.json"), file.to_json()).unwrap();
}
