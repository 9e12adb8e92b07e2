use std::fmt;

use sanad_core::ids::Height;

/// [`Height`] for the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EngineHeight(pub(crate) Height);

impl fmt::Display for EngineHeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl malachitebft_core_types::Height for EngineHeight {
    const ZERO: Self = Self(Height(0));
    const INITIAL: Self = Self(Height(1));

    // Saturates: peers choose heights freely, and one must not wrap to the past.
    fn increment_by(&self, count: u64) -> Self {
        Self(Height(self.0.0.saturating_add(count)))
    }

    fn decrement_by(&self, count: u64) -> Option<Self> {
        self.0.0.checked_sub(count).map(|height| Self(Height(height)))
    }

    fn as_u64(&self) -> u64 {
        self.0.0
    }
}
