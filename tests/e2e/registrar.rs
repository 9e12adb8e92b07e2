//! A registrar's day: what goes wrong with rosters, registers and lists, and must not reach the wrong person.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sanad_core::signature::SecretKey;
use sanad_e2e::rosters::{prepare, roster};
use sanad_e2e::{Net, Said};
use serde_json::{Value, json};

const PEOPLE: [&str; 3] = ["Siti Nur'aini", "Suharto", "Dwi Spasi"];

/// A network of one node, a register, and a roster with its template.
struct Office {
    net: Net,
    roster: String,
}

impl Office {
    fn open() -> Self {
        let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
        let roster = prepare(&net, &PEOPLE);
        let office = Self { net, roster };
        office.run(&["register", "create", &office.register()], &["--issuer-dir"]).json(0);
        office
    }

    fn register(&self) -> String {
        self.net.path("register.db")
    }

    /// Runs `sanad` with the register's passphrase, and with what `more` names.
    fn run(&self, arguments: &[&str], more: &[&str]) -> Said {
        let (register, passphrase) = (self.register(), self.net.path("net/passphrase"));
        let (issuer, url) = (self.net.path("net/node-1"), self.net.url(1));
        let mut all = arguments.to_vec();
        for name in more {
            all.push(name);
            all.push(match *name {
                "--register" => &register,
                "--issuer-dir" => &issuer,
                _ => &url,
            });
        }
        if more.contains(&"--register") || arguments[0] == "register" {
            all.extend(["--register-passphrase-file", &passphrase]);
        }
        self.net.sanad(&all)
    }

    fn issue(&self, out: &str, more: &[&str]) -> Said {
        let out = self.net.path(out);
        let arguments = [&["issue", "roster", &self.roster, "--out", &out], more].concat();
        self.run(&arguments, &["--register", "--issuer-dir", "--node"])
    }

    fn rows(&self) -> Vec<Value> {
        let listed = self.run(&["register", "list"], &["--register"]).json(0);
        listed["credentials"].as_array().unwrap().clone()
    }
}

