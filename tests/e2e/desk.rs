//! What an operator is told: metrics, health, and why a chain stands.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sanad_e2e::{Net, Stop, clock_library, poll, program};
use serde_json::Value;

/// Every name of a metric in a text: in the exposition format, a rule or a dashboard.
fn names(text: &str) -> std::collections::BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_name(c)).filter(|word| {
        ["sanad_", "process_"].iter().any(|prefix| word.starts_with(prefix)) && !word.ends_with('_')
    });
    words.map(str::to_owned).collect()
}

fn configs(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs").join(name)
}

/// Runs `promtool`, where it is installed.
fn promtool(arguments: &[&str], input: &str) {
    let child = Command::new("promtool")
        .args(arguments)
        .current_dir(configs("prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("promtool (Debian's prometheus) is not here: skipped");
        return;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
    // It succeeds in spite of some remarks.
    assert!(arguments[0] != "check" || arguments[1] != "metrics" || said.is_empty(), "{said}");
}

#[test]
fn rules_are_right() {
    promtool(&["check", "rules", "sanad.rules.yml"], "");
    promtool(&["test", "rules", "sanad.rules.test.yml"], "");
    let rules = std::fs::read_to_string(configs("prometheus/sanad.rules.yml")).unwrap();
    let page = std::fs::read_to_string(configs("../docs/operations.md")).unwrap();
    let tests = std::fs::read_to_string(configs("prometheus/sanad.rules.test.yml")).unwrap();
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(page.contains(&format!("### {alert}\n")), "docs/operations.md has no runbook for {alert}");
        let fires = format!("alertname: {alert}\n        exp_alerts:\n          - exp_labels:");
        assert!(tests.contains(&fires), "no test of the rules shows {alert}");
    }
}

#[test]
fn metrics_health_and_what_reads_them_agree() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    poll("readiness", || (net.admin(1, "/readyz")?.0 == 200).then_some(()));
    assert_eq!(net.admin(1, "/livez"), Some((200, "ok\n".to_owned())));
    assert_eq!(net.admin(1, "/other").unwrap().0, 404);
    let folder = net.documents("awards", 3);
    net.sanad(&["issue", &folder, "--issuer-dir", &net.path("net/node-1"), "--node", &net.url(1)]).json(0);
    assert_eq!(net.sanad(&["status", "--node", &net.url(1), "--index", "99"]).code, 2);

    let chain_height = poll("all voting", || {
        let voting = net.metric(1, "sanad_validators_voting")?;
        let connected = (2..=4).all(|node| {
            let member = net.status()[node - 1]["member"].as_str().unwrap().to_owned();
            let label =
                |network| format!("sanad_peer_connected{{member=\"{member}\",network=\"{network}\"}}");
            net.metric(1, &label("consensus")) == Some(1.0) && net.metric(1, &label("batches")) == Some(1.0)
        });
        (voting == 4.0 && connected).then(|| net.metric(1, "sanad_chain_height")).flatten()
    });
    assert!(chain_height >= 2.0);
    assert_eq!(net.metric(1, "sanad_log_entries"), Some(3.0));
    // Most are as of the last look, which was a second ago; a call is counted when its answer is sent.
    for (name, least) in [
        ("sanad_api_calls_total{method=\"sanad.v1.SubmissionService/SubmitBatch\",code=\"OK\"}", 1.0),
        ("sanad_storage_append_seconds_count", 2.0),
        ("sanad_signing_guard_seconds_count", 4.0),
        ("sanad_consensus_log_sync_seconds_count", 4.0),
        ("sanad_own_last_signed_height", 2.0),
    ] {
        poll(name, || net.metric(1, name).filter(|value| *value >= least));
    }
    // A proposal and two votes at most: one sync each, in a round.
    let count = |name| net.metric(1, name).unwrap();
    let syncs = count("sanad_consensus_log_sync_seconds_count");
    let rounds = count("sanad_blocks_total") + count("sanad_rounds_failed_total") + 1.0;
    assert!(syncs <= 3.0 * rounds, "{syncs} syncs in {rounds} rounds");
    assert!(net.metric(1, "process_open_fds") < net.metric(1, "process_max_fds"));
    assert!(net.metric(1, "sanad_disk_free_bytes") > Some(0.0));
    assert!(net.metric(1, "sanad_clock_skew_seconds").is_some_and(|skew| skew.abs() < 2.0));

    // A limit that is hit and a warning, so that their metrics are there.
    let api = net.listen_addresses(1)[0];
    // More than one address may open in a row: `address_connections_burst`.
    (0..600).for_each(|_| drop(std::net::TcpStream::connect(api)));
    net.stop_node(4, Stop::Kill);
    let text = poll("a limit that is hit and a warning", || {
        let (_, text) = net.admin(1, "/metrics")?;
        (text.contains("\nsanad_limits_hit_total{") && text.contains("\nsanad_warning{")).then_some(text)
    });
    promtool(&["check", "metrics"], &text);
    // Not every node has a certificate: life.rs has one that does.
    let known = names(&text);
    let conditional =
        ["sanad_tls_certificate_expiry_timestamp_seconds", "sanad_tls_client_ca_expiry_timestamp_seconds"];
    for file in ["prometheus/sanad.rules.yml", "prometheus/sanad.rules.test.yml", "grafana/sanad.json"] {
        let read = std::fs::read_to_string(configs(file)).unwrap();
        for name in names(&read) {
            assert!(
                known.contains(&name) || conditional.contains(&name.as_str()),
                "{file} reads {name}: {known:?}"
            );
        }
    }
}

fn why(net: &Net, node: usize, code: i32) -> Value {
    net.sanad(&["node", "why", "--node", &net.url(node)]).json(code)
}

/// Connections that begin nothing, stop in the middle, or read no answer.
#[test]
fn strangers_do_not_hold_up_health_and_metrics() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    poll("readiness", || (net.admin(1, "/readyz")?.0 == 200).then_some(()));
    let address = net.admin_address(1);
    let begin = |number: usize| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let said =
            ["", "GET /metrics HTTP/1.1\r\nhost: ", "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n"][number % 3];
        // It may be closed already.
        let _ = stream.write_all(said.repeat(if number % 3 == 2 { 50 } else { 1 }).as_bytes());
        stream
    };
    let _held: Vec<_> = (0..100).map(begin).collect();
    let asked = Instant::now();
    for path in ["/readyz", "/livez", "/metrics"] {
        assert_eq!(net.admin(1, path).unwrap().0, 200, "{path}");
    }
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
}

