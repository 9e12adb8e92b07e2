//! Why the credentials of a roster are not made.

use std::fmt;
use std::path::PathBuf;

use sanad_roster::{ColumnsError, ReadError, RowFaults, TemplateError};

use crate::files::FileError;
use crate::signed_file::SigningError;

/// Why the credentials of a roster are not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwardsError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file of columns cannot be used.
    #[error("{}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ColumnsError,
    },
    /// The template cannot be used.
    #[error("{}", InTemplate(path, faults))]
    Template {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it.
        faults: Vec<TemplateError>,
    },
    /// The roster is not read as a table.
    #[error("{}", Each(path, faults))]
    Table {
        /// The roster.
        path: PathBuf,
        /// All that is wrong with it.
        faults: Vec<ReadError>,
    },
    /// Cells of the roster cannot be used.
    #[error(
        "{} cannot be used, so nothing was signed:\n{}{}",
        Count(faults.len() + faults.more(), "cell"),
        Lines(path, faults),
        More(faults.more())
    )]
    Cells {
        /// The roster.
        path: PathBuf,
        /// All of them.
        faults: RowFaults,
    },
    /// What the template makes breaks rules, whatever the row.
    #[error("{}: {text}", path.display())]
    Credential {
        /// The template.
        path: PathBuf,
        /// Which rules.
        text: String,
    },
    /// The credentials of some rows break rules.
    #[error("{} cannot be signed, so nothing was:\n{}", Count(faults.len(), "credential"), Lines(path, faults))]
    Credentials {
        /// The roster.
        path: PathBuf,
        /// All of them.
        faults: Vec<LineFault>,
    },
    /// The template names a status list, and is to get another.
    #[error(
        "the template has a credentialStatus of its own; take it out, since --status-lists adds one for each learner"
    )]
    OwnStatus,
    /// Credentials were issued, and the roster or the template says something else now.
    #[error(
        "{} signed before with other content, so nothing was signed now; put the roster or the template back, or give \
         another award its own number:\n{}",
        Count(faults.len(), "credential was"),
        Lines(path, faults)
    )]
    Changed {
        /// The roster.
        path: PathBuf,
        /// The lines and the credentials.
        faults: Vec<LineFault>,
    },
    /// Credentials were signed in another form: nobody gets an award twice.
    #[error(
        "{} signed before in another form, so nothing was signed now; take the same form again, or another --out for \
         another award:\n{}",
        Count(faults.len(), "credential was"),
        Lines(path, faults)
    )]
    OtherForm {
        /// The roster.
        path: PathBuf,
        /// The lines and the credentials.
        faults: Vec<LineFault>,
    },
    /// Fields that tell of a person stand where every verifier sees them.
    #[error(
        "{}: in an SD-JWT every verifier sees issuer and achievement, and the template has {} in them; take what is the \
         learner's own out of them",
        path.display(),
        fields.iter().map(|field| format!("{{{{{field}}}}}")).collect::<Vec<_>>().join(", ")
    )]
    Personal {
        /// The template.
        path: PathBuf,
        /// The fields.
        fields: Vec<String>,
    },
    /// The disk is full, or nearly.
    #[error(
        "{}: its file system has {available} bytes left and up to {needed} are needed, so nothing was signed; make room, or give \
         another folder with --out",
        folder.display()
    )]
    NoRoom {
        /// The folder of the learners' folders.
        folder: PathBuf,
        /// Bytes that credentials and receipts may take.
        needed: u64,
        /// Bytes that are left.
        available: u64,
    },
    /// A credential was refused when it was signed.
    #[error("{}:{line}", path.display())]
    NotSigned {
        /// The roster.
        path: PathBuf,
        /// The line.
        line: u32,
        /// Why.
        source: SigningError,
    },
}

/// What is wrong with a row as a whole.
#[derive(Debug)]
pub struct LineFault {
    /// The line.
    pub line: u32,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.text)
    }
}

/// How many there are besides those that are named; nothing if none.
struct More(usize);

impl fmt::Display for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}

/// `1 cell`, `2 cells`, `1 credential was`, `2 credentials were`.
struct Count(usize, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, what) = self;
        match (*count, what.strip_suffix(" was")) {
            (1, _) => write!(f, "1 {what}"),
            (count, Some(what)) => write!(f, "{count} {what}s were"),
            (count, None) => write!(f, "{count} {what}s"),
        }
    }
}

/// Faults of a file, a line each.
struct Each<'a, T>(&'a PathBuf, &'a [T]);

impl<T: std::error::Error> fmt::Display for Each<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.1.iter().enumerate() {
            let end = if place == 0 { "" } else { "\n" };
            write!(f, "{end}{}: {fault}", self.0.display())?;
            let mut source = fault.source();
            while let Some(cause) = source {
                write!(f, ": {cause}")?;
                source = cause.source();
            }
        }
        Ok(())
    }
}

/// Faults of a template, a line each. Those of its text have a line and a column, the others a JSON pointer.
struct InTemplate<'a>(&'a PathBuf, &'a [TemplateError]);

impl fmt::Display for InTemplate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.1.iter().enumerate() {
            let end = if place == 0 { "" } else { "\n" };
            match fault {
                TemplateError::Text(fault) => write!(f, "{end}{}:{fault}", self.0.display())?,
                TemplateError::Syntax { .. } => write!(f, "{end}{}:{fault}", self.0.display())?,
                other => write!(f, "{end}{}", Each(self.0, std::slice::from_ref(other)))?,
            }
        }
        Ok(())
    }
}

/// Faults that begin with their line: `wisuda.csv:17: ...`.
struct Lines<'a, T>(&'a PathBuf, &'a [T]);

impl<T: fmt::Display> fmt::Display for Lines<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.1.iter().map(|fault| format!("{}:{fault}", self.0.display())).collect();
        f.write_str(&lines.join("\n"))
    }
}
