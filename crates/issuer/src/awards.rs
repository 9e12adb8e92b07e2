//! The credentials of a roster: read, checked, signed, and written into one folder for each learner.
//!
//! Everything is checked before anything is signed, and everything is signed before anything is entered. A roster that is
//! issued again finds the credentials that are there by their ids, so that nobody gets a second one.

mod error;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use sanad_core::signature::PublicKey;
use sanad_credential::{CREDENTIAL_BYTES_MAX, SdJwtClaims, Signer, check_unsigned};
use sanad_roster::{
    Columns, Learner, ROSTER_BYTES_MAX, TEMPLATE_BYTES_MAX, TableRemark, Template, credential_id,
    plain_letters, read_table,
};
use serde_json::{Map, Value};

use crate::content::recognise;
use crate::files::{self, FileError, Mode};
use crate::notice::{LeftOut, Observer, Step};
use crate::places::find_beside;
use crate::preflight::{RECEIPT_BYTES_EXPECTED, Room};
use crate::receipts::WRITERS;
use crate::signed_file::{CredentialForm, credential_in};
use crate::status_lists::StatusListPlace;

pub use error::{AwardsError, LineFault};

/// A roster, its columns and its template, read and checked.
#[derive(Debug)]
pub struct Roster {
    path: PathBuf,
    columns: Columns,
    template: Template,
    learners: Vec<Learner>,
    same_person: Vec<(u32, u32)>,
    same_contact: Vec<(u32, u32)>,
    remarks: Vec<TableRemark>,
    issuer: String,
    form: CredentialForm,
    /// Where its status lists are, and the position of each credential in them, by its id.
    positions: Option<(StatusListPlace, HashMap<String, u64>)>,
}

/// A credential to be written.
#[derive(Debug)]
struct Award<'a> {
    learner: &'a Learner,
    credential: PathBuf,
    is_there: bool,
    /// Whether the file that is there makes way: a former key signed it, and it is not yet entered.
    is_stale: bool,
}

/// A credential of a plan whose file or receipt is not there.
#[derive(Clone, Copy, Debug)]
pub struct Incomplete<'a> {
    roster: &'a Roster,
    award: &'a Award<'a>,
}

/// The credentials of a roster, and which of them are there already.
#[derive(Debug)]
pub struct Plan<'a> {
    roster: &'a Roster,
    /// The folder of the folders.
    out: PathBuf,
    awards: Vec<Award<'a>>,
}

impl Roster {
    /// Reads a roster by its columns and its template, and checks every cell and every credential.
    ///
    /// # Errors
    /// [`AwardsError`], with all faults of the first of these that has some.
    pub fn read(
        path: &Path,
        columns_path: &Path,
        template_path: &Path,
        observer: &dyn Observer,
    ) -> Result<Self, AwardsError> {
        let columns = Columns::from_toml(&files::read_text(columns_path, TEMPLATE_BYTES_MAX)?)
            .map_err(|source| AwardsError::Columns { path: columns_path.to_owned(), source })?;
        let template = files::read(template_path, TEMPLATE_BYTES_MAX)?;
        let template = Template::from_json(&template, &columns)
            .map_err(|faults| AwardsError::Template { path: template_path.to_owned(), faults })?;
        let bytes = files::read(path, ROSTER_BYTES_MAX)?;
        let table = read_table(&bytes, &columns.place())
            .map_err(|faults| AwardsError::Table { path: path.to_owned(), faults })?;
        let rows = columns
            .read_rows(&table)
            .map_err(|faults| AwardsError::Cells { path: path.to_owned(), faults })?;
        let first = rows.learners.first().map(|learner| template.fill(learner)).unwrap_or_default();
        let issuer = first.get("issuer").and_then(|issuer| issuer.as_str().or_else(|| issuer["id"].as_str()));
        let roster = Self {
            issuer: issuer.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            columns,
            template,
            learners: rows.learners,
            same_person: rows.same_person,
            same_contact: rows.same_contact,
            remarks: table.remarks.into_iter().chain(rows.remarks).collect(),
            form: CredentialForm::default(),
            positions: None,
        };
        roster.check(template_path, observer)?;
        Ok(roster)
    }

