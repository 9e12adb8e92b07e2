//! The register of an issuer: what was issued to whom, with documents, secrets and receipts, in one encrypted file.
//!
//! The file is an SQLite database. Whatever tells of a person is sealed, each row under a key of its own, so that
//! destroying that key destroys the row; see `docs/formats/register.md`.
//!
//! - [`Register::create`] and [`Register::open`] check the whole file before anything is read from it.
//! - [`Register::begin`] adds credentials that are about to be issued, all or none of them. One person gets one
//!   achievement once in a batch: whoever adds it again gets the row, and the secret, that is there.
//! - [`Register::positions`] allots positions in the issuer's status lists, before credentials are signed.
//! - [`Register::erase`] destroys a row and keeps a signed record of it.
//!
//! Nothing here talks to a ledger, reads a clock or prints: times are arguments.

mod adding;
mod check;
mod cipher;
mod credential;
mod error;
mod place;
mod positions;
mod reading;
mod register;
mod schema;
mod subject;
mod writing;

pub use adding::{Added, Adding};
pub use check::FAULTS_MAX;
pub use credential::{
    Credential, Facts, NewCredential, Position, Progress, REASON_BYTES_MAX, Replaced, Row, RowNumber,
    STATUS_CHANGES_MAX, State, Status, StatusChange, TEXT_BYTES_MAX,
};
pub use error::{Clash, Part, RegisterError, There};
pub use reading::Query;
pub use register::{Owner, Register, RegisterOptions};
pub use schema::{POSITIONS_MAX, ROWS_MAX, SCHEMA_VERSION};
pub use subject::{Person, Subject};
