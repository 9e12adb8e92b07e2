//! `sanad localnet create`.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::genesis::{Parameters, TEST_NETWORK_PREFIX};
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;
use sanad_core::member::{Invitation, Role};
use sanad_core::registry::MEMBERS_MAX;
use sanad_core::validators::VALIDATORS_MAX;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::commands::genesis::complete::add;
use crate::commands::genesis::invite;
use crate::commands::genesis::new::assemble;
use crate::commands::genesis::sign::agree;
use crate::commands::member::new::{Facts, Made, make};
use crate::files::{self, Mode};
use crate::keys::Passphrase;
use crate::localnet::binary::{self, BinaryArgs};
use crate::localnet::config::{self, Addresses, Node};
use crate::localnet::{Folder, names, ports};
use crate::output::{Outcome, Output, Report};
use crate::progress;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad localnet create net
  sanad localnet create net --nodes 7 --followers 1 --issuers 20 --heartbeat-ms 1000
  sanad localnet create net --ports 20000-20019
  sanad localnet start net

Every node is a validator and an issuer, but for --followers, who come last. Issuers without a node are in DIR/issuers. All
keys are under the passphrase in DIR/passphrase. The universities are invented.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The folder to make it in
    dir: PathBuf,
    /// How many nodes, each a validator
    #[arg(long, default_value_t = 4, value_name = "N")]
    nodes: usize,
    /// How many more nodes that follow the chain and do not vote, each an observer's
    #[arg(long, default_value_t = 0, value_name = "N")]
    followers: usize,
    /// How many issuers without a node
    #[arg(long, default_value_t = 0, value_name = "N")]
    issuers: usize,
    /// Name of the consortium
    #[arg(long, default_value = "Konsorsium Localnet")]
    name: String,
    /// Time between blocks while there is nothing to commit
    #[arg(long, default_value_t = 10_000, value_name = "MS", value_parser = clap::value_parser!(u32))]
    heartbeat_ms: u32,
    /// Ports that the nodes listen on, five each, in order: the first free ones of these. By default, random ones
    #[arg(long, value_name = "FROM-TO", value_parser = ports::parse_range)]
    ports: Option<RangeInclusive<u16>>,
    /// Write the files only; `sanad-node init` makes each node's data later
    #[arg(long)]
    no_init: bool,
    #[command(flatten)]
    binary: BinaryArgs,
}

#[derive(Serialize)]
struct Created {
    dir: PathBuf,
    chain_id: ChainId,
    genesis: PathBuf,
    passphrase_file: PathBuf,
    nodes: Vec<CreatedNode>,
    issuers: Vec<CreatedIssuer>,
}

#[derive(Serialize)]
struct CreatedNode {
    node: usize,
    member: MemberId,
    name: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    dir: PathBuf,
}

#[derive(Serialize)]
struct CreatedIssuer {
    member: MemberId,
    name: String,
    dir: PathBuf,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if !(1..=VALIDATORS_MAX).contains(&args.nodes) {
        bail!("--nodes is {}; a localnet has 1 to {VALIDATORS_MAX}", args.nodes);
    }
    if args.followers > VALIDATORS_MAX {
        bail!("--followers is {}; a localnet has at most {VALIDATORS_MAX}", args.followers);
    }
    let members = args.nodes + args.followers + args.issuers.min(MEMBERS_MAX);
    if members > MEMBERS_MAX {
        bail!(
            "--nodes, --followers and --issuers come to {members} members; a consortium has at most {MEMBERS_MAX}"
        );
    }
    let invitation = invite::new(&args.name)?;
    let parameters = Parameters { heartbeat_ms: args.heartbeat_ms, ..Parameters::default() };
    parameters.check()?;
    // Before anything is written.
    let program = if args.no_init { None } else { Some(args.binary.find()?) };
    let addresses = ports::free(PORTS_PER_NODE * (args.nodes + args.followers), args.ports.as_ref())?;
    let folder = Folder::new(&args.dir)?;
    let created = create(args, &invitation, parameters, &folder, &addresses, program.as_deref())
        .with_context(|| format!("{} is not complete; remove it before trying again", args.dir.display()))?;
    output.print(&created)?;
    Ok(Outcome::Yes)
}

