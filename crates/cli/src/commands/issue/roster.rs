//! `sanad issue roster`: signed credentials for the learners of a roster, entered into the ledger.

use std::collections::{BTreeSet, HashSet};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::document::DocumentKind;
use sanad_core::member::MemberState;
use sanad_credential::SdJwtClaims;
use sanad_issuer::{
    AwardsError, BATCH_DOCUMENTS_DEFAULT, Chain, CredentialForm, Issuance, IssueOptions, Issuer, Keeper,
    LineFault, Notice, Observer, Places, Plan, ResumeError, Roster, Step, Unfinished,
};
use sanad_register::{Clash, Progress, RegisterError, RowNumber, Status, Subject, There};
use serde::Serialize;
use serde_json::Value;

use super::init::{columns_of, template_of};
use super::printing::{CertificateArgs, Certificates, print};
use super::report::Issued;
use super::restore::Lost;
use super::{keeper, say_healed};
use crate::certificates::{Page, Printer};
use crate::commands::certificate::note_site;
use crate::commands::receipt::Form;
use crate::issuer::IssuerArgs;
use crate::observer::Terminal;
use crate::output::{Outcome, Output, Report, describe, note};
use crate::receipt_file::PICTURES;
use crate::register::{Incomplete, NotKept, RegisterArgs, RegisterKeeper};
use crate::remote::{self, NodeArgs, Remote};
use crate::signing::{FormArgs, check_issuer_id, created_now, signer, status_list_place};
use crate::trust::TrustArgs;
use crate::view::View;
use crate::{files, time};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad issue roster wisuda.xlsx --dry-run
  sanad issue roster wisuda.xlsx --issuer-dir merapi
  sanad issue roster wisuda.csv --register merapi/register.db --issuer-dir merapi
  sanad issue roster wisuda.csv --register merapi/register.db --status-lists --certificates cetak/ --zip \
      --site https://sertifikat.univ-merapi.example --site-dir public/ --issuer-dir merapi
  sanad issue roster wisuda.csv --form sd-jwt --issuer-dir merapi
  sanad issue roster wisuda.csv --template kursus.template.json --out 2026/ --yes --issuer-dir merapi

Reads the roster by wisuda.columns.toml and wisuda.template.json, as sanad issue init proposes them, and
checks every row: all that is wrong is named, by line and column, and nothing is signed until nothing is.
Then each learner's credential is signed and written into a folder of its own, and all are entered.
Killed, it can be run again: the id of a credential follows from issuer, achievement and the fields of
award, so that nobody gets a second one. While it runs, nothing else is issued in those folders.
With --register, files that a learner's folder has lost are put back from it; none is overwritten.
With --form sd-jwt each credential is an SD-JWT VC, credential.sd-jwt, of the same template: every verifier sees
issuer, achievement and validity, and the learner chooses what else, with sanad credential present.
With --certificates, certificates are made last, as sanad certificate make does. Whether they can be printed is
checked first: a line that cannot is named, its credential is issued without a certificate, and the exit code is 2. With --status-lists each credential names its place in the issuer's W3C status lists, which
sanad issuer publish writes: the register allots the places.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The roster: CSV or XLSX
    roster: PathBuf,
    /// The credential with {{field}} in it [default: the roster's name with .template.json]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Which column is which field [default: the roster's name with .columns.toml]
    #[arg(long, value_name = "FILE")]
    columns: Option<PathBuf>,
    /// The folder for the learners' folders [default: the roster's name without its end]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show the first credential and a summary; sign nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask whether the same person twice in the roster is meant so
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    form: FormArgs,
    /// Most credentials of one batch
    #[arg(long, default_value_t = BATCH_DOCUMENTS_DEFAULT, value_name = "N")]
    batch_size: usize,
    /// Bind no summary: no paper receipt can be made of the credentials
    #[arg(long)]
    no_summary: bool,
    /// The form of the receipts
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
    /// Name a place in the issuer's status lists in each credential
    #[arg(long, requires = "register")]
    status_lists: bool,
    /// Issue though the register lacks credentials of this issuer that the ledger has
    #[arg(long, requires = "register")]
    incomplete_register: bool,
    #[command(flatten)]
    certificates: CertificateArgs,
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
struct DryRun {
    roster: PathBuf,
    credentials: usize,
    issuer: String,
    /// Whether a node proved that it is an issuer id of the member.
    issuer_asked: bool,
    /// Lines of the same person.
    same_person: Vec<(u32, u32)>,
    /// Lines of the same name and e-mail address, which are of another person otherwise.
    same_contact: Vec<(u32, u32)>,
    /// Where they would go.
    out: PathBuf,
    /// How many are there already.
    already: usize,
    first: Option<Value>,
    /// How many have no certificate that can be printed.
    unprintable: usize,
    notices: Vec<String>,
}

