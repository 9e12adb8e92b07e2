//! What is written is found again, and nothing is issued twice.

use std::ops::ControlFlow;

use sanad_core::event::Event;
use sanad_core::receipt::Receipt;
use sanad_register::{
    Progress, Query, REASON_BYTES_MAX, Register, RegisterError, Replaced, Row, RowNumber, Status,
    StatusChange, There,
};
use sanad_testkit::Ledger;

use crate::support::*;

#[test]
fn what_is_written_is_found_by_person_and_commitment() {
    let mut ledger = Ledger::new();
    let mut desk = Desk::on(ledger.genesis.chain_id());
    let rows = desk.add(1..31);
    assert_eq!(rows, (1..31).map(RowNumber).collect::<Vec<_>>());
    let receipts = issue(&mut desk.register, &mut ledger, &rows[..20]);
    let register = desk.open().unwrap();
    let found = |query| -> Vec<u64> {
        let row = |row| match row {
            Row::Credential(one) => one.row.0,
            Row::Erased { row, .. } => row.0,
        };
        register.find(&query).unwrap().into_iter().map(row).collect()
    };
    assert_eq!(found(Query::Email(email(7).to_uppercase())), [7]);
    assert_eq!(found(Query::StudentNumber(format!(" {} ", student_number(9)))), [9]);
    assert!(found(Query::Email("nobody@univ-merapi.example".into())).is_empty());
    assert_eq!(found(Query::Row(RowNumber(30))), [30]);
    let thirtieth = register.credential(RowNumber(30)).unwrap();
    assert_eq!(found(Query::Commitment(thirtieth.facts.commitment)), [30]);
    assert_eq!(thirtieth.state.progress, Progress::Planned);
    assert_eq!(register.search("kirananing 2").unwrap().len(), 11, "2 and 20 to 29");
    assert_eq!(register.search("komputasi AWAN").unwrap().len(), 30);
    for (row, receipt) in rows.iter().zip(&receipts) {
        let credential = register.credential(*row).unwrap();
        assert_eq!(credential.state.log_index, Some(receipt.proof.index));
        let kept = Receipt::from_json(&register.receipt(*row).unwrap().unwrap()).unwrap();
        assert_eq!(kept, *receipt);
        let document = register.document(*row).unwrap();
        assert_eq!(document.as_slice(), badge(row.0));
        kept.verify(Some(&document), &ledger.anchor()).unwrap();
    }
    assert!(register.receipt(RowNumber(25)).unwrap().is_none());
    assert!(matches!(register.row(RowNumber(31)), Err(RegisterError::NoRow(RowNumber(31)))));
}

#[test]
fn nobody_gets_an_achievement_twice_in_a_batch() {
    let mut ledger = Ledger::new();
    let mut desk = Desk::on(ledger.genesis.chain_id());
    let rows = desk.add(1..4);
    issue(&mut desk.register, &mut ledger, &rows[..2]);
    // Issued ones clash, and nothing of the others is added.
    let owner = desk.owner.clone();
    let again: Vec<_> = [1, 2, 5].map(|n| award(&owner, n)).into();
    let Err(RegisterError::Clashes(clashes)) = add(&mut desk.register, &again) else { panic!("no clash") };
    assert_eq!(
        clashes.iter().map(|clash| clash.with).collect::<Vec<_>>(),
        [1, 2].map(|row| There::Row(RowNumber(row), Progress::Issued))
    );
    assert_eq!(desk.register.rows().unwrap(), 3);
    // One that is not issued yet is gone on with: with the secret that is there.
    let third = award(&owner, 3);
    let mut adding = desk.register.begin(3).unwrap();
    let added = adding.add(&third).unwrap().unwrap();
    adding.commit().unwrap();
    assert!(added.was_there && added.row == rows[2]);
    assert_ne!(added.facts.secret, third.secret);
    // But not with another document of the same person and achievement.
    let mut text = badge(3);
    text.truncate(text.len() - 1);
    text.extend_from_slice(b",\"name\":\"x\"}");
    let other = award_of(&owner, 3, text);
    assert!(matches!(add(&mut desk.register, &[other]), Err(RegisterError::Clashes(_))));
    // The same person twice in one list.
    let twice = [award(&owner, 6), award(&owner, 6)];
    let Err(RegisterError::Clashes(clashes)) = add(&mut desk.register, &twice) else { panic!("no clash") };
    assert_eq!(clashes[0].with, There::Twice);
    // Another batch, and a replacement, are other awards.
    let mut next_year = award(&owner, 1);
    next_year.batch = "2027".into();
    let mut replacement = award(&owner, 2);
    replacement.replaces = Some(Replaced { row: rows[1], reason: None });
    assert_eq!(add(&mut desk.register, &[next_year, replacement]).unwrap(), [RowNumber(4), RowNumber(5)]);
    let mut past = desk.register.begin(4).unwrap();
    assert!(past.add_issued(&award(&owner, 1)).unwrap().is_some(), "what was issued is kept, even twice");
    past.commit().unwrap();
}

