//! What operators meet: directories, ports, configurations and keys that are not right.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use sanad_e2e::{Net, Stop, reserve_ports};

fn refused(net: &Net, node: usize, arguments: &[&str], reason: &str) {
    let said = net.sanad_node(node, arguments);
    assert_ne!(said.code, 0, "{said:?}");
    assert!(said.err.contains(reason), "expected \"{reason}\" in {said:?}");
    assert!(!said.err.contains("panicked"), "{said:?}");
}

#[test]
fn a_node_does_not_start_on_what_is_not_its_own() {
    let net = Net::create(&["--nodes", "2"]);
    let ledger = net.node_path(1, "data/ledger");
    let aside = net.node_path(1, "aside");

    refused(&net, 1, &["init"], "a node has run here");
    std::fs::rename(&ledger, &aside).unwrap();
    refused(&net, 1, &["run"], "sanad-node init");
    std::fs::rename(&aside, &ledger).unwrap();

    let guard = net.node_path(1, "data/consensus/signing.guard");
    std::fs::rename(&guard, &aside).unwrap();
    refused(&net, 1, &["run"], "guard");
    std::fs::rename(&aside, &guard).unwrap();

    let other = Net::create(&["--nodes", "2", "--name", "Another consortium"]);
    let genesis = net.path("net/genesis.json");
    let own = std::fs::read(&genesis).unwrap();
    std::fs::copy(other.path("net/genesis.json"), &genesis).unwrap();
    refused(&net, 1, &["run"], "belongs to chain");
    std::fs::write(&genesis, String::from_utf8(own.clone()).unwrap().replace("Localnet", "Localnot"))
        .unwrap();
    refused(&net, 1, &["run"], "is not signed by every member");
    // Another chain of the same members, whose keys are therefore right.
    let members = [1, 2].map(|node| net.node_path(node, "member.json").to_str().unwrap().to_owned());
    let (draft, out) = (net.path("draft.json"), net.path("other.json"));
    net.sanad(&["genesis", "new", "--heartbeat-ms", "1234", "--out", &draft, &members[0], &members[1]])
        .json(0);
    let signed = [1, 2].map(|node| {
        let dir = net.path(&format!("net/node-{node}"));
        let signed = net.sanad(&["genesis", "sign", &draft, "--member-dir", &dir]).json(0);
        signed["path"].as_str().unwrap().to_owned()
    });
    net.sanad(&["genesis", "complete", &draft, "--out", &out, &signed[0], &signed[1]]).json(0);
    std::fs::copy(&out, &genesis).unwrap();
    refused(&net, 1, &["run"], "chain");
    std::fs::write(&genesis, String::from_utf8(own.clone()).unwrap().replacen('{', "{\"version\":1,", 1))
        .unwrap();
    refused(&net, 1, &["run"], "duplicate key");
    std::fs::write(&genesis, own).unwrap();
    assert_eq!(net.sanad_node(1, &["check"]).code, 0);
}

#[test]
fn mistakes_in_configuration_and_surroundings_are_said() {
    let net = Net::create(&["--nodes", "2"]);
    let path = net.node_path(1, "node.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("colour = \"green\"\n{text}")).unwrap();
    refused(&net, 1, &["run"], "unknown field `colour`");
    std::fs::write(&path, &text).unwrap();

    let passphrase = net.path("net/passphrase");
    let right = std::fs::read(&passphrase).unwrap();
    std::fs::write(&passphrase, "wrong\n").unwrap();
    refused(&net, 1, &["run"], "passphrase");
    std::fs::write(&passphrase, right).unwrap();

    for option in ["--api-listen", "--consensus-listen", "--gossip-listen"] {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        refused(&net, 1, &["run", option, &address], &address);
    }
}

/// What the other tests rest on: nobody gets the ports of a node that is stopped.
#[test]
fn no_port_of_a_test_is_given_twice() {
    let threads: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(|| (0..8).flat_map(|_| reserve_ports(20)).collect::<Vec<u16>>()))
        .collect();
    let mut ports: Vec<u16> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let to_outgoing = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let first: u16 =
        to_outgoing.map_or(32_768, |range| range.split_whitespace().next().unwrap().parse().unwrap());
    assert!(
        ports.iter().all(|port| *port < first),
        "the system gives some to outgoing connections: {ports:?}"
    );
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 4 * 8 * 20);

    // Another program's listener is passed over.
    let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let next = reserve_ports(1)[0] + 1;
    let _taken: Vec<_> = (next..next + 3).map(listen).collect();
    assert!(reserve_ports(20).into_iter().all(|port| listen(port).is_ok()));
}

#[test]
fn two_processes_do_not_share_a_node() {
    let net = Net::start(&["--nodes", "1"]);
    let free = [
        "run",
        "--api-listen",
        "127.0.0.1:0",
        "--consensus-listen",
        "127.0.0.1:0",
        "--gossip-listen",
        "127.0.0.1:0",
    ];
    refused(&net, 1, &free, "in use by another process");
}

#[test]
fn damage_on_disk_is_named_and_not_passed_over() {
    let net = Net::start(&["--nodes", "1"]);
    let folder = net.documents("awards", 40);
    for document in 0..4 {
        let path = format!("{folder}/{document:03}.json");
        net.sanad(&["issue", &path, "--issuer-dir", &net.path("net/node-1"), "--node", &net.url(1)]).json(0);
    }
    net.stop_node(1, Stop::Terminate);
    let data = net.node_path(1, "data").to_str().unwrap().to_owned();
    let sound = net.sanad(&["audit", &data]).json(0);
    assert_eq!(sound["log_size"], 4);
    std::fs::remove_dir_all(net.node_path(1, "data/ledger/columns")).unwrap();
    assert_eq!(net.sanad(&["audit", &data, "--rebuild"]).json(0)["log_root"], sound["log_root"]);
    assert_eq!(net.sanad(&["audit", &data]).json(0)["head_hash"], sound["head_hash"]);
    let segments = net.node_path(1, "data/ledger/segments");
    let segment: PathBuf = segments.read_dir().unwrap().next().unwrap().unwrap().path();
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(segment).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.write_all(&[byte[0] ^ 0x10]).unwrap();
    drop(file);
    let damaged = net.sanad(&["audit", &data]).json(1);
    assert_eq!(damaged["verdict"], "damaged", "{damaged}");
    assert!(damaged["findings"][0]["message"].as_str().unwrap().contains("damaged"), "{damaged}");
    // What is derived is gone, so that every block has to be read.
    for derived in net.node_path(1, "data/ledger").read_dir().unwrap() {
        let path = derived.unwrap().path();
        if path.is_dir() && !path.ends_with("segments") {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    let said = net.sanad_node(1, &["run"]);
    assert_ne!(said.code, 0, "{said:?}");
    assert!(!said.err.contains("panicked"), "{said:?}");
    assert!(said.err.contains("damaged") || said.err.contains("rebuild"), "{said:?}");
}
