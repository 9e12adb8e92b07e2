//! A ledger with credentials of it, and registers to put them into.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::hash::ChainId;
use sanad_core::keyfile::KdfParameters;
use sanad_core::receipt::Receipt;
use sanad_core::summary::Summary;
use sanad_register::{NewCredential, Owner, Register, RegisterError, RegisterOptions, RowNumber, Subject};
use sanad_testkit::{Ledger, id};
use serde_json::json;

pub const ISSUER: &str = "issuer";
pub const PASSPHRASE: &[u8] = b"correct horse battery staple";

/// Cheap to open: what a guess costs is not what is tested here.
pub fn options() -> RegisterOptions {
    RegisterOptions {
        cost: KdfParameters { memory_kib: 8, iterations: 1, lanes: 1 },
        wait: Duration::from_secs(60),
        ..RegisterOptions::default()
    }
}

pub struct Desk {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
    pub register: Register,
    pub owner: Owner,
}

impl Desk {
    pub fn new() -> Self {
        Self::on(Ledger::new().genesis.chain_id())
    }

    pub fn on(chain_id: ChainId) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let owner = Owner { chain_id, issuer: id(ISSUER) };
        let register = Register::create(&path, PASSPHRASE, owner.clone(), options(), 1).unwrap();
        Self { _folder: folder, path, register, owner }
    }

    pub fn open(&self) -> Result<Register, RegisterError> {
        open(&self.path)
    }

    /// Opens it anew, so that it gives up soon where others are in the way.
    pub fn options_wait_briefly(&mut self) {
        let options = RegisterOptions { wait: Duration::from_millis(50), ..options() };
        self.register = Register::open(&self.path, PASSPHRASE, options).unwrap();
    }

    /// Adds people and their awards.
    pub fn add(&mut self, people: std::ops::Range<u64>) -> Vec<RowNumber> {
        let new: Vec<NewCredential> = people.map(|n| award(&self.owner, n)).collect();
        add(&mut self.register, &new).unwrap()
    }
}

pub fn open(path: &Path) -> Result<Register, RegisterError> {
    Register::open(path, PASSPHRASE, options())
}

pub fn add(register: &mut Register, new: &[NewCredential]) -> Result<Vec<RowNumber>, RegisterError> {
    let mut adding = register.begin(2)?;
    let mut rows = Vec::new();
    for one in new {
        rows.extend(adding.add(one)?.map(|added| added.row));
    }
    adding.commit()?;
    Ok(rows)
}

pub fn name(n: u64) -> String {
    format!("Kirananing {n} Tyasraharja")
}

pub fn email(n: u64) -> String {
    format!("learner{n}@univ-merapi.example")
}

pub fn student_number(n: u64) -> String {
    format!("26/{n:06}/TK")
}

pub fn badge(n: u64) -> Vec<u8> {
    let identity = |kind: &str, text: String| json!({"type": "IdentityObject", "identityType": kind, "identityHash": text, "hashed": false});
    let document = json!({
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "validFrom": "2026-09-01T00:00:00Z",
        "credentialSubject": {
            "identifier": [
                identity("name", name(n)),
                identity("emailAddress", email(n)),
                identity("sisSourcedId", student_number(n)),
            ],
            "achievement": {
                "id": "https://univ-merapi.example/achievements/cloud-operations",
                "name": "Operasi Komputasi Awan",
                "description": "x".repeat(1800),
            },
        },
    });
    document.to_string().into_bytes()
}

/// An award with a fresh secret, as an issuer draws one.
pub fn award(owner: &Owner, n: u64) -> NewCredential {
    award_of(owner, n, badge(n))
}

pub fn award_of(owner: &Owner, n: u64, document: Vec<u8>) -> NewCredential {
    let kind = DocumentKind::Json;
    let secret = Secret(rand::random());
    let summary = Summary::of_json(&serde_json::from_slice(&document).unwrap());
    let digest = document::digest(kind, &document).unwrap();
    let opening = Opening::Full { secret: secret.clone(), summary: summary.clone() };
    let commitment = opening.commitment(&owner.chain_id, &owner.issuer, kind, Some(&digest)).unwrap();
    let (batch, file) = ("graduation".to_owned(), format!("{n}.json"));
    let subject = Subject::of_document(kind, &document);
    NewCredential {
        batch,
        subject,
        file,
        kind,
        document,
        secret,
        summary,
        commitment,
        replaces: None,
        position: None,
    }
}

/// Enters rows into a ledger and keeps their receipts.
pub fn issue(register: &mut Register, ledger: &mut Ledger, rows: &[RowNumber]) -> Vec<Receipt> {
    let credentials: Vec<_> = rows.iter().map(|row| register.credential(*row).unwrap()).collect();
    let events = credentials.iter().map(|one| Event::Issue { commitment: one.facts.commitment }).collect();
    let first = ledger.entries.len() as u64;
    let batch = ledger.signed(ISSUER, events);
    register.submitted(rows, &batch.id()).unwrap();
    ledger.commit(vec![batch]);
    let receipts: Vec<Receipt> = (first..)
        .zip(&credentials)
        .map(|(index, one)| Receipt::new(one.facts.kind, one.opening(), ledger.prove(index)))
        .collect();
    let kept: Vec<_> = rows.iter().copied().zip(receipts.iter().cloned()).collect();
    register.issued(&kept).unwrap();
    receipts
}
