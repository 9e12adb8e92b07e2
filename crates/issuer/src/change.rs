//! Changing the status of credentials: revoke, suspend, reinstate.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use sanad_api::{CredentialKey, ErrorCode, FinalBatch};
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::event::{Event, EventKind};
use sanad_core::execution::REVOCATIONS_A_DAY_MAX;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::DailyCount;
use sanad_core::proof::StatusProof;
use sanad_core::status::CredentialStatus;
use sanad_core::utc::Utc;
use serde::Serialize;

use crate::chain::{Chain, ChainError};
use crate::documents::ListLine;
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

/// What is done where an issuer has more to revoke than the ledger takes today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Nothing is revoked: [`ChangeError::TooMany`].
    Refused,
    /// The first ones are revoked, as many as fit, in the order in which they were given; the others are
    /// [left](ChangeReport::left).
    Left,
}

/// A credential to change.
#[derive(Clone, Debug)]
pub struct ChangeTarget {
    /// What people call it: a file, an index.
    pub name: String,
    /// The line of a list that names it.
    pub listed: Option<ListLine>,
    /// What the ledger knows it by.
    pub key: CredentialKey,
}

/// What was changed.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeReport {
    /// The change.
    pub change: Change,
    /// The batches that were entered, in order.
    pub batches: Vec<ChangeBatch>,
    /// The credentials, in the order of the log.
    pub credentials: Vec<ChangedCredential>,
    /// Those that are beyond the limit of a day, and unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<ChangesLeft>,
}

/// Credentials that are not revoked yet, since the ledger takes no more revocations of their issuer today.
#[derive(Clone, Debug, Serialize)]
pub struct ChangesLeft {
    /// How many a day the ledger takes.
    pub limit: u32,
    /// When the ledger's next day begins, in milliseconds since 1970-01-01 UTC. The first block from then on is of the old day
    /// still; the next one takes revocations again.
    pub next_day_ms: u64,
    /// The credentials, in the order in which they were given.
    pub credentials: Vec<CredentialLeft>,
}

/// A credential that is not revoked yet.
#[derive(Clone, Debug, Serialize)]
pub struct CredentialLeft {
    /// What it was called.
    pub target: String,
    /// The place of its issuance.
    pub log_index: LogIndex,
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
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub as_of_ms: u64,
    /// Whether it was so before, and nothing was entered for it.
    pub already: bool,
}

/// A credential that cannot be changed so.
#[derive(Debug)]
pub struct ChangeFault {
    /// What it is called.
    pub name: String,
    /// The line of a list that names it.
    pub listed: Option<ListLine>,
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
    /// It is revoked, which this change cannot undo.
    Final(Change),
    /// It is said to be so already, but by a node that is behind: it may be otherwise by now.
    Old {
        /// The node's last block.
        as_of: Height,
        /// Its age by this machine's clock, in seconds.
        age_seconds: u64,
    },
}

/// Why credentials are not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Some of them cannot be: nothing was changed.
    #[error("{}", Faults(faults))]
    Impossible {
        /// Those that cannot be changed.
        faults: Vec<ChangeFault>,
    },
    /// There are more to revoke than the ledger takes today: nothing was revoked.
    #[error("{}", too_many(*total, *fit, *limit, *next_day_ms))]
    TooMany {
        /// How many there are to revoke.
        total: usize,
        /// How many more the ledger takes today.
        fit: usize,
        /// How many a day the ledger takes.
        limit: u32,
        /// When the ledger's next day begins, in milliseconds since 1970-01-01 UTC.
        next_day_ms: u64,
    },
    /// It is not known how many more the ledger takes today.
    #[error("it is not known how many more credentials can be revoked today, so nothing more was changed")]
    NoRoomKnown(#[source] ChainError),
    /// The statuses are not known.
    #[error(
        "only {asked} of {total} credentials could be asked for their status, so nothing more was changed"
    )]
    NotAsked {
        /// How many answers there are.
        asked: usize,
        /// How many credentials there are.
        total: usize,
        /// Why there are no more.
        source: ChainError,
    },
    /// A batch is entered, and its changes are not proved.
    #[error(
        "the change of {changes} credentials is entered in block {height}, but not proved; ask `sanad status`"
    )]
    NotProved {
        /// The block.
        height: Height,
        /// How many credentials it changes.
        changes: usize,
        /// Why there is no proof.
        source: ChainError,
    },
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
    /// How old a node's word may be that something is so already.
    age_max: Duration,
    excess: Excess,
    /// By log index, so that what was named twice is changed once.
    to_change: BTreeMap<LogIndex, Named>,
    done: BTreeMap<LogIndex, ChangedCredential>,
    left: Option<ChangesLeft>,
}

