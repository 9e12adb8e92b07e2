//! `NodeService`.

use std::str::FromStr;
use std::sync::Arc;

use sanad_core::signature::PublicKey;
use tonic::{Request, Response, Status};

use super::call_error::CallError;
use super::calls::Calls;
use super::page::List;
use crate::ledger::Ledger;
use crate::node_status::{Peer, PeerKind};
use crate::wire;
use crate::wire::node_service_server::NodeService;

pub(super) struct NodeApi<L>(pub(super) Arc<Calls<L>>);

#[tonic::async_trait]
impl<L: Ledger> NodeService for NodeApi<L> {
    async fn get_node_status(
        &self,
        request: Request<wire::GetNodeStatusRequest>,
    ) -> Result<Response<wire::GetNodeStatusResponse>, Status> {
        self.0.answer(request, status).await
    }

    async fn get_diagnosis(
        &self,
        request: Request<wire::GetDiagnosisRequest>,
    ) -> Result<Response<wire::GetDiagnosisResponse>, Status> {
        self.0.answer(request, diagnosis).await
    }

    async fn list_peers(
        &self,
        request: Request<wire::ListPeersRequest>,
    ) -> Result<Response<wire::ListPeersResponse>, Status> {
        self.0.answer(request, peers).await
    }
}

async fn status<L: Ledger>(
    calls: &Calls<L>,
    _request: wire::GetNodeStatusRequest,
) -> Result<wire::GetNodeStatusResponse, CallError> {
    Ok(calls.ledger().node_status().await?.into())
}

async fn diagnosis<L: Ledger>(
    calls: &Calls<L>,
    _request: wire::GetDiagnosisRequest,
) -> Result<wire::GetDiagnosisResponse, CallError> {
    Ok(calls.ledger().diagnosis().await?.ok_or(CallError::NoConsensus)?.into())
}

async fn peers<L: Ledger>(
    calls: &Calls<L>,
    request: wire::ListPeersRequest,
) -> Result<wire::ListPeersResponse, CallError> {
    let page_size = List::Peers.page_size(request.page_size)?;
    let after = List::Peers.after::<PeerPlace>(&request.page_token)?;
    let mut peers = calls.ledger().peers().await?;
    peers.sort_by_key(PeerPlace::of);
    peers.retain(|peer| after.is_none_or(|after| PeerPlace::of(peer) > after));
    peers.truncate(page_size + 1);
    let name = |peer: &Peer| PeerPlace::of(peer).to_string();
    let (peers, next_page_token) = List::Peers.page(peers, page_size, name);
    Ok(wire::ListPeersResponse { peers: peers.into_iter().map(Into::into).collect(), next_page_token })
}

/// A peer's place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PeerPlace(PublicKey, PeerKind);

impl PeerPlace {
    fn of(peer: &Peer) -> Self {
        Self(peer.network_key, peer.kind)
    }
}

impl std::fmt::Display for PeerPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.1 {
            PeerKind::Consensus => 'c',
            PeerKind::Gossip => 'g',
        };
        write!(f, "{}{kind}", self.0)
    }
}

/// A text is no place in the list.
struct NoPlace;

impl FromStr for PeerPlace {
    type Err = NoPlace;
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (key, kind) = match (text.strip_suffix('c'), text.strip_suffix('g')) {
            (Some(key), _) => (key, PeerKind::Consensus),
            (_, Some(key)) => (key, PeerKind::Gossip),
            _ => return Err(NoPlace),
        };
        key.parse().map(|key| Self(key, kind)).map_err(|_| NoPlace)
    }
}
