//! C2SP `tlog-proof`: that an entry is in the log of a checkpoint, in one text file that is checked offline.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sanad_core::event::ENTRY_BYTES_MAX;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::{self, Hash, Rfc6962, TreeHash as _};
use sanad_core::signature::PublicKey;

use crate::layout::CHECKPOINT_BYTES_MAX;
use crate::note::{CheckpointNote, Note, NoteError};

/// What files of proofs end with.
pub const TLOG_PROOF_SUFFIX: &str = ".tlog-proof";
/// Longest proof, in bytes: its checkpoint, and as much again.
pub const TLOG_PROOF_BYTES_MAX: usize = 2 * CHECKPOINT_BYTES_MAX as usize;

/// The proof that an entry is in the log of a signed checkpoint.
///
/// It rests on the log's key, and on whoever else signed the checkpoint, not on the validators: it is for the tools of
/// transparency logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    index: LogIndex,
    /// The entry's bytes. Nothing vouches for them but the proof itself.
    entry: Option<Vec<u8>>,
    path: Vec<Hash>,
    /// As it was signed, with every signature.
    checkpoint: String,
}

/// Why there is no proof, or it proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Not in the form of a proof.
    #[error("not a tlog-proof: {what}")]
    Form {
        /// What does not fit.
        what: &'static str,
    },
    /// The checkpoint does not read, or is not signed by the log.
    #[error("the checkpoint of the proof says nothing")]
    Checkpoint(#[from] NoteError),
    /// The checkpoint is of a log that does not have the entry yet.
    #[error(
        "the checkpoint is of {size} entries, so it does not have the one of log index {index}; use a later checkpoint"
    )]
    TooEarly {
        /// The entry.
        index: LogIndex,
        /// Entries in the checkpoint.
        size: LogSize,
    },
    /// The entry is not in the log of the checkpoint.
    #[error("the entry of log index {index} is not in the log of the checkpoint")]
    NotIncluded {
        /// The entry.
        index: LogIndex,
    },
}

impl TlogProof {
    /// The proof of an entry, by its bytes and its inclusion path in the log of a checkpoint. Whether the signatures of
    /// the checkpoint hold is not checked: see [`Self::verify`].
    ///
    /// # Errors
    /// [`TlogProofError`], if the path does not lead to the checkpoint.
    pub fn new(
        index: LogIndex,
        entry: Vec<u8>,
        path: Vec<Hash>,
        checkpoint: String,
    ) -> Result<Self, TlogProofError> {
        let note = CheckpointNote::read_unverified(&checkpoint)?;
        let proof = Self { index, entry: None, path, checkpoint };
        proof.check(&entry, &note)?;
        Ok(Self { entry: Some(entry), ..proof })
    }

    /// Reads a proof. Nothing of it is checked but its form.
    ///
    /// # Errors
    /// [`TlogProofError::Form`] or [`TlogProofError::Checkpoint`].
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        let form = |what| TlogProofError::Form { what };
        if text.len() > TLOG_PROOF_BYTES_MAX {
            return Err(form("it is too long"));
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(form("there is no blank line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(MAGIC) {
            return Err(form("it does not begin with c2sp.org/tlog-proof@v1"));
        }
        let extra = lines.next_if(|line| line.starts_with(EXTRA)).map(|line| &line[EXTRA.len()..]);
        let entry = extra.map(|extra| STANDARD.decode(extra)).transpose();
        let entry = entry.map_err(|_| form("the extra data is not in base64"))?;
        if entry.as_ref().is_some_and(|entry| entry.len() > ENTRY_BYTES_MAX) {
            return Err(form("the extra data is longer than an entry"));
        }
        let index =
            lines.next().and_then(|line| line.strip_prefix(INDEX)).ok_or(form("there is no index"))?;
        let number = index.parse().ok().filter(|number: &LogIndex| number.to_string() == index);
        let number = number.ok_or(form("the index is not a decimal number"))?;
        let hash = |line| STANDARD.decode(line).ok().and_then(|bytes| Hash::try_from(bytes).ok());
        let path: Option<Vec<Hash>> = lines.map(hash).collect();
        let path = path.ok_or(form("a line of the path is not 32 bytes in base64"))?;
        if path.len() > PATH_HASHES_MAX {
            return Err(form("the path has more than 64 hashes"));
        }
        CheckpointNote::read_unverified(checkpoint)?;
        Ok(Self { index: number, entry, path, checkpoint: checkpoint.to_owned() })
    }

    /// The text of a `.tlog-proof` file (C2SP tlog-proof).
    pub fn to_text(&self) -> String {
        let mut text = format!("{MAGIC}\n");
        if let Some(entry) = &self.entry {
            text += &format!("{EXTRA}{}\n", STANDARD.encode(entry));
        }
        text += &format!("{INDEX}{}\n", self.index);
        for hash in &self.path {
            text += &STANDARD.encode(hash);
            text.push('\n');
        }
        text.push('\n');
        text + &self.checkpoint
    }

    /// Checks that the holder of `key` signed, in the name of the log `origin`, a checkpoint of a log that has the entry
    /// whose bytes these are. Returns the checkpoint.
    ///
    /// # Errors
    /// [`TlogProofError`].
    pub fn verify(
        &self,
        entry: &[u8],
        origin: &str,
        key: &PublicKey,
    ) -> Result<CheckpointNote, TlogProofError> {
        let checkpoint = CheckpointNote::verify(&self.checkpoint, origin, key)?;
        self.check(entry, &checkpoint)?;
        Ok(checkpoint)
    }

    /// The place of the entry.
    pub fn index(&self) -> LogIndex {
        self.index
    }

    /// The entry's bytes, if the proof carries them. They are those of the entry only if the proof holds for them.
    pub fn entry(&self) -> Option<&[u8]> {
        self.entry.as_deref()
    }

    /// Names in which the checkpoint is signed. Nothing of them is checked.
    pub fn signers(&self) -> Vec<String> {
        let note = Note::parse(&self.checkpoint);
        note.map_or_else(|_| Vec::new(), |note| note.names().map(str::to_owned).collect())
    }

    fn check(&self, entry: &[u8], checkpoint: &CheckpointNote) -> Result<(), TlogProofError> {
        let (index, size) = (self.index, checkpoint.size);
        if index.0 >= size.0 {
            return Err(TlogProofError::TooEarly { index, size });
        }
        let leaf = Rfc6962::leaf(entry);
        let held = merkle::verify_inclusion::<Rfc6962>(leaf, index.0, size.0, &self.path, &checkpoint.root.0);
        held.map_err(|_| TlogProofError::NotIncluded { index })
    }
}

const MAGIC: &str = "c2sp.org/tlog-proof@v1";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";
/// Most hashes of a path.
const PATH_HASHES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use sanad_core::merkle::MemoryTree;
    use sanad_core::signature::SecretKey;

