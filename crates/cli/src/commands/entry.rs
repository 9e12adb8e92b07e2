//! `sanad entry`: entries of the log, as a node has them.

use clap::Subcommand;
use sanad_api::{InclusionProof, LogEntry};
use sanad_core::event::{Entry, Event};
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::{self, Rfc6962};
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::view::View;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List entries
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Show one entry, checked to be in the node's log
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
}

const LIST_EXAMPLES: &str = "\
Examples:
  sanad entry list
  sanad entry list --from 0 --count 100 --json";

const SHOW_EXAMPLES: &str = "\
Examples:
  sanad entry show 42
  sanad entry show 42 --json

`sanad status 42` says whether the credential is good.";

#[derive(clap::Args, Debug)]
pub(crate) struct ListArgs {
    /// First index [default: the last entries]
    #[arg(long, value_name = "INDEX")]
    from: Option<LogIndex>,
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct ShowArgs {
    /// The index, from 0
    index: LogIndex,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    index: LogIndex,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Serialize)]
struct Shown {
    index: LogIndex,
    #[serde(flatten)]
    entry: Entry,
    leaf_hash: String,
    log_size: LogSize,
    /// Whether the entry is in the log of the node's last header.
    included: bool,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::List(args) => {
            let entries = remote::block_on(list(&args))??;
            output.print(&Entries { entries })?;
            Ok(Outcome::Yes)
        }
        Command::Show(args) => {
            let shown = remote::block_on(show(&args))??;
            output.print(&shown)?;
            Ok(if shown.included { Outcome::Yes } else { Outcome::No })
        }
    }
}

async fn list(args: &ListArgs) -> anyhow::Result<Vec<Listed>> {
    let remote = Remote::open(&args.source).await?;
    let from = match args.from {
        Some(index) => index,
        None => LogIndex(remote.node_status().await?.log_size.0.saturating_sub(u64::from(args.count))),
    };
    let entries = remote.told(remote.client().entries(from, args.count).await)?;
    Ok(entries.into_iter().map(|LogEntry { index, entry }| Listed { index, entry }).collect())
}

async fn show(args: &ShowArgs) -> anyhow::Result<Shown> {
    let remote = Remote::open(&args.source).await?;
    let LogEntry { index, entry } = remote.told(remote.client().entry(args.index).await)?;
    let InclusionProof { size, path, head, .. } =
        remote.told(remote.ask(|| remote.client().inclusion(index, None)).await)?;
    let leaf = entry.leaf_hash();
    let root = head.header.log_root.0;
    let included = size == head.header.log_size
        && merkle::verify_inclusion::<Rfc6962>(leaf, index.0, size.0, &path, &root).is_ok();
    Ok(Shown { index, entry, leaf_hash: hex::encode(leaf), log_size: size, included })
}

/// What an entry is about, in a word.
fn about(event: &Event) -> String {
    match event {
        Event::Issue { commitment } => commitment.to_string(),
        event => event.target().map(|target| format!("log index {target}")).unwrap_or_default(),
    }
}

impl Report for Entries {
    fn view(&self) -> View {
        let row = |Listed { index, entry }: &Listed| {
            let kind = entry.event.kind().to_owned();
            vec![index.to_string(), kind, entry.issuer.to_string(), about(&entry.event)]
        };
        View::new().table(&["index", "kind", "issuer", "about"], self.entries.iter().map(row).collect())
    }
}

impl Report for Shown {
    fn view(&self) -> View {
        let included = if self.included { "proved" } else { "NOT PROVED" };
        View::new()
            .line(format!("log index {}", self.index))
            .fact("kind", self.entry.event.kind())
            .fact("issuer", &self.entry.issuer)
            .fact("about", about(&self.entry.event))
            .fact("leaf hash", &self.leaf_hash)
            .fact("in the log", format!("{included}, of {} entries", self.log_size))
    }
}
