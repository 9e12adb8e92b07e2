//! An endorsement by a second university: signed, entered, and verified beside the award.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sanad_e2e::rosters::prepare;
use sanad_e2e::{Net, Said, clock_library, program};
use serde_json::{Value, json};

#[test]
fn an_endorsement_is_verified_beside_its_award_and_no_other() {
    let net = Net::start(&["--nodes", "2", "--heartbeat-ms", "500"]);
    let roster = prepare(&net, &["Siti Nur'aini"]);
    let url = net.url(1);
    let (merapi, bromo) = (net.path("net/node-1"), net.path("net/node-2"));
    net.sanad(&["issue", "roster", &roster, "--issuer-dir", &merapi, "--node", &url]).json(0);
    let folder = Path::new(&net.path("wisuda")).read_dir().unwrap().next().unwrap().unwrap().path();
    let award = folder.join("credential.json").to_str().unwrap().to_owned();
    let endorse = |document: &str, more: &[&str], issuer: &str| {
        let arguments = ["endorse", document, "--issuer-dir", issuer, "--node", &url];
        net.sanad(&[&arguments[..], more].concat())
    };
    let comment = ["--comment", "Diakui 3 SKS."];

    let done = endorse(&award, &comment, &bromo).json(0);
    assert_eq!(
        (done["award"].as_bool(), done["awarded_by"].as_str()),
        (Some(true), Some("did:web:univ-merapi.example"))
    );
    let checked = "its own signature is good, and Universitas Merapi (univ-merapi.example), its issuer, entered it in the ledger";
    assert!(done["checked"].as_str().unwrap().contains(checked), "{done}");
    let endorsement = folder.join("credential.endorsement.json").to_str().unwrap().to_owned();
    let verified = net.sanad(&["verify", &award, &endorsement]).json(0);
    let finding = &verified["findings"][1];
    assert_eq!(finding["verdict"], "active");
    assert_eq!(
        (finding["endorses"]["endorsed"].as_str(), finding["endorses"]["document"].as_str()),
        (Some("award"), Some(award.as_str()))
    );
    assert_eq!(finding["issuer"]["name"], "Universitas Bromo", "{finding:#}");
    assert_eq!(
        net.sanad(&["verify", &endorsement]).json(0)["findings"][0]["endorses"]["endorsed"],
        "missing"
    );

    // The same credential laid out otherwise has the same receipt, and is not the file that was endorsed.
    let other = net.path("other.json");
    fs::write(&other, fs::read_to_string(&award).unwrap().replace("\n  ", "\n    ")).unwrap();
    fs::copy(format!("{award}.receipt.json"), format!("{other}.receipt.json")).unwrap();
    let verified = net.sanad(&["verify", &other, &endorsement]).json(1);
    assert_eq!(verified["findings"][1]["endorses"]["endorsed"], "changed");

    // Of the achievement, whoever is awarded it.
    let general = net.path("general.json");
    endorse(&award, &[&comment[..], &["--achievement", "--out", &general]].concat(), &bromo).json(0);
    let verified = net.sanad(&["verify", &other, &general]).json(0);
    assert_eq!(verified["findings"][1]["endorses"]["endorsed"], "achievement");

    for (document, issuer, more, expected) in [
        (&award, &merapi, &comment, "is its issuer"),
        (&award, &bromo, &["--comment", "Diakui\u{200b}"], "U+200B"),
        (&award, &bromo, &["--comment", "Lain."], "says something else"),
    ] {
        let refused = endorse(document, more, issuer);
        assert!(refused.code == 2 && refused.err.contains(expected), "{refused:?}");
    }
    // What was made elsewhere is entered, and endorsed with what was found of it.
    let elsewhere = net.path("kursus.pdf");
    fs::write(&elsewhere, "%PDF-1.4 of another platform").unwrap();
    let refused = endorse(&elsewhere, &comment, &bromo);
    assert!(refused.code == 2 && refused.err.contains("enter it with sanad issue"), "{refused:?}");
    net.sanad(&["issue", &elsewhere, "--issuer-dir", &bromo, "--node", &url]).json(0);
    let done = endorse(&elsewhere, &comment, &bromo).json(0);
    assert!(
        done["checked"].as_str().unwrap().contains("nothing in the document is read as a signed credential")
    );
    let verified = net.sanad(&["verify", &elsewhere, &net.path("kursus.endorsement.json")]).json(0);
    assert_eq!(verified["findings"][1]["endorses"]["document"].as_str(), Some(elsewhere.as_str()));

    // Beside another document than the one it speaks for, a script must not take it for its endorsement.
    let verified = net.sanad(&["verify", &elsewhere, &endorsement]).json(2);
    assert_eq!(verified["findings"][1]["endorses"]["endorsed"], "missing");
    let several = net.path("several.json");
    let text = r#"{"type": ["VerifiableCredential", "EndorsementCredential"], "credentialSubject": [{"id": "urn:a"}, {"id": "urn:b"}]}"#;
    fs::write(&several, text).unwrap();
    net.sanad(&["issue", &several, "--issuer-dir", &bromo, "--node", &url]).json(0);
    let verified = net.sanad(&["verify", &several]).json(1);
    assert_eq!(verified["findings"][0]["endorses"]["endorsed"], "unreadable");

    // What is void by now is not endorsed, though its receipt speaks for it.
    let void = net.path("void.txt");
    fs::write(&void, "a certificate").unwrap();
    net.sanad(&["issue", &void, "--issuer-dir", &merapi, "--node", &url]).json(0);
    net.sanad(&["revoke", &void, "--yes", "--issuer-dir", &merapi, "--node", &url]).json(0);
    assert_eq!(net.sanad(&["verify", &void]).json(0)["findings"][0]["verdict"], "active");
    let refused = endorse(&void, &comment, &bromo);
    assert!(
        refused.code == 2 && refused.err.contains("it is not endorsed") && refused.err.contains("revoked"),
        "{refused:?}"
    );

    let tampered = net.path("tampered.json");
    fs::write(&tampered, fs::read_to_string(&award).unwrap().replace("Nur'aini", "Nur'ain")).unwrap();
    fs::copy(format!("{award}.receipt.json"), format!("{tampered}.receipt.json")).unwrap();
    let refused = endorse(&tampered, &comment, &bromo);
    assert!(refused.code == 2 && refused.err.contains("it is not endorsed"), "{refused:?}");
    assert!(!Path::new(&net.path("tampered.endorsement.json")).exists());
}

