//! `sanad issuer`: what an issuer publishes.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use sanad_core::member::{KeyPurpose, MemberState};
use sanad_core::signature::PublicKey;
use sanad_credential::multikey;
use sanad_issuer::files::Mode;
use sanad_issuer::{
    SiteFile, WITHDRAWN_FILE, WithdrawnKeys, compromised_keys, did_document, did_web, files, published,
    withdrawn_path, write_site,
};
use sanad_roster::TEMPLATE_BYTES_MAX;
use serde::Serialize;
use serde_json::Value;

use super::{page, publish};
use crate::issuer::IssuerArgs;
use crate::output::{Outcome, Output, Report, warn};
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
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
checkable. --withdraw takes out one that leaked, and every later run leaves it out, too: it is noted in
withdrawn-keys.json, beside did.json and in the issuer's folder. A key that was declared compromised is left
out as well. --publish puts such a key in all the same. Of templates, the issuer's profile goes into profile.json,
and each achievement to the path of its address. Files of an earlier run are replaced.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The root folder of the web server
    dir: PathBuf,
    /// A template whose profile and achievement are published; may be repeated
    #[arg(long, value_name = "FILE")]
    template: Vec<PathBuf>,
    /// An issuing key that leaked, as a Multikey or by its id in did.json: nothing that it signed is good any more; may be repeated
    #[arg(long, value_name = "KEY")]
    withdraw: Vec<String>,
    /// An issuing key to publish though it was withdrawn before, or declared compromised; may be repeated
    #[arg(long, value_name = "KEY")]
    publish: Vec<String>,
    /// Withdraw the key in force, too: until there is another, verifiers refuse whatever is signed
    #[arg(long, requires = "withdraw")]
    yes: bool,
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
    /// Keys that are left out: withdrawn, now or before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withdrawn: Vec<String>,
    /// Keys that are left out: declared compromised on the ledger.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compromised: Vec<String>,
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
        let chain = remote.chain(&trust);
        // The keys of an old block may be former ones. A key that leaked is withdrawn whatever the clock says.
        if args.withdraw.is_empty() {
            chain.check_clock(time::now_ms()).await.context("nothing was published")?;
        }
        anyhow::Ok(chain.member(&id).await?)
    })??;
    let LeftOut { list, withdrawn, compromised } = left_out(args, &member)?;
    let document = did_document(&member, &[&withdrawn[..], &compromised].concat())?;
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
    // Before the document: a run that is killed must not let the next one publish the key again.
    if let Some(list) = list {
        if let Some(folder) = args.issuer.folder() {
            let text = format!("{:#}\n", list.content());
            files::replace(&folder.join(WITHDRAWN_FILE), text.as_bytes(), Mode::Public)?;
        }
        let list = SiteFile { path: withdrawn_path(&member)?, content: list.content() };
        write_site(&args.dir, std::slice::from_ref(&list))?;
        files.push(list);
    }
    write_site(&args.dir, &files)?;
    let did = files[0].content["id"].as_str().unwrap_or_default().to_owned();
    let keys = files[0].content["verificationMethod"].as_array().map_or(0, Vec::len);
    let files = files.into_iter().map(|file| args.dir.join(file.path)).collect();
    let in_force = member.rest().current_key(KeyPurpose::Issuing);
    if let Some(key) = in_force.filter(|key| withdrawn.contains(key) || compromised.contains(key)) {
        warn(format_args!(
            "{} is the issuing key in force, and did.json does not have it: verifiers refuse what it signs. Replace it with `sanad member \
             rotate-key`, and run this again",
            multikey(&key)
        ));
    }
    let names = |keys: Vec<PublicKey>| keys.iter().map(multikey).collect();
    let (withdrawn, compromised) = (names(withdrawn), names(compromised));
    output.print(&Written { did, keys, withdrawn, compromised, files })?;
    Ok(Outcome::Yes)
}

/// The keys that are not published.
struct LeftOut {
    /// What is noted for later runs; `None` if no key was ever withdrawn.
    list: Option<WithdrawnKeys>,
    withdrawn: Vec<PublicKey>,
    compromised: Vec<PublicKey>,
}

fn left_out(args: &Args, member: &MemberState) -> anyhow::Result<LeftOut> {
    let on_site = args.dir.join(withdrawn_path(member)?);
    let in_folder = args.issuer.folder().map(|folder| folder.join(WITHDRAWN_FILE));
    let is_listed = on_site.exists() || in_folder.as_ref().is_some_and(|path| path.exists());
    let mut list = WithdrawnKeys::read(&on_site)?;
    if let Some(path) = &in_folder {
        list.merge(WithdrawnKeys::read(path)?);
    }
    let (now, published) = (named_keys(&args.withdraw, member)?, named_keys(&args.publish, member)?);
    if let Some(key) = now.iter().find(|key| published.contains(key)) {
        bail!("{} is to be withdrawn and to be published; give one of both", multikey(key));
    }
    let in_force = member.rest().current_key(KeyPurpose::Issuing);
    if let Some(key) = in_force.filter(|key| now.contains(key) && !list.contains(key) && !args.yes) {
        bail!(
            "{} is the issuing key in force: without it verifiers refuse what is signed from now on. Replace it first (`sanad member \
             rotate-key`, or `sanad member declare-compromise`), or give --yes to withdraw it all the same",
            multikey(&key)
        );
    }
    now.iter().for_each(|key| list.insert(key));
    published.iter().for_each(|key| list.remove(key));
    let issuing = member.rest().keys.iter().filter(|term| term.purpose == KeyPurpose::Issuing);
    let withdrawn: Vec<PublicKey> = issuing.map(|term| term.key).filter(|key| list.contains(key)).collect();
    let mut compromised = compromised_keys(member);
    compromised.retain(|key| !withdrawn.contains(key) && !published.contains(key));
    let list = (is_listed || !now.is_empty()).then_some(list);
    Ok(LeftOut { list, withdrawn, compromised })
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

/// Issuing keys of a member by their names: a Multikey, or the id that a key has in `did.json`.
fn named_keys(names: &[String], member: &MemberState) -> anyhow::Result<Vec<PublicKey>> {
    let find = |name: &String| {
        let (did, key) = name.rsplit_once('#').unwrap_or(("", name));
        if !did.is_empty() && Some(did) != did_web(member) {
            bail!("{name} is a key of another DID than {}", did_web(member).unwrap_or("none"));
        }
        let mut issuing = member.rest().keys.iter().filter(|term| term.purpose == KeyPurpose::Issuing);
        let found = issuing.find(|term| multikey(&term.key) == key).map(|term| term.key);
        found.with_context(|| {
            format!("{name} is not an issuing key of {} in the register", member.record().id)
        })
    };
    names.iter().map(find).collect()
}

impl Report for Written {
    fn view(&self) -> View {
        let view = View::new().fact("did", &self.did).fact("keys", self.keys);
        let view = self.withdrawn.iter().fold(view, |view, key| view.fact("withdrawn", key));
        let compromised =
            |key| format!("{key}: declared compromised, and left out; --publish {key} puts it in");
        let view = self.compromised.iter().fold(view, |view, key| view.fact("left out", compromised(key)));
        self.files.iter().fold(view, |view, file| view.fact("file", file.display()))
    }
}