fn folders(out: &str) -> Vec<PathBuf> {
    let Ok(entries) = Path::new(out).read_dir() else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

#[test]
fn nothing_of_one_learner_goes_into_the_folder_of_another() {
    let office = Office::open();
    office.issue("first", &[]).json(0);
    let good = fs::read_to_string(&office.roster).unwrap();

    // The number of an award that is Siti's, in a line of somebody else.
    let other = good
        .replace("\"Siti Nur'aini\";000000;s0@", "\"Budi Lain\";999999;budi@")
        .replace("UM/2026/00001", "UM/2027/1")
        .replace(";000001;s1@", ";999998;baru@");
    fs::write(&office.roster, &other).unwrap();
    let refused = office.issue("second", &[]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.err.contains("wisuda.csv:2: Budi Lain: row ")
            && refused.err.contains("of the register has this award for Siti Nur'aini")
            && refused.err.contains("nothing was signed and nothing written"),
        "{refused:?}"
    );
    assert_eq!(
        folders(&office.net.path("second")),
        Vec::<PathBuf>::new(),
        "all is checked before anything is written"
    );
    assert_eq!(office.rows().len(), 3);

    // Likewise where only the grade differs, and where nobody else has the rows yet.
    fs::write(&office.roster, good.replace("3,5;A", "3,5;B")).unwrap();
    let refused = office.issue("third", &["--register-batch", "another"]);
    assert!(refused.code == 2 && refused.err.contains("has this award with other content"), "{refused:?}");
    assert_eq!(folders(&office.net.path("third")), Vec::<PathBuf>::new());

    // A roster that says the same gets back what is its own, and one that clashes in a line gets nothing at all.
    fs::write(&office.roster, good.replace("UM/2026/00002", "UM/2028/2")).unwrap();
    let refused = office.issue("fourth", &[]);
    assert!(refused.code == 2 && refused.err.contains("nothing was signed"), "{refused:?}");
    assert_eq!(folders(&office.net.path("fourth")), Vec::<PathBuf>::new(), "nor what could be put back");
    fs::write(&office.roster, &good).unwrap();
    let restored = office.issue("fifth", &[]).json(0);
    assert_eq!((restored["signed"].as_u64(), folders(&office.net.path("fifth")).len()), (Some(0), 3));
    for folder in folders(&office.net.path("fifth")) {
        let name = folder.file_name().unwrap();
        let same = Path::new(&office.net.path("first")).join(name).join("credential.json");
        assert_eq!(fs::read(folder.join("credential.json")).unwrap(), fs::read(same).unwrap());
    }
}

#[test]
fn a_mapping_that_was_guessed_is_confirmed_before_anything_is_signed() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let path = prepare(&net, &PEOPLE);
    let template = fs::read_to_string(path.replace(".csv", ".template.json")).unwrap();
    let issuer = net.path("net/node-1");
    let (guess, guess_columns, guess_template) =
        (net.path("tebak.csv"), net.path("tebak.columns.toml"), net.path("tebak.template.json"));
    let init = |header: &str| -> Value {
        for file in [&guess_columns, &guess_template] {
            let _ = fs::remove_file(file);
        }
        let (_, rows) =
            roster(&PEOPLE).split_once('\n').map(|(head, rows)| (head.to_owned(), rows.to_owned())).unwrap();
        fs::write(&guess, format!("{header}\n{rows}")).unwrap();
        net.sanad(&["issue", "init", &guess, "--issuer-dir", &issuer]).json(0)
    };
    let fields = |proposed: &Value| -> Vec<String> {
        let fields = proposed["fields"].as_array().unwrap().iter();
        fields.map(|one| format!("{}={}", one["field"], one["first"]).replace('"', "")).collect()
    };
    let sure = init("Nomor Sertifikat;Nama Lengkap;NIM;E-mail;Tanggal Lulus;SKS;Nilai");
    assert!(fields(&sure).contains(&"name=Siti Nur'aini".to_owned()), "the first row is shown: {sure:#}");
    assert!(!fs::read_to_string(&guess_columns).unwrap().contains("to_confirm"));

    // A title that says little: proposed, marked, and refused until somebody confirmed it.
    let marked = init("Nomor Sertifikat;Nama Calon;NIM;E-mail;Tanggal Selesai;SKS;Nilai");
    let to_confirm = marked["fields"].as_array().unwrap().iter().filter(|one| one["to_confirm"] == true);
    assert_eq!(to_confirm.map(|one| one["field"].as_str().unwrap()).collect::<Vec<_>>(), ["name", "awarded"]);
    fs::write(&guess_template, &template).unwrap();
    let url = net.url(1);
    let issue = ["issue", "roster", &guess, "--issuer-dir", &issuer, "--node", &url];
    let refused = net.sanad(&issue);
    assert!(
        refused.code == 2
            && refused
                .err
                .contains("to be confirmed: name from \"Nama Calon\", awarded from \"Tanggal Selesai\""),
        "{refused:?}"
    );
    assert!(!Path::new(&net.path("tebak")).exists());
    let dry = net.sanad(&[&issue[..], &["--dry-run"]].concat());
    assert!(dry.code == 0 && dry.err.contains("to be confirmed"), "{dry:?}");
    let columns = fs::read_to_string(&guess_columns).unwrap();
    let confirmed: String = columns
        .lines()
        .filter(|line| !line.starts_with("to_confirm"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&guess_columns, confirmed).unwrap();
    assert_eq!(net.sanad(&issue).json(0)["signed"], 3);

    // Columns of other people and other days are left open, and the issuance says what is missing.
    let open = init("Nomor Sertifikat;Nama Ibu;NIM;Email Wali;Tgl Lahir;SKS;Nilai");
    assert_eq!(
        fields(&open).iter().filter(|one| one.starts_with("name=") || one.starts_with("awarded=")).count(),
        0
    );
    assert_eq!(open["open"][0], json!({"field": "awarded", "candidates": ["Tgl Lahir"]}));
    assert_eq!(open["open"][1], json!({"field": "name", "candidates": ["Nama Ibu"]}));
    let refused = net.sanad(&issue);
    assert!(
        refused.code == 2
            && refused.err.contains("the learner's name: no column is surely it (Nama Ibu)")
            && refused.err.contains("the day of the award: no column is surely it (Tgl Lahir)"),
        "{refused:?}"
    );
}

#[test]
fn erasing_a_person_destroys_the_box_of_the_link() {
    let office = Office::open();
    let (printed, site) = (office.net.path("printed"), office.net.path("public"));
    let print =
        ["--certificates", &printed, "--site", "https://sertifikat.univ-merapi.example", "--site-dir", &site];
    let mistyped = office.issue("awards", &print);
    assert!(mistyped.code == 2 && mistyped.err.contains("public is not a folder"), "{mistyped:?}");
    fs::create_dir(&site).unwrap();
    office.issue("awards", &print).json(0);
    let boxes = || {
        let folder = Path::new(&site).join("boxes").read_dir().unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect::<Vec<_>>()
    };
    assert_eq!(boxes().len(), 3);
    let erase = |more: &[&str]| {
        let arguments = [&["register", "erase", "s2@x.example", "--yes"], more].concat();
        office.run(&arguments, &["--register", "--issuer-dir"])
    };

    // The folder that was noted is out of reach: nothing is erased, since only the register knows whose box is whose.
    let away = office.net.path("away");
    fs::rename(&site, &away).unwrap();
    let refused = erase(&[]);
    assert!(refused.code == 2 && refused.err.contains("which is not there now"), "{refused:?}");
    assert_eq!(office.rows().len(), 3);
    fs::rename(&away, &site).unwrap();

    let erased = erase(&[]).json(0);
    let deleted = &erased["boxes"][0];
    let id = deleted["box"].as_str().unwrap();
    assert!(deleted["deleted"][0].as_str().unwrap().ends_with(id), "{erased:#}");
    assert_eq!((boxes().len(), office.rows().len()), (2, 2));
    assert!(!boxes().contains(&id.to_owned()));

    // A register that noted nothing has to be told.
    fs::remove_file(format!("{}.sites", office.register())).unwrap();
    let arguments = ["register", "erase", "s1@x.example", "--yes"];
    let refused = office.run(&arguments, &["--register", "--issuer-dir"]);
    assert!(refused.code == 2 && refused.err.contains("--site-dir"), "{refused:?}");
    let told = [&arguments[..], &["--site-dir", &site]].concat();
    office.run(&told, &["--register", "--issuer-dir"]).json(0);
    assert_eq!(boxes().len(), 1);
}

#[test]
fn a_name_that_may_mean_several_persons_means_nobody() {
    let office = Office::open();
    office.issue("awards", &[]).json(0);
    let into = office.net.path("out");
    let run = |command: &[&str], name: &str| {
        let more: &[&str] =
            if command[0] == "erase" { &["--register", "--issuer-dir"] } else { &["--register"] };
        office.run(&[&["register"], command, &[name]].concat(), more)
    };
    let (erase, receipt) = (["erase", "--yes", "--no-site"], ["receipt", "--into", &into]);
    let rows = office.rows();
    let named = |row: u64| rows.iter().find(|one| one["row"] == row).unwrap()["name"].as_str().unwrap();
    let suharto = (1..=3).find(|row| named(*row) == PEOPLE[1]).unwrap();
    let numbered = format!("since a change is final: write number:000001, of row {suharto}");
    let all = "has 3 credentials; name those that are meant: row:1, row:2, row:3";
    for (name, why) in [
        ("credential.json", all),
        ("file:credential.json", all),
        ("1", "digits alone are not taken, since a change is final: write row:1"),
        ("000001", &numbered),
        ("00003", "neither a row of the register nor the number of a student or certificate"),
        ("email:", "names no credential"),
        ("Suharto", "`sanad register search` finds rows by the names of people"),
    ] {
        let refused = run(&erase, name);
        assert!(refused.code == 2 && refused.err.contains(why), "{name}: {refused:?}");
        assert!(refused.err.contains("nothing was erased"), "{name}: {refused:?}");
    }
    for name in ["credential.json", "00003", "Suharto"] {
        assert_eq!(run(&receipt, name).code, 2, "{name}");
        assert_eq!(run(&["export", &into], name).code, 2, "{name}");
    }
    assert!(!Path::new(&into).exists());
    assert_eq!(office.rows().len(), 3, "nobody was erased");

    // Where it is read alone, digits may mean the one thing that they can.
    for (name, row) in [("000001", suharto), ("1", 1)] {
        let into = office.net.path(name);
        run(&["receipt", "--document", "--into", &into], name).json(0);
        let written = fs::read_to_string(Path::new(&into).join("credential.json")).unwrap();
        assert!(written.contains(named(row)), "{name}: {written}");
    }
    // Of one person, all is erased.
    run(&erase, "number:000001").json(0);
    assert_eq!(office.rows().len(), 2);
}

/// Runs `sanad` where no file can be longer than `kilobytes`, as on a disk that is full.
#[cfg(unix)]
fn on_a_full_disk(office: &Office, kilobytes: u64, arguments: &[&str]) -> (i32, String, String) {
    let shell = format!("ulimit -f {kilobytes}; exec \"$0\" \"$@\"");
    let mut command = std::process::Command::new("bash");
    command.args(["-c", &shell]).arg(sanad_e2e::program("sanad").get_program()).args(arguments);
    let (register, passphrase) = (office.register(), office.net.path("net/passphrase"));
    command.args(["--register", &register, "--register-passphrase-file", &passphrase]);
    command.args(["--issuer-dir", &office.net.path("net/node-1")]).env("SANAD_PASSPHRASE_FILE", &passphrase);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[cfg(unix)]
#[test]
fn erasing_on_a_full_disk_says_what_is_done_and_what_is_left() {
    let office = Office::open();
    office.issue("awards", &[]).json(0);
    let size = fs::metadata(office.register()).unwrap().len() / 1024;
    assert!(size > 40, "{size} kB");
    // The pages of the row fit, and a second copy of the file does not.
    let erase = ["register", "erase", "row:2", "--yes", "--no-site", "--json"];
    let (code, out, err) = on_a_full_disk(&office, size / 2, &erase);
    assert!(
        code == 2 && err.contains("the row is destroyed") && err.contains("sanad register compact"),
        "{err}"
    );
    let erased: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&erased["erased"][0]["row"], &erased["traces_remain"]), (&json!(2), &json!(true)));
    assert_eq!(
        erased["boxes"][0]["box"].as_str().map(str::len),
        Some(32),
        "the name of the box is said now or never"
    );
    assert_eq!(office.rows().len(), 2);
    office.run(&["register", "compact"], &["--register"]).json(0);
}

