use std::fmt;
use std::sync::Arc;

use sanad_core::signature::PublicKey;
use sanad_core::validators::ValidatorSet;

use super::SanadContext;

/// The engine's name of a validator: its consensus key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address(pub(crate) PublicKey);

impl Address {
    /// Address of a node that does not vote. All zero bytes are a point of small order, which verifies
    /// nothing, so no validator can be mistaken for it.
    pub(crate) const NOBODY: Self = Self(PublicKey([0; 32]));
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl malachitebft_core_types::Address for Address {}

/// One validator, with one vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineValidator(Address);

impl malachitebft_core_types::Validator<SanadContext> for EngineValidator {
    fn address(&self) -> &Address {
        &self.0
    }

    fn public_key(&self) -> &PublicKey {
        &self.0.0
    }

    fn voting_power(&self) -> u64 {
        1
    }
}

/// A [`ValidatorSet`] for the engine, in the same order: by member id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineValidators(Arc<[EngineValidator]>);

impl EngineValidators {
    pub(crate) fn as_slice(&self) -> &[EngineValidator] {
        &self.0
    }
}

impl From<&ValidatorSet> for EngineValidators {
    fn from(set: &ValidatorSet) -> Self {
        Self(set.validators().iter().map(|validator| EngineValidator(Address(validator.key))).collect())
    }
}

impl malachitebft_core_types::ValidatorSet<SanadContext> for EngineValidators {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.0.len() as u64
    }

    fn get_by_address(&self, address: &Address) -> Option<&EngineValidator> {
        self.0.iter().find(|validator| validator.0 == *address)
    }

    fn get_by_index(&self, index: usize) -> Option<&EngineValidator> {
        self.0.get(index)
    }
}
