//! Short keys that nobody outside can aim at.

/// The secret of one store. Without it nobody can make hashes whose keys collide.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IndexSecret(pub [u8; 32]);

impl IndexSecret {
    /// A fresh secret from the operating system.
    ///
    /// # Errors
    /// Whatever keeps the operating system from giving randomness.
    pub fn random() -> Result<Self, std::io::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(std::io::Error::from)?;
        Ok(Self(secret))
    }

    /// The key of a hash: 8 bytes of a keyed hash of it.
    pub(crate) fn key(&self, hash: &[u8; 32]) -> u64 {
        u64::from_be_bytes(first_8(&blake3::keyed_hash(&self.0, hash)))
    }

    /// What a run file holds to tell whose keys are in it.
    pub(super) fn fingerprint(&self) -> [u8; 8] {
        first_8(&blake3::keyed_hash(&self.0, b"sanad index run"))
    }
}

impl std::fmt::Debug for IndexSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IndexSecret(..)")
    }
}

fn first_8(hash: &blake3::Hash) -> [u8; 8] {
    *hash.as_bytes().first_chunk().expect("invariant: 8 is less than 32")
}