/// What was done; also after an error.
#[derive(Default, Serialize)]
struct Done {
    credentials: usize,
    signed: usize,
    /// How many of those that were issued a run before had begun.
    finished: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Certificates>,
    #[serde(flatten)]
    issued: Issued,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if !(1..=BATCH_EVENTS_MAX).contains(&args.batch_size) {
        bail!("--batch-size is {}; a batch has 1 to {BATCH_EVENTS_MAX} events", args.batch_size);
    }
    let observer = Terminal::default();
    let beside = |given: &Option<PathBuf>, default: fn(&Path) -> PathBuf| {
        given.clone().unwrap_or_else(|| default(&args.roster))
    };
    let (columns, template) = (beside(&args.columns, columns_of), beside(&args.template, template_of));
    for (path, flag) in [(&columns, "--columns"), (&template, "--template")] {
        if !path.is_file() {
            bail!(
                "{} is not there; `sanad issue init {}` proposes it, or give another with {flag}",
                path.display(),
                args.roster.display()
            );
        }
    }
    let (form, _) = args.form.form()?;
    let roster =
        Roster::read(&args.roster, &columns, &template, &observer)?.in_form(form, &template, &observer)?;
    for remark in roster.remarks() {
        observer.remark(format!("{}: {remark}", args.roster.display()));
    }
    let to_confirm = roster.to_confirm();
    if !to_confirm.is_empty() {
        let guessed = to_confirm.iter().map(|(field, column)| format!("{field} from \"{column}\""));
        let said = format!(
            "{}: to be confirmed: {}; look at them, and delete to_confirm there once they are right",
            columns.display(),
            guessed.collect::<Vec<_>>().join(", ")
        );
        match args.dry_run {
            true => observer.remark(said),
            false => bail!("{said}. Nothing was signed"),
        }
    }
    let page = args.certificates.page()?;
    let mut unprintable = 0;
    if let Some(page) = &page {
        // Each once, whoever's texts they lie on.
        let covered = Mutex::new(BTreeSet::new());
        let checked = roster.check_each(&template, &observer, |credential| {
            let document = match form {
                CredentialForm::SdJwt => {
                    SdJwtClaims::of_badge(credential).map_err(|error| error.to_string())?.whole()
                }
                CredentialForm::Json => Value::Object(credential.clone()),
            };
            let found =
                page.check(&Value::Object(credential.clone()), document).map_err(|error| describe(&error))?;
            let warnings = found.iter().map(ToString::to_string);
            covered.lock().unwrap_or_else(PoisonError::into_inner).extend(warnings);
            Ok(())
        });
        for warning in covered.into_inner().unwrap_or_else(PoisonError::into_inner) {
            observer.remark(format!("warning: the certificates' page: {warning}"));
        }
        match checked {
            // Their credentials are as good as the others'; only nothing is printed of them.
            Err(AwardsError::Credentials { faults, .. }) => {
                unprintable = faults.len();
                for LineFault { line, text } in faults {
                    observer.remark(format!(
                        "{}:{line}: no certificate can be printed: {text}",
                        args.roster.display()
                    ));
                }
            }
            checked => checked?,
        }
    }
    let out = beside(&args.out, |roster| roster.with_extension(""));
    if out == args.roster {
        bail!("the roster's name has no end to take away; give --out DIR");
    }
    if args.dry_run {
        name_repeated(args, &roster);
        let plan = roster.plan(&out)?;
        plan.check_room()?;
        let already = plan.already();
        let issuer_asked = ask_for_issuer(args, roster.issuer())?;
        output.print(&DryRun {
            roster: args.roster.clone(),
            credentials: roster.len(),
            issuer: roster.issuer().to_owned(),
            issuer_asked,
            same_person: roster.same_person().to_vec(),
            same_contact: roster.same_contact().to_vec(),
            out,
            already,
            first: roster.first(),
            unprintable,
            notices: observer.into_notices(),
        })?;
        return Ok(if unprintable == 0 { Outcome::Yes } else { Outcome::No });
    }
    confirm(args, &roster)?;
    let mut done = Done { credentials: roster.len(), ..Done::default() };
    if let Err(error) = work(args, roster, page.as_ref(), &out, &observer, &mut done) {
        done.issued.errors.push(describe(&error));
    }
    done.issued.errors.extend(done.issued.report.failed.iter().map(ToString::to_string));
    done.issued.notices = observer.into_notices();
    if output.is_json() || done.issued.says_something() {
        output.print(&done)?;
    }
    done.issued.errors.iter().for_each(|error| note(format_args!("error: {error}")));
    match done.issued.errors.is_empty() && done.issued.report.unfinished.is_empty() {
        true => Ok(Outcome::Yes),
        false => Ok(Outcome::Error),
    }
}

