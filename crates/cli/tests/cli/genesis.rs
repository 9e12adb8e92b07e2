//! The ceremony: an invitation, members' files, a draft, signatures, a genesis.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{Run, sanad};

const MEMBERS: [(&str, &str); 3] = [("semeru", "validator"), ("bromo", "validator"), ("capung", "issuer")];

fn invite(folder: &Path, name: &str, out: &str) {
    sanad(folder, &format!("genesis invite --name {name} --out {out}")).expect(0);
}

fn member(folder: &Path, invitation: &str, id: &str, role: &str, dir: &str) -> Run {
    let arguments = "member new --name Universitas";
    sanad(
        folder,
        &format!("{arguments}-{id} --invitation {invitation} --id {id}.ac.id --role {role} --dir {dir}"),
    )
}

fn members(folder: &Path) {
    invite(folder, "Uji", "invitation.json");
    for (name, role) in MEMBERS {
        member(folder, "invitation.json", name, role, name).expect(0);
    }
}

fn draft(folder: &Path, out: &str) -> Value {
    let files = "semeru/member.json capung/member.json bromo/member.json";
    sanad(folder, &format!("genesis new --json --out {out} {files}")).expect(0).json()
}

#[test]
fn all_members_sign_and_compare_one_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    members(at);
    let made = draft(at, "draft.json");
    assert_eq!((&made["members"], &made["validators"]), (&3.into(), &2.into()));
    let shown = sanad(at, "genesis show draft.json --json").expect(0).json();
    assert_eq!((&shown["chain_id"], &shown["complete"]), (&made["chain_id"], &false.into()));
    let ids: Vec<_> =
        shown["members"].as_array().unwrap().iter().map(|member| member["id"].clone()).collect();
    assert_eq!(ids, ["bromo.ac.id", "capung.ac.id", "semeru.ac.id"]);
    // The same members in another order are the same chain.
    let files = "bromo/member.json semeru/member.json capung/member.json";
    let again = sanad(at, &format!("genesis new --json --out other.json {files}")).expect(0).json();
    assert_eq!(again["chain_id"], made["chain_id"]);
    sanad(at, &format!("genesis new --out draft.json {files}")).expect_error("exists already");

    let complete =
        |files: &str| sanad(at, &format!("genesis complete draft.json --out genesis.json {files}"));
    for (name, _) in MEMBERS {
        let checked =
            sanad(at, &format!("genesis check draft.json --member-dir {name} --json")).expect(0).json();
        assert_eq!(checked["fingerprint"], made["fingerprint"]);
        complete(&format!("{name}/genesis-signature.json")).expect(2);
        let signed =
            sanad(at, &format!("genesis sign draft.json --member-dir {name} --json")).expect(0).json();
        assert_eq!(signed["path"], format!("{name}/genesis-signature.json"));
        sanad(at, &format!("genesis sign draft.json --member-dir {name}")).expect_error("never overwritten");
    }
    complete("bromo/genesis-signature.json semeru/genesis-signature.json").expect_error("not complete");
    assert!(!at.join("genesis.json").exists());
    complete("bromo/genesis-signature.json capung/genesis-signature.json semeru/genesis-signature.json")
        .expect(0);
    let shown = sanad(at, "genesis show genesis.json --json").expect(0).json();
    assert_eq!((&shown["chain_id"], &shown["complete"]), (&made["chain_id"], &true.into()));
    let checked = sanad(at, "genesis check genesis.json --member-dir bromo --json").expect(0).json();
    assert!(checked["members"].as_array().unwrap().iter().all(|member| member["signed"] == true));
}

#[test]
fn a_member_does_not_sign_what_is_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    members(at);
    draft(at, "draft.json");
    // Another file of the same member, made for the same invitation.
    member(at, "invitation.json", "bromo", "validator", "again").expect(0);
    sanad(at, "genesis sign draft.json --member-dir again").expect_error("do not sign it");
    member(at, "invitation.json", "kelud", "issuer", "kelud").expect(0);
    sanad(at, "genesis sign draft.json --member-dir kelud").expect_error("does not name kelud.ac.id");
    // A rehearsal has another random number, though the same name.
    invite(at, "Uji", "rehearsal.json");
    member(at, "rehearsal.json", "bromo", "validator", "rehearsal").expect(0);
    sanad(at, "genesis check draft.json --member-dir rehearsal").expect_error("another invitation");
    let files = "rehearsal/member.json semeru/member.json";
    sanad(at, &format!("genesis new --out mixed.json {files}")).expect_error("all members need the same one");
    // A signature of another draft.
    sanad(at, "genesis new --out other.json bromo/member.json semeru/member.json").expect(0);
    sanad(at, "genesis sign other.json --member-dir bromo --out bromo.json").expect(0);
    sanad(at, "genesis complete draft.json --out g.json bromo.json").expect_error("does not fit");
    for (name, _) in MEMBERS {
        assert!(!at.join(name).join("genesis-signature.json").exists());
    }
}

#[test]
fn members_that_make_no_genesis_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    members(folder.path());
    for (files, why) in [
        ("capung/member.json", "0 validators"),
        ("bromo/member.json bromo/member.json", "bromo.ac.id"),
        ("bromo/keys/issuing.json", "is not a member file"),
        ("missing.json", "cannot be opened"),
    ] {
        sanad(folder.path(), &format!("genesis new --out g.json {files}")).expect_error(why);
        assert!(!folder.path().join("g.json").exists());
    }
}

#[test]
fn a_changed_genesis_or_member_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    members(folder.path());
    sanad(folder.path(), "genesis new --out g.json bromo/member.json").expect(0);
    let good = fs::read_to_string(folder.path().join("g.json")).unwrap();
    for (from, to, why) in [
        ("\"name\": \"Uji\"", "\"name\": \"Uji\", \"extra\": 1", "unknown field"),
        ("\"name\": \"Uji\"", "\"name\": \"Uji\", \"name\": \"Lain\"", "unambiguous"),
        ("\"version\": 1", "\"version\": 2", "version"),
        ("\"role\": \"validator\"", "\"role\": \"rector\"", "fields"),
        ("{", "", "unambiguous"),
    ] {
        fs::write(folder.path().join("bad.json"), good.replacen(from, to, 1)).unwrap();
        sanad(folder.path(), "genesis show bad.json").expect_error(why);
    }
    let member = fs::read_to_string(folder.path().join("bromo/member.json")).unwrap();
    for (from, to, why) in [
        ("{", "{\"nim\": 1,", "unknown field"),
        // No key of the file signed this name.
        ("Universitas-bromo", "Universitas-palsu", "is not a member file"),
    ] {
        fs::write(folder.path().join("m.json"), member.replacen(from, to, 1)).unwrap();
        sanad(folder.path(), "genesis new --out h.json m.json").expect_error(why);
    }
}
