//! `sanad member new`: a member's keys and its public file.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use sanad_core::ids::MemberId;
use sanad_core::json_form;
use sanad_core::member::{Fact, Invitation, IssuerId, Member, MemberFile, Role, possession_message};
use sanad_core::signature::{PublicKey, SecretKey};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::keys::{NewKey, Passphrase, PassphraseArgs, Purpose};
use crate::output::{Outcome, Output, Report};
use crate::trust;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member new --invitation invitation.json --id univ-merapi.example --name \"Universitas Merapi\" \\
      --role validator --issuer-id did:web:univ-merapi.example --dir merapi \\
      --address consensus://node.univ-merapi.example:4001 --address gossip://node.univ-merapi.example:4002
  sanad member new --invitation invitation.json --id institut-capung.example --name \"Institut Capung\" \\
      --role issuer --dir capung
  sanad member new --genesis genesis.json --id politeknik-elang.example --name \"Politeknik Elang\" \\
      --role issuer --dir elang

Writes DIR/member.json, which is public and goes into the genesis or, later, into the proposal to admit the member, and the keys that the
role needs into DIR/keys. Every key signs the file, for this consortium alone. Keep
DIR/keys/governance.json apart from the node: it decides about all other keys. Nothing is
ever overwritten.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The invitation to the consortium, as `sanad genesis invite` writes it
    #[arg(long, value_name = "FILE", required_unless_present = "genesis")]
    invitation: Option<PathBuf>,
    /// The genesis of a consortium that exists already, and may admit the member by vote
    #[arg(long, value_name = "FILE", conflicts_with = "invitation")]
    genesis: Option<PathBuf>,
    /// The member's id, by convention its domain name
    #[arg(long)]
    id: MemberId,
    /// The institution's name
    #[arg(long)]
    name: String,
    /// What it may do
    #[arg(long, value_enum)]
    role: RoleName,
    /// A name by which the institution's credentials call their issuer, a DID or an https URL; may be repeated
    #[arg(long, value_name = "ID")]
    issuer_id: Vec<IssuerId>,
    /// Where its peers reach the institution's node, consensus://HOST:PORT and gossip://HOST:PORT; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    address: Vec<String>,
    /// A fact about the institution, such as its accreditation; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_fact)]
    fact: Vec<Fact>,
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
pub(crate) enum RoleName {
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
struct Shown {
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
        issuer_ids: args.issuer_id.clone(),
        addresses: args.address.clone(),
        facts: args.fact.clone(),
    };
    let invitation = match (&args.invitation, &args.genesis) {
        (Some(path), _) => read_invitation(path)?,
        (None, Some(path)) => trust::read_genesis(path)?.invitation(),
        (None, None) => unreachable!("invariant: clap asks for one of the two"),
    };
    let path = args.dir.join("member.json");
    if path.exists() {
        bail!("{} exists already and is never overwritten; choose another --dir", path.display());
    }
    let Made { file, .. } = make(&invitation, &facts, &args.dir, &args.passphrase.fresh()?)?;
    let keys = facts.purposes().iter().map(|purpose| purpose.path_in(&args.dir)).collect();
    output.print(&Shown { path, member: file.member, keys })?;
    Ok(Outcome::Yes)
}

/// What is decided of a member before its keys are made.
pub(crate) struct Facts {
    pub(crate) id: MemberId,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Whether it runs a node; a validator does in any case.
    pub(crate) with_node: bool,
    pub(crate) issuer_ids: Vec<IssuerId>,
    pub(crate) addresses: Vec<String>,
    pub(crate) facts: Vec<Fact>,
}

/// A member that was made: its public file, and the key with which it agrees to the genesis.
pub(crate) struct Made {
    pub(crate) file: MemberFile,
    pub(crate) governance: SecretKey,
}

impl Facts {
    fn purposes(&self) -> Vec<Purpose> {
        let needed = [
            (Purpose::Governance, true),
            (Purpose::Issuing, self.role >= Role::Issuer),
            (Purpose::Consensus, self.role == Role::Validator),
            (Purpose::Network, self.role == Role::Validator || self.with_node),
        ];
        needed.into_iter().filter_map(|(purpose, needed)| needed.then_some(purpose)).collect()
    }
}

/// Makes a member's keys and public file in `folder`.
pub(crate) fn make(
    invitation: &Invitation,
    facts: &Facts,
    folder: &Path,
    passphrase: &Passphrase,
) -> anyhow::Result<Made> {
    let keys = facts
        .purposes()
        .into_iter()
        .map(|purpose| Ok((purpose, NewKey::generate(purpose, passphrase)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let public = |wanted| keys.iter().find(|(purpose, _)| *purpose == wanted).map(|(_, key)| key.public());
    let mut issuer_ids = facts.issuer_ids.clone();
    issuer_ids.sort();
    let mut sorted_facts = facts.facts.clone();
    sorted_facts.sort();
    let member = Member {
        id: facts.id.clone(),
        name: facts.name.clone(),
        role: facts.role,
        governance_keys: public(Purpose::Governance).into_iter().collect(),
        governance_threshold: 1,
        issuing_key: public(Purpose::Issuing),
        consensus_key: public(Purpose::Consensus),
        network_key: public(Purpose::Network),
        issuer_ids,
        addresses: facts.addresses.clone(),
        facts: sorted_facts,
    };
    let message = possession_message(invitation, &member);
    let sign = |(_, key): (_, PublicKey)| {
        let held = keys.iter().find(|(_, made)| made.public() == key);
        held.expect("invariant: every key of the member was made here").1.secret().sign(&message)
    };
    let signatures = member.keys().map(sign).collect();
    let file = MemberFile::new(invitation.clone(), member, signatures);
    // Before anything is written, so that a bad name leaves nothing behind.
    file.check().context("this cannot become a member")?;
    files::create_folder(&folder.join("keys"))?;
    for (purpose, key) in &keys {
        key.write(&purpose.path_in(folder))?;
    }
    files::create_new(&folder.join("member.json"), file.to_json().as_bytes(), Mode::Public)?;
    let governance = keys.iter().find(|(purpose, _)| *purpose == Purpose::Governance);
    let governance = governance.expect("invariant: every member has a governance key").1.secret().clone();
    Ok(Made { file, governance })
}

/// Reads an invitation to a consortium.
pub(crate) fn read_invitation(path: &Path) -> anyhow::Result<Invitation> {
    let text = files::read(path, INVITATION_BYTES_MAX)?;
    let name = path.display();
    let invitation: Invitation = json_form::read(&text)
        .with_context(|| format!("{name} is not an invitation, as `sanad genesis invite` writes them"))?;
    invitation.check().with_context(|| format!("{name} is not a valid invitation"))?;
    Ok(invitation)
}

/// Longest invitation, in bytes.
const INVITATION_BYTES_MAX: usize = 4096;

/// Reads a fact from an argument.
pub(crate) fn parse_fact(text: &str) -> Result<Fact, String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as accreditation=A")?;
    Ok(Fact { name: name.to_owned(), value: value.to_owned() })
}

impl Report for Shown {
    fn view(&self) -> View {
        let keys = self.keys.iter().fold(View::new(), |view, key| view.line(format!("  {}", key.display())));
        View::new()
            .line(format!("{} written, for the consortium; its keys, for nobody else:", self.path.display()))
            .then(keys)
    }
}
