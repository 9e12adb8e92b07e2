//! The snapshot that a node offers.

use sanad_core::snapshot::{Chunk, MANIFEST_BYTES_MAX, SnapshotManifest};

use super::pieces::Pieces;
use super::{Client, ClientError, asked};
use crate::convert::WireError;
use crate::wire;

impl Client {
    /// The manifest of the newest snapshot that the node offers. Nothing of it is proved.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` if it offers none.
    pub async fn snapshot(&self) -> Result<SnapshotManifest, ClientError> {
        self.in_all(self.pieces_of_snapshot()).await
    }

    /// A chunk of a snapshot. It has the hash that was asked for.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` if the node does not have it, or no longer.
    pub async fn snapshot_chunk(&self, chunk: &Chunk) -> Result<Vec<u8>, ClientError> {
        self.in_all(self.pieces_of_chunk(chunk)).await
    }

    async fn pieces_of_snapshot(&self) -> Result<SnapshotManifest, ClientError> {
        let request = self.request(wire::GetSnapshotRequest {});
        let mut stream = self.timed_stream(self.ledger().get_snapshot(request)).await?;
        let mut pieces = Pieces::new("piece", MANIFEST_BYTES_MAX);
        while let Some(wire::GetSnapshotResponse { length, piece }) = stream.message().await? {
            pieces.push(length, &piece)?;
        }
        Ok(SnapshotManifest::from_bytes(&pieces.finish()?).map_err(WireError::from)?)
    }

    async fn pieces_of_chunk(&self, chunk: &Chunk) -> Result<Vec<u8>, ClientError> {
        let request = self.request(wire::GetSnapshotChunkRequest { hash: chunk.hash.0.to_vec() });
        let mut stream = self.timed_stream(self.ledger().get_snapshot_chunk(request)).await?;
        let mut pieces = Pieces::new("piece", chunk.bytes as usize);
        while let Some(wire::GetSnapshotChunkResponse { length, piece }) = stream.message().await? {
            pieces.push(length, &piece)?;
        }
        let bytes = pieces.finish()?;
        asked("piece (hash of all)", chunk, &Chunk::of(&bytes))?;
        Ok(bytes)
    }
}
