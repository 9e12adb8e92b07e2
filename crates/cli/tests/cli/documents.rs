//! Documents that were issued on a ledger in memory, with their receipts.

use std::fs;
use std::path::{Path, PathBuf};

use sanad_api::{CredentialKey, Ledger as _, ProofForm};
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::{self, DocumentKind, NamedIssuer};
use sanad_core::event::Event;
use sanad_core::genesis::Genesis;
use sanad_core::ids::LogIndex;
use sanad_core::member::{Member, Role};
use sanad_core::receipt::Receipt;
use sanad_core::summary::Summary;
use sanad_core::trust::TrustAnchor;
use sanad_testkit::{Consortium, id, member};

use crate::memory_ledger::{ISSUER, MemoryLedger};

/// A folder with a genesis, `ijazah.json` and its receipt.
pub(crate) struct Issued {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) ledger: MemoryLedger,
    pub(crate) receipt: Receipt,
}

pub(crate) const DOCUMENT: &str = "{\"type\": \"OpenBadgeCredential\", \"level\": 6}\n";

/// An Open Badge, of which a summary follows.
pub(crate) const BADGE: &str = include_str!("../../../../tests/credentials/univ-merapi/game-developer.json");

/// The log index of the document's issuance.
pub(crate) const INDEX: u64 = 3;

impl Issued {
    pub(crate) fn new() -> Self {
        Self::of(DOCUMENT)
    }

    /// With another text in `ijazah.json`.
    pub(crate) fn of(text: &str) -> Self {
        Self::on(genesis_naming(text), text)
    }

    /// On a ledger whose first block is a few seconds old: a trust file of it vouches for signatures.
    pub(crate) fn recently(text: &str) -> Self {
        let ledger = MemoryLedger::of(genesis_naming(text));
        ledger.start_now();
        Self::over(ledger, text, DocumentKind::detect(text.as_bytes()))
    }

    /// On the ledger of a genesis whose keys follow from its members' names.
    pub(crate) fn on(genesis: Genesis, text: &str) -> Self {
        Self::over(MemoryLedger::of(genesis), text, DocumentKind::detect(text.as_bytes()))
    }

    fn over(ledger: MemoryLedger, text: &str, kind: DocumentKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let summary = serde_json::from_str(text).ok().and_then(|json| Summary::of_json(&json));
        let opening = Opening::Full { secret: Secret([9; 32]), summary };
        let digest = document::digest(kind, text.as_bytes()).unwrap();
        let chain_id = ledger.genesis().chain_id();
        let commitment = opening.commitment(&chain_id, &id(ISSUER), kind, Some(&digest)).unwrap();
        // Others before and after it, so that the proof has a path.
        ledger.commit_batch(ledger.next_batch(3));
        ledger.commit_batch(ledger.next_batch_of(vec![Event::Issue { commitment }]));
        ledger.commit_batch(ledger.next_batch(3));
        let receipt = Receipt::new(kind, opening, prove(&ledger));
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
        Receipt { proof: prove(&self.ledger), ..self.receipt.clone() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.at().join(name)
    }

    pub(crate) fn at(&self) -> &Path {
        self.folder.path()
    }
}

fn prove(ledger: &MemoryLedger) -> sanad_core::proof::StatusProof {
    ledger.status_proof(&CredentialKey::Index(LogIndex(INDEX)), ProofForm::SelfContained).unwrap()
}

/// Four validators, an observer, and the issuer with the issuer id that a document names.
pub(crate) fn genesis_naming(text: &str) -> Genesis {
    let kind = DocumentKind::detect(text.as_bytes());
    let named = match document::named_issuer(kind, text.as_bytes()) {
        NamedIssuer::Name(name) => name.parse().ok(),
        // A JWT is kept as bytes.
        NamedIssuer::None if kind == DocumentKind::Bytes => "https://issuer.example".parse().ok(),
        NamedIssuer::None | NamedIssuer::Unreadable => None,
    };
    let issuer = Member { issuer_ids: named.into_iter().collect(), ..member(ISSUER, Role::Issuer) };
    let validators = (0..4).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
    validators.with_member(issuer).with("observer", Role::Observer).genesis()
}

/// The text of another consortium's genesis, of the same members.
pub(crate) fn foreign(genesis: &Genesis) -> String {
    let mut foreign = genesis.clone();
    foreign.name = "Konsorsium Lain".to_owned();
    sanad_testkit::sign_genesis(&mut foreign);
    foreign.to_json()
}
