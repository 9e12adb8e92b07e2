//! Documents that were issued on a ledger in memory, with their receipts.

use std::fs;
use std::path::{Path, PathBuf};

use sanad_api::{CredentialKey, Ledger as _};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::hash::{Commitment, Salt};
use sanad_core::ids::LogIndex;
use sanad_core::receipt::Receipt;

use crate::memory_ledger::MemoryLedger;

/// A folder with a genesis, `ijazah.json` and its receipt.
pub(crate) struct Issued {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) ledger: MemoryLedger,
    pub(crate) receipt: Receipt,
}

pub(crate) const DOCUMENT: &str = "{\"type\": \"OpenBadgeCredential\", \"level\": 6}\n";

impl Issued {
    pub(crate) fn new() -> Self {
        Self::of(DOCUMENT)
    }

    /// With another text in `ijazah.json`.
    pub(crate) fn of(text: &str) -> Self {
        let (folder, ledger) = (tempfile::tempdir().unwrap(), MemoryLedger::new());
        let salt = Salt([9; 32]);
        let kind = DocumentKind::detect(text.as_bytes());
        let digest = document::digest(kind, text.as_bytes()).unwrap();
        // Others before and after it, so that the proof has a path.
        ledger.commit_batch(ledger.next_batch(3));
        let event = Event::Issue { commitment: Commitment::new(&salt, &digest) };
        ledger.commit_batch(ledger.next_batch_of(vec![event]));
        ledger.commit_batch(ledger.next_batch(3));
        let proof = ledger.status_proof(&CredentialKey::Index(LogIndex(3))).unwrap();
        let receipt = Receipt::new(kind, salt, proof);
        let issued = Self { folder, ledger, receipt };
        fs::write(issued.path("genesis.json"), issued.ledger.genesis().to_json()).unwrap();
        fs::write(issued.path("ijazah.json"), text).unwrap();
        issued.write(&issued.receipt);
        issued
    }

    /// Puts a receipt beside the document.
    pub(crate) fn write(&self, receipt: &Receipt) {
        fs::write(self.path("ijazah.json.receipt.json"), receipt.to_json()).unwrap();
    }

    /// The receipt as of the ledger's head.
    pub(crate) fn renewed(&self) -> Receipt {
        let proof = self.ledger.status_proof(&CredentialKey::Index(LogIndex(3))).unwrap();
        Receipt { proof, ..self.receipt.clone() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.at().join(name)
    }

    pub(crate) fn at(&self) -> &Path {
        self.folder.path()
    }
}
