//! A diagnosis in words: what is the case, and what to do next.

use std::time::Duration;

use sanad_api::{Attendance, ChainState, Diagnosis, ValidatorDiagnosis};
use sanad_core::ids::MemberId;
use serde::Serialize;

use crate::time;

/// A diagnosis in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Explanation {
    /// What the chain does, in a sentence.
    pub(crate) summary: String,
    /// What else is the case.
    pub(crate) findings: Vec<String>,
    /// What to do, in this order.
    pub(crate) next: Vec<String>,
}

pub(crate) fn explain(diagnosis: &Diagnosis, member: Option<&MemberId>) -> Explanation {
    let mut findings = vec![round(diagnosis), power(diagnosis)];
    findings.extend(absent(diagnosis).map(in_words));
    // A warning says it where the clock is wrong.
    if let Some(skew) = diagnosis.clock_skew_ms
        && diagnosis.warnings.iter().all(|warning| warning.code != "clock-skew")
    {
        findings
            .push(format!("this node's clock is within {} ms of the others'", skew.unsigned_abs().max(1)));
    }
    let mut next = Vec::new();
    match diagnosis.state {
        // Whatever else is the case follows from it, or can wait.
        _ if is_outdated(diagnosis) => {}
        ChainState::Stalled => stalled(diagnosis, &mut next),
        ChainState::Isolated => next.push(
            "look at this node's own network first: address, firewall, route. `sanad-node check` dials every peer"
                .to_owned(),
        ),
        ChainState::CatchingUp => {
            next.push("wait: the blocks are fetched from peers; `sanad node status` shows the height rise".to_owned());
        }
        ChainState::Starting => next.push("ask again in some seconds".to_owned()),
        ChainState::Advancing => {}
    }
    for warning in &diagnosis.warnings {
        // Who is missing and how many vote is among the findings.
        let said = match warning.code.as_str() {
            "not-connected" => {
                absent(diagnosis).any(|validator| warning.text.contains(validator.member.as_str()))
            }
            code => code == "no-margin",
        };
        if !said {
            findings.push(warning.text.clone());
        }
        if !said || diagnosis.state == ChainState::Advancing {
            next.push(warning.advice.clone());
        }
    }
    let mut known = std::collections::BTreeSet::new();
    next.retain(|step| known.insert(step.clone()));
    Explanation { summary: summary(diagnosis, member), findings, next }
}

/// What the chain does, in a few words.
pub(crate) fn state_in_words(state: ChainState) -> &'static str {
    match state {
        ChainState::Starting => "the node has just started",
        ChainState::Advancing => "the chain advances",
        ChainState::CatchingUp => "this node is behind and catches up",
        ChainState::Stalled => "the whole chain stands",
        ChainState::Isolated => "this node is cut off from all others",
    }
}

fn summary(diagnosis: &Diagnosis, member: Option<&MemberId>) -> String {
    let last = match diagnosis.head_age {
        Some(age) => {
            format!("block {}, the last, is {} old", diagnosis.height.0.saturating_sub(1), long(age))
        }
        None => "there is no block yet".to_owned(),
    };
    let state = match is_outdated(diagnosis) {
        true => "this program is older than the protocol version in force",
        false => state_in_words(diagnosis.state),
    };
    let more = match diagnosis.state {
        ChainState::CatchingUp => format!(", of {} at least", diagnosis.chain_height),
        _ => String::new(),
    };
    let unfit = match (diagnosis.fit, diagnosis.state) {
        (false, ChainState::Advancing) => {
            format!(
                ", but the node{} is not fit",
                member.map_or(String::new(), |member| format!(" of {member}"))
            )
        }
        _ => String::new(),
    };
    format!("{state}{unfit}: {last}{more}")
}

fn is_outdated(diagnosis: &Diagnosis) -> bool {
    diagnosis.warnings.iter().any(|warning| warning.code == "outdated")
}

fn round(diagnosis: &Diagnosis) -> String {
    let Diagnosis { height, rounds_failed, .. } = diagnosis;
    match diagnosis.round {
        Some(round) => format!(
            "height {height} is in round {round} for {}; {rounds_failed} rounds failed since the node started",
            long(diagnosis.round_age)
        ),
        None => format!("height {height} is not begun: it waits for a batch or the heartbeat"),
    }
}

fn power(diagnosis: &Diagnosis) -> String {
    let (present, of, needed) =
        (diagnosis.power_present(), diagnosis.validators.len(), diagnosis.power_needed);
    format!("{present} of {of} validators vote; {needed} are needed")
}

/// Validators that do not vote.
pub(crate) fn absent(diagnosis: &Diagnosis) -> impl Iterator<Item = &ValidatorDiagnosis> {
    diagnosis.validators.iter().filter(|validator| validator.attendance != Attendance::Voting)
}

/// A validator that does not vote, in a sentence.
fn in_words(validator: &ValidatorDiagnosis) -> String {
    let member = &validator.member;
    let since = match validator.silence {
        Some(silence) => format!("heard last {} ago, at height {}", long(silence), validator.last_height),
        None => "not heard since this node started".to_owned(),
    };
    match (validator.attendance, validator.own) {
        (_, true) => format!("{member}, this node itself, does not vote: {since}"),
        (Attendance::Missing, _) if validator.address.is_empty() => {
            format!("{member} is missing: {since}, not connected, and not among this node's peers")
        }
        (Attendance::Missing, _) => {
            format!("{member} is missing: {since}, not connected; it should listen on {}", validator.address)
        }
        _ => format!("{member} is late: connected, {since}"),
    }
}

