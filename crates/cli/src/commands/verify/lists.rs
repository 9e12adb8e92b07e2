//! Status lists beside the ledger: whether what an issuer publishes of a credential is what the ledger proved.

use std::path::{Path, PathBuf};

use sanad_core::receipt::Receipt;
use sanad_credential::{
    CREDENTIAL_BYTES_MAX, Circumstances, ExpectedList, StatusEntry, StatusList, StatusListFault,
    StatusPurpose, multikey, signing_keys, status_entries, status_list_id,
};
use sanad_verify::{Finding, Language, Verdict};
use serde::Serialize;

use super::{ReadFrom, Setting};
use crate::files;
use crate::output::Outcome;
use crate::time;

/// What a list says of a credential.
#[derive(Serialize)]
pub(super) struct ListSays {
    purpose: StatusPurpose,
    list: String,
    index: u64,
    /// The file that was read.
    file: PathBuf,
    #[serde(flatten)]
    word: Word,
}

/// What follows from it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "says")]
enum Word {
    /// The same as the ledger.
    Agrees { set: bool },
    /// Something else than the ledger; `asked` if a node or an export was asked for this run.
    Disagrees { set: bool, asked: bool },
    /// The ledger proved no status that it could be compared with.
    Alone { set: bool },
    /// Nothing: it is not to be believed.
    Nothing { reason: String },
    /// There is none in the folder of the site.
    Missing,
}

impl Setting<'_> {
    /// Reads the lists that were given, or lie in the folder of the site, for a document that was checked.
    pub(super) fn lists(
        &self,
        finding: &Finding,
        receipt: &Receipt,
        document: &[u8],
        read_from: ReadFrom,
    ) -> Vec<ListSays> {
        let (site, given) = (&self.args.site, &self.args.status_list);
        if site.is_none() && given.is_empty() {
            return Vec::new();
        }
        let entries = status_entries(document);
        let mut found = Vec::new();
        for file in given {
            let bytes = files::read(file, CREDENTIAL_BYTES_MAX);
            let id = bytes.as_ref().ok().and_then(|bytes| status_list_id(bytes));
            let Some(entry) = entries.iter().find(|entry| Some(&entry.list) == id.as_ref()) else {
                let reason = bytes.err().map_or_else(
                    || "the credential names no such list".to_owned(),
                    |error| format!("{error:#}"),
                );
                let (purpose, list, index) = (StatusPurpose::Revocation, id.unwrap_or_default(), 0);
                found.push(ListSays {
                    purpose,
                    list,
                    index,
                    file: file.clone(),
                    word: Word::Nothing { reason },
                });
                continue;
            };
            found.push(self.says(finding, receipt, document, entry, file));
        }
        for (entry, site) in entries.iter().filter_map(|entry| Some((entry, site.as_ref()?))) {
            let Some(file) = place_on(site, &entry.list) else { continue };
            // For a link code the site was named for its box, and it need not have lists.
            let is_for_lists = read_from != ReadFrom::Box || file.parent().is_some_and(Path::is_dir);
            if !is_for_lists || found.iter().any(|says| says.list == entry.list) {
                continue;
            }
            found.push(self.says(finding, receipt, document, entry, &file));
        }
        found
    }

    fn says(
        &self,
        finding: &Finding,
        receipt: &Receipt,
        document: &[u8],
        entry: &StatusEntry,
        file: &Path,
    ) -> ListSays {
        let word = match (file.exists(), files::read(file, CREDENTIAL_BYTES_MAX)) {
            (false, _) => Word::Missing,
            (true, Err(error)) => Word::Nothing { reason: format!("{error:#}") },
            (true, Ok(bytes)) => match self.bit(receipt, document, entry, &bytes) {
                Err(fault) => Word::Nothing { reason: fault.to_string() },
                Ok(set) => match expected(finding.verdict(), entry.purpose) {
                    None => Word::Alone { set },
                    Some(expected) if expected == set => Word::Agrees { set },
                    Some(_) => Word::Disagrees { set, asked: self.source.is_some() },
                },
            },
        };
        let StatusEntry { purpose, index, list } = entry.clone();
        ListSays { purpose, list, index, file: file.to_owned(), word }
    }

    /// The bit of a credential in a list that its issuer signed.
    fn bit(
        &self,
        receipt: &Receipt,
        document: &[u8],
        entry: &StatusEntry,
        list: &[u8],
    ) -> Result<bool, StatusListFault> {
        let record = &receipt.proof.issuer.record;
        let circumstances = Circumstances { now_ms: time::now_ms(), member: Some(record), rest: None };
        let issuer = sanad_credential::check(document, &circumstances).and_then(|finding| finding.issuer);
        // What the ledger binds is the issuer's word, the key in it included.
        let mut keys = signing_keys(document, &circumstances);
        // The key may have been replaced since, because it was stolen, too: a node proves today's.
        let member = self.source.as_ref().and_then(|source| {
            let remote = source.remote().ok()?;
            source.block_on(remote.chain(&self.trust).member(&record.id)).ok()
        });
        let circumstances = match &member {
            Some(member) => {
                let former = member.rest().keys.iter().filter(|term| term.until.is_some());
                let former: Vec<String> = former.map(|term| multikey(&term.key)).collect();
                keys.retain(|key| !former.contains(key));
                Circumstances { member: Some(member.record()), rest: Some(member.rest()), ..circumstances }
            }
            None => circumstances,
        };
        let expected = ExpectedList {
            id: &entry.list,
            issuer: issuer.as_deref().unwrap_or_default(),
            purpose: entry.purpose,
            keys: &keys,
        };
        StatusList::read(list, &expected, &circumstances)?.is_set(entry.index)
    }
}

