//! Sealing and opening, and the file as a stranger would make it from its description.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use ed25519_dalek::SigningKey;
use sanad_core::keyfile::{KdfParameters, KeyFileError, KeyFileSummary, open, peek, seal};

const SECRET: [u8; 32] = [0x5a; 32];
const PASSPHRASE: &[u8] = "kunci rahasia é".as_bytes();
const SALT: [u8; 16] = [1; 16];
const NONCE: [u8; 24] = [2; 24];
/// Far too cheap for a real key; it keeps the tests fast.
const CHEAP: KdfParameters = KdfParameters { memory_kib: 32, iterations: 1, lanes: 2 };

fn public() -> [u8; 32] {
    SigningKey::from_bytes(&SECRET).verifying_key().to_bytes()
}

#[test]
fn what_is_sealed_opens() {
    for (purpose, parameters) in
        [("consensus", KdfParameters::default()), ("issuing", CHEAP), ("network", CHEAP)]
    {
        let text = seal(&SECRET, PASSPHRASE, purpose, parameters, SALT, NONCE).expect("sealed");
        let opened = open(&text, PASSPHRASE).expect("opened");
        assert_eq!(opened.purpose, purpose);
        assert_eq!(*opened.secret, SECRET);
        assert_eq!(opened.public, public());
        let summary = KeyFileSummary { purpose: purpose.to_owned(), public: public() };
        assert_eq!(peek(&text), Ok(summary));
    }
}

#[test]
fn the_default_cost_is_that_of_rfc_9106() {
    let expected = KdfParameters { memory_kib: 64 * 1024, iterations: 3, lanes: 4 };
    assert_eq!(KdfParameters::default(), expected);
}

#[test]
fn a_stranger_makes_the_same_file() {
    let parameters = argon2::Params::new(32, 1, 2, Some(32)).expect("parameters");
    let mut key = [0; 32];
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters)
        .hash_password_into(PASSPHRASE, &SALT, &mut key)
        .expect("a key");
    let mut associated = b"sanad-key/v1".to_vec();
    associated.extend_from_slice(&[0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 2]);
    associated.extend_from_slice(&SALT);
    associated.extend_from_slice(&public());
    associated.extend_from_slice(b"issuing");
    let payload = Payload { msg: &SECRET, aad: &associated };
    let sealed = XChaCha20Poly1305::new(&key.into()).encrypt(&NONCE.into(), payload).expect("encrypted");
    let expected = format!(
        r#"{{
  "format": "sanad-key/v1",
  "purpose": "issuing",
  "public_key": "{}",
  "kdf": {{
    "algorithm": "argon2id",
    "memory_kib": 32,
    "iterations": 1,
    "lanes": 2,
    "salt": "{}"
  }},
  "cipher": {{
    "algorithm": "xchacha20-poly1305",
    "nonce": "{}",
    "ciphertext": "{}",
    "tag": "{}"
  }}
}}
"#,
        hex::encode(public()),
        hex::encode(SALT),
        hex::encode(NONCE),
        hex::encode(&sealed[..32]),
        hex::encode(&sealed[32..]),
    );
    let text = seal(&SECRET, PASSPHRASE, "issuing", CHEAP, SALT, NONCE);
    assert_eq!(text.as_deref(), Ok(expected.as_str()));
}

#[test]
fn golden_file() {
    // Changing this value is a format change: files in the field would no longer open.
    let text = seal(&SECRET, PASSPHRASE, "issuing", CHEAP, SALT, NONCE).expect("sealed");
    let digest = blake3::hash(text.as_bytes()).to_hex();
    assert_eq!(digest.as_str(), "c8b6f89dd32a47174f4de2925b0d9b74fe4601a33c6c9eef3f1a9b3009b70807");
}

#[test]
fn salt_nonce_and_passphrase_all_count() {
    let file = |passphrase: &[u8], salt, nonce| {
        seal(&SECRET, passphrase, "issuing", CHEAP, salt, nonce).expect("sealed")
    };
    let texts = [
        file(PASSPHRASE, SALT, NONCE),
        file(PASSPHRASE, [9; 16], NONCE),
        file(PASSPHRASE, SALT, [9; 24]),
        file(b"another", SALT, NONCE),
    ];
    let ciphertexts = texts.each_ref().map(|text| {
        let (_, rest) = text.split_once("\"ciphertext\": \"").expect("a ciphertext");
        &rest[..64]
    });
    for (place, ciphertext) in ciphertexts.iter().enumerate() {
        assert!(!ciphertexts[..place].contains(ciphertext));
    }
}

#[test]
fn no_debug_output_has_the_secret() {
    let text = seal(&SECRET, PASSPHRASE, "issuing", CHEAP, SALT, NONCE).expect("sealed");
    assert!(!text.contains(&hex::encode(SECRET)));
    let opened = open(&text, PASSPHRASE).expect("opened");
    for printed in [format!("{opened:?}"), format!("{opened:#?}")] {
        assert!(printed.contains(&hex::encode(public())));
        assert!(!printed.contains(&hex::encode(SECRET)));
        assert!(!printed.contains("90"), "bytes of the secret in {printed}");
        assert!(!printed.contains("secret"));
    }
    let error = open(&text, b"wrong").map(|_| ()).expect_err("refused");
    assert_eq!(error, KeyFileError::WrongPassphraseOrDamaged);
}
