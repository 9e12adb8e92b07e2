//! Every entry that concerns a member, proved to be complete.

use anyhow::{anyhow, bail};
use sanad_api::{CompletenessStream, ProofForm};
use sanad_core::event::Entry;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::proof::{Complete, CompletenessFault, CompletenessVerifier};
use sanad_verify::{Trust, explain};

use crate::remote::{Remote, is_missing};

/// Reads all entries that concern a member, and keeps those that `keep` takes.
///
/// # Errors
/// What is not proved, too.
pub(super) async fn all_entries(
    remote: &Remote,
    trust: &Trust,
    member: &MemberId,
    keep: impl Fn(&Entry) -> bool,
) -> anyhow::Result<(Vec<(LogIndex, Entry)>, Complete)> {
    let asked = remote.ask(|| remote.client().completeness(member, ProofForm::SelfContained)).await;
    if asked.as_ref().is_err_and(is_missing) {
        bail!("{member} is not a member of this consortium");
    }
    let CompletenessStream { head, mut runs } = remote.told(asked)?;
    let refused = |fault: CompletenessFault| {
        anyhow!("{} does not prove all entries of {member}: {}", remote.url(), explain(&fault))
    };
    let verifier = CompletenessVerifier::new(head.completeness().trimmed(trust.anchor()), trust.anchor());
    let mut verifier = verifier.map_err(refused)?;
    let mut kept = Vec::new();
    while let Some(run) = remote.told(runs.next().await)? {
        let entries = verifier.add(&run).map_err(refused)?;
        let placed = (run.first_index.0..).map(LogIndex).zip(entries);
        kept.extend(placed.filter(|(_, entry)| keep(entry)));
    }
    Ok((kept, verifier.finish().map_err(refused)?))
}
