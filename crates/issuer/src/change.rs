//! Changing the status of credentials: revoke, suspend, reinstate.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use sanad_api::{CredentialKey, ErrorCode};
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::event::{Event, EventKind};
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::status::CredentialStatus;
use serde::Serialize;

use crate::chain::{Chain, ChainError};
use crate::issuer::Issuer;
use crate::notice::{Observer, Step};
use crate::random::{NoRandomness, shuffle};
use crate::submission::{SubmissionError, enter};

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Void for ever.
    Revoke,
    /// Void for now.
    Suspend,
    /// Not suspended any more.
    Reinstate,
}

impl Change {
    /// The command of this name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
        }
    }

    /// Whether nothing undoes it.
    pub fn is_final(self) -> bool {
        self == Self::Revoke
    }

    fn event(self, target: LogIndex) -> Event {
        match self {
            Self::Revoke => Event::Revoke { target },
            Self::Suspend => Event::Suspend { target },
            Self::Reinstate => Event::Reinstate { target },
        }
    }

    /// Whether a credential of this status is as the change would make it.
    fn is_done(self, status: CredentialStatus) -> bool {
        use CredentialStatus::{Active, Confirmed, Disputed, Revoked, Suspended};
        match (self, status) {
            (Self::Revoke, Revoked) | (Self::Suspend, Suspended) => true,
            (Self::Reinstate, Active | Confirmed | Disputed) => true,
            (Self::Revoke, Active | Confirmed | Suspended | Disputed) => false,
            (Self::Suspend, Active | Confirmed | Disputed | Revoked) => false,
            (Self::Reinstate, Suspended | Revoked) => false,
        }
    }
}

/// A credential to change.
#[derive(Clone, Debug)]
pub struct ChangeTarget {
    /// What people call it: a file, an index.
    pub name: String,
    /// What the ledger knows it by.
    pub key: CredentialKey,
}

/// What was changed.
#[derive(Debug, Serialize)]
pub struct ChangeReport {
    /// The change.
    pub change: Change,
    /// The batches that were entered, in order.
    pub batches: Vec<ChangeBatch>,
    /// The credentials, in the order of the log.
    pub credentials: Vec<ChangedCredential>,
}

/// A batch of changes in the log.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeBatch {
    /// The batch.
    pub batch_id: BatchId,
    /// Its block.
    pub height: Height,
    /// How many credentials it changed.
    pub changes: usize,
}

/// A credential and its status.
#[derive(Clone, Debug, Serialize)]
pub struct ChangedCredential {
    /// What it was called.
    pub target: String,
    /// The place of its issuance.
    pub log_index: LogIndex,
    /// Its status as proved, after the change.
    pub status: CredentialStatus,
    /// The block that proves it.
    pub as_of: Height,
    /// Whether it was so before, and nothing was entered for it.
    pub already: bool,
}

/// A credential that cannot be changed so.
#[derive(Debug)]
pub struct ChangeFault {
    /// What it is called.
    pub name: String,
    /// Why.
    pub reason: ChangeFaultReason,
}

/// Why a credential cannot be changed.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeFaultReason {
    /// The ledger has no such credential.
    Unknown,
    /// The entry at its index issues nothing.
    NotAnIssuance(EventKind),
    /// Another member issued it.
    AnotherIssuer(MemberId),
    /// Its status does not allow it.
    Status(CredentialStatus),
}

/// Why credentials are not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Some of them cannot be: nothing was changed.
    #[error("{}", Faults(*change, faults))]
    Impossible {
        /// The change.
        change: Change,
        /// Those that cannot be changed.
        faults: Vec<ChangeFault>,
    },
    /// The node gives no proof.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A batch is not entered.
    #[error("{}", outcome(source, *changed))]
    Submission {
        /// How many credentials batches before it changed.
        changed: usize,
        /// Why.
        source: SubmissionError,
    },
    /// The node proves an older block than that of the change.
    #[error("the change is final at block {entered}, but the node proves block {proved}; ask another node")]
    Behind {
        /// The block of the change.
        entered: Height,
        /// The block that the node proves.
        proved: Height,
    },
    /// There is no randomness to order a batch with.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Credentials whose status was asked for, and what there is to do with them.