/// Has the node that is named say whether the issuer id is the member's; false if none is named, or the member is not.
fn ask_for_issuer(args: &Args, named: &str) -> anyhow::Result<bool> {
    if !args.node.is_named() || !args.issuer.is_given() {
        return Ok(false);
    }
    let id = args.issuer.id()?;
    remote::block_on(async {
        let remote = Remote::connect(&args.node).await?;
        let trust = args.trust.for_node(&remote).await?;
        check_issuer_id(named, &remote.chain(&trust).member(&id).await?)
    })??;
    Ok(true)
}

/// The same person twice in a roster may be a slip, or two awards.
fn confirm(args: &Args, roster: &Roster) -> anyhow::Result<()> {
    let people = roster.same_person().len() + roster.same_contact().len();
    if people == 0 || args.yes {
        return Ok(());
    }
    name_repeated(args, roster);
    if !std::io::stdin().is_terminal() {
        let lines = if people == 1 { "1 line names".to_owned() } else { format!("{people} lines name") };
        bail!("{lines} a person of an earlier line; mend the roster, or give --yes if that is meant");
    }
    let people = if people == 1 { "1 person".to_owned() } else { format!("{people} people") };
    let mut terminal = std::io::stderr();
    write!(terminal, "Issue to {people} more than once? Type yes: ").and_then(|()| terminal.flush())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("the answer cannot be read")?;
    match answer.trim().eq_ignore_ascii_case("yes") {
        true => Ok(()),
        false => bail!("the answer was not yes; nothing was signed"),
    }
}

/// Names the lines of those who are in the roster already.
fn name_repeated(args: &Args, roster: &Roster) {
    let path = args.roster.display();
    let same = roster.same_person().iter().map(|lines| (lines, "the same person as line"));
    let alike = roster.same_contact().iter().map(|lines| (lines, "the same name and e-mail address as line"));
    for ((first, line), what) in same.chain(alike).take(SAME_SHOWN_MAX) {
        note(format_args!("{path}:{line}: {what} {first}"));
    }
}

