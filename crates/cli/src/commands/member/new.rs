//! `sanad member new`: a member's keys and its public file.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::{Member, Role};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::keys::{NewKey, Passphrase, PassphraseArgs, Purpose};
use crate::output::{Outcome, Output, Report};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member new --id univ-merapi.example --name \"Universitas Merapi\" --role validator --dir merapi
  sanad member new --id institut-capung.example --name \"Institut Capung\" --role issuer --dir capung

Writes DIR/member.json, which is public and goes into the genesis, and the keys that the
role needs into DIR/keys. Nothing is ever overwritten.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The member's id, by convention its domain name
    #[arg(long)]
    id: MemberId,
    /// The institution's name
    #[arg(long)]
    name: String,
    /// What it may do
    #[arg(long, value_enum)]
    role: RoleName,
    /// The folder to write into
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Make a network key too, for an issuer or observer that runs a node; validators always have one
    #[arg(long)]
    with_node: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    /// Votes on blocks and issues.
    Validator,
    /// Issues.
    Issuer,
    /// Follows the chain.
    Observer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Validator => Self::Validator,
            RoleName::Issuer => Self::Issuer,
            RoleName::Observer => Self::Observer,
        }
    }
}

#[derive(Serialize)]
struct Made {
    path: PathBuf,
    member: Member,
    keys: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let facts = Facts {
        id: args.id.clone(),
        name: args.name.clone(),
        role: args.role.into(),
        with_node: args.with_node,
    };
    let path = args.dir.join("member.json");
    if path.exists() {
        bail!("{} exists already and is never overwritten; choose another --dir", path.display());
    }
    let member = make(&facts, &args.dir, &args.passphrase.fresh()?)?;
    let keys = facts.purposes().iter().map(|purpose| purpose.path_in(&args.dir)).collect();
    output.print(&Made { path, member, keys })?;
    Ok(Outcome::Yes)
}

/// What is decided of a member before its keys are made.
pub(crate) struct Facts {
    pub(crate) id: MemberId,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Whether it runs a node; a validator does in any case.
    pub(crate) with_node: bool,
}

impl Facts {
    fn purposes(&self) -> Vec<Purpose> {
        let needed = [
            (Purpose::Issuing, self.role >= Role::Issuer),
            (Purpose::Consensus, self.role == Role::Validator),
            (Purpose::Network, self.role == Role::Validator || self.with_node),
        ];
        needed.into_iter().filter_map(|(purpose, needed)| needed.then_some(purpose)).collect()
    }
}

/// Makes a member's keys and public file in `folder`.
pub(crate) fn make(facts: &Facts, folder: &Path, passphrase: &Passphrase) -> anyhow::Result<Member> {
    let mut member = Member {
        id: facts.id.clone(),
        name: facts.name.clone(),
        role: facts.role,
        issuing_key: None,
        consensus_key: None,
        network_key: None,
        active_from: Height(0),
        active_until: None,
    };
    let mut keys = Vec::new();
    for purpose in facts.purposes() {
        let key = NewKey::generate(purpose, passphrase)?;
        match purpose {
            Purpose::Issuing => member.issuing_key = Some(key.public),
            Purpose::Consensus => member.consensus_key = Some(key.public),
            Purpose::Network => member.network_key = Some(key.public),
            Purpose::Checkpoint => {}
        }
        keys.push((purpose, key));
    }
    // Before anything is written, so that a bad name leaves nothing behind.
    member.check().context("these facts make no member")?;
    files::create_folder(&folder.join("keys"))?;
    for (purpose, key) in &keys {
        key.write(&purpose.path_in(folder))?;
    }
    let text = serde_json::to_string_pretty(&member)? + "\n";
    files::create_new(&folder.join("member.json"), text.as_bytes(), Mode::Public)?;
    Ok(member)
}

impl Report for Made {
    fn view(&self) -> View {
        let keys = self.keys.iter().fold(View::new(), |view, key| view.line(format!("  {}", key.display())));
        View::new()
            .line(format!("{} written, for the genesis; its keys, for nobody else:", self.path.display()))
            .then(keys)
    }
}
