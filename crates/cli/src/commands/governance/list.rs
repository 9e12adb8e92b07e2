//! `sanad governance list`: everything that governance holds.

use sanad_core::genesis::Parameters;
use sanad_core::governance::{ClosedProposal, GovernanceItem};
use sanad_core::ids::{Height, MemberId};
use serde::Serialize;

use super::proposal::Shown;
use crate::governance::Session;
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad governance list --genesis genesis.json
  sanad governance list --json | jq '.open[].summary'

Everything is proved by the node's last block; nothing can be left out.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Listed {
    /// The block by which all this is proved.
    as_of: Height,
    validators: Vec<MemberId>,
    parameters: Parameters,
    open: Vec<Shown>,
    /// The last closed ones, the newest first.
    closed: Vec<ClosedProposal>,
    /// Consensus keys on their way, successors, freezes, evidence and rejoin statements.
    others: Vec<GovernanceItem>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let listed = remote::block_on(async {
        let session = Session::open(Remote::open(&args.source).await?, &args.trust).await?;
        let members = session.validators.validators().iter();
        let mut closed: Vec<ClosedProposal> = session.governance.closed().copied().collect();
        closed.reverse();
        let is_other =
            |item: &&GovernanceItem| !matches!(item, GovernanceItem::Open(_) | GovernanceItem::Closed(_));
        anyhow::Ok(Listed {
            as_of: session.proof.header.height,
            validators: members.map(|validator| validator.member.clone()).collect(),
            parameters: session.proof.parameters,
            open: session.governance.open().map(|open| Shown::new(open, &session)).collect(),
            closed,
            others: session.governance.items().filter(is_other).cloned().collect(),
        })
    })??;
    output.print(&listed)?;
    Ok(Outcome::Yes)
}

/// An item that is no proposal, in words.
fn other(item: &GovernanceItem) -> String {
    match item {
        GovernanceItem::PendingKey(key) => {
            format!("{} votes with the key {} from height {} on", key.member, key.key, key.height)
        }
        GovernanceItem::Successor(record) => {
            format!("{} is the successor of {}", record.successor, record.member)
        }
        GovernanceItem::Freeze(record) => match record.before {
            Some(before) => format!("{} is frozen; it was {before} before", record.member),
            None => format!("{} was frozen {} time(s), and is not now", record.member, record.count),
        },
        GovernanceItem::Evidence(record) => {
            let occasions: Vec<String> = record.occasions.iter().map(ToString::to_string).collect();
            format!("{} contradicted itself: {}", record.member, occasions.join("; "))
        }
        GovernanceItem::Rejoin(record) => {
            format!("{} votes again since height {} (rejoin statement)", record.member, record.height.next())
        }
        _ => String::new(),
    }
}

impl Report for Listed {
    fn view(&self) -> View {
        let row = |shown: &Shown| {
            let id = shown.id.to_string()[..SHORT_ID].to_owned();
            vec![id, shown.standing(), shown.expires.to_string(), shown.summary.clone()]
        };
        let Parameters { block_bytes_max, heartbeat_ms, protocol, next_protocol } = &self.parameters;
        let rows = self.open.iter().map(row).collect();
        let mut view = match self.open.is_empty() {
            true => View::new().line("no proposal is open"),
            false => View::new().table(&["proposal", "state", "expires", "change"], rows),
        };
        if !self.closed.is_empty() {
            let row = |closed: &ClosedProposal| {
                let id = closed.id.to_string()[..SHORT_ID].to_owned();
                vec![id, closed.outcome.to_string(), closed.height.to_string()]
            };
            view = view.table(&["closed", "outcome", "block"], self.closed.iter().map(row).collect());
        }
        view = self.others.iter().fold(view, |view, item| view.line(other(item)));
        let next = next_protocol
            .map_or_else(String::new, |next| format!(", {} from height {} on", next.protocol, next.height));
        view.line(format!(
            "{} validators; blocks of at most {block_bytes_max} bytes, one every {heartbeat_ms} ms; protocol {protocol}{next}",
            self.validators.len()
        ))
        .line(format!("proved as of block {}", self.as_of))
    }
}

/// Digits of an id that people are shown in a list.
const SHORT_ID: usize = 12;