    /// Has the credentials made in a form.
    ///
    /// # Errors
    /// [`AwardsError::Personal`] if every verifier would see what is the learner's own; [`AwardsError::Credential`] or
    /// [`AwardsError::Credentials`] if there are credentials that the form cannot have.
    pub fn in_form(
        mut self,
        form: CredentialForm,
        template: &Path,
        observer: &dyn Observer,
    ) -> Result<Self, AwardsError> {
        self.form = form;
        if form == CredentialForm::SdJwt {
            let always = [&["issuer"][..], &["credentialSubject", "achievement"]];
            let personal = always.map(|path| self.template.personal_fields(&self.columns, path)).concat();
            if !personal.is_empty() {
                return Err(AwardsError::Personal { path: template.to_owned(), fields: personal });
            }
            self.check_each(template, observer, |credential| {
                SdJwtClaims::of_badge(credential).map(drop).map_err(|error| error.to_string())
            })?;
        }
        Ok(self)
    }

    /// Every credential keeps the rules that verifiers check.
    fn check(&self, template: &Path, observer: &dyn Observer) -> Result<(), AwardsError> {
        self.check_each(template, observer, |credential| {
            check_unsigned(credential, &self.issuer).map_err(|error| error.to_string())?;
            check_enterable(credential)
        })
    }

    /// Has every credential checked, before it is signed; `template` is at fault if all have the same fault.
    ///
    /// # Errors
    /// [`AwardsError::Credential`] or [`AwardsError::Credentials`], with what `check` said.
    pub fn check_each(
        &self,
        template: &Path,
        observer: &dyn Observer,
        check: impl Fn(&Map<String, Value>) -> Result<(), String> + Sync,
    ) -> Result<(), AwardsError> {
        let progress = Progress::new(observer, Step::Checking, self.learners.len());
        let check = |learner: &Learner| {
            progress.next();
            let text = check(&self.credential(learner).1).err()?;
            Some(LineFault { line: learner.line, text })
        };
        let faults: Vec<LineFault> = self.learners.par_iter().filter_map(check).collect();
        let Some(first) = faults.first() else { return Ok(()) };
        // What is wrong with every credential in the same way is wrong with the template.
        if faults.len() == self.learners.len() && faults.iter().all(|fault| fault.text == first.text) {
            return Err(AwardsError::Credential { path: template.to_owned(), text: first.text.clone() });
        }
        Err(AwardsError::Credentials { path: self.path.clone(), faults })
    }

    /// The id of the issuer that the template names.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The ids of the credentials.
    pub fn ids(&self) -> Vec<String> {
        self.learners.par_iter().map(|learner| self.credential(learner).0).collect()
    }

    /// Gives each credential its position in the issuer's status lists, in the order of [`Roster::ids`].
    ///
    /// # Errors
    /// [`AwardsError::OwnStatus`] if the template has a `credentialStatus` of its own.
    pub fn with_positions(mut self, place: StatusListPlace, positions: &[u64]) -> Result<Self, AwardsError> {
        if self.learners.first().is_some_and(|first| self.template.fill(first).contains_key(STATUS)) {
            return Err(AwardsError::OwnStatus);
        }
        let positions = self.ids().into_iter().zip(positions.iter().copied()).collect();
        self.positions = Some((place, positions));
        Ok(self)
    }

    /// How many credentials there are.
    pub fn len(&self) -> usize {
        self.learners.len()
    }

    /// Never: a roster without rows is refused.
    pub fn is_empty(&self) -> bool {
        self.learners.is_empty()
    }

    /// What people should know of how the roster was read.
    pub fn remarks(&self) -> &[TableRemark] {
        &self.remarks
    }

    /// Fields whose column was guessed and is not confirmed, each with its column: nothing is to be signed yet.
    pub fn to_confirm(&self) -> Vec<(&str, &str)> {
        self.columns.to_confirm().collect()
    }

