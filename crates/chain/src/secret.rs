//! Short keys that nobody outside can aim at.

/// Secret of the short keys of one store, or of one check. Without it nobody can make hashes whose keys collide.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IndexSecret(pub [u8; 32]);

impl IndexSecret {
    /// A fresh secret from the operating system.
    ///
    /// # Errors
    /// The operating system's, if it has no randomness.
    pub fn random() -> Result<Self, std::io::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(std::io::Error::from)?;
        Ok(Self(secret))
    }

    /// The key of a hash: the first 8 bytes of `BLAKE3-keyed(secret, hash)`.
    pub fn key(&self, hash: &[u8; 32]) -> u64 {
        let key = blake3::keyed_hash(&self.0, hash);
        u64::from_be_bytes(*key.as_bytes().first_chunk().expect("invariant: 8 is less than 32"))
    }
}

impl std::fmt::Debug for IndexSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IndexSecret(..)")
    }
}
