//! A damaged file is an error, never another answer.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sanad_register::{Query, RegisterError, Row, RowNumber};
use sanad_testkit::Ledger;

use crate::support::*;

/// All that a register says.
#[derive(Debug, PartialEq)]
struct Everything {
    rows: Vec<(Row, Vec<u8>, Option<Vec<u8>>)>,
    found: Vec<Vec<Row>>,
}

fn read(path: &Path, people: u64) -> Result<Everything, RegisterError> {
    let register = open(path)?;
    let mut rows = Vec::new();
    register.visit(|row| {
        rows.push(row);
        Ok(ControlFlow::Continue(()))
    })?;
    let whole = |row: Row| {
        let Row::Credential(one) = &row else { panic!("{row:?}") };
        let (document, receipt) = (register.document(one.row)?, register.receipt(one.row)?);
        Ok((row, document.to_vec(), receipt.map(|receipt| receipt.to_vec())))
    };
    let rows = rows.into_iter().map(whole).collect::<Result<_, RegisterError>>()?;
    let queries =
        (1..=people).flat_map(|n| [Query::Email(email(n)), Query::StudentNumber(student_number(n))]);
    let found = queries.map(|query| register.find(&query)).collect::<Result<_, _>>()?;
    Ok(Everything { rows, found })
}

#[test]
fn a_flipped_bit_in_any_page_is_an_error_and_never_another_answer() {
    let people = 24;
    let mut ledger = Ledger::new();
    let mut desk = Desk::on(ledger.genesis.chain_id());
    let rows = desk.add(1..people + 1);
    issue(&mut desk.register, &mut ledger, &rows);
    desk.register.compact().unwrap();
    let sound = read(&desk.path, people).unwrap();
    let bytes = fs::read(&desk.path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    desk.register.backup(&path, || ()).unwrap();
    assert_eq!(read(&path, people).unwrap(), sound);
    let mut random = StdRng::seed_from_u64(11);
    let copy = folder.path().join("copy.db");
    let (mut refused, mut harmless) = (0, 0);
    for page in bytes.chunks(PAGE_BYTES).enumerate().map(|(page, _)| page * PAGE_BYTES) {
        for round in 0..FLIPS_PER_PAGE {
            // Headers decide how everything after them is read, so half of the flips hit one.
            let offset = random.random_range(0..if round % 2 == 0 { 128 } else { PAGE_BYTES });
            let mut changed = bytes.clone();
            changed[page + offset] ^= 1 << random.random_range(0..8);
            fs::write(&path, &changed).unwrap();
            for journal in ["register.db-wal", "register.db-shm"] {
                let _ = fs::remove_file(folder.path().join(journal));
            }
            match read(&path, people) {
                Err(_) => {
                    refused += 1;
                    let register = open(&path);
                    let copied = register.and_then(|register| {
                        let faults = register.check(|| ())?;
                        let copied = register.backup(&copy, || ());
                        assert_eq!(faults.is_empty(), copied.is_ok(), "{faults:?}");
                        copied
                    });
                    assert!(copied.is_err() && !copy.exists(), "page {}, offset {offset}", page / PAGE_BYTES);
                }
                Ok(everything) => {
                    assert_eq!(everything, sound, "page {}, offset {offset}", page / PAGE_BYTES);
                    harmless += 1;
                }
            }
        }
    }
    assert!(refused > harmless, "{refused} refused, {harmless} in bytes that mean nothing");
}

#[test]
fn a_damaged_file_says_what_to_do() {
    let mut desk = Desk::new();
    desk.add(1..20);
    desk.register.compact().unwrap();
    let mut bytes = fs::read(&desk.path).unwrap();
    let page = 5 * PAGE_BYTES;
    bytes[page..page + 64].fill(0xff);
    fs::write(&desk.path, bytes).unwrap();
    let said = desk.open().unwrap_err();
    assert!(matches!(said, RegisterError::Damaged { .. }), "{said:?}");
    assert!(said.to_string().contains("sanad register backup"), "{said}");
}

#[test]
fn rows_that_are_deleted_moved_or_put_back_are_missed() {
    let statements = [
        ("DELETE FROM credential WHERE row = 3", "rows instead of"),
        ("UPDATE credential SET row = 30 WHERE row = 9", "rows instead of"),
        (
            "UPDATE credential SET facts = (SELECT facts FROM credential WHERE row = 2) WHERE row = 1",
            "row 1, facts",
        ),
        (
            "UPDATE credential SET key = (SELECT key FROM credential WHERE row = 2) WHERE row = 1",
            "row 1, key",
        ),
        ("UPDATE credential SET email = NULL WHERE row = 4", "row 4, facts"),
        ("UPDATE credential SET key = NULL, facts = NULL WHERE row = 4", "row 4, key"),
        ("UPDATE credential SET receipt = x'00' WHERE row = 4", "row 4, receipt"),
        ("CREATE TRIGGER t AFTER INSERT ON credential BEGIN DELETE FROM credential; END", "the tables"),
    ];
    for (statement, part) in statements {
        let mut desk = Desk::new();
        desk.add(1..10);
        rusqlite::Connection::open(&desk.path).unwrap().execute_batch(statement).unwrap();
        let said = read(&desk.path, 9).unwrap_err();
        assert!(said.to_string().contains(part), "{statement}: {said}");
    }
}

#[test]
fn other_files_are_no_registers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    assert!(matches!(open(&path), Err(RegisterError::Missing(_))));
    let private = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    };
    for bytes in [&b""[..], b"not a database at all, but long enough to be looked at"] {
        private(bytes);
        assert!(matches!(open(&path), Err(RegisterError::NotARegister { .. })));
    }
    fs::remove_file(&path).unwrap();
    private(b"");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(open(&path), Err(RegisterError::NotARegister { .. })));
    let desk = Desk::new();
    rusqlite::Connection::open(&desk.path).unwrap().execute_batch("PRAGMA user_version = 3").unwrap();
    assert!(matches!(desk.open(), Err(RegisterError::Newer { version: 3, .. })));
    assert!(matches!(desk.register.credential(RowNumber(u64::MAX)), Err(RegisterError::NoRow(_))));
}

const PAGE_BYTES: usize = 4096;
const FLIPS_PER_PAGE: usize = 6;