#[derive(Debug)]
pub struct ChangePlan {
    change: Change,
    issuer: MemberId,
    /// By log index, so that what was named twice is changed once: what it is called.
    to_change: BTreeMap<LogIndex, String>,
    done: Vec<ChangedCredential>,
}

impl ChangePlan {
    /// Asks for the status of each credential. Those that are already so are done.
    ///
    /// # Errors
    /// [`ChangeError::Impossible`] names every credential that cannot be changed by this issuer.
    pub async fn new(
        chain: &Chain,
        change: Change,
        issuer: &MemberId,
        targets: &[ChangeTarget],
        observer: &dyn Observer,
    ) -> Result<Self, ChangeError> {
        let mut plan = Self { change, issuer: issuer.clone(), to_change: BTreeMap::new(), done: Vec::new() };
        plan.sort_out(chain, targets, observer).await?;
        Ok(plan)
    }

    /// How many credentials there are to change.
    pub fn len(&self) -> usize {
        self.to_change.len()
    }

    /// Whether all are already so.
    pub fn is_empty(&self) -> bool {
        self.to_change.is_empty()
    }

    /// What is known without entering anything.
    pub fn into_report(self) -> ChangeReport {
        ChangeReport { change: self.change, batches: Vec::new(), credentials: self.done }
    }

