//! `LedgerService`: dispatches each call to its handler.

mod blocks;
mod completeness;
mod credentials;
mod entries;
mod governance;
mod members;
mod pieces;
mod snapshot;
mod subscription;
mod trust_file;

use std::sync::Arc;

use tonic::{Request, Response, Status};

pub(super) use self::blocks::height;
use super::answer_stream::AnswerStream;
use super::calls::Calls;
use super::shares::{Budget, Share};
use crate::ledger::Ledger;
use crate::wire;
use crate::wire::ledger_service_server::LedgerService;

pub(super) struct LedgerApi<L>(pub(super) Arc<Calls<L>>);

impl<L: Ledger> LedgerApi<L> {
    /// The share of a call about members that asks for a height of the past, if it does: a tree of all members is made for it.
    fn former_share<M>(&self, request: &Request<M>, as_of: u64) -> Result<Option<Share>, Status> {
        match as_of {
            0 => Ok(None),
            _ => Ok(Some(self.0.share(request, Budget::BatchProofs)?)),
        }
    }
}

#[tonic::async_trait]
impl<L: Ledger> LedgerService for LedgerApi<L> {
    type GetCompletenessStream = AnswerStream<wire::GetCompletenessResponse>;
    type GetGovernanceStream = AnswerStream<wire::GetGovernanceResponse>;
    type GetTrustFileStream = AnswerStream<wire::GetTrustFileResponse>;
    type GetSnapshotStream = AnswerStream<wire::GetSnapshotResponse>;
    type GetSnapshotChunkStream = AnswerStream<wire::GetSnapshotChunkResponse>;
    type GetBatchProofsStream = AnswerStream<wire::GetBatchProofsResponse>;
    type SubscribeBlocksStream = AnswerStream<wire::SubscribeBlocksResponse>;

    async fn get_status(
        &self,
        request: Request<wire::GetStatusRequest>,
    ) -> Result<Response<wire::GetStatusResponse>, Status> {
        self.0.answer(request, credentials::status).await
    }

    async fn get_statuses(
        &self,
        request: Request<wire::GetStatusesRequest>,
    ) -> Result<Response<wire::GetStatusesResponse>, Status> {
        // One call is as much work as dozens.
        let _share = self.0.share(&request, Budget::BatchProofs)?;
        self.0.answer(request, credentials::statuses).await
    }

    async fn get_batch_proofs(
        &self,
        request: Request<wire::GetBatchProofsRequest>,
    ) -> Result<Response<Self::GetBatchProofsStream>, Status> {
        credentials::batch_proofs(&self.0, request).await
    }

    async fn get_header(
        &self,
        request: Request<wire::GetHeaderRequest>,
    ) -> Result<Response<wire::GetHeaderResponse>, Status> {
        self.0.answer(request, blocks::header).await
    }

    async fn get_history_proof(
        &self,
        request: Request<wire::GetHistoryProofRequest>,
    ) -> Result<Response<wire::GetHistoryProofResponse>, Status> {
        self.0.answer(request, blocks::history_proof).await
    }

    async fn get_trust_file(
        &self,
        request: Request<wire::GetTrustFileRequest>,
    ) -> Result<Response<Self::GetTrustFileStream>, Status> {
        trust_file::trust_file(&self.0, request).await
    }

    async fn get_block(
        &self,
        request: Request<wire::GetBlockRequest>,
    ) -> Result<Response<wire::GetBlockResponse>, Status> {
        self.0.answer(request, blocks::block).await
    }

    async fn list_blocks(
        &self,
        request: Request<wire::ListBlocksRequest>,
    ) -> Result<Response<wire::ListBlocksResponse>, Status> {
        self.0.answer(request, blocks::list).await
    }

    async fn subscribe_blocks(
        &self,
        request: Request<wire::SubscribeBlocksRequest>,
    ) -> Result<Response<Self::SubscribeBlocksStream>, Status> {
        subscription::subscribe(&self.0, request).await
    }

    async fn get_entry(
        &self,
        request: Request<wire::GetEntryRequest>,
    ) -> Result<Response<wire::GetEntryResponse>, Status> {
        self.0.answer(request, entries::entry).await
    }

    async fn list_entries(
        &self,
        request: Request<wire::ListEntriesRequest>,
    ) -> Result<Response<wire::ListEntriesResponse>, Status> {
        self.0.answer(request, entries::list).await
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<wire::GetInclusionProofRequest>,
    ) -> Result<Response<wire::GetInclusionProofResponse>, Status> {
        self.0.answer(request, entries::inclusion).await
    }

    async fn get_consistency_proof(
        &self,
        request: Request<wire::GetConsistencyProofRequest>,
    ) -> Result<Response<wire::GetConsistencyProofResponse>, Status> {
        self.0.answer(request, entries::consistency).await
    }

    async fn get_completeness(
        &self,
        request: Request<wire::GetCompletenessRequest>,
    ) -> Result<Response<Self::GetCompletenessStream>, Status> {
        completeness::entries(&self.0, request).await
    }

    async fn list_members(
        &self,
        request: Request<wire::ListMembersRequest>,
    ) -> Result<Response<wire::ListMembersResponse>, Status> {
        let _share = self.former_share(&request, request.get_ref().as_of)?;
        self.0.answer(request, members::list).await
    }

    async fn get_member(
        &self,
        request: Request<wire::GetMemberRequest>,
    ) -> Result<Response<wire::GetMemberResponse>, Status> {
        let _share = self.former_share(&request, request.get_ref().as_of)?;
        self.0.answer(request, members::member).await
    }

    async fn get_governance(
        &self,
        request: Request<wire::GetGovernanceRequest>,
    ) -> Result<Response<Self::GetGovernanceStream>, Status> {
        governance::governance(&self.0, request).await
    }

    async fn get_genesis(
        &self,
        request: Request<wire::GetGenesisRequest>,
    ) -> Result<Response<wire::GetGenesisResponse>, Status> {
        self.0.answer(request, members::genesis).await
    }

    async fn get_snapshot(
        &self,
        request: Request<wire::GetSnapshotRequest>,
    ) -> Result<Response<Self::GetSnapshotStream>, Status> {
        snapshot::manifest(&self.0, request).await
    }

    async fn get_snapshot_chunk(
        &self,
        request: Request<wire::GetSnapshotChunkRequest>,
    ) -> Result<Response<Self::GetSnapshotChunkStream>, Status> {
        snapshot::chunk(&self.0, request).await
    }
}
