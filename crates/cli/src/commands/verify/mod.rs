//! `sanad verify`: checks documents against their receipts and the genesis or a trust file.

mod beside;
mod documents;
mod endorsed;
pub(crate) mod evidence;
mod lists;
mod shown;
mod totals;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rayon::prelude::*;
use sanad_core::receipt::Receipt;
use sanad_verify::{Answer, Asked, Finding, NotAReceipt, Trust, Verifier};
use serde::Serialize;

use crate::institutions::{Checked, Endorsement, Institutions};
use crate::output::{Outcome, Output, complain, describe};
use crate::remote::{ConnectionArgs, NODE_DEFAULT, NodeArgs, SourceArgs};
use crate::source::Source;
use crate::target::key_of;
use crate::trust::TrustArgs;
use crate::{progress, time};
use documents::documents;
use endorsed::{Claimed, Endorses, Given};
use lists::ListSays;
use shown::{Found, ReadFrom, Shown, shown};
use totals::Totals;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad verify ijazah.json --genesis genesis.json
  sanad verify awards/ --genesis genesis.json --max-age 7d --json
  sanad verify ijazah.pdf --receipt scan.png --genesis genesis.json
  curl -s https://example.org/ijazah.json | sanad verify - --receipt ijazah.receipt
  sanad verify ijazah.json --trust konsorsium.trust.json --node https://ledger.example
  sanad verify certificate.pdf photo.jpg learner.zip --genesis genesis.json
  sanad verify photo.jpg --site public/ --genesis genesis.json
  sanad verify ijazah.json ijazah.endorsement.json --genesis genesis.json
  sanad verify ijazah.json --status-list revocation-0.json --genesis genesis.json
  sanad verify boxes/5d0c... --link 'https://univ.example/v#...' --genesis genesis.json

An endorsement (sanad endorse) is verified beside the award that it endorses, in one command: what it
endorses is said, and that it does not endorse a document that only has the id gives exit code 1.
One that does not hold itself, is not signed, or is by a suspended university endorses nothing; that is said instead.
Of an award that names other institutions than its issuer it is said who entered it, who has signed
it by an endorsement that holds, and who is only named; exit code 2 until all who are named have signed.
A certificate in PDF has credential and receipt inside; what is printed on it is not looked at:
compare it with the facts that are shown. A photo shows an offline code, which is a paper
receipt, or a link code, whose box is taken from the folder --site; both must be of one credential. A ZIP
holds documents with their receipts, and certificates; where a PDF or a receipt in it is of another credential than the
documents beside it, that is said, with exit code 1. Whatever has a receipt beside it is checked with that;
of several receipts beside it the newest counts, and all must be of one entry. A file in a ZIP that was not
checked is named, with exit code 2; a ZIP with one name twice is refused.
A receipt is JSON, binary, or a picture of its QR code; which one is seen by its first bytes.
A paper receipt is checked without a document: it proves its summary (holder, title, date
...), and nothing else of the document.
Without --node, --export or --online nothing but the files is used: document, receipt, genesis or
trust file. The status is then that of the receipt's block, and the first line says so. A node
or an export is asked for the status now, and its proof is checked in the same way. Of two
proofs the newer one counts.

Exit codes:
  0  all documents are active (or active, confirmed), and nothing speaks against them
  1  all were checked, and one is not active: it is
       stale          active, but the proof is older than --max-age, or an answer older than a day
       suspended      not to be relied on for now
       disputed       issued while somebody else may have held the issuer's key
       revoked        void for ever
       tampered       the named part was changed: document, secret or receipt
       not proven     something is missing, such as signatures, or contradicts what is known
       needs history path
                      older than the trust file, and signed by keys that were retired since
       foreign chain  the receipt is of another consortium than the genesis
  2  one could not be checked: no such file, no receipt, a node that was asked and is behind,
     unreachable or of another chain; or it needs a trust file, a renewed one, or a newer
     verifier. That says nothing against it.

