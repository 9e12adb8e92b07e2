//! Configuration: every file in `configs/` is right, and what is wrong is said.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use sanad_core::ids::MemberId;
use sanad_core::signature::PublicKey;
use sanad_node::config::{
    CONFIG_BYTES_MAX, Config, ConfigError, Consensus, HostPort, Keys, Log, LogFormat, Overrides, Peer,
};

fn sample() -> String {
    std::fs::read_to_string(configs().join("node.toml")).unwrap()
}

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

fn load(text: &str, overrides: &Overrides) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path, overrides)
}

#[test]
fn every_sample_is_right_and_shows_every_default() {
    for entry in configs().read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let plain = Config::parse(&text).unwrap();
        // A line `# field = value` states a default: to set it changes nothing.
        let set = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(name, _)| is_field(name)) => rest.to_owned(),
            _ => line.to_owned(),
        };
        let explicit: Vec<String> = text.lines().filter(|line| !line.contains("tls_")).map(set).collect();
        let explicit = Config::parse(&explicit.join("\n")).unwrap();
        assert_eq!(format!("{plain:?}"), format!("{explicit:?}"), "{}", path.display());
    }
}

fn is_field(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[test]
fn flags_win_over_the_file_and_paths_are_relative_to_it() {
    let overrides = Overrides {
        api_listen: Some("127.0.0.1:77".parse().unwrap()),
        log_format: Some(LogFormat::Json),
        data_dir: Some("/elsewhere".into()),
        ..Overrides::default()
    };
    let config = load(&sample(), &overrides).unwrap();
    assert_eq!(config.api.listen.port(), 77);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.data_dir, Path::new("/elsewhere"));
    assert!(config.genesis.is_absolute());
    assert!(config.genesis.ends_with("genesis.json"));
}

#[test]
fn mistakes_are_named() {
    let wrong = |text: String| load(&text, &Overrides::default()).unwrap_err().to_string();
    let unknown = wrong(sample().replace("[api]", "[api]\nlisten_port = 3"));
    assert!(unknown.contains("unknown field `listen_port`"), "{unknown}");
    assert!(unknown.contains("node.toml"), "{unknown}");
    let broken = wrong(sample().replace("[api]", "[api"));
    assert!(broken.contains("is not right"), "{broken}");
    let missing = wrong(sample().replace("member = \"univ-merapi.example\"\n", ""));
    assert!(missing.contains("missing field `member`"), "{missing}");
    let zero = wrong(sample().replace("# timeout_propose_ms = 1000", "timeout_propose_ms = 0"));
    assert!(zero.contains("consensus.timeout_propose_ms is 0, but must be from 1"), "{zero}");
    let percent = wrong(sample().replace("# address_percent_max = 25", "address_percent_max = 101"));
    assert!(percent.contains("api.address_percent_max is 101, but must be from 1 to 100"), "{percent}");
    let tls = wrong(sample().replace("# tls_certificate", "tls_certificate"));
    assert!(tls.contains("go together"), "{tls}");
    let itself = wrong(sample().replace("univ-bromo", "univ-merapi"));
    assert!(itself.contains("stands twice"), "{itself}");
    let absent = Config::load(Path::new("/nowhere/node.toml"), &Overrides::default());
    assert!(matches!(absent, Err(ConfigError::Read { .. })));
}

#[test]
fn huge_files_are_not_read() {
    let text = format!("{}\n#{}", sample(), "x".repeat(2 << 20));
    assert!(matches!(load(&text, &Overrides::default()), Err(ConfigError::TooLong { .. })));
}

#[test]
fn what_has_no_end_is_not_read() {
    let refused = |path: &Path| Config::load(path, &Overrides::default()).unwrap_err().to_string();
    assert!(refused(Path::new("/dev/zero")).contains("not a regular file"));
    let folder = tempfile::tempdir().unwrap();
    assert!(refused(folder.path()).contains("not a regular file"));
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    assert!(refused(&pipe).contains("not a regular file"));
    let long = folder.path().join("long.toml");
    std::fs::write(&long, vec![b'#'; CONFIG_BYTES_MAX as usize + 1]).unwrap();
    assert!(refused(&long).contains("more than 1048576 bytes"));
}

#[test]
fn a_passphrase_file_that_gives_way_is_said() {
    let overrides = Overrides { passphrase_file: Some("/elsewhere".into()), ..Overrides::default() };
    let config = load(&sample(), &overrides).unwrap();
    assert_eq!(config.keys.passphrase_file.as_deref(), Some(Path::new("/elsewhere")));
    assert_eq!(config.notes.len(), 1);
    assert!(
        config.notes[0].contains("/elsewhere") && config.notes[0].contains("passphrase) is not used"),
        "{:?}",
        config.notes
    );
    assert_eq!(load(&sample(), &Overrides::default()).unwrap().notes.len(), 0);
}