/// A credential in a JWT of another platform, signed with a key that is the issuer's name.
fn foreign_jwt(key: &SecretKey) -> String {
    let did = sanad_credential::did_key(&key.public());
    let part = |value: &Value| BASE64.encode(value.to_string());
    let payload = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": {"id": did, "name": "Kursus Daring"},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:uuid:2"},
        "iss": did,
    });
    let signed = format!("{}.{}", part(&json!({"alg": "EdDSA", "typ": "vc+jwt"})), part(&payload));
    format!("{signed}.{}", BASE64.encode(key.sign(signed.as_bytes()).0))
}

#[test]
fn a_jwt_of_another_platform_is_anchored_with_what_was_checked() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let (issuer, url) = (net.path("net/node-1"), net.url(1));
    let run =
        |arguments: &[&str]| net.sanad(&[arguments, &["--issuer-dir", &issuer, "--node", &url]].concat());
    let document = net.path("kursus.jwt");
    fs::write(&document, foreign_jwt(&SecretKey::from_seed(&[7; 32]))).unwrap();
    let issued = run(&["issue", &document]);
    assert!(
        issued.code == 0 && issued.err.contains("names an issuer that is not an issuer id of"),
        "{issued:?}"
    );

    let comment = ["--comment", "Dilihat aslinya."];
    let done = run(&[&["endorse", &document][..], &comment].concat());
    assert!(done.err.contains("by itself it verifies as \"not proven (issuer-id)\""), "{done:?}");
    let done = done.json(0);
    let checked = done["checked"].as_str().unwrap();
    assert!(checked.contains("signature good") && checked.contains("did:key:"), "{checked}");

    // The rule stays: by itself it is not the platform's. The endorsement is active, and bound to this very file.
    let endorsement = net.path("kursus.endorsement.json");
    let verified = net.sanad(&["verify", &document, &endorsement]).json(1);
    let findings = verified["findings"].as_array().unwrap();
    assert_eq!((&findings[0]["verdict"], &findings[1]["verdict"]), (&json!("not-proven"), &json!("active")));
    assert_eq!(findings[1]["endorses"]["endorsed"], "award");
    let said = fs::read_to_string(&endorsement).unwrap();
    assert!(said.contains("Checked by itself"), "{said}");

    // What speaks against the document itself is not endorsed away.
    let forged = net.path("palsu.jwt");
    let text = fs::read_to_string(&document).unwrap();
    let (front, _) = text.rsplit_once('.').unwrap();
    fs::write(&forged, format!("{front}.{}", BASE64.encode([1; 64]))).unwrap();
    run(&["issue", &forged]).json(0);
    let refused = run(&[&["endorse", &forged][..], &comment].concat());
    assert!(refused.code == 2 && refused.err.contains("it is not endorsed"), "{refused:?}");

    // Nor what nobody could judge, be it in a form that is not read, or larger than what is; padding hides no end.
    let ended = |description: String| {
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],
            "issuer": "did:web:univ-merapi.example", "validUntil": "2020-01-01T00:00:00Z",
            "credentialSubject": {"id": "urn:uuid:3", "description": description},
        })
        .to_string()
    };
    let quoted = json!(ended(String::new())).to_string();
    for (name, text, why) in [
        ("quoted.json", quoted, "its own dates could not be looked at"),
        ("large.json", ended("x".repeat(5 << 20)), "its own dates could not be looked at"),
        ("padded.json", " ".repeat(5 << 20) + &ended(String::new()), "expired"),
    ] {
        let path = net.path(name);
        fs::write(&path, text).unwrap();
        run(&["issue", &path]).json(0);
        let verified = net.sanad(&["verify", &path]);
        let expected = [("quoted.json", 0), ("large.json", 2), ("padded.json", 1)];
        assert!(expected.contains(&(name, verified.code)), "{verified:?}");
        let refused = run(&[&["endorse", &path][..], &comment].concat());
        assert!(refused.code == 2 && refused.err.contains(why), "{name}: {refused:?}");
    }
}