/// A credential to change, as it was given.
#[derive(Debug)]
struct Named {
    /// Its place among all that were given.
    place: usize,
    name: String,
    listed: Option<ListLine>,
}

/// How many revocations of an issuing key the ledger still takes.
struct Room {
    fit: usize,
    next_day_ms: u64,
}

impl ChangePlan {
    /// Asks for the status of each credential, many at once. Those that are already so are done.
    ///
    /// # Errors
    /// [`ChangeError::Impossible`] names every credential that cannot be changed by this issuer; [`ChangeError::TooMany`].
    pub async fn new(
        chain: &Chain,
        change: Change,
        issuer: &MemberId,
        targets: &[ChangeTarget],
        excess: Excess,
        observer: &dyn Observer,
    ) -> Result<Self, ChangeError> {
        let (to_change, done) = (BTreeMap::new(), BTreeMap::new());
        let age_max = match change.is_final() {
            // However old the word of it is.
            true => Duration::MAX,
            false => chain.head_age_max().await.map_err(|source| {
                let total = targets.len();
                ChangeError::NotAsked { asked: 0, total, source }
            })?,
        };
        let mut plan = Self { change, issuer: issuer.clone(), age_max, excess, to_change, done, left: None };
        plan.sort_out(chain, targets, observer).await?;
        plan.fit(chain).await?;
        Ok(plan)
    }

    /// How many credentials there are to change.
    pub fn len(&self) -> usize {
        self.to_change.len()
    }

    /// Those that are left for another day.
    pub fn left(&self) -> Option<&ChangesLeft> {
        self.left.as_ref()
    }

    /// Whether there is nothing to change: all are already so, or left for another day.
    pub fn is_empty(&self) -> bool {
        self.to_change.is_empty()
    }

    /// What is known without entering anything.
    pub fn report(&self) -> ChangeReport {
        let credentials = self.done.values().cloned().collect();
        ChangeReport { change: self.change, batches: Vec::new(), credentials, left: self.left.clone() }
    }