#[test]
fn peers_have_an_address_or_a_name() {
    let name = HostPort::Name("node.example".into(), 26000);
    for (text, expected) in [
        ("192.0.2.1:1", Some(HostPort::Ip("192.0.2.1:1".parse().unwrap()))),
        ("[2001:db8::1]:1", Some(HostPort::Ip("[2001:db8::1]:1".parse().unwrap()))),
        ("Node.Example:26000", Some(name)),
        ("localhost:1", Some(HostPort::Name("localhost".into(), 1))),
        ("node.example", None),
        ("node.example:", None),
        ("node.example:70000", None),
        ("node..example:1", None),
        ("a/b:1", None),
        ("300.0.2.1:1", None),
        ("2001:db8::1:1", None),
        (":1", None),
        ("", None),
    ] {
        assert_eq!(text.parse::<HostPort>().ok(), expected, "{text:?}");
    }
    let long = format!("{}:1", ["a"; 150].join("."));
    assert!(long.parse::<HostPort>().is_err());
}

#[test]
fn settings_that_need_others_are_refused_without_them() {
    let said = |set: &str| {
        let text = sample().replacen("[api]\n", &format!("[api]\n{set}\n"), 1);
        Config::parse(&text).unwrap().check().unwrap_err().to_string()
    };
    assert!(said("tls_client_ca = \"ca.pem\"").contains("needs api.tls_certificate"));
    let http = sample().replacen("[http]\n", "[http]\ntls = true\n", 1);
    assert!(
        Config::parse(&http)
            .unwrap()
            .check()
            .unwrap_err()
            .to_string()
            .contains("http.tls needs api.tls_certificate")
    );
    assert!(said("proxy_protocol = true").contains("names no proxy"));
}

fn file() -> impl Strategy<Value = PathBuf> {
    "[^\\x00]{1,20}".prop_map(PathBuf::from)
}

fn config() -> impl Strategy<Value = Config> {
    let address = || any::<(std::net::IpAddr, u16)>().prop_map(std::net::SocketAddr::from);
    let member = || "[a-z0-9]{1,9}".prop_map(|id| id.parse::<MemberId>().unwrap());
    let peer = (member(), address(), address(), prop::option::of(any::<[u8; 32]>()));
    let peer = peer.prop_map(|(member, consensus, gossip, key)| Peer {
        member,
        consensus: consensus.into(),
        gossip: HostPort::Name("node.example".into(), gossip.port()),
        network_key: key.map(PublicKey),
    });
    let optional = prop::array::uniform4(prop::option::of(file()));
    // TOML has no larger integers.
    let numbers = prop::array::uniform6(0..=i64::MAX as u64);
    let format = prop_oneof![Just(LogFormat::Text), Just(LogFormat::Json)];
    let texts = (prop::array::uniform3(file()), optional, ".{0,30}", format);
    let addresses = prop::array::uniform3(address());
    (member(), texts, addresses, numbers, prop::collection::vec(peer, 0..4)).prop_map(
        |(member, (files, optional, filter, format), [api, consensus, gossip], numbers, peers)| {
            let [genesis, data_dir, network] = files;
            let [consensus_key, passphrase_file, tls_certificate, tls_key] = optional;
            let [timeout_propose_ms, timeout_vote_ms, bytes, batches, age_max_ms, segment_bytes] = numbers;
            // The other fields are those of the sample.
            let mut config = Config::parse(&sample()).unwrap();
            (config.genesis, config.data_dir, config.member) = (genesis, data_dir, member);
            config.keys = Keys { consensus: consensus_key, network, passphrase_file };
            let Config { api: service, storage, pool, .. } = &mut config;
            (service.listen, service.tls_certificate, service.tls_key) = (api, tls_certificate, tls_key);
            service.web_origins = vec![filter.clone()];
            service.connections_max = batches as usize;
            service.connections_per_address_max = bytes as usize;
            (service.idle_timeout_ms, service.stall_timeout_ms) = (age_max_ms, age_max_ms);
            service.calls_max = age_max_ms as usize;
            service.answer_bytes_max = bytes as usize;
            (service.address_percent_max, service.network_percent_max) = (bytes as u8, batches as u8);
            (pool.bytes_max, pool.age_max_ms) = (bytes as usize, age_max_ms);
            (storage.segment_bytes, storage.free_bytes_min) = (segment_bytes, age_max_ms);
            config.admin.listen = (batches % 2 == 0).then_some(gossip);
            config.consensus =
                Consensus { listen: consensus, timeout_propose_ms, timeout_vote_ms, ..config.consensus };
            config.gossip.listen = gossip;
            config.log = Log { format, filter };
            config.peers = peers;
            config
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(config in config(), at: prop::sample::Index) {
        let text = toml::to_string(&config).unwrap();
        let read = Config::parse(&text).unwrap();
        prop_assert_eq!(format!("{read:?}"), format!("{config:?}"));
        prop_assert!(Config::parse(&["unknown = 0\n", &text].concat()).is_err(), "extended");
        // Cut anywhere: an error, or a configuration, but never a panic.
        if let Some(cut) = text.get(..at.index(text.len())) {
            let _ = Config::parse(cut);
        }
    }

    #[test]
    fn no_text_panics(text in "[ -~\n]{0,200}") {
        let _ = Config::parse(&text).map(|config| config.check());
    }
}
