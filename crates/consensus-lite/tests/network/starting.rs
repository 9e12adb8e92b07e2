//! What keeps consensus from starting.

use std::net::TcpListener;

use sanad_consensus_lite::{Config, Consensus, Keys, StartError};
use sanad_core::signature::PublicKey;

use crate::cluster::{Cluster, network_key};

async fn start(cluster: &Cluster, config: Config) -> Result<Consensus, StartError> {
    let keys = Keys { network: network_key(0), validators: Vec::new() };
    Consensus::start(config, cluster.chain_id, keys, cluster.ledgers[0].clone()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_is_in_use() {
    let cluster = Cluster::new(1, 0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = cluster.config(0);
    config.listen = listener.local_addr().unwrap();
    let refused = start(&cluster, config.clone()).await;
    assert!(matches!(refused, Err(StartError::ListenInUse { address }) if address == config.listen));
    // Two of a kind: the second finds the port of the first taken.
    config.listen = "127.0.0.1:0".parse().unwrap();
    let first = start(&cluster, config.clone()).await.unwrap();
    assert_ne!(first.listen_address().port(), 0);
    config.listen = first.listen_address();
    assert!(matches!(start(&cluster, config).await, Err(StartError::ListenInUse { .. })));
    first.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_are_wrong() {
    let cluster = Cluster::new(1, 0);
    let mut config = cluster.config(0);
    config.peers = vec![cluster.peer(0)];
    config.peers[0].network_key = PublicKey([1; 32]);
    config.peers[0].address = Some("nowhere".to_owned());
    assert!(matches!(start(&cluster, config).await, Err(StartError::Peer(_))));
    let mut config = cluster.config(0);
    config.directory = "/proc/nowhere".into();
    assert!(matches!(start(&cluster, config).await, Err(StartError::Directory { .. })));
}