#[test]
fn a_chain_that_stands_says_who_is_missing() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    poll("a fit node", || {
        let found = net.sanad(&["node", "why", "--node", &net.url(1)]);
        (found.code == 0).then_some(())
    });
    net.sanad(&["node", "status", "--node", &net.url(1)]).json(0);
    let members: Vec<String> =
        net.status().iter().map(|node| node["member"].as_str().unwrap().to_owned()).collect();

    // One is missing: the chain goes on, without a margin.
    net.stop_node(3, Stop::Kill);
    poll("the missing one", || {
        let found = why(&net, 1, 0);
        let warned = found["warnings"].as_array()?.iter().any(|warning| warning["code"] == "no-margin");
        (warned && found["findings"].to_string().contains(&format!("{} is missing", members[2])))
            .then_some(())
    });

    // Two are missing: it stands, and nobody says that it catches up.
    net.stop_node(4, Stop::Kill);
    let found = poll("the stall", || {
        let said = net.sanad(&["node", "why", "--node", &net.url(1)]);
        let found: Value = serde_json::from_str(&said.out).ok()?;
        (found["state"] == "stalled").then_some((said.code, found))
    });
    let (code, found) = found;
    assert_eq!(code, 1);
    assert_eq!((&found["power_present"], &found["power_needed"]), (&2.into(), &3.into()), "{found}");
    assert!(found["summary"].as_str().unwrap().contains("the whole chain stands"), "{found}");
    for member in &members[2..] {
        assert!(found["findings"].to_string().contains(&format!("{member} is missing")), "{found}");
        assert!(found["next"].to_string().contains(member), "{found}");
    }
    let status = net.sanad(&["node", "status", "--node", &net.url(1)]).json(1);
    assert_eq!(status["nodes"][0]["catching_up"], false, "{status}");
    assert_eq!(status["nodes"][0]["diagnosis"]["state"], "stalled", "{status}");
    assert_eq!(net.metric(1, "sanad_chain_state{state=\"stalled\"}"), Some(1.0));
    let (code, reason) = net.admin(1, "/readyz").unwrap();
    assert!(code == 503 && reason.starts_with("stalled"), "{code} {reason}");
    assert_eq!(net.admin(1, "/livez").unwrap().0, 200);
    let (said, log) = poll("the log", || {
        let log = std::fs::read_to_string(net.node_path(1, "node.log")).unwrap();
        let said = log.lines().find(|line| line.contains("the chain stands"))?.to_owned();
        log.contains("is lost; it is tried again").then_some((said, log))
    });
    assert!(said.contains("WARN") && members[2..].iter().all(|member| said.contains(member)), "{said}");
    assert!(!log.contains("peer None"), "{log}");

    // They come back.
    net.start_node(3);
    net.start_node(4);
    poll("a fit node again", || {
        let found = net.sanad(&["node", "why", "--node", &net.url(1)]);
        (found.code == 0).then_some(())
    });
}

