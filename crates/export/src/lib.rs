//! A static export of a ledger: a folder that any web server can serve, and that answers with proofs while no
//! node runs.
//!
//! - The log is in the C2SP `tlog-tiles` layout, with a checkpoint as a signed note, for today's witnesses, mirrors and
//!   monitors. Beside it: the history tree in tiles of the same layout, blocks in bundles, the state after the last block,
//!   and a trust file. Sanad's own authority is the header that more than 2/3 of the validators signed.
//! - A manifest in the form of `sha256sum` lists every file; the signed file `head` names its hash.
//! - [`Exporter`] executes what it is given and writes it, [`Export`] reads, [`audit()`] checks everything. Both read a folder or
//!   a web server, a [`Source`]: over https a status takes a dozen requests, and what never changes is kept.
//!
//! **Invariant:** [`Export`] answers with nothing that it has not checked up to a header to which the verifier's own
//! genesis leads: a mirror may lie. **Invariant:** the file `head` is replaced after everything it needs is there, so a
//! reader sees the export before or the one after. **Invariant:** except for `head` and `checkpoint`, a file never changes
//! once it has its name. **Invariant:** every file is read to its end: bytes left over are refused.
//!
//! Layout: `docs/formats/export.md`.

mod audit;
mod batches;
mod bundle;
mod cache;
mod disk;
mod entries;
mod error;
mod exporter;
mod folder;
mod head;
mod index;
mod layout;
mod ledger;
mod manifest;
mod note;
mod reader;
mod records;
mod snapshot;
mod source;
mod spool;
mod status;
mod tiles;
mod tlog_proof;
mod web;
mod writing;

pub use audit::{AuditFault, ExportAudit, ExportFinding, Part, audit};
pub use batches::BatchPlace;
pub use error::ExportError;
pub use exporter::{Exporter, Written};
pub use folder::Cost;
pub use layout::CHECKPOINT_BYTES_MAX;
pub use ledger::ExportedLedger;
pub use note::{CheckpointNote, CheckpointSigner, NOTE_NAME_BYTES_MAX, NoteError};
pub use reader::{EntryRuns, Export, FinalHeader};
pub use source::Source;
pub use tlog_proof::{TLOG_PROOF_BYTES_MAX, TLOG_PROOF_SUFFIX, TlogProof, TlogProofError};
pub use web::{WebError, WebOptions};