Where a document is a W3C credential or an Open Badge, its own signature and dates are
checked, too: see `sanad credential check --help`. They change nothing of what the ledger
proved. A signature that is missing or was not checked does not speak against it.
Two final blocks that contradict each other are evidence of a fork: it is written to a file
that anybody can check with `sanad proof verify`.
The issuer's W3C status lists are read if they are given, or lie in the folder --site. They change
nothing of the verdict. One that says something else than the ledger gives exit code 1, one that is
not the issuer's, or not good, 2.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The documents, or folders of documents; - is standard input
    #[arg(required_unless_present = "receipt", value_name = "DOCUMENT")]
    documents: Vec<PathBuf>,
    /// The receipt, of one document; - is standard input [default: what is beside it,
    /// DOCUMENT.receipt.json, DOCUMENT.receipt or DOCUMENT.receipt.png]
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// The link code that opens a box: its text, or a picture of it
    #[arg(long, value_name = "LINK|FILE")]
    link: Option<OsString>,
    /// The folder of an issuer's web site, for status lists, and the boxes that link codes lead to
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// A status list of the issuer, to compare with the ledger; may be given several times
    #[arg(long, value_name = "FILE")]
    status_list: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Ask this node for the status as of now
    #[arg(long, value_name = "URL", conflicts_with = "export")]
    node: Option<String>,
    /// Ask this static export, a folder or an https URL, for the status as of its last block
    #[arg(long, value_name = "DIR|URL")]
    export: Option<PathBuf>,
    /// Keep nothing of an export that is read from a URL
    #[arg(long, requires = "export")]
    no_cache: bool,
    /// Ask the node that SANAD_NODE names, or else one on this machine
    #[arg(long)]
    online: bool,
    /// Use nothing but the files
    #[arg(long, conflicts_with_all = ["node", "export", "online"])]
    offline: bool,
    /// Oldest proof to take, such as 15m, 24h or 7d; an older one is "stale" [default: any age
    /// of a receipt, and a day where a node or an export is asked]
    #[arg(long, value_name = "DURATION", env = "SANAD_MAX_AGE", value_parser = time::parse_duration)]
    max_age: Option<Duration>,
    /// Demand that a block below the trust file's is sealed or in its history, however many signed it
    #[arg(long, requires = "trust")]
    history: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// A document that could not be checked.
#[derive(Serialize)]
struct Failure {
    document: String,
    error: String,
}

/// A finding, and the receipt that was read for it.
#[derive(Serialize)]
struct Verified {
    #[serde(flatten)]
    finding: Finding,
    receipt: String,
    /// Where document and receipt were found.
    read_from: ReadFrom,
    /// What the issuer's status lists say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_lists: Vec<ListSays>,
    /// What it endorses, if it is an endorsement.
    #[serde(skip_serializing_if = "Option::is_none")]
    endorses: Option<Endorses>,
    /// What it says that it endorses, if it does not hold as an endorsement.
    #[serde(skip_serializing_if = "Option::is_none")]
    claims_to_endorse: Option<Claimed>,
    /// Who stands behind it, and who is only said to.
    #[serde(skip_serializing_if = "Institutions::is_empty")]
    institutions: Institutions,
    /// Files of other credentials beside it in a ZIP.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mixed_with: Vec<String>,
}

impl Verified {
    /// What all that was found of it comes to.
    fn outcome(&self) -> Outcome {
        let mixed = (!self.mixed_with.is_empty()).then_some(Outcome::No);
        let parts = [self.finding.answer().into(), self.institutions.outcome()].into_iter().chain(mixed);
        let parts = parts.chain(self.status_lists.iter().map(ListSays::outcome));
        let parts = parts.chain(self.endorses.iter().map(Endorses::outcome));
        Outcome::of_one(parts.chain(self.claims_to_endorse.iter().map(Claimed::outcome)))
    }
}

