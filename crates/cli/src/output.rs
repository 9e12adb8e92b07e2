//! Results on stdout, for people or as JSON; everything else on stderr.
//!
//! **Invariant:** nothing else in this program writes to stdout.

use std::fmt;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use sanad_verify::{Answer, Language};
use serde::Serialize;

use crate::view::{View, printable};

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Yes, or done.
    Yes,
    /// Checked, and not so.
    No,
    /// Something could not be checked; everything else was printed.
    #[serde(rename = "could-not-be-checked")]
    Error,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::Yes,
            Answer::No => Self::No,
            Answer::CouldNotBeChecked => Self::Error,
        }
    }
}

impl Outcome {
    /// The worse of two: an error comes before a no, since it says less.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Error, _) | (_, Self::Error) => Self::Error,
            (Self::No, _) | (_, Self::No) => Self::No,
            _ => Self::Yes,
        }
    }

    /// What several checks of one thing come to: evidence comes before ignorance, so a no stands whatever could not be checked.
    pub(crate) fn of_one(parts: impl IntoIterator<Item = Self>) -> Self {
        let rank = |outcome: &Self| match outcome {
            Self::Yes => 0,
            Self::Error => 1,
            Self::No => 2,
        };
        parts.into_iter().max_by_key(rank).unwrap_or(Self::Yes)
    }
}

/// A result: `--json` prints its fields, people see its view.
pub(crate) trait Report: Serialize {
    /// The form for people.
    fn view(&self) -> View;

    /// The form for people, in a language. What is not a finding is in English.
    fn view_in(&self, _: Language) -> View {
        self.view()
    }
}

/// Why there is no finding, in its place.
#[derive(Serialize)]
struct Failure<'a> {
    target: &'a str,
    /// There is none.
    verdict: Option<()>,
    error: String,
}

/// The form in which results are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    language: Language,
}

impl Output {
    pub(crate) fn new(json: bool, language: Language) -> Self {
        Self { json, language }
    }

    /// Whether results are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The language of findings.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// Prints the result of a command. A reader that has closed the pipe has seen what it wanted: the command goes on, and
    /// its exit code stays.
    pub(crate) fn print(&self, report: &impl Report) -> anyhow::Result<()> {
        let text = match self.json {
            true => serde_json::to_string_pretty(report)? + "\n",
            false => report.view_in(self.language).to_text(),
        };
        self.print_raw(text.as_bytes())
    }

    /// Prints one result of a stream: a line of JSON, or its view. Breaks if the reader has closed the pipe.
    pub(crate) fn print_next(&self, report: &impl Report) -> anyhow::Result<ControlFlow<()>> {
        let text = match self.json {
            true => serde_json::to_string(report)? + "\n",
            false => report.view_in(self.language).to_text(),
        };
        write(text.as_bytes())
    }

    /// What a command comes to that failed before it could look at its target: programs get an object that says so, and
    /// the reason is on stderr in either case.
    pub(crate) fn failed(&self, target: &str, error: anyhow::Error) -> anyhow::Result<Outcome> {
        if !self.json {
            return Err(error);
        }
        complain(&error);
        let failure = Failure { target, verdict: None, error: describe(&error) };
        self.print_raw((serde_json::to_string(&failure)? + "\n").as_bytes())?;
        Ok(Outcome::Error)
    }

    /// Says why the command failed; programs that were given no result get an object that says so.
    pub(crate) fn end(&self, error: &anyhow::Error) {
        complain(error);
        if self.json && !HAS_PRINTED.load(Ordering::Relaxed) {
            // If stdout cannot be written, the exit code tells.
            let _ = print_refusal(&describe(error));
        }
    }

    /// Prints bytes as they are, whatever the form.
    pub(crate) fn print_raw(&self, bytes: &[u8]) -> anyhow::Result<()> {
        write(bytes).map(|_| ())
    }
}

/// Whether anything went to stdout.
static HAS_PRINTED: AtomicBool = AtomicBool::new(false);

/// Prints why arguments are refused, as an object.
pub(crate) fn print_refusal(said: &str) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Refusal<'a> {
        verdict: Option<()>,
        error: &'a str,
    }
    let text = serde_json::to_string(&Refusal { verdict: None, error: said })? + "\n";
    write(text.as_bytes()).map(drop)
}

/// Writes a note to stderr. All its lines but the first are indented, so that none passes for another note.
pub(crate) fn note(text: impl fmt::Display) {
    let text = text.to_string();
    let lines: Vec<String> = text.lines().map(printable).collect();
    // If stderr is closed, there is nobody to report that to.
    let _ = writeln!(io::stderr(), "{}", lines.join("\n    "));
}

/// Writes a warning to stderr.
pub(crate) fn warn(text: impl fmt::Display) {
    note(format_args!("warning: {text}"));
}

/// Writes to stderr why a command failed.
pub(crate) fn complain(error: &anyhow::Error) {
    note(format_args!("error: {}", describe(error)));
}

/// An error and its causes in one line.
pub(crate) fn describe(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Some errors repeat their source in their own text.
        if !said.contains(&cause) {
            said.push_str(if said.is_empty() { "" } else { ": " });
            said.push_str(&cause);
        }
    }
    said
}

fn write(bytes: &[u8]) -> anyhow::Result<ControlFlow<()>> {
    HAS_PRINTED.store(true, Ordering::Relaxed);
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(anyhow::Error::new(error).context("stdout cannot be written")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_outweighs_a_no() {
        assert_eq!(Outcome::Yes.and(Outcome::Yes), Outcome::Yes);
        assert_eq!(Outcome::Yes.and(Outcome::No), Outcome::No);
        assert_eq!(Outcome::Error.and(Outcome::No), Outcome::Error);
        assert_eq!(Outcome::No.and(Outcome::Error), Outcome::Error);
    }
}
