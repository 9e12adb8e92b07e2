//! `sanad endorse`: an institution says what it holds of another's achievement, of one award, or of a document made elsewhere.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_api::ProofForm;
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::member::Standing;
use sanad_core::receipt::Receipt;
use sanad_core::status::CredentialStatus;
use sanad_credential::{Circumstances, Verdict, did_key};
use sanad_issuer::{
    Endorsed, Endorsement, Issuance, IssueOptions, IssueReport, IssuedDocument, Keeper, Places, did_web,
};
use sanad_register::{Query, Row, RowNumber};
use sanad_verify::{Answer, Asked, Finding, Language, Part, Trust, Verifier, credential_headline};
use serde::Serialize;

use crate::issuer::IssuerArgs;
use crate::observer::Terminal;
use crate::output::{Outcome, Output, Report, warn};
use crate::receipt_file::{self, PICTURES};
use crate::register::{Incomplete, RegisterArgs, RegisterKeeper};
use crate::remote::{self, NodeArgs, Remote};
use crate::signing::{Suite, created_now, say_written, signer};
use crate::target::key_of;
use crate::trust::TrustArgs;
use crate::view::{View, printable};
use crate::{files, time};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad endorse siti/credential.json --comment 'Accepted for direct entry.' --issuer-dir bromo
  sanad endorse www/achievements/data-analysis --comment 'Worth 3 SKS with us.' --issuer-dir bromo
  sanad endorse siti/credential.json --achievement --comment 'Worth 3 SKS with us.' --issuer-dir bromo
  sanad issue kursus.pdf --issuer-dir bromo && \\
      sanad endorse kursus.pdf --comment 'Seen in the original on 27 Nov 2026.' --issuer-dir bromo

Signs an EndorsementCredential of Open Badges 3.0 and enters it, with a receipt beside it. Of an award its
receipt is checked first, and the endorsement is bound to the very file. Of an achievement, in a file of its
own or named by an award, the id is endorsed, and so every award of it. Any other file that was entered, as a
PDF, a JWT or a badge in a picture that was made elsewhere, is endorsed by its digest. The endorsement says
what the signature of the document itself was found to be, in its description.
Whoever is to believe it gets both: `sanad verify award.json award.endorsement.json` says what is endorsed.
To withdraw it, revoke it. With --register the endorsement, its secret and its receipt are kept there, too.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The award or the achievement in JSON, or any document that was entered
    document: PathBuf,
    /// What is said of it
    #[arg(long, value_name = "TEXT")]
    comment: String,
    /// Endorse the achievement that the award names, and not the award
    #[arg(long)]
    achievement: bool,
    /// The receipt of the award [default: what is beside it]
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// The endorsement [default: the document's name with .endorsement.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Enter it though the register lacks credentials of this issuer that the ledger has
    #[arg(long, requires = "register")]
    incomplete_register: bool,
    /// How to sign
    #[arg(long, value_enum, default_value = "eddsa-rdfc-2022")]
    suite: Suite,
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
struct Done {
    /// The id of what is endorsed.
    endorses: String,
    name: String,
    /// The award's own issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    awarded_by: Option<String>,
    /// Whether it is bound to one file.
    award: bool,
    /// What the document's own signature was found to be.
    checked: String,
    /// Its row in the register, if one keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<RowNumber>,
    #[serde(flatten)]
    issued: IssuedDocument,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    output.print(&remote::block_on(endorse(args))??)?;
    Ok(Outcome::Yes)
}

