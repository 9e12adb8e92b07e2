//! Every way a key file is refused.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use sanad_core::keyfile::{
    KDF_MEMORY_KIB_MAX, KEY_FILE_BYTES_MAX, KdfParameters, KeyFileError, KeyFileField, KeyFileLimit,
    PASSPHRASE_BYTES_MAX, PURPOSE_BYTES_MAX, open, peek, seal,
};
use serde_json::{Value, json};

const SECRET: [u8; 32] = [0x5a; 32];
const PASSPHRASE: &[u8] = b"passphrase";
const CHEAP: KdfParameters = KdfParameters { memory_kib: 8, iterations: 1, lanes: 1 };

fn sealed() -> String {
    seal(&SECRET, PASSPHRASE, "issuing", CHEAP, [1; 16], [2; 24]).expect("sealed")
}

/// The sealed file with `value` at the JSON pointer `pointer`.
fn with(pointer: &str, value: Value) -> String {
    let mut file: Value = serde_json::from_str(&sealed()).expect("JSON");
    *file.pointer_mut(pointer).expect("a field") = value;
    file.to_string()
}

fn refusal(text: &str) -> KeyFileError {
    open(text, PASSPHRASE).map(|_| ()).expect_err("refused")
}

#[test]
fn wrong_passphrase() {
    for passphrase in [&b"passphrasf"[..], b"passphrase ", b"p"] {
        let error = open(&sealed(), passphrase).map(|_| ()).expect_err("refused");
        assert_eq!(error, KeyFileError::WrongPassphraseOrDamaged);
    }
}

#[test]
fn every_field_is_authenticated() {
    let other_public = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
    for (pointer, value) in [
        ("/purpose", json!("consensus")),
        ("/public_key", json!(hex::encode(other_public))),
        ("/kdf/memory_kib", json!(9)),
        ("/kdf/iterations", json!(2)),
        ("/kdf/salt", json!("00".repeat(16))),
        ("/cipher/nonce", json!("00".repeat(24))),
        ("/cipher/ciphertext", json!("00".repeat(32))),
        ("/cipher/tag", json!("00".repeat(16))),
    ] {
        let altered = with(pointer, value);
        assert!(peek(&altered).is_ok());
        assert_eq!(refusal(&altered), KeyFileError::WrongPassphraseOrDamaged, "{pointer}");
    }
}

#[test]
fn unsupported_format_comes_before_anything_else_of_the_file() {
    let other = |found: &str| KeyFileError::UnsupportedFormat { found: found.to_owned() };
    assert_eq!(refusal(&with("/format", json!("sanad-key/v2"))), other("sanad-key/v2"));
    let later = r#"{"format":"sanad-key/v2","hardware":{"slot":1}}"#;
    assert_eq!(refusal(later), other("sanad-key/v2"));
    assert_eq!(peek(later), Err(other("sanad-key/v2")));
    let long = with("/format", json!("é".repeat(500)));
    assert_eq!(refusal(&long), other(&"é".repeat(64)));
}

#[test]
fn limits_of_the_file_are_checked_before_memory_is_taken() {
    let memory_kib_max = u64::from(KDF_MEMORY_KIB_MAX);
    for (pointer, limit, actual, minimum, maximum) in [
        ("/kdf/memory_kib", KeyFileLimit::MemoryKib, memory_kib_max + 1, 8, memory_kib_max),
        ("/kdf/memory_kib", KeyFileLimit::MemoryKib, u64::MAX, 8, memory_kib_max),
        ("/kdf/memory_kib", KeyFileLimit::MemoryKib, 7, 8, memory_kib_max),
        ("/kdf/iterations", KeyFileLimit::Iterations, 17, 1, 16),
        ("/kdf/iterations", KeyFileLimit::Iterations, 0, 1, 16),
        ("/kdf/lanes", KeyFileLimit::Lanes, 5, 1, 4),
        ("/kdf/lanes", KeyFileLimit::Lanes, 0, 1, 4),
    ] {
        let expected = KeyFileError::LimitExceeded { limit, actual, minimum, maximum };
        let text = with(pointer, json!(actual));
        assert_eq!(refusal(&text), expected);
        assert_eq!(peek(&text), Err(expected));
    }
    // The least memory grows with the lanes.
    let two_lanes = KeyFileError::LimitExceeded {
        limit: KeyFileLimit::MemoryKib,
        actual: 8,
        minimum: 16,
        maximum: memory_kib_max,
    };
    assert_eq!(refusal(&with("/kdf/lanes", json!(2))), two_lanes);
}

#[test]
fn file_too_large() {
    let text = sealed();
    let padded = |bytes: usize| text.clone() + &" ".repeat(bytes - text.len());
    assert!(open(&padded(KEY_FILE_BYTES_MAX), PASSPHRASE).is_ok());
    let expected = KeyFileError::LimitExceeded {
        limit: KeyFileLimit::FileBytes,
        actual: KEY_FILE_BYTES_MAX as u64 + 1,
        minimum: 0,
        maximum: KEY_FILE_BYTES_MAX as u64,
    };
    assert_eq!(refusal(&padded(KEY_FILE_BYTES_MAX + 1)), expected);
}

#[test]
fn passphrase_empty_or_overlong() {
    for length in [0, PASSPHRASE_BYTES_MAX + 1] {
        let passphrase = vec![b'x'; length];
        let expected = KeyFileError::LimitExceeded {
            limit: KeyFileLimit::PassphraseBytes,
            actual: length as u64,
            minimum: 1,
            maximum: PASSPHRASE_BYTES_MAX as u64,
        };
        let sealing = seal(&SECRET, &passphrase, "issuing", CHEAP, [1; 16], [2; 24]);
        assert_eq!(sealing, Err(expected.clone()));
        let opening = open(&sealed(), &passphrase).map(|_| ());
        assert_eq!(opening, Err(expected));
    }
}

