//! How long a register of 10,000 credentials takes: `cargo run --release -p sanad-register --example figures`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "prints figures, and stops where it cannot go on"
)]

use std::ops::ControlFlow;
use std::time::Instant;

use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::{self, DocumentKind};
use sanad_core::hash::ChainId;
use sanad_register::{NewCredential, Owner, Person, Query, Register, RegisterOptions, Subject};

const CREDENTIALS: u64 = 10_000;
const DOCUMENT_BYTES: usize = 2_700;
const ROWS_AT_ONCE: u64 = 500;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let owner = Owner { chain_id: ChainId([1; 32]), issuer: "univ-merapi.example".parse().unwrap() };
    let options = RegisterOptions::default();
    let passphrase = b"correct horse battery staple";
    let mut register =
        timed("create", || Register::create(&path, passphrase, owner.clone(), options, 1).unwrap());
    let credentials: Vec<_> = (0..CREDENTIALS).map(|n| credential(&owner, n)).collect();
    timed("write 10,000 rows", || {
        for some in credentials.chunks(ROWS_AT_ONCE as usize) {
            let mut adding = register.begin(1).unwrap();
            some.iter().for_each(|one| drop(adding.add(one).unwrap()));
            adding.commit().unwrap();
        }
    });
    drop(register);
    println!("file: {} bytes", path.metadata().unwrap().len());
    let mut register = timed("open, checked whole", || Register::open(&path, passphrase, options).unwrap());
    timed("read 10,000 rows", || {
        register.visit(|_| Ok(ControlFlow::Continue(()))).unwrap();
    });
    timed("search a name", || drop(register.search("name 4711").unwrap()));
    timed("find 1,000 e-mail addresses", || {
        for n in 0..1000 {
            assert_eq!(register.find(&Query::Email(format!("{n}@x.example"))).unwrap().len(), 1);
        }
    });
    let backup = folder.path().join("backup.db");
    timed("back up", || register.backup(&backup, || ()).unwrap());
    timed("compact, as erasing does", || register.compact().unwrap());
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    println!("{what}: {} ms", started.elapsed().as_millis());
    done
}

fn credential(owner: &Owner, n: u64) -> NewCredential {
    let (kind, mut secret) = (DocumentKind::Bytes, Secret([7; 32]));
    secret.0[..8].copy_from_slice(&n.to_be_bytes());
    let mut document = vec![b'x'; DOCUMENT_BYTES];
    document[..8].copy_from_slice(&n.to_be_bytes());
    let digest = document::digest(kind, &document).unwrap();
    let opening = Opening::Full { secret: secret.clone(), summary: None };
    let commitment = opening.commitment(&owner.chain_id, &owner.issuer, kind, Some(&digest)).unwrap();
    let person = Person {
        name: Some(format!("name {n}")),
        email: Some(format!("{n}@x.example")),
        student_number: None,
    };
    let subject = Subject { person, achievement: Some("cloud".into()), title: Some("Cloud".into()) };
    let (batch, file) = ("2026".to_owned(), format!("{n}.json"));
    NewCredential {
        batch,
        subject,
        file,
        kind,
        document,
        secret,
        summary: None,
        commitment,
        replaces: None,
        position: None,
    }
}
