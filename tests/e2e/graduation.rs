//! A whole graduation in one command, killed at random: every learner ends with one credential, one entry, one certificate.
//!
//! `SANAD_LEARNERS` and `SANAD_KILLS` make it larger: `scripts/graduation.sh`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "figures and seeds are said; helpers of tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sanad_e2e::rosters::prepare;
use sanad_e2e::{Net, program};
use serde_json::Value;

/// How long one run may take to get somewhere.
const RUN_TIME_MAX: Duration = Duration::from_secs(3600);

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn folders(folder: &str) -> Vec<PathBuf> {
    let entries = Path::new(folder).read_dir().into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

/// Credentials signed, receipts and certificates: how far a run is.
fn done(out: &str, certificates: &str) -> usize {
    let signed = folders(out);
    let receipts =
        signed.iter().filter(|folder| folder.join("credential.json.receipt.json").exists()).count();
    signed.len() + receipts + folders(certificates).len()
}

#[test]
fn killed_at_random_everybody_has_one_credential_one_entry_and_one_certificate() {
    let (learners, kills) = (number("SANAD_LEARNERS", 60), number("SANAD_KILLS", 3));
    let seed = number("SANAD_SEED", std::process::id() as usize);
    println!("{learners} learners, {kills} kills, seed {seed}");
    let mut random = StdRng::seed_from_u64(seed as u64);
    let net = Net::start(&["--nodes", "4"]);
    let names: Vec<String> = (0..learners).map(|number| format!("Peserta {number} Nusantara")).collect();
    let roster = prepare(&net, &names);
    let (out, certificates, site) = (net.path("wisuda"), net.path("cetak"), net.path("public"));
    let (issuer, register) = (net.path("net/node-1"), net.path("register.db"));
    let (passphrase, url) = (net.path("net/passphrase"), net.url(2));
    net.sanad(&[
        "register",
        "create",
        &register,
        "--issuer-dir",
        &issuer,
        "--register-passphrase-file",
        &passphrase,
    ])
    .json(0);
    fs::create_dir(&site).unwrap();
    let batch = (learners / 6).clamp(1, 1000).to_string();
    let arguments = [
        "issue",
        "roster",
        &roster,
        "--issuer-dir",
        &issuer,
        "--node",
        &url,
        "--register",
        &register,
        "--register-passphrase-file",
        &passphrase,
        "--status-lists",
        "--certificates",
        &certificates,
        "--zip",
        "--site",
        "https://univ-merapi.example",
        "--site-dir",
        &site,
        "--batch-size",
        &batch,
    ];
    let start = || -> Child {
        let mut sanad = program("sanad");
        sanad.args(arguments).env("SANAD_GENESIS", net.path("net/genesis.json"));
        sanad.env("SANAD_PASSPHRASE_FILE", &passphrase);
        sanad.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let began = Instant::now();
    let mut points: Vec<usize> = (0..kills).map(|_| random.random_range(0..3 * learners)).collect();
    points.sort_unstable();
    for point in points {
        let (mut run, started) = (start(), Instant::now());
        // Often enough to hit a moment, seldom enough to leave the cores to the run.
        let pause = Duration::from_millis(if learners > 1000 { 500 } else { 5 });
        while done(&out, &certificates) < point {
            assert!(started.elapsed() < RUN_TIME_MAX, "a run got nowhere");
            if let Some(status) = run.try_wait().unwrap() {
                panic!("a run ended with {status} before it was killed");
            }
            std::thread::sleep(pause);
        }
        run.kill().unwrap();
        run.wait().unwrap();
        println!("{:7.1} s: killed at {point} of {}", began.elapsed().as_secs_f64(), 3 * learners);
    }
    // A kill in the midst of writing leaves such files; some of the kills may have.
    let boxes = Path::new(&site).join("boxes");
    for folder in [boxes.as_path(), Path::new(&certificates)] {
        fs::create_dir_all(folder).unwrap();
    }
    let mut half_written = vec![boxes.clone(), certificates.clone().into()];
    half_written.extend(folders(&certificates).into_iter().next());
    half_written.iter_mut().for_each(|folder| folder.push(".sanad-0123456789ab.tmp"));
    half_written.iter().for_each(|file| fs::write(file, "half").unwrap());
    let last = net.sanad(&arguments).json(0);
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{seconds:7.1} s: {learners} learners signed, entered and printed, {:.0} a second",
        learners as f64 / seconds
    );
    assert_eq!(last["credentials"].as_u64(), Some(learners as u64));
    let printed = &last["certificates"];
    assert_eq!(printed["made"].as_u64().unwrap() + printed["already"].as_u64().unwrap(), learners as u64);

    // One entry each, and no more.
    let heads = net.wait_for_equal_heads(learners as u64);
    assert_eq!(heads[0]["log_size"].as_u64(), Some(learners as u64));
    let learners_folders = folders(&out);
    assert_eq!(learners_folders.len(), learners);
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for folder in &learners_folders {
        let credential: Value =
            serde_json::from_slice(&fs::read(folder.join("credential.json")).unwrap()).unwrap();
        ids.insert(credential["id"].as_str().unwrap().to_owned());
        places.insert(credential["credentialStatus"][0]["statusListIndex"].as_str().unwrap().to_owned());
        let name = folder.file_name().unwrap().to_str().unwrap();
        let printed = Path::new(&certificates).join(name).join(format!("{name}.pdf"));
        assert!(fs::read(printed).unwrap().starts_with(b"%PDF"), "{name}");
        assert!(Path::new(&certificates).join(format!("{name}.zip")).is_file(), "{name}");
    }
    assert_eq!((ids.len(), places.len()), (learners, learners));
    assert_eq!(boxes.read_dir().unwrap().count(), learners);
    half_written.iter().for_each(|file| assert!(!file.exists(), "{}", file.display()));
    let listed = ["register", "list", "--register", &register, "--register-passphrase-file", &passphrase];
    let listed = net.sanad(&listed).json(0);
    let rows = listed["credentials"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["progress"] == "issued"));
    let entries: BTreeSet<u64> = rows.iter().map(|row| row["log_index"].as_u64().unwrap()).collect();
    assert_eq!((rows.len(), entries.len()), (learners, learners));

    let name = learners_folders[0].file_name().unwrap().to_str().unwrap();
    let pdf = Path::new(&certificates).join(name).join(format!("{name}.pdf"));
    let verified = net.sanad(&["verify", pdf.to_str().unwrap()]).json(0);
    assert_eq!(verified["verdict"], "active");

    // A box that the issuer deleted stays deleted, whatever is run again.
    let first = boxes.read_dir().unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&first).unwrap();
    let again = net.sanad(&arguments).json(0);
    assert_eq!((again["signed"].as_u64(), again["certificates"]["made"].as_u64()), (Some(0), Some(0)));
    assert!(!first.exists());
    assert_eq!(net.status()[0]["log_size"].as_u64(), Some(learners as u64));
}
