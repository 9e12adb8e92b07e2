//! `sanad peer`: the peers of a node.

use clap::Subcommand;
use sanad_api::{Peer, PeerKind};
use sanad_core::ids::MemberId;
use sanad_core::signature::PublicKey;
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::remote::{self, NodeArgs, Remote};
use crate::view::View;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List the peers that a node knows
    #[command(after_help = EXAMPLES)]
    List(Args),
}

const EXAMPLES: &str = "\
Examples:
  sanad peer list
  sanad peer list --node http://127.0.0.1:50051 --json | jq '.peers[] | select(.connected | not)'";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Serialize)]
pub(super) struct Peers {
    peers: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    member: Option<MemberId>,
    network_key: PublicKey,
    network: &'static str,
    connected: bool,
    addresses: Vec<String>,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    let Command::List(args) = command;
    output.print(&look(&args.node)?)?;
    Ok(Outcome::Yes)
}

/// The peers that a node knows.
pub(super) fn look(node: &NodeArgs) -> anyhow::Result<Peers> {
    let peers = remote::block_on(async {
        let remote = Remote::connect(node).await?;
        remote.told(remote.client().peers().await)
    })??;
    Ok(Peers { peers: peers.into_iter().map(Listed::from).collect() })
}

impl From<Peer> for Listed {
    fn from(peer: Peer) -> Self {
        let Peer { member, network_key, addresses, connected, kind } = peer;
        let network = match kind {
            PeerKind::Consensus => "consensus",
            PeerKind::Gossip => "gossip",
        };
        Self { member, network_key, network, connected, addresses }
    }
}

impl Report for Peers {
    fn view(&self) -> View {
        let row = |peer: &Listed| {
            let member = peer.member.as_ref().map_or("?", MemberId::as_str).to_owned();
            let state = if peer.connected { "connected" } else { "not connected" };
            let address = peer.addresses.first().cloned().unwrap_or_default();
            vec![member, peer.network.to_owned(), state.to_owned(), address]
        };
        View::new().table(&["member", "network", "state", "address"], self.peers.iter().map(row).collect())
    }
}
