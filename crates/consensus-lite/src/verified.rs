//! Signatures that were found good, so that each is checked once.
//!
//! The engine checks a vote when it comes in, again in the certificate that it makes of it, and again when the block is
//! finalized; this crate checks the certificate before it commits. All of these ask here. An answer from memory is as
//! good as a check: it is found by the hash of key, signature and message, to the bit, and nothing enters but what
//! the one rule of `sanad-core` has accepted, or what this node's own key has just signed. Whatever differs in a bit is
//! checked in full, and what was refused is not remembered.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use sanad_core::signature::{PublicKey, Signature, SignatureError};

/// The signatures that were asked for last and are good.
#[derive(Debug)]
pub(crate) struct Verified(Mutex<LruCache<[u8; 32], ()>>);

impl Default for Verified {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(VERIFIED_MAX)))
    }
}

impl Verified {
    /// Checks a signature, unless it is known to be good.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub(crate) fn check(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let name = name(key, message, signature);
        if self.lock().get(&name).is_some() {
            return Ok(());
        }
        key.verify(message, signature)?;
        self.lock().put(name, ());
        Ok(())
    }

    /// Takes note of a signature that was made in this process, with the secret half of the key.
    pub(crate) fn made(&self, key: &PublicKey, message: &[u8], signature: &Signature) {
        self.lock().put(name(key, message, signature), ());
    }

    // A panic while the lock is held leaves a whole cache behind.
    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<[u8; 32], ()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Key and signature have a fixed length, so no two triples are the same bytes.
fn name(key: &PublicKey, message: &[u8], signature: &Signature) -> [u8; 32] {
    *blake3::Hasher::new().update(&key.0).update(&signature.0).update(message).finalize().as_bytes()
}

/// Signatures that are remembered, about 100 bytes each: the votes of 128 validators in 16 rounds. Only a validator can
/// fill it, and whoever does makes this node check others again.
const VERIFIED_MAX: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::signature::SecretKey;

    #[test]
    fn a_full_cache_passes_nothing_that_differs_in_a_bit() {
        let verified = Verified::default();
        let (key, other) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let (message, public) = (b"a vote".to_vec(), key.public());
        let signature = key.sign(&message);
        for number in 0..2 * VERIFIED_MAX.get() as u64 {
            let message = number.to_be_bytes();
            verified.made(&public, &message, &key.sign(&message));
        }
        for _ in 0..2 {
            assert_eq!(verified.check(&public, &message, &signature), Ok(()));
        }
        for bit in 0..8 * 64 {
            let mut forged = signature;
            forged.0[bit / 8] ^= 1 << (bit % 8);
            // Twice: a refusal must not be remembered as anything else.
            for _ in 0..2 {
                assert!(verified.check(&public, &message, &forged).is_err(), "bit {bit} of the signature");
            }
        }
        for bit in 0..8 * message.len() {
            let mut changed = message.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(verified.check(&public, &changed, &signature).is_err(), "bit {bit} of the message");
        }
        assert!(verified.check(&other.public(), &message, &signature).is_err());
        assert!(verified.check(&public, &message[..5], &signature).is_err());
        assert_eq!(verified.lock().len(), VERIFIED_MAX.get());
    }
}