/// Signs and issues. What was done is in `done`, whatever fails.
fn work(
    args: &Args,
    roster: Roster,
    page: Option<&Page>,
    out: &Path,
    observer: &Terminal,
    done: &mut Done,
) -> anyhow::Result<()> {
    remote::block_on(async {
        let remote = Remote::connect(&args.node).await?;
        let trust = args.trust.for_node(&remote).await?;
        let chain = remote.chain(&trust);
        done.issued.chain_id = Some(trust.anchor().chain_id);
        let id = args.issuer.id()?;
        let member = chain.member(&id).await?;
        // Before anything is signed that verifiers would not take for the issuer's, and before a passphrase is asked for.
        check_issuer_id(roster.issuer(), &member)?;
        chain.check_clock(time::now_ms()).await.context("nothing was signed")?;
        let issuer = args.issuer.open()?;
        let signer = signer(args.form.form()?.1, roster.issuer(), &issuer, &member)?;
        std::fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
        let observer = &Quiet(observer);
        let keeper = keeper(&args.register, &args.register_batch, args.erased, &chain, &id)?;
        if keeper.is_none() {
            observer.0.remark(format!(
                "without --register only {} tells who has a credential: another desk, or another folder, can issue the same again",
                out.display()
            ));
        }
        let otherwise = if args.status_lists { Incomplete::Refused } else { Incomplete::RefusedUnlessNew };
        let (kept, incomplete) = (keeper.clone(), otherwise.unless(args.incomplete_register));
        if let Some(keeper) = keeper.as_ref().filter(|_| args.status_lists) {
            keeper.ask(&chain, &id, incomplete).await?;
        }
        let roster = match keeper.as_ref().filter(|_| args.status_lists) {
            Some(keeper) => with_positions(roster, &member, keeper)?,
            None => roster,
        };
        let options = options(args, out, keeper);
        // What is wrong with the plan is said below, once what was begun is finished.
        let mut lost = Lost::default();
        if let (Some(keeper), Ok(plan)) = (&kept, roster.plan(out)) {
            if plan.incomplete().next().is_some() {
                keeper.ask(&chain, &id, incomplete).await?;
            }
            lost = Lost::find(&plan, keeper)?;
            check_register(&plan, &lost, keeper, Rows::Issued)?;
            lost.restore(keeper, observer.0)?;
        }
        resume(out, &chain, &issuer, &options, observer, done).await?;
        done.finished = done.issued.report.issued.len();
        let mut plan = roster.plan(out)?;
        say_renewed(plan.renew(&issuer.key.public())?, observer.0);
        plan.check_room()?;
        // Until the rows are in it: another desk with this register could sign the same meanwhile.
        if let Some(keeper) = &kept {
            if plan.incomplete().next().is_some() {
                keeper.ask(&chain, &id, incomplete).await?;
            }
            keeper.claim(args.wait)?;
            lost.check_new_rows(&plan, keeper)?;
            check_register(&plan, &Lost::default(), keeper, Rows::All)?;
        }
        done.signed = roster.len() - plan.already();
        let paths = plan.write(&signer, &created_now(), observer)?;
        let report = &mut done.issued.report;
        let issuance = Issuance::prepare(&paths, chain.anchor(), &id, options, observer, report)?;
        if !issuance.is_empty() {
            issuance.enter(&chain, &issuer, observer, report).await?;
        }
        // What was finished above has its receipt by now, and is not counted twice.
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let issued: HashSet<PathBuf> =
            report.issued.iter().map(|issued| absolute(&issued.document)).collect();
        report.skipped.retain(|path| !issued.contains(&absolute(path)));
        let mut erased = HashSet::new();
        // Where nothing was entered, no rows were.
        kept.iter().for_each(|keeper| keeper.release());
        if let (Some(keeper), Some(register)) = (&kept, &args.register.register) {
            say_healed(keeper.heal(&paths, chain.anchor())?, observer.0);
            let missing = keeper.missing(&paths, chain.anchor())?;
            say_missing(&missing, out, register, observer.0);
            erased = missing.erased.into_iter().collect();
        }
        let strays = plan.strays()?;
        done.issued.errors.extend(strays.iter().map(|path| {
            format!(
                "{}: signed by an earlier run, in no line of the roster now, and not on the ledger: put its line back, or delete the \
                 folder",
                path.display()
            )
        }));
        if let (Some(page), Some(folder)) = (page, &args.certificates.certificates) {
            let site = args.certificates.site.as_ref().zip(args.certificates.site_dir.as_deref());
            let printer = Printer::new(page, site, &trust, Some(folder))?;
            note_site(args.register.register.as_deref(), args.certificates.site_dir.as_deref())?;
            let void = match &kept {
                Some(keeper) => keeper.void(&paths)?,
                None => Vec::new(),
            };
            let mut paths = good_of(paths, &void, observer.0);
            // A box would show again what was erased.
            paths.retain(|path| !erased.contains(path));
            let mut made = print(&printer, &paths, folder, args.certificates.zip, &mut done.issued.errors);
            made.left_out = void.len();
            done.certificates = Some(made);
        }
        Ok(())
    })?
}

