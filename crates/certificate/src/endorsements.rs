//! Endorsements that go with a credential, in one ZIP.

use sanad_core::receipt::{Receipt, ReceiptForm};

use crate::archive::{ArchiveError, File, is_zip, pack, unpack};
use crate::sealed::PART_BYTES_MAX;

/// Most endorsements that go with a credential.
pub const ENDORSEMENTS_MAX: usize = 16;

/// An endorsement of a credential, with its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndorsementFile {
    /// File name of the endorsement.
    pub name: String,
    /// The endorsement, as it was issued.
    pub document: Vec<u8>,
    /// Its receipt, in either form.
    pub receipt: Vec<u8>,
}

/// Why endorsements cannot be put beside a credential, or read there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndorsementsError {
    /// Not a ZIP that can be read or written.
    #[error("the ZIP of endorsements cannot be used")]
    Archive(#[from] ArchiveError),
    /// Too many, or none.
    #[error("{count} endorsements; 1 to {ENDORSEMENTS_MAX} go with a credential")]
    Count {
        /// How many.
        count: usize,
    },
    /// The ZIP is too long.
    #[error("the ZIP of endorsements has {actual} bytes; at most {PART_BYTES_MAX} go with a credential")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// A file that is no endorsement with its receipt beside it.
    #[error(
        "{name:?} among the endorsements is not an endorsement of up to {PART_BYTES_MAX} bytes with one receipt beside it"
    )]
    Pair {
        /// Name of the file.
        name: String,
    },
}

/// The ZIP of endorsements. Equal endorsements give equal ZIPs.
pub(crate) fn to_zip(endorsements: &[EndorsementFile]) -> Result<Vec<u8>, EndorsementsError> {
    let count = endorsements.len();
    if !(1..=ENDORSEMENTS_MAX).contains(&count) {
        return Err(EndorsementsError::Count { count });
    }
    let files: Vec<File> = endorsements
        .iter()
        .flat_map(|EndorsementFile { name, document, receipt }| {
            let beside = File { name: receipt_of(name), bytes: receipt.clone() };
            [File { name: name.clone(), bytes: document.clone() }, beside]
        })
        .collect();
    let zip = pack(FOLDER, &files)?;
    if zip.len() > PART_BYTES_MAX {
        return Err(EndorsementsError::TooLong { actual: zip.len() });
    }
    // What no reader would take never leaves.
    of_zip(&zip)?;
    Ok(zip)
}

/// The endorsements in a ZIP, in its order. Nothing of them is verified yet.
pub(crate) fn of_zip(zip: &[u8]) -> Result<Vec<EndorsementFile>, EndorsementsError> {
    if zip.len() > PART_BYTES_MAX {
        return Err(EndorsementsError::TooLong { actual: zip.len() });
    }
    let files = unpack(zip)?;
    let (receipts, documents): (Vec<File>, Vec<File>) =
        files.into_iter().partition(|file| Receipt::is_claimed(&file.bytes));
    let count = documents.len();
    if !(1..=ENDORSEMENTS_MAX).contains(&count) {
        return Err(EndorsementsError::Count { count });
    }
    let is_fit = |file: &&File| (1..=PART_BYTES_MAX).contains(&file.bytes.len());
    let is_of_one =
        |receipt: &&File| documents.iter().any(|document| receipt.name == receipt_of(&document.name));
    if let Some(File { name, .. }) = receipts.iter().find(|receipt| !is_fit(receipt) || !is_of_one(receipt)) {
        return Err(EndorsementsError::Pair { name: name.clone() });
    }
    let pair = |document: &File| {
        let beside = receipts.iter().find(|receipt| receipt.name == receipt_of(&document.name));
        match beside.filter(|_| is_fit(&document)) {
            Some(receipt) => Ok(EndorsementFile {
                name: document.name.clone(),
                document: document.bytes.clone(),
                receipt: receipt.bytes.clone(),
            }),
            None => Err(EndorsementsError::Pair { name: document.name.clone() }),
        }
    };
    documents.iter().map(pair).collect()
}

/// Whether an attachment is the ZIP of endorsements and not a credential.
pub(crate) fn is_claimed(bytes: &[u8]) -> bool {
    is_zip(bytes)
}

fn receipt_of(name: &str) -> String {
    format!("{name}{}", ReceiptForm::Json.suffix())
}

/// The folder in the ZIP.
const FOLDER: &str = "endorsements";

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIPT: &[u8] = b"\xf5snd\x01";

    fn one(name: &str) -> EndorsementFile {
        EndorsementFile { name: name.into(), document: b"{}".to_vec(), receipt: RECEIPT.to_vec() }
    }

    fn file(name: &str, bytes: &[u8]) -> File {
        File { name: name.into(), bytes: bytes.into() }
    }

    #[test]
    fn endorsements_come_back_in_their_order() {
        assert!(Receipt::is_claimed(RECEIPT));
        let all = [one("b.endorsement.json"), one("a.endorsement.json")];
        let zip = to_zip(&all).unwrap();
        assert_eq!(of_zip(&zip).unwrap(), all);
        assert_eq!(to_zip(&all).unwrap(), zip);
        let most: Vec<_> = (0..ENDORSEMENTS_MAX).map(|number| one(&number.to_string())).collect();
        assert_eq!(of_zip(&to_zip(&most).unwrap()).unwrap(), most);
    }

    #[test]
    fn what_is_not_pairs_is_refused() {
        let many: Vec<_> = (0..=ENDORSEMENTS_MAX).map(|number| one(&number.to_string())).collect();
        assert!(matches!(to_zip(&many), Err(EndorsementsError::Count { count: 17 })));
        assert!(matches!(to_zip(&[]), Err(EndorsementsError::Count { count: 0 })));
        let fault = |files: &[File]| of_zip(&pack(FOLDER, files).unwrap()).unwrap_err();
        let receipt = file("a.receipt.json", RECEIPT);
        assert!(matches!(fault(&[file("a", b"{}")]), EndorsementsError::Pair { name } if name == "a"));
        assert!(matches!(fault(std::slice::from_ref(&receipt)), EndorsementsError::Count { count: 0 }));
        for other in [file("b", b"{}"), file("b.receipt.json", RECEIPT), file("b", b"")] {
            let name = other.name.clone();
            let found = fault(&[file("a", b"{}"), receipt.clone(), other]);
            assert!(matches!(found, EndorsementsError::Pair { name: found } if found == name), "{name}");
        }
        let long = vec![b' '; PART_BYTES_MAX + 1];
        assert!(matches!(fault(&[file("a", &long), receipt]), EndorsementsError::Pair { .. }));
        let zip = to_zip(&[one("a")]).unwrap();
        for length in 0..zip.len() {
            assert!(of_zip(&zip[..length]).is_err(), "{length} bytes");
        }
        assert!(matches!(of_zip(&vec![0; PART_BYTES_MAX + 1]), Err(EndorsementsError::TooLong { .. })));
    }
}
