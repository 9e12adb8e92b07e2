//! `sanad revoke`, `sanad suspend`, `sanad reinstate`: an issuer changes the status of its credentials.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_api::ProofForm;
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::event::Event;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::status::CredentialStatus;
use serde::Serialize;

use crate::issuer::IssuerArgs;
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, NodeArgs, Remote};
use crate::submission::{SubmissionError, enter, proven_status};
use crate::target::Target;
use crate::trust::TrustArgs;
use crate::view::View;
use crate::{progress, random, time};
use sanad_verify::Trust;

pub(crate) const REVOKE_EXAMPLES: &str = "\
Examples:
  sanad revoke ijazah.json --issuer-dir merapi
  sanad revoke 42 43 44 --issuer univ-merapi.example --key merapi/keys/issuing.json

A revocation is final. All targets go into one batch: all are revoked, or none.";

pub(crate) const SUSPEND_EXAMPLES: &str = "\
Examples:
  sanad suspend ijazah.json --issuer-dir merapi
  sanad suspend 42 --issuer-dir merapi

`sanad reinstate` lifts a suspension. All targets go into one batch: all are suspended, or
none.";

pub(crate) const REINSTATE_EXAMPLES: &str = "\
Examples:
  sanad reinstate ijazah.json --issuer-dir merapi
  sanad reinstate 42 --issuer-dir merapi

Only what is suspended can be reinstated. All targets go into one batch: all are
reinstated, or none.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Log indices, ISSUER/COMMITMENT, receipts, or documents with their receipts beside them
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// How long to wait until the batch is final
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Revoke,
    Suspend,
    Reinstate,
}

#[derive(Serialize)]
struct Changed {
    change: Change,
    batch_id: BatchId,
    height: Height,
    credentials: Vec<ChangedCredential>,
}

#[derive(Serialize)]
struct ChangedCredential {
    target: String,
    log_index: LogIndex,
    /// As proved after the change.
    status: CredentialStatus,
    as_of: Height,
}

pub(crate) fn run(change: Change, args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let changed = remote::block_on(enter_changes(change, args))??;
    output.print(&changed)?;
    Ok(Outcome::Yes)
}

async fn enter_changes(change: Change, args: &Args) -> anyhow::Result<Changed> {
    let remote = Remote::connect(&args.node).await?;
    let trust = args.trust.for_node(&remote).await?;
    let targets = args
        .targets
        .iter()
        .map(|text| Ok((text, Target::read(text, trust.anchor())?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    // By index, so that what was named twice is changed once.
    let mut names = BTreeMap::new();
    for (text, target) in &targets {
        names.entry(index_of(target, &remote, &trust).await?).or_insert_with(|| (*text).clone());
    }
    if names.len() > BATCH_EVENTS_MAX {
        bail!("{} targets; one batch has at most {BATCH_EVENTS_MAX}, so name them in parts", names.len());
    }
    let mut events: Vec<Event> = names.keys().map(|index| change.event(*index)).collect();
    random::shuffle(&mut events)?;
    let issuer = args.issuer.open()?;
    let spinner = progress::spinner("waiting until the batch is final");
    let entered = enter(&remote, &trust, &issuer, &events, args.wait, |_| Ok(())).await;
    spinner.finish_and_clear();
    let (batch, place) = entered.map_err(explain_failure)?;
    let mut credentials = Vec::new();
    for (log_index, target) in names {
        let (_, proven) = proven_status(&remote, &trust, log_index).await?;
        if proven.height < place.height {
            bail!(
                "the change is final at block {}, but the node proves block {}",
                place.height,
                proven.height
            );
        }
        credentials.push(ChangedCredential {
            target,
            log_index,
            status: proven.status,
            as_of: proven.height,
        });
    }
    Ok(Changed { change, batch_id: batch.id(), height: place.height, credentials })
}

/// Says what became of the credentials.
fn explain_failure(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<SubmissionError>() {
        Some(SubmissionError::Open(_)) => {
            error.context("the change may come into force yet; ask `sanad status` before trying again")
        }
        Some(SubmissionError::Failed(_)) => {
            error.context("it is open whether anything was changed; ask `sanad status`")
        }
        _ => error.context("nothing was changed"),
    }
}

/// The log index of a target. A receipt's word is taken only after its proof, a commitment's from the node's.
async fn index_of(target: &Target, remote: &Remote, trust: &Trust) -> anyhow::Result<LogIndex> {
    match target {
        Target::Index(index) => Ok(*index),
        Target::Receipt(receipt) => {
            receipt.proof.verify(trust.anchor()).context("the receipt does not hold")?;
            Ok(receipt.proof.index)
        }
        Target::Issuance(..) => {
            let key = target.key()?;
            let proof =
                remote.told(remote.ask(|| remote.client().status(&key, ProofForm::SelfContained)).await)?;
            proof.verify(trust.anchor()).context("the node's proof does not hold; ask another node")?;
            Ok(proof.index)
        }
    }
}

impl Change {
    fn event(self, target: LogIndex) -> Event {
        match self {
            Self::Revoke => Event::Revoke { target },
            Self::Suspend => Event::Suspend { target },
            Self::Reinstate => Event::Reinstate { target },
        }
    }
}

impl Report for Changed {
    fn view(&self) -> View {
        let row = |credential: &ChangedCredential| {
            let ChangedCredential { target, log_index, status, .. } = credential;
            vec![log_index.to_string(), status.to_string(), target.clone()]
        };
        View::new()
            .table(&["index", "status", "target"], self.credentials.iter().map(row).collect())
            .line(format!("entered in block {}, batch {}", self.height, self.batch_id))
    }
}