/// The engine speaks of "peer None" at `error`, whatever the filter.
#[test]
fn a_node_without_peers_names_them() {
    let net = Net::create(&["--heartbeat-ms", "1000"]);
    let log = net.node_path(1, "alone.log");
    let mut child = program("sanad-node")
        .args(["run", "--log-filter", "info", "--config"])
        .arg(net.node_path(1, "node.toml"))
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let read = || std::fs::read_to_string(&log).unwrap();
    let said = poll("unreachable peers", || {
        let text = read();
        (text.matches("cannot be reached; it is tried again").count() >= 6).then_some(text)
    });
    let alone = poll("a node that is cut off", || {
        let text = read();
        text.contains("connected to no other validator").then_some(text)
    });
    let found = why(&net, 1, 1);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert!(said.contains("univ-bromo.example") && !alone.contains("peer None"), "{alone}");
    assert_eq!(found["state"], "isolated", "{found}");
}

#[test]
fn rounds_that_fail_twice_are_warned_of_with_names() {
    let net = Net::start(&["--nodes", "7", "--heartbeat-ms", "300"]);
    let status: Value = poll("a fit node", || {
        let said = net.sanad(&["node", "status", "--node", &net.url(1)]);
        (said.code == 0).then(|| said.json(0))
    });
    let order: Vec<String> = serde_json::from_value(status["nodes"][0]["validators"].clone()).unwrap();
    let nodes: Vec<(u64, String)> = net
        .status()
        .iter()
        .map(|node| (node["node"].as_u64().unwrap(), node["member"].as_str().unwrap().to_owned()))
        .collect();
    let number = |member: &String| nodes.iter().find(|(_, known)| known == member).unwrap().0 as usize;
    // Two whose turns follow each other, so that both rounds of a height are theirs.
    let pair = order.windows(2).find(|pair| pair.iter().all(|member| number(member) != 1)).unwrap();
    for member in pair {
        net.stop_node(number(member), Stop::Kill);
    }
    let warned = poll("the warning", || {
        let log = std::fs::read_to_string(net.node_path(1, "node.log")).unwrap();
        let found = log.lines().find(|line| line.contains("no block is agreed on"))?.to_owned();
        Some(found)
    });
    assert!(warned.contains("WARN") && pair.iter().all(|member| warned.contains(member)), "{warned}");
    assert!(warned.contains("power=5") && warned.contains("needed=5"), "{warned}");
    poll("the count", || net.metric(1, "sanad_rounds_failed_total").filter(|failed| *failed >= 2.0));
}

/// Every long text in a key file but the public key.
fn sealed(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| !name.contains("public"));
            fields.for_each(|(_, value)| sealed(value, found));
        }
        Value::String(text) if text.len() >= 24 => found.push(text.clone()),
        _ => {}
    }
}

