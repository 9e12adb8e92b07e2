//! Which credential of the register is meant: by row, e-mail address, student number, number of the certificate or file.

use std::collections::HashMap;
use std::ops::ControlFlow;

use anyhow::{Context, anyhow, bail};
use sanad_register::{Credential, Person, Progress, Query, Register, Row, RowNumber, Status};
use serde_json::Value;

/// What digits mean that say nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// A row, or the number of a student or certificate: whichever there is. Refused if there are both.
    OneMeaning,
    /// Nothing: what is final must not hit another credential than the one that was meant.
    Refused,
}

/// What credentials were found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Row,
    /// An e-mail address or a student number: one person may have several.
    Person,
    Certificate,
    File,
}

struct Found {
    credentials: Vec<Credential>,
    by: By,
}

/// Looks credentials up.
pub(crate) struct Lookup<'a> {
    register: &'a Register,
    digits: Digits,
    /// Rows by the names of their files, once they are needed.
    files: Option<HashMap<String, Vec<RowNumber>>>,
    /// Rows by the numbers of their certificates, once they are needed.
    certificates: Option<HashMap<String, Vec<RowNumber>>>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(register: &'a Register, digits: Digits) -> Self {
        Self { register, digits, files: None, certificates: None }
    }

    /// The one credential that a text means. Of several, the one that is not revoked.
    pub(crate) fn one(&mut self, text: &str) -> anyhow::Result<Credential> {
        let found = self.all(text)?.credentials;
        one_of(text, found)
    }

    /// As [`Lookup::one`], of what can be replaced: a replacement of another of them that is on its way is not meant.
    pub(crate) fn replaceable(&mut self, text: &str) -> anyhow::Result<Credential> {
        let mut found = self.all(text)?.credentials;
        let rows: Vec<RowNumber> = found.iter().map(|credential| credential.row).collect();
        found.retain(|credential| {
            let replaces = credential.facts.replaces.as_ref();
            credential.state.progress == Progress::Issued
                || !replaces.is_some_and(|replaced| rows.contains(&replaced.row))
        });
        one_of(text, found)
    }

    /// Every credential that a text means: several only where it is the e-mail address or the student number of one person. `None` if the
    /// register has none.
    pub(crate) fn of_one_person(&mut self, text: &str) -> anyhow::Result<Option<Vec<Credential>>> {
        let Found { credentials, by } = self.all(text)?;
        let [first, others @ ..] = &credentials[..] else { return Ok(None) };
        let is_theirs = |other: &Credential| {
            by == By::Person && is_same(&first.facts.subject.person, &other.facts.subject.person)
        };
        if !others.iter().all(is_theirs) {
            let of = match by {
                By::Person => ", and not all of them seem to be one person's",
                By::Row | By::Certificate | By::File => "",
            };
            bail!(
                "{text} has {} credentials{of}; name those that are meant: {}",
                credentials.len(),
                rows_of(&credentials)
            )
        }
        Ok(Some(credentials))
    }

    fn all(&mut self, text: &str) -> anyhow::Result<Found> {
        if text.rsplit(':').next().is_none_or(str::is_empty) {
            bail!("{text:?} names no credential");
        }
        let row = |credential| Found { credentials: vec![credential], by: By::Row };
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.split_once(':') {
            Some(("row", number)) => {
                let number = row_of(number).with_context(|| {
                    format!("{text} names no row: a row is a number such as row:12, without zeros in front")
                })?;
                return Ok(row(self.register.credential(number)?));
            }
            Some(("email", email)) => return self.find(&Query::Email(email.to_owned())),
            Some(("number", number)) => return self.numbered(number),
            Some(("certificate", number)) => return self.of_certificate(number),
            Some(("file", file)) => return self.of_file(file),
            _ => {}
        }
        match self.digits {
            Digits::OneMeaning if is_digits => {
                let found = self.numbered(text)?;
                match (self.row_of(text)?, found.credentials.is_empty()) {
                    (Some(number), true) => Ok(row(self.register.credential(number)?)),
                    (None, false) => Ok(found),
                    (Some(_), false) | (None, true) => Err(self.meanings(text)?),
                }
            }
            Digits::Refused if is_digits => Err(self.meanings(text)?),
            _ if text.contains('@') => self.find(&Query::Email(text.to_owned())),
            _ => {
                let found = self.numbered(text)?;
                if found.credentials.is_empty() { self.of_file(text) } else { Ok(found) }
            }
        }
    }

    /// What digits alone may mean, each by the name that means it for certain.
    fn meanings(&mut self, digits: &str) -> anyhow::Result<anyhow::Error> {
        let is_row = self.row_of(digits)?.is_some();
        let rows: Vec<String> = self
            .numbered(digits)?
            .credentials
            .iter()
            .map(|credential| format!("row {}", credential.row))
            .collect();
        let numbered = format!("number:{digits}, of {}", rows.join(" and "));
        Ok(match (is_row, rows.is_empty()) {
            (false, true) => {
                let zeros =
                    if digits.starts_with('0') { "; rows are written without zeros in front" } else { "" };
                anyhow!(
                    "{digits} is neither a row of the register nor the number of a student or certificate{zeros}"
                )
            }
            (true, true) => {
                anyhow!("digits alone are not taken, since a change is final: write row:{digits}")
            }
            (false, false) => {
                anyhow!("digits alone are not taken, since a change is final: write {numbered}")
            }
            (true, false) => anyhow!("{digits} may be row:{digits}, or {numbered}; write which"),
        })
    }

    /// The row that digits alone can mean, be it erased.
    fn row_of(&self, digits: &str) -> anyhow::Result<Option<RowNumber>> {
        let rows = self.register.rows()?;
        Ok(row_of(digits).filter(|row| (1..=rows).contains(&row.0)))
    }

    fn find(&self, query: &Query) -> anyhow::Result<Found> {
        let credentials = self.register.find(query)?.into_iter().filter_map(live).collect();
        Ok(Found { credentials, by: By::Person })
    }

    /// By student number, or else by the number of the certificate.
    fn numbered(&mut self, number: &str) -> anyhow::Result<Found> {
        let found = self.find(&Query::StudentNumber(number.to_owned()))?;
        if found.credentials.is_empty() { self.of_certificate(number) } else { Ok(found) }
    }

    /// By the number on the certificate, the `licenseNumber` of an Open Badge.
    fn of_certificate(&mut self, number: &str) -> anyhow::Result<Found> {
        let register = self.register;
        if self.certificates.is_none() {
            let mut certificates: HashMap<String, Vec<RowNumber>> = HashMap::new();
            for row in (1..=register.rows()?).map(RowNumber) {
                let Row::Credential(_) = register.row(row)? else { continue };
                if let Some(number) = certificate_number(&register.document(row)?) {
                    certificates.entry(alike(&number)).or_default().push(row);
                }
            }
            self.certificates = Some(certificates);
        }
        let rows = self.certificates.as_ref().and_then(|certificates| certificates.get(&alike(number)));
        self.found(rows, By::Certificate)
    }

    fn of_file(&mut self, name: &str) -> anyhow::Result<Found> {
        let register = self.register;
        if self.files.is_none() {
            let mut files: HashMap<String, Vec<RowNumber>> = HashMap::new();
            register.visit(|row| {
                if let Some(credential) = live(row) {
                    files.entry(credential.facts.file).or_default().push(credential.row);
                }
                Ok(ControlFlow::Continue(()))
            })?;
            self.files = Some(files);
        }
        let rows = self.files.as_ref().and_then(|files| files.get(name));
        self.found(rows, By::File)
    }

    fn found(&self, rows: Option<&Vec<RowNumber>>, by: By) -> anyhow::Result<Found> {
        let credentials = rows.into_iter().flatten().map(|row| self.register.credential(*row));
        Ok(Found { credentials: credentials.collect::<Result<_, _>>()?, by })
    }
}

