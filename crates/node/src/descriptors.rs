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

/// Connections that the gRPC service may have, at most `wanted`: what the ledger, consensus and the exchange of batches
/// leave of the limit. None where that is too little to serve anyone.
///
/// Consensus and the exchange limit their own connections, those of strangers included, to `connections`.
pub(crate) fn api_connections(limit: usize, connections: usize, wanted: usize) -> Option<usize> {
    let left = limit.saturating_sub(needed(connections, 0));
    (left >= API_CONNECTIONS_MIN.min(wanted)).then_some(left.min(wanted))
}

/// The limit that leaves the gRPC service `wanted` connections.
pub(crate) fn needed(connections: usize, wanted: usize) -> usize {
    open_files() + LEDGER_GROWTH + connections + CONNECTIONS_CLOSING_MAX + wanted
}

/// Files that are open now: the ledger's, the engine's, and those of the runtime.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(OPEN_FILES_GUESS, Iterator::count)
}

/// Descriptors for segments and index runs that the ledger opens as it grows, for short reads and writes of files, and
/// for connections that are refused as soon as they are accepted.
const LEDGER_GROWTH: usize = 256;
const API_CONNECTIONS_MIN: usize = 16;
const OPEN_FILES_GUESS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_for_callers() {
        assert_eq!(api_connections(usize::MAX, 100, 1024), Some(1024));
        let left = api_connections(1024, 200, 1024).unwrap();
        assert!((300..540).contains(&left), "{left}");
        assert_eq!(api_connections(1024, 200, 8), Some(8));
        assert_eq!(api_connections(300, 200, 1024), None);
    }
}
