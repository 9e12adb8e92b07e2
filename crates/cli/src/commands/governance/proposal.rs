//! A proposal as people are shown it.

use sanad_core::governance::{Change, OpenProposal, Proposal};
use sanad_core::hash::ProposalId;
use sanad_core::ids::{Height, MemberId};
use serde::Serialize;

use crate::governance::{Session, change_in_words};
use crate::time;
use crate::view::View;

/// An open proposal.
#[derive(Clone, PartialEq, Serialize)]
pub(super) struct Shown {
    pub(super) id: ProposalId,
    /// In plain words, from the content alone.
    pub(super) summary: String,
    change: Change,
    proposer: MemberId,
    proposed: Height,
    pub(super) expires: Height,
    effective: Height,
    approvals: Vec<MemberId>,
    /// Validators that have not approved.
    not_yet: Vec<MemberId>,
    /// How many approvals are missing.
    pub(super) missing: usize,
    /// How many are needed.
    pub(super) needed: usize,
    passed: Option<Height>,
    /// The first height under the change, if it has passed.
    pub(super) due: Option<Height>,
}

impl Shown {
    pub(super) fn new(open: &OpenProposal, session: &Session) -> Self {
        let Proposal { change, expires, effective } = open.proposal.clone();
        let members = session.validators.validators().iter().map(|validator| &validator.member);
        let needed = session.validators.quorum();
        Self {
            id: open.id,
            summary: change_in_words(&change, Some(&session.validators)),
            change,
            proposer: open.proposer.clone(),
            proposed: open.proposed,
            expires,
            effective,
            not_yet: members.filter(|id| open.approvals.binary_search(id).is_err()).cloned().collect(),
            missing: needed.saturating_sub(open.votes(&session.validators)),
            needed,
            approvals: open.approvals.clone(),
            passed: open.passed,
            due: open.due(),
        }
    }

    /// How it stands, in a few words.
    pub(super) fn standing(&self) -> String {
        match self.due {
            Some(due) => format!("passed, in force from height {due} on"),
            // Votes are counted when one is cast, and the validators have changed since.
            None if self.missing == 0 => format!(
                "{} of {0} approvals are there since the validators changed: it passes with the next vote, so one who \
                 approved withdraws and approves again",
                self.needed
            ),
            None => format!("{} of {} approvals missing", self.missing, self.needed),
        }
    }

    /// Everything; `interval_ms` is how long a block took of late, `head` the last height.
    pub(super) fn view(&self, head: Height, interval_ms: u64) -> View {
        let when = |height: Height| {
            let seconds = height.0.saturating_sub(head.0).saturating_mul(interval_ms) / 1000;
            format!("height {height}, in about {}", time::format_seconds(seconds))
        };
        let names = |ids: &[MemberId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let from = match (self.due, self.effective) {
            (Some(due), _) => when(due),
            (None, Height::GENESIS) => "as soon as the votes suffice".to_owned(),
            (None, effective) => format!("{}, at the earliest", when(effective)),
        };
        View::new()
            .line(self.summary.clone())
            .fact("proposal", self.id)
            .fact("state", self.standing())
            .fact("proposed by", format!("{} in block {}", self.proposer, self.proposed))
            .fact("approved by", names(&self.approvals))
            .fact("not yet by", names(&self.not_yet))
            .fact("expires", when(self.expires))
            .fact("in force", from)
    }
}
