//! `sanad issuer`: what an issuer publishes.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use sanad_core::member::{KeyPurpose, MemberState};
use sanad_core::signature::PublicKey;
use sanad_credential::multikey;
use sanad_issuer::{SiteFile, did_document, did_web, files, published, write_site};
use sanad_roster::TEMPLATE_BYTES_MAX;
use serde::Serialize;
use serde_json::Value;

use super::{page, publish};
use crate::issuer::IssuerArgs;
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, NodeArgs, Remote};
use crate::trust::TrustArgs;
use crate::view::View;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Write did.json, profile and achievements for the issuer's own web server
    #[command(after_help = EXAMPLES)]
    Site(Args),
    /// Publish what the ledger says as W3C status lists, or check what is published
    #[command(after_help = publish::EXAMPLES)]
    Publish(publish::Args),
    /// Write the verifier's page for the issuer's own web server
    #[command(after_help = page::EXAMPLES)]
    Page(page::Args),
}

const EXAMPLES: &str = "\
Examples:
  sanad issuer site www/ --issuer-dir merapi
  sanad issuer site www/ --template wisuda.template.json --issuer-dir merapi
  sanad issuer site www/ --withdraw z6MkLEAKED --issuer-dir merapi

Writes the DID document where did:web says (.well-known/did.json, or the folder that the id names) with
every issuing key that the register proves, retired ones included, so that what they signed stays
checkable; --withdraw leaves out one that leaked. Of templates, the issuer's profile goes into profile.json,
and each achievement to the path of its address. Files of an earlier run are replaced.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The root folder of the web server
    dir: PathBuf,
    /// A template whose profile and achievement are published; may be repeated
    #[arg(long, value_name = "FILE")]
    template: Vec<PathBuf>,
    /// An issuing key, as a Multikey, that leaked: nothing that it signed is good any more; may be repeated
    #[arg(long, value_name = "KEY")]
    withdraw: Vec<String>,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Serialize)]
struct Written {
    did: String,
    keys: usize,
    files: Vec<PathBuf>,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Site(args) => site(&args, output),
        Command::Publish(args) => publish::run(&args, output),
        Command::Page(args) => page::run(&args, output),
    }
}

fn site(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let id = args.issuer.id()?;
    let member = remote::block_on(async {
        let remote = Remote::connect(&args.node).await?;
        let trust = args.trust.for_node(&remote).await?;
        anyhow::Ok(remote.chain(&trust).member(&id).await?)
    })??;
    let document = did_document(&member, &withdrawn(&args.withdraw, &member)?)?;
    let mut files: Vec<SiteFile> = vec![document];
    for template in &args.template {
        let text = files::read(template, TEMPLATE_BYTES_MAX)?;
        let template_json: Value = serde_json::from_slice(&text)
            .with_context(|| format!("{} is not a template in JSON", template.display()))?;
        check_named(&template_json, &member).with_context(|| template.display().to_string())?;
        for file in published(&template_json).with_context(|| template.display().to_string())? {
            if file.content.to_string().contains("{{") {
                bail!("{}: {} would differ from learner to learner", template.display(), file.path.display());
            }
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    write_site(&args.dir, &files)?;
    let did = files[0].content["id"].as_str().unwrap_or_default().to_owned();
    let keys = files[0].content["verificationMethod"].as_array().map_or(0, Vec::len);
    let files = files.into_iter().map(|file| args.dir.join(file.path)).collect();
    output.print(&Written { did, keys, files })?;
    Ok(Outcome::Yes)
}

/// A profile is published on the site of the issuer that it names, and nowhere else.
fn check_named(template: &Value, member: &MemberState) -> anyhow::Result<()> {
    let issuer = &template["issuer"];
    let named = issuer.as_str().or_else(|| issuer["id"].as_str()).unwrap_or_default();
    match did_web(member) {
        Some(did) if did == named => Ok(()),
        did => {
            bail!("the template names the issuer {named}, and the site is that of {}", did.unwrap_or("none"))
        }
    }
}

fn withdrawn(names: &[String], member: &MemberState) -> anyhow::Result<Vec<PublicKey>> {
    let issuing = || member.rest().keys.iter().filter(|term| term.purpose == KeyPurpose::Issuing);
    let find = |name: &String| {
        let found = issuing().find(|term| multikey(&term.key) == *name).map(|term| term.key);
        found.with_context(|| {
            format!("{name} is not an issuing key of {} in the register", member.record().id)
        })
    };
    names.iter().map(find).collect()
}

impl Report for Written {
    fn view(&self) -> View {
        let view = View::new().fact("did", &self.did).fact("keys", self.keys);
        self.files.iter().fold(view, |view, file| view.fact("file", file.display()))
    }
}
