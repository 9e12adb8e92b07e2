//! What is erased is gone from every byte of the file and its journal.

use std::fs;
use std::path::Path;

use sanad_core::destruction::{Destruction, DestructionRecord};
use sanad_register::{Query, RegisterError, Row, RowNumber, There};
use sanad_testkit::{Ledger, issuing_key};

use crate::support::*;

#[test]
fn erased_bytes_are_gone_and_a_signed_record_stays() {
    let mut ledger = Ledger::new();
    let mut desk = Desk::on(ledger.genesis.chain_id());
    let rows = desk.add(1..41);
    issue(&mut desk.register, &mut ledger, &rows);
    let row = rows[16];
    let credential = desk.register.credential(row).unwrap();
    // Everything is sealed, so the traces to look for are the sealed values themselves.
    let sealed = sealed_values(&desk.path, row.0);
    assert_eq!(sealed.len(), 9, "identity, entry, email, student, key, facts, state, receipt, document");
    desk.register.status_changed(&[]).unwrap();
    assert!(sealed.iter().all(|value| is_anywhere(&desk.path, value)), "they are there before");

    let statement = Destruction {
        chain_id: desk.owner.chain_id,
        issuer: desk.owner.issuer.clone(),
        commitment: credential.facts.commitment,
        log_index: credential.state.log_index,
        destroyed_at_ms: 1_800_000_000_000,
    };
    let key = issuing_key(ISSUER);
    let record = statement.sign(&key).unwrap();
    desk.register.erase(&[(row, record.clone())]).unwrap();

    // The keyed hash of who was awarded what is all that stays, so that the same roster does not issue it again.
    assert!(sealed[1..].iter().all(|value| !is_anywhere(&desk.path, value)));
    let register = desk.open().unwrap();
    let Row::Erased { record: kept, .. } = register.row(row).unwrap() else { panic!("not erased") };
    let kept = DestructionRecord::from_json(kept.as_bytes()).unwrap();
    kept.verify(&key.public()).unwrap();
    assert_eq!(kept, record);
    assert!(register.find(&Query::Email(email(17))).unwrap().is_empty());
    assert!(register.find(&Query::Commitment(credential.facts.commitment)).unwrap().is_empty());
    assert!(register.search(&name(17)).unwrap().is_empty());
    assert!(matches!(register.document(row), Err(RegisterError::Erased(_))));
    assert!(matches!(register.receipt(row), Err(RegisterError::Erased(_))));
    let again = award(&desk.owner, 17);
    let names = [(again.file.clone(), again.subject.clone())];
    let Err(RegisterError::Clashes(clashes)) = register.check_new(&again.batch, &names, false) else {
        panic!("what was erased is issued again")
    };
    assert_eq!(clashes[0].with, There::Erased(row));
    register.check_new(&again.batch, &names, true).unwrap();
    for other in rows.iter().filter(|other| **other != row) {
        assert_eq!(register.document(*other).unwrap().as_slice(), badge(other.0));
    }
    drop(register);
    let Err(RegisterError::Clashes(_)) = add(&mut desk.register, std::slice::from_ref(&again)) else {
        panic!("what was erased is added again")
    };
    // Taken back at the issuer's word, and then there once.
    let mut adding = desk.register.begin(5).unwrap().taking_back_erased(true);
    assert!(adding.add(&again).unwrap().is_some());
    assert!(adding.add(&again).unwrap().is_none());
    drop(adding);
    let mut adding = desk.register.begin(5).unwrap().taking_back_erased(true);
    let added = adding.add(&again).unwrap().unwrap();
    adding.commit().unwrap();
    assert_eq!((added.row, added.was_there), (RowNumber(41), false));
    assert!(matches!(desk.open().unwrap().row(row), Ok(Row::Erased { .. })));
}

#[test]
fn while_another_program_reads_the_row_is_destroyed_and_traces_are_told_of() {
    let mut desk = Desk::new();
    desk.options_wait_briefly();
    let rows = desk.add(1..10);
    let other = rusqlite::Connection::open(&desk.path).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM credential").unwrap();
    let commitment = desk.register.credential(rows[0]).unwrap().facts.commitment;
    let issuer = desk.owner.issuer.clone();
    let statement = Destruction {
        chain_id: desk.owner.chain_id,
        issuer,
        commitment,
        log_index: None,
        destroyed_at_ms: 1,
    };
    let record = statement.sign(&issuing_key(ISSUER)).unwrap();
    assert!(matches!(desk.register.erase(&[(rows[0], record)]), Err(RegisterError::TracesRemain(_))));
    assert!(matches!(desk.register.credential(rows[0]), Err(RegisterError::Erased(_))));
    other.execute_batch("COMMIT").unwrap();
    desk.register.compact().unwrap();
}

/// The blobs of a row, as the file has them.
fn sealed_values(path: &Path, row: u64) -> Vec<Vec<u8>> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let columns = ["identity", "entry", "email", "student", "key", "facts", "state", "receipt", "document"];
    let value = |column: &&str| -> Option<Vec<u8>> {
        let query = format!("SELECT {column} FROM credential WHERE row = ?1");
        connection.query_row(&query, [i64::try_from(row).unwrap()], |found| found.get(0)).unwrap()
    };
    columns.iter().filter_map(value).collect()
}

/// Whether the first or last bytes of a value, which lie on one page, are in a file of the register.
fn is_anywhere(path: &Path, value: &[u8]) -> bool {
    let parts = [&value[..16], &value[value.len() - 16..]];
    fs::read_dir(path.parent().unwrap()).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        parts.iter().any(|part| bytes.windows(part.len()).any(|window| window == *part))
    })
}