/// The one of several that is not revoked.
fn one_of(text: &str, mut found: Vec<Credential>) -> anyhow::Result<Credential> {
    match found.len() {
        0 => return Err(unknown(text)),
        1 => return Ok(found.remove(0)),
        _ => {}
    }
    let (mut live, _): (Vec<_>, Vec<_>) =
        found.iter().cloned().partition(|credential| credential.status() != Status::Revoked);
    match live.len() {
        0 => Ok(found.remove(0)),
        1 => Ok(live.remove(0)),
        _ => bail!("{text} has {} credentials; name one of {}", live.len(), rows_of(&live)),
    }
}

/// The row that digits alone can mean: rows are written without zeros in front, student numbers with them.
fn row_of(digits: &str) -> Option<RowNumber> {
    digits.parse().ok().map(RowNumber).filter(|row| row.0.to_string() == digits)
}

/// Says by what credentials are named, since people look for names.
pub(crate) fn unknown(text: &str) -> anyhow::Error {
    anyhow!(
        "{text} is not in the register; a credential is named by its row (row:12), an e-mail address, a student number, the number of its \
         certificate or the name of its file, and `sanad register search` finds rows by the names of people"
    )
}

/// Rows by the names that mean them for certain; of many the first ones.
fn rows_of(credentials: &[Credential]) -> String {
    let rows = credentials.iter().take(ROWS_SHOWN).map(|credential| format!("row:{}", credential.row));
    let mut rows: Vec<String> = rows.collect();
    if credentials.len() > ROWS_SHOWN {
        rows.push(format!("and {} more", credentials.len() - ROWS_SHOWN));
    }
    rows.join(", ")
}