/// Says what becomes of credentials that lie in the roster's folder and are not in the register.
fn say_missing(missing: &NotKept, out: &Path, register: &Path, observer: &Terminal) {
    for path in missing.erased.iter().take(ERASED_SHOWN_MAX) {
        observer.remark(format!(
            "{}: this credential was erased from the register, so its files should be gone, too: delete them, and do not import them; no \
             certificate is made",
            path.display()
        ));
    }
    if let Some(more @ 1..) = missing.erased.len().checked_sub(ERASED_SHOWN_MAX) {
        observer.remark(format!("… and {more} more that were erased"));
    }
    for path in missing.unread.iter().take(ERASED_SHOWN_MAX) {
        observer.remark(format!(
            "{}: not in the register, and its receipt does not hold, which would say whether the credential was erased: if it was, delete \
             both files; else put the receipt back from a copy, and import them",
            path.display()
        ));
    }
    if let Some(more @ 1..) = missing.unread.len().checked_sub(ERASED_SHOWN_MAX) {
        observer.remark(format!("… and {more} more whose receipts do not hold"));
    }
    if missing.unknown > 0 {
        let (count, out) = (missing.unknown, out.display());
        observer.remark(format!(
            "{count} credentials of {out} are issued and not in the register; run: sanad register import {out} --register {}",
            register.display()
        ));
    }
}

/// The documents without those that are void: their codes would say that they hold as of their receipts.
fn good_of(
    mut paths: Vec<PathBuf>,
    void: &[(PathBuf, RowNumber, Status)],
    observer: &Terminal,
) -> Vec<PathBuf> {
    for (path, row, status) in void {
        let (folder, status) = (files::parent(path).display(), status.as_str());
        observer.remark(format!("{folder}: row {row} is {status}: no certificate is made"));
    }
    paths.retain(|path| !void.iter().any(|(void, ..)| void == path));
    paths
}

/// Rows of the register that a plan may clash with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    /// Those that are issued: an earlier run may have begun others, and finishes them.
    Issued,
    /// All.
    All,
}

/// Asks the register before anything is signed: a signed credential is good for verifiers who know no ledger.
fn check_register(plan: &Plan<'_>, lost: &Lost, keeper: &RegisterKeeper, rows: Rows) -> anyhow::Result<()> {
    let subject =
        |credential: Value| Subject::of_document(DocumentKind::Json, credential.to_string().as_bytes());
    let restored: HashSet<&Path> = lost.paths().collect();
    let mut new = Vec::new();
    for (place, _, credential) in plan.unsigned().filter(|(_, path, _)| !restored.contains(path)) {
        if keeper.lock().is_erased(credential["id"].as_str().unwrap_or_default())? {
            bail!(
                "{place}: this credential was issued and erased from the register since, and its place in the status lists stays its \
                 own; take the line out of the roster. Nothing was signed"
            );
        }
        new.push((place, subject(credential)));
    }
    let is_begun =
        |clash: &Clash| matches!(clash.with, There::Row(_, progress) if progress != Progress::Issued);
    match keeper.check_new(&new) {
        Err(RegisterError::Clashes(clashes)) if rows == Rows::Issued && clashes.iter().all(is_begun) => {
            Ok(())
        }
        checked => checked.context("nothing was signed"),
    }
}

