//! `sanad member offer-keys`: governance keys that a member shows to hold, for a vote.

use std::path::PathBuf;

use anyhow::bail;
use sanad_core::governance::{NewGovernanceKeys, key_possession_message};
use sanad_core::ids::MemberId;
use sanad_core::member::{GOVERNANCE_KEYS_MAX, KeyPurpose};
use sanad_core::signature::PublicKey;
use serde::Serialize;

use crate::files::{self, Mode};
use crate::keys::{self, PassphraseArgs, Purpose};
use crate::output::{Outcome, Output, Report};
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad key new --purpose governance --out rector.json
  sanad member offer-keys univ-bromo.example --key rector.json --key registrar.json --key deputy.json \\
      --threshold 2 --out bromo.offer.json --genesis genesis.json
  sanad governance propose replace-governance-keys bromo.offer.json --member-dir merapi

All keys that are to be in force are given; those in force may stay, unless the member is frozen. Each key signs, for
this consortium and member alone. No network is needed.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The member's id
    id: MemberId,
    /// A governance key; repeated for several
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// How many of them have to sign
    #[arg(long, value_name = "N")]
    threshold: u8,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Written {
    path: PathBuf,
    member: MemberId,
    keys: Vec<PublicKey>,
    threshold: u8,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let Args { id, threshold, out, .. } = args;
    if args.keys.len() > GOVERNANCE_KEYS_MAX {
        bail!("{} keys; a member has at most {GOVERNANCE_KEYS_MAX} governance keys", args.keys.len());
    }
    if *threshold == 0 || usize::from(*threshold) > args.keys.len() {
        bail!("--threshold is {threshold}; it is from 1 to the number of keys, {}", args.keys.len());
    }
    let chain_id = args.trust.read()?.anchor().chain_id;
    let open = |path: &PathBuf| keys::open(path, Purpose::Governance, &args.passphrase);
    let mut secrets = args.keys.iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
    secrets.sort_by_key(|secret| secret.public());
    let keys: Vec<PublicKey> = secrets.iter().map(|secret| secret.public()).collect();
    if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("the key {} is given twice", pair[0]);
    }
    let message = |key| key_possession_message(&chain_id, id, KeyPurpose::Governance, &key);
    let possession = secrets.iter().map(|secret| secret.sign(&message(secret.public()))).collect();
    let offer =
        NewGovernanceKeys { member: id.clone(), keys: keys.clone(), threshold: *threshold, possession };
    let text = serde_json::to_string_pretty(&offer)? + "\n";
    files::create_new(out, text.as_bytes(), Mode::Public)?;
    output.print(&Written { path: out.clone(), member: id.clone(), keys, threshold: *threshold })?;
    Ok(Outcome::Yes)
}

impl Report for Written {
    fn view(&self) -> View {
        let Self { path, member, keys, threshold } = self;
        let view = View::new().line(format!(
            "{} written: {threshold} of {} keys for {member}",
            path.display(),
            keys.len()
        ));
        keys.iter().fold(view, |view, key| view.fact("key", key))
    }
}
