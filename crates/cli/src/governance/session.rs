//! What a node proves of governance and of members.

use anyhow::{Context, bail};
use sanad_api::{ClientError, FinalHeader, MemberDetails, ProofForm};
use sanad_core::block::BlockHeader;
use sanad_core::governance::Governance;
use sanad_core::hash::ProposalId;
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::{MemberRecord, MemberState};
use sanad_core::proof::GovernanceProof;
use sanad_core::validators::ValidatorSet;
use sanad_verify::{Trust, explain};

use crate::remote::{Remote, is_missing};
use crate::trust::TrustArgs;

/// A node, and what it proves of governance as of its last block.
pub(crate) struct Session {
    pub(crate) remote: Remote,
    pub(crate) trust: Trust,
    /// Verified.
    pub(crate) proof: GovernanceProof,
    /// What the proof holds.
    pub(crate) governance: Governance,
    /// The validators who decided the block.
    pub(crate) validators: ValidatorSet,
}

impl Session {
    /// Asks for everything that governance holds, and checks it.
    pub(crate) async fn open(remote: Remote, trust: &TrustArgs) -> anyhow::Result<Self> {
        let trust = trust.for_node(&remote).await?;
        let (proof, validators) = prove(&remote, &trust).await?;
        Ok(Self { governance: proof.governance(), remote, trust, proof, validators })
    }

    /// Asks again.
    pub(crate) async fn refresh(&mut self) -> anyhow::Result<()> {
        (self.proof, self.validators) = prove(&self.remote, &self.trust).await?;
        self.governance = self.proof.governance();
        Ok(())
    }

    /// A member as of the node's last block.
    pub(crate) async fn member(&self, id: &MemberId) -> anyhow::Result<MemberState> {
        let found = self.find_member(id).await?;
        found.with_context(|| format!("{id} is not a member of this consortium"))
    }

    /// A member as of the node's last block; `None` if there is none with this id.
    pub(crate) async fn find_member(&self, id: &MemberId) -> anyhow::Result<Option<MemberState>> {
        let asked = self.remote.ask(|| self.remote.client().member(id, ProofForm::SelfContained)).await;
        if asked.as_ref().is_err_and(is_missing) {
            return Ok(None);
        }
        let details = self.proved(id, asked)?;
        let state = MemberState::new(details.proof.member.record, details.rest);
        state.map(Some).with_context(|| format!("{} does not prove the keys of {id}", self.remote.url()))
    }

    /// A member's record after the block of a height; `None` if it was no member then.
    pub(crate) async fn find_member_as_of(
        &self,
        id: &MemberId,
        height: Height,
    ) -> anyhow::Result<Option<MemberRecord>> {
        let (client, form) = (self.remote.client(), ProofForm::SelfContained);
        let asked = self.remote.ask(|| client.member_as_of(id, height, form)).await;
        if asked.as_ref().is_err_and(is_missing) {
            return Ok(None);
        }
        Ok(Some(self.proved(id, asked)?.proof.member.record))
    }

    /// What a node answers about a member, if its proof holds.
    fn proved(
        &self,
        id: &MemberId,
        asked: Result<MemberDetails, ClientError>,
    ) -> anyhow::Result<MemberDetails> {
        let details = self.remote.told(asked)?;
        match details.proof.verify(self.trust.anchor()) {
            Ok(_) => Ok(details),
            Err(fault) => {
                bail!("{} does not prove the record of {id}: {}", self.remote.url(), explain(&fault))
            }
        }
    }

    /// An open proposal by its id or the beginning of it.
    pub(crate) fn find(&self, text: &str) -> anyhow::Result<ProposalId> {
        if text.len() < ID_DIGITS_MIN {
            bail!("{text:?} is too short; give at least {ID_DIGITS_MIN} digits of the proposal's id");
        }
        let open: Vec<ProposalId> = self.governance.open().map(|open| open.id).collect();
        let closed = self.governance.closed().map(|closed| closed.id);
        let all = open.into_iter().chain(closed);
        let mut found = all.filter(|id| id.to_string().starts_with(text));
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id),
            (Some(_), Some(_)) => bail!("several proposals begin with {text}; write more of the id"),
            (None, _) => bail!(
                "no proposal that is open, or was closed of late, begins with {text:?}; \
                 `sanad governance list` shows them"
            ),
        }
    }

    /// How long a block took of late, in milliseconds; on a chain that has just begun, the heartbeat.
    pub(crate) async fn block_interval_ms(&self) -> anyhow::Result<u64> {
        let head = &self.proof.header;
        let span = head.height.0.saturating_sub(1).min(INTERVAL_BLOCKS_MAX);
        if span < INTERVAL_BLOCKS_MIN {
            return Ok(u64::from(self.proof.parameters.heartbeat_ms));
        }
        let asked = self.remote.client().header(Height(head.height.0 - span)).await;
        let FinalHeader { header: older, .. } = self.remote.told(asked)?;
        Ok((head.time_ms.saturating_sub(older.time_ms) / span).max(1))
    }

    /// The header of a height, proved.
    pub(crate) async fn header(&self, height: Height) -> anyhow::Result<BlockHeader> {
        let asked = self.remote.client().history_proof(height, ProofForm::SelfContained).await;
        let proof = self.remote.told(asked)?;
        if let Err(fault) = proof.verify(self.trust.anchor()) {
            bail!("{} does not prove block {height}: {}", self.remote.url(), explain(&fault));
        }
        Ok(proof.header)
    }

    /// The first height whose header is so, proved; `None` if the head's is not. Requires that once a header is so, all
    /// later ones are.
    pub(crate) async fn first_height(
        &self,
        is_so: impl Fn(&BlockHeader) -> bool,
    ) -> anyhow::Result<Option<BlockHeader>> {
        let head = &self.proof.header;
        if !is_so(head) {
            return Ok(None);
        }
        let (mut below, mut found) = (Height::GENESIS, head.clone());
        while found.height.0 - below.0 > 1 {
            let middle = self.header(Height(below.0 + (found.height.0 - below.0) / 2)).await?;
            match is_so(&middle) {
                true => found = middle,
                false => below = middle.height,
            }
        }
        Ok(Some(found))
    }
}

async fn prove(remote: &Remote, trust: &Trust) -> anyhow::Result<(GovernanceProof, ValidatorSet)> {
    let asked = remote.ask(|| remote.client().governance(ProofForm::SelfContained)).await;
    let proof = remote.told(asked)?;
    if let Err(fault) = proof.verify(trust.anchor()) {
        bail!("{} does not prove what governance holds: {}", remote.url(), explain(&fault));
    }
    let validators = trust.anchor().deciders(&proof.header, &proof.finality);
    Ok((proof, validators.context("the proof does not say who the validators are; a newer trust file does")?))
}

/// Fewest digits by which a proposal is named: fewer are mistyped too easily.
const ID_DIGITS_MIN: usize = 6;
/// Most blocks over which the time of one is averaged.
const INTERVAL_BLOCKS_MAX: u64 = 1000;
/// Fewest blocks over which it is: the first ones come in quick succession, and say nothing of the weeks to come.
const INTERVAL_BLOCKS_MIN: u64 = 100;
