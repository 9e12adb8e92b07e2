//! Which credential of the register is meant: by row, e-mail address, student number, number of the certificate or file.

use std::collections::HashMap;
use std::ops::ControlFlow;

use anyhow::{Context, anyhow, bail};
use sanad_register::{Credential, Query, Register, Row, RowNumber, Status};
use serde_json::Value;

/// What digits mean that say nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// The number of a row.
    Row,
    /// Nothing: what is final must not hit another credential than the one that was meant.
    Refused,
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
        let mut found = self.all(text)?;
        match found.len() {
            0 => bail!("{text} is not in the register"),
            1 => return Ok(found.remove(0)),
            _ => {}
        }
        let (mut live, _): (Vec<_>, Vec<_>) =
            found.iter().cloned().partition(|credential| credential.status() != Status::Revoked);
        match live.len() {
            0 => Ok(found.remove(0)),
            1 => Ok(live.remove(0)),
            _ => {
                let rows: Vec<String> =
                    live.iter().map(|credential| format!("row:{}", credential.row)).collect();
                bail!("{text} has {} credentials; name one of {}", rows.len(), rows.join(", "))
            }
        }
    }

    /// Every credential that a text means.
    pub(crate) fn all(&mut self, text: &str) -> anyhow::Result<Vec<Credential>> {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.split_once(':') {
            Some(("row", row)) => {
                let row = row.parse().with_context(|| format!("{text} names no row"))?;
                return Ok(vec![self.register.credential(row)?]);
            }
            Some(("email", email)) => return self.find(&Query::Email(email.to_owned())),
            Some(("number", number)) => return self.numbered(number),
            Some(("certificate", number)) => return self.of_certificate(number),
            Some(("file", file)) => return self.of_file(file),
            _ => {}
        }
        match self.digits {
            Digits::Row if is_digits => {
                let row = text.parse().with_context(|| format!("{text} names no row"))?;
                Ok(vec![self.register.credential(row)?])
            }
            Digits::Refused if is_digits => Err(self.meanings(text)?),
            _ if text.contains('@') => self.find(&Query::Email(text.to_owned())),
            _ => {
                let found = self.numbered(text)?;
                if found.is_empty() { self.of_file(text) } else { Ok(found) }
            }
        }
    }

    /// What digits alone may mean, each by the name that means it for certain.
    fn meanings(&mut self, digits: &str) -> anyhow::Result<anyhow::Error> {
        let row = digits.parse().ok().map(RowNumber);
        let is_row = row.is_some_and(|row| self.register.credential(row).is_ok());
        let rows: Vec<String> =
            self.numbered(digits)?.iter().map(|credential| format!("row {}", credential.row)).collect();
        let numbered = format!("number:{digits}, of {}", rows.join(" and "));
        Ok(match (is_row, rows.is_empty()) {
            (false, true) => {
                anyhow!(
                    "{digits} is neither a row of the register nor the number of a student or certificate"
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

    fn find(&self, query: &Query) -> anyhow::Result<Vec<Credential>> {
        Ok(self.register.find(query)?.into_iter().filter_map(live).collect())
    }

    /// By student number, or else by the number of the certificate.
    fn numbered(&mut self, number: &str) -> anyhow::Result<Vec<Credential>> {
        let found = self.find(&Query::StudentNumber(number.to_owned()))?;
        if found.is_empty() { self.of_certificate(number) } else { Ok(found) }
    }

    /// By the number on the certificate, the `licenseNumber` of an Open Badge.
    fn of_certificate(&mut self, number: &str) -> anyhow::Result<Vec<Credential>> {
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
        rows.into_iter().flatten().map(|row| Ok(register.credential(*row)?)).collect()
    }

    fn of_file(&mut self, name: &str) -> anyhow::Result<Vec<Credential>> {
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
        rows.into_iter().flatten().map(|row| Ok(register.credential(*row)?)).collect()
    }
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
