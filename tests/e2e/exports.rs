//! A static export of a real ledger: from running nodes, from a stopped one, and read when none runs.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_e2e::{Net, Stop};

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(folder)];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                    found.push((name, std::fs::read(path).unwrap()));
                }
            }
        }
    }
    found.sort();
    found
}

#[test]
fn an_export_outlives_its_network() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let folder = net.documents("awards", 30);
    let issuer = net.path("net/node-1");
    net.sanad(&["issue", &folder, "--issuer-dir", &issuer, "--node", &net.url(1)]).json(0);
    net.wait_for_equal_heads(30);
    let key = net.path("checkpoint.json");
    net.sanad(&["key", "new", "--purpose", "checkpoint", "--out", &key]).json(0);
    let (grown, stopped) = (net.path("grown"), net.path("stopped"));
    let export = |more: &[&str]| net.sanad(&[&["export", "--key", &key][..], more].concat());
    let running = export(&[&grown, "--node", &net.url(2)]).json(0);
    assert_eq!(running["log_size"], 30);

    let document = format!("{folder}/007.json");
    net.sanad(&["revoke", "--yes", &document, "--issuer-dir", &issuer, "--node", &net.url(3)]).json(0);
    net.wait_for_equal_heads(31);
    (1..=4).for_each(|node| net.stop_node(node, Stop::Terminate));
    let data = net.node_path(4, "data").to_str().unwrap().to_owned();
    let second = export(&[&grown, "--data", &data]).json(0);
    assert_eq!((&second["log_size"], &second["entries_added"]), (&31.into(), &1.into()));
    let once = export(&[&stopped, "--data", &data]).json(0);
    assert_eq!(once["head_hash"], second["head_hash"]);
    let grown_files = files(&grown);
    // But for certificates and what holds them: nodes have different signatures of one block.
    let signed =
        |name: &str| ["block/", "head", "manifest/", "trust/"].iter().any(|kind| name.starts_with(kind));
    for file in files(&stopped).into_iter().filter(|(name, _)| !signed(name)) {
        assert!(grown_files.contains(&file), "{}", file.0);
    }
    let again = export(&[&grown, "--data", &data]).json(0);
    assert_eq!((&again["blocks_added"], &again["files_written"]), (&0.into(), &0.into()));

    for folder in [&grown, &stopped] {
        let revoked = net.sanad(&["status", &document, "--export", folder]).json(1);
        assert_eq!(revoked["verdict"], "revoked");
    }
    let other = format!("{folder}/008.json");
    assert_eq!(net.sanad(&["status", &other, "--export", &grown]).json(0)["verdict"], "active");
    let online = net.sanad(&["verify", &document, "--online", "--export", &grown]).json(1);
    assert_eq!(online["verdict"], "revoked");
    let behind = export(&[&grown, "--data", &net.path("net/genesis.json")]);
    assert!(behind.code == 2 && behind.err.contains("holds neither the ledger of a node"), "{behind:?}");
}