/// A workbook with texts, as spreadsheets write it.
fn workbook(path: &str, rows: &[&[&str]]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    part(
        "_rels/.rels",
        &format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        ),
    );
    part(
        "xl/workbook.xml",
        &format!(
            r#"<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#
        ),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
        ),
    );
    let cell = |(column, text): (u8, &&str)| {
        format!(r#"<c r="{}" t="inlineStr"><is><t>{text}</t></is></c>"#, char::from(b'A' + column))
    };
    let row = |(line, cells): (usize, &&[&str])| {
        let cells: String = (0..)
            .zip(cells.iter())
            .map(cell)
            .map(|cell| cell.replacen("\" t=", &format!("{line}\" t="), 1))
            .collect();
        format!(r#"<row r="{line}">{cells}</row>"#)
    };
    let rows: String = (1..).zip(rows).map(row).collect();
    part(
        "xl/worksheets/sheet1.xml",
        &format!(r#"<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>"#),
    );
    zip.finish().unwrap();
}

#[test]
fn lists_name_certificates_give_reasons_and_may_be_workbooks() {
    let office = Office::open();
    office.issue("awards", &[]).json(0);
    let revoke = |list: &str| {
        office.run(&["revoke", "--from", list, "--yes"], &["--register", "--issuer-dir", "--node"])
    };
    let of = |name: &str| office.rows().into_iter().find(|row| row["name"] == name).unwrap();

    let list = office.net.path("cabut.csv");
    fs::write(&list, "No. Sertifikat;Nama;Alasan\nUM/2026/00001;Suharto;plagiat\n").unwrap();
    let done = revoke(&list);
    assert!(done.code == 0 && done.err.contains("are left out: \"Nama\""), "{done:?}");
    assert_eq!(
        (&of("Suharto")["status"], &of("Suharto")["changes"][0]["reason"]),
        (&json!("revoked"), &json!("plagiat"))
    );

    let list = office.net.path("cabut.xlsx");
    workbook(&list, &[&["NIM", "Alasan"], &["000002", "mengundurkan diri"]]);
    assert_eq!(revoke(&list).json(0)["credentials"][0]["status"], "revoked");
    assert_eq!(of("Dwi Spasi")["changes"][0]["reason"], "mengundurkan diri");
    // The number on the paper as an argument, and a name with the other apostrophe.
    let suspend = ["suspend", "number:um/2026/00000"];
    office.run(&suspend, &["--register", "--issuer-dir", "--node"]).json(0);
    let found = office.run(&["register", "search", "nur\u{2019}aini"], &["--register"]).json(0);
    assert_eq!(found["credentials"][0]["status"], "suspended");
    assert_eq!(found["credentials"].as_array().unwrap().len(), 1);
}

#[test]
fn a_register_takes_whole_trees_and_certificates_alone() {
    let office = Office::open();
    let url = office.net.url(1);
    let (issuer, tree, printed) =
        (office.net.path("net/node-1"), office.net.path("arsip/2026/wisuda"), office.net.path("printed"));
    fs::create_dir_all(office.net.path("arsip/2026")).unwrap();
    // Issued without a register, which is said.
    let issue = [
        "issue",
        "roster",
        &office.roster,
        "--out",
        &tree,
        "--certificates",
        &printed,
        "--zip",
        "--issuer-dir",
        &issuer,
        "--node",
        &url,
    ];
    let issued = office.net.sanad(&issue);
    assert!(issued.code == 0 && issued.err.contains("without --register only "), "{issued:?}");
    let import = |path: &str, more: &[&str]| {
        office.run(&[&["register", "import", path], more].concat(), &["--register"])
    };
    assert_eq!(import(&office.net.path("arsip"), &[]).json(0)["imported"], 3);
    assert_eq!(import(&office.net.path("arsip"), &[]).json(0)["already"], 3);
    fs::create_dir(office.net.path("leer")).unwrap();
    let nothing = import(&office.net.path("leer"), &[]);
    assert!(nothing.code == 2 && nothing.err.contains("there is nothing to import"), "{nothing:?}");

    // One PDF, and one ZIP, without anything beside them.
    let fresh = office.net.path("fresh.db");
    let passphrase = office.net.path("net/passphrase");
    let opened = ["--register", &fresh, "--register-passphrase-file", &passphrase];
    office.net.sanad(&["register", "create", &fresh, "--issuer-dir", &issuer, opened[2], opened[3]]).json(0);
    let learners = folders(&printed);
    let name = learners[0].file_name().unwrap().to_str().unwrap();
    let (pdf, zip) = (office.net.path("one.pdf"), learners[1].with_extension("zip"));
    fs::copy(learners[0].join(format!("{name}.pdf")), &pdf).unwrap();
    let import = ["register", "import", &pdf, zip.to_str().unwrap()];
    assert_eq!(office.net.sanad(&[&import[..], &opened].concat()).json(0)["imported"], 2);
    let listed = office.net.sanad(&[&["register", "list"][..], &opened].concat()).json(0);
    assert_eq!(listed["credentials"][0]["file"], "credential.json", "{listed:#}");
}

#[test]
fn a_name_that_cannot_be_printed_stops_nobody_else() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let path = prepare(&net, &["Siti Nur'aini", "Li Wei (李伟)", "Suharto"]);
    let (issuer, url, printed) = (net.path("net/node-1"), net.url(1), net.path("printed"));
    let issue = |more: &[&str]| {
        let arguments =
            ["issue", "roster", &path, "--certificates", &printed, "--issuer-dir", &issuer, "--node", &url];
        net.sanad(&[&arguments[..], more].concat())
    };
    let dry = issue(&["--dry-run"]);
    assert!(dry.err.contains("wisuda.csv:3: no certificate can be printed"), "{dry:?}");
    assert_eq!(dry.json(1)["unprintable"], 1);
    // An ornament over a text is printed, and said, once for all learners.
    let (page, template) =
        (fs::read_to_string("../configs/certificate/certificate.svg").unwrap(), net.path("page.svg"));
    let ornament = "<path id=\"ribbon\" d=\"M50 60H300V80H50Z\" fill=\"#eeeeee\"/></svg>";
    fs::write(&template, page.replace("</svg>", ornament)).unwrap();
    let warned = issue(&["--dry-run", "--certificate-template", &template]);
    assert_eq!(
        warned.err.matches("warning: the certificates' page: <path id=\"ribbon\">").count(),
        1,
        "{warned:?}"
    );
    assert!(!dry.err.contains("warning:"), "{dry:?}");
    let done = issue(&[]);
    assert!(done.err.contains("wisuda.csv:3: no certificate can be printed"), "{done:?}");
    let done = done.json(2);
    assert_eq!((&done["signed"], &done["certificates"]["made"]), (&json!(3), &json!(2)), "{done:#}");
}

#[test]
fn what_was_reissued_is_said_again_when_it_is_repeated() {
    let office = Office::open();
    office.issue("awards", &[]).json(0);
    let folder = folders(&office.net.path("awards"))
        .into_iter()
        .find(|path| path.to_string_lossy().contains("suharto"));
    let text = fs::read_to_string(folder.unwrap().join("credential.json")).unwrap();
    let corrected = office.net.path("corrected.json");
    fs::write(&corrected, text.replace("\"Suharto\"", "\"Suharto, S.T.\"")).unwrap();
    let reissue = |replaces: &str| {
        let arguments = ["reissue", &corrected, "--sign", "--replaces", replaces, "--yes"];
        office.run(&arguments, &["--register", "--issuer-dir", "--node"])
    };
    // Digits alone may be a row, or somebody's number: neither command takes them for one of the two.
    let with = ["--register", "--issuer-dir", "--node"];
    for refused in [reissue("1"), office.run(&["revoke", "1", "--yes"], &with)] {
        assert!(refused.code == 2 && refused.err.contains("row:1"), "{refused:?}");
    }
    for refused in [reissue("99999"), office.run(&["revoke", "99999", "--yes"], &with)] {
        assert!(
            refused.code == 2 && refused.err.contains("is neither a row of the register nor"),
            "{refused:?}"
        );
    }
    // What is signed and cannot be entered is not left behind.
    let (signed, way) =
        (office.net.path("corrected.signed.json"), office.net.path("corrected.signed.json.receipt.json"));
    fs::create_dir(&way).unwrap();
    let refused = reissue("s1@x.example");
    assert!(refused.code == 2 && refused.err.contains("is there already"), "{refused:?}");
    assert!(!fs::exists(&signed).unwrap());
    fs::remove_dir(&way).unwrap();
    let first = reissue("s1@x.example").json(0);
    let entries = office.net.status()[0]["log_size"].clone();
    // The e-mail address means the new row by now.
    for replaces in ["s1@x.example", &format!("row:{}", first["replaces"])] {
        let again = reissue(replaces).json(0);
        assert_eq!((&again["row"], &again["replaces"]), (&first["row"], &first["replaces"]));
        assert_eq!((&again["already"], &again["log_index"]), (&json!(true), &first["log_index"]));
    }
    assert_eq!(office.net.status()[0]["log_size"], entries);
}

#[test]
fn a_register_that_lacks_what_is_issued_is_told() {
    let office = Office::open();
    office.issue("awards", &[]).json(0);
    let said = "are issued and not in the register; run: sanad register import";
    assert!(!office.issue("awards", &[]).err.contains(said), "all rows are there");
    let (other, passphrase) = (office.net.path("other.db"), office.net.path("net/passphrase"));
    office.run(&["register", "create", &other], &["--issuer-dir"]).json(0);
    let out = office.net.path("awards");
    let register = ["--register", &other, "--register-passphrase-file", &passphrase];
    let arguments = [&["issue", "roster", &office.roster, "--out", &out][..], &register].concat();
    let lacking = office.run(&arguments, &["--issuer-dir", "--node"]);
    assert!(lacking.code == 0 && lacking.err.contains(said), "{lacking:?}");
    let imported = office.run(&[&["register", "import", &out][..], &register[..2]].concat(), &[]);
    imported.json(0);
    let again = office.run(&arguments, &["--issuer-dir", "--node"]);
    assert!(again.code == 0 && !again.err.contains(said), "{again:?}");
}

#[test]
fn the_files_of_somebody_who_was_erased_are_not_to_be_imported() {
    let office = Office::open();
    office.issue("awards", &[]).json(0);
    let erase = ["register", "erase", "email:s1@x.example", "--yes", "--no-site"];
    office.run(&erase, &["--register", "--issuer-dir"]).json(0);
    let import = "run: sanad register import";
    let certificates = office.net.path("cetak");
    let again = office.issue("awards", &["--certificates", &certificates]);
    let gone = again.err.lines().find(|line| line.contains("was erased from the register"));
    assert!(again.code == 0 && gone.is_some() && !again.err.contains(import), "{again:?}");
    let gone = gone.unwrap();
    assert!(gone.contains("delete them, and do not import them"), "{gone}");
    assert_eq!(folders(&certificates).len(), 2, "none is made of what was erased");
    // Only the receipt tells it from what the register never had.
    let document = gone.split(": this credential").next().unwrap().trim_start_matches("note: ").trim();
    let receipt = format!("{document}.receipt.json");
    let mut damaged: Value = serde_json::from_slice(&fs::read(&receipt).unwrap()).unwrap();
    damaged["proof"]["header"]["state_root"] = json!("0".repeat(64));
    fs::write(&receipt, damaged.to_string()).unwrap();
    let unsure = office.issue("awards", &[]);
    assert!(
        unsure.err.contains("if it was, delete both files; else put the receipt back from a copy")
            && !unsure.err.contains(import),
        "{unsure:?}"
    );
}

#[test]
fn a_roster_warns_of_certificates_as_certificate_make_does() {
    let office = Office::open();
    let out = office.net.path("awards");
    let roster = ["issue", "roster", &office.roster, "--out", &out];
    office.run(&roster, &["--issuer-dir", "--node"]).json(0);
    let folder = folders(&out).remove(0);
    let document = folder.join("credential.json").to_str().unwrap().to_owned();
    office.run(&["suspend", &document], &["--issuer-dir", "--node"]).json(0);
    let (now, receipt) = (office.net.path("now.receipt.json"), format!("{document}.receipt.json"));
    assert_eq!(office.run(&["status", &document, "--receipt-out", &now], &["--node"]).code, 1);
    fs::rename(&now, &receipt).unwrap();
    let made =
        office.run(&["certificate", "make", &document, "--out", &office.net.path("made")], &[]).json(0);
    let warning = made["made"][0]["warnings"][0].as_str().unwrap();
    assert!(warning.contains("SUSPENDED as of "), "{made:#}");
    let cetak = office.net.path("cetak");
    let with = [&roster[..], &["--certificates", &cetak]].concat();
    let printed = office.run(&with, &["--issuer-dir", "--node"]).json(0);
    assert_eq!(printed["certificates"]["warnings"], json!([warning]), "{printed:#}");
}

#[test]
fn an_audit_compares_the_lists_of_a_site_with_the_ledger() {
    let office = Office::open();
    office.issue("awards", &["--status-lists"]).json(0);
    let www = office.net.path("www");
    let with = ["--register", "--issuer-dir", "--node"];
    office.run(&["issuer", "publish", &www], &with).json(0);
    assert!(office.run(&["audit", "lists", &www], &with).json(0)["lists"].as_array().unwrap().len() == 2);
    office.run(&["revoke", "email:s1@x.example", "--yes"], &with).json(0);
    let late = office.run(&["audit", "lists", &www], &with).json(1);
    assert_eq!(late["lists"][0]["published"], "differs", "{late:#}");
}
