//! The node's trust file.

use sanad_core::trust::{TRUST_FILE_BYTES_MAX, TrustFile};

use super::{Client, ClientError, asked};
use crate::convert::{WireError, within};
use crate::limits::TRUST_FILE_CHUNK_BYTES_MAX;
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
        let (mut file, mut length) = (Vec::new(), None);
        while let Some(message) = stream.message().await? {
            let announced = usize::try_from(message.length).unwrap_or(usize::MAX);
            within("length", announced, TRUST_FILE_BYTES_MAX)?;
            within("chunk", message.chunk.len(), TRUST_FILE_CHUNK_BYTES_MAX)?;
            asked("length", length.get_or_insert(announced), &announced)?;
            within("chunk (bytes of all)", file.len() + message.chunk.len(), announced)?;
            if message.chunk.is_empty() {
                return Err(WireError::Missing { field: "chunk" }.into());
            }
            file.extend_from_slice(&message.chunk);
        }
        let expected = length.unwrap_or_default();
        if file.len() < expected {
            let (expected, actual) = (expected as u64, file.len() as u64);
            return Err(WireError::EndsEarly { field: "chunk", expected, actual }.into());
        }
        Ok(TrustFile::from_bytes(&file).map_err(WireError::from)?)
    }
}
