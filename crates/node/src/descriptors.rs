//! File descriptors: enough of them, and shared out so that strangers cannot take those that the ledger needs.

use rustix::process::{Resource, getrlimit, setrlimit};
use sanad_api::CONNECTIONS_CLOSING_MAX;

/// Raises the limit of open files (`RLIMIT_NOFILE`) as far as the system allows without privileges; returns it.
pub(crate) fn raise_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            limit.current = before;
        }
    }
    limit.current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Who needs files.
pub(crate) struct Files {
    /// How many may be open.
    pub(crate) limit: usize,
    /// Most connections of consensus and the exchange of batches, which limit them themselves, those of strangers
    /// included.
    pub(crate) connections: usize,
    /// What the ledger may open beyond what is open now: segments and index runs as it grows, and files for a moment. And
    /// connections that are refused as soon as they are accepted.
    pub(crate) reserve: usize,
}

impl Files {
    /// Connections that the gRPC service may have, at most `wanted`: what the others leave of the limit. None where that
    /// is too little to serve anyone.
    pub(crate) fn api_connections(&self, wanted: usize) -> Option<usize> {
        let left = self.limit.saturating_sub(self.needed(0));
        (left >= API_CONNECTIONS_MIN.min(wanted)).then_some(left.min(wanted))
    }

    /// The limit that leaves the gRPC service `wanted` connections.
    pub(crate) fn needed(&self, wanted: usize) -> usize {
        open_files() + self.reserve + self.connections + CONNECTIONS_CLOSING_MAX + wanted
    }
}

/// Files that are open now: the ledger's, the engine's, and those of the runtime.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(OPEN_FILES_GUESS, Iterator::count)
}

const API_CONNECTIONS_MIN: usize = 16;
const OPEN_FILES_GUESS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_for_callers() {
        let of = |limit, wanted| Files { limit, connections: 200, reserve: 256 }.api_connections(wanted);
        assert_eq!(of(usize::MAX, 1024), Some(1024));
        let left = of(1024, 1024).unwrap();
        assert!((300..540).contains(&left), "{left}");
        assert_eq!(of(1024, 8), Some(8));
        assert_eq!(of(300, 1024), None);
    }
}