#[test]
fn sealing_keeps_the_same_limits() {
    let costly = KdfParameters { memory_kib: KDF_MEMORY_KIB_MAX + 1, ..CHEAP };
    let error = seal(&SECRET, PASSPHRASE, "issuing", costly, [1; 16], [2; 24]);
    assert!(matches!(error, Err(KeyFileError::LimitExceeded { limit: KeyFileLimit::MemoryKib, .. })));
    let long = "x".repeat(PURPOSE_BYTES_MAX + 1);
    for purpose in ["", "Issuing", "is suing", "é", long.as_str()] {
        let error = seal(&SECRET, PASSPHRASE, purpose, CHEAP, [1; 16], [2; 24]);
        let field = KeyFileField::Purpose;
        assert_eq!(error, Err(KeyFileError::Malformed { field }));
    }
}

#[test]
fn malformed_fields_are_named() {
    for (pointer, value, field) in [
        ("/purpose", json!(""), KeyFileField::Purpose),
        ("/purpose", json!("a\nb"), KeyFileField::Purpose),
        ("/public_key", json!("5a"), KeyFileField::PublicKey),
        ("/public_key", json!("AB".repeat(32)), KeyFileField::PublicKey),
        ("/kdf/algorithm", json!("scrypt"), KeyFileField::KdfAlgorithm),
        ("/kdf/salt", json!("zz".repeat(16)), KeyFileField::Salt),
        ("/cipher/algorithm", json!("aes-256-gcm"), KeyFileField::CipherAlgorithm),
        ("/cipher/nonce", json!("00".repeat(12)), KeyFileField::Nonce),
        ("/cipher/ciphertext", json!("00".repeat(33)), KeyFileField::Ciphertext),
        ("/cipher/tag", json!("0".repeat(31)), KeyFileField::Tag),
    ] {
        let text = with(pointer, value);
        assert_eq!(refusal(&text), KeyFileError::Malformed { field }, "{pointer}");
        assert_eq!(peek(&text), Err(KeyFileError::Malformed { field }), "{pointer}");
    }
}

#[test]
fn unreadable_files() {
    let text = sealed();
    for altered in [
        String::new(),
        "not a key".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        text.clone() + "x",
        text.replacen("\"purpose\"", "\"porpoise\"", 1),
        text.replacen("{", "{\"comment\": \"\",", 1),
        text.replacen("\"kdf\": {", "\"kdf\": {\"comment\": \"\",", 1),
        text.replacen("\"cipher\": {", "\"cipher\": {\"comment\": \"\",", 1),
        text.replacen("{", "{\"purpose\": \"network\",", 1),
        text.replacen("{", "{\"format\": \"sanad-key/v1\",", 1),
        with("/kdf/lanes", json!("1")),
        with("/kdf/lanes", json!(-1)),
        with("/kdf/lanes", json!(1.5)),
        with("/kdf", json!(null)),
        "[".repeat(KEY_FILE_BYTES_MAX),
    ] {
        let error = refusal(&altered);
        assert!(matches!(error, KeyFileError::Unreadable { .. }), "{altered}: {error:?}");
    }
    let position = KeyFileError::Unreadable { line: 2, column: 1 };
    assert_eq!(refusal("{\n]"), position);
}

#[test]
fn public_key_that_is_not_of_the_secret() {
    // Only who knows the passphrase can make such a file: everything in it authenticates.
    let claimed = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
    let mut key = [0; 32];
    let parameters = argon2::Params::new(8, 1, 1, Some(32)).expect("parameters");
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters)
        .hash_password_into(PASSPHRASE, &[1; 16], &mut key)
        .expect("a key");
    let mut associated = b"sanad-key/v1".to_vec();
    associated.extend_from_slice(&[0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1]);
    associated.extend_from_slice(&[1; 16]);
    associated.extend_from_slice(&claimed);
    associated.extend_from_slice(b"issuing");
    let payload = Payload { msg: &SECRET, aad: &associated };
    let sealed_secret =
        XChaCha20Poly1305::new(&key.into()).encrypt(&[2; 24].into(), payload).expect("encrypted");
    let mut file: Value = serde_json::from_str(&sealed()).expect("JSON");
    file["public_key"] = json!(hex::encode(claimed));
    file["cipher"]["ciphertext"] = json!(hex::encode(&sealed_secret[..32]));
    file["cipher"]["tag"] = json!(hex::encode(&sealed_secret[32..]));
    let expected = KeyFileError::PublicKeyMismatch {
        expected: claimed,
        actual: SigningKey::from_bytes(&SECRET).verifying_key().to_bytes(),
    };
    assert_eq!(refusal(&file.to_string()), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_altered_byte_never_opens_another_key(place in 0..1000_usize, byte in 0x20..0x7f_u8) {
        let mut bytes = sealed().into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        let altered = String::from_utf8(bytes).expect("ASCII");
        // Costly parameters are within bounds but not for a test.
        let cheap = peek(&altered).is_ok() && altered.contains("\"memory_kib\": 8,");
        if cheap && let Ok(opened) = open(&altered, PASSPHRASE) {
            prop_assert_eq!(*opened.secret, SECRET);
            prop_assert_eq!(opened.purpose, "issuing");
        }
    }
}
