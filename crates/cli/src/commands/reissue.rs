//! `sanad reissue`: a new credential in place of an old one, which is revoked in the same batch.

use std::io::{IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_api::CredentialKey;
use sanad_core::document::{self, DOCUMENT_BYTES_MAX, DocumentKind};
use sanad_core::ids::LogIndex;
use sanad_core::member::MemberState;
use sanad_issuer::{
    Chain, Change, ChangePlan, ChangeTarget, Content, Correction, CredentialForm, Excess, Issuance,
    IssueOptions, IssueReport, IssuedDocument, Issuer, Keeper, Pending, Places, ResumeError, Unfinished,
    pending_files_in,
};
use sanad_register::{Credential, Progress, Query, Register, Replaced, Row, RowNumber, Subject};
use serde::Serialize;

use super::issue::finish;
use crate::issuer::IssuerArgs;
use crate::observer::Terminal;
use crate::output::{Outcome, Output, Report, note};
use crate::receipt_file::{self, PICTURES};
use crate::register::{
    Digits, Incomplete, Lookup, RegisterArgs, RegisterKeeper, id_of, position_in, subject_of,
};
use crate::remote::{self, NodeArgs, Remote};
use crate::signing::{FormArgs, created_now, say_written, signer, status_list_place};
use crate::trust::TrustArgs;
use crate::view::View;
use crate::{files, time};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad reissue corrected.json --replaces row:12 --reason \"name misspelt\" --register merapi/register.db --issuer-dir merapi
  sanad reissue corrected.json --replaces siti@univ-merapi.example --yes --register merapi/register.db --issuer-dir merapi
  sanad reissue corrected.json --sign --out siti/credential.json --replaces row:12 --register merapi/register.db --issuer-dir merapi

With --sign the document is a copy of the old credential, corrected by hand (of an SD-JWT, of the credential in
JSON that `sanad issue roster --dry-run` shows): the new one gets an id and a signature of its own, and a place in
the status lists if the old one has one. Otherwise the document is issued as it is.
One signed batch issues the new credential and revokes the old one: neither is entered without the other.
What the new credential says of the person must agree in name, e-mail address or student number: a wrong row
voids another person's credential for ever.
The register links the two. If it does not finish, `sanad issue --resume DIR --register FILE` finishes it.
A credential that is revoked already is replaced, too.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The new document
    document: PathBuf,
    /// The credential that it replaces: row:12, an e-mail address, number:26001 (of a student or a certificate) or a file name
    #[arg(long, value_name = "CREDENTIAL")]
    replaces: String,
    /// Sign what the document says as a new credential
    #[arg(long)]
    sign: bool,
    /// The file of the new credential [default: the document's name with .signed.json or .signed.sd-jwt]
    #[arg(long, value_name = "FILE", requires = "sign")]
    out: Option<PathBuf>,
    #[command(flatten)]
    form: FormArgs,
    /// Why; kept in the register alone
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Reissue although the new credential is another person's by all that it says, or names nobody
    #[arg(long)]
    another_person: bool,
    /// Issue though the register lacks credentials of this issuer that the ledger has
    #[arg(long)]
    incomplete_register: bool,
    /// Do not ask: reissue
    #[arg(long)]
    yes: bool,
    /// How long to wait until the batch is final, and for other programs of this issuer
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    #[command(flatten)]
    register: RegisterArgs,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Serialize)]
struct Reissued {
    row: RowNumber,
    replaces: RowNumber,
    /// The entry that was revoked.
    revoked: LogIndex,
    /// Whether it was revoked before.
    already: bool,
    #[serde(flatten)]
    issued: IssuedDocument,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if !args.yes && !std::io::stdin().is_terminal() {
        bail!(
            "a revocation is final, and there is no terminal to ask on; give --yes to reissue without a question"
        );
    }
    output.print(&remote::block_on(reissue(args))??)?;
    Ok(Outcome::Yes)
}

