//! Every entry that concerns a member.

use sanad_core::ids::{LogIndex, LogSize, MemberId};
use sanad_core::proof::EntryRun;

use super::timed::TimedStream;
use super::{Client, ClientError, asked};
use crate::convert::{WireError, required};
use crate::proofs::{MemberDetails, ProofForm};
use crate::wire;
use crate::wire::GetCompletenessResponse;
use crate::wire::get_completeness_response::Part;

impl Client {
    /// Every entry that concerns a member, as of the node's last block. Not verified: see
    /// [`CompletenessVerifier`](sanad_core::proof::CompletenessVerifier).
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` if there is no such member.
    pub async fn completeness(
        &self,
        member: &MemberId,
        form: ProofForm,
    ) -> Result<CompletenessStream, ClientError> {
        let form = wire::ProofForm::from(form).into();
        let request = wire::GetCompletenessRequest { member_id: member.to_string(), form, resume: None };
        let mut stream = self.timed_stream(self.ledger().get_completeness(self.request(request))).await?;
        let part = stream.message().await?.and_then(|message| message.part);
        let Part::Head(head) = required("part", part)? else {
            return Err(WireError::Missing { field: "head" }.into());
        };
        let head = MemberDetails::try_from(head)?;
        asked("head.member.id", member, &head.proof.member.record.id)?;
        let size = head.proof.header.log_size;
        Ok(CompletenessStream { head, runs: EntryRunStream { stream, next: LogIndex(0), size } })
    }

    /// Continues a stream of [`Client::completeness`] that broke off: the entries from `from` on, which is
    /// [`EntryRunStream::next_index`], in the log of `size` entries, which is that of the head's header.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn completeness_from(
        &self,
        member: &MemberId,
        from: LogIndex,
        size: LogSize,
    ) -> Result<EntryRunStream, ClientError> {
        let resume = wire::CompletenessResume { from_index: from.0, log_size: size.0 };
        let member_id = member.to_string();
        let request = wire::GetCompletenessRequest { member_id, form: 0, resume: Some(resume) };
        let stream = self.timed_stream(self.ledger().get_completeness(self.request(request))).await?;
        Ok(EntryRunStream { stream, next: from, size })
    }
}

/// A completeness proof: its head, and the entries that follow.
#[derive(Debug)]
pub struct CompletenessStream {
    /// The member; [`MemberDetails::completeness`] makes it the head of the proof.
    pub head: MemberDetails,
    /// The entries.
    pub runs: EntryRunStream,
}

/// Entries that concern a member, in the order of the log.
#[derive(Debug)]
pub struct EntryRunStream {
    stream: TimedStream<GetCompletenessResponse>,
    next: LogIndex,
    size: LogSize,
}

impl EntryRunStream {
    /// Log index after the last entry received: where to continue after an error.
    pub fn next_index(&self) -> LogIndex {
        self.next
    }

    /// The next run; `None` once the node has sent all it has. Whether that is everything, the verifier tells.
    ///
    /// # Errors
    /// [`ClientError`]; the stream is over then. After a retryable error, continue with
    /// [`Client::completeness_from`].
    pub async fn next(&mut self) -> Result<Option<EntryRun>, ClientError> {
        let Some(message) = self.stream.message().await? else {
            return Ok(None);
        };
        let Part::Run(run) = required("part", message.part)? else {
            return Err(WireError::NotAsked { field: "head" }.into());
        };
        let run = EntryRun::try_from(run)?;
        let (first, count) = (run.first_index.0, run.entries.len() as u64);
        if first < self.next.0 {
            let (expected, actual) = (self.next.0, first);
            return Err(WireError::OutOfOrder { field: "run.first_index", expected, actual }.into());
        }
        let end = first.saturating_add(count);
        if end > self.size.0 {
            return Err(WireError::NotAsked { field: "run.first_index" }.into());
        }
        self.next = LogIndex(end);
        Ok(Some(run))
    }
}