fn create(
    args: &Args,
    invitation: &Invitation,
    parameters: Parameters,
    folder: &Folder,
    addresses: &[SocketAddr],
    program: Option<&Path>,
) -> anyhow::Result<Created> {
    let passphrase = Passphrase::random()?;
    let line = Zeroizing::new([passphrase.as_bytes(), b"\n"].concat());
    files::create_new(&folder.passphrase(), &line, Mode::Private)?;
    let bar = progress::bar(args.nodes + args.followers + args.issuers, "making members");
    let (mut nodes, mut issuers, mut members) = (Vec::new(), Vec::new(), Vec::new());
    let with_node = args.nodes + args.followers;
    for number in 1..=with_node {
        let (id, name) = names::university(number - 1)?;
        let dir = folder.node(number).path().to_owned();
        let role = if number <= args.nodes { Role::Validator } else { Role::Observer };
        members.push(member(invitation, id, name, role, &dir, &passphrase)?);
        bar.inc(1);
    }
    for index in 0..args.issuers {
        let (member_id, institute) = names::institute(index)?;
        let dir = folder.issuer(member_id.as_str());
        let (id, name) = (member_id.clone(), institute.clone());
        members.push(member(invitation, id, name, Role::Issuer, &dir, &passphrase)?);
        issuers.push(CreatedIssuer { member: member_id, name: institute, dir });
        bar.inc(1);
    }
    bar.finish_and_clear();
    let configured = configure(&members[..with_node], addresses);
    for (place, node) in configured.iter().enumerate() {
        let at = folder.node(place + 1);
        let text = config::write(&configured, place);
        files::create_new(&at.config(), text.as_bytes(), Mode::Public)?;
        let facts = at.facts()?;
        nodes.push(CreatedNode {
            node: at.number,
            member: node.member.clone(),
            name: members[place].file.member.name.clone(),
            url: facts.url(),
            page: facts.page(),
            dir: at.path().to_owned(),
        });
    }
    let files = members.iter().map(|made| made.file.clone()).collect();
    // Upgrades can be rehearsed on it.
    let log_origin = format!("{TEST_NETWORK_PREFIX}{}", hex::encode(&invitation.nonce.0[..8]));
    let mut genesis = assemble(parameters, Some(log_origin), files)?;
    for Made { file, governance } in &members {
        let agreement = agree(&genesis, &file.member.id, governance)?;
        add(&mut genesis, agreement)?;
    }
    genesis.check_signatures().context("the genesis is not signed by all")?;
    files::create_new(&folder.genesis(), genesis.to_json().as_bytes(), Mode::Public)?;
    if let Some(program) = program {
        init(folder, program)?;
    }
    Ok(Created {
        dir: args.dir.clone(),
        chain_id: genesis.chain_id(),
        genesis: folder.genesis(),
        passphrase_file: folder.passphrase(),
        nodes,
        issuers,
    })
}

fn member(
    invitation: &Invitation,
    id: MemberId,
    name: String,
    role: Role,
    dir: &Path,
    passphrase: &Passphrase,
) -> anyhow::Result<Made> {
    let facts = Facts {
        issuer_ids: [format!("did:web:{id}"), format!("https://{id}")]
            .iter()
            .map(|issuer_id| issuer_id.parse().context("a member id is a host name"))
            .collect::<anyhow::Result<_>>()?,
        id,
        name,
        role,
        with_node: role == Role::Observer,
        addresses: Vec::new(),
        facts: Vec::new(),
    };
    make(invitation, &facts, dir, passphrase)
}

fn configure(members: &[Made], addresses: &[SocketAddr]) -> Vec<Node> {
    let node = |(made, addresses): (&Made, &[_])| Node {
        member: made.file.member.id.clone(),
        role: made.file.member.role,
        addresses: Addresses {
            api: addresses[0],
            consensus: addresses[1],
            gossip: addresses[2],
            admin: addresses[3],
            http: addresses[4],
        },
    };
    members.iter().zip(addresses.chunks(PORTS_PER_NODE)).map(node).collect()
}

fn init(folder: &Folder, program: &Path) -> anyhow::Result<()> {
    for node in folder.nodes()? {
        let result = binary::init(program, &node).output();
        let result = result.with_context(|| format!("{} cannot be run", program.display()))?;
        if !result.status.success() {
            let said = String::from_utf8_lossy(&result.stderr);
            bail!("`{} init` failed for node {}: {}", program.display(), node.number, said.trim());
        }
    }
    Ok(())
}

impl Report for Created {
    fn view(&self) -> View {
        let row = |node: &CreatedNode| {
            vec![
                node.node.to_string(),
                node.member.to_string(),
                node.name.clone(),
                node.url.clone(),
                node.page.clone().unwrap_or_default(),
            ]
        };
        let mut view = View::new()
            .line(format!("{} is ready", self.dir.display()))
            .fact("chain id", self.chain_id)
            .fact("genesis", self.genesis.display())
            .fact("passphrase", self.passphrase_file.display())
            .table(&["node", "member", "name", "url", "page"], self.nodes.iter().map(row).collect());
        if !self.issuers.is_empty() {
            let row = |issuer: &CreatedIssuer| vec![issuer.member.to_string(), issuer.name.clone()];
            view = view.table(&["issuer", "name"], self.issuers.iter().map(row).collect());
        }
        view.line(format!("Next: sanad localnet start {}", self.dir.display()))
    }
}

/// gRPC, consensus, exchange of batches, administration and HTTP.
const PORTS_PER_NODE: usize = 5;