async fn reissue(args: &Args) -> anyhow::Result<Reissued> {
    let remote = Remote::connect(&args.node).await?;
    let trust = args.trust.for_node(&remote).await?;
    let (chain, id) = (remote.chain(&trust), args.issuer.id()?);
    let register =
        args.register.open_of(trust.anchor(), &id)?.context("no register is named; give --register FILE")?;
    let old = Lookup::new(&register, Digits::Refused).replaceable(&args.replaces)?;
    if let Some(done) = done_before(args, &register, &old)? {
        let (new, old) = (done.row, done.replaces);
        note(format_args!("row {old} was replaced by row {new} before; nothing was done"));
        return Ok(done);
    }
    if let Some(file) = begun_before(args, &register, &old)? {
        return match finish_begun(args, &chain, register, old, &file).await? {
            Some(done) => Ok(done),
            // The key was replaced since: it is signed anew.
            None => Box::pin(reissue(args)).await,
        };
    }
    let Some(revoked) = old.state.log_index else {
        bail!("row {} is {}; only what is issued can be replaced", old.row, old.state.progress.as_str())
    };
    let key = CredentialKey::Issuance { issuer: id.clone(), commitment: old.facts.commitment };
    let bytes = files::read(&args.document, DOCUMENT_BYTES_MAX)?;
    let kind = DocumentKind::detect(&bytes);
    if kind == old.facts.kind && document::digest(kind, &bytes).ok() == Some(old.facts.digest) {
        bail!("{} is the document of row {} itself; correct it first", args.document.display(), old.row);
    }
    let new = subject_of(kind, &bytes);
    for (before, after) in differences(&old.facts.subject, &new) {
        note(format_args!("warning: row {} says {before}, the new credential {after}", old.row));
    }
    let (was, is) = (&old.facts.subject.person, &new.person);
    if !args.another_person && (was.is_named() || is.is_named()) && !was.may_be(is) {
        bail!(
            "{} and row {} agree in neither name nor e-mail address nor student number, and the row would be void for ever: look whether \
             it is the right row, or give --another-person",
            args.document.display(),
            old.row
        );
    }
    let target = ChangeTarget { name: format!("row {}", old.row), listed: None, key };
    let observer = Terminal::default();
    let plan = ChangePlan::new(&chain, Change::Revoke, &id, &[target], Excess::Left, &observer).await?;
    if let Some(left) = plan.left() {
        bail!(
            "row {} cannot be revoked today: an issuing key revokes at most {} credentials a day (UTC); nothing was changed. Run this \
             again from {} on",
            old.row,
            left.limit,
            time::format_ms(left.next_day_ms)
        );
    }
    let already = plan.is_empty();
    if args.sign {
        chain.check_clock(time::now_ms()).await.context("nothing was signed")?;
    }
    let correction = match args.sign {
        true => Some(Correction::read(&args.document, &old.facts.commitment)?),
        false => None,
    };
    let is_listed = position_in(&register.document(old.row)?).is_some();
    let replaced = Replaced { row: old.row, reason: args.reason.clone() };
    let keeper = Arc::new(RegisterKeeper::new(register, old.facts.batch.clone(), Some(replaced)));
    let options = IssueOptions {
        batch_documents_max: 1,
        wait: args.wait,
        places: Places { folder: None, form: None },
        pictures: Some(PICTURES),
        passphrase: args.issuer.known_passphrase(),
        keeper: Some(Arc::clone(&keeper) as Arc<dyn Keeper>),
        ..IssueOptions::default()
    };
    let mut report = IssueReport::default();
    if !args.yes && !ask(&old, &new, already)? {
        bail!("the answer was not yes; nothing was changed");
    }
    let issuer = args.issuer.open()?;
    // A place is allotted to it.
    let otherwise = if is_listed { Incomplete::Refused } else { Incomplete::Told };
    let incomplete = otherwise.unless(args.incomplete_register);
    keeper.ask(&chain, &id, incomplete).await?;
    let document = match correction {
        Some(correction) => sign(args, correction, is_listed, &chain.member(&id).await?, &issuer, &keeper)?,
        None => args.document.clone(),
    };
    let entered: anyhow::Result<()> = async {
        let paths = std::slice::from_ref(&document);
        let issuance = Issuance::prepare(paths, chain.anchor(), &id, options, &observer, &mut report)?;
        match issuance.len() {
            1 => {}
            0 => bail!("{} is issued already; it cannot replace another", document.display()),
            documents => {
                bail!(
                    "{} holds {documents} documents; name the one that replaces the other",
                    document.display()
                )
            }
        }
        let issuance = issuance.replacing(if already { Vec::new() } else { vec![revoked] })?;
        Ok(issuance.enter(&chain, &issuer, &observer, &mut report).await?)
    }
    .await;
    if let Err(error) = entered {
        // Signed and never entered, it would pass for a credential. While a batch is pending, it may still become one.
        let is_pending = !pending_files_in(files::parent(&document))?.is_empty();
        if args.sign && !is_pending && !receipt_file::find_beside(&document).is_file() {
            files::remove(&document)?;
        }
        return Err(error);
    }
    if let Some(failed) = report.failed.first() {
        bail!("the batch is entered, but the receipt cannot be written: {failed}");
    }
    let issued = report
        .issued
        .pop()
        .context("the batch is entered without a receipt; see `sanad register receipt`")?;
    let row = match keeper.lock().find(&Query::Commitment(issued.commitment))?.pop() {
        Some(Row::Credential(new)) => new.row,
        _ => bail!("another program took the new row out of the register"),
    };
    Ok(Reissued { row, replaces: old.row, revoked, already, issued })
}

