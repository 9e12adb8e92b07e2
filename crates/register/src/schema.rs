//! The database: its tables, its settings, and whether it is as it should be.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::receipt::RECEIPT_JSON_BYTES_MAX;

use crate::cipher::Column;
use crate::error::{Part, RegisterError};

/// The version of the tables, and of what is in them.
pub const SCHEMA_VERSION: i64 = 2;
/// Most rows of a register.
pub const ROWS_MAX: u64 = 1_000_000;
/// Most positions in the issuer's status lists: eight lists.
pub const POSITIONS_MAX: u64 = 1 << 20;

pub(crate) const HEAD: Column = Column { table: "register", name: "head" };
pub(crate) const KEY: Column = Column { table: "credential", name: "key" };
pub(crate) const FACTS: Column = Column { table: "credential", name: "facts" };
pub(crate) const STATE: Column = Column { table: "credential", name: "state" };
pub(crate) const DOCUMENT: Column = Column { table: "credential", name: "document" };
pub(crate) const RECEIPT: Column = Column { table: "credential", name: "receipt" };
pub(crate) const LISTED: Column = Column { table: "position", name: "entry" };
pub(crate) const DESTRUCTION: Column = Column { table: "credential", name: "destruction" };

/// Longest sealed facts or state, in bytes.
pub(crate) const SMALL_BYTES_MAX: usize = 256 << 10;

/// The statements that make the tables, each as SQLite keeps it; another schema is not read. Tables come first, as
/// `VACUUM` leaves them.
const TABLES: [&str; 5] = [
    "CREATE TABLE register (id INTEGER PRIMARY KEY CHECK (id = 1), key TEXT NOT NULL, head BLOB NOT NULL) STRICT",
    "CREATE TABLE credential (row INTEGER PRIMARY KEY, identity BLOB UNIQUE, entry BLOB UNIQUE, email BLOB, student BLOB, \
     key BLOB, facts BLOB, state BLOB, destruction BLOB, receipt BLOB, document BLOB) STRICT",
    "CREATE TABLE position (number INTEGER PRIMARY KEY, credential BLOB NOT NULL UNIQUE, entry BLOB) STRICT",
    "CREATE INDEX credential_email ON credential (email)",
    "CREATE INDEX credential_student ON credential (student)",
];

/// Opens a database, with the settings that every connection has.
pub(crate) fn connect(path: &Path, wait: Duration) -> Result<Connection, RegisterError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags);
    let connection = connection.map_err(|error| failed(path, error))?;
    configure(&connection, wait).map_err(|error| failed(path, error))?;
    Ok(connection)
}

fn configure(connection: &Connection, wait: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(wait)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A hostile file may hold triggers and views: none of them runs.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)
}

/// Makes the tables in an empty file.
pub(crate) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    TABLES.iter().try_for_each(|table| connection.execute_batch(table))
}

/// Checks that a file is a register, and whole.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<(), RegisterError> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(|error| failed(path, error))?;
    if application != APPLICATION_ID {
        return Err(RegisterError::NotARegister { path: path.to_owned() });
    }
    let version = number("user_version").map_err(|error| failed(path, error))?;
    if version != SCHEMA_VERSION {
        return Err(RegisterError::Newer { path: path.to_owned(), version });
    }
    if !has_tables(connection).map_err(|error| failed(path, error))? {
        return Err(damaged(path, Part::Schema));
    }
    // Indexes, too: a person must not be missed because an index lost them.
    let said: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| failed(path, error))?;
    if said != "ok" {
        return Err(damaged(path, Part::Structure));
    }
    Ok(())
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare(
        "SELECT sql FROM sqlite_schema WHERE name NOT IN ('sqlite_autoindex_credential_1', 'sqlite_autoindex_credential_2', \
         'sqlite_autoindex_position_1') ORDER BY rowid LIMIT 6",
    )?;
    let found = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(found == TABLES)
}

pub(crate) fn damaged(path: &Path, part: Part) -> RegisterError {
    RegisterError::Damaged { path: path.to_owned(), part }
}

/// What an error of SQLite means for the caller.
pub(crate) fn failed(path: &Path, error: rusqlite::Error) -> RegisterError {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, QueryReturnedNoRows,
        SqlInputError, Utf8Error,
    };
    let path = path.to_owned();
    match (error.sqlite_error_code(), &error) {
        (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked), _) => RegisterError::Busy(path),
        (Some(ErrorCode::DiskFull), _) => RegisterError::DiskFull(path),
        // The index beside the journal cannot grow: sqlite.org/rescode.html, ioerr_shmsize.
        (
            Some(_),
            rusqlite::Error::SqliteFailure(ffi::Error { extended_code: ffi::SQLITE_IOERR_SHMSIZE, .. }, _),
        ) => RegisterError::DiskFull(path),
        (Some(ErrorCode::NotADatabase), _) => RegisterError::NotARegister { path },
        (Some(ErrorCode::DatabaseCorrupt | ErrorCode::TooBig), _)
        | (
            _,
            InvalidColumnType(..)
            | FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | QueryReturnedNoRows
            | Utf8Error(..)
            | SqlInputError { .. },
        ) => RegisterError::Damaged { path, part: Part::Structure },
        _ => RegisterError::Sqlite { path, source: error },
    }
}

/// "SNDR", in the header of the database (sqlite.org/fileformat.html, 1.3.20).
const APPLICATION_ID: i64 = 0x534e_4452;
/// Longest row, in bytes: a document, a receipt and the rest.
const ROW_BYTES_MAX: i32 = (DOCUMENT_BYTES_MAX + RECEIPT_JSON_BYTES_MAX + 4 * SMALL_BYTES_MAX) as i32;
