//! What a node takes while it runs: new certificates, limits, addresses; a disk that fills up; and `sanad-node check`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use sanad_api::{Client, ClientOptions};
use sanad_e2e::{Net, poll, program, reserve_ports, until};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// A node started by the test itself. Killed when dropped.
struct Node {
    child: Child,
    log: std::path::PathBuf,
}

impl Node {
    fn start(net: &Net, node: usize, more: &[&str]) -> Self {
        let log = net.node_path(node, "own.log");
        let mut command = program("sanad-node");
        command.arg("run").args(more).arg("--config").arg(net.node_path(node, "node.toml"));
        let child = command.stderr(fs::File::create(&log).unwrap()).stdout(Stdio::null()).spawn().unwrap();
        Self { child, log }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until the log has a text so many times.
    fn says(&self, text: &str, times: usize) -> String {
        poll(text, || Some(self.log()).filter(|log| log.matches(text).count() >= times))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a new certificate for 127.0.0.1 and its key; returns the certificate.
fn certificate(net: &Net) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(net.node_path(1, "tls.pem"), made.cert.pem()).unwrap();
    fs::write(net.node_path(1, "tls.key"), made.key_pair.serialize_pem()).unwrap();
    made.cert.pem().into_bytes()
}

/// What a read over HTTP answers to one who trusts the certificate.
async fn read_over_https(node: SocketAddr, certificate: &[u8]) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(node).await?;
    let name = ServerName::IpAddress(node.ip().into());
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /v1/node HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_brings_new_certificates_and_limits_and_refuses_what_is_wrong() {
    let net = Net::create(&["--nodes", "1", "--heartbeat-ms", "500"]);
    net.edit(1, "[api]\n", "[api]\ntls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\n");
    let first = certificate(&net);
    let node = Node::start(&net, 1, &[]);
    node.says("the node runs", 1);
    let url = net.listen_addresses(1)[0];
    let connect = async |certificate: &[u8]| {
        let ca_certificates_pem = Some(certificate.to_vec());
        let options = ClientOptions { ca_certificates_pem, ..ClientOptions::default() };
        Client::connect(&format!("https://{url}"), &options).await?.node_status().await
    };
    connect(&first).await.unwrap();
    let http = net.http_address(1);
    assert!(read_over_https(http, &first).await.is_err(), "HTTP is in plain text");

    // A new certificate, another limit, more in the log.
    let second = certificate(&net);
    assert!(connect(&second).await.is_err(), "the old one is still in use");
    net.edit(1, "[api]\n", "[pool]\nbytes_max = 1234567\n\n[log]\nfilter = \"debug,libp2p=off\"\n\n[api]\n");
    net.edit(1, "[http]\n", "[http]\ntls = true\n");
    node.signal(Signal::HUP);
    node.says("the configuration is read again", 1);
    // A connection that is opened while the old server makes way for the new one may be cut.
    until("the new server", async || connect(&second).await.is_ok()).await;
    assert!(read_over_https(http, &second).await.unwrap().starts_with("HTTP/1.0 200 OK"));
    assert!(read_over_https(http, &first).await.is_err(), "the old one is gone");
    assert!(connect(&first).await.is_err(), "the old one is gone");
    poll("the new limit", || (net.metric(1, "sanad_pool_limit_bytes") == Some(1_234_567.0)).then_some(()));
    node.says("DEBUG", 1);

    // What is wrong changes nothing, and ends nothing.
    let config = net.node_path(1, "node.toml");
    let right = fs::read_to_string(&config).unwrap();
    let key = fs::read(net.node_path(1, "tls.key")).unwrap();
    fs::write(&config, "nonsense").unwrap();
    node.signal(Signal::HUP);
    let log = node.says("the new configuration is refused, and the old one stays", 1);
    assert!(log.contains("is not right"), "{log}");
    fs::write(&config, &right).unwrap();
    fs::write(net.node_path(1, "tls.key"), "no key").unwrap();
    node.signal(Signal::HUP);
    let log = node.says("the new configuration is refused, and the old one stays", 2);
    assert!(log.contains("the TLS certificate or key cannot be used"), "{log}");
    fs::write(net.node_path(1, "tls.key"), key).unwrap();
    fs::write(&config, right.replace("data_dir = \"data\"", "data_dir = \"other\"")).unwrap();
    node.signal(Signal::HUP);
    node.says("data_dir has changed in the configuration, which takes effect at the next start", 1);
    until("the new server", async || connect(&second).await.is_ok()).await;
    let height = connect(&second).await.unwrap().head.height;
    poll("blocks", || (net.metric(1, "sanad_height")? > height.0 as f64 + 1.0).then_some(()));
    node.signal(Signal::TERM);
    let mut node = node;
    assert!(node.child.wait().unwrap().success());
}

#[test]
fn a_peer_that_moved_is_found_again() {
    let net = Net::create(&["--nodes", "2", "--heartbeat-ms", "500"]);
    let [_, consensus, gossip] = net.listen_addresses(2);
    let [_, consensus_1, gossip_1] = net.listen_addresses(1);
    let ports = reserve_ports(4);
    let at = |port: u16| format!("127.0.0.1:{port}");
    // The second finds the first no more: only the first can dial.
    net.edit(2, &format!("consensus = \"{consensus_1}\""), &format!("consensus = \"{}\"", at(ports[2])));
    net.edit(2, &format!("gossip = \"{gossip_1}\""), &format!("gossip = \"{}\"", at(ports[3])));
    let first = Node::start(&net, 1, &[]);
    let moved = [at(ports[0]), at(ports[1])];
    let _second = Node::start(&net, 2, &["--consensus-listen", &moved[0], "--gossip-listen", &moved[1]]);
    first.says("cannot be reached", 2);
    assert_eq!(net.metric(1, "sanad_height"), Some(0.0));
    net.edit(1, &format!("consensus = \"{consensus}\""), &format!("consensus = \"{}\"", moved[0]));
    net.edit(1, &format!("gossip = \"{gossip}\""), &format!("gossip = \"{}\"", moved[1]));
    first.signal(Signal::HUP);
    first.says("the peer is elsewhere for", 2);
    poll("blocks of both", || (net.metric(1, "sanad_height")? >= 2.0).then_some(()));
    first.says("the peer is connected again", 2);
}

#[test]
fn a_disk_that_is_almost_full_takes_no_batches_and_the_chain_goes_on() {
    let net = Net::create(&["--nodes", "1", "--heartbeat-ms", "500"]);
    net.edit(1, "[api]\n", "[storage]\nfree_bytes_min = 9223372036854775807\n\n[api]\n");
    let node = Node::start(&net, 1, &[]);
    node.says("no batches are taken", 1);
    poll("blocks", || (net.metric(1, "sanad_height")? >= 2.0).then_some(()));
    let url = format!("http://{}", net.listen_addresses(1)[0]);
    let folder = net.documents("awards", 1);
    let issue = ["issue", &folder, "--issuer-dir", &net.path("net/node-1"), "--node", &url];
    let refused = net.sanad(&issue);
    assert!(refused.code != 0 && refused.err.contains("the disk of the node is almost full"), "{refused:?}");
    let why = net.sanad(&["node", "why", "--node", &url]).json(1);
    assert_eq!(
        (&why["state"], &why["warnings"][0]["code"]),
        (&"advancing".into(), &"disk-full".into()),
        "{why}"
    );
    net.edit(1, "9223372036854775807", "0");
    node.signal(Signal::HUP);
    poll("room", || (net.sanad(&["node", "why", "--node", &url]).code == 0).then_some(()));
    let resume = ["issue", "--resume", &folder, "--issuer-dir", &net.path("net/node-1"), "--node", &url];
    net.sanad(&resume).json(0);
    assert_eq!(net.metric(1, "sanad_log_entries"), Some(1.0));
}

#[test]
fn a_check_names_what_is_wrong_by_line() {
    let net = Net::create(&["--nodes", "2"]);
    let check = |more: &[&str]| {
        let said = net.sanad_node(1, &[&["check", "--json"], more].concat());
        let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (said.code, lines)
    };
    let result = |lines: &[Value], subject: &str| {
        let found = lines.iter().filter(|line| line["subject"].as_str().unwrap().starts_with(subject));
        let worst = found.map(|line| line["result"].as_str().unwrap().to_owned());
        worst.max_by_key(|result| ["ok", "warning", "failed"].iter().position(|known| known == result))
    };
    let (code, lines) = check(&[]);
    assert_eq!(code, 0, "{lines:?}");
    for subject in ["config", "genesis", "keys", "ledger", "disk", "api.listen", "admin.listen"] {
        assert_eq!(result(&lines, subject).as_deref(), Some("ok"), "{subject}: {lines:?}");
    }
    assert_eq!(result(&lines, "peer").as_deref(), Some("warning"), "nobody runs: {lines:?}");
    assert_eq!(result(&check(&["--offline"]).1, "peer"), None);
    // Before `init` there is nothing, which is no fault.
    let (data, kept) = (net.node_path(1, "data"), net.node_path(1, "kept"));
    fs::rename(&data, &kept).unwrap();
    fs::create_dir(&data).unwrap();
    let (code, lines) = check(&["--offline"]);
    assert_eq!((code, result(&lines, "ledger").as_deref()), (0, Some("warning")), "{lines:?}");
    // The guard alone: what it knows is said.
    fs::rename(kept.join("consensus"), data.join("consensus")).unwrap();
    let (code, lines) = check(&["--offline"]);
    assert_eq!((code, result(&lines, "ledger").as_deref()), (1, Some("failed")), "{lines:?}");
    assert!(result(&lines, "guard").is_some(), "{lines:?}");
    fs::rename(data.join("consensus"), kept.join("consensus")).unwrap();
    fs::remove_dir(&data).unwrap();
    fs::rename(&kept, &data).unwrap();
    let plain = net.sanad_node(1, &["check", "--offline"]);
    assert!(plain.out.contains("ok       genesis"), "{plain:?}");

    let (guard, aside) = (net.node_path(1, "data/consensus/signing.guard"), net.node_path(1, "aside"));
    fs::rename(&guard, &aside).unwrap();
    let (code, lines) = check(&["--offline"]);
    assert_eq!((code, result(&lines, "ledger").as_deref()), (1, Some("failed")), "{lines:?}");
    fs::rename(&aside, &guard).unwrap();

    let http = net.http_address(1);
    let open = format!("[http]\nlisten = \"0.0.0.0:{}\"", http.port());
    let is_warned = |lines: &[Value]| {
        let http = |line: &&Value| line["text"].as_str().unwrap().starts_with("http.listen is open");
        lines.iter().find(http).map(|line| line["result"] == "warning")
    };
    assert_eq!(is_warned(&check(&["--offline"]).1), None, "on loopback");
    net.edit(1, &format!("[http]\nlisten = \"{http}\""), &open);
    let (code, lines) = check(&["--offline"]);
    assert_eq!((code, is_warned(&lines)), (0, Some(true)), "{lines:?}");
    net.edit(1, "[api]\n", "[api]\ntrusted_proxies = [\"192.0.2.1/32\"]\n");
    let (code, lines) = check(&["--offline"]);
    assert_eq!((code, is_warned(&lines)), (0, None), "a proxy is configured: {lines:?}");

    let [api, consensus, _] = net.listen_addresses(1);
    let _taken = std::net::TcpListener::bind(api).unwrap();
    assert_eq!(result(&check(&["--offline"]).1, "api.listen").as_deref(), Some("warning"));
    net.edit(
        1,
        &format!("[consensus]\nlisten = \"{consensus}\""),
        &format!("[consensus]\nlisten = \"{api}\""),
    );
    let (code, lines) = check(&["--offline"]);
    assert_eq!((code, result(&lines, "config").as_deref()), (1, Some("failed")), "{lines:?}");
    fs::write(net.node_path(1, "node.toml"), "nonsense").unwrap();
    let (code, lines) = check(&[]);
    assert_eq!((code, lines.len(), result(&lines, "config").as_deref()), (1, 1, Some("failed")), "{lines:?}");
}

#[test]
fn a_caller_learns_why_there_is_no_connection_by_tls() {
    let net = Net::create(&["--nodes", "2", "--heartbeat-ms", "500"]);
    net.edit(1, "[api]\n", "[api]\ntls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\n");
    certificate(&net);
    let (first, second) = (Node::start(&net, 1, &[]), Node::start(&net, 2, &[]));
    first.says("the node runs", 1);
    second.says("the node runs", 1);
    let [by_tls, plain] = [1, 2].map(|node| net.listen_addresses(node)[0]);
    let ca = net.node_path(1, "tls.pem").to_str().unwrap().to_owned();
    let commands: [&[&str]; 5] =
        [&["node", "status"], &["node", "why"], &["peer", "list"], &["tail"], &["block", "show", "1"]];
    let says = |command: &[&str], url: &str, words: &[&str]| {
        let said = net.sanad(&[command, &["--node", url]].concat());
        // `node status` asks several nodes, and has the reason in its answer.
        let text = said.out + &said.err;
        assert_eq!(said.code, 2, "{command:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{command:?} {url}: {text}");
        }
    };
    let by_name = format!("https://localhost:{}", by_tls.port());
    for command in commands {
        says(command, &format!("https://{by_tls}"), &["certificate is not accepted", "--ca FILE"]);
        says(command, &format!("http://{by_tls}"), &["speaks TLS", &format!("give it as https://{by_tls}")]);
        says(command, &format!("https://{plain}"), &["without TLS", &format!("give it as http://{plain}")]);
        says(&[command, &["--ca", &ca]].concat(), &by_name, &["not for that name"]);
    }
    net.sanad(&["peer", "list", "--node", &format!("https://{by_tls}"), "--ca", &ca]).json(0);
}

#[test]
fn a_node_with_a_client_ca_lets_in_those_it_vouches_for() {
    let net = Net::create(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let set =
        "[api]\ntls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\ntls_client_ca = \"clients.pem\"\n";
    net.edit(1, "[api]\n", set);
    certificate(&net);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    // Of those two, the first to end counts.
    let later = ca.clone().self_signed(&ca_key).unwrap();
    ca.not_after = (SystemTime::now() + Duration::from_secs(20 * 86_400 + 43_200)).into();
    let ca = ca.self_signed(&ca_key).unwrap();
    fs::write(net.node_path(1, "clients.pem"), later.pem() + &ca.pem()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let client = rcgen::CertificateParams::new(vec!["issuer.test".to_owned()]).unwrap();
    let client = client.signed_by(&key, &ca, &ca_key).unwrap();
    fs::write(net.path("client.pem"), client.pem()).unwrap();
    fs::write(net.path("client.key"), key.serialize_pem()).unwrap();
    let checked = net.sanad_node(1, &["check", "--offline"]);
    assert!(checked.code == 0 && checked.out.contains("only clients"), "{checked:?}");
    assert!(checked.out.contains("an authority of api.tls_client_ca ends in 20 days"), "{checked:?}");
    let node = Node::start(&net, 1, &[]);
    node.says("the node runs", 1);
    let url = format!("https://{}", net.listen_addresses(1)[0]);
    let ca = net.node_path(1, "tls.pem").to_str().unwrap().to_owned();
    let without = net.sanad(&["peer", "list", "--node", &url, "--ca", &ca]);
    assert!(
        // Which of the two depends on whether the alert arrives before the end of the connection.
        without.code == 2 && without.err.contains("--client-cert"),
        "{without:?}"
    );
    let (cert, key) = (net.path("client.pem"), net.path("client.key"));
    let with = ["peer", "list", "--node", &url, "--ca", &ca, "--client-cert", &cert, "--client-key", &key];
    net.sanad(&with).json(0);
    let ends = |name: &str| net.metric(1, name).is_some_and(|ends| ends > 1.7e9);
    poll("the metrics", || {
        (ends("sanad_tls_client_ca_expiry_timestamp_seconds")
            && ends("sanad_tls_certificate_expiry_timestamp_seconds"))
        .then_some(())
    });
    poll("the warning", || {
        (net.metric(1, "sanad_warning{code=\"client-ca-ends\"}") == Some(1.0)).then_some(())
    });
}

#[test]
fn peers_may_be_named_and_are_found_again() {
    let net = Net::create(&["--heartbeat-ms", "500"]);
    for node in 1..=4 {
        let path = net.node_path(node, "node.toml");
        let text = fs::read_to_string(&path).unwrap();
        let (own, peers) = text.split_once("[[peers]]").unwrap();
        let named = peers.replace("\"127.0.0.1:", "\"localhost:");
        assert_ne!(named, peers);
        fs::write(&path, format!("{own}[[peers]]{named}")).unwrap();
    }
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    let connected = || {
        poll("all peers of both networks", || {
            let (_, text) = net.admin(1, "/metrics")?;
            let lines = text.lines().filter(|line| line.starts_with("sanad_peer_connected{"));
            let (yes, no): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.ends_with(" 1.0"));
            (yes.len() == 6 && no.is_empty()).then_some(())
        });
    };
    connected();
    net.stop_node(2, sanad_e2e::Stop::Kill);
    poll("one to be missed", || net.metric(1, "sanad_validators_voting").filter(|voting| *voting < 4.0));
    net.start_node(2);
    connected();
    let checked = net.sanad_node(1, &["check"]);
    assert!(
        checked.out.contains("localhost:") && checked.out.matches(" answers").count() == 6,
        "{checked:?}"
    );
}