#[test]
fn a_secret_that_opens_nothing_is_refused() {
    let mut desk = Desk::new();
    let mut wrong = award(&desk.owner, 1);
    wrong.secret.0[0] ^= 1;
    assert!(matches!(add(&mut desk.register, &[wrong]), Err(RegisterError::DoesNotOpen(_))));
    assert_eq!(desk.open().unwrap().rows().unwrap(), 0);
}

#[test]
fn a_receipt_of_another_credential_is_refused() {
    let mut ledger = Ledger::new();
    let mut desk = Desk::on(ledger.genesis.chain_id());
    let rows = desk.add(1..3);
    let receipts = issue(&mut desk.register, &mut ledger, &rows);
    let swapped = [(rows[0], receipts[1].clone())];
    assert!(matches!(desk.register.issued(&swapped), Err(RegisterError::DoesNotOpen(_))));
    let renewed = [(rows[0], receipts[0].clone())];
    desk.register.issued(&renewed).unwrap();
}

/// Whatever program brings the receipt: the batch that issued the one revoked the other.
#[test]
fn what_is_replaced_is_revoked_with_the_receipt() {
    let mut ledger = Ledger::new();
    let mut desk = Desk::on(ledger.genesis.chain_id());
    let rows = desk.add(1..3);
    issue(&mut desk.register, &mut ledger, &rows);
    for (old, reason, expected) in
        [(rows[0], Some("degree missing"), "degree missing"), (rows[1], None, "replaced by row 4")]
    {
        let mut new = award(&desk.owner, old.0);
        new.replaces = Some(Replaced { row: old, reason: reason.map(str::to_owned) });
        let row = add(&mut desk.register, &[new]).unwrap();
        let before = desk.register.credential(old).unwrap();
        assert_eq!(before.status(), Status::Active);
        let receipts = issue(&mut desk.register, &mut ledger, &row);
        desk.register.issued(&[(row[0], receipts[0].clone())]).unwrap();
        let after = desk.register.credential(old).unwrap();
        assert_eq!(after.status(), Status::Revoked);
        assert_eq!(after.state.changes.len(), 1, "a second time changes nothing");
        assert_eq!(after.state.changes[0].reason.as_deref(), Some(expected));
    }
    let mut wordy = award(&desk.owner, 9);
    wordy.replaces = Some(Replaced { row: rows[0], reason: Some("x".repeat(REASON_BYTES_MAX + 1)) });
    assert!(matches!(add(&mut desk.register, &[wordy]), Err(RegisterError::TooLong { what: "reason", .. })));
}

