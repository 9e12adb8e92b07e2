//! Events of governance in plain words, made from their content alone.

use sanad_core::event::Event;
use sanad_core::evidence::Accusation;
use sanad_core::governance::{Change, Compromise, Governance, KeyRotation, Proposal};
use sanad_core::hash::ProposalId;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{KeyPurpose, Role};
use sanad_core::validators::ValidatorSet;

/// What is known of the ledger when its events are put in words.
#[derive(Clone, Copy, Default)]
pub(crate) struct Known<'a> {
    /// Shows what is voted on.
    pub(crate) governance: Option<&'a Governance>,
    /// Show who joins and leaves a set.
    pub(crate) validators: Option<&'a ValidatorSet>,
}

/// What events say, one line each; events about credentials that follow each other share a line.
///
/// Votes are shown with what they are about, if it is known.
pub(crate) fn in_words(events: &[Event], known: Known<'_>) -> Vec<String> {
    let same = |a: &Event, b: &Event| a.target().is_some() && a.kind() == b.kind();
    let line = |group: &[Event]| match &group[0] {
        Event::Confirm { .. } => credentials("confirm", group),
        Event::RevokeByGovernance { .. } => credentials("revoke for ever", group),
        Event::RevokeAsSuccessor { .. } => credentials("revoke for ever, as the successor,", group),
        Event::Revoke { .. } | Event::Suspend { .. } | Event::Reinstate { .. } => {
            credentials(group[0].kind(), group)
        }
        one => single(one, known),
    };
    events.chunk_by(same).map(line).collect()
}

fn single(event: &Event, known: Known<'_>) -> String {
    match event {
        Event::RotateKey(rotation) => {
            let KeyRotation { purpose, new } = **rotation;
            let then = match purpose {
                KeyPurpose::Consensus => "it votes from two heights later on",
                KeyPurpose::Governance | KeyPurpose::Issuing | KeyPurpose::Network => {
                    "in force from the next height on"
                }
            };
            format!("replace the {} key by {}; {then}", word(purpose), new.key)
        }
        Event::SetAddresses { addresses } if addresses.is_empty() => "its node is not reached".to_owned(),
        Event::SetAddresses { addresses } => {
            let quoted: Vec<String> = addresses.iter().map(|address| format!("{address:?}")).collect();
            format!("its node is reached at {}", quoted.join(", "))
        }
        Event::DropIssuerId { issuer_id } => format!("no longer issue as {}", issuer_id.as_str()),
        Event::DeclareCompromise(compromise) => {
            let Compromise { key, from, replacement } = **compromise;
            let then = match replacement {
                Some(new) => format!("the key {} takes its place", new.key),
                None => "no key takes its place".to_owned(),
            };
            format!(
                "declare the issuing key {key} compromised: what it entered from log index {from} on is disputed; {then}"
            )
        }
        Event::Propose(proposal) => {
            format!("propose, and approve: {}", proposed(proposal, known.validators))
        }
        Event::Approve { proposal } => format!("approve proposal {}", about(proposal, known)),
        Event::Withdraw { proposal } => {
            format!("withdraw the approval of proposal {}", about(proposal, known))
        }
        Event::Freeze => {
            "freeze the member: it issues and changes nothing until a vote brings new governance keys"
                .to_owned()
        }
        Event::RecordEvidence(accusation) => {
            let Accusation { member, equivocation } = &**accusation;
            format!("record against {member} that it signed {}", equivocation.occasion())
        }
        Event::Rejoin(statement) => format!(
            "its validator with the key {} has lost its memory, and the process that signed before is gone for good: it \
             votes again after the block that holds this (nonce {})",
            statement.key, statement.nonce
        ),
        other => other.kind().to_owned(),
    }
}

fn about(id: &ProposalId, known: Known<'_>) -> String {
    match known.governance.and_then(|governance| governance.proposal(id)) {
        Some(open) => format!("{id} of {}: {}", open.proposer, proposed(&open.proposal, known.validators)),
        None => id.to_string(),
    }
}

/// A change, and when it is voted on and in force.
fn proposed(proposal: &Proposal, validators: Option<&ValidatorSet>) -> String {
    let Proposal { change, expires, effective } = proposal;
    let from = match *effective {
        Height::GENESIS => "in force as soon as the votes suffice".to_owned(),
        height => format!("in force from height {height} on, at the earliest"),
    };
    format!("{}; to be voted on up to height {expires}, {from}", change_in_words(change, validators))
}

/// A change; of a set of validators it says who joins and who leaves, if the present ones are known.
pub(crate) fn change_in_words(change: &Change, validators: Option<&ValidatorSet>) -> String {
    let (Change::SetValidators { validators: new, .. }, Some(set)) = (change, validators) else {
        return change.to_string();
    };
    let present: Vec<&MemberId> = set.validators().iter().map(|validator| &validator.member).collect();
    let names = |ids: Vec<&MemberId>| match ids.is_empty() {
        true => "nobody".to_owned(),
        false => ids.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let joining = names(new.iter().filter(|id| !present.contains(id)).collect());
    let leaving = names(present.iter().copied().filter(|id| !new.contains(id)).collect());
    format!("{change}; joining: {joining}; leaving: {leaving}")
}

fn credentials(what: &str, events: &[Event]) -> String {
    let targets: Vec<LogIndex> = events.iter().filter_map(Event::target).collect();
    let count =
        if targets.len() == 1 { "1 credential".to_owned() } else { format!("{} credentials", targets.len()) };
    format!("{what} {count}, log indices {}", ranges(&targets))
}

/// Log indices with those that follow each other as ranges, such as `4-9, 12`.
pub(crate) fn ranges(targets: &[LogIndex]) -> String {
    let runs: Vec<&[LogIndex]> = targets.chunk_by(|a, b| a.0.checked_add(1) == Some(b.0)).collect();
    let mut parts: Vec<String> = runs
        .iter()
        .take(RANGES_MAX)
        .map(|run| match run {
            [only] => only.to_string(),
            run => format!("{}-{}", run[0], run[run.len() - 1]),
        })
        .collect();
    if runs.len() > RANGES_MAX {
        parts.push(format!("and {} more ranges", runs.len() - RANGES_MAX));
    }
    parts.join(", ")
}

/// A role as people write it.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Observer => "observer",
        Role::Issuer => "issuer",
        Role::Validator => "validator",
    }
}

fn word(purpose: KeyPurpose) -> &'static str {
    match purpose {
        KeyPurpose::Governance => "governance",
        KeyPurpose::Issuing => "issuing",
        KeyPurpose::Consensus => "consensus",
        KeyPurpose::Network => "network",
    }
}

/// Most ranges that a line shows.
const RANGES_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_about_credentials_share_a_line() {
        let confirm = |target| Event::Confirm { target: LogIndex(target) };
        let revoke = Event::RevokeByGovernance { target: LogIndex(7) };
        let events = [confirm(1), confirm(2), confirm(3), confirm(9), revoke, Event::Freeze];
        let lines = in_words(&events, Known::default());
        assert_eq!(lines[0], "confirm 4 credentials, log indices 1-3, 9");
        assert_eq!(lines[1], "revoke for ever 1 credential, log indices 7");
        assert!(lines[2].starts_with("freeze"));
        assert_eq!(lines.len(), 3);
    }
    #[test]
    fn addresses_are_quoted() {
        let event = Event::SetAddresses { addresses: vec!["a\nb".to_owned()] };
        assert_eq!(in_words(&[event], Known::default()), ["its node is reached at \"a\\nb\""]);
    }
}
