//! Proposals and votes.

use super::draft::Draft;
use crate::governance::{
    Change, GovernanceError, GovernanceItem, OpenProposal, Outcome, PROPOSALS_MAX, PROPOSALS_PER_MEMBER_MAX,
    Proposal, Subject,
};
use crate::hash::ProposalId;
use crate::ids::{MemberId, Sequence};

impl Draft<'_> {
    /// Enters a proposal, which its proposer approves.
    pub(super) fn propose(
        &mut self,
        proposer: &MemberId,
        sequence: Sequence,
        position: usize,
        proposal: &Proposal,
    ) -> Result<(), GovernanceError> {
        self.check_voter(proposer)?;
        let own = self.kept.governance.open().filter(|open| open.proposer == *proposer).count();
        let all = self.kept.governance.open().count();
        if own >= PROPOSALS_PER_MEMBER_MAX || all >= PROPOSALS_MAX {
            let count = if own >= PROPOSALS_PER_MEMBER_MAX { own } else { all };
            return Err(GovernanceError::TooManyProposals { count });
        }
        proposal.check_heights(self.height)?;
        self.check_pending(&proposal.change, None)?;
        self.check_change(&proposal.change)?;
        let id = proposal.id(&self.state.chain_id, proposer, sequence, position as u32);
        self.kept.governance.set(GovernanceItem::Open(OpenProposal {
            id,
            proposer: proposer.clone(),
            proposed: self.height,
            proposal: proposal.clone(),
            approvals: vec![proposer.clone()],
            passed: None,
        }));
        self.tally(&id)
    }

    /// Enters an approval.
    pub(super) fn approve(&mut self, voter: &MemberId, id: &ProposalId) -> Result<(), GovernanceError> {
        self.check_voter(voter)?;
        let mut open = self.proposal(id)?;
        let expires = open.proposal.expires;
        if self.height > expires {
            return Err(GovernanceError::Expired { expires });
        }
        match open.approvals.binary_search(voter) {
            Ok(_) => return Err(GovernanceError::AlreadyApproved { member: voter.clone() }),
            Err(place) => open.approvals.insert(place, voter.clone()),
        }
        self.kept.governance.set(GovernanceItem::Open(open));
        self.tally(id)
    }

    /// Takes an approval back.
    pub(super) fn withdraw(&mut self, voter: &MemberId, id: &ProposalId) -> Result<(), GovernanceError> {
        self.check_voter(voter)?;
        let mut open = self.proposal(id)?;
        match open.approvals.binary_search(voter) {
            Ok(place) => drop(open.approvals.remove(place)),
            Err(_) => return Err(GovernanceError::NotApproved { member: voter.clone() }),
        }
        let is_empty = open.approvals.is_empty();
        self.kept.governance.set(GovernanceItem::Open(open));
        match is_empty {
            true => self.kept.governance.close(id, self.height, Outcome::Withdrawn),
            false => self.tally(id)?,
        }
        Ok(())
    }

    /// Executes what is due at the end of a block, and closes what has expired.
    pub(super) fn settle_proposals(&mut self) {
        let due = |open: &&OpenProposal| open.due().is_some_and(|due| due <= self.since);
        let mut due: Vec<_> =
            self.kept.governance.open().filter(due).map(|open| (open.passed, open.id)).collect();
        due.sort_unstable();
        for (_, id) in due {
            let Ok(mut open) = self.proposal(&id) else { continue };
            let validators = &self.state.validators;
            if open.votes(validators) < validators.quorum() {
                // The validators are others than when it passed, or are fewer who still approve it.
                open.passed = None;
                self.kept.governance.set(GovernanceItem::Open(open));
                continue;
            }
            let outcome = match self.check_change(&open.proposal.change) {
                Ok(()) => {
                    self.execute(&open.proposal.change);
                    Outcome::Executed
                }
                Err(_) => Outcome::Void,
            };
            self.kept.governance.close(&id, self.height, outcome);
        }
        let height = self.height;
        let expired = |open: &&OpenProposal| open.passed.is_none() && open.proposal.expires <= height;
        let expired: Vec<_> = self.kept.governance.open().filter(expired).map(|open| open.id).collect();
        for id in expired {
            self.kept.governance.close(&id, height, Outcome::Expired);
        }
    }

    /// Counts the votes; executes a change that acts at the vote that completes it.
    fn tally(&mut self, id: &ProposalId) -> Result<(), GovernanceError> {
        let mut open = self.proposal(id)?;
        let validators = &self.state.validators;
        let enough = open.votes(validators) >= validators.quorum();
        match (enough, open.passed) {
            (true, None) => {
                self.check_pending(&open.proposal.change, Some(id))?;
                self.check_change(&open.proposal.change)?;
                open.passed = Some(self.height);
            }
            (false, Some(_)) => open.passed = None,
            _ => return Ok(()),
        }
        if open.due().is_some_and(|due| due <= self.height) {
            self.execute(&open.proposal.change);
            self.kept.governance.close(id, self.height, Outcome::Executed);
        } else {
            self.kept.governance.set(GovernanceItem::Open(open));
        }
        Ok(())
    }

    /// The subject of an open proposal, if it is a member.
    pub(super) fn concerned(&self, id: &ProposalId) -> Option<MemberId> {
        self.kept.governance.proposal(id)?.proposal.change.member()
    }

    fn proposal(&self, id: &ProposalId) -> Result<OpenProposal, GovernanceError> {
        let open = self.kept.governance.proposal(id).cloned();
        open.ok_or(GovernanceError::UnknownProposal { proposal: *id })
    }

    /// Votes are those of the members that decide this block.
    fn check_voter(&self, voter: &MemberId) -> Result<(), GovernanceError> {
        let votes = self.state.validators.validators().iter().any(|validator| validator.member == *voter);
        if votes { Ok(()) } else { Err(GovernanceError::NotAValidator { member: voter.clone() }) }
    }

    /// Checks that nothing about the same subject has passed and waits for its height.
    fn check_pending(&self, change: &Change, own: Option<&ProposalId>) -> Result<(), GovernanceError> {
        let subject: Subject = change.subject();
        let pending = self.kept.governance.open().find(|open| {
            open.passed.is_some() && Some(&open.id) != own && open.proposal.change.subject() == subject
        });
        match pending.and_then(|open| Some((open.id, open.due()?))) {
            Some((pending, due)) => Err(GovernanceError::PendingChange { pending, due }),
            None => Ok(()),
        }
    }
}