/// Has the register allot places in the issuer's status lists. It is done before anything is signed, so that a run that is killed and
/// begun again finds the same ones.
fn with_positions(roster: Roster, member: &MemberState, keeper: &RegisterKeeper) -> anyhow::Result<Roster> {
    let (place, ids) = (status_list_place(roster.issuer(), member)?, roster.ids());
    let positions = keeper.lock().positions(&ids.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(roster.with_positions(place, &positions)?)
}

/// Finishes what an earlier run began.
async fn resume(
    out: &Path,
    chain: &Chain,
    issuer: &Issuer,
    options: &IssueOptions,
    observer: &Quiet<'_>,
    done: &mut Done,
) -> anyhow::Result<()> {
    let unfinished = Unfinished::open(out, &[], options.wait, observer)?;
    for file in unfinished.files() {
        let report = &mut done.issued.report;
        match unfinished.finish(file, chain, Some(issuer), options, observer, report).await {
            // Its credentials are signed anew.
            Err(ResumeError::FormerKey { .. }) => {}
            finished => finished
                .with_context(|| format!("{} was left by an earlier run, and stays", file.display()))?,
        }
    }
    Ok(())
}

/// Says how many credentials of an earlier run are signed anew.
fn say_renewed(renewed: usize, observer: &Terminal) {
    let credentials = match renewed {
        0 => return,
        1 => "1 credential of an earlier run was not yet entered, and its signature is".to_owned(),
        count => {
            format!("{count} credentials of an earlier run were not yet entered, and their signatures are")
        }
    };
    observer.remark(format!(
        "{credentials} of a key that is not the issuing key in force: signed anew with the key in force"
    ));
}

fn options(args: &Args, out: &Path, keeper: Option<Arc<RegisterKeeper>>) -> IssueOptions {
    IssueOptions {
        batch_documents_max: args.batch_size,
        summaries: !args.no_summary,
        places: Places { folder: None, form: args.receipts_form.map(Into::into) },
        pending_folder: Some(out.to_owned()),
        wait: args.wait,
        pictures: Some(PICTURES),
        passphrase: args.issuer.known_passphrase(),
        keeper: keeper.map(|keeper| keeper as Arc<dyn Keeper>),
        ..IssueOptions::default()
    }
}

/// Does not name each credential of a roster that has its receipt already: that is what resuming is.
struct Quiet<'a>(&'a Terminal);

impl Observer for Quiet<'_> {
    fn notice(&self, notice: &Notice) {
        if !matches!(notice, Notice::AlreadyIssued(_)) {
            self.0.notice(notice);
        }
    }

    fn progress(&self, step: Step, done: usize, total: usize) {
        self.0.progress(step, done, total);
    }
}

impl Report for DryRun {
    fn view(&self) -> View {
        let first = self.first.as_ref().map(|first| format!("{first:#}")).unwrap_or_default();
        let view =
            first.lines().fold(View::new().line("the first credential:"), |view, line| view.line(line));
        let view = view
            .fact("credentials", self.credentials)
            .fact(
                "issuer",
                match self.issuer_asked {
                    true => self.issuer.clone(),
                    false => format!(
                        "{} (not asked for in the register: name --node and --issuer-dir)",
                        self.issuer
                    ),
                },
            )
            .fact("folder", self.out.display())
            .fact("signed before", self.already);
        let view = match self.same_person.len() {
            0 => view,
            1 => view.fact("same person", "1 line names a person of an earlier line"),
            people => view.fact("same person", format!("{people} lines name a person of an earlier line")),
        };
        let view = match self.same_contact.len() {
            0 => view,
            1 => view.fact("same address", "1 line has name and e-mail address of an earlier line"),
            lines => view.fact(
                "same address",
                format!("{lines} lines have name and e-mail address of an earlier line"),
            ),
        };
        let view = match self.unprintable {
            0 => view,
            lines => view
                .fact("no certificate", format!("of {lines}, whose credentials can be issued all the same")),
        };
        view.line("nothing was signed")
    }
}

impl Report for Done {
    fn view(&self) -> View {
        let before = self.credentials - self.signed;
        let credentials = if self.credentials == 1 { "credential" } else { "credentials" };
        let counted =
            format!("{} {credentials}: {} signed now, {before} before", self.credentials, self.signed);
        let view = View::new().line(counted).then(self.issued.view());
        let view = match self.finished {
            0 => view,
            1 => view.line("1 of those issued was begun by an earlier run, and finished now"),
            count => {
                view.line(format!("{count} of those issued were begun by an earlier run, and finished now"))
            }
        };
        match &self.certificates {
            None => view,
            Some(Certificates { folder, made, already, left_out, warnings }) => {
                let certificates = if *made == 1 { "certificate" } else { "certificates" };
                let left_out = match left_out {
                    0 => String::new(),
                    count => format!(", {count} left out: revoked or suspended"),
                };
                let view = view.line(format!(
                    "{made} {certificates} made now in {}, {already} before{left_out}",
                    folder.display()
                ));
                warnings.iter().fold(view, |view, warning| view.line(format!("warning: {warning}")))
            }
        }
    }
}

/// Most credentials that were erased, or may have been, that are named.
const ERASED_SHOWN_MAX: usize = 100;
/// Most lines of the same person that are named.
const SAME_SHOWN_MAX: usize = 20;