#[test]
fn changes_of_status_keep_their_reasons() {
    let mut desk = Desk::new();
    let rows = desk.add(1..3);
    let change = |status, reason: &str, at_ms| StatusChange { status, reason: Some(reason.into()), at_ms };
    desk.register.status_changed(&[(rows[0], change(Status::Suspended, "under review", 5))]).unwrap();
    desk.register.status_changed(&[(rows[0], change(Status::Revoked, "plagiarism", 6))]).unwrap();
    let first = desk.open().unwrap().credential(rows[0]).unwrap();
    assert_eq!(first.status(), Status::Revoked);
    let reasons: Vec<_> = first.state.changes.iter().filter_map(|change| change.reason.as_deref()).collect();
    assert_eq!(reasons, ["under review", "plagiarism"]);
    let long = change(Status::Active, &"x".repeat(2000), 7);
    assert!(matches!(
        desk.register.status_changed(&[(rows[1], long)]),
        Err(RegisterError::TooLong { what: "reason", .. })
    ));
}

#[test]
fn another_passphrase_opens_it_and_the_old_one_no_longer_does() {
    let mut desk = Desk::new();
    desk.add(1..3);
    assert!(matches!(Register::open(&desk.path, b"wrong", options()), Err(RegisterError::NotOpened { .. })));
    assert!(desk.register.change_passphrase(b"wrong", b"new").is_err());
    desk.register.change_passphrase(PASSPHRASE, b"another one").unwrap();
    assert!(matches!(desk.open(), Err(RegisterError::NotOpened { .. })));
    assert_eq!(Register::open(&desk.path, b"another one", options()).unwrap().rows().unwrap(), 2);
}

#[test]
fn a_backup_is_whole_and_overwrites_nothing() {
    let mut desk = Desk::new();
    desk.add(1..40);
    let to = desk.path.with_file_name("backup.db");
    desk.register.backup(&to, || ()).unwrap();
    desk.add(40..42);
    let backup = open(&to).unwrap();
    let mut rows = 0;
    backup
        .visit(|_| {
            rows += 1;
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(rows, 39);
    assert!(matches!(desk.register.backup(&to, || ()), Err(RegisterError::Exists(_))));
    assert!(matches!(
        Register::create(&to, PASSPHRASE, desk.owner.clone(), options(), 1),
        Err(RegisterError::Exists(_))
    ));
}

#[cfg(unix)]
#[test]
fn it_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut desk = Desk::new();
    desk.add(1..3);
    let folder = desk.path.parent().unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    std::fs::set_permissions(&desk.path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(desk.open(), Err(RegisterError::Exposed(_))));
}

#[test]
fn the_status_follows_the_newest_proof_and_a_revocation_stays() {
    let mut ledger = Ledger::new();
    let mut desk = Desk::on(ledger.genesis.chain_id());
    let rows = desk.add(1..3);
    let issued = issue(&mut desk.register, &mut ledger, &rows);
    let [revoked, suspended] = [0, 1].map(|n: usize| issued[n].proof.index);
    let mut enter = |event| {
        let batch = ledger.signed(ISSUER, vec![event]);
        ledger.commit(vec![batch]);
        [revoked, suspended].map(|index| ledger.prove(index.0))
    };
    let after_revocation = enter(Event::Revoke { target: revoked });
    let after_suspension = enter(Event::Suspend { target: suspended });
    let after_reinstatement = enter(Event::Reinstate { target: suspended });
    let mut statuses_after = |proofs: &[sanad_core::proof::StatusProof; 2]| {
        let receipts = rows.iter().zip(&issued).zip(proofs).map(|((row, issued), proof)| {
            (*row, Receipt::new(issued.document, issued.opening.clone(), proof.clone()))
        });
        desk.register.issued(&receipts.collect::<Vec<_>>()).unwrap();
        [0, 1].map(|n: usize| desk.register.credential(rows[n]).unwrap().status())
    };
    assert_eq!(statuses_after(&after_revocation), [Status::Revoked, Status::Active]);
    assert_eq!(statuses_after(&after_reinstatement), [Status::Revoked, Status::Active]);
    assert_eq!(statuses_after(&after_suspension), [Status::Revoked, Status::Suspended]);
    assert_eq!(statuses_after(&after_reinstatement), [Status::Revoked, Status::Active]);
    // An older proof changes nothing.
    assert_eq!(statuses_after(&after_suspension), [Status::Revoked, Status::Active]);
    assert_eq!(statuses_after(&after_revocation), [Status::Revoked, Status::Active]);
}
