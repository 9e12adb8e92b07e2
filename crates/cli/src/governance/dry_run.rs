//! Refuses what the ledger would refuse before anything is signed: by the ledger's own rules where they need no state,
//! and by what the node proves of members and governance. The ledger has the last word.

use anyhow::bail;
use sanad_core::event::Event;
use sanad_core::governance::{Change, GovernanceError};
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::member::{IssuerId, MemberRecord, MemberState};

use super::Session;

/// Checks events that `actor` is to enter in the next block.
pub(super) async fn check(session: &Session, actor: &MemberState, events: &[Event]) -> anyhow::Result<()> {
    let (id, head) = (&actor.record().id, &session.proof.header);
    for event in events {
        event.check_governance(&session.trust.anchor().chain_id, id, head.height.next())?;
        match event {
            Event::Propose(proposal) => {
                check_voter(session, id)?;
                check_change(session, &proposal.change).await?;
            }
            Event::Approve { proposal } | Event::Withdraw { proposal } => {
                check_voter(session, id)?;
                let open = session.governance.proposal(proposal);
                if let (Event::Approve { .. }, Some(open)) = (event, open) {
                    check_version(session, &open.proposal.change)?;
                }
                let approves = open.is_some_and(|open| open.approvals.contains(id));
                match (event, approves) {
                    (Event::Approve { .. }, true) => {
                        return Err(GovernanceError::AlreadyApproved { member: id.clone() }.into());
                    }
                    (Event::Withdraw { .. }, false) => {
                        return Err(GovernanceError::NotApproved { member: id.clone() }.into());
                    }
                    _ => {}
                }
            }
            Event::SetAddresses { addresses } if *addresses == actor.rest().addresses => {
                return Err(GovernanceError::NoChange.into());
            }
            Event::DropIssuerId { issuer_id } if !has_issuer_id(actor.record(), issuer_id) => {
                let (member, issuer_id) = (id.clone(), issuer_id.clone());
                return Err(GovernanceError::NotItsIssuerId { member, issuer_id }.into());
            }
            _ => check_target(event, LogIndex(head.log_size.0))?,
        }
    }
    Ok(())
}

fn check_voter(session: &Session, id: &MemberId) -> Result<(), GovernanceError> {
    match session.validators.validators().iter().any(|validator| validator.member == *id) {
        true => Ok(()),
        false => Err(GovernanceError::NotAValidator { member: id.clone() }),
    }
}

/// The ledger takes any later version, and a chain whose programs do not know it stands for good.
fn check_version(session: &Session, change: &Change) -> anyhow::Result<()> {
    let known = session.trust.genesis().known_versions();
    match change {
        Change::ActivateProtocol { protocol, .. } if !known.contains(protocol) => bail!(
            "this program does not know the protocol version {protocol}, and nodes that do not know it stop when it comes into \
             force; use the release that brings it"
        ),
        _ => Ok(()),
    }
}

async fn check_change(session: &Session, change: &Change) -> anyhow::Result<()> {
    check_version(session, change)?;
    let parameters = &session.proof.parameters;
    match change {
        Change::Admit(admission) => {
            let id = &admission.member.id;
            if session.find_member(id).await?.is_some() {
                return Err(GovernanceError::AlreadyAMember { member: id.clone() }.into());
            }
            check_issuer_ids(session, &admission.member.issuer_ids).await
        }
        Change::AddIssuerId { member, issuer_id } => {
            known(session, member).await?;
            check_issuer_ids(session, std::slice::from_ref(issuer_id)).await
        }
        Change::NameSuccessor { member, successor } => {
            known(session, member).await?;
            known(session, successor).await
        }
        Change::SetValidators { validators, .. } => {
            for id in validators {
                known(session, id).await?;
            }
            Ok(())
        }
        Change::SetParameters { block_bytes_max, heartbeat_ms } => {
            match (*block_bytes_max, *heartbeat_ms) == (parameters.block_bytes_max, parameters.heartbeat_ms) {
                true => Err(GovernanceError::NoChange.into()),
                false => Ok(()),
            }
        }
        Change::ActivateProtocol { protocol, .. } => {
            let current = parameters.protocol;
            match *protocol <= current || parameters.next_protocol.is_some() {
                true => Err(GovernanceError::Protocol { current, actual: *protocol }.into()),
                false => Ok(()),
            }
        }
        other => match other.member() {
            Some(member) => known(session, &member).await,
            None => Ok(()),
        },
    }
}

async fn known(session: &Session, id: &MemberId) -> anyhow::Result<()> {
    match session.find_member(id).await? {
        Some(_) => Ok(()),
        None => Err(GovernanceError::UnknownMember { member: id.clone() }.into()),
    }
}

/// The list of members is not proved: a node that lies about it can only make this program refuse.
async fn check_issuer_ids(session: &Session, issuer_ids: &[IssuerId]) -> anyhow::Result<()> {
    if issuer_ids.is_empty() {
        return Ok(());
    }
    let members = session.remote.told(session.remote.client().members().await)?;
    for issuer_id in issuer_ids {
        if let Some(holder) = members.iter().find(|member| has_issuer_id(member.record(), issuer_id)) {
            let (issuer_id, holder) = (issuer_id.clone(), holder.record().id.clone());
            return Err(GovernanceError::IssuerIdInUse { issuer_id, holder }.into());
        }
    }
    Ok(())
}

fn has_issuer_id(record: &MemberRecord, issuer_id: &IssuerId) -> bool {
    record.issuer_ids.iter().any(|term| term.until.is_none() && term.id == *issuer_id)
}

fn check_target(event: &Event, end: LogIndex) -> anyhow::Result<()> {
    match event.target() {
        Some(target) if target >= end => {
            bail!("log index {target} is not in the log, which ends before {end}")
        }
        _ => Ok(()),
    }
}
