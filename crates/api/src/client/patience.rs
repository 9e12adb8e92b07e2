//! Calls that are repeated while a node limits their rate, or has no block yet.

use std::future::Future;
use std::time::{Duration, Instant};

use super::{ClientError, StatusCode};
use crate::error_code::ErrorCode;

/// Makes a call, and repeats it while the node limits the rate of calls, or, for as long as `first_block`, while the
/// chain has no block yet.
///
/// # Errors
/// The last failure of the call.
pub async fn ask_patiently<T, C>(first_block: Duration, call: impl Fn() -> C) -> Result<T, ClientError>
where
    C: Future<Output = Result<T, ClientError>>,
{
    let started = Instant::now();
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let pause = match &error {
            ClientError::Status { code: Some(ErrorCode::NoBlock), .. } if started.elapsed() < first_block => {
                FIRST_BLOCK_INTERVAL
            }
            ClientError::Status { status: StatusCode::ResourceExhausted, retry_after, .. }
                if started.elapsed() < BUSY_TIME =>
            {
                retry_after.unwrap_or(BUSY_INTERVAL)
            }
            _ => return Err(error),
        };
        tokio::time::sleep(pause).await;
    }
}

/// How often a node that has no block is asked again.
const FIRST_BLOCK_INTERVAL: Duration = Duration::from_millis(100);
/// For how long a call is made again at a busy node, and how long after the last one if the node does not say.
const BUSY_TIME: Duration = Duration::from_secs(30);
const BUSY_INTERVAL: Duration = Duration::from_millis(500);
