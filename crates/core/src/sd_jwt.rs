//! SD-JWT.
/// Longest.
pub const SD_JWT_BYTES_MAX: usize = 1 << 20;
/// E.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdJwtError {
    /// Not there yet.
    #[error("not implemented yet")]
    Unsupported,
}
/// S.
#[derive(Debug)]
pub struct SdJwt;
impl SdJwt {
    /// Parse.
    ///
    /// # Errors
    /// [`SdJwtError`].
    pub fn parse(_: &[u8]) -> Result<Self, SdJwtError> {
        Err(SdJwtError::Unsupported)
    }
    /// Digest.
    pub fn digest(&self) -> [u8; 32] {
        [0; 32]
    }
}
