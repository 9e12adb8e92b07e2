//! The configuration of a node: what is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_fuzz::config::Config;
use sanad_fuzz::read;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(config) = read(data, |_| Config::parse(text)) else { return };
    let written = toml::to_string(&config).expect("a TOML form");
    let again = Config::parse(&written).expect("its own TOML form");
    assert_eq!(format!("{config:?}"), format!("{again:?}"));
    assert_eq!(config.check().is_ok(), again.check().is_ok());
});
