//! The checkpoint: C2SP `tlog-checkpoint` in a C2SP `signed-note`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sanad_core::hash::Root;
use sanad_core::ids::LogSize;
use sanad_core::signature::{PublicKey, SecretKey, Signature};
use sha2::{Digest as _, Sha256};

/// Longest name of a key, in bytes.
pub const NOTE_NAME_BYTES_MAX: usize = 255;

/// Ed25519 in a signed note.
const ALGORITHM: u8 = 0x01;
/// What a signature line begins with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// Who signs checkpoints, and under which name. The name is also the origin: that of the log.
#[derive(Clone, Debug)]
pub struct CheckpointSigner {
    name: String,
    key: SecretKey,
}

/// What a checkpoint says of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointNote {
    /// The log.
    pub origin: String,
    /// Its size.
    pub size: LogSize,
    /// Its root.
    pub root: Root,
}

/// Why there is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// A name that a signed note cannot have.
    #[error("the name {name:?} has spaces or a '+', is empty, or has more than {NOTE_NAME_BYTES_MAX} bytes")]
    Name {
        /// The name.
        name: String,
    },
    /// Not a checkpoint in a signed note.
    #[error("not a checkpoint: {what}")]
    Form {
        /// What does not fit.
        what: &'static str,
    },
    /// No signature by the key.
    #[error("no signature by {name}+{key_id}")]
    Unsigned {
        /// Name of the key.
        name: String,
        /// Its id, in hexadecimal.
        key_id: String,
    },
    /// The key's signature does not hold.
    #[error("the signature by {name} does not hold")]
    Signature {
        /// Name of the key.
        name: String,
    },
}

impl CheckpointSigner {
    /// A signer.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, key: SecretKey) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The verifier key, as witnesses and monitors are given it: `NAME+ID+BASE64`.
    pub fn verifier_key(&self) -> String {
        let public = self.key.public();
        let mut encoded = vec![ALGORITHM];
        encoded.extend_from_slice(&public.0);
        format!("{}+{}+{}", self.name, hex::encode(key_id(&self.name, &public)), STANDARD.encode(encoded))
    }

    /// The signed checkpoint of a log.
    pub(crate) fn sign(&self, size: LogSize, root: &Root) -> String {
        let text = format!("{}\n{size}\n{}\n", self.name, STANDARD.encode(root.0));
        let mut signature = key_id(&self.name, &self.key.public()).to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).0);
        format!("{text}\n{SIGNATURE_MARK}{} {}\n", self.name, STANDARD.encode(signature))
    }
}

impl CheckpointNote {
    /// Reads a checkpoint that has a signature by the log it names, and does not verify it: nothing of it is to
    /// be believed.
    ///
    /// # Errors
    /// [`NoteError::Form`].
    pub fn read_unverified(note: &str) -> Result<Self, NoteError> {
        let (checkpoint, _, signatures) = parse(note)?;
        let by =
            |line: &str| Some(line.strip_prefix(SIGNATURE_MARK)?.rsplit_once(' ')?.0 == checkpoint.origin);
        match signatures.lines().any(|line| by(line) == Some(true)) {
            true => Ok(checkpoint),
            false => Err(NoteError::Form { what: "there is no signature by the log" }),
        }
    }

    /// Reads a checkpoint of the log `name` that the holder of `key` signed. Other signatures (witnesses') may
    /// stand beside it.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn verify(note: &str, name: &str, key: &PublicKey) -> Result<Self, NoteError> {
        let form = |what| NoteError::Form { what };
        check_name(name)?;
        let (checkpoint, text, signatures) = parse(note)?;
        if checkpoint.origin != name {
            return Err(form("it is of another log"));
        }
        let key_id = key_id(name, key);
        for line in signatures.lines() {
            let line = line.strip_prefix(SIGNATURE_MARK).ok_or(form("a signature line is none"))?;
            let (signer, encoded) = line.rsplit_once(' ').ok_or(form("a signature line is none"))?;
            let signature = STANDARD.decode(encoded).map_err(|_| form("a signature is not in base64"))?;
            let Some((id, signature)) = signature.split_first_chunk::<4>() else {
                return Err(form("a signature is too short"));
            };
            if signer == name && *id == key_id {
                let wrong = NoteError::Signature { name: name.to_owned() };
                let signature = Signature::try_from(signature).map_err(|_| wrong.clone())?;
                key.verify(text.as_bytes(), &signature).map_err(|_| wrong)?;
                return Ok(checkpoint);
            }
        }
        Err(NoteError::Unsigned { name: name.to_owned(), key_id: hex::encode(key_id) })
    }
}

