//! The examples of `docs/clients` against a real network: they check what it answers, and follow it when its validators change.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use sanad_core::member::KeyPurpose;
use sanad_core::signature::SecretKey;
use sanad_e2e::members::later_guards;
use sanad_e2e::{DEADLINE, Net, poll};

/// An example: how it is run, and how it is told for how many blocks to wait.
struct Example {
    command: [&'static str; 2],
    blocks: &'static [&'static str],
}

impl Example {
    /// The example, asked about an entry.
    fn about(&self, net: &Net, genesis: &str, index: u64, blocks: u32) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/clients");
        let mut command = Command::new(self.command[0]);
        command.arg(folder.join(self.command[1])).args([&net.url(3), genesis, &index.to_string()]);
        command.args(self.blocks).arg(blocks.to_string());
        command
    }
}

/// The examples whose packages are installed. Where `SANAD_INDEPENDENT` or `SANAD_NPM` is set, all of Python's or of
/// JavaScript's have to be.
fn examples() -> Vec<Example> {
    let python = Example { command: ["python3", "python/example.py"], blocks: &["--blocks"] };
    let imports = Command::new("python3").args(["-c", "import blake3, cryptography, grpc_tools"]).output();
    let javascript = Example { command: ["node", "javascript/example.js"], blocks: &[] };
    let packages =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/clients/javascript/node_modules/@grpc");
    let wanted = [
        (imports.is_ok_and(|output| output.status.success()), "SANAD_INDEPENDENT", python),
        (packages.is_dir(), "SANAD_NPM", javascript),
    ];
    let mut found = Vec::new();
    for (installed, variable, example) in wanted {
        if installed {
            found.push(example);
            continue;
        }
        let lacking = format!("the packages of docs/clients/{} are not installed", example.command[1]);
        assert!(std::env::var_os(variable).is_none(), "{lacking}, but {variable} is set");
        eprintln!("{lacking}: skipped");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_check_every_answer_and_follow_a_change_of_validators() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    let (folder, issuer) = (net.documents("awards", 3), net.path("net/node-1"));
    let by_issuer = ["--issuer-dir", &issuer, "--node", &net.url(1)];
    net.sanad(&[&["issue", &folder][..], &by_issuer].concat()).json(0);
    let badge = format!("{folder}/000.json");
    net.sanad(&[&["revoke", &badge, "--yes"][..], &by_issuer].concat()).json(0);
    // An issuer shuffles what it enters.
    let revoked =
        net.sanad(&["status", &badge, "--node", &net.url(1)]).json(1)["log_index"].as_u64().unwrap();
    let active = (revoked + 1) % 3;
    net.wait_for_equal_heads(4);
    let genesis = net.path("net/genesis.json");
    let other = net.path("other.json");
    let renamed = std::fs::read_to_string(&genesis).unwrap().replacen("Konsorsium", "Consortium", 1);
    std::fs::write(&other, renamed).unwrap();

    let examples = examples();
    for example in &examples {
        let run = |genesis: &str, index| {
            let output = example.about(&net, genesis, index, 1).output().unwrap();
            let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            (output.status.code(), text)
        };
        for (index, status) in [(revoked, "revoked"), (active, "active")] {
            let (code, text) = run(&genesis, index);
            assert_eq!(code, Some(0), "{text}");
            for line in [
                &*format!("entry {index} by univ-merapi.example is {status} as of block"),
                "univ-merapi.example is Universitas Merapi, active",
                "3 has tag 1 and is by univ-merapi.example",
                "status: refused, the state is not that of the header",
                "entry: refused, the entry is not in the log",
                "signature: refused, a signature is wrong",
                "quorum: refused, the signatures are fewer than a quorum",
                "name: refused, the state is not that of the header",
                "0 batches, log of 4, signed by 3 validators",
            ] {
                assert!(text.contains(line), "{line} is not in {text}");
            }
        }
        for (genesis, index, code, reason) in [
            (&other, active, 1, "the node is of another chain than the genesis"),
            (&genesis, 3, 1, "the entry issues no credential"),
            (&genesis, 99, 2, "no answer"),
        ] {
            let (found, text) = run(genesis, index);
            assert!(found == Some(code) && text.contains(reason), "{reason}, {code}: {found:?} {text}");
        }
    }
    for example in &examples {
        // While it follows the chain, a validator replaces its key: another set signs.
        let mut following = example.about(&net, &genesis, active, 100_000);
        let mut following = following.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(following.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut heights = lines
            .by_ref()
            .filter_map(|line| line.strip_prefix("block ")?.split(':').next()?.trim().parse().ok());
        let first: u64 = heights.next().expect("it follows");
        let client = net.client(1).await;
        let before = client.head().await.unwrap().header.validators_hash;
        let guards = later_guards(&net, 2).len();
        let seed = blake3::derive_key("sanad e2e later key", example.command[0].as_bytes());
        let key = SecretKey::from_seed(&seed);
        net.write_key(2, &format!("consensus-{}", example.command[0]), "consensus", &key);
        net.governor(2).rotate(&client, KeyPurpose::Consensus, &key).await;
        let started = Instant::now();
        let changed: u64 = loop {
            let head = client.head().await.unwrap().header;
            if head.validators_hash != before {
                break head.height.0;
            }
            assert!(started.elapsed() < DEADLINE, "the set changes");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        let last = heights.find(|height| *height > changed);
        following.kill().unwrap();
        following.wait().unwrap();
        assert!(last.is_some_and(|last| last > first), "it goes on under the next validators: {last:?}");
        poll("the guard of the new key", || (later_guards(&net, 2).len() > guards).then_some(()));
    }
}
