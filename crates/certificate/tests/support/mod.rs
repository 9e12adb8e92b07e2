//! A credential that was issued, and its certificate.
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "each test uses its part, and says what it skips"
)]

use std::process::Command;

use sanad_certificate::{DEFAULT_TEMPLATE, Made, MakeError, Order, Site, Template};
use sanad_core::commitment::{ContentHash, Opening, Secret, SummaryHash};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::member::Role;
use sanad_core::receipt::Receipt;
use sanad_core::summary::Summary;
use sanad_core::trust::TrustAnchor;
use sanad_testkit::{Consortium, Ledger, id, member};

pub const NAME: &str = "Arkanendra Lokawisesa";

pub struct Issued {
    pub document: Vec<u8>,
    pub receipt: Receipt,
    pub anchor: TrustAnchor,
}

pub fn credential(holder: &str) -> String {
    let text = include_str!("../../../../tests/credentials/univ-merapi/game-developer.json");
    let holder = serde_json::to_string(holder).unwrap();
    text.replace(&format!("\"{NAME}\""), &holder)
}

/// Issues a credential to somebody, in a consortium of 14 validators.
pub fn issue(holder: &str) -> Issued {
    let document = credential(holder).into_bytes();
    let validators = (0..14).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
    let mut ledger = Ledger::of(validators.with_member(member("issuer", Role::Issuer)).genesis());
    let summary = Summary::of_json(&serde_json::from_slice(&document).unwrap()).unwrap();
    let (secret, kind) = (Secret([7; 32]), DocumentKind::Json);
    let digest = document::digest(kind, &document).unwrap();
    let content = ContentHash::new(&secret.content_key(), &digest);
    let hash = SummaryHash::new(&secret.summary_key(), &summary);
    let commitment = Commitment::new(&ledger.genesis.chain_id(), &id("issuer"), kind, &hash, &content);
    let batch = ledger.signed("issuer", vec![Event::Issue { commitment }]);
    ledger.commit(vec![batch]);
    let receipt = Receipt::new(kind, Opening::Full { secret, summary: Some(summary) }, ledger.prove(0));
    Issued { document, receipt, anchor: TrustAnchor::new(&ledger.genesis).unwrap() }
}

pub fn site() -> Site {
    "https://sertifikat.univ-merapi.example".parse().unwrap()
}

impl Issued {
    pub fn make(&self, template: &str) -> Result<Made, MakeError> {
        let own = ["signatory", "signatory_title"].map(str::to_owned);
        let texts = ["Dr. Wulan Prameswari, M.Kom.", "Direktur Program Mikro"].map(str::to_owned);
        let own_fields: Vec<(String, String)> = own.into_iter().zip(texts).collect();
        Order {
            template: &Template::new(template, &[]).unwrap(),
            name: "game-developer.json",
            document: &self.document,
            receipt: &self.receipt,
            anchor: &self.anchor,
            site: Some(&site()),
            own_fields: &own_fields,
        }
        .make()
    }

    pub fn default(&self) -> Made {
        self.make(DEFAULT_TEMPLATE).unwrap()
    }
}

/// What a program prints about a PDF; `None`, and a word, where it is not installed.
pub fn run(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "{program} has to be installed");
            println!("{program} is not installed: skipped");
            None
        }
    }
}