/// Whether two are one person for all that is known: an address may be shared by a family or an office, and a number mistyped.
fn is_same(one: &Person, other: &Person) -> bool {
    let agree = |of: fn(&Person) -> &Option<String>| {
        let (one, other) = (of(one).as_deref()?, of(other).as_deref()?);
        Some(alike(one) == alike(other))
    };
    let (name, email, number) =
        (agree(|person| &person.name), agree(|person| &person.email), agree(|person| &person.student_number));
    let nothing_differs = ![name, email, number].contains(&Some(false));
    name == Some(true) || (email == Some(true) && number == Some(true)) || nothing_differs
}

fn certificate_number(document: &[u8]) -> Option<String> {
    let json = super::credential_of(document)?;
    let number = match &json["credentialSubject"] {
        Value::Array(subjects) if subjects.len() == 1 => &subjects[0]["licenseNumber"],
        subject => &subject["licenseNumber"],
    };
    number.as_str().map(str::to_owned)
}

/// A number without what people do not tell apart.
fn alike(number: &str) -> String {
    number.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn live(row: Row) -> Option<Credential> {
    match row {
        Row::Credential(credential) => Some(*credential),
        Row::Erased { .. } => None,
    }
}

/// Most rows that an error names.
const ROWS_SHOWN: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, email: &str, number: &str) -> Person {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Person { name: text(name), email: text(email), student_number: text(number) }
    }

    #[test]
    fn people_who_share_an_address_or_a_number_are_several() {
        let siti = person("Siti Rahma", "s@x.example", "001");
        for same in [
            person("SITI  rahma", "s@x.example", "001"),
            person("Siti Rahma, S.Pd.", "s@x.example", "001"),
            person("Siti Rahma", "s@x.example", "002"),
            person("", "s@x.example", ""),
            person("", "", "001"),
        ] {
            assert!(is_same(&siti, &same) && is_same(&same, &siti), "{same:?}");
        }
        for other in [
            person("Budi Satu", "s@x.example", "002"),
            person("Budi Satu", "s@x.example", ""),
            person("Budi Satu", "b@x.example", "001"),
            person("", "s@x.example", "002"),
        ] {
            assert!(!is_same(&siti, &other) && !is_same(&other, &siti), "{other:?}");
        }
    }

    #[test]
    fn digits_with_zeros_in_front_are_no_row() {
        assert_eq!(row_of("3"), Some(RowNumber(3)));
        for digits in ["00003", "03", "99999999999999999999999"] {
            assert_eq!(row_of(digits), None, "{digits}");
        }
    }
}