    /// The lines of those who are the same person as one before: that line, and theirs.
    pub fn same_person(&self) -> &[(u32, u32)] {
        &self.same_person
    }

    /// The lines of those who are another person but for name and e-mail address, which a line before has: that line, and theirs.
    pub fn same_contact(&self) -> &[(u32, u32)] {
        &self.same_contact
    }

    /// The first credential, as it would be signed.
    pub fn first(&self) -> Option<Value> {
        self.learners.first().map(|learner| Value::Object(self.credential(learner).1))
    }

    /// Where each credential of the roster is or will be, in a folder of its own below `out`.
    ///
    /// # Errors
    /// [`AwardsError::Changed`] if credentials are there that say something else than the roster does now, and
    /// [`AwardsError::OtherForm`] if they have another form; files that cannot be read.
    pub fn plan(&self, out: &Path) -> Result<Plan<'_>, AwardsError> {
        let folders = folders_by_id(out)?;
        let place = |learner| -> Result<_, AwardsError> {
            let (id, credential) = self.credential(learner);
            let folder = folders.get(short(&id)).cloned();
            let folder = folder.unwrap_or_else(|| out.join(folder_name(&self.columns.name(learner), &id)));
            let path = folder.join(self.form.file());
            let other = Some(folder.join(self.form.other().file())).filter(|other| other.is_file());
            let other =
                other.map(|other| LineFault { line: learner.line, text: other.display().to_string() });
            let is_there = path.is_file();
            let fault = match is_there && !self.is_said_by(&path, &credential)? {
                true => Some(LineFault { line: learner.line, text: path.display().to_string() }),
                false => None,
            };
            Ok((Award { learner, credential: path, is_there, is_stale: false }, (fault, other)))
        };
        let placed: Vec<_> = self.learners.par_iter().map(place).collect::<Result<_, _>>()?;
        let (awards, faults): (Vec<_>, Vec<_>) = placed.into_iter().unzip();
        let (faults, others): (Vec<_>, Vec<_>) = faults.into_iter().unzip();
        let others: Vec<LineFault> = others.into_iter().flatten().collect();
        if !others.is_empty() {
            return Err(AwardsError::OtherForm { path: self.path.clone(), faults: others });
        }
        let faults: Vec<LineFault> = faults.into_iter().flatten().collect();
        match faults.is_empty() {
            true => Ok(Plan { roster: self, out: out.to_owned(), awards }),
            false => Err(AwardsError::Changed { path: self.path.clone(), faults }),
        }
    }

    fn credential(&self, learner: &Learner) -> (String, Map<String, Value>) {
        let mut credential = self.template.fill(learner);
        let id = credential_id(&self.issuer, &credential, &self.columns.award(learner));
        credential.insert("id".to_owned(), id.clone().into());
        let place =
            self.positions.as_ref().and_then(|(place, positions)| Some((place, *positions.get(&id)?)));
        if let Some((place, position)) = place {
            credential.insert(STATUS.to_owned(), place.credential_status(position));
        }
        (id, credential)
    }

    /// Whether a file holds a credential.
    fn is_said_by(&self, path: &Path, credential: &Map<String, Value>) -> Result<bool, FileError> {
        Ok(self.is_in(&files::read(path, CREDENTIAL_BYTES_MAX)?, credential))
    }

    /// Whether a document is a credential, whatever its proof and its place in status lists: it may have been signed without one,
    /// and stays.
    fn is_in(&self, document: &[u8], credential: &Map<String, Value>) -> bool {
        let own_status = self.positions.is_none() && credential.contains_key(STATUS);
        let left_out: &[&str] = if own_status { &[] } else { &[STATUS] };
        self.form.is_said_by(document, credential, left_out)
    }

    /// A line of the roster, as `wisuda.csv:3`.
    fn place(&self, learner: &Learner) -> String {
        format!("{}:{}", self.path.display(), learner.line)
    }
}