/// What all documents are checked with.
struct Setting<'a> {
    args: &'a Args,
    documents: Vec<Option<PathBuf>>,
    /// The awards among them, once an endorsement asks.
    awards: OnceLock<Vec<Given>>,
    /// The endorsements among them, each checked.
    endorsements: OnceLock<Vec<Checked>>,
    trust: Trust,
    source: Option<Source>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut left_out = Vec::new();
    let (documents, setting) = match prepare(args, &mut left_out) {
        Ok(prepared) => prepared,
        // Programs get their one object, whatever was in the way.
        Err(error) if output.is_json() => {
            complain(&error);
            let mut totals = Totals::new(*output, 0, left_out);
            let named = args
                .documents
                .iter()
                .chain(args.documents.is_empty().then_some(()).and(args.receipt.as_ref()));
            named.for_each(|path| totals.note(Some(path), describe(&error)));
            return totals.finish();
        }
        Err(error) => return Err(error),
    };
    let mut totals = Totals::new(*output, documents.len(), left_out);
    let bar = progress::bar(documents.len(), "verifying");
    // A chunk at a time: results are printed in order, and memory does not grow with their number.
    for chunk in documents.chunks(CHUNK_DOCUMENTS) {
        let results: Vec<_> = chunk
            .par_iter()
            .map(|document| {
                let result = setting.verify(document.as_deref());
                bar.inc(1);
                result
            })
            .collect();
        for (document, result) in chunk.iter().zip(results) {
            let document = document.as_ref().or(args.receipt.as_ref());
            totals.expect_more(result.len().saturating_sub(1));
            for result in result {
                bar.suspend(|| match result {
                    Ok(verified) => totals.add(document, &verified),
                    Err(error) => totals.fail(document, describe(&error)),
                })?;
            }
        }
    }
    bar.finish_and_clear();
    if let Some(source) = &setting.source {
        source.note_cost();
    }
    totals.finish()
}

/// What is needed before the first document is looked at.
fn prepare<'a>(
    args: &'a Args,
    left_out: &mut Vec<PathBuf>,
) -> anyhow::Result<(Vec<Option<PathBuf>>, Setting<'a>)> {
    let documents = documents(args, left_out)?;
    let trust = args.trust.read()?;
    let source = args.source().map(|source| Source::open(&source)).transpose()?;
    let setting = Setting {
        args,
        documents: documents.clone(),
        awards: OnceLock::new(),
        endorsements: OnceLock::new(),
        trust,
        source,
    };
    Ok((documents, setting))
}

impl Args {
    /// Whom to ask, if anybody.
    fn source(&self) -> Option<SourceArgs> {
        let asked = self.online || self.node.is_some() || self.export.is_some();
        let set = || std::env::var("SANAD_NODE").ok().filter(|url| !url.is_empty());
        let default = || set().unwrap_or_else(|| NODE_DEFAULT.to_owned());
        asked.then(|| SourceArgs {
            export: self.export.clone(),
            no_cache: self.no_cache,
            node: NodeArgs {
                node: self.node.clone().unwrap_or_else(default),
                connection: self.connection.clone(),
            },
        })
    }
}

