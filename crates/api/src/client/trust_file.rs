//! The node's trust file.

use sanad_core::trust::{TRUST_FILE_BYTES_MAX, TrustFile};

use super::pieces::Pieces;
use super::{Client, ClientError};
use crate::convert::WireError;
use crate::wire;

impl Client {
    /// A trust file whose anchor is the node's last block, or a recent one. Not verified: [`TrustFile::verify`] does,
    /// and its genesis must be compared with one learnt elsewhere.
    ///
    /// # Errors
    /// [`ClientError`]; `UNAVAILABLE` before the first block.
    pub async fn trust_file(&self) -> Result<TrustFile, ClientError> {
        self.in_all(self.chunks_of_trust_file()).await
    }

    async fn chunks_of_trust_file(&self) -> Result<TrustFile, ClientError> {
        let request = self.request(wire::GetTrustFileRequest {});
        let mut stream = self.timed_stream(self.ledger().get_trust_file(request)).await?;
        let mut pieces = Pieces::new("chunk", TRUST_FILE_BYTES_MAX);
        while let Some(wire::GetTrustFileResponse { length, chunk }) = stream.message().await? {
            pieces.push(length, &chunk)?;
        }
        Ok(TrustFile::from_bytes(&pieces.finish()?).map_err(WireError::from)?)
    }
}