impl Incomplete<'_> {
    /// The id of the credential.
    pub fn id(&self) -> String {
        self.roster.credential(self.award.learner).0
    }

    /// Where the credential is, or will be.
    pub fn path(&self) -> &Path {
        &self.award.credential
    }

    /// Its line of the roster, as `wisuda.csv:3`.
    pub fn place(&self) -> String {
        self.roster.place(self.award.learner)
    }

    /// What the learner is called in the roster.
    pub fn name(&self) -> String {
        self.roster.columns.name(self.award.learner)
    }

    /// Whether a signed document says what the roster and the template say now, in the form of this run: only then it
    /// may be put into the learner's folder.
    pub fn is_said_by(&self, document: &[u8]) -> bool {
        self.roster.is_in(document, &self.roster.credential(self.award.learner).1)
    }
}

impl Plan<'_> {
    /// How many credentials are signed already.
    pub fn already(&self) -> usize {
        self.awards.iter().filter(|award| award.is_there).count()
    }

    /// Has credentials signed anew that are there without a receipt, with the signature of another key than `key`: verifiers may
    /// refuse that key by now. Returns how many. Requires that no pending file is left of them.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn renew(&mut self, key: &PublicKey) -> Result<usize, FileError> {
        let form = self.roster.form;
        let is_stale = |award: &Award<'_>| -> Result<bool, FileError> {
            if !award.is_there || find_beside(&award.credential).is_file() {
                return Ok(false);
            }
            Ok(!form.is_signed_by(&files::read(&award.credential, CREDENTIAL_BYTES_MAX)?, key))
        };
        let stale: Vec<bool> = self.awards.par_iter().map(is_stale).collect::<Result<_, _>>()?;
        for (award, is_stale) in self.awards.iter_mut().zip(&stale).filter(|(_, is_stale)| **is_stale) {
            (award.is_there, award.is_stale) = (false, *is_stale);
        }
        Ok(stale.into_iter().filter(|is_stale| *is_stale).count())
    }

    /// Those whose credential or receipt is not there.
    pub fn incomplete(&self) -> impl Iterator<Item = Incomplete<'_>> {
        let lacks = |award: &&Award<'_>| !award.is_there || !find_beside(&award.credential).is_file();
        self.awards.iter().filter(lacks).map(|award| Incomplete { roster: self.roster, award })
    }

    /// The credentials that are to be signed: line of the roster (`wisuda.csv:3`), file, and content.
    pub fn unsigned(&self) -> impl Iterator<Item = (String, &Path, Value)> {
        self.awards.iter().filter(|award| !award.is_there).map(|award| {
            let (_, credential) = self.roster.credential(award.learner);
            (self.roster.place(award.learner), award.credential.as_path(), Value::Object(credential))
        })
    }

    /// Credentials in folders of this roster's that are in none of its lines, and have no receipt.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn strays(&self) -> Result<Vec<PathBuf>, FileError> {
        let own: HashSet<&Path> = self.awards.iter().map(|award| award.credential.as_path()).collect();
        let there = folders_by_id(&self.out)?.into_values().filter_map(|folder| credential_in(&folder));
        let mut strays: Vec<PathBuf> =
            there.filter(|path| !own.contains(path.as_path()) && !find_beside(path).is_file()).collect();
        strays.sort();
        Ok(strays)
    }

    /// Refuses where the file system has no room for what is to be signed, with a folder and a receipt for each.
    ///
    /// # Errors
    /// [`AwardsError::NoRoom`].
    pub fn check_room(&self) -> Result<(), AwardsError> {
        let there = self.out.ancestors().find(|folder| folder.exists() && !folder.as_os_str().is_empty());
        let Some(room) = Room::of(there.unwrap_or_else(|| Path::new("."))) else { return Ok(()) };
        let first = self.unsigned().next().map(|(_, _, credential)| credential.to_string().len() as u64);
        let (unsigned, receipts) = (self.unsigned().count() as u64, self.incomplete().count() as u64);
        let needed = needed_for(room, unsigned, first.unwrap_or_default(), receipts);
        match needed > room.available {
            true => Err(AwardsError::NoRoom { folder: self.out.clone(), needed, available: room.available }),
            false => Ok(()),
        }
    }

    /// Signs those that are not there, and writes each into its folder. Returns the paths of all; `created` is the time
    /// of the signatures.
    ///
    /// # Errors
    /// [`AwardsError`]. What was written stays, and is found when the roster is issued again.
    pub fn write(
        &self,
        signer: &Signer,
        created: &str,
        observer: &dyn Observer,
    ) -> Result<Vec<PathBuf>, AwardsError> {
        let progress = Progress::new(observer, Step::Signing, self.awards.len());
        let write = |award: &Award<'_>| -> Result<PathBuf, AwardsError> {
            progress.next();
            if !award.is_there {
                let (_, credential) = self.roster.credential(award.learner);
                let signed = self.roster.form.sign(signer, credential, created);
                let text = signed.map_err(|source| AwardsError::NotSigned {
                    path: self.roster.path.clone(),
                    line: award.learner.line,
                    source,
                })?;
                let folder = files::parent(&award.credential);
                files::create_own_folder(folder)?;
                if award.is_stale {
                    files::replace(&award.credential, &text, Mode::Private)?;
                    return Ok(award.credential.clone());
                }
                match files::place_new(&award.credential, &text, Mode::Private) {
                    // Another desk was faster, with the same credential or an earlier one.
                    Err(FileError::Exists(path)) => {
                        let (_, credential) = self.roster.credential(award.learner);
                        if !self.roster.is_said_by(&path, &credential)? {
                            let (path, line) = (self.roster.path.clone(), award.learner.line);
                            let text = award.credential.display().to_string();
                            return Err(AwardsError::Changed {
                                path,
                                faults: vec![LineFault { line, text }],
                            });
                        }
                    }
                    written => written?,
                }
            }
            Ok(award.credential.clone())
        };
        let write_all = || self.awards.par_iter().map(write).collect::<Result<Vec<PathBuf>, _>>();
        // More threads than cores: most of the time they wait for the disk.
        let paths = match rayon::ThreadPoolBuilder::new().num_threads(WRITERS).build() {
            Ok(pool) => pool.install(write_all),
            Err(_) => write_all(),
        }?;
        // A signature of another time would be another document: what is entered has to stay, and so have the folders.
        if let Some(path) = paths.first() {
            files::sync_parent(files::parent(path))?;
        }
        Ok(paths)
    }
}

