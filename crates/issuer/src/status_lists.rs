//! An issuer's status lists: where they are, what they say, and whether what is published says it.
//!
//! The ledger decides. A list repeats it for verifiers that know nothing of the ledger.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use sanad_core::hash::Commitment;
use sanad_core::ids::Height;
use sanad_core::member::MemberState;
use sanad_core::status::CredentialStatus;
use sanad_credential::{
    CREDENTIAL_BYTES_MAX, Circumstances, ExpectedList, STATUS_LIST_ENTRIES, SignError, Signer, StatusList,
    StatusPurpose, validity,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::files::{self, FileError, Mode};
use crate::folders::SharedFolder;
use crate::former_keys::FormerKeys;
use crate::site::{SiteError, place_of};

/// Where the status lists of an issuer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusListPlace {
    did: String,
    /// The host, and the folder on it.
    host: String,
    folder: PathBuf,
}

/// What the ledger says of the credentials at the positions of an issuer's lists.
#[derive(Clone, Debug)]
pub struct Positions {
    /// The commitment at each position.
    pub commitments: Vec<(u64, Commitment)>,
    /// How many positions there are.
    pub end: u64,
}

/// The statuses of all that a member ever issued, proved as of one block.
#[derive(Clone, Debug)]
pub struct IssuedStatuses {
    /// By commitment.
    pub statuses: HashMap<Commitment, CredentialStatus>,
    /// Keys that sign no batch any more, as of the same block: what they signed and is not among the statuses is never entered.
    pub former_keys: FormerKeys,
    /// The block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
}

/// How a list is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    /// In JSON, with a Data Integrity proof.
    Json,
    /// As a JWT (`vc+jwt`), in a file beside the other and with the same id: a server may give it out under the same address
    /// to whoever asks for `application/vc+jwt`.
    Jwt,
}

/// A list as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueList {
    /// What its bits mean.
    pub purpose: StatusPurpose,
    /// Its address.
    pub url: String,
    /// Its file, relative to the root of the web server.
    pub path: PathBuf,
    /// How that is secured.
    pub form: ListForm,
    /// The position of its first entry.
    pub first: u64,
    /// Its bits.
    pub list: StatusList,
}

/// What is published of a list, compared with the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "published")]
pub enum Published {
    /// It says what the ledger says.
    Agrees {
        /// Until when it is valid, as it is written.
        until: Option<String>,
        /// Whether it is to be renewed.
        due: bool,
    },
    /// It says something else.
    Differs {
        /// Positions whose bits are set there, but not by the ledger.
        set_alone: Vec<u64>,
        /// Positions whose bits the ledger sets, but not the list.
        missing: Vec<u64>,
    },
    /// There is none.
    Missing,
    /// There is one that nobody should believe.
    NotGood {
        /// Why.
        reason: String,
    },
}

/// Why status lists are not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusListsError {
    /// The issuer has no site.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A revocation is final, and what is published has one that the register does not know.
    #[error(
        "{} says of {positions:?} that they are revoked, and the register does not: it may be an older copy. Put the newest one \
         back (`sanad register`), or move the list away if it is wrong",
        path.display()
    )]
    Reinstates {
        /// The list.
        path: PathBuf,
        /// Positions, the first ones.
        positions: Vec<u64>,
    },
    /// A list cannot be signed.
    #[error("{url} cannot be signed")]
    NotSigned {
        /// The list.
        url: String,
        /// Why.
        source: SignError,
    },
}

impl StatusListPlace {
    /// The lists of a `did:web`: below `status/`, beside its document.
    ///
    /// # Errors
    /// [`SiteError::Did`].
    pub fn of_did(did: &str) -> Result<Self, SiteError> {
        let (host, folder) = place_of(did)?;
        Ok(Self { did: did.to_owned(), host, folder })
    }

    /// The `credentialStatus` of the credential at a position: an entry in a list of each purpose.
    #[must_use]
    pub fn credential_status(&self, position: u64) -> Value {
        let entry = |purpose| {
            let (url, index) = (self.url(purpose, position), position % STATUS_LIST_ENTRIES);
            json!({
                "id": format!("{url}#{index}"),
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": index.to_string(),
                "statusListCredential": url,
            })
        };
        Value::Array(StatusPurpose::ALL.map(entry).into())
    }

