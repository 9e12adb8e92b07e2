//! `sanad register`, and what issues, revokes and reissues with one.

use std::fs;
use std::path::Path;

use sanad_core::destruction::DestructionRecord;
use sanad_testkit::issuing_key;
use serde_json::{Value, json};

use crate::memory_ledger::ISSUER;
use crate::node::Node;
use crate::program::{Run, command, private, run};

const WITH: &str = "--issuer-dir issuer --genesis genesis.json";

/// An issuer's desk: documents of people, and a register.
struct Desk {
    node: Node,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(people: &[u32]) -> Self {
        let node = Node::start();
        node.ledger.start_now();
        let desk = Self { folder: node.folder(&[]), node };
        fs::write(desk.path("register-passphrase"), "a passphrase of the register\n").unwrap();
        private(&desk.path("register-passphrase"));
        people.iter().for_each(|n| desk.write(&format!("awards/{n}.json"), *n, "Komputasi Awan"));
        desk.sanad(&format!("register create register.db {WITH}"), false).expect(0);
        desk
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, file: &str, n: u32, title: &str) {
        fs::write(self.path(file), badge(n, title).to_string()).unwrap();
    }

    fn sanad(&self, arguments: &str, with_node: bool) -> Run {
        let mut command = command(self.folder.path());
        command.args(arguments.split_whitespace()).arg("--json");
        command.env("SANAD_REGISTER_PASSPHRASE_FILE", self.path("register-passphrase"));
        if with_node {
            command.args(["--node", &self.node.url]);
        }
        run(&mut command)
    }

    fn online(&self, arguments: &str) -> Run {
        self.sanad(&format!("{arguments} {WITH} --register register.db"), true)
    }

    /// Asks the node, in nobody's name.
    fn asking(&self, arguments: &str) -> Run {
        self.sanad(&format!("{arguments} --genesis genesis.json --register register.db"), true)
    }

    fn list(&self) -> Vec<Value> {
        let listed = self.sanad("register list --register register.db", false).expect(0).json();
        listed["credentials"].as_array().unwrap().clone()
    }
}

fn badge(n: u32, title: &str) -> Value {
    let identity = |kind: &str, text: String| json!({"type": "IdentityObject", "identityType": kind, "identityHash": text, "hashed": false});
    json!({
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "validFrom": "2026-09-01T00:00:00Z",
        "credentialSubject": {
            "identifier": [
                identity("name", format!("Siti {n}")),
                identity("emailAddress", format!("siti{n}@issuer.example")),
                identity("sisSourcedId", format!("26/{n:03}")),
            ],
            "achievement": {"id": format!("https://issuer.example/{title}"), "name": title},
        },
    })
}

#[test]
fn what_is_issued_is_in_the_register_and_nobody_gets_it_twice() {
    let desk = Desk::new(&[1, 2, 3]);
    desk.online("issue awards --register-batch 2026").expect(0);
    let listed = desk.list();
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|row| row["progress"] == "issued" && row["batch"] == "2026"), "{listed:#?}");
    // Without its receipt it would be taken for new: the register knows better.
    fs::remove_file(desk.path("awards/2.json.receipt.json")).unwrap();
    let again = desk.online("issue awards --register-batch 2026").expect(2);
    let row = listed.iter().find(|row| row["file"] == "2.json").unwrap();
    assert!(again.stderr.contains(&format!("2.json: row {}, issued", row["row"])), "{}", again.stderr);
    assert_eq!(desk.list().len(), 3);
    assert!(
        fs::read_dir(desk.path("awards"))
            .unwrap()
            .all(|file| { !file.unwrap().file_name().to_string_lossy().starts_with(".sanad-pending") })
    );
    // The receipt of the register, and one made again from the ledger.
    desk.asking("register receipt siti2@issuer.example --into awards").expect(0);
    assert!(desk.all_active("awards"));
    fs::remove_file(desk.path("awards/2.json.receipt.json")).unwrap();
    let made = desk.asking("register receipt 26/002 --fresh --into awards").expect(0).json();
    assert_eq!(made["made"], 1);
    assert!(desk.all_active("awards/2.json"));
    let found = desk.sanad("register search SITI --register register.db", false).expect(0).json();
    assert_eq!(found["credentials"].as_array().unwrap().len(), 3);
    desk.sanad("register search nobody --register register.db", false).expect(1);
}

