//! The commands of the README, copied word for word: a session by hand; and four universities that make a genesis and
//! run a chain from it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::process::{Child, Command, Stdio};

use sanad_e2e::{poll, programs, reserve_ports};
use serde_json::Value;

/// The shell commands under a heading of the README.
fn commands(heading: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let section = readme.split(&format!("\n## {heading}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    section.split("```").skip(1).step_by(2).map(|block| block.trim_start_matches("sh\n").to_owned()).collect()
}

/// A shell in the folder of the rehearsal, with the programs in its path.
fn shell(folder: &Path, script: &str) -> Command {
    let mut command = Command::new("bash");
    let path = format!("{}:{}", programs().display(), std::env::var("PATH").unwrap());
    command.args(["-uc", script]).current_dir(folder).env("PATH", path).stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SANAD_")) {
        command.env_remove(name);
    }
    command
}

fn run(folder: &Path, script: &str) -> String {
    let output = shell(folder, &format!("set -e\n{script}")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{out}\n{err}");
    out.into_owned()
}

/// Ends the nodes, whatever becomes of the test.
struct Nodes(Vec<Child>);

impl Drop for Nodes {
    fn drop(&mut self) {
        for node in &mut self.0 {
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

#[test]
fn the_readmes_commands_make_a_chain_of_four_universities() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    std::fs::create_dir(at.join("configs")).unwrap();
    std::fs::copy(configs.join("node.toml"), at.join("configs/node.toml")).unwrap();
    let [ceremony, configure, start] = &commands("Run a node")[..] else {
        panic!("three blocks of commands")
    };
    run(at, ceremony);
    let rehearsal = at.join("rehearsal");
    let drafted = shell(&rehearsal, "sanad --json genesis show draft.json").output().unwrap().stdout;
    let drafted: Value = serde_json::from_slice(&drafted).unwrap();
    assert_eq!(drafted["complete"], false);
    let shown: Value =
        serde_json::from_str(&run(&rehearsal, "sanad --json genesis show genesis.json")).unwrap();
    assert_eq!((&shown["complete"], &shown["validators"]), (&true.into(), &4.into()));
    assert_eq!(shown["chain_id"], drafted["chain_id"]);

    // The ports of the README may be taken here.
    let ports = reserve_ports(20);
    let mut configure = configure.clone();
    let places = ["5006", "2600", "2700", "947", "808"]
        .iter()
        .flat_map(|base| (1..=4).map(move |n| format!("{base}{n}")));
    for (place, port) in places.zip(&ports) {
        assert!(configure.contains(&place), "{place}");
        configure = configure.replace(&place, &port.to_string());
    }
    run(&rehearsal, &configure);
    let config = |name: &str| rehearsal.join(name).join("node.toml");

    // A draft that not all have signed starts no chain.
    let text = std::fs::read_to_string(config("merapi")).unwrap();
    std::fs::write(config("merapi"), text.replace("genesis.json", "draft.json")).unwrap();
    let refused = shell(&rehearsal, "sanad-node init --config merapi/node.toml").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("sign"), "{said}");
    assert!(!rehearsal.join("merapi/data/ledger").exists());
    std::fs::write(config("merapi"), text).unwrap();

    let [init, run_node] =
        start.lines().filter(|line| line.starts_with("sanad-node")).collect::<Vec<_>>()[..]
    else {
        panic!("init, then run: {start}")
    };
    let mut nodes = Nodes(Vec::new());
    for name in ["merapi", "bromo", "semeru", "kelimutu"] {
        let passphrase = "export SANAD_PASSPHRASE_FILE=passphrase\n";
        run(&rehearsal, &format!("{passphrase}{}", init.replace("merapi", name)));
        let command = format!("{passphrase}exec {}", run_node.replace("merapi", name));
        let log = std::fs::File::create(rehearsal.join(format!("{name}.log"))).unwrap();
        let child = shell(&rehearsal, &command).stdout(log.try_clone().unwrap()).stderr(log).spawn();
        nodes.0.push(child.unwrap());
    }
    let status = |port: &u16| {
        let asked = format!("sanad --json node status --node http://127.0.0.1:{port}");
        serde_json::from_slice::<Value>(&shell(&rehearsal, &asked).output().unwrap().stdout).ok()
    };
    poll("blocks at all four nodes", || {
        let heights = ports[..4].iter().map(|port| status(port)?["nodes"][0]["height"].as_u64());
        heights.collect::<Option<Vec<u64>>>().filter(|heights| heights.iter().all(|height| *height >= 1))
    });
    // It is a chain like any other.
    std::fs::write(rehearsal.join("award.json"), "{\"award\": 1}").unwrap();
    let node = ports[1];
    let issue = format!(
        "export SANAD_PASSPHRASE_FILE=passphrase
         sanad issue award.json --issuer-dir merapi --genesis genesis.json --node http://127.0.0.1:{node}
         sanad verify award.json --genesis genesis.json"
    );
    assert!(run(&rehearsal, &issue).contains("award.json: active as of "));
}

/// A localnet of the session, stopped whatever becomes of the test.
struct Session<'a>(&'a Path);

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let _ = shell(self.0, "sanad localnet stop net --kill").output();
    }
}

#[test]
fn the_readmes_session_by_hand_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::create_dir(at.join("tests")).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("credentials");
    std::os::unix::fs::symlink(samples, at.join("tests/credentials")).unwrap();
    let session = &commands("Try it by hand")[0];
    let session: Vec<&str> = session.lines().filter(|line| !line.starts_with("cargo install")).collect();
    assert!(session.len() > 20, "{session:?}");
    // Only what was revoked is not so.
    let script = format!("trap 'echo \"exit code $?: $BASH_COMMAND\"' ERR\n{}", session.join("\n"));
    let _running = Session(at);
    let output = shell(at, &script).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let refused: Vec<&str> = out.lines().filter(|line| line.starts_with("exit code")).collect();
    let status = "exit code 1: sanad status awards/game-developer.json";
    assert_eq!(refused, [status.to_owned(), format!("{status} --export public")], "{out}\n{err}");
    for said in [
        "awards/game-developer.json: active as of ",
        "paper.png: active as of ",
        "document not seen",
        "awards/game-developer.json: revoked as of ",
        "the trust file of block",
        "proved: the older log begins the newer one",
        "proved: these are all events of the issuer",
        "active: 5; active, confirmed: 0; suspended: 0; disputed: 0; revoked: 1",
    ] {
        assert!(out.contains(said), "{said} is not in\n{out}\n{err}");
    }
}
