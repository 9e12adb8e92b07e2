//! What proofs are checked against.

use sanad_core::genesis::{Genesis, GenesisError};
use sanad_core::trust::{TrustAnchor, TrustFault, TrustFile};
use sanad_core::validators::ValidatorSetError;

/// A genesis, and what may be trusted from it on: the genesis alone, or a trust file that was proved from it.
#[derive(Clone, Debug)]
pub struct Trust {
    genesis: Genesis,
    anchor: TrustAnchor,
}

/// Why a genesis or a trust file cannot be relied on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The genesis breaks a rule.
    #[error("the genesis is not valid")]
    Genesis(#[from] GenesisError),
    /// The genesis gives no set of validators.
    #[error("the genesis has no usable validators")]
    Validators(#[from] ValidatorSetError),
    /// The trust file does not follow from its genesis.
    #[error("the trust file does not hold; fetch it again")]
    File(#[from] TrustFault),
}

impl Trust {
    /// Trusts a genesis alone.
    ///
    /// # Errors
    /// [`TrustError::Genesis`] or [`TrustError::Validators`].
    pub fn from_genesis(genesis: Genesis) -> Result<Self, TrustError> {
        genesis.check()?;
        let anchor = TrustAnchor::new(&genesis)?;
        Ok(Self { genesis, anchor })
    }

    /// Proves a trust file from its genesis, as of `now_ms` (milliseconds since 1970-01-01 UTC).
    ///
    /// # Errors
    /// [`TrustError::File`].
    pub fn from_trust_file(file: TrustFile, now_ms: u64) -> Result<Self, TrustError> {
        let anchor = file.verify(now_ms)?;
        Ok(Self { genesis: file.genesis, anchor })
    }

    /// The genesis.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// What headers are checked against.
    #[must_use]
    pub fn anchor(&self) -> &TrustAnchor {
        &self.anchor
    }

    /// Whether there is a trust file, not the genesis alone.
    #[must_use]
    pub fn has_file(&self) -> bool {
        self.anchor.header().is_some()
    }
}