fn stalled(diagnosis: &Diagnosis, next: &mut Vec<String>) {
    let names = |attendance| -> Vec<&str> {
        let absent = absent(diagnosis).filter(|v| v.attendance == attendance && !v.own);
        absent.map(|validator| validator.member.as_str()).collect()
    };
    let (missing, late) = (names(Attendance::Missing), names(Attendance::Late));
    let lacking = (diagnosis.power_needed as usize).saturating_sub(diagnosis.power_present());
    if lacking > 0 {
        next.push(format!("bring back {lacking} of those that do not vote; nothing is lost meanwhile"));
    }
    if !missing.is_empty() {
        next.push(format!(
            "ask the operators of {}: does the node run, can it be reached?",
            missing.join(", ")
        ));
    }
    if !late.is_empty() {
        next.push(format!(
            "ask the operators of {}: `sanad node why` there says whether it abstains, is behind, or has a slow disk",
            late.join(", ")
        ));
    }
    if lacking == 0 {
        next.push(
            "enough validators are heard, but do not agree in time: compare `sanad node why` of all, clocks first"
                .to_owned(),
        );
    }
}

fn long(duration: Duration) -> String {
    time::format_seconds(duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_api::Warning;
    use sanad_core::ids::Height;

    fn validator(member: &str, attendance: Attendance, silence: Option<u64>) -> ValidatorDiagnosis {
        ValidatorDiagnosis {
            member: member.parse().unwrap(),
            attendance,
            own: member == "merapi",
            connected: attendance != Attendance::Missing,
            last_height: Height(41),
            last_round: 0,
            silence: silence.map(Duration::from_secs),
            clock_offset_ms: None,
            address: "192.0.2.2:26000".to_owned(),
        }
    }

    fn stalled() -> Diagnosis {
        Diagnosis {
            state: ChainState::Stalled,
            fit: false,
            height: Height(42),
            round: Some(3),
            round_age: Duration::from_secs(12),
            rounds_failed: 3,
            head_age: Some(Duration::from_secs(130)),
            heartbeat: Duration::from_secs(10),
            chain_height: Height(41),
            validators: vec![
                validator("bromo", Attendance::Missing, Some(120)),
                validator("kelimutu", Attendance::Voting, Some(1)),
                validator("merapi", Attendance::Voting, Some(1)),
                validator("semeru", Attendance::Late, None),
            ],
            power_needed: 3,
            clock_skew_ms: Some(-1_500),
            warnings: vec![Warning {
                code: "clock-skew".to_owned(),
                text: "this node's clock is wrong".to_owned(),
                advice: "set it".to_owned(),
                severe: true,
            }],
            disk_free_bytes: 1,
            disk_bytes: 1,
        }
    }

    #[test]
    fn a_stall_names_those_that_are_missing() {
        let Explanation { summary, findings, next } = explain(&stalled(), None);
        assert_eq!(summary, "the whole chain stands: block 41, the last, is 2 minutes old");
        let all = findings.join("\n");
        for expected in [
            "height 42 is in round 3 for 12 seconds; 3 rounds failed",
            "2 of 4 validators vote; 3 are needed",
            "bromo is missing: heard last 2 minutes ago, at height 41, not connected; it should listen on 192.0.2.2:26000",
            "semeru is late: connected, not heard since this node started",
            "this node's clock is wrong",
        ] {
            assert!(all.contains(expected), "{expected}\n{all}");
        }
        let mut right = stalled();
        right.warnings.clear();
        right.clock_skew_ms = Some(-12);
        let all_right = explain(&right, None).findings.join("\n");
        assert!(all_right.contains("this node's clock is within 12 ms of the others'"), "{all_right}");
        let all = next.join("\n");
        for expected in ["bring back 1 of those", "operators of bromo", "operators of semeru", "set it"] {
            assert!(all.contains(expected), "{expected}\n{all}");
        }
    }

    #[test]
    fn each_state_has_its_words() {
        let mut diagnosis = stalled();
        diagnosis.state = ChainState::CatchingUp;
        diagnosis.chain_height = Height(90);
        let said = explain(&diagnosis, None);
        assert_eq!(
            said.summary,
            "this node is behind and catches up: block 41, the last, is 2 minutes old, of 90 at least"
        );
        diagnosis.state = ChainState::Isolated;
        assert!(explain(&diagnosis, None).next[0].contains("this node's own network first"));
        diagnosis.warnings.push(Warning {
            code: "outdated".to_owned(),
            text: "this program is too old".to_owned(),
            advice: "start a newer one".to_owned(),
            severe: true,
        });
        let said = explain(&diagnosis, None);
        assert!(
            said.summary.starts_with("this program is older than the protocol version in force"),
            "{said:?}"
        );
        assert_eq!(said.next, ["set it", "start a newer one"], "{said:?}");
        diagnosis.warnings.pop();
        (diagnosis.state, diagnosis.head_age) = (ChainState::Starting, None);
        assert_eq!(explain(&diagnosis, None).summary, "the node has just started: there is no block yet");
        diagnosis.state = ChainState::Advancing;
        let member = "merapi".parse().unwrap();
        assert!(explain(&diagnosis, Some(&member)).summary.contains("but the node of merapi is not fit"));
    }
}