    /// Enters the changes, in batches of at most [`BATCH_EVENTS_MAX`]; each is entered whole or not at all. Revocations are one
    /// batch: [`REVOCATIONS_A_DAY_MAX`] are fewer.
    ///
    /// `report` has what was changed, also after an error.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn enter(
        mut self,
        chain: &Chain,
        issuer: &Issuer,
        wait: Duration,
        observer: &dyn Observer,
        report: &mut ChangeReport,
    ) -> Result<(), ChangeError> {
        let entered = self.enter_all(chain, issuer, wait, observer, &mut report.batches).await;
        report.credentials = self.done.into_values().collect();
        report.left = self.left;
        entered
    }

    async fn enter_all(
        &mut self,
        chain: &Chain,
        issuer: &Issuer,
        wait: Duration,
        observer: &dyn Observer,
        batches: &mut Vec<ChangeBatch>,
    ) -> Result<(), ChangeError> {
        let (mut total, mut changed, mut tries) = (self.len(), 0, 0);
        while !self.to_change.is_empty() {
            observer.progress(Step::Changing, changed, total);
            let next: Vec<LogIndex> = self.to_change.keys().take(BATCH_EVENTS_MAX).copied().collect();
            let mut events: Vec<Event> = next.iter().map(|index| self.change.event(*index)).collect();
            shuffle(&mut events)?;
            match enter(chain, issuer, &events, wait, observer, |_| Ok(())).await {
                Ok((batch, FinalBatch { height, .. })) => {
                    changed += next.len();
                    batches.push(ChangeBatch { batch_id: batch.id(), height, changes: next.len() });
                    self.prove(chain, &next, height).await?;
                }
                // Another program was faster with some of them: their status says which.
                Err(SubmissionError::Refused { code: ErrorCode::StatusConflict, .. })
                    if tries < TRIES_MAX =>
                {
                    tries += 1;
                    let mut named: Vec<_> = std::mem::take(&mut self.to_change).into_iter().collect();
                    named.sort_by_key(|(_, named)| named.place);
                    let targets = named.into_iter().map(|(index, Named { name, listed, .. })| ChangeTarget {
                        name,
                        listed,
                        key: CredentialKey::Index(index),
                    });
                    self.sort_out(chain, &targets.collect::<Vec<_>>(), &()).await?;
                }
                // Another program has revoked in the meantime.
                Err(SubmissionError::Refused { code: ErrorCode::RevocationLimit, .. })
                    if tries < TRIES_MAX =>
                {
                    tries += 1;
                    let before = self.len();
                    self.fit(chain).await?;
                    total -= before - self.len();
                }
                Err(source) => return Err(ChangeError::Submission { changed, source }),
            }
        }
        observer.progress(Step::Changing, changed, total);
        Ok(())
    }

    /// Refuses, or leaves for another day, what the ledger takes no more today.
    async fn fit(&mut self, chain: &Chain) -> Result<(), ChangeError> {
        if self.change != Change::Revoke || self.to_change.is_empty() {
            return Ok(());
        }
        let Room { fit, next_day_ms } = room(chain, &self.issuer).await.map_err(ChangeError::NoRoomKnown)?;
        let (total, limit) = (self.to_change.len(), REVOCATIONS_A_DAY_MAX);
        if total <= fit {
            return Ok(());
        }
        if self.excess == Excess::Refused {
            return Err(ChangeError::TooMany { total, fit, limit, next_day_ms });
        }
        let mut named: Vec<(usize, LogIndex)> =
            self.to_change.iter().map(|(index, named)| (named.place, *index)).collect();
        named.sort_unstable();
        let mut credentials = Vec::with_capacity(total - fit);
        for (_, log_index) in named.split_off(fit) {
            let named = self.to_change.remove(&log_index);
            credentials.extend(named.map(|named| CredentialLeft { target: named.name, log_index }));
        }
        // Those that were left before come after them.
        credentials.extend(self.left.take().into_iter().flat_map(|left| left.credentials));
        self.left = Some(ChangesLeft { limit, next_day_ms, credentials });
        Ok(())
    }

    /// Has the node prove what became of the credentials of a batch.
    async fn prove(
        &mut self,
        chain: &Chain,
        changed: &[LogIndex],
        entered: Height,
    ) -> Result<(), ChangeError> {
        let keys: Vec<_> = changed.iter().copied().map(CredentialKey::Index).collect();
        let mut behind = None;
        let take = |answer: Option<(StatusProof, CredentialStatus)>| {
            let Some((proof, status)) = answer else { return };
            if proof.header.height < entered {
                behind = Some(proof.header.height);
                return;
            }
            let (log_index, as_of) = (proof.index, proof.header.height);
            let Some(Named { name: target, .. }) = self.to_change.remove(&log_index) else { return };
            let as_of_ms = proof.header.time_ms;
            let changed = ChangedCredential { target, log_index, status, as_of, as_of_ms, already: false };
            self.done.insert(log_index, changed);
        };
        let height = entered;
        let failed = |source| ChangeError::NotProved { height, changes: changed.len(), source };
        chain.statuses(&keys, take).await.map_err(failed)?;
        match behind {
            Some(proved) => Err(ChangeError::Behind { entered, proved }),
            // A node that has not these entries is behind, too.
            None if changed.iter().any(|index| self.to_change.contains_key(index)) => {
                Err(ChangeError::Behind { entered, proved: Height::GENESIS })
            }
            None => Ok(()),
        }
    }

    async fn sort_out(
        &mut self,
        chain: &Chain,
        targets: &[ChangeTarget],
        observer: &dyn Observer,
    ) -> Result<(), ChangeError> {
        let keys: Vec<CredentialKey> = targets.iter().map(|target| target.key.clone()).collect();
        let (mut asked, total, mut faults) = (0, targets.len(), Vec::new());
        observer.progress(Step::Asking, asked, total);
        let take = |answer: Option<(StatusProof, CredentialStatus)>| {
            let ChangeTarget { name, listed, .. } = targets[asked].clone();
            let named = Named { place: asked, name: name.clone(), listed: listed.clone() };
            asked += 1;
            observer.progress(Step::Asking, asked, total);
            if let Err(reason) = self.sort_in(named, answer) {
                faults.push(ChangeFault { name, listed, reason });
            }
        };
        let answered = chain.statuses(&keys, take).await;
        answered.map_err(|source| ChangeError::NotAsked { asked, total, source })?;
        if faults.is_empty() { Ok(()) } else { Err(ChangeError::Impossible { faults }) }
    }

    /// Notes a credential as done or to change, by its status.
    fn sort_in(
        &mut self,
        named: Named,
        answer: Option<(StatusProof, CredentialStatus)>,
    ) -> Result<(), ChangeFaultReason> {
        let (proof, status) = answer.ok_or(ChangeFaultReason::Unknown)?;
        let (log_index, as_of) = (proof.index, proof.header.height);
        match EventKind::from(&proof.entry.event) {
            EventKind::Issue if proof.entry.issuer != self.issuer => {
                Err(ChangeFaultReason::AnotherIssuer(proof.entry.issuer))
            }
            EventKind::Issue if self.change.is_done(status) => {
                let as_of_ms = proof.header.time_ms;
                let age = age_of(as_of_ms);
                // What is final is so now, however old the answer is.
                if age > self.age_max {
                    return Err(ChangeFaultReason::Old { as_of, age_seconds: age.as_secs() });
                }
                let target = named.name;
                let done = ChangedCredential { target, log_index, status, as_of, as_of_ms, already: true };
                self.done.entry(log_index).or_insert(done);
                Ok(())
            }
            EventKind::Issue if status == CredentialStatus::Revoked => {
                Err(ChangeFaultReason::Final(self.change))
            }
            EventKind::Issue => {
                self.to_change.entry(log_index).or_insert(named);
                Ok(())
            }
            kind => Err(ChangeFaultReason::NotAnIssuance(kind)),
        }
    }
}

