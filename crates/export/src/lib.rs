//! A static export of a ledger: a folder that any web server can serve, and that answers with proofs while no
//! node runs.
//!
//! - The log is in the C2SP `tlog-tiles` layout, with a checkpoint as a signed note, for today's witnesses,
//!   mirrors and monitors.
//! - Beside it: headers, certificates and batches in bundles, and the state after the last block. Sanad's own
//!   authority stays the header that more than 2/3 of the validators signed.
//! - [`Exporter`] executes what it is given and writes it, [`Export`] reads.
//!
//! **Invariant:** [`Export`] answers with nothing that it has not checked up to a header to which the verifier's
//! own genesis leads: a mirror may lie. **Invariant:** the file `head` is replaced last, so that a reader sees
//! the export before or the one after. **Invariant:** but for `head` and `checkpoint`, a file that has its name
//! never changes.
//!
//! Layout: `docs/formats/export.md`.

mod batches;
mod bundle;
mod entries;
mod error;
mod exporter;
mod folder;
mod head;
mod index;
mod layout;
mod note;
mod reader;
mod records;
mod snapshot;
mod status;
mod tiles;

pub use batches::BatchPlace;
pub use error::ExportError;
pub use exporter::{Exporter, Written};
pub use index::Issuances;
pub use note::{CheckpointNote, CheckpointSigner, NOTE_NAME_BYTES_MAX, NoteError};
pub use reader::{Export, SealedHeader};
