//! When an issuer's credentials were revoked, as the ledger has it.

use std::collections::BTreeMap;

use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::status::CredentialStatus;

use crate::chain::{Chain, ChainError};

/// The revocation of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Its own entry in the log.
    pub entry: LogIndex,
    /// The block of that entry, by the headers that the node has.
    pub height: Height,
    /// The time of the block, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
}

impl Chain {
    /// The revocations of those of an issuer's credentials that are revoked, by their log index. That they are, and by which entry, is
    /// proved; the block of an entry is the node's word.
    ///
    /// # Errors
    /// [`ChainError`].
    pub async fn revocations(
        &self,
        issuer: &MemberId,
        credentials: &[LogIndex],
    ) -> Result<BTreeMap<LogIndex, Revocation>, ChainError> {
        let mut entries = BTreeMap::new();
        let complete = self
            .entries_of(issuer, |index, event| {
                if let Event::Revoke { target } = event
                    && credentials.contains(target)
                {
                    entries.insert(*target, index);
                }
            })
            .await?;
        entries.retain(|target, _| complete.statuses.get(target) == Some(&CredentialStatus::Revoked));
        let mut revocations = BTreeMap::new();
        for (target, entry) in entries {
            let (height, time_ms) = self.block_of(entry, complete.height).await?;
            revocations.insert(target, Revocation { entry, height, time_ms });
        }
        Ok(revocations)
    }

    /// The first block whose log has an entry, at most `last`, and its time.
    async fn block_of(&self, entry: LogIndex, last: Height) -> Result<(Height, u64), ChainError> {
        let (mut low, mut high) = (1, last.0.max(1));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.header(Height(middle)).await?.log_size.0 > entry.0 {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        Ok((Height(low), self.header(Height(low)).await?.time_ms))
    }
}
