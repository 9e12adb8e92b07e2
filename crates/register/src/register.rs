//! The register as a whole: made, opened, copied, given another passphrase.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;
use sanad_core::keyfile::{self, KEY_FILE_BYTES_MAX, KdfParameters};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::check;
use crate::cipher::{KEY_BYTES, Keys, random};
use crate::credential::RowNumber;
use crate::error::{Part, RegisterError};
use crate::place;
use crate::schema::{self, HEAD, SMALL_BYTES_MAX, damaged, failed};

/// Whose register it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The chain.
    pub chain_id: ChainId,
    /// The issuer.
    pub issuer: MemberId,
}

/// How a register is opened.
#[derive(Clone, Copy, Debug)]
pub struct RegisterOptions {
    /// What a guess at the passphrase is made to cost, where a key is sealed.
    pub cost: KdfParameters,
    /// How long to wait for another program that writes.
    pub wait: Duration,
    /// Whether the file may lie on a network share.
    pub network_share_allowed: bool,
}

impl Default for RegisterOptions {
    fn default() -> Self {
        Self { cost: KdfParameters::default(), wait: Duration::from_secs(30), network_share_allowed: false }
    }
}

/// An open register.
///
/// Several programs may have one open at once: each change is one transaction, and they take turns.
pub struct Register {
    pub(crate) path: PathBuf,
    pub(crate) connection: Connection,
    pub(crate) keys: Keys,
    pub(crate) options: RegisterOptions,
    owner: Owner,
}

/// What is sealed about the register itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    owner: Owner,
    created_at_ms: u64,
    /// How many rows it has: a row that is missing is damage.
    pub(crate) rows: u64,
    /// How many positions in status lists were allotted.
    pub(crate) positions: u64,
}

impl Head {
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }
}