    /// The position that the `credentialStatus` of a credential names, if it is one of this issuer's lists.
    #[must_use]
    pub fn position_of(&self, credential: &Value) -> Option<u64> {
        let status = &credential["credentialStatus"];
        let index: u64 = status[0]["statusListIndex"].as_str()?.parse().ok()?;
        let url = status[0]["statusListCredential"].as_str()?;
        let number = url.strip_prefix(&self.prefix(StatusPurpose::Revocation))?.strip_suffix(SUFFIX)?;
        let first = number.parse::<u64>().ok()?.checked_mul(STATUS_LIST_ENTRIES)?;
        let position = first.checked_add(index)?;
        // Whatever else it may say, it says exactly what is said of this position.
        (*status == self.credential_status(position)).then_some(position)
    }

    /// The lists that are due, as of some statuses.
    #[must_use]
    pub fn due(&self, positions: &Positions, issued: &IssuedStatuses) -> Vec<DueList> {
        let lists = positions.end.div_ceil(STATUS_LIST_ENTRIES);
        let due = |first: u64, purpose| DueList {
            purpose,
            url: self.url(purpose, first),
            path: self.path(purpose, first),
            form: ListForm::Json,
            first,
            list: StatusList::new(),
        };
        let firsts = (0..lists).map(|list| list * STATUS_LIST_ENTRIES);
        let mut due: Vec<DueList> =
            firsts.flat_map(|first| StatusPurpose::ALL.map(|purpose| due(first, purpose))).collect();
        for (position, commitment) in &positions.commitments {
            // What was never entered is nobody's: no receipt proves it.
            let purpose = match issued.statuses.get(commitment) {
                Some(CredentialStatus::Revoked) => StatusPurpose::Revocation,
                // Not to be relied on until the issuer confirms it.
                Some(CredentialStatus::Suspended | CredentialStatus::Disputed) => StatusPurpose::Suspension,
                Some(CredentialStatus::Active | CredentialStatus::Confirmed) | None => continue,
            };
            let place =
                2 * (position / STATUS_LIST_ENTRIES) as usize + usize::from(purpose != StatusPurpose::ALL[0]);
            due[place].list.set(position % STATUS_LIST_ENTRIES);
        }
        due
    }

