//! `sanad member show`: one record, with what proves it.

use sanad_core::hash::Root;
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::MemberRecord;
use sanad_core::signature::PublicKey;
use serde::Serialize;

use crate::finding::explain;
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::submission::check_member;
use crate::time;
use crate::trust::{Trust, TrustArgs};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member show univ-merapi.example --genesis genesis.json
  sanad member show univ-merapi.example --json | jq .record.chain

Exit code 1 where the node's proof of the record does not hold.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The member's id
    id: MemberId,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Shown {
    proven: bool,
    /// Why it is not proven.
    reason: Option<String>,
    record: MemberRecord,
    height: Height,
    time_ms: u64,
    registry_root: Root,
    /// Place of the record among all, from 0.
    index: u64,
    count: u64,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let shown = remote::block_on(ask(args))??;
    output.print(&shown)?;
    Ok(if shown.proven { Outcome::Yes } else { Outcome::No })
}

async fn ask(args: &Args) -> anyhow::Result<Shown> {
    let remote = Remote::open(&args.source).await?;
    let trust = Trust::for_node(&args.trust, &remote).await?;
    let proof = remote.told(remote.client().member(&args.id).await)?;
    let reason = check_member(&proof, &trust).err().map(|fault| explain(&fault));
    let header = proof.head.header;
    Ok(Shown {
        proven: reason.is_none(),
        reason,
        record: proof.member.record,
        height: header.height,
        time_ms: header.time_ms,
        registry_root: header.registry_root,
        index: proof.member.index,
        count: proof.member.count,
    })
}

impl Report for Shown {
    fn view(&self) -> View {
        let MemberRecord { member, chain } = &self.record;
        let key = |key: &Option<PublicKey>| key.map_or("none".to_owned(), |key| key.to_string());
        let until = member.active_until.map_or("on".to_owned(), |until| format!("until height {until}"));
        let proof = match &self.reason {
            None => format!("holds: record {} of {}", self.index + 1, self.count),
            Some(reason) => format!("DOES NOT HOLD: {reason}"),
        };
        View::new()
            .line(format!("{} ({})", member.name, member.id))
            .fact("role", format!("{:?}", member.role).to_lowercase())
            .fact("active", format!("from height {} {until}", member.active_from))
            .fact("issuing key", key(&member.issuing_key))
            .fact("consensus key", key(&member.consensus_key))
            .fact("network key", key(&member.network_key))
            .fact("batches", format!("{}, with {} entries", chain.next_sequence, chain.entries))
            .fact("last batch", chain.last_batch)
            .fact("as of", format!("block {}, {}", self.height, time::format_ms(self.time_ms)))
            .fact("registry root", self.registry_root)
            .fact("proof", proof)
    }
}