async fn endorse(args: &Args) -> anyhow::Result<Done> {
    let bytes = files::read(&args.document, DOCUMENT_BYTES_MAX)?;
    let in_document = || args.document.display().to_string();
    let endorsed = match Endorsed::read(&bytes, args.achievement) {
        Err(error) if args.achievement => return Err(error).with_context(in_document),
        Ok(endorsed) => endorsed,
        Err(_) => {
            let name = args.document.file_name().unwrap_or_default().to_string_lossy();
            Endorsed::file(&bytes, &printable(&name))
        }
    };
    let remote = Remote::connect(&args.node).await?;
    let trust = args.trust.for_node(&remote).await?;
    let (chain, id) = (remote.chain(&trust), args.issuer.id()?);
    chain.check_clock(time::now_ms()).await.context("nothing was signed")?;
    let award = match endorsed.digest.is_some() {
        true => Some(check_award(args, &endorsed, &bytes, &trust, &remote).await?),
        false => None,
    };
    let member = chain.member(&id).await?;
    let standing = member.record().standing;
    if standing != Standing::Active {
        bail!("{id} is {standing}: it cannot endorse anything; nothing was signed");
    }
    let register = args.register.open_of(trust.anchor(), &id)?;
    let keeper = |register| Arc::new(RegisterKeeper::new(register, REGISTER_BATCH.to_owned(), None));
    let keeper = register.map(keeper);
    let issuer = args.issuer.open()?;
    let named = did_web(&member).map_or_else(|| did_key(&issuer.key.public()), str::to_owned);
    let signer = signer(args.suite, &named, &issuer, &member)?;
    let created = created_now();
    let by = (named.as_str(), member.record().name.as_str());
    let checked = checked(&bytes, award.as_ref(), time::now_ms());
    let endorsement =
        Endorsement::new(&endorsed, by, &args.comment, &checked, &created).with_context(in_document)?;
    let out = args.out.clone().unwrap_or_else(|| args.document.with_extension("endorsement.json"));
    if let Some(keeper) = &keeper {
        let incomplete = Incomplete::Told.unless(args.incomplete_register);
        keeper.ask(&chain, &id, incomplete).await?;
    }
    say_written(endorsement.write(&out, &signer, &created)?, &out);
    let options = IssueOptions {
        keeper: keeper.clone().map(|keeper| keeper as Arc<dyn Keeper>),
        batch_documents_max: 1,
        wait: args.wait,
        places: Places { folder: None, form: None },
        pictures: Some(PICTURES),
        passphrase: args.issuer.known_passphrase(),
        ..IssueOptions::default()
    };
    let (observer, mut report) = (Terminal::default(), IssueReport::default());
    let issuance =
        Issuance::prepare(std::slice::from_ref(&out), chain.anchor(), &id, options, &observer, &mut report)?;
    if issuance.is_empty() {
        bail!("{} is entered already, and has its receipt", out.display());
    }
    issuance.enter(&chain, &issuer, &observer, &mut report).await?;
    if let Some(failed) = report.failed.first() {
        bail!("the endorsement is entered, but its receipt cannot be written: {failed}");
    }
    let issued = report
        .issued
        .pop()
        .context("the endorsement is entered without a receipt; run `sanad issue --resume`, with --register if it was given")?;
    let row = match &keeper {
        Some(keeper) => match keeper.lock().find(&Query::Commitment(issued.commitment))?.pop() {
            Some(Row::Credential(credential)) => Some(credential.row),
            Some(Row::Erased { .. }) | None => None,
        },
        None => None,
    };
    let Endorsed { id, name, issuer, digest } = endorsed;
    Ok(Done { endorses: id, name, awarded_by: issuer, award: digest.is_some(), checked, row, issued })
}

/// What endorsements are called in the register.
const REGISTER_BATCH: &str = "endorsements";

/// What the document's own signature was found to be: by itself, or where its issuer entered it with that signature, as the ledger has it.
fn checked(document: &[u8], award: Option<&Finding>, now: u64) -> String {
    let circumstances = Circumstances { now_ms: now, member: None, rest: None };
    let entered_by = award.and_then(Finding::entered_by);
    match (sanad_credential::check(document, &circumstances), entered_by) {
        // Whose key that is, no receipt shows, and nothing hangs on it.
        (Some(finding), Some(issuer)) if finding.verdict == Verdict::KeyUnproven => {
            let issuer = format!("{} ({})", issuer.name, issuer.id);
            printable(&format!(
                "Checked: its own signature is good, and {issuer}, its issuer, entered it in the ledger with that signature in it."
            ))
        }
        (Some(finding), _) => {
            let issuer = finding.issuer.clone().unwrap_or_else(|| "nobody".to_owned());
            let headline = credential_headline(Language::English, "the document", &finding);
            printable(&format!("Checked by itself, {headline}; it names {issuer} as its issuer."))
        }
        (None, _) => {
            "Not checked by itself: nothing in the document is read as a signed credential.".to_owned()
        }
    }
}

