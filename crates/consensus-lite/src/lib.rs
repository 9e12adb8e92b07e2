//! Sanad.
