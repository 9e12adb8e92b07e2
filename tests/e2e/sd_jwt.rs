//! From a roster to SD-JWT VCs: killed and resumed, presented with less, changed, forged, revoked; and files that were lost.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sanad_e2e::rosters::{killed_once, outside_sd_jwt_reader, prepare, python};
use sanad_e2e::{Net, Said, program};
use serde_json::{Value, json};

const PEOPLE: [&str; 6] =
    ["Siti Nur'aini", "Suharto", "عبد الرحمن", "Ni Luh-Putu", "Yohanes Müller", "Li Wei"];
const SITE: &str = "https://univ-merapi.example";

/// One issuer with a register.
struct Desk {
    net: Net,
    roster: String,
}

impl Desk {
    fn new(people: &[&str]) -> Self {
        let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
        let roster = prepare(&net, people);
        let desk = Self { net, roster };
        let register = desk.net.path("register.db");
        desk.sanad(&["register", "create", &register, "--issuer-dir", &desk.net.path("net/node-1")], &[])
            .json(0);
        desk
    }

    /// Runs a command with what it needs of `--register`, `--issuer-dir` and `--node`.
    fn sanad(&self, command: &[&str], needs: &[&str]) -> Said {
        let arguments = self.arguments(command, needs);
        self.net.sanad(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn arguments(&self, command: &[&str], needs: &[&str]) -> Vec<String> {
        let net = &self.net;
        let mut arguments: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        for (need, value) in [
            ("--register", net.path("register.db")),
            ("--issuer-dir", net.path("net/node-1")),
            ("--node", net.url(1)),
        ] {
            if needs.contains(&need) {
                arguments.extend([need.to_owned(), value]);
            }
        }
        if command[0] == "register" || needs.contains(&"--register") {
            arguments.extend(["--register-passphrase-file".to_owned(), net.path("net/passphrase")]);
        }
        arguments
    }

    fn issue(&self, more: &[&str]) -> Said {
        self.sanad(&[&["issue", "roster", &self.roster][..], more].concat(), &ISSUING)
    }

    fn files(&self, name: &str) -> Vec<PathBuf> {
        let Ok(entries) = Path::new(&self.net.path("wisuda")).read_dir() else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path().join(name)).collect();
        paths.retain(|path| path.is_file());
        paths.sort();
        paths
    }

    fn verify(&self, path: &str, code: i32) -> Value {
        self.net.sanad(&["verify", path]).json(code)["findings"][0].clone()
    }
}

const ISSUING: [&str; 3] = ["--register", "--issuer-dir", "--node"];
const FORM: [&str; 2] = ["--form", "sd-jwt"];

/// The credential of Siti, among all.
fn of_siti(credentials: &[PathBuf]) -> String {
    let mut of_siti = credentials.iter().map(|path| path.to_str().unwrap());
    of_siti.find(|path| path.contains("siti-nur-aini")).unwrap().to_owned()
}

/// Every presentation names its place in the lists, and verifiers that know nothing of the ledger find it revoked.
#[test]
fn a_place_in_the_status_lists_is_in_every_presentation() {
    let desk = Desk::new(&PEOPLE[..2]);
    let (net, www) = (&desk.net, desk.net.path("www"));
    let listed = [&FORM[..], &["--status-lists"]].concat();
    desk.issue(&listed).json(0);
    assert_eq!(desk.issue(&listed).json(0)["signed"].as_u64(), Some(0), "run again, nothing is signed anew");
    assert_eq!(desk.issue(&FORM).json(0)["signed"].as_u64(), Some(0), "nor without the lists");
    let siti = of_siti(&desk.files("credential.sd-jwt"));
    let shown = net.path("shown.sd-jwt");
    net.sanad(&["credential", "present", &siti, "--show", "name", "--out", &shown]).json(0);
    let publish =
        |code| desk.sanad(&["issuer", "publish", &www], &["--register", "--issuer-dir", "--node"]).json(code);
    publish(0);
    let url = net.url(1);
    let lists = |document: &str, code| {
        let said = net.sanad(&["verify", document, "--site", &www, "--node", &url]).json(code);
        let lists = said["findings"][0]["status_lists"].as_array().unwrap().clone();
        lists
            .iter()
            .map(|list| format!("{} {}", list["says"], list["set"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    for document in [&siti, &shown] {
        assert_eq!(lists(document, 0), ["agrees false", "agrees false"], "{document}");
    }
    desk.sanad(&["issuer", "site", &www], &["--issuer-dir", "--node"]).json(0);
    let by_openvc = |expected: (i32, &str)| {
        let Some(mut run) = python("check_credential.py") else { return };
        run.arg("openvc").arg(&shown).arg(Path::new(&www).join(".well-known/did.json"));
        let lists = ["revocation", "suspension"]
            .map(|purpose| Path::new(&www).join(format!("status/{purpose}-0.json")));
        let said = run.args(lists).output().unwrap();
        let code = said.status.code();
        let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
        assert!(code == Some(expected.0) && said.contains(expected.1), "{said}");
    };
    by_openvc((0, "good"));
    desk.sanad(&["revoke", &siti, "--yes"], &["--register", "--issuer-dir", "--node"]).json(0);
    assert_eq!(lists(&shown, 1)[0], "disagrees false", "the list is older than the ledger");
    publish(0);
    for document in [&siti, &shown] {
        assert_eq!(lists(document, 1), ["agrees true", "agrees false"], "{document}");
    }
    by_openvc((3, "revocation"));
}

#[test]
fn learners_show_what_they_choose_and_the_ledger_vouches_for_it() {
    let desk = Desk::new(&PEOPLE);
    let net = &desk.net;
    let (printed, public) = (net.path("cetak"), net.path("public"));
    fs::create_dir(&public).unwrap();
    let printing = ["--certificates", &printed, "--zip", "--site", SITE, "--site-dir", &public];
    let options = [&FORM[..], &printing, &["--batch-size", "1"]].concat();

    // What everybody sees must not have what is the learner's own.
    let template = desk.roster.replace(".csv", ".template.json");
    let good = fs::read_to_string(&template).unwrap();
    fs::write(&template, good.replace("\"Statistik, SQL", "\"Untuk {{name}}: Statistik, SQL")).unwrap();
    let refused = desk.issue(&options);
    assert!(refused.code == 2 && refused.err.contains("the template has {{name}} in them"), "{refused:?}");
    fs::write(&template, &good).unwrap();
    let refused = desk.issue(&[&FORM[..], &["--suite", "eddsa-jcs-2022"]].concat());
    assert!(refused.code == 2 && refused.err.contains("signed with EdDSA"), "{refused:?}");
    assert!(desk.files("credential.sd-jwt").is_empty());

    // Killed as soon as there is a receipt, and run again.
    let mut killed = program("sanad");
    killed.args(desk.arguments(&[&["issue", "roster", &desk.roster][..], &options].concat(), &ISSUING));
    killed
        .env("SANAD_GENESIS", net.path("net/genesis.json"))
        .env("SANAD_PASSPHRASE_FILE", net.path("net/passphrase"));
    killed_once(killed, || !desk.files("credential.sd-jwt.receipt.json").is_empty());
    let credentials = desk.files("credential.sd-jwt");
    let signed: Vec<Vec<u8>> = credentials.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(signed.len(), PEOPLE.len(), "all are signed before any is entered");
    let done = desk.issue(&options).json(0);
    assert_eq!(done["signed"].as_u64(), Some(0), "{done}");
    let kept: Vec<Vec<u8>> = credentials.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(signed == kept, "none is signed twice");
    assert_eq!(net.wait_for_equal_heads(6)[0]["log_size"], 6, "none is entered twice");

    // Nobody gets the award in another form as well.
    let other = desk.issue(&[]);
    assert!(other.code == 2 && other.err.contains("signed before in another form"), "{other:?}");

    let siti = of_siti(&credentials);
    let whole = desk.verify(&siti, 0);
    assert_eq!(
        (&whole["verdict"], &whole["issuer"]["id"]),
        (&json!("active"), &json!("univ-merapi.example"))
    );
    // Folders, certificates, ZIPs and boxes hold it as they hold any other credential.
    let all = net.sanad(&["verify", &net.path("wisuda")]).json(0);
    assert_eq!(all["findings"].as_array().map(Vec::len), Some(6));
    let name = Path::new(&siti).parent().unwrap().file_name().unwrap().to_str().unwrap();
    for file in [format!("{printed}/{name}/{name}.pdf"), format!("{printed}/{name}.zip")] {
        let found = net.sanad(&["verify", &file]).json(0);
        assert_eq!(found["verdict"], "active", "{file}: {found}");
    }
    assert_eq!(Path::new(&public).join("boxes").read_dir().unwrap().count(), 6);
    let listed = desk.sanad(&["register", "search", "s0@x.example"], &["--register"]).json(0);
    assert!(listed.to_string().contains("Siti Nur'aini"), "{listed}");

    let shown = presentations(&desk, &siti);
    outside(&desk, &siti, &shown);
    revoked_and_reissued(&desk, &siti, &shown);
}

/// What Siti shows an employer. Returns the presentation.
fn presentations(desk: &Desk, siti: &str) -> String {
    let net = &desk.net;
    let choice = net.sanad(&["credential", "present", siti]).json(0);
    let (always, own) = (choice["always_shown"].to_string(), choice["hidden"].to_string());
    for claim in ["iss", "vct", "achievement", "nbf"] {
        assert!(always.contains(&format!("{claim:?}")), "{choice}");
    }
    for claim in ["name", "email", "result", "creditsEarned", "licenseNumber", "jti"] {
        assert!(own.contains(&format!("{claim:?}")), "{choice}");
    }
    let shown = net.path("for-employer.sd-jwt");
    let present = ["credential", "present", siti, "--show", "name,result", "--out", &shown];
    let said = net.sanad(&present).json(0);
    assert_eq!(said["shown"], json!(["name", "result"]));
    assert!(said["hidden"].as_array().unwrap().contains(&json!("email")), "{said}");
    let again = net.sanad(&present);
    assert!(again.code == 2 && again.err.contains("is there already"), "{again:?}");
    let unknown = net.sanad(&["credential", "present", siti, "--show", "nama", "--out", &net.path("x")]);
    assert!(unknown.code == 2 && unknown.err.contains("no claim \"nama\""), "{unknown:?}");

    // Neither presentation nor receipt tells what is withheld, and both hold, also with the receipt of the whole.
    let text = fs::read_to_string(&shown).unwrap();
    let receipt = format!("{shown}.receipt.json");
    let decoded: String = text
        .split(['~', '.'])
        .map(|part| String::from_utf8_lossy(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).into_owned())
        .collect();
    let told = decoded + &fs::read_to_string(&receipt).unwrap();
    assert!(told.contains("Siti Nur'aini") && told.contains("closed-summary"));
    for withheld in ["s0@x.example", "UM/2026/00000", "creditsEarned"] {
        assert!(!told.contains(withheld), "{withheld}");
    }
    let found = desk.verify(&shown, 0);
    assert_eq!(found["verdict"], "active");
    let whole = format!("{siti}.receipt.json");
    assert_eq!(net.sanad(&["verify", &shown, "--receipt", &whole]).json(0)["verdict"], "active");

    // Nothing shown of the learner's own.
    let nothing = net.path("nothing.sd-jwt");
    net.sanad(&["credential", "present", siti, "--show", "", "--out", &nothing]).json(0);
    assert_eq!(desk.verify(&nothing, 0)["verdict"], "active");
    assert_eq!(fs::read_to_string(&nothing).unwrap().matches('~').count(), 1);

    let result =
        text.split('~').find(|part| disclosed(part).is_some_and(|value| value[1] == "result")).unwrap();
    let mut better = disclosed(result).unwrap();
    better[2][0]["value"] = json!("A+");
    let better = BASE64_URL_SAFE_NO_PAD.encode(better.to_string());
    let forged = BASE64_URL_SAFE_NO_PAD.encode(json!(["c2FsdHNhbHRzYWx0c2FsdA", "degree", "S3"]).to_string());
    for (bad, why) in [(text.replace(result, &better), "changed"), (format!("{text}{forged}~"), "forged")] {
        let path = net.path(why);
        fs::write(&path, bad).unwrap();
        let found = net.sanad(&["verify", &path, "--receipt", &receipt]).json(1);
        assert_eq!(found["verdict"], "tampered", "{why}");
        let checked = net.sanad(&["credential", "check", &path]);
        assert_ne!(checked.code, 0, "{why}: {checked:?}");
    }
    shown
}

fn disclosed(part: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    value.is_array().then_some(value)
}

/// What a library of others says.
fn outside(desk: &Desk, siti: &str, shown: &str) {
    let Some(reader) = outside_sd_jwt_reader() else { return };
    let www = desk.net.path("www");
    desk.sanad(&["issuer", "site", &www], &["--issuer-dir", "--node"]).json(0);
    let read = |path: &str| {
        let mut node = Command::new("node");
        node.arg(&reader).arg(path).arg(Path::new(&www).join(".well-known/did.json"));
        let said = node.output().unwrap();
        (said.status.code(), String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned())
    };
    let claims = |path: &str| -> Value {
        let (code, said) = read(path);
        assert_eq!(code, Some(0), "{said}");
        serde_json::from_str(&said).unwrap()
    };
    assert_eq!(claims(siti)["email"], "s0@x.example");
    let said = claims(shown);
    assert_eq!((&said["name"], said.get("email")), (&json!("Siti Nur'aini"), None));
    // It leaves out what no digest refers to.
    assert_eq!(claims(&desk.net.path("forged")).get("degree"), None);
    assert_eq!(claims(&desk.net.path("changed")).get("result"), None);
    let text = fs::read_to_string(shown).unwrap();
    let mut parts: Vec<String> = text.split('.').map(str::to_owned).collect();
    let payload = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    parts[1] = BASE64_URL_SAFE_NO_PAD.encode(payload.replace("Analisis Data Dasar", "Analisis Data Lanjut"));
    let path = desk.net.path("changed-payload");
    fs::write(&path, parts.join(".")).unwrap();
    let (code, said) = read(&path);
    assert!(code == Some(1) && said.contains("refused"), "{said}");
}

fn revoked_and_reissued(desk: &Desk, siti: &str, shown: &str) {
    let net = &desk.net;
    let url = net.url(1);
    desk.sanad(&["revoke", "s0@x.example", "--yes"], &ISSUING).json(0);
    for path in [siti, shown] {
        let now = net.sanad(&["verify", path, "--node", &url]).json(1);
        assert_eq!(now["verdict"], "revoked", "{path}");
    }
    // A corrected one in its place, in the same form.
    let first = desk.issue(&[&FORM[..], &["--dry-run"]].concat()).json(0);
    let mut corrected = first["first"].clone();
    corrected["credentialSubject"]["identifier"][0]["identityHash"] = json!("Siti Nuraini");
    let (source, out) = (net.path("corrected.json"), net.path("corrected.sd-jwt"));
    fs::write(&source, corrected.to_string()).unwrap();
    let reissue = [
        "reissue",
        &source,
        "--sign",
        "--form",
        "sd-jwt",
        "--out",
        &out,
        "--replaces",
        "s0@x.example",
        "--yes",
    ];
    desk.sanad(&reissue, &ISSUING).json(0);
    assert_eq!(desk.verify(&out, 0)["verdict"], "active");
    let shown = net
        .sanad(&["credential", "present", &out, "--show", "name", "--out", &net.path("corrected-name")])
        .json(0);
    assert_eq!(shown["shown"], json!(["name"]));
    // The register makes the receipt anew, and forgets.
    let into = net.path("again");
    fs::create_dir(&into).unwrap();
    let receipt = ["register", "receipt", "s1@x.example", "--document", "--into", &into];
    desk.sanad(&receipt, &["--register"]).json(0);
    assert_eq!(desk.verify(&format!("{into}/credential.sd-jwt"), 0)["verdict"], "active");
    desk.sanad(&["register", "erase", "s1@x.example", "--yes", "--no-site"], &["--register", "--issuer-dir"])
        .json(0);
    let gone = desk.sanad(&["register", "receipt", "s1@x.example", "--into", &into], &["--register"]);
    assert_eq!(gone.code, 2, "{gone:?}");
}

#[test]
fn files_that_a_learner_lost_come_back_from_the_register() {
    let desk = Desk::new(&PEOPLE[..4]);
    desk.issue(&[]).json(0);
    let credentials = desk.files("credential.json");
    let receipt = |path: &Path| PathBuf::from(format!("{}.receipt.json", path.display()));
    let before: Vec<_> = credentials
        .iter()
        .flat_map(|path| [path.clone(), receipt(path)])
        .map(|path| (fs::read(&path).unwrap(), path))
        .collect();
    // A folder, a credential, a receipt; and one of more rows, so that the roster is not done.
    fs::remove_dir_all(credentials[0].parent().unwrap()).unwrap();
    fs::remove_file(&credentials[1]).unwrap();
    fs::remove_file(receipt(&credentials[2])).unwrap();
    let text = fs::read_to_string(&desk.roster).unwrap();
    fs::write(&desk.roster, text + "UM/2026/00009;Putri;000009;s9@x.example;20/11/2026;3,5;A\n").unwrap();
    let done = desk.issue(&[]).json(0);
    assert_eq!(
        (done["signed"].as_u64(), done["issued"].as_array().map(Vec::len)),
        (Some(1), Some(1)),
        "{done}"
    );
    let notices = done["notices"].to_string();
    assert_eq!(notices.matches("was incomplete: put back from the register").count(), 3, "{notices}");
    for (bytes, path) in &before {
        assert!(&fs::read(path).unwrap() == bytes, "{}", path.display());
    }
    assert_eq!(desk.net.wait_for_equal_heads(5)[0]["log_size"], 5, "nobody has a second one");

    // What is revoked comes back with a word, and has no certificate.
    let (list, cards) = (desk.net.path("void.csv"), desk.net.path("cetak"));
    fs::write(&list, "row,reason\n1,slip\n").unwrap();
    desk.sanad(&["revoke", "--from", &list, "--yes"], &ISSUING).json(0);
    fs::remove_dir_all(desk.net.path("wisuda")).unwrap();
    let done = desk.issue(&["--certificates", &cards]).json(0);
    let notices = done["notices"].to_string();
    assert_eq!(notices.matches("row 1 is revoked, so do not hand it out").count(), 1, "{notices}");
    assert_eq!(notices.matches("row 1 is revoked: no certificate is made").count(), 1, "{notices}");
    assert_eq!((&done["certificates"]["made"], &done["certificates"]["left_out"]), (&4.into(), &1.into()));

    // Files that differ are never overwritten, and all are named at once.
    let changed = |place: usize| {
        let text = String::from_utf8(before[2 * place].0.clone()).unwrap();
        text.replace("\"proofValue\": \"z", "\"proofValue\": \"z2")
    };
    for place in [0, 1] {
        fs::write(&credentials[place], changed(place)).unwrap();
        fs::remove_file(receipt(&credentials[place])).unwrap();
    }
    let refused = desk.issue(&[]);
    assert!(refused.code == 2 && refused.err.contains("2 files are not the credentials"), "{refused:?}");
    for place in [0, 1] {
        assert!(refused.err.contains(credentials[place].to_str().unwrap()), "{refused:?}");
        assert_eq!(fs::read_to_string(&credentials[place]).unwrap(), changed(place));
        fs::remove_file(&credentials[place]).unwrap();
    }
    desk.issue(&[]).json(0);
    for place in [0, 1] {
        assert!(fs::read(&credentials[place]).unwrap() == before[2 * place].0);
    }
}
