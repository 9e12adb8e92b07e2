//! C2SP `signed-note`, and the checkpoint in it: C2SP `tlog-checkpoint`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sanad_core::genesis::Genesis;
use sanad_core::hash::Root;
use sanad_core::ids::LogSize;
use sanad_core::signature::{PublicKey, SecretKey, Signature};
use sha2::{Digest as _, Sha256};

/// Longest name of a key, in bytes.
pub const NOTE_NAME_BYTES_MAX: usize = 255;

/// Ed25519 in a signed note.
const ALGORITHM: u8 = 0x01;
/// Start of a signature line: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// Signs checkpoints and heads of exports, under the name of the log. That name, the *origin*, is in the genesis: it is
/// the same for every exporter.
#[derive(Clone, Debug)]
pub struct CheckpointSigner {
    origin: String,
    key: SecretKey,
}

/// What a checkpoint says of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointNote {
    /// Name of the log.
    pub origin: String,
    /// Entries of the log.
    pub size: LogSize,
    /// Root of the log tree over them (RFC 6962 2.1).
    pub root: Root,
}

/// Why a signed note cannot be made, or says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// A name that a signed note cannot have.
    #[error("the name {name:?} has spaces or a '+', is empty, or has more than {NOTE_NAME_BYTES_MAX} bytes")]
    Name {
        /// Name of the key, as it was to stand in the note.
        name: String,
    },
    /// Not in the form of a signed note, or not of a checkpoint.
    #[error("not a checkpoint or signed note: {what}")]
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
    /// A signer for the log of a genesis.
    ///
    /// # Errors
    /// [`NoteError::Name`] if the genesis was not checked.
    pub fn new(genesis: &Genesis, key: SecretKey) -> Result<Self, NoteError> {
        check_name(&genesis.log_origin)?;
        Ok(Self { origin: genesis.log_origin.clone(), key })
    }

    /// The origin: name of the log, and of the key in signed notes.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// The verifier key for witnesses and monitors: `ORIGIN+ID+BASE64`.
    pub fn verifier_key(&self) -> String {
        let public = self.key.public();
        let mut encoded = vec![ALGORITHM];
        encoded.extend_from_slice(&public.0);
        let id = hex::encode(key_id(&self.origin, &public));
        format!("{}+{id}+{}", self.origin, STANDARD.encode(encoded))
    }

    /// The signed checkpoint of a log.
    pub(crate) fn checkpoint(&self, size: LogSize, root: &Root) -> String {
        self.sign(&format!("{}\n{size}\n{}\n", self.origin, STANDARD.encode(root.0)))
    }

    /// A signed note of a text, which must end with a line feed.
    pub(crate) fn sign(&self, text: &str) -> String {
        let mut signature = key_id(&self.origin, &self.key.public()).to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).0);
        format!("{text}\n{SIGNATURE_MARK}{} {}\n", self.origin, STANDARD.encode(signature))
    }
}

impl CheckpointNote {
    /// Reads a checkpoint that has a signature in the log's name, without verifying it: it proves nothing.
    ///
    /// # Errors
    /// [`NoteError::Form`].
    pub fn read_unverified(note: &str) -> Result<Self, NoteError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(&note.text)?;
        match note.signatures.iter().any(|line| line.name == checkpoint.origin) {
            true => Ok(checkpoint),
            false => Err(NoteError::Form { what: "there is no signature by the log" }),
        }
    }

    /// Reads a checkpoint of the log `origin` that the holder of `key` signed. Other signatures, such as those of
    /// witnesses, may follow.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn verify(note: &str, origin: &str, key: &PublicKey) -> Result<Self, NoteError> {
        check_name(origin)?;
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(&note.text)?;
        if checkpoint.origin != origin {
            return Err(NoteError::Form { what: "it is of another log" });
        }
        note.verify(origin, key)?;
        Ok(checkpoint)
    }

    fn parse(text: &str) -> Result<Self, NoteError> {
        let form = |what| NoteError::Form { what };
        let mut lines = text.split('\n');
        let mut line = || lines.next().ok_or(form("there are fewer than three lines"));
        let (origin, size, root) = (line()?.to_owned(), line()?, line()?);
        let size = size.parse().ok().filter(|number: &LogSize| number.to_string() == size);
        let size = size.ok_or(form("the size is not a decimal number"))?;
        let root = STANDARD.decode(root).ok().and_then(|root| Root::try_from(root.as_slice()).ok());
        let root = root.ok_or(form("the root is not 32 bytes in base64"))?;
        Ok(Self { origin, size, root })
    }
}

/// A signed note whose signatures were not verified yet.
pub(crate) struct Note<'a> {
    /// The text that is signed, with its last line feed.
    pub(crate) text: String,
    pub(crate) signatures: Vec<NoteSignature<'a>>,
}

pub(crate) struct NoteSignature<'a> {
    name: &'a str,
    key_id: [u8; 4],
    signature: Vec<u8>,
}