/// An award that names two other members: node 2 as the creator of its achievement, node 3 by an endorsement of the achievement.
struct Joint {
    net: Net,
    folder: PathBuf,
    award: String,
}

const BROMO: &str = "did:web:univ-bromo.example";
const SEMERU: &str = "did:web:univ-semeru.example";

impl Joint {
    fn new() -> Self {
        let net = Net::start(&["--nodes", "3", "--heartbeat-ms", "500"]);
        let roster = prepare(&net, &["Siti Nur'aini"]);
        let (url, path) = (net.url(1), net.path("wisuda.template.json"));
        let mut template: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let achievement = &mut template["credentialSubject"]["achievement"];
        let alone = net.path("achievement.json");
        fs::write(&alone, achievement.to_string()).unwrap();
        let semeru = net.path("net/node-3");
        let endorse =
            ["endorse", &alone, "--comment", "Program bersama.", "--issuer-dir", &semeru, "--node", &url];
        net.sanad(&endorse).json(0);
        let endorsement = fs::read(net.path("achievement.endorsement.json")).unwrap();
        achievement["endorsement"] = json!([serde_json::from_slice::<Value>(&endorsement).unwrap()]);
        achievement["creator"] = json!({"id": BROMO, "type": ["Profile"], "name": "Universitas Bromo Raya"});
        fs::write(&path, template.to_string()).unwrap();
        net.sanad(&["issue", "roster", &roster, "--issuer-dir", &net.path("net/node-1"), "--node", &url])
            .json(0);
        let folder = Path::new(&net.path("wisuda")).read_dir().unwrap().next().unwrap().unwrap().path();
        let award = folder.join("credential.json").to_str().unwrap().to_owned();
        Self { net, folder, award }
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    fn endorse(&self, node: usize, out: &str) -> String {
        let (out, issuer) = (self.file(out), self.net.path(&format!("net/node-{node}")));
        let comment = ["--comment", "Gelar bersama."];
        let arguments = ["endorse", &self.award, "--issuer-dir", &issuer, "--out", &out];
        self.net.sanad(&[&arguments[..], &comment, &["--node", &self.net.url(1)]].concat()).json(0);
        out
    }

    /// State and name of each institution behind the award, in order.
    fn institutions(&self, files: &[&str], code: i32) -> Vec<(String, String)> {
        let said = self.net.sanad(&[&["verify"], files].concat()).json(code);
        states(&said["findings"][0])
    }
}

fn states(finding: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = finding["institutions"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| (text(&one["state"]), text(&one["name"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(state, name)| ((*state).to_owned(), (*name).to_owned())).collect()
}

#[test]
fn a_joint_award_shows_who_entered_it_who_signed_and_who_is_merely_named() {
    let joint = Joint::new();
    let award = joint.award.as_str();
    let entered = ("entered", "Universitas Merapi");

    // Nobody has signed: the names are the issuer's word, as it wrote them, and a script gets no yes.
    let semeru = "Universitas Semeru";
    let none = pairs(&[entered, ("named-only", "Universitas Bromo Raya"), ("named-only", semeru)]);
    assert_eq!(joint.institutions(&[award], 2), none);
    let said = joint.net.sanad(&["verify", award]);
    assert!(
        said.err.contains("NOT signed by \"Universitas Bromo Raya\" (did:web:univ-bromo.example)"),
        "{said:?}"
    );

    // The creator signs, and is called by its name in the register.
    let signed = joint.endorse(2, "credential.endorsement.json");
    let signed_by = ("signed", "Universitas Bromo");
    assert_eq!(
        joint.institutions(&[award, &signed], 2),
        pairs(&[entered, signed_by, ("named-only", semeru)])
    );
    let verified = joint.net.sanad(&["verify", award, &signed]).json(2);
    let one = &verified["findings"][0]["institutions"][1];
    assert_eq!(
        (&one["id"], &one["member"], &one["named_as"], &one["endorsement"]),
        (&json!(BROMO), &json!("univ-bromo.example"), &json!(["creator"]), &json!(signed))
    );

    // An endorsement of the achievement is one of every award of it, and so not of this one.
    let general = joint.net.path("achievement.endorsement.json");
    let in_general = ("signed-in-general", semeru);
    assert_eq!(joint.institutions(&[award, &signed, &general], 2), pairs(&[entered, signed_by, in_general]));
    let second = joint.endorse(3, "credential.endorsement.semeru.json");
    let all = pairs(&[entered, signed_by, ("signed", semeru)]);
    assert_eq!(joint.institutions(&[award, &signed, &second, &general], 0), all);
    // A folder has them beside the credential.
    assert_eq!(joint.institutions(&[&joint.net.path("wisuda")], 0), all);

    // Somebody else's endorsement stands for nobody who is named, though it says so.
    let forged = joint.file("forged.json");
    let text = fs::read_to_string(&second).unwrap().replace(SEMERU, "did:web:univ-merapi.example");
    fs::write(&forged, text.replace("\"proof\"", "\"evidence\"")).unwrap();
    let merapi = joint.net.path("net/node-1");
    joint.net.sanad(&["issue", &forged, "--issuer-dir", &merapi, "--node", &joint.net.url(1)]).json(0);
    let found = joint.net.sanad(&["verify", award, &signed, &forged]);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(states(&found["findings"][0]), pairs(&[entered, signed_by, ("named-only", semeru)]));

    // Withdrawn.
    let url = joint.net.url(1);
    let bromo = joint.net.path("net/node-2");
    joint.net.sanad(&["revoke", &signed, "--yes", "--issuer-dir", &bromo, "--node", &url]).json(0);
    let said = joint.net.sanad(&["verify", award, &signed, &second, "--node", &url]).json(1);
    let withdrawn = pairs(&[entered, ("not-good", "Universitas Bromo"), ("signed", semeru)]);
    assert_eq!(states(&said["findings"][0]), withdrawn);

    // What is revoked is so whoever has signed it, or is only named: evidence comes before ignorance.
    joint.net.sanad(&["revoke", award, "--yes", "--issuer-dir", &merapi, "--node", &url]).json(0);
    let revoked = joint.net.sanad(&["verify", award, "--node", &url]).json(1);
    assert_eq!((&revoked["verdict"], &revoked["errors"]), (&json!("revoked"), &json!([])));
    assert_eq!(states(&revoked["findings"][0]), none);
}

#[test]
fn a_printed_joint_award_says_who_has_signed() {
    let joint = Joint::new();
    let signed = joint.endorse(2, "credential.endorsement.json");
    let out = joint.net.path("cetak");
    let made = joint.net.sanad(&["certificate", "make", &joint.award, "--out", &out, "--zip"]).json(0);
    let pdf = made["made"][0]["pdf"].as_str().unwrap();
    let zip = format!("{}.zip", Path::new(pdf).parent().unwrap().display());
    // Of the learner's folder, the endorsement gets no certificate of its own.
    let learner = joint.folder.to_str().unwrap();
    let again = joint.net.sanad(&["certificate", "make", learner, "--out", &joint.net.path("lagi")]).json(0);
    assert_eq!(again["made"].as_array().map(Vec::len), Some(1), "{again}");
    let states = |files: &[&str]| joint.institutions(files, 2);
    let expected = pairs(&[
        ("entered", "Universitas Merapi"),
        ("signed", "Universitas Bromo"),
        ("named-only", "Universitas Semeru"),
    ]);
    assert_eq!(states(&[&zip]), expected);
    assert_eq!(states(&[pdf, &signed]), expected);
    // Nothing is printed that the ledger says otherwise, and no text is lost.
    for (set, why) in [
        ("signed_by=Universitas Semeru", "cannot be set"),
        ("holder=Budi", "cannot be set"),
        ("site=https://evil.example", "give it with --site"),
        ("issuer=Universitas Lain", "cannot be set"),
        ("awarded_on_en=1 January 2000", "cannot be set"),
        ("signatry=Dr. Wulan", "has no {{signatry}}"),
    ] {
        let out = joint.net.path("x.pdf");
        let refused = joint.net.sanad(&["certificate", "make", &joint.award, "--out", &out, "--set", set]);
        assert!(refused.code == 2 && refused.err.contains(why), "{set}: {refused:?}");
    }

    let text = match Command::new("pdftotext").args(["-layout", pdf, "-"]).output() {
        Ok(output) => String::from_utf8(output.stdout).unwrap(),
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "pdftotext has to be installed");
            return;
        }
    };
    for line in [
        "Entered in the ledger by Universitas Merapi",
        "Also signed by Universitas Bromo",
        "Only named by the issuer, has not signed: Universitas Semeru",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

/// A phone gets one thing, a link or a PDF: that has to be enough once all have signed.
#[test]
fn a_link_and_a_pdf_carry_the_endorsements_that_have_come() {
    let joint = Joint::new();
    let make = |out: &str, more: &[&str]| {
        let (out, site) = (joint.net.path(out), joint.net.path(&format!("{out}-site")));
        fs::create_dir_all(&site).unwrap();
        let arguments =
            ["certificate", "make", &joint.award, "--out", &out, "--zip", "--site", "https://univ.example"];
        let made = joint.net.sanad(&[&arguments[..], &["--site-dir", &site], more].concat()).json(0);
        let one = made["made"][0].clone();
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        (text("pdf"), text("box"), text("link"), made)
    };
    joint.endorse(2, "credential.endorsement.json");
    let (pdf, sealed, link, _) = make("cetak", &[]);
    let (deleted_pdf, deleted, ..) = make("hapus", &[]);
    let zip = format!("{}.zip", Path::new(&pdf).parent().unwrap().display());
    let everything = [&[pdf.as_str()][..], &[&zip], &[&sealed, "--link", &link]];
    let semeru = "Universitas Semeru";
    let (entered, signed) = (("entered", "Universitas Merapi"), ("signed", "Universitas Bromo"));
    for given in everything {
        assert_eq!(
            joint.institutions(given, 2),
            pairs(&[entered, signed, ("named-only", semeru)]),
            "{given:?}"
        );
    }
    let before = fs::read(&pdf).unwrap();

    // The last one signs. What is there is left alone unless it is asked for.
    joint.endorse(3, "credential.endorsement.semeru.json");
    fs::remove_file(&deleted).unwrap();
    assert_eq!(make("cetak", &[]).3["already"], 1);
    assert_eq!(fs::read(&pdf).unwrap(), before);
    let renewed = make("cetak", &["--renew"]);
    assert_eq!(
        (&renewed.0, &renewed.1, &renewed.2),
        (&pdf, &sealed, &link),
        "in the same places, under the same link"
    );
    for given in everything {
        assert_eq!(joint.institutions(given, 0), pairs(&[entered, signed, ("signed", semeru)]), "{given:?}");
    }
    // In a ZIP that has them beside the PDF, too, none is counted twice.
    let said = joint.net.sanad(&["verify", &zip]).json(0);
    assert_eq!(said["findings"].as_array().unwrap().len(), 4, "award, two endorsements, PDF: {said}");
    assert_eq!(make("cetak", &["--renew"]).3["already"], 1, "nothing is left to do");
    // Deleting a box erases it, whatever comes later.
    let (renewed, sealed, link, _) = make("hapus", &["--renew"]);
    assert_eq!((renewed, sealed.as_str(), link.as_str()), (deleted_pdf, "", ""));
    assert!(!Path::new(&deleted).exists());
}

/// Runs `sanad` with a clock that is off, such as `-3y`; `None`, and a word, where libfaketime is not installed.
fn with_clock(net: &Net, shift: &str, arguments: &[&str]) -> Option<Said> {
    let library = clock_library()?;
    let mut command = program("sanad");
    command.args(arguments).env_remove("SANAD_NODE");
    command
        .env("SANAD_GENESIS", net.path("net/genesis.json"))
        .env("SANAD_PASSPHRASE_FILE", net.path("net/passphrase"));
    command.env("LD_PRELOAD", library).env("FAKETIME", shift).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Some(Said {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    })
}

#[test]
fn nothing_is_signed_with_the_date_of_a_wrong_clock() {
    let net = Net::start(&["--nodes", "2", "--heartbeat-ms", "500"]);
    let roster = prepare(&net, &["Siti Nur'aini"]);
    let url = net.url(1);
    let (merapi, bromo) = (net.path("net/node-1"), net.path("net/node-2"));
    let template: Value =
        serde_json::from_slice(&fs::read(net.path("wisuda.template.json")).unwrap()).unwrap();
    let achievement = net.path("achievement.json");
    fs::write(&achievement, template["credentialSubject"]["achievement"].to_string()).unwrap();
    let endorse = ["endorse", &achievement, "--comment", "Diakui.", "--issuer-dir", &bromo, "--node", &url];
    let issue = ["issue", "roster", &roster, "--issuer-dir", &merapi, "--node", &url];
    let (register, passphrase, www) = (net.path("r.db"), net.path("net/passphrase"), net.path("www"));
    let create = ["register", "create", &register, "--issuer-dir", &merapi];
    net.sanad(&[&create[..], &["--register-passphrase-file", &passphrase]].concat()).json(0);
    let kept = ["--register", &register, "--register-passphrase-file", &passphrase];
    let publish = [&["issuer", "publish", &www, "--issuer-dir", &merapi, "--node", &url], &kept[..]].concat();
    let site = ["issuer", "site", &www, "--issuer-dir", &merapi, "--node", &url];
    for shift in ["-10d", "+10d", "+2h"] {
        let Some(said) = with_clock(&net, shift, &publish) else { return };
        assert!(said.code == 2 && said.err.contains("nothing was signed"), "{shift}: {said:?}");
        let said = with_clock(&net, shift, &site).unwrap();
        assert!(said.code == 2 && said.err.contains("nothing was published"), "{shift}: {said:?}");
    }
    assert!(!Path::new(&www).exists());
    for (shift, expected) in
        [("-3y", "this machine's clock is wrong: it says 20"), ("+3y", "set the clock if it is wrong")]
    {
        for command in [&endorse[..], &issue] {
            let Some(said) = with_clock(&net, shift, command) else { return };
            assert!(said.code == 2 && said.err.contains("nothing was signed"), "{shift}: {said:?}");
            assert!(said.err.contains(expected) && said.err.contains("Z"), "{shift}: {said:?}");
        }
    }
    assert!(!Path::new(&net.path("achievement.endorsement.json")).exists());
    assert_eq!(fs::read_dir(net.path("wisuda")).map_or(0, Iterator::count), 0);

    // The trust file is of today, and the clock is not: it is the clock that is to be set.
    let trust = net.path("consortium.trust");
    net.sanad(&["trust", "fetch", &trust, "--node", &url]).json(0);
    net.sanad(&issue).json(0);
    let folder = net.path("wisuda");
    let said = with_clock(&net, "-3y", &["verify", &folder, "--trust", &trust]).unwrap();
    assert!(
        said.code == 2 && said.out.contains("could not be checked: this machine's clock is wrong"),
        "{said:?}"
    );
    assert!(said.out.contains("it says 20") && !said.out.contains(" ms "), "{said:?}");
    let said = with_clock(&net, "+3y", &["verify", &folder, "--trust", &trust]).unwrap();
    assert!(
        said.code == 2 && said.out.contains("renew the trust file") && !said.out.contains(" ms "),
        "{said:?}"
    );
}

#[test]
fn a_register_keeps_endorsements() {
    let net = Net::start(&["--nodes", "2", "--heartbeat-ms", "500"]);
    let (url, merapi, bromo) = (net.url(1), net.path("net/node-1"), net.path("net/node-2"));
    let (register, passphrase) = (net.path("bromo.db"), net.path("net/passphrase"));
    let kept = ["--register", &register, "--register-passphrase-file", &passphrase];
    let create =
        ["register", "create", &register, "--issuer-dir", &bromo, "--register-passphrase-file", &passphrase];
    net.sanad(&create).json(0);
    let award = net.path("award.txt");
    fs::write(&award, "a certificate").unwrap();
    net.sanad(&["issue", &award, "--issuer-dir", &merapi, "--node", &url]).json(0);
    let endorse = ["endorse", &award, "--comment", "Diakui.", "--issuer-dir", &bromo, "--node", &url];
    let done = net.sanad(&[&endorse[..], &kept].concat()).json(0);
    assert_eq!(done["row"], 1, "{done}");
    let endorsement = net.path("award.endorsement.json");
    let listed = net.sanad(&[&["register", "list"], &kept[..]].concat()).json(0)["credentials"][0].clone();
    assert_eq!(
        (&listed["title"], &listed["batch"], &listed["progress"], &listed["file"]),
        (
            &json!("Endorsement: award.txt"),
            &json!("endorsements"),
            &json!("issued"),
            &json!("award.endorsement.json")
        )
    );

    // Nothing depends on the files: both come back, and are what they were.
    let before = fs::read(&endorsement).unwrap();
    fs::remove_file(&endorsement).unwrap();
    fs::remove_file(format!("{endorsement}.receipt.json")).unwrap();
    let back = net.path("back");
    net.sanad(&[&["register", "export", &back], &kept[..]].concat()).json(0);
    let files: Vec<PathBuf> = fs::read_dir(&back).unwrap().map(|entry| entry.unwrap().path()).collect();
    let found =
        files.iter().find(|path| fs::read(path).unwrap() == before).unwrap_or_else(|| panic!("{files:?}"));
    let verified = net.sanad(&["verify", &award, found.to_str().unwrap()]);
    let verified: Value = serde_json::from_str(&verified.out).unwrap();
    assert_eq!(verified["findings"][1]["endorses"]["endorsed"], "award", "{verified:#}");
    // It is withdrawn by its row.
    net.sanad(&[&["revoke", "row:1", "--yes", "--issuer-dir", &bromo, "--node", &url], &kept[..]].concat())
        .json(0);
}

#[test]
fn a_zip_of_several_certificates_is_not_taken_for_one() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let roster = prepare(&net, &["Siti Nur'aini", "Suharto"]);
    let (url, merapi) = (net.url(1), net.path("net/node-1"));
    net.sanad(&["issue", "roster", &roster, "--issuer-dir", &merapi, "--node", &url]).json(0);
    let out = net.path("cetak");
    net.sanad(&["certificate", "make", &net.path("wisuda"), "--out", &out, "--zip"]).json(0);
    let mut folders: Vec<PathBuf> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let name = |folder: &Path| folder.file_name().unwrap().to_str().unwrap().to_owned();
    let zip = |files: &[(PathBuf, &str)]| {
        let path = net.path("mixed.zip");
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        for (file, inside) in files {
            zip.start_file(*inside, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, &fs::read(file).unwrap()).unwrap();
        }
        zip.finish().unwrap();
        path
    };
    let pdf = |folder: &Path| folder.join(format!("{}.pdf", name(folder)));
    let (credential, receipt) = ("credential.json", "credential.json.receipt.json");
    let of = |folder: &Path, file: &str| folder.join(file);
    let [siti, suharto] = &folders[..] else { panic!("{folders:?}") };

    // As it is made: one certificate.
    let made = net.sanad(&["verify", &format!("{}.zip", siti.display())]).json(0);
    assert!(
        made["findings"].as_array().unwrap().iter().all(|finding| finding["mixed_with"].is_null()),
        "{made}"
    );
    // One's PDF among another's files.
    let path = zip(&[
        (of(siti, credential), credential),
        (of(siti, receipt), receipt),
        (pdf(suharto), "sertifikat.pdf"),
    ]);
    let mixed = net.sanad(&["verify", &path]).json(1);
    let findings = mixed["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["mixed_with"], json!([format!("{path}/sertifikat.pdf")]), "{mixed}");
    assert_eq!(findings[1]["mixed_with"], json!([format!("{path}/credential.json")]), "{mixed}");
    assert!(findings.iter().all(|finding| finding["verdict"] == "active"), "each is judged by itself");
    // One's PDF with another's receipt.
    let path = zip(&[(pdf(suharto), "sertifikat.pdf"), (of(siti, receipt), receipt)]);
    let mixed = net.sanad(&["verify", &path]).json(1);
    assert_eq!(mixed["findings"][0]["mixed_with"], json!([format!("{path}/{receipt}")]), "{mixed}");
    let said = net.sanad(&["verify", &path]);
    assert!(said.err.contains("NOT one certificate"), "{said:?}");
    // Certificates of several learners, and a receipt that one of them has inside.
    let path = zip(&[
        (pdf(siti), "siti.pdf"),
        (pdf(suharto), "suharto.pdf"),
        (of(suharto, receipt), "tanda-terima.receipt.json"),
    ]);
    let several = net.sanad(&["verify", &path]).json(0);
    assert_eq!(several["findings"].as_array().map(Vec::len), Some(2), "{several}");
}