impl Setting<'_> {
    /// Checks one file, or a receipt alone. A ZIP holds several documents, and what is not one of them is named.
    fn verify(&self, document: Option<&Path>) -> Vec<anyhow::Result<Verified>> {
        match shown(self.args, document, self.trust.anchor()) {
            Ok(Found { shown, unchecked }) => {
                let checked = shown.into_iter().map(|shown| self.check(self.with_newest_receipt(shown)?));
                let unchecked = unchecked.into_iter();
                checked
                    .chain(
                        unchecked
                            .map(|(file, why)| Err(anyhow!("{} was NOT checked: {why}", file.display()))),
                    )
                    .collect()
            }
            Err(error) => vec![Err(error)],
        }
    }

    fn check(&self, shown: Shown) -> anyhow::Result<Verified> {
        let finding = self.find(&shown)?;
        let Shown { document, receipt, receipt_path: path, read_from, mixed_with, .. } = shown;
        if let Some(fork) = finding.fork() {
            evidence::keep(&path, fork);
        }
        let read = document.as_deref().zip(Receipt::from_bytes(&receipt, self.trust.anchor()).ok());
        let mut verified = Verified {
            finding,
            receipt: path.display().to_string(),
            read_from,
            status_lists: Vec::new(),
            endorses: None,
            claims_to_endorse: None,
            institutions: Institutions::default(),
            mixed_with,
        };
        if let Some((document, receipt)) = read {
            let finding = &verified.finding;
            verified.status_lists = self.lists(finding, &receipt, document, read_from);
            let record = &receipt.proof.issuer.record;
            verified.institutions = Institutions::of(document, finding, record, self.endorsements());
        }
        let endorses =
            document.as_deref().and_then(|document| endorsed::endorses(document, || self.awards()));
        match endorses.map(|endorses| endorses.judged(&verified.finding)) {
            Some(Ok(endorses)) => verified.endorses = Some(self.with_award(endorses)),
            Some(Err(claimed)) => verified.claims_to_endorse = Some(claimed),
            None => {}
        }
        Ok(verified)
    }

    /// Says of an award that is endorsed if it does not hold itself. Only one that another document endorses is checked twice.
    fn with_award(&self, mut endorses: Endorses) -> Endorses {
        let target = endorses.document();
        let of = |path: &PathBuf| {
            let found = shown(self.args, Some(path), self.trust.anchor()).ok()?;
            found.shown.into_iter().find(|shown| Some(shown.target.as_str()) == target)
        };
        // A ZIP or a certificate is named by what is in it, too.
        let mut paths = self.documents.iter().flatten();
        let is_in = |path: &&PathBuf| target.is_some_and(|target| Path::new(target).starts_with(path));
        if let Some(award) = paths.find(is_in).and_then(of)
            && let Ok(award) = self.with_newest_receipt(award)
            && let Ok(finding) = self.find(&award)
        {
            endorses.note_award(&finding);
        }
        endorses
    }

    /// What was found of a receipt and its document, brought up to date if somebody is asked.
    fn find(&self, shown: &Shown) -> anyhow::Result<Finding> {
        let Shown { target, document, receipt, receipt_path: path, .. } = shown;
        let mut finding = match self.verifier().receipt(target, receipt, document.as_deref()) {
            Ok(finding) => finding,
            Err(NotAReceipt::Bytes(error)) => {
                return Err(error).with_context(|| format!("{} is not a receipt", path.display()));
            }
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        if let Some(source) = self.source.as_ref().filter(|_| finding.has_status()) {
            self.ask(&mut finding, source, receipt);
        }
        Ok(finding)
    }

    fn awards(&self) -> &[Given] {
        self.awards.get_or_init(|| endorsed::awards(self.args, &self.documents, self.trust.anchor()))
    }

    /// What cannot be checked is named when it is verified itself, and counts for nobody.
    fn endorsements(&self) -> &[Checked] {
        self.endorsements.get_or_init(|| {
            let all = endorsed::endorsements(self.args, &self.documents, self.trust.anchor()).into_iter();
            let checked = |(shown, endorsement): (Shown, Endorsement)| {
                let shown = self.with_newest_receipt(shown).ok()?;
                let finding = self.find(&shown).ok()?;
                let receipt = Receipt::from_bytes(&shown.receipt, self.trust.anchor()).ok()?;
                let (record, index) = (receipt.proof.issuer.record, receipt.proof.index);
                Some(Checked::new(shown.target, endorsement, &finding, record, index))
            };
            all.filter_map(checked).collect()
        })
    }

    fn verifier(&self) -> Verifier<'_> {
        let verifier = Verifier::new(&self.trust, time::now_ms());
        verifier.age_max(self.args.max_age).history(self.args.history)
    }

    /// Brings a finding up to date.
    fn ask(&self, finding: &mut Finding, source: &Source, receipt: &[u8]) {
        let receipt = match Receipt::from_bytes(receipt, self.trust.anchor()) {
            Ok(receipt) => receipt,
            Err(error) => return finding.unanswered(source.url(), &error.to_string()),
        };
        let answer = key_of(&receipt)
            .map_err(|error| describe(&error))
            .and_then(|key| source.status(&key, Some(&receipt)));
        match answer {
            // The clock is read again: the answer may have taken a while.
            Ok(proof) => {
                finding.refresh(&self.verifier(), source.url(), &proof);
            }
            Err(reason) => finding.unanswered(source.url(), &reason),
        }
    }
}

/// Why a finding counts among the errors, if it does: a source was asked and proved nothing, and the files alone do not
/// decide.
fn unanswered(finding: &Finding) -> Option<String> {
    match finding.asked() {
        Asked::CouldNotBeChecked { source, reason } if finding.answer() == Answer::CouldNotBeChecked => {
            Some(format!("{source}: {reason}"))
        }
        _ => None,
    }
}

/// Documents that are checked before the first of them is printed.
const CHUNK_DOCUMENTS: usize = 256;
