//! The findings of a run, printed one by one, and their totals.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sanad_core::summary::SummaryLabel;
use sanad_verify::{Answer, Finding, Language, Verdict};
use serde::Serialize;

use super::{Failure, ReadFrom, Verified, unanswered};
use crate::output::{Outcome, Output, Report as _, note};
use crate::view::View;

/// What was found so far. As JSON it is one object, whose findings are printed as they come.
pub(super) struct Totals {
    output: Output,
    documents: usize,
    outcome: Outcome,
    gravest: Option<Verdict>,
    by_verdict: BTreeMap<Verdict, u64>,
    printed: usize,
    /// Documents that are no yes, whatever their status is.
    against: u64,
    /// Awards that name institutions which are not shown to have signed them.
    unsigned: u64,
    errors: Vec<Failure>,
    /// What folders have besides documents.
    left_out: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Total {
    verdict: Verdict,
    documents: u64,
}

/// A finding as JSON has it: with what all that was found comes to.
#[derive(Serialize)]
struct Decided<'a> {
    decision: Outcome,
    #[serde(flatten)]
    verified: &'a Verified,
}

impl Totals {
    pub(super) fn new(output: Output, documents: usize, left_out: Vec<PathBuf>) -> Self {
        Self {
            output,
            documents,
            outcome: Outcome::Yes,
            gravest: None,
            by_verdict: BTreeMap::new(),
            printed: 0,
            against: 0,
            unsigned: 0,
            errors: Vec::new(),
            left_out,
        }
    }

    /// A file held more documents than one.
    pub(super) fn expect_more(&mut self, documents: usize) {
        self.documents += documents;
    }

    /// Prints a finding. Of several documents, those that are good have a line each.
    pub(super) fn add(&mut self, document: Option<&PathBuf>, verified: &Verified) -> anyhow::Result<()> {
        let finding = &verified.finding;
        let outcome = verified.outcome();
        self.outcome = self.outcome.and(outcome);
        self.gravest = self.gravest.max(Some(finding.verdict()));
        *self.by_verdict.entry(finding.verdict()).or_default() += 1;
        let text = match self.output.is_json() {
            true => {
                let start = if self.printed == 0 { "{\n\"findings\": [\n" } else { ",\n" };
                format!("{start}{}", serde_json::to_string_pretty(&Decided { decision: outcome, verified })?)
            }
            false if self.documents > 1 && finding.answer() == Answer::Yes => {
                let view = View::new().line(finding.headline_in(self.output.language()));
                in_short(finding).into_iter().fold(view, View::line).to_text()
            }
            false => finding.view_in(self.output.language()).to_text(),
        };
        // Right after the first line, which says who entered it.
        let text = match self.output.is_json() {
            true => text,
            false => {
                let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
                format!("{first}\n{}{}{rest}", self.institutions(verified), self.mixed(verified))
            }
        };
        self.printed += 1;
        self.output.print_raw(text.as_bytes())?;
        self.lists(verified)?;
        if let Some(endorses) = &verified.endorses {
            let line = endorses.line(self.output.language());
            match self.output.is_json() {
                true if endorses.outcome() == Outcome::Yes => {}
                true => note(format_args!("{}: {line}", finding.target())),
                false => self.output.print_raw(View::new().line(format!("  {line}")).to_text().as_bytes())?,
            }
        }
        if let Some(claimed) = &verified.claims_to_endorse {
            let line = claimed.line(self.output.language());
            match self.output.is_json() {
                true => note(format_args!("{}: {line}", finding.target())),
                false => self.output.print_raw(View::new().line(format!("  {line}")).to_text().as_bytes())?,
            }
        }
        if self.output.is_json() {
            let lines = format!("{}{}", self.institutions(verified), self.mixed(verified));
            let is_good = verified.institutions.outcome() == Outcome::Yes && verified.mixed_with.is_empty();
            let lines = lines.lines().filter(|_| !is_good);
            lines.for_each(|line| note(format_args!("{}: {}", finding.target(), line.trim_start())));
        }
        let is_open = matches!(finding.verdict(), Verdict::Active | Verdict::Confirmed);
        self.against += u64::from(is_open && finding.answer() != Answer::Yes);
        self.unsigned += u64::from(verified.institutions.outcome() != Outcome::Yes);
        match verified.read_from {
            ReadFrom::Pdf => note(format_args!(
                "{}: credential and receipt are inside; the printed page was not looked at, so compare it with what \
                 stands here",
                finding.target()
            )),
            ReadFrom::Box => {
                note(format_args!("{}: from the box that the link code opens", finding.target()))
            }
            ReadFrom::Files | ReadFrom::Code | ReadFrom::Zip => {}
        }
        if let Some(error) = unanswered(finding).filter(|_| outcome == Outcome::Error) {
            self.fail(document, error)?;
        }
        Ok(())
    }

