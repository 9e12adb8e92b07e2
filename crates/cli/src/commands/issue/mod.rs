//! `sanad issue`: documents become entries of the log, and get their receipts.

mod init;
mod printing;
mod report;
mod restore;
mod roster;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use clap::ValueEnum;
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::document::DocumentKind;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_issuer::{
    BATCH_DOCUMENTS_DEFAULT, Chain, Issuance, IssueOptions, IssueReport, Keeper, Pending, Places, ReadAs,
    ResumeError, Revocation, Unfinished, read_list,
};
use sanad_register::{Credential, StatusChange};

use crate::commands::receipt::Form;
use crate::issuer::IssuerArgs;
use crate::observer::Terminal;
use crate::output::{Outcome, Output, describe, note};
use crate::receipt_file::PICTURES;
use crate::register::{Incomplete, RegisterArgs, RegisterKeeper};
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::printable;
use report::Issued;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad issue ijazah.json --issuer-dir merapi --genesis genesis.json
  sanad issue awards/ --issuer univ-merapi.example --key merapi/keys/issuing.json
  sanad issue --from wisuda-2025.txt --issuer-dir merapi
  sanad issue --resume awards/
  sanad issue --resume awards/ moved/
  sanad issue --resume awards/ --receipts elsewhere/
  sanad issue awards/ --issuer-dir merapi --receipts-form binary
  sanad issue awards/ --issuer-dir merapi --register merapi/register.db --register-batch 2026-11

Each document gets its receipt beside it, DOCUMENT.receipt.json, and none is issued twice: one that has
a receipt of this issuer is skipped. Receipts, keys and other files of Sanad are never issued, whatever they
are called; nor are empty files. What is left out of a folder is said, with the reason.
Only a keyed commitment leaves this machine; its secret is kept in the receipt. Every receipt's place is
tried before anything is submitted, and the secrets are written into a .sanad-pending file; after a crash,
a timeout or a full disk --resume finishes it. It writes beside documents in the folder of the pending file, in
folders within it, and in those that are named after it; it finds renamed and moved documents there by their
content. A document that was changed since still gets the receipt of what it was, and the exit code is 2.
If another `sanad` of the same issuer is at work, this one waits for its turn. Open Badges and W3C
credentials get a summary (holder, title, date ...) that a paper receipt can prove alone.
With --register, documents, secrets and receipts are kept in one encrypted file, and nobody gets an
achievement twice in a batch of that name.";

#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Documents, or folders of documents; with --resume, further folders that its documents lie in
    #[arg(required_unless_present_any = ["from", "resume"])]
    paths: Vec<PathBuf>,
    /// Text file with one document a line, lines that begin with # left out
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    from: Option<PathBuf>,
    /// Finish what a pending file, or those of a folder, began
    #[arg(long, value_name = "DIR|FILE")]
    resume: Option<PathBuf>,
    /// How to read documents
    #[arg(long = "as", value_enum, default_value = "auto")]
    how: As,
    /// Most documents of one batch
    #[arg(long, default_value_t = BATCH_DOCUMENTS_DEFAULT, value_name = "N")]
    batch_size: usize,
    /// Issue documents again that have a receipt; the old entry stays valid unless it is revoked, which is said
    #[arg(long, conflicts_with = "register")]
    force: bool,
    /// Bind no summary: no paper receipt can be made of the credential
    #[arg(long)]
    no_summary: bool,
    /// Folder for the receipts [default: each beside its document]
    #[arg(long, value_name = "DIR")]
    receipts: Option<PathBuf>,
    /// The form of the receipts: DOCUMENT.receipt.json or DOCUMENT.receipt [default: json; with --resume, that of
    /// the issuance]
    #[arg(long, value_enum)]
    receipts_form: Option<Form>,
    /// How long to wait until a batch is final, and for other programs of this issuer
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    /// What this issuance is called in the register
    #[arg(long, default_value = "", value_name = "NAME", requires = "register")]
    register_batch: String,
    /// Issue again to persons who were erased from the register
    #[arg(long, requires = "register")]
    erased: bool,
    /// Issue though the register lacks credentials of this issuer that the ledger has
    #[arg(long, requires = "register")]
    incomplete_register: bool,
    #[command(flatten)]
    register: RegisterArgs,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

/// From a spreadsheet of learners.
#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Propose columns and a template for a roster
    #[command(after_help = init::EXAMPLES)]
    Init(init::Args),
    /// Sign a credential for each learner of a roster, and enter all of them
    #[command(after_help = roster::EXAMPLES)]
    Roster(Box<roster::Args>),
}

/// How a document is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum As {
    /// By its first character.
    Auto,
    /// As JSON: the same digest however it is laid out.
    Json,
    /// As bytes: each counts.
    Bytes,
    /// As an SD-JWT: any selection of its disclosures fits the receipt.
    SdJwt,
}

