//! What a node finds when it looks at itself.

use std::time::Duration;

use sanad_core::ids::Height;
use sanad_core::validators::VALIDATORS_MAX;

use super::{WireError, member_id, within};
use crate::diagnosis::{Attendance, ChainState, Diagnosis, ValidatorDiagnosis, Warning};
use crate::limits::{PEER_ADDRESS_BYTES_MAX, WARNING_BYTES_MAX, WARNINGS_MAX};
use crate::wire;

impl From<Diagnosis> for wire::GetDiagnosisResponse {
    fn from(diagnosis: Diagnosis) -> Self {
        let state = match diagnosis.state {
            ChainState::Starting => wire::ChainState::Starting,
            ChainState::Advancing => wire::ChainState::Advancing,
            ChainState::CatchingUp => wire::ChainState::CatchingUp,
            ChainState::Stalled => wire::ChainState::Stalled,
            ChainState::Isolated => wire::ChainState::Isolated,
        };
        Self {
            state: state.into(),
            fit: diagnosis.fit,
            height: diagnosis.height.0,
            round: diagnosis.round,
            round_ms: ms(diagnosis.round_age),
            rounds_failed: diagnosis.rounds_failed,
            head_age_ms: diagnosis.head_age.map(ms),
            heartbeat_ms: ms(diagnosis.heartbeat),
            chain_height: diagnosis.chain_height.0,
            validators: diagnosis.validators.into_iter().map(Into::into).collect(),
            power_needed: diagnosis.power_needed,
            clock_skew_ms: diagnosis.clock_skew_ms,
            warnings: diagnosis.warnings.into_iter().take(WARNINGS_MAX).map(Into::into).collect(),
            disk_free_bytes: diagnosis.disk_free_bytes,
            disk_bytes: diagnosis.disk_bytes,
        }
    }
}

impl TryFrom<wire::GetDiagnosisResponse> for Diagnosis {
    type Error = WireError;
    fn try_from(diagnosis: wire::GetDiagnosisResponse) -> Result<Self, WireError> {
        within("validators", diagnosis.validators.len(), VALIDATORS_MAX)?;
        within("warnings", diagnosis.warnings.len(), WARNINGS_MAX)?;
        let state = match diagnosis.state() {
            wire::ChainState::Starting => ChainState::Starting,
            wire::ChainState::Advancing => ChainState::Advancing,
            wire::ChainState::CatchingUp => ChainState::CatchingUp,
            wire::ChainState::Stalled => ChainState::Stalled,
            wire::ChainState::Isolated => ChainState::Isolated,
            wire::ChainState::Unspecified => return Err(unknown("state", diagnosis.state)),
        };
        Ok(Self {
            state,
            fit: diagnosis.fit,
            height: Height(diagnosis.height),
            round: diagnosis.round,
            round_age: Duration::from_millis(diagnosis.round_ms),
            rounds_failed: diagnosis.rounds_failed,
            head_age: diagnosis.head_age_ms.map(Duration::from_millis),
            heartbeat: Duration::from_millis(diagnosis.heartbeat_ms),
            chain_height: Height(diagnosis.chain_height),
            validators: diagnosis.validators.into_iter().map(TryFrom::try_from).collect::<Result<_, _>>()?,
            power_needed: diagnosis.power_needed,
            clock_skew_ms: diagnosis.clock_skew_ms,
            warnings: diagnosis.warnings.into_iter().map(TryFrom::try_from).collect::<Result<_, _>>()?,
            disk_free_bytes: diagnosis.disk_free_bytes,
            disk_bytes: diagnosis.disk_bytes,
        })
    }
}

impl From<ValidatorDiagnosis> for wire::ValidatorDiagnosis {
    fn from(validator: ValidatorDiagnosis) -> Self {
        let attendance = match validator.attendance {
            Attendance::Voting => wire::Attendance::Voting,
            Attendance::Late => wire::Attendance::Late,
            Attendance::Missing => wire::Attendance::Missing,
        };
        Self {
            member_id: validator.member.into(),
            attendance: attendance.into(),
            own: validator.own,
            connected: validator.connected,
            last_height: validator.last_height.0,
            last_round: validator.last_round,
            silence_ms: validator.silence.map(ms),
            clock_offset_ms: validator.clock_offset_ms,
            address: validator.address,
        }
    }
}

impl TryFrom<wire::ValidatorDiagnosis> for ValidatorDiagnosis {
    type Error = WireError;
    fn try_from(validator: wire::ValidatorDiagnosis) -> Result<Self, WireError> {
        within("validators.address (bytes)", validator.address.len(), PEER_ADDRESS_BYTES_MAX)?;
        let attendance = match validator.attendance() {
            wire::Attendance::Voting => Attendance::Voting,
            wire::Attendance::Late => Attendance::Late,
            wire::Attendance::Missing => Attendance::Missing,
            wire::Attendance::Unspecified => {
                return Err(unknown("validators.attendance", validator.attendance));
            }
        };
        Ok(Self {
            member: member_id("validators.member_id", validator.member_id)?,
            attendance,
            own: validator.own,
            connected: validator.connected,
            last_height: Height(validator.last_height),
            last_round: validator.last_round,
            silence: validator.silence_ms.map(Duration::from_millis),
            clock_offset_ms: validator.clock_offset_ms,
            address: validator.address,
        })
    }
}

impl From<Warning> for wire::Warning {
    fn from(warning: Warning) -> Self {
        let Warning { code, text, advice, severe } = warning;
        Self { code, text, advice, severe }
    }
}

impl TryFrom<wire::Warning> for Warning {
    type Error = WireError;
    fn try_from(warning: wire::Warning) -> Result<Self, WireError> {
        let wire::Warning { code, text, advice, severe } = warning;
        for part in [&code, &text, &advice] {
            within("warnings (bytes)", part.len(), WARNING_BYTES_MAX)?;
        }
        Ok(Self { code, text, advice, severe })
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn unknown(field: &'static str, actual: i32) -> WireError {
    WireError::Value { field, actual: u64::from(actual.unsigned_abs()) }
}