    /// Prints what status lists say; of several documents, what is good goes without saying.
    fn lists(&mut self, verified: &Verified) -> anyhow::Result<()> {
        for list in &verified.status_lists {
            let line = list.line(self.output.language());
            match (self.output.is_json(), list.outcome()) {
                (true, Outcome::Yes) => {}
                (true, _) => note(format_args!("{}: {line}", verified.finding.target())),
                (false, Outcome::Yes) if self.documents > 1 => {}
                (false, _) => self.output.print_raw(View::new().line(line).to_text().as_bytes())?,
            }
        }
        Ok(())
    }

    /// Who stands behind an award, in lines.
    fn institutions(&self, verified: &Verified) -> String {
        let lines = verified.institutions.lines(self.output.language());
        lines.iter().fold(View::new(), |view, line| view.line(format!("  {line}"))).to_text()
    }

    /// That files of several credentials lie together, in a line.
    fn mixed(&self, verified: &Verified) -> String {
        if verified.mixed_with.is_empty() {
            return String::new();
        }
        let others = verified.mixed_with.join(", ");
        let line = match self.output.language() {
            Language::English => {
                format!("  NOT one certificate: {others} beside it is of another credential")
            }
            Language::Indonesian => {
                format!("  BUKAN satu sertifikat: {others} di sampingnya milik kredensial lain")
            }
        };
        View::new().line(line).to_text()
    }

    /// Notes a document that could not be checked.
    pub(super) fn fail(&mut self, document: Option<&PathBuf>, error: String) -> anyhow::Result<()> {
        let name = document.map(|path| path.display().to_string()).unwrap_or_default();
        note(format_args!("error: {name}: {error}"));
        self.note(document, error);
        Ok(())
    }

    /// The same, where it was said already.
    pub(super) fn note(&mut self, document: Option<&PathBuf>, error: String) {
        // A name need not be UTF-8, and JSON has no other texts.
        let document = document.map(|path| path.display().to_string()).unwrap_or_default();
        self.outcome = self.outcome.and(Outcome::Error);
        self.errors.push(Failure { document, error });
    }

    /// Prints the totals.
    pub(super) fn finish(self) -> anyhow::Result<Outcome> {
        let totals: Vec<Total> =
            self.by_verdict.iter().map(|(&verdict, &documents)| Total { verdict, documents }).collect();
        let text = match self.output.is_json() {
            true => {
                let start = if self.printed == 0 { "{\n\"findings\": [" } else { "" };
                let left_out: Vec<String> =
                    self.left_out.iter().map(|path| path.display().to_string()).collect();
                format!(
                    "{start}\n],\n\"errors\": {},\n\"left_out\": {},\n\"totals\": {},\n\"verdict\": {},\n\"decision\": {}\n}}\n",
                    serde_json::to_string_pretty(&self.errors)?,
                    serde_json::to_string_pretty(&left_out)?,
                    serde_json::to_string_pretty(&totals)?,
                    serde_json::to_string(&self.gravest.filter(|_| self.errors.is_empty()))?,
                    serde_json::to_string(&self.outcome)?,
                )
            }
            false if self.documents > 1 => {
                let counts: Vec<(Verdict, u64)> = self.by_verdict.into_iter().collect();
                let without = self.documents - self.printed;
                let line = sanad_verify::totals(self.output.language(), self.documents, &counts, without);
                let view = View::new().line(line);
                let view = match (self.against, self.output.language()) {
                    (0, _) => view,
                    (count, Language::English) => {
                        view.line(format!("{count} of them: not to be accepted as they are; see what is said of each"))
                    }
                    (count, Language::Indonesian) => view.line(format!(
                        "{count} di antaranya: tidak dapat diterima begitu saja; lihat keterangan masing-masing"
                    )),
                };
                let view = match (self.unsigned, self.output.language()) {
                    (0, _) => view,
                    (count, Language::English) => view.line(format!(
                        "{count} of them: institutions are named that are not shown to have signed"
                    )),
                    (count, Language::Indonesian) => view.line(format!(
                        "{count} di antaranya: lembaga yang disebut belum terbukti menandatangani"
                    )),
                };
                view.to_text()
            }
            false => String::new(),
        };
        self.output.print_raw(text.as_bytes())?;
        Ok(self.outcome)
    }
}

/// Who was awarded what, as the ledger bound it: a file may be another learner's than its name says.
fn in_short(finding: &Finding) -> Option<String> {
    let summary = finding.summary()?;
    let labels = [SummaryLabel::Holder, SummaryLabel::Title, SummaryLabel::AwardedOn];
    let texts: Vec<&str> = labels.into_iter().filter_map(|label| summary.text(label)).collect();
    if texts.is_empty() { None } else { Some(format!("  {}", texts.join(", "))) }
}
