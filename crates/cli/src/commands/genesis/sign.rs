//! `sanad genesis check` and `sanad genesis sign`: a member looks for its own file in a genesis, and agrees.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::genesis::{Genesis, agreement_message, fingerprint};
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;
use sanad_core::member::Role;
use sanad_core::signature::{PublicKey, SecretKey, Signature};
use sanad_issuer::{member_path, read_member};
use serde::{Deserialize, Serialize};

use crate::files::{self, Mode};
use crate::keys::{self, PassphraseArgs, Purpose};
use crate::output::{Outcome, Output, Report};
use crate::trust;
use crate::view::View;

pub(crate) const CHECK_EXAMPLES: &str = "\
Examples:
  sanad genesis check genesis.json --member-dir merapi

Says whether the genesis holds your own member file unchanged, whom else it names, and who
has signed it. Read the fingerprint aloud to the other members: all must have the same.";

pub(crate) const SIGN_EXAMPLES: &str = "\
Examples:
  sanad genesis sign draft.json --member-dir merapi --out merapi.signature.json

Checks as `sanad genesis check` does, then signs the chain id with your governance key.
Compare the fingerprint with the other members before you send the file to the one who
made the genesis.";

#[derive(clap::Args, Debug)]
pub(crate) struct CheckArgs {
    /// The genesis, complete or not
    #[arg(value_name = "GENESIS.json")]
    file: PathBuf,
    /// Your member folder, as `sanad member new` made it
    #[arg(long, value_name = "DIR")]
    member_dir: PathBuf,
}

#[derive(clap::Args, Debug)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    check: CheckArgs,
    /// The file to write [default: DIR/genesis-signature.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// A member's agreement to a genesis, on its way to the one who completes it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agreement {
    pub(crate) chain_id: ChainId,
    pub(crate) member: MemberId,
    pub(crate) signatures: BTreeMap<PublicKey, Signature>,
}

#[derive(Serialize)]
struct Checked {
    /// Where the agreement was written, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    member: MemberId,
    chain_id: ChainId,
    fingerprint: String,
    name: String,
    members: Vec<Named>,
    quorum: usize,
    validators: usize,
}

#[derive(Serialize)]
struct Named {
    id: MemberId,
    name: String,
    role: Role,
    signed: bool,
}

pub(crate) fn check(args: &CheckArgs, output: &Output) -> anyhow::Result<Outcome> {
    let (genesis, member) = find_own(args)?;
    output.print(&checked(&genesis, member, None)?)?;
    Ok(Outcome::Yes)
}

pub(crate) fn sign(args: &SignArgs, output: &Output) -> anyhow::Result<Outcome> {
    let (genesis, member) = find_own(&args.check)?;
    let path = args.out.clone().unwrap_or_else(|| args.check.member_dir.join("genesis-signature.json"));
    if path.exists() {
        bail!("{} exists already and is never overwritten; choose another --out", path.display());
    }
    let key_file = Purpose::Governance.path_in(&args.check.member_dir);
    let key = keys::open(&key_file, Purpose::Governance, &args.passphrase)?;
    let agreement = agree(&genesis, &member, &key)?;
    let text = serde_json::to_string_pretty(&agreement)? + "\n";
    files::create_new(&path, text.as_bytes(), Mode::Public)?;
    output.print(&checked(&genesis, member, Some(path))?)?;
    Ok(Outcome::Yes)
}

/// Signs a genesis for a member.
pub(crate) fn agree(genesis: &Genesis, id: &MemberId, key: &SecretKey) -> anyhow::Result<Agreement> {
    let member = genesis.members.iter().find(|member| member.id == *id);
    if !member.is_some_and(|member| member.governance_keys.contains(&key.public())) {
        bail!("{} is not a governance key of {id} in this genesis", key.public());
    }
    let chain_id = genesis.chain_id();
    let signature = key.sign(&agreement_message(&chain_id));
    Ok(Agreement { chain_id, member: id.clone(), signatures: BTreeMap::from([(key.public(), signature)]) })
}

/// The genesis, and the member whose unchanged file it holds.
fn find_own(args: &CheckArgs) -> anyhow::Result<(Genesis, MemberId)> {
    let genesis = trust::read_genesis(&args.file)?;
    let path: &Path = &member_path(&args.member_dir);
    let own = read_member(path)?;
    let (name, id) = (args.file.display(), &own.member.id);
    if own.consortium != genesis.invitation() {
        bail!("{name} is for another invitation than {}: do not sign it", path.display());
    }
    let Some(found) = genesis.members.iter().find(|member| member.id == *id) else {
        bail!("{name} does not name {id}: do not sign it");
    };
    if *found != own.member {
        bail!("{name} says something else of {id} than {}: do not sign it", path.display());
    }
    Ok((genesis, own.member.id))
}

fn checked(genesis: &Genesis, member: MemberId, path: Option<PathBuf>) -> anyhow::Result<Checked> {
    let set = genesis.validators().context("the genesis has no validator set")?;
    let chain_id = genesis.chain_id();
    let signed = |id: &MemberId| genesis.signatures.get(id).is_some_and(|found| !found.agreement.is_empty());
    let named = genesis.members.iter().map(|member| Named {
        id: member.id.clone(),
        name: member.name.clone(),
        role: member.role,
        signed: signed(&member.id),
    });
    Ok(Checked {
        path,
        member,
        chain_id,
        fingerprint: fingerprint(&chain_id),
        name: genesis.name.clone(),
        members: named.collect(),
        quorum: set.quorum(),
        validators: set.validators().len(),
    })
}

impl Report for Checked {
    fn view(&self) -> View {
        let row = |member: &Named| {
            let signed = if member.signed { "signed" } else { "not yet" };
            let role = format!("{:?}", member.role).to_lowercase();
            vec![member.id.to_string(), role, signed.to_owned(), member.name.clone()]
        };
        let view = View::new()
            .line(format!("{}: holds the file of {} unchanged", self.name, self.member))
            .fact("fingerprint", &self.fingerprint)
            .fact("chain id", self.chain_id)
            .fact("a block needs", format!("{} of {} validators", self.quorum, self.validators))
            .table(&["member", "role", "signature", "name"], self.members.iter().map(row).collect());
        match &self.path {
            None => view.line("Compare the fingerprint with the other members by voice."),
            Some(path) => view.line(format!(
                "{} written: once the other members read out the same fingerprint, send it to whoever made the \
                 genesis",
                path.display()
            )),
        }
    }
}
