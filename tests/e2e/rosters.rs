//! Rosters of learners, with a template that `sanad issue init` proposed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{DEADLINE, Net};

/// People as rosters have them.
pub const NAMES: [&str; 12] = [
    "Siti Nur'aini",
    "Suharto",
    "عبد الرحمن",
    "Prof. Dr. Raden Mas Haryo Wicaksono Kusumaningrat, S.T., M.Sc., Ph.D., IPU, ASEAN Eng.",
    "I Gusti Ayu Ketut Rai",
    "D\u{2019}Souza Maria",
    "Ni Luh-Putu",
    "Ahmad bin Abdullah",
    "Ucok Simanjuntak",
    "Yohanes Müller",
    "Putri",
    "Li Wei (李伟)",
];

/// A roster, as a registrar exports it.
pub fn roster(names: &[impl AsRef<str>]) -> String {
    let mut text = "Nomor Sertifikat;Nama Lengkap;NIM;E-mail;Tanggal Lulus;SKS;Nilai\n".to_owned();
    for (number, name) in names.iter().map(AsRef::as_ref).enumerate() {
        text +=
            &format!("UM/2026/{number:05};\"{name}\";00{number:04};s{number}@x.example;20/11/2026;3,5;A\n");
    }
    text
}

/// Lets `sanad issue init` propose a template for a roster, and writes what it leaves to people.
pub fn prepare(net: &Net, names: &[impl AsRef<str>]) -> String {
    let path = net.path("wisuda.csv");
    fs::write(&path, roster(names)).unwrap();
    let issuer = net.path("net/node-1");
    let proposed = net.sanad(&["issue", "init", &path, "--issuer-dir", &issuer]).json(0);
    let template = proposed["template"].as_str().unwrap();
    let mut credential: Value = serde_json::from_slice(&fs::read(template).unwrap()).unwrap();
    let said = net.sanad(&["issue", "roster", &path, "--dry-run"]);
    assert!(said.err.contains("is yet to be written") && said.code == 2, "{said:?}");
    credential["name"] = json!("Analisis Data Dasar");
    let achievement = &mut credential["credentialSubject"]["achievement"];
    achievement["id"] = json!("https://univ-merapi.example/achievements/data-analysis");
    achievement["name"] = json!("Analisis Data Dasar");
    achievement["description"] = json!("Statistik, SQL dan visualisasi.");
    achievement["criteria"] = json!({"narrative": "Lulus ujian akhir."});
    achievement["alignment"] = json!([
        {"type": ["Alignment"], "targetName": "KKNI jenjang 6", "targetFramework": "KKNI", "targetCode": "KKNI-6",
            "targetUrl": "https://kkni.example/6"},
        {"type": ["Alignment"], "targetName": "Unit J.62DMI00.005.1", "targetFramework": "SKKNI",
            "targetCode": "J.62DMI00.005.1", "targetUrl": "https://skkni.example/J.62DMI00.005.1"},
        {"type": ["Alignment"], "targetName": "analyse data", "targetFramework": "ESCO",
            "targetUrl": "http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f"},
    ]);
    fs::write(template, credential.to_string()).unwrap();
    path
}

/// `tests/interop/vc/check.mjs`; none, and a word, where its packages are not installed. Where `SANAD_NPM` is set, that is a
/// failure.
pub fn outside_verifier() -> Option<PathBuf> {
    npm("vc", "@digitalbazaar/vc")
}

/// `tests/interop/sd-jwt/check.mjs`, likewise.
pub fn outside_sd_jwt_reader() -> Option<PathBuf> {
    npm("sd-jwt", "@sd-jwt/sd-jwt-vc")
}

/// Runs a command, and kills it as soon as something is there: in the middle of its work, or, on a bad day, after its end.
pub fn killed_once(mut command: Command, is_there: impl Fn() -> bool) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !is_there() {
        assert!(started.elapsed() < DEADLINE, "waited in vain for what is to be killed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn npm(folder: &str, package: &str) -> Option<PathBuf> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(folder);
    if at.join("node_modules").join(package).is_dir() {
        return Some(at.join("check.mjs"));
    }
    let lacking = format!("the packages of tests/interop/{folder} are not installed (npm ci)");
    assert!(std::env::var_os("SANAD_NPM").is_none(), "{lacking}, but SANAD_NPM is set");
    eprintln!("{lacking}: skipped");
    None
}

/// A program of `tests/interop/python`, to be run with its arguments; none, and a word, where its packages are not installed. Where
/// `SANAD_PYTHON` names the Python that has them, that is a failure.
pub fn python(program: &str) -> Option<Command> {
    let named = std::env::var_os("SANAD_PYTHON");
    let python = named.clone().unwrap_or_else(|| "python3".into());
    let has =
        Command::new(&python).args(["-c", "import openbadgeslib, openvc, pyld, zxingcpp, PIL"]).output();
    if !has.is_ok_and(|said| said.status.success()) {
        let lacking =
            "the packages of tests/interop/python are not installed (pip install -r requirements.txt)";
        assert!(named.is_none(), "{lacking}, but SANAD_PYTHON is set");
        eprintln!("{lacking}: skipped");
        return None;
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/python").join(program));
    Some(command)
}