    /// Compares what is published in the folder of a site with a list that is due; it is to be renewed if less than half of
    /// `valid_ms` is left of its validity, or more than all of it.
    ///
    /// # Errors
    /// [`FileError`], unless the file is missing.
    pub fn compare(
        &self,
        root: &Path,
        due: &DueList,
        issuer: &MemberState,
        now_ms: u64,
        valid_ms: u64,
    ) -> Result<Published, FileError> {
        let path = root.join(&due.path);
        if !path.exists() {
            return Ok(Published::Missing);
        }
        let bytes = match files::read(&path, CREDENTIAL_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error @ FileError::TooLong { .. }) => {
                return Ok(Published::NotGood { reason: error.to_string() });
            }
            Err(error) => return Err(error),
        };
        // Whoever asks for the one form cannot read the other.
        if (due.form == ListForm::Jwt) != bytes.starts_with(JWT_START) {
            let reason = match due.form {
                ListForm::Json => "it is a JWT, and JSON is expected",
                ListForm::Jwt => "it is not a JWT",
            };
            return Ok(Published::NotGood { reason: reason.to_owned() });
        }
        let expected = ExpectedList { id: &due.url, issuer: &self.did, purpose: due.purpose, keys: &[] };
        let circumstances =
            Circumstances { now_ms, member: Some(issuer.record()), rest: Some(issuer.rest()) };
        let list = match StatusList::read(&bytes, &expected, &circumstances) {
            Ok(list) if list.entries() == STATUS_LIST_ENTRIES => list,
            Ok(list) => {
                let reason = format!("it has {} entries, not {STATUS_LIST_ENTRIES}", list.entries());
                return Ok(Published::NotGood { reason });
            }
            Err(fault) => return Ok(Published::NotGood { reason: fault.to_string() }),
        };
        if list == due.list {
            let until = validity(&bytes, now_ms).and_then(|validity| validity.until);
            let expired = |after_ms| {
                let then = validity(&bytes, now_ms.saturating_add(after_ms));
                then.is_none_or(|then| then.expired)
            };
            let due = expired(valid_ms / 2) || !expired(valid_ms.saturating_add(CLOCKS_APART_MS));
            return Ok(Published::Agrees { until, due });
        }
        let only_in = |one: &StatusList, other: &StatusList| -> Vec<u64> {
            let set = one.set_entries().filter(|index| other.is_set(*index) != Ok(true));
            set.map(|index| due.first + index).take(POSITIONS_SHOWN_MAX).collect()
        };
        Ok(Published::Differs { set_alone: only_in(&list, &due.list), missing: only_in(&due.list, &list) })
    }

    /// Signs a list and puts it in the place of what is published, at once. `times` are the beginning and the end of its validity.
    ///
    /// # Errors
    /// [`StatusListsError`].
    pub fn publish(
        &self,
        root: &Path,
        due: &DueList,
        signer: &Signer,
        times: (&str, &str),
    ) -> Result<(), StatusListsError> {
        let (from, until) = times;
        let credential = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": due.url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.did,
            "validFrom": from,
            "validUntil": until,
            "credentialSubject": {
                "id": format!("{}#list", due.url),
                "type": "BitstringStatusList",
                "statusPurpose": due.purpose,
                "encodedList": due.list.encode(),
            },
        });
        let credential: Map<String, Value> = credential.as_object().cloned().unwrap_or_default();
        let signed = match due.form {
            ListForm::Json => signer.sign(credential, from),
            ListForm::Jwt => signer.sign_jwt(credential),
        };
        let text = signed.map_err(|source| StatusListsError::NotSigned { url: due.url.clone(), source })?;
        let path = root.join(&due.path);
        let folder = files::parent(&path);
        files::create_folder(folder)?;
        let _at_work = SharedFolder::enter(folder)?;
        Ok(files::replace(&path, &text, Mode::Public)?)
    }

    fn url(&self, purpose: StatusPurpose, position: u64) -> String {
        format!("{}{}{SUFFIX}", self.prefix(purpose), position / STATUS_LIST_ENTRIES)
    }

    fn prefix(&self, purpose: StatusPurpose) -> String {
        let folders = self.folder.iter().map(|part| format!("{}/", part.to_string_lossy()));
        format!("https://{}/{}{FOLDER}/{purpose}-", self.host, folders.collect::<String>())
    }

    fn path(&self, purpose: StatusPurpose, position: u64) -> PathBuf {
        let list = position / STATUS_LIST_ENTRIES;
        self.folder.join(FOLDER).join(format!("{purpose}-{list}{SUFFIX}"))
    }
}

impl DueList {
    /// The same list as a JWT, in a file of its own.
    #[must_use]
    pub fn as_jwt(&self) -> Self {
        Self { path: self.path.with_extension("jwt"), form: ListForm::Jwt, ..self.clone() }
    }

    /// Refuses to put a list in the place of one that has revocations which it lacks.
    ///
    /// # Errors
    /// [`StatusListsError::Reinstates`].
    pub fn check_replaces(&self, root: &Path, published: &Published) -> Result<(), StatusListsError> {
        match published {
            Published::Differs { set_alone, .. }
                if self.purpose == StatusPurpose::Revocation && !set_alone.is_empty() =>
            {
                let (path, positions) = (root.join(&self.path), set_alone.clone());
                Err(StatusListsError::Reinstates { path, positions })
            }
            Published::Differs { .. }
            | Published::Agrees { .. }
            | Published::Missing
            | Published::NotGood { .. } => Ok(()),
        }
    }
}

impl Published {
    /// Whether a verifier who reads it hears what the ledger says.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Agrees { .. })
    }
}

