//! Whether a list has every entry that concerns one issuer.

use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::MemberRecord;
use sanad_core::proof::{Complete, CompletenessFault, CompletenessVerifier, EntryRun};
use sanad_core::status::CredentialStatus;
use serde::Serialize;

use crate::fault::Fault;
use crate::part::Part;
use crate::verdict::Verdict;

/// A list while it is checked, run by run.
#[derive(Debug)]
pub struct CompletenessList {
    target: String,
    listed: bool,
    entries: u64,
    issued: Vec<(LogIndex, Commitment)>,
}

impl CompletenessList {
    /// An empty list; `listed` if every credential is to be in the result.
    #[must_use]
    pub fn new(target: &str, listed: bool) -> Self {
        Self { target: target.to_owned(), listed, entries: 0, issued: Vec::new() }
    }

    /// Checks a run of entries, and notes what it issues.
    ///
    /// # Errors
    /// [`CompletenessFault`].
    pub fn add(
        &mut self,
        verifier: &mut CompletenessVerifier,
        next: &EntryRun,
    ) -> Result<(), CompletenessFault> {
        let entries = verifier.add(next)?;
        self.entries += entries.len() as u64;
        let issued = (next.first_index.0..).zip(&entries).filter_map(|(index, entry)| match entry.event {
            Event::Issue { commitment } => Some((LogIndex(index), commitment)),
            _ => None,
        });
        self.issued.extend(issued.filter(|_| self.listed));
        Ok(())
    }

    /// Checks that nothing is missing.
    #[must_use]
    pub fn finish(self, verifier: CompletenessVerifier) -> Completeness {
        match verifier.finish() {
            Ok(complete) => self.complete(complete),
            Err(fault) => self.refused(&fault),
        }
    }

    /// The result where the list proves nothing.
    #[must_use]
    pub fn refused(self, fault: &CompletenessFault) -> Completeness {
        let fault = Fault::from(fault);
        self.failed(fault.verdict(), fault.reason())
    }

    /// The result for a line that is not one of a completeness proof.
    #[must_use]
    pub fn unreadable(self, detail: &str) -> Completeness {
        self.failed(Verdict::Tampered, format!("{}: {detail}", Part::Encoding))
    }

    fn failed(self, verdict: Verdict, reason: String) -> Completeness {
        Completeness {
            target: self.target,
            verdict,
            reason: Some(reason),
            issuer: None,
            entries: self.entries,
            active: 0,
            confirmed: 0,
            suspended: 0,
            disputed: 0,
            revoked: 0,
            as_of: None,
            signers: Vec::new(),
            validators: 0,
            credentials: None,
        }
    }

    fn complete(self, complete: Complete) -> Completeness {
        let mut credentials = Vec::with_capacity(self.issued.len());
        for (index, commitment) in &self.issued {
            let Some(status) = complete.statuses.get(index).copied() else {
                let reason = format!("{}: nothing was proved of log index {index}", Part::Status);
                return self.failed(Verdict::NotProven, reason);
            };
            credentials.push(ListedCredential { index: *index, status, commitment: *commitment });
        }
        Completeness {
            target: self.target,
            verdict: Verdict::Proved,
            reason: None,
            entries: self.entries,
            active: complete.count(CredentialStatus::Active),
            confirmed: complete.count(CredentialStatus::Confirmed),
            suspended: complete.count(CredentialStatus::Suspended),
            disputed: complete.count(CredentialStatus::Disputed),
            revoked: complete.count(CredentialStatus::Revoked),
            as_of: Some(ListAsOf {
                height: complete.height,
                time_ms: complete.time_ms,
                log_size: complete.log_size,
            }),
            credentials: self.listed.then_some(credentials),
            issuer: Some(complete.record),
            signers: complete.basis.signers,
            validators: complete.basis.validators,
        }
    }
}

/// The result of checking a completeness proof.
#[derive(Clone, Debug, Serialize)]
pub struct Completeness {
    /// What was asked about.
    pub target: String,
    /// [`Verdict::Proved`] if the list is all there is of the issuer.
    pub verdict: Verdict,
    /// Why it is not proved to be.
    pub reason: Option<String>,
    /// The issuer's record, if it is proved.
    pub issuer: Option<MemberRecord>,
    /// Entries that were read.
    pub entries: u64,
    /// Credentials by their status; 0 unless the list is proved.
    pub active: u64,
    /// Active, and confirmed by the issuer.
    pub confirmed: u64,
    /// Number of suspended credentials.
    pub suspended: u64,
    /// Number of disputed credentials.
    pub disputed: u64,
    /// Number of revoked credentials.
    pub revoked: u64,
    /// The block, if the list is proved.
    pub as_of: Option<ListAsOf>,
    /// Who signed it,
    pub signers: Vec<MemberId>,
    /// and how many validators there were.
    pub validators: usize,
    /// Every credential, if they were to be listed and the list is proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Vec<ListedCredential>>,
}

/// The block of a list.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ListAsOf {
    /// Height of the block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// Entries of its log.
    pub log_size: LogSize,
}

/// A credential of a list.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ListedCredential {
    /// Its place in the log.
    pub index: LogIndex,
    /// Status as of the block of the list.
    pub status: CredentialStatus,
    /// Commitment that stands for the credential, as 32 bytes in hexadecimal.
    pub commitment: Commitment,
}
