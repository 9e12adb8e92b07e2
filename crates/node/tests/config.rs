//! Configuration: every file in `configs/` is right, and what is wrong is said.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use sanad_node::config::{Config, ConfigError, LogFormat, Overrides};

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
        heartbeat_ms: Some(77),
        log_format: Some(LogFormat::Json),
        data_dir: Some("/elsewhere".into()),
        ..Overrides::default()
    };
    let config = load(&sample(), &overrides).unwrap();
    assert_eq!(config.consensus.heartbeat_ms, 77);
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
    let zero = wrong(sample().replace("# heartbeat_ms = 10000", "heartbeat_ms = 0"));
    assert!(zero.contains("consensus.heartbeat_ms must not be 0"), "{zero}");
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