/// The facts of a checkpoint, the text that is signed, and the lines with the signatures.
fn parse(note: &str) -> Result<(CheckpointNote, String, &str), NoteError> {
    let form = |what| NoteError::Form { what };
    let (text, signatures) = note.rsplit_once("\n\n").ok_or(form("there is no blank line"))?;
    let text = format!("{text}\n");
    let mut lines = text.lines();
    let mut line = || lines.next().ok_or(form("there are fewer than three lines"));
    let (origin, size, root) = (line()?.to_owned(), line()?, line()?);
    let size = size.parse().ok().filter(|number: &LogSize| number.to_string() == size);
    let size = size.ok_or(form("the size is no decimal number"))?;
    let root = STANDARD.decode(root).ok().and_then(|root| Root::try_from(root.as_slice()).ok());
    let root = root.ok_or(form("the root is no 32 bytes in base64"))?;
    Ok((CheckpointNote { origin, size, root }, text, signatures))
}

/// First four bytes of SHA-256 over name, line feed, algorithm and key (C2SP signed-note).
fn key_id(name: &str, key: &PublicKey) -> [u8; 4] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', ALGORITHM])
        .chain_update(key.0)
        .finalize()
        .into();
    [hash[0], hash[1], hash[2], hash[3]]
}

fn check_name(name: &str) -> Result<(), NoteError> {
    let unfit = |character: char| character.is_whitespace() || character.is_control() || character == '+';
    match name.is_empty() || name.len() > NOTE_NAME_BYTES_MAX || name.contains(unfit) {
        true => Err(NoteError::Name { name: name.to_owned() }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_signed_note() {
        // golang.org/x/mod/sumdb/note, PeterNeumann: the key id of a name and a key.
        let key = STANDARD.decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let key = PublicKey::try_from(&key[1..]).unwrap();
        assert_eq!(hex::encode(key_id("PeterNeumann", &key)), "c74f20a3");
    }

    #[test]
    fn signed_and_verified() {
        let key = SecretKey::from_seed(&[3; 32]);
        let signer = CheckpointSigner::new("example.org/log", key.clone()).unwrap();
        let note = signer.sign(LogSize(300), &Root([7; 32]));
        let lines: Vec<&str> = note.split('\n').collect();
        assert_eq!(lines[..2], ["example.org/log", "300"]);
        assert_eq!(lines[3], "");
        assert!(lines[4].starts_with("\u{2014} example.org/log "));
        let read = CheckpointNote::verify(&note, "example.org/log", &key.public()).unwrap();
        assert_eq!((read.size, read.root), (LogSize(300), Root([7; 32])));
        let other = SecretKey::from_seed(&[4; 32]).public();
        let unsigned = CheckpointNote::verify(&note, "example.org/log", &other);
        assert!(matches!(unsigned, Err(NoteError::Unsigned { .. })));
        let changed = note.replacen("300", "301", 1);
        let refused = CheckpointNote::verify(&changed, "example.org/log", &key.public());
        assert_eq!(refused, Err(NoteError::Signature { name: "example.org/log".into() }));
        let foreign = CheckpointNote::verify(&note, "example.org/other", &key.public());
        assert!(matches!(foreign, Err(NoteError::Form { .. })));
        let cut: Vec<usize> = (0..note.len()).filter(|end| note.is_char_boundary(*end)).collect();
        for end in &cut[..cut.len() - 1] {
            assert!(
                CheckpointNote::verify(&note[..*end], "example.org/log", &key.public()).is_err(),
                "{end}"
            );
        }
    }

    #[test]
    fn names_without_spaces() {
        for name in ["", "a b", "a+b", "a\n", &"x".repeat(256)] {
            assert!(CheckpointSigner::new(name, SecretKey::from_seed(&[1; 32])).is_err(), "{name:?}");
        }
    }
}