impl From<As> for ReadAs {
    fn from(how: As) -> Self {
        match how {
            As::Auto => Self::Auto,
            As::Json => Self::Kind(DocumentKind::Json),
            As::Bytes => Self::Kind(DocumentKind::Bytes),
            As::SdJwt => Self::Kind(DocumentKind::SdJwt),
        }
    }
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    match &args.command {
        Some(Command::Init(args)) => return init::run(args, output),
        Some(Command::Roster(args)) => return roster::run(args, output),
        None => {}
    }
    let (observer, mut issued) = (Terminal::default(), Issued::default());
    let mut errors: Vec<String> = Vec::new();
    if let Err(error) = work(args, &observer, &mut issued, &mut errors) {
        errors.push(describe(&error));
    }
    errors.extend(issued.report.failed.iter().map(ToString::to_string));
    let other_now = issued.report.other_now().count();
    if other_now > 0 {
        errors.push(format!(
            "{other_now} documents are not what was issued: they were changed, or are gone; their receipts are for what \
             they were"
        ));
    }
    issued.notices = observer.into_notices();
    issued.errors = errors;
    if output.is_json() || issued.says_something() {
        output.print(&issued)?;
    }
    for error in &issued.errors {
        note(format_args!("error: {error}"));
    }
    if issued.report.failed.is_empty() && issued.report.unfinished.is_empty() && issued.errors.is_empty() {
        return Ok(Outcome::Yes);
    }
    if !issued.report.failed.is_empty() {
        for file in &issued.report.unfinished {
            let register = Pending::read(file).ok().and_then(|left| left.register);
            let register = register.map(|register| format!(" --register {}", register.display()));
            note(format_args!(
                "these documents are issued, and their secrets are in {0}: mend what is wrong and run `sanad issue \
                 --resume {0}{1}`, with --receipts DIR for another folder",
                file.display(),
                register.unwrap_or_default()
            ));
        }
    }
    Ok(Outcome::Error)
}

/// Issues or resumes. What was done is in `issued`, whatever fails.
fn work(
    args: &Args,
    observer: &Terminal,
    issued: &mut Issued,
    errors: &mut Vec<String>,
) -> anyhow::Result<()> {
    if !(1..=BATCH_EVENTS_MAX).contains(&args.batch_size) {
        bail!("--batch-size is {}; a batch has 1 to {BATCH_EVENTS_MAX} events", args.batch_size);
    }
    if let Some(folder) = args.receipts.as_deref().filter(|folder| !folder.is_dir()) {
        bail!("--receipts {}: there is no such folder; make it first", folder.display());
    }
    remote::block_on(async {
        let remote = Remote::connect(&args.node).await?;
        let trust = args.trust.for_node(&remote).await?;
        let chain = remote.chain(&trust);
        issued.chain_id = Some(trust.anchor().chain_id);
        match &args.resume {
            Some(path) => resume(args, path, &chain, observer, &mut issued.report, errors).await,
            None => issue(args, &chain, observer, &mut issued.report).await,
        }
    })?
}

async fn issue(
    args: &Args,
    chain: &Chain,
    observer: &Terminal,
    report: &mut IssueReport,
) -> anyhow::Result<()> {
    let mut paths = args.paths.clone();
    if let Some(list) = &args.from {
        paths.extend(read_list(list)?);
    }
    let (id, anchor) = (args.issuer.id()?, chain.anchor());
    let keeper = keeper(&args.register, &args.register_batch, args.erased, chain, &id)?;
    let options = options(args, keeper.clone());
    let issuance = Issuance::prepare(&paths, anchor, &id, options, observer, report)?;
    if !issuance.is_empty() {
        if let Some(keeper) = &keeper {
            keeper.ask(chain, &id, Incomplete::Told.unless(args.incomplete_register)).await?;
        }
        say_what_was_revoked(&issuance, chain, &id, keeper.as_deref(), observer).await?;
        let issuer = args.issuer.open()?;
        issuance.enter(chain, &issuer, observer, report).await?;
    }
    if let Some(keeper) = keeper {
        say_healed(keeper.heal(&report.skipped, anchor)?, observer);
    }
    Ok(())
}

/// Says how many rows of the register were unfinished, and are issued by the receipts beside their documents.
fn say_healed(healed: usize, observer: &Terminal) {
    if healed > 0 {
        observer.remark(format!(
            "the register did not know that {healed} of these credentials are issued; it has their receipts now"
        ));
    }
}