#[test]
fn receipts_of_documents_of_one_name_are_told_apart() {
    let desk = Desk::new(&[1]);
    fs::create_dir(desk.path("others")).unwrap();
    desk.write("others/1.json", 2, "Komputasi Awan");
    desk.online("issue awards").expect(0);
    desk.online("issue others").expect(0);
    let files = |folder: &str| -> Vec<String> {
        let files = fs::read_dir(desk.path(folder)).unwrap();
        let mut names: Vec<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    desk.asking("register receipt siti1@issuer.example --into one/folder").expect(0);
    assert_eq!(files("one/folder"), ["1.json.receipt.json"]);
    let both = "register receipt siti1@issuer.example siti2@issuer.example --document --into both";
    desk.asking(both).expect(0);
    let expected = ["1-1.json", "1-1.json.receipt.json", "2-1.json", "2-1.json.receipt.json"];
    assert_eq!(files("both"), expected);
    assert!(desk.all_active("both"));
}

#[test]
fn folders_that_were_issued_before_are_imported() {
    let desk = Desk::new(&[1, 2, 3, 4]);
    desk.sanad(&format!("issue awards {WITH}"), true).expect(0);
    desk.write("awards/5.json", 5, "Komputasi Awan");
    let arguments = "register import awards --register register.db --genesis genesis.json";
    // A receipt that is another document's is named, and the others are taken.
    fs::copy(desk.path("awards/1.json.receipt.json"), desk.path("awards/4.json.receipt.json")).unwrap();
    let imported = desk.sanad(arguments, false).expect(2).json();
    assert_eq!((&imported["imported"], imported["errors"].as_array().unwrap().len()), (&json!(3), 1));
    assert_eq!(imported["without_receipt"].as_array().unwrap().len(), 1);
    let imported = desk.sanad(arguments, false).expect(2).json();
    assert_eq!((&imported["imported"], &imported["already"]), (&json!(0), &json!(3)));
    desk.sanad("register export out --register register.db", false).expect(0);
    assert!(desk.all_active("out") && desk.path("out/3-3.json").is_file());
    desk.sanad("register export out --register register.db", false).expect_error("exists already");
}

#[test]
fn a_list_revokes_by_row_email_number_or_file_and_reasons_stay() {
    let desk = Desk::new(&[1, 2, 3, 4, 5]);
    desk.online("issue awards").expect(0);
    let row_of = |file: &str| desk.list().into_iter().find(|row| row["file"] == file).unwrap()["row"].clone();
    let unknown = "email,reason\nsiti1@issuer.example,x\nnobody@issuer.example,y\n";
    fs::write(desk.path("unknown.csv"), unknown).unwrap();
    let refused = desk.online("revoke --from unknown.csv --yes").expect(2);
    assert!(
        refused.stderr.contains("unknown.csv:3: nobody@issuer.example")
            || refused.stderr.contains("nobody@issuer.example is not in the register"),
        "{}",
        refused.stderr
    );
    assert!(desk.list().iter().all(|row| row["status"] == "active"), "nothing was changed");
    let list = format!(
        "row;e-mail;NIM;file;reason\n{};;;;\"left; early\"\n;SITI2@issuer.example;;;\n;;26/003;;\n;;;4.json;plagiarism\n",
        row_of("1.json")
    );
    fs::write(desk.path("awards/list.csv"), list).unwrap();
    let revoked = desk.online("revoke --from awards/list.csv --reason withdrawn --yes").expect(0).json();
    assert_eq!(revoked["batches"][0]["changes"], 4);
    let again = desk.online("revoke --from awards/list.csv --yes").expect(0).json();
    assert!(again["batches"].as_array().unwrap().is_empty());
    assert!(again["credentials"].as_array().unwrap().iter().all(|one| one["already"] == true));
    for (file, reason) in [
        ("1.json", "left; early"),
        ("2.json", "withdrawn"),
        ("3.json", "withdrawn"),
        ("4.json", "plagiarism"),
    ] {
        let row = desk.list().into_iter().find(|row| row["file"] == file).unwrap();
        assert_eq!(
            (&row["status"], &row["changes"][0]["reason"]),
            (&json!("revoked"), &json!(reason)),
            "{file}"
        );
        assert_eq!(row["changes"].as_array().unwrap().len(), 1);
    }
    desk.online("suspend awards/5.json --reason review").expect(0);
    desk.online("reinstate number:26/005").expect(0);
    let digits = desk.online("revoke 5 --yes").expect(2);
    assert!(
        digits.stderr.contains("digits alone are not taken, since a change is final: write row:5"),
        "{}",
        digits.stderr
    );
    let zeros = desk.online("revoke row:0005 --yes").expect(2);
    assert!(
        zeros.stderr.contains("row:0005 names no row") && zeros.stderr.contains("without zeros"),
        "{}",
        zeros.stderr
    );
    let reasons = format!("row,reason\nrow:{0},moved\n{0},plagiarism\n", row_of("5.json"));
    fs::write(desk.path("reasons.csv"), reasons).unwrap();
    let reasons = desk.online("revoke --from reasons.csv --yes").expect(2);
    assert!(
        reasons.stderr.contains("\"moved\" (reasons.csv:2) and \"plagiarism\" (reasons.csv:3)"),
        "{}",
        reasons.stderr
    );
    let disagrees = format!("row,email\n{},siti1@issuer.example\n", row_of("5.json"));
    fs::write(desk.path("disagrees.csv"), disagrees).unwrap();
    desk.online("revoke --from disagrees.csv --yes").expect(2);
    let fifth = desk.list().into_iter().find(|row| row["file"] == "5.json").unwrap();
    assert_eq!((&fifth["status"], fifth["changes"].as_array().unwrap().len()), (&json!("active"), 2));
}

#[test]
fn reissuing_enters_the_new_one_and_revokes_the_old_one_in_one_batch() {
    let desk = Desk::new(&[1, 2]);
    desk.online("issue awards").expect(0);
    fs::create_dir(desk.path("corrected")).unwrap();
    desk.write("corrected/1.json", 1, "Komputasi Awan Lanjut");
    desk.online("reissue corrected/1.json --replaces siti1@issuer.example")
        .expect_error("there is no terminal");
    let old = desk.list().into_iter().find(|row| row["file"] == "1.json").unwrap();
    let entries = desk.node.ledger.with_ledger(|ledger| ledger.entries.len());
    let reissued =
        desk.online("reissue corrected/1.json --replaces siti1@issuer.example --yes").expect(0).json();
    assert_eq!((&reissued["replaces"], &reissued["revoked"]), (&old["row"], &old["log_index"]));
    assert_eq!(
        desk.node.ledger.with_ledger(|ledger| ledger.entries.len()),
        entries + 2,
        "an issuance and a revocation"
    );
    let status = |target: &str| desk.online_status(target);
    assert_eq!(status("awards/1.json"), "revoked");
    assert_ne!(status("corrected/1.json"), "revoked");
    let rows = desk.list();
    let find = |row: &Value| rows.iter().find(|one| one["row"] == *row).unwrap();
    assert_eq!(find(&old["row"])["status"], "revoked");
    let new = find(&reissued["row"]);
    assert_eq!((&new["replaces"], &new["progress"]), (&old["row"], &json!("issued")));
    // Once more it is done already.
    let again =
        desk.online("reissue corrected/1.json --replaces siti1@issuer.example --yes").expect(0).json();
    assert_eq!((&again["row"], &again["already"]), (&reissued["row"], &json!(true)));
}

#[test]
fn a_reissue_that_waits_goes_on_by_itself_and_whatever_was_revoked_meanwhile() {
    let desk = Desk::new(&[1, 2]);
    desk.online("issue awards").expect(0);
    fs::create_dir(desk.path("corrected")).unwrap();
    desk.write("corrected/1.json", 1, "Komputasi Awan Lanjut");
    desk.write("corrected/2.json", 2, "Komputasi Awan Lanjut");
    let olds = desk.list();
    let old = |file: &str| olds.iter().find(|row| row["file"] == file).unwrap();
    let left_behind = |command: &str| {
        desk.node.commits(false);
        desk.online(&format!("{command} --wait 300ms")).expect(2);
        desk.node.ledger.forget_pool();
        desk.node.commits(true);
    };

    // By an e-mail address that its own unfinished row has as well.
    let command = "reissue corrected/1.json --replaces siti1@issuer.example --yes";
    left_behind(command);
    let row = format!("row:{}", old("1.json")["row"]);
    let refused = desk.online(&format!("revoke {row} --yes")).expect(2).json();
    assert!(refused["errors"].to_string().contains("on its way replaces and revokes"), "{refused:#}");
    let done = desk.online(command).expect(0).json();
    assert_eq!((&done["replaces"], &done["already"]), (&old("1.json")["row"], &json!(false)));
    assert_eq!(desk.online(command).expect(0).json()["already"], true);

    // Revoked meanwhile without the register: the new one is entered all the same.
    let command = "reissue corrected/2.json --replaces siti2@issuer.example --yes";
    left_behind(command);
    let index = old("2.json")["log_index"].to_string();
    desk.sanad(&format!("revoke {index} --yes {WITH}"), true).expect(0);
    let resumed = desk.online("issue --resume corrected").expect(0).json();
    assert!(resumed["notices"].to_string().contains("its revocation is left out"), "{resumed:#}");
    let rows = desk.list();
    assert!(rows.iter().all(|row| row["progress"] == "issued"), "{rows:#?}");
    let revoked = rows.iter().filter(|row| row["status"] == "revoked").count();
    assert_eq!((rows.len(), revoked), (4, 2), "{rows:#?}");
    assert_eq!(desk.online_status("corrected/2.json"), "active");
}

#[test]
fn an_erased_person_is_gone_and_a_signed_record_stays() {
    let desk = Desk::new(&[1, 2]);
    desk.online("issue awards").expect(0);
    let row = desk.list().into_iter().find(|row| row["file"] == "1.json").unwrap();
    let erase = "register erase siti1@issuer.example --register register.db --issuer-dir issuer";
    desk.sanad(erase, false).expect_error("there is no terminal");
    // Whose box is whose nobody knows afterwards.
    desk.sanad(&format!("{erase} --yes"), false).expect_error("name the folder of the site with --site-dir");
    desk.sanad(&format!("{erase} --yes --site-dir nowhere"), false).expect_error("nowhere is not a folder");
    let erased = desk.sanad(&format!("{erase} --yes --no-site"), false).expect(0).json();
    let record = erased["erased"][0]["record"].to_string();
    let record = DestructionRecord::from_json(record.as_bytes()).unwrap();
    record.verify(&issuing_key(ISSUER).public()).unwrap();
    assert_eq!(Some(record.statement.log_index.unwrap().0), row["log_index"].as_u64());
    assert_eq!(desk.list().len(), 1);
    desk.sanad("register search siti --register register.db", false).expect(0);
    desk.sanad(&format!("register receipt {} --register register.db", row["row"]), false)
        .expect_error("was erased");
    desk.sanad("register export out --register register.db", false).expect(0);
    assert!(desk.path(&format!("out/{}.destruction.json", row["row"])).is_file());
}

#[test]
fn backup_and_passphrase() {
    let desk = Desk::new(&[1]);
    desk.online("issue awards").expect(0);
    desk.sanad("register backup backup.db --register register.db", false).expect(0);
    fs::write(desk.path("new"), "quite another passphrase").unwrap();
    private(&desk.path("new"));
    desk.sanad("register passphrase --new-passphrase-file new --register register.db", false).expect(0);
    desk.sanad("register list --register register.db", false)
        .expect_error("does not open; check the passphrase");
    desk.sanad("register list --register backup.db", false).expect(0);
    fs::copy(desk.path("new"), desk.path("register-passphrase")).unwrap();
    assert_eq!(desk.list().len(), 1);
    desk.sanad("register list --register none.db", false).expect_error("sanad register create none.db");
    desk.sanad(&format!("issue awards {WITH} --register genesis.json"), true).expect(2);
}

impl Desk {
    /// Whether the ledger proves each document. These are not signed by themselves, so the exit code is not asked; and
    /// the blocks of this node are ahead of the clock.
    fn all_active(&self, documents: &str) -> bool {
        let verified = self.sanad(&format!("verify {documents} --genesis genesis.json"), false).json();
        let findings = verified["findings"].as_array().map_or_else(|| vec![verified.clone()], Clone::clone);
        !findings.is_empty()
            && findings
                .iter()
                .all(|finding| ["active", "stale"].contains(&finding["verdict"].as_str().unwrap()))
    }

    fn online_status(&self, target: &str) -> String {
        let said = self.sanad(&format!("status {target} --genesis genesis.json"), true);
        said.json()["verdict"].as_str().unwrap().to_owned()
    }
}

#[test]
fn what_was_begun_without_a_register_is_finished_with_one() {
    let desk = Desk::new(&[1, 2]);
    desk.node.commits(false);
    desk.sanad(&format!("issue awards {WITH} --wait 1s"), true).expect(2);
    desk.node.commits(true);
    desk.online("issue --resume awards").expect(0);
    assert!(desk.list().iter().all(|row| row["progress"] == "issued"));
    assert_eq!(desk.list().len(), 2);
}

#[test]
fn what_is_killed_between_register_and_ledger_is_issued_once() {
    let desk = Desk::new(&[1, 2]);
    desk.node.commits(false);
    desk.online("issue awards --wait 1s").expect(2);
    let planned = desk.list();
    assert!(planned.iter().all(|row| row["progress"] == "submitted"), "{planned:#?}");
    // As if the pending file had never reached the disk: the secrets are in the register.
    for file in fs::read_dir(desk.path("awards")).unwrap() {
        let path = file.unwrap().path();
        if is_pending(&path) {
            fs::remove_file(path).unwrap();
        }
    }
    desk.node.commits(true);
    // The batch that left is entered meanwhile, or not: either way there are two entries in the end.
    let again = desk.online("issue awards");
    assert!(again.code == 0 || again.stderr.contains("refuses the batch"), "{}", again.stderr);
    for row in desk.list() {
        desk.asking(&format!("register receipt {} --fresh --into out", row["row"])).expect(0);
    }
    assert!(desk.list().iter().all(|row| row["progress"] == "issued"));
    assert_eq!(desk.list().len(), 2);
    assert_eq!(desk.node.ledger.with_ledger(|ledger| ledger.entries.len()), 2);
}

fn is_pending(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with(".sanad-pending")
}
