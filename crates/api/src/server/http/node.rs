//! What the node says of itself.

use axum::response::Response;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize, MemberId};
use serde::Serialize;

use super::answer::{Asker, Refusal};
use crate::ledger::Ledger;
use crate::node_status::NodeStatus;

/// Nothing of it is proved.
#[derive(Serialize)]
struct Said {
    chain_id: ChainId,
    chain_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<MemberId>,
    version: String,
    height: Height,
    block: BlockHash,
    time_ms: u64,
    log_size: LogSize,
    catching_up: bool,
    validators: Vec<MemberId>,
    is_validator: bool,
    pool_batches: u64,
    pool_bytes: u64,
    connected_peers: u32,
    uptime_ms: u64,
}

pub(super) async fn status<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    asker.said(async |ledger: &L| ledger.node_status().await.map(Said::from)).await
}

impl From<NodeStatus> for Said {
    fn from(status: NodeStatus) -> Self {
        Self {
            chain_id: status.chain_id,
            chain_name: status.chain_name,
            member: status.member,
            version: status.version,
            height: status.head.height,
            block: status.head.hash,
            time_ms: status.head.time_ms,
            log_size: status.log_size,
            catching_up: status.catching_up,
            validators: status.validators,
            is_validator: status.is_validator,
            pool_batches: status.pool_batches,
            pool_bytes: status.pool_bytes,
            connected_peers: status.connected_peers,
            uptime_ms: u64::try_from(status.uptime.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
