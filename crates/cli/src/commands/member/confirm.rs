//! `sanad member confirm`: a member stands by credentials in a disputed range.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_api::{CredentialKey, ProofForm};
use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use sanad_core::status::CredentialStatus;
use sanad_issuer::{LIST_BYTES_MAX, list_lines};
use sanad_verify::explain;

use super::entries::all_entries;
use crate::files;
use crate::governance::{Session, SignerArgs};
use crate::output::{Outcome, Output};
use crate::remote;
use crate::target::Target;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member confirm ijazah.json --member-dir merapi
  sanad member confirm --from look-at-these.txt --member-dir merapi
  sanad member confirm --all --member-dir merapi

Takes governance keys: whoever stole the issuing key cannot. `sanad member affected` lists what is disputed. --all
confirms everything that is, up to now; look at the list first.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Log indices, ISSUER/COMMITMENT, receipts, or documents with their receipts beside them
    #[arg(required_unless_present_any = ["from", "all"], value_name = "TARGET")]
    targets: Vec<String>,
    /// Text file with one target a line, lines that begin with # left out
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Every credential of the member that is disputed
    #[arg(long, conflicts_with_all = ["targets", "from"])]
    all: bool,
    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let acted = remote::block_on(async {
        let session = args.signer.open().await?;
        let targets = match args.all {
            true => disputed(&session, args).await?,
            false => indices(&session, &args.targets, args.from.as_deref()).await?,
        };
        if targets.is_empty() {
            bail!("nothing is disputed");
        }
        let events = targets.into_iter().map(|target| Event::Confirm { target }).collect();
        args.signer.act(&session, BatchChain::Governance, events).await
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}

async fn disputed(session: &Session, args: &Args) -> anyhow::Result<Vec<LogIndex>> {
    let id = args.signer.member()?;
    let (_, complete) = all_entries(&session.remote, &session.trust, &id, |_| false).await?;
    let disputed = complete.statuses.iter().filter(|(_, status)| **status == CredentialStatus::Disputed);
    Ok(disputed.map(|(index, _)| *index).collect())
}

/// The log indices of what arguments and a list name, in ascending order.
pub(super) async fn indices(
    session: &Session,
    targets: &[String],
    list: Option<&Path>,
) -> anyhow::Result<Vec<LogIndex>> {
    let mut names = targets.to_vec();
    if let Some(list) = list {
        let text = files::read_text(list, LIST_BYTES_MAX)?;
        names.extend(list_lines(&text).map(|(_, line)| line.to_owned()));
    }
    let mut found = BTreeSet::new();
    for name in &names {
        let index = match Target::read(name, session.trust.anchor())? {
            Target::Index(index) => index,
            Target::Receipt(receipt) => receipt.proof.index,
            Target::Issuance(issuer, commitment) => {
                let key = CredentialKey::Issuance { issuer, commitment };
                let asked = session.remote.client().status(&key, ProofForm::SelfContained).await;
                let proof = session.remote.told(asked).with_context(|| format!("{name} is not found"))?;
                if let Err(fault) = proof.verify(session.trust.anchor()) {
                    bail!("{name} is not proved: {}", explain(&fault));
                }
                proof.index
            }
        };
        if !found.insert(index) {
            bail!("{name} names log index {index}, which was named before: name each credential once");
        }
    }
    Ok(found.into_iter().collect())
}
