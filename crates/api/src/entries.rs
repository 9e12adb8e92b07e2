//! Entries of the log as a node serves them.

use sanad_core::event::Entry;
use sanad_core::ids::LogIndex;

/// An entry and its place. Not proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The place.
    pub index: LogIndex,
    /// Event and issuer.
    pub entry: Entry,
}