    /// Enters the changes, in batches of at most [`BATCH_EVENTS_MAX`]; each is entered whole or not at all.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn enter(
        mut self,
        chain: &Chain,
        issuer: &Issuer,
        wait: Duration,
        observer: &dyn Observer,
    ) -> Result<ChangeReport, ChangeError> {
        let mut batches: Vec<ChangeBatch> = Vec::new();
        let (total, mut changed, mut tries) = (self.len(), 0, 0);
        while !self.to_change.is_empty() {
            observer.progress(Step::Changing, changed, total);
            let next: Vec<LogIndex> = self.to_change.keys().take(BATCH_EVENTS_MAX).copied().collect();
            let mut events: Vec<Event> = next.iter().map(|index| self.change.event(*index)).collect();
            shuffle(&mut events)?;
            match enter(chain, issuer, &events, wait, observer, |_| Ok(())).await {
                Ok((batch, place)) => {
                    let names = next.iter().map(|index| (*index, self.to_change.remove(index)));
                    let names: Vec<_> = names.collect();
                    for (index, name) in names {
                        let name = name.unwrap_or_default();
                        self.done.push(prove(chain, index, name, place.height).await?);
                    }
                    changed += next.len();
                    let changes = next.len();
                    batches.push(ChangeBatch { batch_id: batch.id(), height: place.height, changes });
                }
                // Another program was faster with some of them: their status says which.
                Err(SubmissionError::Refused { code: ErrorCode::StatusConflict, .. })
                    if tries < TRIES_MAX =>
                {
                    tries += 1;
                    let targets: Vec<ChangeTarget> = std::mem::take(&mut self.to_change)
                        .into_iter()
                        .map(|(index, name)| ChangeTarget { name, key: CredentialKey::Index(index) })
                        .collect();
                    self.sort_out(chain, &targets, &()).await?;
                }
                Err(source) => return Err(ChangeError::Submission { changed, source }),
            }
        }
        observer.progress(Step::Changing, changed, total);
        self.done.sort_by_key(|credential| credential.log_index);
        Ok(ChangeReport { change: self.change, batches, credentials: self.done })
    }

    async fn sort_out(
        &mut self,
        chain: &Chain,
        targets: &[ChangeTarget],
        observer: &dyn Observer,
    ) -> Result<(), ChangeError> {
        let mut faults = Vec::new();
        for (asked, ChangeTarget { name, key }) in targets.iter().enumerate() {
            observer.progress(Step::Asking, asked, targets.len());
            let name = name.clone();
            let (proof, proven) = match chain.proven_status(key).await {
                Ok(answer) => answer,
                Err(error) if error.is_missing() => {
                    faults.push(ChangeFault { name, reason: ChangeFaultReason::Unknown });
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let reason = match EventKind::from(&proof.entry.event) {
                EventKind::Issue if proof.entry.issuer != self.issuer => {
                    Some(ChangeFaultReason::AnotherIssuer(proof.entry.issuer.clone()))
                }
                EventKind::Issue if self.change.is_done(proven.status) => {
                    if !self.done.iter().any(|done| done.log_index == proof.index) {
                        self.done.push(ChangedCredential {
                            target: name,
                            log_index: proof.index,
                            status: proven.status,
                            as_of: proven.height,
                            already: true,
                        });
                    }
                    continue;
                }
                EventKind::Issue if proven.status == CredentialStatus::Revoked => {
                    Some(ChangeFaultReason::Status(proven.status))
                }
                EventKind::Issue => None,
                kind => Some(ChangeFaultReason::NotAnIssuance(kind)),
            };
            match reason {
                Some(reason) => faults.push(ChangeFault { name, reason }),
                None => drop(self.to_change.entry(proof.index).or_insert(name)),
            }
        }
        observer.progress(Step::Asking, targets.len(), targets.len());
        if faults.is_empty() { Ok(()) } else { Err(ChangeError::Impossible { change: self.change, faults }) }
    }
}

async fn prove(
    chain: &Chain,
    log_index: LogIndex,
    target: String,
    entered: Height,
) -> Result<ChangedCredential, ChangeError> {
    let (_, proven) = chain.proven_status(&CredentialKey::Index(log_index)).await?;
    if proven.height < entered {
        return Err(ChangeError::Behind { entered, proved: proven.height });
    }
    let (status, as_of) = (proven.status, proven.height);
    Ok(ChangedCredential { target, log_index, status, as_of, already: false })
}

/// Faults in the words of people.
struct Faults<'a>(Change, &'a [ChangeFault]);

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(change, faults) = self;
        write!(f, "{} of the credentials cannot be changed, so nothing was changed:", faults.len())?;
        for ChangeFault { name, reason } in faults.iter().take(FAULTS_SHOWN_MAX) {
            write!(f, "\n{name}: ")?;
            match reason {
                ChangeFaultReason::Unknown => {
                    f.write_str("the ledger has no such credential; check the name, or ask another node")?;
                }
                ChangeFaultReason::NotAnIssuance(kind) => write!(
                    f,
                    "the entry at this index is a \"{}\"; give the index of the issuance",
                    kind.as_str()
                )?,
                ChangeFaultReason::AnotherIssuer(issuer) => {
                    write!(f, "it was issued by {issuer}, who alone may change it")?;
                }
                ChangeFaultReason::Status(status) => {
                    write!(
                        f,
                        "it is {status}, which is final: `sanad {}` cannot change it",
                        change.as_str()
                    )?;
                }
            }
        }
        match faults.len().saturating_sub(FAULTS_SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, "\n... and {more} more"),
        }
    }
}

/// What became of the credentials of a batch that failed.
fn outcome(error: &SubmissionError, changed: usize) -> String {
    let this = match error {
        SubmissionError::Open(_) => {
            "the change may come into force yet; ask `sanad status` before trying again"
        }
        SubmissionError::Failed(_) => "it is open whether anything was changed; ask `sanad status`",
        _ => "nothing was changed",
    };
    match changed {
        0 => this.to_owned(),
        changed => format!("{changed} credentials were changed; of the others, {this}"),
    }
}

/// How often a batch is put together anew when other programs change the same credentials.
const TRIES_MAX: u32 = 3;
/// Most faults that are written out.
const FAULTS_SHOWN_MAX: usize = 10;