/// What a run before this one did, if it ended: the document stands in the register for the credential that is named, or for
/// the one that this credential replaced, since an e-mail address means the new one then.
fn done_before(args: &Args, register: &Register, named: &Credential) -> anyhow::Result<Option<Reissued>> {
    let mut pairs = Vec::new();
    if let Some(replaced) = &named.facts.replaces
        && let Row::Credential(old) = register.row(replaced.row)?
    {
        pairs.push((named.clone(), *old));
    }
    register.visit(|row| {
        if let Row::Credential(new) = row
            && new.facts.replaces.as_ref().is_some_and(|replaced| replaced.row == named.row)
        {
            pairs.push((*new, named.clone()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    for (new, old) in pairs {
        let (Some(log_index), Some(revoked)) = (new.state.log_index, old.state.log_index) else { continue };
        let bytes = register.document(new.row)?;
        if !is_same(args, &old, &bytes)? {
            continue;
        }
        let document = if args.sign { signed_path(args)? } else { args.document.clone() };
        let folder = files::parent(&document);
        if let Some(pending) = pending_files_in(folder)?.first() {
            bail!(
                "row {} was replaced by row {}, and {} is left of it; run `sanad issue --resume {} --register {}`",
                old.row,
                new.row,
                pending.display(),
                folder.display(),
                register.path().display()
            );
        }
        let receipt = receipt_file::find_beside(&document);
        if document.is_file() && receipt.is_file() {
            let (commitment, content) = (new.facts.commitment, Content::AsIssued);
            let issued = IssuedDocument { document, receipt, log_index, commitment, content };
            return Ok(Some(Reissued { row: new.row, replaces: old.row, revoked, already: true, issued }));
        }
        // Named by its own row, what was begun is found, and what to do is said.
        if named.row == new.row {
            bail!(
                "row {} was replaced by row {} before, and {} is not there with its receipt; `sanad issue --resume` with the same \
                 --register finishes what was begun, and `sanad register export` writes both again",
                old.row,
                new.row,
                document.display()
            );
        }
    }
    Ok(None)
}

/// The pending file of a run before this one that was killed: it replaces the same row by the same document.
fn begun_before(args: &Args, register: &Register, old: &Credential) -> anyhow::Result<Option<PathBuf>> {
    let document = if args.sign { signed_path(args)? } else { args.document.clone() };
    let Ok(files) = pending_files_in(files::parent(&document)) else { return Ok(None) };
    for file in files {
        // One that cannot be read is in the way of all others, which is said.
        let Ok(pending) = Pending::read(&file) else { continue };
        let [one] = &pending.documents[..] else { continue };
        let Some(Row::Credential(new)) = register.find(&Query::Commitment(one.commitment))?.pop() else {
            continue;
        };
        let is_of_old = new.facts.replaces.as_ref().is_some_and(|replaced| replaced.row == old.row);
        let bytes = register.document(new.row)?;
        if is_of_old && new.state.progress != Progress::Issued && is_same(args, old, &bytes)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Whether the document that is given is, or says, what a document of the register does, in place of `old`.
fn is_same(args: &Args, old: &Credential, document: &[u8]) -> anyhow::Result<bool> {
    Ok(match args.sign {
        true => {
            let correction = Correction::read(&args.document, &old.facts.commitment)?;
            id_of(document).as_deref() == Some(correction.id())
        }
        false => files::read(&args.document, DOCUMENT_BYTES_MAX)? == document,
    })
}

/// Finishes what a run before this one began. `None` if it has to be signed anew.
async fn finish_begun(
    args: &Args,
    chain: &Chain,
    register: Register,
    old: Credential,
    file: &Path,
) -> anyhow::Result<Option<Reissued>> {
    let (observer, mut report) = (Terminal::default(), IssueReport::default());
    let keeper = Arc::new(RegisterKeeper::new(register, old.facts.batch.clone(), None));
    let options = IssueOptions {
        wait: args.wait,
        places: Places { folder: None, form: None },
        pictures: Some(PICTURES),
        passphrase: args.issuer.known_passphrase(),
        keeper: Some(Arc::clone(&keeper) as Arc<dyn Keeper>),
        ..IssueOptions::default()
    };
    let unfinished = Unfinished::open(file, &[], args.wait, &observer)?;
    note(format_args!("an earlier run was on its way with it; finishing {}", file.display()));
    match finish(&unfinished, file, chain, &args.issuer, &options, &observer, &mut report).await? {
        Err(ResumeError::FormerKey { .. }) => return Ok(None),
        finished => finished.with_context(|| format!("{} stays; nothing in it is lost", file.display()))?,
    }
    if let Some(failed) = report.failed.first() {
        bail!("the batch is entered, but the receipt cannot be written: {failed}");
    }
    let register = keeper.lock();
    let old = register.credential(old.row)?;
    let done = done_before(args, &register, &old)?;
    let done = done.context("the batch is entered without a receipt; see `sanad register receipt`")?;
    Ok(Some(Reissued { already: false, ..done }))
}

/// Where the signed credential is written.
fn signed_path(args: &Args) -> anyhow::Result<PathBuf> {
    let end = if args.form.form()?.0 == CredentialForm::SdJwt { "signed.sd-jwt" } else { "signed.json" };
    Ok(args.out.clone().unwrap_or_else(|| args.document.with_extension(end)))
}

/// Signs what was corrected, with a place in the status lists if the old credential has one. Returns the file.
fn sign(
    args: &Args,
    correction: Correction,
    is_listed: bool,
    member: &MemberState,
    issuer: &Issuer,
    keeper: &RegisterKeeper,
) -> anyhow::Result<PathBuf> {
    let (form, suite) = args.form.form()?;
    let signer = signer(suite, correction.issuer(), issuer, member)?;
    let out = signed_path(args)?;
    let mut register = keeper.lock();
    let correction = match is_listed {
        true => {
            let place = status_list_place(correction.issuer(), member)?;
            let positions = register.positions(&[correction.id()])?;
            let position = *positions.first().context("the register allots no place in status lists")?;
            correction.with_position(&place, position)
        }
        false => correction,
    };
    say_written(correction.write(&out, form, &signer, &created_now())?, &out);
    Ok(out)
}

/// Where two credentials speak of different people or achievements: a wrong row voids another's credential for ever.
fn differences(old: &Subject, new: &Subject) -> Vec<(String, String)> {
    let parts = [
        (&old.person.name, &new.person.name),
        (&old.person.email, &new.person.email),
        (&old.person.student_number, &new.person.student_number),
        (&old.title, &new.title),
    ];
    let words = |text: &Option<String>| {
        text.as_ref().map_or_else(|| "nothing".to_owned(), |text| format!("{text:?}"))
    };
    let differ = parts.iter().filter(|(old, new)| old != new);
    differ.map(|(old, new)| (words(old), words(new))).collect()
}

fn ask(old: &Credential, new: &Subject, already: bool) -> anyhow::Result<bool> {
    let name = old.facts.subject.person.name.clone().unwrap_or_else(|| old.facts.file.clone());
    let by = new.person.name.as_ref().map(|name| format!(" by one of {name}")).unwrap_or_default();
    let what = if already { "which is revoked already" } else { "and revoke it for ever" };
    let mut terminal = std::io::stderr();
    write!(terminal, "Replace row {} of {name}{by}, {what}? Type yes: ", old.row)
        .and_then(|()| terminal.flush())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

impl Report for Reissued {
    fn view(&self) -> View {
        let Self { row, replaces, revoked, already, issued } = self;
        View::new()
            .line(format!("{} issued as entry {}", issued.document.display(), issued.log_index))
            .fact("row", row)
            .fact(
                "replaces",
                format!(
                    "row {replaces}, entry {revoked}, {}",
                    if *already { "revoked before" } else { "now revoked" }
                ),
            )
            .fact("receipt", issued.receipt.display())
    }
}
