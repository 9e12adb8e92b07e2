//! What `sanad audit` says of a real node's ledger.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use sanad_e2e::disk::copy;
use sanad_e2e::{Net, Stop};

fn segments(ledger: &Path) -> Vec<(PathBuf, u64)> {
    let files = ledger.join("segments").read_dir().unwrap().map(|file| file.unwrap().path());
    files.map(|path| (path.clone(), fs::metadata(path).unwrap().len())).collect()
}

/// SplitMix64: the seed and the number drawn make a random number.
fn random(seed: u64, drawn: u64) -> u64 {
    let mut z = seed.wrapping_add(drawn.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[test]
fn each_of_100_bytes_changed_in_a_stopped_nodes_log_is_found() {
    let net = Net::start(&["--nodes", "2"]);
    let folder = net.documents("awards", 12);
    let issuer = net.path("net/node-1");
    let sanad = |arguments: &[&str]| net.sanad(arguments).json(0);
    let url = net.url(1);
    for document in 0..6 {
        let path = format!("{folder}/{document:03}.json");
        sanad(&["issue", &path, "--issuer-dir", &issuer, "--node", &url]);
    }
    sanad(&["suspend", &format!("{folder}/000.json"), "--issuer-dir", &issuer, "--node", &url]);
    sanad(&["revoke", "--yes", &format!("{folder}/001.json"), "--issuer-dir", &issuer, "--node", &url]);
    net.wait_for_equal_heads(8);
    let data = |node: usize| net.node_path(node, "data").to_str().unwrap().to_owned();
    let running = net.sanad(&["audit", &data(1)]);
    assert!(running.code == 2 && running.err.contains("in use by another process"), "{running:?}");
    net.stop_node(1, Stop::Terminate);
    net.stop_node(2, Stop::Terminate);

    let ledger = PathBuf::from(net.path("copy"));
    copy(&net.node_path(1, "data/ledger"), &ledger);
    let audit = || net.sanad(&["audit", ledger.to_str().unwrap()]);
    let sound = audit().json(0);
    assert_eq!((sound["verdict"].as_str(), sound["log_size"].as_u64()), (Some("sound"), Some(8)));
    assert_eq!(sound["checkpoint"], sound["height"]);

    let seed = std::env::var("SANAD_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(2_026);
    println!("SANAD_SEED={seed}");
    let files = segments(&ledger);
    let all: u64 = files.iter().map(|(_, bytes)| bytes).sum();
    let last = sound["height"].as_u64().unwrap();
    for n in 0..100 {
        let mut place = random(seed, 2 * n) % all;
        let mask = (random(seed, 2 * n + 1) % 255 + 1) as u8;
        let (path, _) = files
            .iter()
            .find(|(_, bytes)| {
                place < *bytes || {
                    place -= bytes;
                    false
                }
            })
            .unwrap();
        let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, place).unwrap();
        file.write_all_at(&[byte[0] ^ mask], place).unwrap();
        let damaged = audit().json(1);
        let first = &damaged["findings"][0];
        assert_eq!(damaged["verdict"], "damaged", "seed {seed}, byte {place}: {damaged}");
        let height = first["height"].as_u64().unwrap();
        assert!((1..=last).contains(&height), "seed {seed}, byte {place}: {damaged}");
        assert_eq!(damaged["height"].as_u64().unwrap() + 1, height, "sound up to the block before");
        assert!(!first["part"].as_str().unwrap().is_empty());
        file.write_all_at(&byte, place).unwrap();
    }
    assert_eq!(audit().json(0)["head_hash"], sound["head_hash"]);

    // Reports.
    let report = net.path("report.json");
    let key = format!("{issuer}/keys/issuing.json");
    let copied = ledger.to_str().unwrap();
    sanad(&["audit", copied, "--report", &report, "--key", &key]);
    let file: serde_json::Value =
        serde_json::from_slice(&fs::read(net.node_path(1, "member.json")).unwrap()).unwrap();
    let member = &file["member"];
    let id = member["id"].as_str().unwrap();
    let verified = sanad(&["audit", "verify-report", &report, "--member", id]);
    assert_eq!(verified["statement"]["head_hash"], sound["head_hash"]);
    assert_eq!(verified["statement"]["verdict"], "sound");
    let public = member["issuing_key"].as_str().unwrap();
    sanad(&["audit", "verify-report", &report, "--key", public]);
    let again = net.sanad(&["audit", copied, "--report", &report, "--key", &key]);
    assert!(again.code == 2 && again.err.contains("never overwritten"), "{again:?}");
    let consensus = format!("{issuer}/keys/consensus.json");
    let other = net.path("other.json");
    assert_eq!(net.sanad(&["audit", copied, "--report", &other, "--key", &consensus]).code, 2);
    let text = fs::read_to_string(&report).unwrap().replace("\"log_size\": 8", "\"log_size\": 9");
    fs::write(&report, text).unwrap();
    let changed = net.sanad(&["audit", "verify-report", &report, "--key", public]).json(1);
    assert_eq!(changed["valid"], false);

    // Comparisons.
    let compared = sanad(&["audit", "compare", &data(1), copied]);
    assert_eq!((&compared["equal_up_to"], &compared["other_certificates"]), (&sound["height"], &0.into()));
    let compared = sanad(&["audit", "compare", &data(1), &data(2)]);
    assert!(compared["equal_up_to"].as_u64().unwrap() + 1 >= last, "{compared}");
    assert_eq!(compared["first_difference"], serde_json::Value::Null);
}
