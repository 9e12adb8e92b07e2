//! A credential that was issued, and its certificate.
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "each test uses its part, and says what it skips"
)]

use std::process::Command;

use sanad_certificate::{Code, DEFAULT_TEMPLATE, Made, MakeError, Order, Site, Template};
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
    issue_document(credential(holder).into_bytes())
}

pub fn issue_document(document: Vec<u8>) -> Issued {
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
        let own =
            [("signatory", "Dr. Wulan Prameswari, M.Kom."), ("signatory_title", "Direktur Program Mikro")];
        self.make_with(&Template::new(template, &[]).unwrap(), Some(&site()), &own)
    }

    pub fn make_with(
        &self,
        template: &Template,
        site: Option<&Site>,
        own: &[(&str, &str)],
    ) -> Result<Made, MakeError> {
        let own_fields: Vec<(String, String)> =
            own.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (document, receipt, anchor) = (&self.document[..], &self.receipt, &self.anchor);
        Order {
            template,
            name: "game-developer.json",
            document,
            receipt,
            anchor,
            endorsements: &[],
            site,
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

/// The picture of a page, in dots an inch.
pub fn page(pdf: &[u8], dots: u32) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("c.pdf"), folder.path().join("page"));
    std::fs::write(&file, pdf).unwrap();
    let dots = dots.to_string();
    run("pdftoppm", &["-r", &dots, "-png", "-singlefile", file.to_str().unwrap(), out.to_str().unwrap()])?;
    Some(std::fs::read(out.with_extension("png")).unwrap())
}

/// The text of a page, in reading order.
pub fn text(pdf: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.pdf");
    std::fs::write(&file, pdf).unwrap();
    run("pdftotext", &[file.to_str().unwrap(), "-"])
}

/// A code of a picture, by the project's own reader.
pub fn read(picture: &[u8], wanted: fn(&Code) -> bool) -> Code {
    let is_wanted = |bytes: &[u8]| Code::read(bytes).is_ok_and(|code| wanted(&code));
    let started = std::time::Instant::now();
    let late = || started.elapsed().as_secs() > 60;
    Code::read(&sanad_qr::read(picture, &late, &is_wanted).unwrap()).unwrap()
}