/// Nobody endorses an award that its own receipt, or the ledger of today, speaks against.
async fn check_award(
    args: &Args,
    endorsed: &Endorsed,
    document: &[u8],
    trust: &Trust,
    remote: &Remote,
) -> anyhow::Result<Finding> {
    let receipt = args.receipt.clone().unwrap_or_else(|| receipt_file::find_beside(&args.document));
    let bytes = receipt_file::read_bytes(&receipt).with_context(|| match &endorsed.issuer {
        // Whoever enters another's award vouches for what was never checked.
        Some(issuer) => format!(
            "an award is endorsed by the receipt that {} gave with it, which shows that it is genuine; ask for it, and name it \
             with --receipt",
            printable(issuer)
        ),
        None => "a document that was made elsewhere is endorsed by the receipt of its entry; enter it with sanad issue, or name \
                 its receipt with --receipt"
            .to_owned(),
    })?;
    let target = args.document.display().to_string();
    let verifier = Verifier::new(trust, time::now_ms());
    let mut finding =
        verifier.receipt(&target, &bytes, Some(document)).with_context(|| receipt.display().to_string())?;
    if finding.has_status() {
        let key = key_of(&Receipt::from_bytes(&bytes, trust.anchor())?)?;
        let asked = remote.ask(|| remote.client().status(&key, ProofForm::SelfContained)).await;
        finding.refresh(&verifier, remote.url(), &remote.told(asked)?);
    }
    if finding.dates_unseen() {
        bail!(
            "it is not endorsed: it looks like a credential, and its own dates could not be looked at, so that nobody knows whether it has \
             ended; `sanad verify {target}` says why"
        );
    }
    match finding.answer() {
        Answer::Yes => Ok(finding),
        _ if is_anchored(&finding) => {
            warn(format_args!(
                "{target} names another issuer than the one that entered it, so by itself it verifies as \"not proven (issuer-id)\"; \
                 the endorsement is bound to this file, and says what was checked"
            ));
            Ok(finding)
        }
        _ => bail!("it is not endorsed: {}", finding.headline()),
    }
}

/// Whether nothing speaks against an award but that its own issuer did not enter it (receipt, step 9): a credential that was
/// made elsewhere, and is in force in the ledger.
fn is_anchored(finding: &Finding) -> bool {
    let mut failed = finding.checks().iter().filter(|check| !check.holds).map(|check| check.part);
    let is_other_issuer = failed.next() == Some(Part::IssuerId) && failed.next().is_none();
    let in_force = [CredentialStatus::Active, CredentialStatus::Confirmed].map(|status| status.to_string());
    let mut statuses = finding.checks().iter().filter(|check| check.part == Part::Status);
    let against = finding.credential().is_some_and(|credential| credential.verdict.is_against());
    is_other_issuer
        && statuses.next().is_some_and(|check| in_force.contains(&check.detail))
        && matches!(finding.asked(), Asked::Answered { .. })
        && !against
        && !finding.is_expired()
}

impl Report for Done {
    fn view(&self) -> View {
        let what =
            if self.award { "this file, to the byte" } else { "the achievement, whoever is awarded it" };
        let view = View::new()
            .line(format!("{} issued as entry {}", self.issued.document.display(), self.issued.log_index))
            .fact("endorses", format!("{}: {what}", self.name));
        let view = self.awarded_by.iter().fold(view, |view, issuer| view.fact("awarded by", issuer));
        let view = self.row.iter().fold(view, |view, row| view.fact("row", row));
        view.fact("checked", &self.checked).fact("receipt", self.issued.receipt.display())
    }
}