impl<'a> Note<'a> {
    pub(crate) fn parse(note: &'a str) -> Result<Self, NoteError> {
        let form = |what| NoteError::Form { what };
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(form("there is no blank line"))?;
        let lines = signatures.strip_suffix('\n').ok_or(form("the last line has no end"))?;
        let signature = |line: &'a str| {
            let line = line.strip_prefix(SIGNATURE_MARK).ok_or(form("a line is not one of a signature"))?;
            let (name, encoded) = line.rsplit_once(' ').ok_or(form("a line is not one of a signature"))?;
            let bytes = STANDARD.decode(encoded).map_err(|_| form("a signature is not in base64"))?;
            let (key_id, signature) = bytes.split_first_chunk().ok_or(form("a signature is too short"))?;
            Ok(NoteSignature { name, key_id: *key_id, signature: signature.to_vec() })
        };
        let signatures = lines.split('\n').map(signature).collect::<Result<_, _>>()?;
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The names in which it is signed.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.signatures.iter().map(|signature| signature.name)
    }

    /// Whether there is one signature, and that in a name.
    pub(crate) fn is_signed_only_by(&self, name: &str) -> bool {
        matches!(&self.signatures[..], [signature] if signature.name == name)
    }

    /// Checks the signature of a key.
    pub(crate) fn verify(&self, name: &str, key: &PublicKey) -> Result<(), NoteError> {
        let key_id = key_id(name, key);
        let own = |line: &&NoteSignature<'_>| line.name == name && line.key_id == key_id;
        let Some(line) = self.signatures.iter().find(own) else {
            return Err(NoteError::Unsigned { name: name.to_owned(), key_id: hex::encode(key_id) });
        };
        let signature: Option<[u8; 64]> = line.signature.as_slice().try_into().ok();
        let holds =
            signature.is_some_and(|bytes| key.verify(self.text.as_bytes(), &Signature(bytes)).is_ok());
        if holds { Ok(()) } else { Err(NoteError::Signature { name: name.to_owned() }) }
    }
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

    const ORIGIN: &str = "example.org/log";

    fn signer(origin: &str, key: SecretKey) -> Result<CheckpointSigner, NoteError> {
        let mut genesis = sanad_testkit::genesis();
        genesis.log_origin = origin.to_owned();
        CheckpointSigner::new(&genesis, key)
    }

    #[test]
    fn the_example_of_signed_note() {
        // golang.org/x/mod/sumdb/note, PeterNeumann: the key id of a name and a key.
        let key = STANDARD.decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let key = PublicKey(key[1..].try_into().unwrap());
        assert_eq!(hex::encode(key_id("PeterNeumann", &key)), "c74f20a3");
    }

    #[test]
    fn signed_and_verified() {
        let key = SecretKey::from_seed(&[3; 32]);
        let note = signer(ORIGIN, key.clone()).unwrap().checkpoint(LogSize(300), &Root([7; 32]));
        let lines: Vec<&str> = note.split('\n').collect();
        assert_eq!(lines[..2], [ORIGIN, "300"]);
        assert_eq!(lines[3], "");
        assert!(lines[4].starts_with("\u{2014} example.org/log "));
        let read = CheckpointNote::verify(&note, ORIGIN, &key.public()).unwrap();
        assert_eq!((read.size, read.root), (LogSize(300), Root([7; 32])));
        let other = SecretKey::from_seed(&[4; 32]).public();
        let unsigned = CheckpointNote::verify(&note, ORIGIN, &other);
        assert!(matches!(unsigned, Err(NoteError::Unsigned { .. })));
        let changed = note.replacen("300", "301", 1);
        let refused = CheckpointNote::verify(&changed, ORIGIN, &key.public());
        assert_eq!(refused, Err(NoteError::Signature { name: ORIGIN.into() }));
        let foreign = CheckpointNote::verify(&note, "example.org/other", &key.public());
        assert!(matches!(foreign, Err(NoteError::Form { .. })));
        for end in (0..note.len()).filter(|end| note.is_char_boundary(*end)) {
            assert!(CheckpointNote::verify(&note[..end], ORIGIN, &key.public()).is_err(), "{end}");
        }
    }

    #[test]
    fn witnesses_may_sign_too() {
        let key = SecretKey::from_seed(&[3; 32]);
        let note = signer(ORIGIN, key.clone()).unwrap().checkpoint(LogSize(1), &Root([7; 32]));
        let witness = format!("{note}\u{2014} witness.example {}\n", STANDARD.encode([9; 76]));
        CheckpointNote::verify(&witness, ORIGIN, &key.public()).unwrap();
        CheckpointNote::read_unverified(&witness).unwrap();
        assert!(!Note::parse(&witness).unwrap().is_signed_only_by(ORIGIN));
    }

    #[test]
    fn names_without_spaces() {
        for name in ["", "a b", "a+b", "a\n", &"x".repeat(256)] {
            assert!(signer(name, SecretKey::from_seed(&[1; 32])).is_err(), "{name:?}");
        }
    }
}
