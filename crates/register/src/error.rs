//! Why a register cannot be used.

use std::fmt;
use std::io;
use std::path::PathBuf;

use sanad_core::document::DocumentError;
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;
use sanad_core::keyfile::KeyFileError;

use crate::credential::{Progress, RowNumber};

/// Why a register cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The system refuses.
    #[error("{} cannot be {action}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// Something is there already.
    #[error("{} exists already and is never overwritten; choose another place", .0.display())]
    Exists(PathBuf),
    /// There is no such file.
    #[error("{path} does not exist; make a register with `sanad register create {path}`", path = .0.display())]
    Missing(PathBuf),
    /// Others than its owner can read or write it.
    #[error("{path} can be read or written by others than its owner; run: chmod 600 {path}", path = .0.display())]
    Exposed(PathBuf),
    /// It lies on a network share, whose locks cannot be relied on.
    #[error("{} is on a network share, where two desks could damage it; keep it on a local disk", .0.display())]
    NetworkShare(PathBuf),
    /// Not a register, or one of a newer program.
    #[error("{} is not a register of version {}", path.display(), crate::schema::SCHEMA_VERSION)]
    NotARegister {
        /// The file.
        path: PathBuf,
    },
    /// A newer program made it.
    #[error("{} is a register of version {version}; a newer `sanad` reads it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i64,
    },
    /// The passphrase does not open it.
    #[error("{} does not open; check the passphrase, or put the file back from a backup", path.display())]
    NotOpened {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// The file was changed by something else than this program.
    #[error(
        "{} is damaged ({part}); nothing was changed. Put it back from a backup (`sanad register backup` makes them), \
         then import what was issued since",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is damaged.
        part: Part,
    },
    /// Another program is writing.
    #[error("{} is in use by another program; try again when it is done", .0.display())]
    Busy(PathBuf),
    /// The disk is full.
    #[error("the disk of {} is full; make room and try again", .0.display())]
    DiskFull(PathBuf),
    /// SQLite fails otherwise.
    #[error("{} cannot be used", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// It belongs to another issuer or chain.
    #[error("the register is that of {} on the chain {}; give the register of this issuer", owner.0, owner.1)]
    AnotherOwner {
        /// Whose it is.
        owner: Box<(MemberId, ChainId)>,
    },
    /// Credentials are in the register already: nothing was added.
    #[error("{}", Clashes(.0))]
    Clashes(Vec<Clash>),
    /// A document has no digest.
    #[error("the document cannot be digested")]
    Document(#[from] DocumentError),
    /// Secret, summary and document do not give the commitment.
    #[error("the secret does not open the commitment {0}")]
    DoesNotOpen(sanad_core::hash::Commitment),
    /// A text or value is longer than it may be.
    #[error("the {what} has {actual} bytes; at most {limit} are kept")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length, in bytes.
        actual: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The register has as many rows, or a row as many changes, as it can have.
    #[error("the register takes at most {limit} {what}")]
    Full {
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A document names a position in the status lists that is another credential's.
    #[error(
        "{name} names position {number} of the status lists, which is another credential's; sign it anew with a \
         position of its own, or without credentialStatus"
    )]
    Position {
        /// The position.
        number: u64,
        /// The document.
        name: String,
    },
    /// There is no such row.
    #[error("the register has no row {0}")]
    NoRow(RowNumber),
    /// The row was erased.
    #[error("row {0} was erased")]
    Erased(RowNumber),
    /// The row cannot go there from where it is.
    #[error("row {row} is {}, which does not allow this", progress.as_str())]
    Progress {
        /// The row.
        row: RowNumber,
        /// How far it is.
        progress: Progress,
    },
    /// The passphrase cannot be used for sealing.
    #[error("the register's key cannot be sealed")]
    NotSealed(#[source] KeyFileError),
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes: nothing secret can be made on this machine now")]
    NoRandomness(#[from] getrandom::Error),
    /// A row is destroyed, but traces of it may remain until another program lets go of the file.
    #[error(
        "the row is destroyed, but {} is in use and may still hold traces; run `sanad register compact` when the other \
         program is done", .0.display()
    )]
    TracesRemain(PathBuf),
    /// A row is destroyed, but the file could not be written anew, so that traces of it may remain.
    #[error(
        "the row is destroyed, but {} could not be written anew and may still hold traces; make room for a second copy of it, then run \
         `sanad register compact`", path.display()
    )]
    NotWrittenAnew {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<RegisterError>,
    },
}

/// A part of a register that is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The database itself, as SQLite found it.
    Structure,
    /// Its tables are not those of a register.
    Schema,
    /// The head: whose it is and how many rows it has.
    Head,
    /// Rows are missing, or there are too many.
    RowCount {
        /// How many there should be.
        expected: u64,
        /// How many there are.
        actual: u64,
    },
    /// Positions in status lists.
    Positions,
    /// A column of a row.
    Cell {
        /// The row.
        row: RowNumber,
        /// The column.
        column: &'static str,
    },
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Structure => f.write_str("the database"),
            Self::Schema => f.write_str("the tables"),
            Self::Head => f.write_str("the head"),
            Self::RowCount { expected, actual } => write!(f, "{actual} rows instead of {expected}"),
            Self::Positions => f.write_str("the positions in status lists"),
            Self::Cell { row, column } => write!(f, "row {row}, {column}"),
        }
    }
}

/// A credential that is in the register already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// What the caller called it.
    pub name: String,
    /// What is there.
    pub with: There,
}

/// What a credential that was to be added meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum There {
    /// A row, and how far it is.
    Row(RowNumber, Progress),
    /// A row that was erased.
    Erased(RowNumber),
    /// Another one that was to be added with it.
    Twice,
}

struct Clashes<'a>(&'a [Clash]);

impl fmt::Display for Clashes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let are = if count == 1 { "credential is" } else { "credentials are" };
        write!(f, "{count} {are} in the register already, so nothing was added:")?;
        for Clash { name, with } in self.0 {
            match with {
                There::Row(row, progress) => write!(f, "\n{name}: row {row}, {}", progress.as_str())?,
                There::Erased(row) => write!(f, "\n{name}: was row {row}, and erased at the person's wish")?,
                There::Twice => write!(f, "\n{name}: the same person and achievement twice")?,
            }
        }
        if self.0.iter().any(|clash| matches!(clash.with, There::Erased(_))) {
            f.write_str("\nleave out who was erased, or give --erased to issue to them again")?;
        }
        if self.0.iter().any(|clash| !matches!(clash.with, There::Erased(_))) {
            f.write_str(
                "\n`sanad register export` writes lost files of a credential again, `sanad reissue` replaces and revokes one; \
                 --register-batch NAME tells awards of one achievement apart",
            )?;
        }
        Ok(())
    }
}
