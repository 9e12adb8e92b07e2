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
    let deadline = Instant::now() + first_block;
    let mut tries = 0;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let pause = match &error {
            ClientError::Status { code: Some(ErrorCode::NoBlock), .. } if Instant::now() < deadline => {
                FIRST_BLOCK_INTERVAL
            }
            ClientError::Status { status: StatusCode::ResourceExhausted, retry_after, .. }
                if tries < BUSY_TRIES =>
            {
                tries += 1;
                retry_after.unwrap_or(BUSY_INTERVAL)
            }
            _ => return Err(error),
        };
        tokio::time::sleep(pause).await;
    }
}

/// How often a node that has no block is asked again.
const FIRST_BLOCK_INTERVAL: Duration = Duration::from_millis(100);
/// How often a call is made again at a busy node, and how long after if the node does not say.
const BUSY_TRIES: u32 = 20;
const BUSY_INTERVAL: Duration = Duration::from_millis(500);
