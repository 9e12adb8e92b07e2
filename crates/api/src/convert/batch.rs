//! States of batches.

use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex};

use super::{WireError, fixed, required, within};
use crate::batches::{BatchOutcome, BatchResult, BatchState, FinalBatch};
use crate::causes::causes;
use crate::error_code::ErrorCode;
use crate::wire;
use crate::wire::batch_result::State;

/// Longest sentence of a refusal, in bytes.
const REFUSAL_BYTES_MAX: usize = 1024;

/// The message of a state.
pub(crate) fn batch_result(id: &BatchId, state: BatchState) -> wire::BatchResult {
    let state = match state {
        BatchState::Pending => State::Pending(wire::PendingBatch {}),
        BatchState::Final(place) => State::Final(wire::FinalBatch {
            height: place.height.0,
            block_time_ms: place.block_time_ms,
            first_index: place.first_index.0,
            entries: place.entries,
        }),
        BatchState::Refused(error) => State::Refused(wire::RefusedBatch {
            code: wire::ErrorCode::from(ErrorCode::from(&error)).into(),
            message: causes(&error),
        }),
    };
    wire::BatchResult { batch_id: id.0.to_vec(), state: Some(state) }
}

impl TryFrom<wire::BatchResult> for BatchResult {
    type Error = WireError;
    fn try_from(result: wire::BatchResult) -> Result<Self, WireError> {
        let id = fixed("result.batch_id", &result.batch_id)?;
        let outcome = match required("result.state", result.state)? {
            State::Pending(wire::PendingBatch {}) => BatchOutcome::Pending,
            State::Final(place) => BatchOutcome::Final(place.try_into()?),
            State::Refused(refused) => {
                let code = refused.code().into();
                within("refused.message", refused.message.len(), REFUSAL_BYTES_MAX)?;
                BatchOutcome::Refused { code, message: refused.message }
            }
        };
        Ok(Self { id, outcome })
    }
}

impl TryFrom<wire::FinalBatch> for FinalBatch {
    type Error = WireError;
    fn try_from(place: wire::FinalBatch) -> Result<Self, WireError> {
        within("final.entries", place.entries as usize, BATCH_EVENTS_MAX)?;
        Ok(Self {
            height: Height(place.height),
            block_time_ms: place.block_time_ms,
            first_index: LogIndex(place.first_index),
            entries: place.entries,
        })
    }
}
