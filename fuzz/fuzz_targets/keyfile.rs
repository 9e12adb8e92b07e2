//! A key file: what it says of itself is what opening it gives, and only its passphrase opens it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::keyfile::{KdfParameters, KeyFileError, open, peek, seal};
use sanad_fuzz::read;
use serde_json::Value;

/// That of the samples.
const PASSPHRASE: &[u8] = b"passphrase";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(shown) = read(data, |_| peek(text)) else { return };
    // What Argon2id costs is bounded, and too much for this.
    let Some(kdf) = cheap(text) else { return };
    match open(text, PASSPHRASE) {
        Ok(key) => {
            assert_eq!((&key.purpose, key.public), (&shown.purpose, shown.public));
            let sealed = seal(&key.secret, PASSPHRASE, &key.purpose, kdf, [1; 16], [2; 24]).expect("sealed");
            assert_eq!(peek(&sealed), Ok(shown));
            assert!(matches!(open(&sealed, b"another"), Err(KeyFileError::WrongPassphraseOrDamaged)));
        }
        Err(error) => assert_eq!(error, KeyFileError::WrongPassphraseOrDamaged),
    }
});

fn cheap(text: &str) -> Option<KdfParameters> {
    let file: Value = serde_json::from_str(text).ok()?;
    let cost = |field: &str| u32::try_from(file["kdf"][field].as_u64()?).ok();
    let (memory_kib, iterations, lanes) = (cost("memory_kib")?, cost("iterations")?, cost("lanes")?);
    (memory_kib <= 32 && iterations <= 2).then_some(KdfParameters { memory_kib, iterations, lanes })
}
