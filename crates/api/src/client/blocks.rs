//! Calls about blocks.

use sanad_core::ids::Height;
use tonic::Request;

use super::streams::BlockStream;
use super::{Client, ClientError, asked, in_order};
use crate::blocks::{BlockSummary, FinalBlock, FinalHeader};
use crate::convert::{required, within};
use crate::limits::BLOCKS_PAGE;
use crate::proofs::{HeaderProof, ProofForm};
use crate::wire;

impl Client {
    /// The node's last final header. Not verified.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn head(&self) -> Result<FinalHeader, ClientError> {
        self.final_header(0).await
    }

    /// The header of a height, from 1. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `OUT_OF_RANGE` beyond the head.
    pub async fn header(&self, height: Height) -> Result<FinalHeader, ClientError> {
        let last = self.final_header(height.0).await?;
        asked("header.height", &height, &last.header.height)?;
        Ok(last)
    }

    async fn final_header(&self, height: u64) -> Result<FinalHeader, ClientError> {
        let request = self.request(wire::GetHeaderRequest { height });
        let answer = self.timed(self.ledger().get_header(request)).await?;
        Ok(required("header", answer.header)?.try_into()?)
    }

    /// The block of a height, from 1. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `OUT_OF_RANGE` beyond the head.
    pub async fn block(&self, height: Height) -> Result<FinalBlock, ClientError> {
        let request = self.request(wire::GetBlockRequest { height: height.0 });
        let answer = self.timed(self.ledger().get_block(request)).await?;
        let block = FinalBlock::try_from(required("block", answer.block)?)?;
        asked("block.height", &height, &block.block.header.height)?;
        Ok(block)
    }

    /// Headers and sizes of up to `count` blocks from `first` on, in order; fewer only at the head. A `count` of
    /// 0 leaves the number to the node; it refuses more than [`BLOCKS_PAGE`] allows. Not verified.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn blocks(&self, first: Height, count: u32) -> Result<Vec<BlockSummary>, ClientError> {
        let message =
            wire::ListBlocksRequest { from_height: first.0, page_size: count, page_token: String::new() };
        let answer = self.timed(self.ledger().list_blocks(self.request(message))).await?;
        within("blocks", answer.blocks.len(), BLOCKS_PAGE.max as usize)?;
        let mut blocks = Vec::new();
        for (offset, summary) in answer.blocks.into_iter().enumerate() {
            let summary = BlockSummary::try_from(summary)?;
            in_order("blocks.height", first.0.max(1), offset, summary.header.height.0)?;
            blocks.push(summary);
        }
        Ok(blocks)
    }

    /// The header of a height, from 1, with proof that it is in the history of the node's head. Not verified:
    /// [`HeaderProof::verify`] does.
    ///
    /// # Errors
    /// [`ClientError`]; `OUT_OF_RANGE` beyond the head.
    pub async fn history_proof(&self, height: Height, form: ProofForm) -> Result<HeaderProof, ClientError> {
        let message =
            wire::GetHistoryProofRequest { height: height.0, form: wire::ProofForm::from(form).into() };
        let answer = self.timed(self.ledger().get_history_proof(self.request(message))).await?;
        let proof = HeaderProof::try_from(answer)?;
        asked("header.height", &height, &proof.header.height)?;
        Ok(proof)
    }

    /// Every block from a height on, existing and to come. No time limit. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `OUT_OF_RANGE` if `first` is more than one beyond the head.
    pub async fn subscribe(&self, first: Height) -> Result<BlockStream, ClientError> {
        let request = Request::new(wire::SubscribeBlocksRequest { from_height: first.0 });
        let stream = self.timed(self.ledger().subscribe_blocks(request)).await?;
        Ok(BlockStream::new(stream, first))
    }
}
