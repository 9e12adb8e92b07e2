//! A genesis from members' files.

use std::fs;
use std::path::Path;

use crate::program::sanad;

fn members(folder: &Path) {
    for (name, role) in [("semeru", "validator"), ("bromo", "validator"), ("capung", "issuer")] {
        let arguments =
            format!("member new --id {name}.ac.id --name Universitas-{name} --role {role} --dir {name}");
        sanad(folder, &arguments).expect(0);
    }
}

#[test]
fn members_are_sorted_and_the_chain_has_a_name() {
    let folder = tempfile::tempdir().unwrap();
    members(folder.path());
    let arguments = "genesis new --name Uji --time-ms 1000 --json --out";
    let files = "semeru/member.json capung/member.json bromo/member.json";
    let made = sanad(folder.path(), &format!("{arguments} a.json {files}")).expect(0).json();
    assert_eq!((&made["members"], &made["validators"]), (&3.into(), &2.into()));
    let shown = sanad(folder.path(), "genesis show a.json --json").expect(0).json();
    assert_eq!(shown["chain_id"], made["chain_id"]);
    let ids: Vec<_> =
        shown["members"].as_array().unwrap().iter().map(|member| member["id"].clone()).collect();
    assert_eq!(ids, ["bromo.ac.id", "capung.ac.id", "semeru.ac.id"]);
    // The same members in another order are the same chain.
    let files = "bromo/member.json semeru/member.json capung/member.json";
    let again = sanad(folder.path(), &format!("{arguments} b.json {files}")).expect(0).json();
    assert_eq!(again["chain_id"], made["chain_id"]);
    sanad(folder.path(), &format!("{arguments} a.json {files}")).expect_error("exists already");
}

#[test]
fn members_that_make_no_genesis_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    members(folder.path());
    for (files, why) in [
        ("capung/member.json", "0 validators"),
        ("bromo/member.json bromo/member.json", "stands twice"),
        ("bromo/keys/issuing.json", "no member file"),
        ("missing.json", "cannot be opened"),
    ] {
        sanad(folder.path(), &format!("genesis new --name Uji --out g.json {files}")).expect_error(why);
        assert!(!folder.path().join("g.json").exists());
    }
}

#[test]
fn a_changed_genesis_or_member_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    members(folder.path());
    sanad(folder.path(), "genesis new --name Uji --out g.json bromo/member.json").expect(0);
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
    fs::write(folder.path().join("m.json"), member.replacen('{', "{\"nim\": 1,", 1)).unwrap();
    sanad(folder.path(), "genesis new --name Uji --out h.json m.json").expect_error("unknown field");
}