#[test]
fn a_bundle_holds_all_that_helps_and_no_secret() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    let passphrase = std::fs::read_to_string(net.path("net/passphrase")).unwrap().trim().to_owned();
    let config = net.node_path(1, "node.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("# the passphrase is {passphrase}\n{text}")).unwrap();
    // As a careless program would.
    let log = net.path("own.log");
    let lines = format!("opened {} with {passphrase}\nall is well\n", net.path("net/node-1/../passphrase"));
    std::fs::write(&log, lines).unwrap();
    let (dir, out, url) = (net.path("net/node-1"), net.path("bundle.tar.gz"), net.url(1));
    let bundle = ["debug", "bundle", "--node-dir", &dir, "--node", &url, "--log", &log, "--out", &out];
    let said = net.sanad(&bundle).json(0);
    for part in said["parts"].as_array().unwrap() {
        assert!(part["missing"].is_null() && part["bytes"].as_u64() > Some(0), "{part}");
    }
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&out).unwrap());
    assert_eq!(mode & 0o077, 0);
    let unpacked = net.path("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    assert!(Command::new("tar").args(["xzf", &out, "-C", &unpacked]).status().unwrap().success());
    let mut secrets = vec![passphrase, "/passphrase".to_owned(), "keys/consensus.json".to_owned()];
    for key in ["consensus", "network", "issuing"] {
        let text = std::fs::read_to_string(net.node_path(1, &format!("keys/{key}.json"))).unwrap();
        sealed(&serde_json::from_str(&text).unwrap(), &mut secrets);
    }
    assert!(secrets.len() > 6, "{secrets:?}");
    let read = |name: &str| std::fs::read_to_string(format!("{unpacked}/sanad-debug/{name}")).unwrap();
    let readme = read("README.txt");
    for entry in std::fs::read_dir(format!("{unpacked}/sanad-debug")).unwrap() {
        let path = entry.unwrap().path();
        let (name, text) =
            (path.file_name().unwrap().to_str().unwrap(), std::fs::read_to_string(&path).unwrap());
        assert!(name == "README.txt" || readme.contains(name), "the list names {name}");
        for secret in &secrets {
            assert!(!text.contains(secret), "{name} has {secret}: {text}");
        }
    }
    assert!(read("log.txt").contains("all is well"));
    assert!(read("check.jsonl").contains("signed last: height"));
    assert!(read("metrics.txt").contains("sanad_ready 1"));
    assert!(read("node.toml").contains("passphrase_file = \"(removed)\""));
    assert_eq!(net.sanad(&bundle).code, 2, "a file that is there stays");

    net.stop_node(1, Stop::Kill);
    let again = net.path("again.tar.gz");
    let said = net.sanad(&["debug", "bundle", "--node-dir", &dir, "--node", &url, "--out", &again]).json(0);
    let missing = said["parts"].as_array().unwrap().iter().filter(|part| !part["missing"].is_null());
    let missing: Vec<&str> = missing.map(|part| part["name"].as_str().unwrap()).collect();
    assert_eq!(missing, ["status.json", "why.json", "peers.json", "metrics.txt", "readyz.txt"]);
}

/// What `sanad node why` says of a node, and its exit code.
fn answer_to_why(net: &Net, node: usize) -> (i32, Value) {
    let said = net.sanad(&["node", "why", "--node", &net.url(node)]);
    (said.code, serde_json::from_str(&said.out).unwrap_or_default())
}

#[test]
fn a_clock_that_is_an_hour_wrong_is_named() {
    let Some(library) = clock_library() else { return };
    let net = Net::create(&["--heartbeat-ms", "500"]);
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    net.stop_node(3, Stop::Terminate);
    let clock = format!("env LD_PRELOAD={library} FAKETIME=+3600 FAKETIME_DONT_FAKE_MONOTONIC=1");
    net.start_node_by(3, &clock).json(0);
    poll("the word of the one that is wrong", || {
        let (code, said) = answer_to_why(&net, 3);
        let text = said.to_string();
        (code == 1 && text.contains("this node's clock is 60 minutes ahead of")).then_some(())
    });
    // The right ones say once how right they are.
    let text = answer_to_why(&net, 1).1.to_string();
    assert!(text.contains("this node's clock is within") && !text.contains("ahead of"), "{text}");
    assert!(net.metric(3, "sanad_clock_skew_seconds").is_some_and(|skew| (3_590.0..3_610.0).contains(&skew)));
    assert_eq!(net.metric(3, "sanad_warning{code=\"clock-skew\"}"), Some(1.0));
    // The chain goes on with it.
    let height = |node: usize| net.metric(node, "sanad_height").unwrap();
    let before = height(1);
    poll("blocks", || (height(1) > before + 3.0 && height(3) > before + 3.0).then_some(()));
}
