//! Documents that were issued on a ledger in memory, with their receipts.

use std::fs;
use std::path::{Path, PathBuf};

use sanad_api::{CredentialKey, Ledger as _};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::hash::{Commitment, Salt};
use sanad_core::ids::{Height, LogIndex};
use sanad_core::proof::TrustAnchor;
use sanad_core::receipt::Receipt;

use crate::chain;
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
        Self::over(MemoryLedger::new(), text)
    }

    /// Of twenty validators, one left after the first block and one after the second.
    pub(crate) fn changing_validators() -> Self {
        let mut members: Vec<_> = (1..=20).map(|number| chain::member(number, true)).collect();
        (members[18].active_until, members[19].active_until) = (Some(Height(2)), Some(Height(3)));
        Self::over(MemoryLedger::of(chain::genesis_of(members)), DOCUMENT)
    }

    fn over(ledger: MemoryLedger, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
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

    /// What the genesis gives a verifier.
    pub(crate) fn anchor(&self) -> TrustAnchor {
        TrustAnchor::new(self.ledger.genesis()).unwrap()
    }

    /// Puts a binary receipt beside the document, and nothing else.
    pub(crate) fn write_binary(&self, bytes: &[u8]) {
        let _ = fs::remove_file(self.path("ijazah.json.receipt.json"));
        fs::write(self.path("ijazah.json.receipt"), bytes).unwrap();
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