/// Refuses what `sanad issue` would not enter, for what it says: signed, it would be in the way of the whole roster.
fn check_enterable(credential: &Map<String, Value>) -> Result<(), String> {
    let text = serde_json::to_vec(credential).expect("invariant: JSON has a text");
    match recognise(&text, None) {
        Some(artifact) => Err(format!("it could not be issued: {}", LeftOut::Artifact(artifact))),
        None => Ok(()),
    }
}

/// What credentials of some bytes take, each in a folder of its own, with receipts.
fn needed_for(room: Room, unsigned: u64, bytes_each: u64, receipts: u64) -> u64 {
    let credentials = room.needed(unsigned, bytes_each.saturating_mul(2).saturating_add(SIGNATURE_BYTES));
    let folders = room.needed(unsigned, 0);
    credentials.saturating_add(folders).saturating_add(room.needed(receipts, RECEIPT_BYTES_EXPECTED))
}

/// The folders that are there already, by the end of their names.
fn folders_by_id(out: &Path) -> Result<HashMap<String, PathBuf>, FileError> {
    let mut folders = HashMap::new();
    let entries = match out.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(folders),
        Err(error) => return Err(FileError::system(out, "read")(error)),
    };
    for entry in entries {
        let entry = entry.map_err(FileError::system(out, "read"))?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.rsplit_once('-')).map(|(_, id)| id.to_owned());
        if let Some(id) = id.filter(|id| id.len() == ID_CHARS) {
            files::refuse_link(&entry.path())?;
            folders.insert(id, entry.path());
        }
    }
    Ok(folders)
}