impl ListSays {
    /// What it means for the exit code. The verdict stays the ledger's.
    pub(super) fn outcome(&self) -> Outcome {
        match &self.word {
            Word::Agrees { .. } => Outcome::Yes,
            Word::Disagrees { .. } | Word::Alone { set: true } => Outcome::No,
            Word::Alone { set: false } => Outcome::Yes,
            // Whoever wants to hide a revocation takes the list away.
            Word::Nothing { .. } | Word::Missing => Outcome::Error,
        }
    }

    /// In a sentence.
    pub(super) fn line(&self, language: Language) -> String {
        let (purpose, file, index) = (self.purpose, self.file.display(), self.index);
        let indonesian = language == Language::Indonesian;
        let meaning = |set: bool| match (indonesian, purpose, set) {
            (false, StatusPurpose::Revocation, true) => "revoked",
            (false, StatusPurpose::Revocation, false) => "not revoked",
            (false, StatusPurpose::Suspension, true) => "suspended",
            (false, StatusPurpose::Suspension, false) => "not suspended",
            (true, StatusPurpose::Revocation, true) => "dicabut",
            (true, StatusPurpose::Revocation, false) => "tidak dicabut",
            (true, StatusPurpose::Suspension, true) => "ditangguhkan",
            (true, StatusPurpose::Suspension, false) => "tidak ditangguhkan",
        };
        match (&self.word, indonesian) {
            (Word::Agrees { set }, false) => {
                format!("status list {file}, entry {index}: {}, as the ledger says", meaning(*set))
            }
            (Word::Agrees { set }, true) => {
                format!("daftar status {file}, entri {index}: {}, sesuai dengan buku besar", meaning(*set))
            }
            (Word::Disagrees { set, asked: true }, false) => format!(
                "status list {file}, entry {index}: {}, which is NOT what the ledger says now: the list is older, or wrong",
                meaning(*set)
            ),
            (Word::Disagrees { set, asked: true }, true) => format!(
                "daftar status {file}, entri {index}: {}, TIDAK sesuai dengan buku besar sekarang: daftar itu lebih lama atau salah",
                meaning(*set)
            ),
            (Word::Disagrees { set, asked: false }, false) => format!(
                "status list {file}, entry {index}: {}, which is NOT what the ledger proved here; one of them is older: ask a \
                 node (--node)",
                meaning(*set)
            ),
            (Word::Disagrees { set, asked: false }, true) => format!(
                "daftar status {file}, entri {index}: {}, TIDAK sesuai dengan bukti buku besar di sini; salah satunya lebih lama: \
                 tanyakan kepada node (--node)",
                meaning(*set)
            ),
            (Word::Alone { set }, false) => format!(
                "status list {file}, entry {index}: {}; the ledger proved nothing to compare it with",
                meaning(*set)
            ),
            (Word::Alone { set }, true) => format!(
                "daftar status {file}, entri {index}: {}; tidak ada bukti buku besar untuk dibandingkan",
                meaning(*set)
            ),
            (Word::Nothing { reason }, false) => {
                format!("status list {file}: nothing follows from it: {reason}")
            }
            (Word::Nothing { reason }, true) => {
                format!("daftar status {file}: tidak dapat dipakai: {reason}")
            }
            (Word::Missing, false) => {
                format!("status list {file} is not there, so that it could not be checked")
            }
            (Word::Missing, true) => {
                format!("daftar status {file} tidak ada, sehingga tidak dapat diperiksa")
            }
        }
    }
}

/// What a bit has to be by what the ledger proved; `None` if it proved no status.
fn expected(verdict: Verdict, purpose: StatusPurpose) -> Option<bool> {
    match (verdict, purpose) {
        (Verdict::Active | Verdict::Confirmed | Verdict::Stale, _) => Some(false),
        (Verdict::Revoked, purpose) => Some(purpose == StatusPurpose::Revocation),
        (Verdict::Suspended | Verdict::Disputed, purpose) => Some(purpose == StatusPurpose::Suspension),
        (
            Verdict::Proved
            | Verdict::Tampered
            | Verdict::NotProven
            | Verdict::NeedsHistoryPath
            | Verdict::ForeignChain
            | Verdict::CouldNotBeChecked
            | Verdict::Renew
            | Verdict::NeedsTrustFile
            | Verdict::NeedsNewerVerifier,
            _,
        ) => None,
    }
}

/// Where an address of a site is in its folder; `None` if its parts are no plain names.
fn place_on(site: &Path, url: &str) -> Option<PathBuf> {
    let (_, path) = url.strip_prefix("https://")?.split_once('/')?;
    let is_plain = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain)
    };
    path.split('/').try_fold(site.to_owned(), |place, part| is_plain(part).then(|| place.join(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_into_the_folder_of_the_site_and_nowhere_else() {
        let site = Path::new("www");
        let place = |url| place_on(site, url);
        assert_eq!(place("https://x.example/status/r-0.json"), Some(site.join("status/r-0.json")));
        for url in [
            "https://x.example/../a",
            "https://x.example//etc/passwd",
            "https://x.example/a?b",
            "https://x.example",
            "file:///etc/passwd",
            "https://x.example/a/.hidden",
            "https://x.example/a%2fb",
        ] {
            assert_eq!(place(url), None, "{url}");
        }
    }
}