/// How many revocations an issuing key has left by the last block, whose day counts for the next one.
async fn room(chain: &Chain, issuer: &MemberId) -> Result<Room, ChainError> {
    let (member, head_ms) = chain.member_as_of(issuer).await?;
    let (today, revoked) = (DailyCount::day_of(head_ms), member.rest().revoked);
    let count = if revoked.day == today { revoked.count } else { 0 };
    let fit = REVOCATIONS_A_DAY_MAX.saturating_sub(count) as usize;
    Ok(Room { fit, next_day_ms: DailyCount::begin_ms(today.saturating_add(1)) })
}

fn too_many(total: usize, fit: usize, limit: u32, next_day_ms: u64) -> String {
    let fitting = match fit {
        0 => "none of them fits today",
        _ => &format!("{fit} of them fit today"),
    };
    format!(
        "{total} credentials are to be revoked, and {fitting}, since an issuing key revokes at most {limit} credentials a day (UTC); \
         nothing was changed. Give --as-many-as-fit to revoke the first ones now and the others from {} on, or revoke \
         them all today with the governance keys (`sanad member revoke`)",
        Utc(next_day_ms)
    )
}

/// How long ago a time was, by this machine's clock.
fn age_of(time_ms: u64) -> Duration {
    let then = SystemTime::UNIX_EPOCH + Duration::from_millis(time_ms);
    SystemTime::now().duration_since(then).unwrap_or_default()
}

/// Faults in the words of people: all of them, since each is a line of somebody's list to mend.
struct Faults<'a>(&'a [ChangeFault]);

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(faults) = self;
        write!(f, "{} of the credentials cannot be changed, so nothing was changed:", faults.len())?;
        for ChangeFault { name, listed, reason } in *faults {
            f.write_str("\n")?;
            if let Some(line) = listed {
                write!(f, "{line}: ")?;
            }
            write!(f, "{name}: {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ChangeFaultReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => {
                f.write_str("the ledger has no such credential; check the name, or ask another node")
            }
            Self::NotAnIssuance(kind) => {
                let kind = kind.as_str();
                write!(f, "the entry at this index is a \"{kind}\"; give the index of the issuance")
            }
            Self::AnotherIssuer(issuer) => {
                write!(f, "it was issued by {issuer}, who alone may change it")
            }
            Self::Old { as_of, age_seconds } => {
                write!(
                    f,
                    "it is so already as of block {as_of}, but that block is {age_seconds} seconds old, so the node is \
                     behind, and it may be otherwise by now; ask another node, or check this machine's clock"
                )
            }
            Self::Final(change) => {
                let command = change.as_str();
                write!(f, "it is revoked, which is final: `sanad {command}` cannot change it")
            }
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
