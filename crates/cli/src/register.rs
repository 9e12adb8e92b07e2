//! The register, as commands open it.

mod keeper;
mod lookup;
mod sites;
mod targets;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::ids::MemberId;
use sanad_core::trust::TrustAnchor;
use sanad_issuer::keys::read_passphrase;
use sanad_register::{Credential, Owner, Register, RegisterOptions};
use serde::Serialize;
use zeroize::Zeroizing;

pub(crate) use keeper::{
    Incomplete, NotKept, RegisterKeeper, credential_of, id_of, new_credential, position_in, subject_of,
};
pub(crate) use lookup::{Digits, Lookup, unknown};
pub(crate) use sites::{LinkBox, delete_boxes, remember, remembered};
pub(crate) use targets::{Finder, Registered, Wanted, check_reasons, is_workbook, note_changes, read_list};

use crate::keys;
use crate::time;

/// The register of an issuer.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct RegisterArgs {
    /// The register, as `sanad register create` makes it
    #[arg(long, value_name = "FILE", env = "SANAD_REGISTER")]
    pub(crate) register: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) opening: OpeningArgs,
}

/// How a register is opened.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct OpeningArgs {
    /// File that holds the passphrase of the register; else SANAD_REGISTER_PASSPHRASE, else it is asked for
    #[arg(long, value_name = "FILE", env = "SANAD_REGISTER_PASSPHRASE_FILE")]
    register_passphrase_file: Option<PathBuf>,
    /// Let the register be on a network share, whose locks may fail
    #[arg(long)]
    network_share: bool,
}

impl OpeningArgs {
    pub(crate) fn options(&self) -> RegisterOptions {
        RegisterOptions { network_share_allowed: self.network_share, ..RegisterOptions::default() }
    }

    /// The passphrase of a register that is there.
    pub(crate) fn existing(&self, path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => keys::ask(&format!("Passphrase of {}: ", path.display()), OF_REGISTER),
        }
    }

    /// The passphrase of a new register, asked for twice.
    pub(crate) fn fresh(&self) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        match self.given()? {
            Some(passphrase) => checked(passphrase),
            None => ask_twice(OF_REGISTER),
        }
    }

    fn given(&self) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
        if let Some(path) = &self.register_passphrase_file {
            return Ok(Some(read_passphrase(path).context("the passphrase file cannot be used")?));
        }
        Ok(std::env::var("SANAD_REGISTER_PASSPHRASE").ok().map(|text| Zeroizing::new(text.into_bytes())))
    }
}

/// A new passphrase, asked for twice. `instead` says how else it can be given.
pub(crate) fn ask_twice(instead: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let first = checked(keys::ask("New passphrase of the register: ", instead)?)?;
    if first != keys::ask("The same again: ", instead)? {
        bail!("the two passphrases differ; nothing was written, try again");
    }
    Ok(first)
}

/// Refuses a passphrase that is easily guessed.
pub(crate) fn checked(passphrase: Zeroizing<Vec<u8>>) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    keys::chosen(passphrase.clone())?;
    Ok(passphrase)
}

impl RegisterArgs {
    /// Opens the register.
    pub(crate) fn open(&self) -> anyhow::Result<Register> {
        self.open_if_given()?.context("no register is named; give --register FILE (or SANAD_REGISTER)")
    }

    /// Opens the register, if one is named.
    pub(crate) fn open_if_given(&self) -> anyhow::Result<Option<Register>> {
        let Some(path) = &self.register else { return Ok(None) };
        if !path.exists() {
            bail!("{0} does not exist; make a register with `sanad register create {0}`", path.display());
        }
        Ok(Some(Register::open(path, &self.opening.existing(path)?, self.opening.options())?))
    }

    /// Opens the register of an issuer, if one is named.
    pub(crate) fn open_of(
        &self,
        anchor: &TrustAnchor,
        issuer: &MemberId,
    ) -> anyhow::Result<Option<Register>> {
        let register = self.open_if_given()?;
        if let Some(register) = &register {
            register.check_owner(&Owner { chain_id: anchor.chain_id, issuer: issuer.clone() })?;
        }
        Ok(register)
    }
}

/// A credential, as lists show it.
#[derive(Serialize)]
pub(crate) struct Listed {
    pub(crate) row: u64,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) student_number: Option<String>,
    pub(crate) title: Option<String>,
    achievement: Option<String>,
    batch: String,
    file: String,
    pub(crate) progress: &'static str,
    pub(crate) status: &'static str,
    pub(crate) log_index: Option<u64>,
    commitment: String,
    replaces: Option<u64>,
    added_at: String,
    changes: Vec<ListedChange>,
}

#[derive(Serialize)]
struct ListedChange {
    status: &'static str,
    reason: Option<String>,
    at: String,
}

impl From<&Credential> for Listed {
    fn from(credential: &Credential) -> Self {
        let (facts, state) = (credential.facts.clone(), &credential.state);
        let changes = state.changes.iter().map(|change| ListedChange {
            status: change.status.as_str(),
            reason: change.reason.clone(),
            at: time::format_ms(change.at_ms),
        });
        Self {
            row: credential.row.0,
            name: facts.subject.person.name,
            email: facts.subject.person.email,
            student_number: facts.subject.person.student_number,
            title: facts.subject.title,
            achievement: facts.subject.achievement,
            batch: facts.batch,
            file: facts.file,
            progress: state.progress.as_str(),
            status: credential.status().as_str(),
            log_index: state.log_index.map(|index| index.0),
            commitment: facts.commitment.to_string(),
            replaces: facts.replaces.map(|replaced| replaced.row.0),
            added_at: time::format_ms(facts.added_at_ms),
            changes: changes.collect(),
        }
    }
}

/// The head and a row of tables of credentials.
pub(crate) const HEAD: &[&str] = &["row", "name", "student number", "e-mail", "title", "state", "index"];

impl Listed {
    pub(crate) fn cells(&self) -> Vec<String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let state = if self.progress == "issued" { self.status } else { self.progress };
        vec![
            self.row.to_string(),
            text(&self.name),
            text(&self.student_number),
            text(&self.email),
            text(&self.title),
            state.to_owned(),
            self.log_index.map_or_else(|| "-".to_owned(), |index| index.to_string()),
        ]
    }
}

/// How else the passphrase of a register can be given.
const OF_REGISTER: &str = "set SANAD_REGISTER_PASSPHRASE or give --register-passphrase-file";
