//! What a server did since it started, for metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tonic::Code;

/// Counts calls. Clones count for the same server.
#[derive(Clone, Debug, Default)]
pub struct ServerStats(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    calls: BTreeMap<Arc<str>, Method>,
    /// By the name of the limit.
    limits: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Default)]
struct Method {
    codes: BTreeMap<i32, u64>,
    seconds: [u64; CALL_SECONDS_BOUNDS.len() + 1],
    sum: Duration,
}

/// The calls of one method.
#[derive(Clone, Debug, PartialEq)]
pub struct CallCount {
    /// Service and method, such as `sanad.v1.NodeService/GetNodeStatus`.
    pub method: Arc<str>,
    /// How many ended with each status code, by its name in gRPC.
    pub codes: Vec<(&'static str, u64)>,
    /// How many took up to [`CALL_SECONDS_BOUNDS`], each bound alone; the last counts those above all bounds.
    pub seconds: [u64; CALL_SECONDS_BOUNDS.len() + 1],
    /// Time of all together, in seconds.
    pub seconds_sum: f64,
}

impl ServerStats {
    /// Calls by method, sorted by its name.
    pub fn calls(&self) -> Vec<CallCount> {
        let count = |(name, method): (&Arc<str>, &Method)| CallCount {
            method: Arc::clone(name),
            codes: method.codes.iter().map(|(code, calls)| (code_name(*code), *calls)).collect(),
            seconds: method.seconds,
            seconds_sum: method.sum.as_secs_f64(),
        };
        self.lock().calls.iter().map(count).collect()
    }

    /// How often each limit was hit, by the word for it.
    pub fn limits_hit(&self) -> Vec<(&'static str, u64)> {
        self.lock().limits.iter().map(|(limit, times)| (*limit, *times)).collect()
    }

    /// A call ended. `path` is that of its URL.
    pub(super) fn called(&self, path: &str, code: Code, took: Duration) {
        // A stranger can make up names.
        let name = match code {
            Code::Unimplemented => OTHER_METHODS,
            _ => path.trim_start_matches('/'),
        };
        let mut counted = self.lock();
        let name = if counted.calls.len() < METHODS_MAX || counted.calls.contains_key(name) {
            name
        } else {
            OTHER_METHODS
        };
        if !counted.calls.contains_key(name) {
            counted.calls.insert(name.into(), Method::default());
        }
        let Some(method) = counted.calls.get_mut(name) else { return };
        *method.codes.entry(code as i32).or_default() += 1;
        let seconds = took.as_secs_f64();
        let place = CALL_SECONDS_BOUNDS.iter().position(|bound| seconds <= *bound);
        method.seconds[place.unwrap_or(CALL_SECONDS_BOUNDS.len())] += 1;
        method.sum += took;
    }

    /// A limit was hit.
    pub(super) fn limit_hit(&self, limit: &'static str) {
        *self.lock().limits.entry(limit).or_default() += 1;
    }

    // Plain numbers, whole at any time.
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn code_name(code: i32) -> &'static str {
    match Code::from_i32(code) {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Upper bounds of [`CallCount::seconds`], in seconds. A submission may wait for a block.
pub const CALL_SECONDS_BOUNDS: [f64; 9] = [0.001, 0.0025, 0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0];
/// Methods that are counted each by itself.
const METHODS_MAX: usize = 64;
const OTHER_METHODS: &str = "other";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_names_are_counted_together() {
        let stats = ServerStats::default();
        for number in 0..1_000 {
            stats.called(&format!("/sanad.v1.NodeService/{number}"), Code::Unimplemented, Duration::ZERO);
            stats.called(&format!("/{number}/{number}"), Code::ResourceExhausted, Duration::from_millis(2));
        }
        let calls = stats.calls();
        assert!(calls.len() <= METHODS_MAX + 1, "{}", calls.len());
        let all: u64 = calls.iter().flat_map(|call| &call.codes).map(|(_, count)| count).sum();
        assert_eq!(all, 2_000);
        let other = calls.iter().find(|call| &*call.method == OTHER_METHODS).unwrap();
        assert!(other.codes.contains(&("UNIMPLEMENTED", 1_000)));
    }
}
