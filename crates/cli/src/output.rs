//! Where results go: stdout, for people or as JSON; and where all else goes: stderr.
//!
//! **Invariant:** nothing else in this program writes to stdout.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use crate::view::View;

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Yes, or done.
    Yes,
    /// Checked, and not so.
    No,
    /// Part of the question has no answer; what has one was printed.
    Error,
}

impl Outcome {
    /// The worse of two: an error tells least, so it comes before a no.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Error, _) | (_, Self::Error) => Self::Error,
            (Self::No, _) | (_, Self::No) => Self::No,
            _ => Self::Yes,
        }
    }
}

/// A result: `--json` prints its fields, people see its view.
pub(crate) trait Report: Serialize {
    /// What people see.
    fn view(&self) -> View;
}

/// The reader of stdout has gone: nobody is left to tell, and that is no error.
#[derive(Debug)]
pub(crate) struct ClosedPipe;

impl fmt::Display for ClosedPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader of the output has gone")
    }
}

impl std::error::Error for ClosedPipe {}

/// The form in which results are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether results are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the result of a command.
    pub(crate) fn print(&self, report: &impl Report) -> anyhow::Result<()> {
        let text = match self.json {
            true => serde_json::to_string_pretty(report)? + "\n",
            false => report.view().to_text(),
        };
        write(text.as_bytes())
    }

    /// Prints one result of a stream: a line of JSON, or its view.
    pub(crate) fn print_next(&self, report: &impl Report) -> anyhow::Result<()> {
        let text = match self.json {
            true => serde_json::to_string(report)? + "\n",
            false => report.view().to_text(),
        };
        write(text.as_bytes())
    }

    /// Prints bytes as they are, whatever the form.
    pub(crate) fn print_raw(&self, bytes: &[u8]) -> anyhow::Result<()> {
        write(bytes)
    }
}

/// Says something on stderr that is not the result.
pub(crate) fn note(text: impl fmt::Display) {
    // Nothing is left to be done where stderr is closed.
    let _ = writeln!(io::stderr(), "{}", crate::view::printable(&text.to_string()));
}

/// Says something on stderr that the reader should not miss.
pub(crate) fn warn(text: impl fmt::Display) {
    note(format_args!("warning: {text}"));
}

/// Says on stderr why a command gave up.
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

fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ClosedPipe.into()),
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
