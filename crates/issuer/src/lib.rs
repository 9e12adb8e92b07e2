//! What an issuer does: rosters become signed credentials, documents become entries of the ledger and get their receipts, and credentials change their
//! status.
//!
//! - [`Issuance`] reads documents, refuses what is none, tries the place of every receipt, and enters them in batches.
//!   Before a batch leaves, its secrets are on the disk, in a pending file; [`Unfinished`] finishes what a crash, a
//!   timeout or a full disk interrupted.
//! - [`Roster`] reads the learners of a spreadsheet, checks all of them, and signs a credential for each.
//! - [`Correction`] is a credential mended, to be reissued; [`Endorsement`] what another institution says of one.
//! - [`ChangePlan`] asks for the status of credentials, says what there is to change, and revokes, suspends or
//!   reinstates them.
//! - [`StatusListPlace`] publishes what the ledger says of them as W3C status lists.
//! - [`keys`] makes and opens key files, [`Issuer`] is a member with its issuing key, [`Chain`] a node and what its
//!   answers are checked against.
//!
//! Programs of one issuer may work at once, on one machine or on several: they take turns, and a crash leaves no lock.
//! Nothing here prints; an [`Observer`] hears of remarks and progress. A node is believed in nothing that it does not
//! prove.
//!
//! # Example
//!
//! ```no_run
//! use std::path::{Path, PathBuf};
//! use std::time::Duration;
//!
//! use sanad_api::{Client, ClientOptions};
//! use sanad_core::genesis::Genesis;
//! use sanad_core::trust::TrustAnchor;
//! use sanad_issuer::{
//!     Chain, Change, ChangePlan, ChangeTarget, Excess, Issuance, IssueOptions, IssueReport, Issuer, Notice, Observer,
//! };
//! use sanad_issuer::keys::{Passphrase, read_passphrase};
//!
//! /// Remarks go to the log of the program.
//! struct Log;
//!
//! impl Observer for Log {
//!     fn notice(&self, notice: &Notice) {
//!         eprintln!("{notice}");
//!     }
//! }
//!
//! async fn issue_and_revoke() -> Result<(), Box<dyn std::error::Error>> {
//!     // The genesis is what everything is checked against: it comes from the consortium, not from the node.
//!     let genesis = Genesis::from_json(&std::fs::read("genesis.json")?)?;
//!     let anchor = TrustAnchor::new(&genesis)?;
//!     let url = "https://node.univ-merapi.example:7443";
//!     let client = Client::connect(url, &ClientOptions::default()).await?;
//!     let chain = Chain::new(client, format!("the node {url}"), genesis, anchor, Duration::from_secs(10));
//!
//!     let passphrase = Passphrase::existing(read_passphrase(Path::new("/run/secrets/sanad"))?)?;
//!     let issuer = Issuer::open(Path::new("merapi"), &passphrase)?;
//!
//!     let (awards, options) = ([PathBuf::from("awards")], IssueOptions::default());
//!     let mut report = IssueReport::default();
//!     let issuance = Issuance::prepare(&awards, chain.anchor(), &issuer.id, options, &Log, &mut report)?;
//!     issuance.enter(&chain, &issuer, &Log, &mut report).await?;
//!     for issued in &report.issued {
//!         println!("{} is entry {}", issued.document.display(), issued.log_index);
//!     }
//!     // In the ledger, but without a receipt: `Unfinished::open` finishes them.
//!     for failed in &report.failed {
//!         println!("{failed}");
//!     }
//!
//!     let Some(wrong) = report.issued.first() else { return Ok(()) };
//!     let key = sanad_api::CredentialKey::Index(wrong.log_index);
//!     let name = wrong.document.display().to_string();
//!     let target = ChangeTarget { name, listed: None, key };
//!     let plan = ChangePlan::new(&chain, Change::Revoke, &issuer.id, &[target], Excess::Refused, &Log).await?;
//!     let mut report = plan.report();
//!     plan.enter(&chain, &issuer, Duration::from_secs(120), &Log, &mut report).await?;
//!     Ok(())
//! }
//! ```

mod awards;
mod chain;
mod change;
mod content;
mod correction;
mod documents;
mod endorsement;
pub mod files;
mod folder;
mod folders;
mod former_keys;
mod issue;
mod issuer;
mod keeper;
pub mod keys;
mod notice;
mod pending;
mod places;
mod preflight;
mod random;
mod receipt_file;
mod receipts;
mod resume;
mod revocations;
mod signed_file;
mod site;
mod status_lists;
mod submission;

pub use awards::{AwardsError, Incomplete, LineFault, Plan, Roster};
pub use chain::{Chain, ChainError};
pub use change::{
    Change, ChangeBatch, ChangeError, ChangeFault, ChangeFaultReason, ChangePlan, ChangeReport, ChangeTarget,
    ChangedCredential, ChangesLeft, CredentialLeft, Excess,
};
pub use content::{Artifact, PictureReader, recognise};
pub use correction::{Correction, CorrectionError};
pub use documents::{LIST_BYTES_MAX, ListLine, ReadAs, SourceError, list_lines, read_list};
pub use endorsement::{
    COMMENT_BYTES_MAX, ENDORSEMENT_EXTENSION, ENDORSEMENT_TYPE, Endorsed, Endorsement, EndorsementError,
    SubresourceDigests, is_type, subresource_digest,
};
pub use folder::{EXTENSIONS, FolderFiles, look_through};
pub use folders::{LockError, SharedFolder};
pub use former_keys::FormerKeys;
pub use issue::{
    BATCH_DOCUMENTS_DEFAULT, Issuance, IssueError, IssueOptions, IssueReport, IssuedBatch, LeftOutFile,
};
pub use issuer::{Issuer, IssuerError, member_path, read_member, refuse_withdrawn};
pub use keeper::{KeepError, Keeper};
pub use notice::{LeftOut, Notice, Observer, Remark, Step};
pub use pending::{
    PENDING_BYTES_MAX, PENDING_FORMAT, Pending, PendingDocument, PendingError, PendingFault, pending_files_in,
};
pub use places::{
    Places, QR_SUFFIX, all_beside, document_of, find_beside, is_picture_name, is_receipt_name, names_beside,
    path_beside, path_like,
};
pub use preflight::{PlaceFault, PlaceFaultReason, PlacesError};
pub use random::{NoRandomness, random_bytes};
pub use receipt_file::{
    RECEIPT_FILE_BYTES_MAX, ReceiptError, encode_receipt, read_receipt, read_receipt_bytes,
};
pub use receipts::{Content, FailedReceipt, IssuedDocument, ReceiptsError};
pub use resume::{ResumeError, Unfinished};
pub use revocations::Revocation;
pub use signed_file::{
    CREDENTIAL_FILE, CredentialForm, SignedFileError, SigningError, Written, credential_in,
};
pub use site::{
    SiteError, SiteFile, WITHDRAWN_FILE, WithdrawnKeys, compromised_keys, did_document, did_web, published,
    withdrawn_path, write_site,
};
pub use status_lists::{
    DueList, IssuedStatuses, ListForm, Positions, Published, StatusListPlace, StatusListsError,
};
pub use submission::{SubmissionError, submit};