    use super::*;
    use crate::note::CheckpointSigner;

    const COUNT: u64 = 11;

    fn entry(n: u64) -> Vec<u8> {
        format!("entry {n}").into_bytes()
    }

    fn proof(n: u64) -> (TlogProof, String, PublicKey) {
        let signer =
            CheckpointSigner::new(&sanad_testkit::genesis(), SecretKey::from_seed(&[3; 32])).unwrap();
        let leaves = (0..COUNT).map(|n| Rfc6962::leaf(&entry(n))).collect();
        let tree = MemoryTree::<Rfc6962>::from_leaf_hashes(leaves);
        let checkpoint = signer.checkpoint(LogSize(COUNT), &sanad_core::hash::Root(tree.root()));
        let witness = format!("\u{2014} witness.example/w1 {}\n", STANDARD.encode([9; 76]));
        let path = tree.inclusion_path(n).unwrap();
        let proof = TlogProof::new(LogIndex(n), entry(n), path, checkpoint + &witness).unwrap();
        (proof, signer.origin().to_owned(), signer.public())
    }

    #[test]
    fn written_read_and_verified() {
        for n in 0..COUNT {
            let (proof, origin, key) = proof(n);
            let text = proof.to_text();
            assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "), "{text}");
            let read = TlogProof::parse(&text).unwrap();
            assert_eq!(read, proof);
            assert_eq!(read.verify(&entry(n), &origin, &key).unwrap().size, LogSize(COUNT));
            assert_eq!(read.signers(), [origin.as_str(), "witness.example/w1"]);
            let other = read.verify(&entry(n + 1), &origin, &key);
            assert_eq!(other, Err(TlogProofError::NotIncluded { index: LogIndex(n) }));
            let stranger = SecretKey::from_seed(&[4; 32]).public();
            assert!(matches!(read.verify(&entry(n), &origin, &stranger), Err(TlogProofError::Checkpoint(_))));
            let plain = text.replacen(text.lines().nth(1).unwrap(), "", 1).replacen("v1\n\n", "v1\n", 1);
            TlogProof::parse(&plain).unwrap().verify(&entry(n), &origin, &key).unwrap();
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let (proof, ..) = proof(5);
        let text = proof.to_text();
        let hash = text.lines().nth(3).unwrap().to_owned();
        for (old, new) in [
            ("@v1", "@v2"),
            ("index 5", "index 05"),
            ("index 5", "index +5"),
            ("index 5", "index  5"),
            ("index 5\n", ""),
            ("extra ", "extra"),
            ("extra ", "extra !"),
            (&hash[..], &hash[..40]),
            (&hash[..], "x"),
            ("\n\n", "\n"),
        ] {
            assert!(TlogProof::parse(&text.replacen(old, new, 1)).is_err(), "{old:?} -> {new:?}");
        }
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            // Without the witness it is whole, too.
            let cut = TlogProof::parse(&text[..end]);
            assert!(cut.is_err() || cut.unwrap().signers().len() == 1, "{end}");
        }
        let many = text.replacen(&hash, &format!("{hash}\n").repeat(70), 1);
        assert!(TlogProof::parse(&many).is_err());
        let long = format!("{text}{}", "x".repeat(TLOG_PROOF_BYTES_MAX));
        assert_eq!(TlogProof::parse(&long), Err(TlogProofError::Form { what: "it is too long" }));
    }

    #[test]
    fn an_entry_that_came_later_needs_a_later_checkpoint() {
        let (proof, ..) = proof(5);
        let later = TlogProof::new(LogIndex(COUNT), entry(COUNT), Vec::new(), proof.checkpoint);
        assert_eq!(later, Err(TlogProofError::TooEarly { index: LogIndex(COUNT), size: LogSize(COUNT) }));
    }
}