/// The folder of lists, beside the DID document.
const FOLDER: &str = "status";
const SUFFIX: &str = ".json";
/// What every JWT begins with: `{"` in base64url.
const JWT_START: &[u8] = b"ey";
/// What a list may be valid longer than is asked for now.
const CLOCKS_APART_MS: u64 = 5 * 60 * 1000;
/// Most positions that a difference names.
const POSITIONS_SHOWN_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use sanad_credential::Cryptosuite;
    use sanad_testkit::issuing_key;

    use super::*;

    const DID: &str = "did:web:ui.example:akademik";
    const DAY_MS: u64 = 86_400_000;
    /// 2026-11-20T00:00:00Z
    const FROM_MS: u64 = 1_795_132_800_000;

    fn place() -> StatusListPlace {
        StatusListPlace::of_did(DID).unwrap()
    }

    fn issuer() -> MemberState {
        let mut member = sanad_testkit::genesis().members[0].clone();
        member.issuer_ids = [DID.parse().unwrap()].into();
        member.issuing_key = Some(issuing_key("ui").public());
        MemberState::genesis(&member)
    }

    fn commitment(number: u8) -> Commitment {
        Commitment([number; 32])
    }

    fn due(statuses: &[(u64, CredentialStatus)]) -> Vec<DueList> {
        let commitments = statuses.iter().enumerate();
        let commitments: Vec<_> =
            commitments.map(|(number, (position, _))| (*position, commitment(number as u8))).collect();
        let issued =
            commitments.iter().zip(statuses).map(|((_, commitment), (_, status))| (*commitment, *status));
        let issued = IssuedStatuses {
            statuses: issued.collect(),
            former_keys: FormerKeys::default(),
            height: Height(1),
            time_ms: 0,
        };
        place().due(&Positions { commitments, end: STATUS_LIST_ENTRIES + 1 }, &issued)
    }

    fn publish(root: &Path, list: &DueList, name: &str) {
        let signer = Signer::of_did(issuing_key(name), DID.to_owned(), Cryptosuite::EddsaRdfc2022);
        place().publish(root, list, &signer, ("2026-11-20T00:00:00Z", "2026-11-30T00:00:00Z")).unwrap();
    }

    #[test]
    fn a_position_is_an_entry_in_two_lists_and_back() {
        let position = STATUS_LIST_ENTRIES + 5;
        let mut credential = json!({"credentialStatus": place().credential_status(position)});
        let first = &credential["credentialStatus"][0];
        assert_eq!(first["statusListCredential"], "https://ui.example/akademik/status/revocation-1.json");
        assert_eq!((&first["statusListIndex"], &first["statusPurpose"]), (&json!("5"), &json!("revocation")));
        assert_eq!(place().position_of(&credential), Some(position));
        assert_eq!(StatusListPlace::of_did("did:web:ui.example").unwrap().position_of(&credential), None);
        credential["credentialStatus"][1]["statusListIndex"] = json!("6");
        assert_eq!(place().position_of(&credential), None, "the two entries disagree");
        assert_eq!(place().position_of(&json!({})), None);
    }

    #[test]
    fn bits_are_what_the_ledger_says() {
        use CredentialStatus::{Active, Confirmed, Disputed, Revoked, Suspended};
        let last = STATUS_LIST_ENTRIES;
        let lists =
            due(&[(0, Active), (1, Revoked), (2, Suspended), (3, Disputed), (4, Confirmed), (last, Revoked)]);
        let set: Vec<(String, Vec<u64>)> = lists
            .iter()
            .map(|list| (list.path.display().to_string(), list.list.set_entries().collect()))
            .collect();
        let path = |name: &str| format!("akademik/status/{name}.json");
        let expected = [
            (path("revocation-0"), vec![1]),
            (path("suspension-0"), vec![2, 3]),
            (path("revocation-1"), vec![0]),
            (path("suspension-1"), vec![]),
        ];
        assert_eq!(set, expected);
    }

    #[test]
    fn a_list_as_a_jwt_is_compared_like_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let (root, json) = (folder.path(), &due(&[(1, CredentialStatus::Revoked)])[0]);
        let jwt = json.as_jwt();
        assert_eq!(jwt.path, Path::new("akademik/status/revocation-0.jwt"));
        let compare = |list| place().compare(root, list, &issuer(), FROM_MS + DAY_MS, 10 * DAY_MS).unwrap();
        assert_eq!(compare(&jwt), Published::Missing);
        for list in [json, &jwt] {
            publish(root, list, "ui");
            let until = Some("2026-11-30T00:00:00Z".to_owned());
            assert_eq!(compare(list), Published::Agrees { until, due: false });
        }
        let text = std::fs::read_to_string(root.join(&jwt.path)).unwrap();
        let header = text.split('.').next().unwrap();
        let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        assert_eq!((&header["typ"], &header["alg"]), (&json!("vc+jwt"), &json!("EdDSA")));
        // Each has its own form: whoever asks for one cannot read the other.
        for (from, to) in [(json, &jwt), (&jwt, json)] {
            publish(root, from, "ui");
            std::fs::copy(root.join(&from.path), root.join(&to.path)).unwrap();
            assert!(matches!(compare(to), Published::NotGood { reason } if reason.contains("JWT")));
            publish(root, to, "ui");
        }
        let more = due(&[(1, CredentialStatus::Revoked), (9, CredentialStatus::Revoked)])[0].as_jwt();
        assert_eq!(compare(&more), Published::Differs { set_alone: Vec::new(), missing: vec![9] });
        publish(root, &jwt, "bromo");
        assert!(
            matches!(compare(&jwt), Published::NotGood { reason } if reason.contains("nothing here shows"))
        );
        std::fs::write(root.join(&jwt.path), &text[..text.len() - 9]).unwrap();
        assert!(matches!(compare(&jwt), Published::NotGood { .. }));
    }

    #[test]
    fn what_is_published_is_compared_and_no_revocation_is_taken_back() {
        use CredentialStatus::{Active, Revoked};
        let folder = tempfile::tempdir().unwrap();
        let (place, root, issuer) = (place(), folder.path(), issuer());
        let one = &due(&[(1, Revoked)])[0];
        let compare = |list: &DueList, day: u64| {
            let published = place.compare(root, list, &issuer, FROM_MS + day * DAY_MS, 10 * DAY_MS).unwrap();
            list.check_replaces(root, &published).map(|()| published)
        };
        assert_eq!(compare(one, 1).unwrap(), Published::Missing);
        publish(root, one, "ui");
        let until = Some("2026-11-30T00:00:00Z".to_owned());
        assert_eq!(compare(one, 1).unwrap(), Published::Agrees { until: until.clone(), due: false });
        assert_eq!(compare(one, 6).unwrap(), Published::Agrees { until: until.clone(), due: true });
        // A thief of the web server could show it for longer than is meant.
        let shorter = place.compare(root, one, &issuer, FROM_MS + DAY_MS, 8 * DAY_MS).unwrap();
        assert_eq!(shorter, Published::Agrees { until, due: true });
        assert!(
            matches!(compare(one, 11).unwrap(), Published::NotGood { reason } if reason.contains("expired"))
        );
        let more = &due(&[(1, Revoked), (9, Revoked)])[0];
        let differs = Published::Differs { set_alone: Vec::new(), missing: vec![9] };
        assert_eq!(compare(more, 1).unwrap(), differs);
        let fewer = &due(&[(1, Active)])[0];
        assert!(
            matches!(compare(fewer, 1), Err(StatusListsError::Reinstates { positions, .. }) if positions == [1])
        );

        let file = root.join(&one.path);
        let good = std::fs::read_to_string(&file).unwrap();
        publish(root, one, "bromo");
        assert!(
            matches!(compare(one, 1).unwrap(), Published::NotGood { reason } if reason.contains("nothing here shows"))
        );
        for text in
            [good.replace(&one.list.encode(), &fewer.list.encode()), "{".to_owned(), "a".repeat(5 << 20)]
        {
            std::fs::write(&file, text).unwrap();
            assert!(matches!(compare(one, 1).unwrap(), Published::NotGood { .. }));
        }
    }
}