/// Says of documents that are issued again whether, when and why they were revoked. It stops nothing.
async fn say_what_was_revoked(
    issuance: &Issuance,
    chain: &Chain,
    id: &MemberId,
    keeper: Option<&RegisterKeeper>,
    observer: &Terminal,
) -> anyhow::Result<()> {
    let before: Vec<(&Path, LogIndex)> = issuance.issued_before().collect();
    if !before.is_empty() {
        let indices: Vec<LogIndex> = before.iter().map(|(_, index)| *index).collect();
        let revocations = chain.revocations(id, &indices).await?;
        for (path, index) in before {
            let Some(Revocation { entry, height, time_ms }) = revocations.get(&index) else { continue };
            observer.remark(format!(
                "{} was issued as entry {index} and REVOKED in block {height}, of {}, by entry {entry}; it is issued again as another \
                 entry, which is active. Why it was revoked is not in the ledger: a register has the reason",
                path.display(),
                time::format_ms(*time_ms)
            ));
        }
    }
    let Some(keeper) = keeper else { return Ok(()) };
    let documents: Vec<_> = issuance.digests().collect();
    for (path, Credential { row, state, .. }) in keeper.revoked(&documents)? {
        let Some(StatusChange { reason, at_ms, .. }) = state.changes.last() else { continue };
        let reason = reason.as_deref().unwrap_or("no reason was given");
        observer.remark(format!(
            "{} is row {row} of the register, which was REVOKED: {}, noted {}",
            path.display(),
            printable(reason),
            time::format_ms(*at_ms)
        ));
    }
    Ok(())
}

/// Finishes one pending file after the other: what is wrong with one holds none of the others back.
async fn resume(
    args: &Args,
    path: &Path,
    chain: &Chain,
    observer: &Terminal,
    report: &mut IssueReport,
    errors: &mut Vec<String>,
) -> anyhow::Result<()> {
    let keeper = match args.register.register {
        Some(_) => keeper(&args.register, &args.register_batch, args.erased, chain, &args.issuer.id()?)?,
        None => None,
    };
    let options = options(args, keeper);
    let unfinished = Unfinished::open(path, &args.paths, args.wait, observer)?;
    if unfinished.files().len() == 0 {
        observer.remark(format!("{} holds no pending file; nothing to finish", path.display()));
    }
    for file in unfinished.files() {
        let finished = finish(&unfinished, file, chain, &args.issuer, &options, observer, report).await?;
        if let Err(error) = finished {
            if matches!(error, ResumeError::FormerKey { .. }) {
                errors.push(describe(&anyhow::Error::new(error).context(file.display().to_string())));
                continue;
            }
            let kept = match error {
                ResumeError::Damaged { .. } => "stays",
                _ => "stays; nothing in it is lost",
            };
            let error = anyhow::Error::new(error).context(format!("{} {kept}", file.display()));
            errors.push(describe(&error));
            if !report.unfinished.iter().any(|kept| kept == file) {
                report.unfinished.push(file.to_owned());
            }
        }
    }
    Ok(())
}

/// Finishes one pending file. The key is opened only if it is needed.
pub(crate) async fn finish(
    unfinished: &Unfinished,
    file: &Path,
    chain: &Chain,
    issuer: &IssuerArgs,
    options: &IssueOptions,
    observer: &Terminal,
    report: &mut IssueReport,
) -> anyhow::Result<Result<(), ResumeError>> {
    let finished = unfinished.finish(file, chain, None, options, observer, report).await;
    let is_signed_anew = match &finished {
        Err(ResumeError::PlaceTaken(_) | ResumeError::StatusConflict(_)) => true,
        Err(ResumeError::Submission(error)) => error.is_of_former_key(),
        _ => false,
    };
    if !is_signed_anew || !issuer.is_given() {
        return Ok(finished);
    }
    let issuer = issuer.open()?;
    Ok(unfinished.finish(file, chain, Some(&issuer), options, observer, report).await)
}

/// The register that keeps what is issued, if one is named; `batch` is what the issuance is called there, and
/// `takes_back_erased` says whether persons who were erased from it are issued to again.
fn keeper(
    register: &RegisterArgs,
    batch: &str,
    takes_back_erased: bool,
    chain: &Chain,
    issuer: &MemberId,
) -> anyhow::Result<Option<Arc<RegisterKeeper>>> {
    let register = register.open_of(chain.anchor(), issuer)?;
    let batch = batch.to_owned();
    Ok(register.map(|register| {
        Arc::new(RegisterKeeper::new(register, batch, None).taking_back_erased(takes_back_erased))
    }))
}

fn options(args: &Args, keeper: Option<Arc<RegisterKeeper>>) -> IssueOptions {
    IssueOptions {
        read_as: args.how.into(),
        batch_documents_max: args.batch_size,
        again: args.force,
        summaries: !args.no_summary,
        places: Places { folder: args.receipts.clone(), form: args.receipts_form.map(Into::into) },
        pending_folder: None,
        wait: args.wait,
        pictures: Some(PICTURES),
        passphrase: args.issuer.known_passphrase(),
        keeper: keeper.map(|keeper| keeper as Arc<dyn Keeper>),
    }
}
