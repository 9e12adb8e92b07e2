//! Registers under programs that are killed, and under two at once.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rand::Rng as _;
use sanad_register::{Owner, RowNumber};
use sanad_testkit::Ledger;

use crate::support::*;

/// Runs a test of this program that is ignored otherwise, on a register.
fn child(test: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(REGISTER, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn owner() -> Owner {
    Owner { chain_id: Ledger::new().genesis.chain_id(), issuer: sanad_testkit::id(ISSUER) }
}

/// Adds a row at a time, and says so once it is on the disk.
#[test]
#[ignore = "run by another test"]
fn writes_until_it_is_killed() {
    let path = std::env::var(REGISTER).unwrap();
    let mut register = open(Path::new(&path)).unwrap();
    let (first, owner) = (register.rows().unwrap(), owner());
    for n in first + 1..first + 100_000 {
        let rows = add(&mut register, &[award(&owner, n)]).unwrap();
        println!("\nadded {}", rows[0]);
    }
}

#[test]
fn a_writer_that_is_killed_loses_nothing_that_it_said_was_written() {
    let desk = Desk::new();
    let path = desk.path.clone();
    drop(desk.register);
    let mut said = 0;
    for _ in 0..5 {
        let mut writer = child("processes::writes_until_it_is_killed", &path);
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut wanted = rand::rng().random_range(3..40);
        for line in lines {
            let line = line.unwrap();
            let Some(row) = line.strip_prefix("added ") else { continue };
            said = row.parse().unwrap();
            wanted -= 1;
            if wanted == 0 {
                // Somewhere within the next rows.
                std::thread::sleep(Duration::from_micros(rand::rng().random_range(0..20_000)));
                writer.kill().unwrap();
                break;
            }
        }
        writer.wait().unwrap();
        let register = open(&path).unwrap();
        let rows = register.rows().unwrap();
        assert!(rows >= said, "{rows} rows of {said}");
        for row in 1..=rows {
            assert_eq!(register.document(RowNumber(row)).unwrap().as_slice(), badge(row));
        }
    }
}

/// Adds the same people as the other desk, some at a time, and says with which secrets.
#[test]
#[ignore = "run by another test"]
fn adds_the_same_people() {
    let path = std::env::var(REGISTER).unwrap();
    let (mut register, owner) = (open(Path::new(&path)).unwrap(), owner());
    for some in 0..20 {
        let mut adding = register.begin(2).unwrap();
        for n in some * 10..(some + 1) * 10 {
            let added = adding.add(&award(&owner, n)).unwrap().unwrap();
            println!("\nadded {} {n} {}", added.row, added.facts.commitment);
        }
        adding.commit().unwrap();
    }
}

#[test]
fn two_desks_at_once_share_one_row_and_one_secret_a_person() {
    let desk = Desk::new();
    let desks = [(); 2].map(|()| child("processes::adds_the_same_people", &desk.path));
    let said = desks.map(|desk| {
        let output = desk.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<String> =
            text.lines().filter(|line| line.starts_with("added ")).map(str::to_owned).collect();
        lines.sort();
        lines
    });
    assert_eq!(said[0].len(), 200);
    assert_eq!(said[0], said[1]);
    assert_eq!(desk.register.rows().unwrap(), 200);
}

const REGISTER: &str = "SANAD_TEST_REGISTER";