impl Register {
    /// Makes a register where nothing was.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn create(
        path: &Path,
        passphrase: &[u8],
        owner: Owner,
        options: RegisterOptions,
        now_ms: u64,
    ) -> Result<Self, RegisterError> {
        let key = Zeroizing::new(random::<KEY_BYTES>()?);
        let sealed = seal_key(&key, passphrase, options.cost)?;
        place::create(path, options.network_share_allowed)?;
        let made = Self::fill(path, &key, &sealed, owner, options, now_ms);
        if made.is_err() {
            // Best effort: an empty file would be in the way of the next try.
            let _ = std::fs::remove_file(path);
        }
        made
    }

    fn fill(
        path: &Path,
        key: &[u8; KEY_BYTES],
        sealed: &str,
        owner: Owner,
        options: RegisterOptions,
        now_ms: u64,
    ) -> Result<Self, RegisterError> {
        let keys = Keys::new(key);
        let connection = schema::connect(path, options.wait)?;
        schema::create(&connection).map_err(|error| failed(path, error))?;
        let head = Head { owner: owner.clone(), created_at_ms: now_ms, rows: 0, positions: 0 };
        let head = keys.file.seal(HEAD, HEAD_ROW, &[], &to_json(&head))?;
        connection
            .execute("INSERT INTO register (id, key, head) VALUES (1, ?1, ?2)", params![sealed, head])
            .map_err(|error| failed(path, error))?;
        place::sync_folder(path)?;
        Ok(Self { path: path.to_owned(), connection, keys, options, owner })
    }

    /// Opens a register, and checks the whole file.
    ///
    /// # Errors
    /// [`RegisterError`]; [`RegisterError::Damaged`] says what to do.
    pub fn open(path: &Path, passphrase: &[u8], options: RegisterOptions) -> Result<Self, RegisterError> {
        place::check(path, options.network_share_allowed)?;
        let connection = schema::connect(path, options.wait)?;
        schema::check(&connection, path)?;
        let sealed: Option<String> = connection
            .query_row(
                "SELECT key FROM register WHERE id = 1 AND length(key) <= ?1",
                [KEY_FILE_BYTES_MAX as i64],
                |row| row.get(0),
            )
            .optional()
            .map_err(|error| failed(path, error))?;
        let sealed = sealed.ok_or_else(|| damaged(path, Part::Head))?;
        let not_opened = |source| RegisterError::NotOpened { path: path.to_owned(), source };
        let opened = keyfile::open(&sealed, passphrase).map_err(not_opened)?;
        if opened.purpose != PURPOSE {
            return Err(damaged(path, Part::Head));
        }
        let keys = Keys::new(&opened.secret);
        let owner = read_head(&connection, &keys, path)?.owner;
        let register = Self { path: path.to_owned(), connection, keys, options, owner };
        register.check_count()?;
        Ok(register)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Refuses a register of another issuer or chain.
    ///
    /// # Errors
    /// [`RegisterError::AnotherOwner`].
    pub fn check_owner(&self, expected: &Owner) -> Result<(), RegisterError> {
        if self.owner == *expected {
            return Ok(());
        }
        let Owner { chain_id, issuer } = self.owner.clone();
        Err(RegisterError::AnotherOwner { owner: Box::new((issuer, chain_id)) })
    }

    /// Puts the register under another passphrase. Backups made before still open with the old one.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn change_passphrase(&mut self, old: &[u8], new: &[u8]) -> Result<(), RegisterError> {
        let not_opened = |source| RegisterError::NotOpened { path: self.path.clone(), source };
        let path = self.path.clone();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(&path, error))?;
        let sealed: String = transaction
            .query_row("SELECT key FROM register WHERE id = 1", [], |row| row.get(0))
            .map_err(|error| failed(&path, error))?;
        let opened = keyfile::open(&sealed, old).map_err(not_opened)?;
        let sealed = seal_key(&opened.secret, new, self.options.cost)?;
        transaction
            .execute("UPDATE register SET key = ?1 WHERE id = 1", [sealed])
            .and_then(|_| transaction.commit())
            .map_err(|error| failed(&path, error))?;
        self.compact()
    }

    /// Copies the register into a new file, while others may use it, and reads the copy from end to end, as
    /// [`Register::check`] does; `each` is called after every row that was read.
    ///
    /// # Errors
    /// [`RegisterError`]; [`RegisterError::Exists`] if anything is there, [`RegisterError::Damaged`] if anything of the copy is
    /// damaged. Then there is no copy.
    pub fn backup(&self, to: &Path, each: impl FnMut()) -> Result<(), RegisterError> {
        place::create(to, true)?;
        let copied = self.copy_into(to, each);
        if copied.is_err() {
            // Best effort: half a backup must not pass for one.
            let _ = std::fs::remove_file(to);
        }
        copied
    }

    fn copy_into(&self, to: &Path, each: impl FnMut()) -> Result<(), RegisterError> {
        let mut copy = Connection::open(to).map_err(|error| failed(to, error))?;
        let backup =
            rusqlite::backup::Backup::new(&self.connection, &mut copy).map_err(|error| failed(to, error))?;
        backup
            .run_to_completion(BACKUP_PAGES_AT_ONCE, BACKUP_PAUSE, None)
            .map_err(|error| failed(to, error))?;
        drop(backup);
        // What is damaged came from this file.
        if let Some(part) = check::faults(&copy, &self.keys, to, &self.owner, each)?.into_iter().next() {
            return Err(damaged(&self.path, part));
        }
        copy.close().map_err(|(_, error)| failed(to, error))?;
        std::fs::File::open(to)
            .and_then(|file| file.sync_all())
            .map_err(place::system(to, "brought to the disk"))?;
        place::sync_folder(to)
    }

    /// Writes the file anew, without anything that was deleted, and empties its journal.
    ///
    /// # Errors
    /// [`RegisterError::TracesRemain`] if another program has the file open.
    pub fn compact(&mut self) -> Result<(), RegisterError> {
        let traces = || RegisterError::TracesRemain(self.path.clone());
        let emptied = || -> rusqlite::Result<bool> {
            let busy: i64 =
                self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            Ok(busy == 0)
        };
        let done = emptied().and_then(|_| self.connection.execute_batch("VACUUM")).and_then(|()| emptied());
        match done.map_err(|error| failed(&self.path, error)) {
            Ok(true) => Ok(()),
            Ok(false) | Err(RegisterError::Busy(_)) => Err(traces()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn failed(&self) -> impl FnOnce(rusqlite::Error) -> RegisterError {
        |error| failed(&self.path, error)
    }

    /// Whether nothing was ever entered in it.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn is_empty(&self) -> Result<bool, RegisterError> {
        Ok(self.check_count()? == 0)
    }

    /// Compares the number of rows with that of the head.
    pub(crate) fn check_count(&self) -> Result<u64, RegisterError> {
        let transaction = self.connection.unchecked_transaction().map_err(self.failed())?;
        let head = read_head(&transaction, &self.keys, &self.path)?;
        let (count, last): (i64, i64) = transaction
            .query_row("SELECT count(*), coalesce(max(row), 0) FROM credential", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .map_err(self.failed())?;
        let (count, last) = (RowNumber::of_sql(count).0, RowNumber::of_sql(last).0);
        if count != head.rows || last != head.rows {
            return Err(damaged(&self.path, Part::RowCount { expected: head.rows, actual: count }));
        }
        Ok(count)
    }
}

impl std::fmt::Debug for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Register")
            .field("path", &self.path)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// The register's key is kept as key files keep one: Argon2id under a passphrase, and authenticated.
fn seal_key(key: &[u8; KEY_BYTES], passphrase: &[u8], cost: KdfParameters) -> Result<String, RegisterError> {
    keyfile::seal(key, passphrase, PURPOSE, cost, random()?, random()?).map_err(RegisterError::NotSealed)
}

pub(crate) fn read_head(connection: &Connection, keys: &Keys, path: &Path) -> Result<Head, RegisterError> {
    let sealed: Option<Vec<u8>> = connection
        .query_row(
            "SELECT head FROM register WHERE id = 1 AND length(head) <= ?1",
            [SMALL_BYTES_MAX as i64],
            |row| row.get(0),
        )
        .optional()
        .map_err(|error| failed(path, error))?;
    let opened = sealed.and_then(|sealed| keys.file.open(HEAD, HEAD_ROW, &[], &sealed));
    let head = opened.and_then(|text| serde_json::from_slice(&text).ok());
    head.ok_or_else(|| damaged(path, Part::Head))
}

pub(crate) fn write_head(
    connection: &Connection,
    keys: &Keys,
    path: &Path,
    head: &Head,
) -> Result<(), RegisterError> {
    let sealed = keys.file.seal(HEAD, HEAD_ROW, &[], &to_json(head))?;
    connection
        .execute("UPDATE register SET head = ?1 WHERE id = 1", [sealed])
        .map_err(|error| failed(path, error))
        .map(drop)
}

pub(crate) fn to_json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(serde_json::to_vec(value).expect("invariant: rows have plain fields and text keys"))
}

/// What its key is for, as key files say it.
const PURPOSE: &str = "register";
/// The head is bound to this row of its table.
const HEAD_ROW: RowNumber = RowNumber(1);
/// Pages that a backup copies before others get a turn, and how long that is.
const BACKUP_PAGES_AT_ONCE: i32 = 4096;
const BACKUP_PAUSE: Duration = Duration::from_millis(5);