/// A folder that people find by the name, and this program by the end of the id.
fn folder_name(name: &str, id: &str) -> String {
    let mut readable = String::new();
    for letter in plain_letters(name).to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => readable.push(letter),
            _ if readable.ends_with('-') || readable.is_empty() => {}
            _ => readable.push('-'),
        }
        if readable.len() >= READABLE_BYTES_MAX {
            break;
        }
    }
    let readable = readable.trim_end_matches('-');
    let readable = if readable.is_empty() { "award" } else { readable };
    format!("{readable}-{}", short(id))
}

/// The end of an id: 48 bits that nobody chose.
fn short(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(_, end)| end)
}

/// Counts what threads have done, and says so in order.
struct Progress<'a> {
    observer: &'a dyn Observer,
    step: Step,
    total: usize,
    done: Mutex<usize>,
}

impl<'a> Progress<'a> {
    fn new(observer: &'a dyn Observer, step: Step, total: usize) -> Self {
        Self { observer, step, total, done: Mutex::new(0) }
    }

    fn next(&self) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        self.observer.progress(self.step, *done, self.total);
    }
}

/// What signing adds to a credential, in bytes; and an SD-JWT, or JSON on many lines, has up to twice as many.
const SIGNATURE_BYTES: u64 = 2 << 10;
/// Where a credential names its place in status lists.
pub(crate) const STATUS: &str = "credentialStatus";
/// Characters of an id at the end of a folder's name.
const ID_CHARS: usize = 12;
/// Longest readable part of a folder's name, in bytes.
const READABLE_BYTES_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_files_take_a_block_each() {
        let room = Room { system: 0, available: 0, block: 4096 };
        // A folder of a block, a credential of two, a receipt of four, and an entry for each of the three.
        assert_eq!(needed_for(room, 1, 1000, 1), 4096 * (1 + 1 + 1 + 4 + 1));
        assert_eq!(needed_for(room, 10_000, 1000, 10_000), 10_000 * 4096 * 8);
        assert_eq!(needed_for(room, 0, 0, 0), 0);
        assert_eq!(needed_for(room, u64::MAX, 1, 1), u64::MAX);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_among_the_folders_of_learners_is_refused() {
        let (out, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(out.path().join("suharto-0123456789ab")).unwrap();
        assert_eq!(folders_by_id(out.path()).unwrap().len(), 1);
        let link = out.path().join("siti-10d13a156466");
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        assert!(matches!(folders_by_id(out.path()), Err(FileError::Link(path)) if path == link));
    }

    #[test]
    fn what_could_not_be_entered_is_refused_before_it_is_signed() {
        let credential = |text: &str| {
            let credential = serde_json::json!({"type": ["VerifiableCredential"], "name": text});
            check_enterable(credential.as_object().unwrap())
        };
        assert_eq!(credential("Siti {{Nama}}"), Ok(()));
        for (text, what) in [
            ("{{name}}", "a template"),
            ("-----BEGIN PRIVATE KEY-----", "key"),
            ("see -----BEGIN RSA PRIVATE KEY----- x", "key"),
        ] {
            assert!(credential(text).unwrap_err().contains(what), "{text}: {:?}", credential(text));
        }
    }

    #[test]
    fn folders_are_named_for_people_and_by_id() {
        let id = "urn:uuid:42628ec3-a142-8cd4-a256-10d13a156466";
        for (name, expected) in [
            ("Siti Nur'aini, S.T.", "siti-nur-aini-s-t-10d13a156466"),
            ("Łukasz Piątek-Sørensen Ñu\u{301}ñez", "lukasz-piatek-sorensen-nunez-10d13a156466"),
            ("عبد الرحمن", "award-10d13a156466"),
            ("../../etc/passwd", "etc-passwd-10d13a156466"),
            (&"Raden ".repeat(20), "raden-raden-raden-raden-raden-raden-rade-10d13a156466"),
        ] {
            assert_eq!(folder_name(name, id), expected);
        }
    }
}
