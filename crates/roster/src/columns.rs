//! Which column is which field, and the rows read by it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::characters::visible;
use crate::identity::alike;
use crate::read::{FAULTS_MAX, Place};
use crate::table::{Cell, Misfit, Row, Table, TableRemark};
use crate::value::{DateOrder, Kind, Value, ValueFault};

/// Which column of a roster is which field of a template.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// [`COLUMNS_FORMAT`].
    format: String,
    /// The sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sheet: Option<String>,
    /// The line of the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header_line: Option<u32>,
    /// How dates of digits are written.
    #[serde(default)]
    date_order: DateOrder,
    /// The fields that tell one award from another.
    award: Vec<String>,
    /// The fields that tell one person from another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    person: Vec<String>,
    /// Fields whose column was guessed among several: nothing is signed until somebody takes them out of this list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    to_confirm: Vec<String>,
    /// The fields, by name.
    fields: BTreeMap<String, Field>,
}

/// A column as a field.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The title of the column.
    pub column: String,
    /// What its cells are.
    pub kind: Kind,
    /// Whether cells may be empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Why a file of columns cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// Not TOML of this form.
    #[error("it is not a file of columns")]
    Form(#[from] toml::de::Error),
    /// Of another version.
    #[error("its format is \"{found}\"; \"{COLUMNS_FORMAT}\" is expected")]
    Format {
        /// What it says.
        found: String,
    },
    /// No fields tell one award from another.
    #[error(
        "award is empty; name the fields that tell one award from another, such as the number of the certificate"
    )]
    NoAward,
    /// A list names what is no field.
    #[error("{list} names \"{name}\", which is not among the fields")]
    NoField {
        /// `award`, `person` or `to_confirm`.
        list: &'static str,
        /// Name of the field, as the file of columns has it.
        name: String,
    },
    /// An award needs its fields in every row.
    #[error("award names \"{name}\", which is optional")]
    OptionalAward {
        /// Name of the field, as the file of columns has it.
        name: String,
    },
    /// A name that could not be told from other text in a template.
    #[error("\"{name}\" is not a name for a field: small letters, digits and _ are")]
    Name {
        /// Name of the field, as the file of columns has it.
        name: String,
    },
}

/// A learner: what the row of a roster says.
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    /// The line.
    pub line: u32,
    /// In the order of the fields.
    pub(crate) values: Vec<Option<Value>>,
}

/// The rows of a roster, all of them good.
#[derive(Debug)]
pub struct Rows {
    /// One for each.
    pub learners: Vec<Learner>,
    /// The lines of those that are the same person as one before, with the line of that one.
    pub same_person: Vec<(u32, u32)>,
    /// The lines of those that have the name and the e-mail address of one before and are another person by the fields of `person`, with the
    /// line of that one.
    pub same_contact: Vec<(u32, u32)>,
    /// Columns whose dates could be read in two ways, one remark a column.
    pub remarks: Vec<TableRemark>,
}

/// All that is wrong with the cells of a roster; the first [`FAULTS_MAX`] of it are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFaults {
    faults: Vec<RowFault>,
    /// How many there are besides.
    more: usize,
}

impl RowFaults {
    /// How many faults there are besides those that are kept.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    fn push(&mut self, fault: RowFault) {
        match self.faults.len() {
            FAULTS_MAX.. => self.more += 1,
            _ => self.faults.push(fault),
        }
    }

    fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }
}

impl Deref for RowFaults {
    type Target = [RowFault];

    fn deref(&self) -> &[RowFault] {
        &self.faults
    }
}

/// What is wrong with a cell, or a column. Written as `17: Tanggal: "31/02/2026": it is not a date`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The line.
    pub line: u32,
    /// The title of the column.
    pub column: String,
    /// What the cell holds, cut short.
    pub value: String,
    /// What is wrong.
    pub reason: RowFaultReason,
}

/// What is wrong with a cell, or a column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowFaultReason {
    /// The cell is not what the column is.
    #[error(transparent)]
    Value(#[from] ValueFault),
    /// An earlier line has the same award.
    #[error("line {0} has the same award")]
    SameAward(u32),
    /// An earlier line has an award that people take for the same.
    #[error("line {0} has the same award but for capitals, spaces or how its accents are encoded")]
    TwinAward(u32),
    /// The header has no such column.
    #[error("the header has no such column")]
    NoColumn,
    /// The header has it twice.
    #[error("the header has this column twice")]
    Twice,
    /// There is no row below the header.
    #[error("there is no row below the header")]
    NoRows,
    /// The row has other columns than the header: a separator or a quotation mark is missing or too many.
    #[error("it has {found} cells, and the header has {expected} columns")]
    CellCount {
        /// How many cells it has.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, value, reason } = self;
        write!(f, "{line}: ")?;
        if !column.is_empty() {
            write!(f, "{column}: ")?;
        }
        if !value.is_empty() {
            write!(f, "\"{value}\": ")?;
        }
        reason.fmt(f)
    }
}

impl Columns {
    pub(crate) fn new(
        place: &Place,
        date_order: DateOrder,
        award: Vec<String>,
        person: Vec<String>,
        to_confirm: Vec<String>,
        fields: BTreeMap<String, Field>,
    ) -> Self {
        let Place { sheet, header_line } = place.clone();
        let format = COLUMNS_FORMAT.to_owned();
        Self { format, sheet, header_line, date_order, award, person, to_confirm, fields }
    }

    /// Fields whose column was guessed, and is yet to be confirmed, each with its column.
    pub fn to_confirm(&self) -> impl Iterator<Item = (&str, &str)> {
        self.to_confirm.iter().map(|name| (name.as_str(), self.fields[name].column.as_str()))
    }

    /// Reads a file of columns.
    ///
    /// # Errors
    /// [`ColumnsError`].
    pub fn from_toml(text: &str) -> Result<Self, ColumnsError> {
        let columns: Self = toml::from_str(text)?;
        if columns.format != COLUMNS_FORMAT {
            return Err(ColumnsError::Format { found: columns.format });
        }
        if let Some(name) = columns.fields.keys().find(|name| !is_field_name(name)) {
            return Err(ColumnsError::Name { name: name.clone() });
        }
        if columns.award.is_empty() {
            return Err(ColumnsError::NoAward);
        }
        for (list, names) in
            [("award", &columns.award), ("person", &columns.person), ("to_confirm", &columns.to_confirm)]
        {
            if let Some(name) = names.iter().find(|name| !columns.fields.contains_key(*name)) {
                return Err(ColumnsError::NoField { list, name: name.clone() });
            }
        }
        if let Some(name) = columns.award.iter().find(|name| columns.fields[*name].optional) {
            return Err(ColumnsError::OptionalAward { name: name.clone() });
        }
        Ok(columns)
    }

    /// Where the roster is in its file.
    pub fn place(&self) -> Place {
        Place { sheet: self.sheet.clone(), header_line: self.header_line }
    }

    /// The fields, by name.
    pub fn fields(&self) -> &BTreeMap<String, Field> {
        &self.fields
    }

    pub(crate) fn date_order(&self) -> DateOrder {
        self.date_order
    }

    pub(crate) fn award_fields(&self) -> &[String] {
        &self.award
    }

    pub(crate) fn person_fields(&self) -> &[String] {
        &self.person
    }

    /// The place of a field among the values of a learner.
    pub(crate) fn field(&self, name: &str) -> Option<usize> {
        self.fields.keys().position(|field| field == name)
    }

    /// Checks every cell.
    ///
    /// # Errors
    /// All faults, rows that do not fit the header among them.
    pub fn read_rows(&self, table: &Table) -> Result<Rows, RowFaults> {
        let places = self.places(table)?;
        let (mut faults, mut learners) = (RowFaults::default(), Vec::new());
        let misfit = |misfit: &Misfit| {
            let reason = RowFaultReason::CellCount { found: misfit.found, expected: table.header.len() };
            RowFault { line: misfit.line, column: String::new(), value: String::new(), reason }
        };
        let mut misfits = table.misfits.iter().peekable();
        for Row { line, cells } in &table.rows {
            while let Some(before) = misfits.next_if(|misfit| misfit.line < *line) {
                faults.push(misfit(before));
            }
            let mut values = Vec::with_capacity(places.len());
            for (field, place) in self.fields.values().zip(&places) {
                let cell = &cells[*place];
                let value = match field.kind.read(cell, self.date_order) {
                    Err(ValueFault::Empty) if field.optional => None,
                    Ok(value) => Some(value),
                    Err(fault) => {
                        faults.push(RowFault {
                            line: *line,
                            column: field.column.clone(),
                            value: shown(cell),
                            reason: fault.into(),
                        });
                        None
                    }
                };
                values.push(value);
            }
            learners.push(Learner { line: *line, values });
        }
        misfits.for_each(|one| faults.push(misfit(one)));
        if faults.is_empty() {
            self.same_awards(&learners).for_each(|fault| faults.push(fault));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let same_person = self.same_persons(&learners);
        let same_contact = self.same_contacts(&learners, &same_person);
        let remarks = self.ambiguous_dates(table, &places);
        Ok(Rows { learners, same_person, same_contact, remarks })
    }

    /// What tells the award of a learner from others.
    pub fn award(&self, learner: &Learner) -> Vec<String> {
        let values = self.award.iter().filter_map(|name| learner.values[self.field(name)?].as_ref());
        values.map(ToString::to_string).collect()
    }

    /// What a learner is called: the first name, else what tells the award.
    pub fn name(&self, learner: &Learner) -> String {
        let mut named = self.fields.values().zip(&learner.values);
        let name = named.find_map(|(field, value)| value.as_ref().filter(|_| field.kind == Kind::Name));
        name.map_or_else(|| self.award(learner).join(" "), ToString::to_string)
    }

    fn places(&self, table: &Table) -> Result<Vec<usize>, RowFaults> {
        let line = table.header_line;
        let mut faults = RowFaults::default();
        let mut places = Vec::new();
        for field in self.fields.values() {
            let mut found = (0..).zip(&table.header).filter(|(_, title)| **title == field.column);
            let fault =
                |reason| RowFault { line, column: field.column.clone(), value: String::new(), reason };
            match (found.next(), found.next()) {
                (Some((place, _)), None) => places.push(place),
                (None, _) => faults.push(fault(RowFaultReason::NoColumn)),
                (Some(_), Some(_)) => faults.push(fault(RowFaultReason::Twice)),
            }
        }
        if table.rows.is_empty() && table.misfits.is_empty() && faults.is_empty() {
            let (column, value) = Default::default();
            faults.push(RowFault { line, column, value, reason: RowFaultReason::NoRows });
        }
        if faults.is_empty() { Ok(places) } else { Err(faults) }
    }

    fn ambiguous_dates(&self, table: &Table, places: &[usize]) -> Vec<TableRemark> {
        let columns = self.fields.values().zip(places).filter(|(field, _)| field.kind == Kind::Date);
        let ambiguous = |(field, place): (&Field, &usize)| {
            let mut found = table.rows.iter().filter_map(|row| {
                let cell = row.cells.get(*place)?;
                let read = Kind::Date.read(cell, self.date_order).ok()?;
                let swapped = Kind::Date.read(cell, self.date_order.swapped()).ok()?;
                (read != swapped).then(|| (shown(cell), read.to_string()))
            });
            let (sample, read) = found.next()?;
            let (column, cells) = (field.column.clone(), found.count() + 1);
            Some(TableRemark::AmbiguousDates { column, cells, order: self.date_order, sample, read })
        };
        columns.filter_map(ambiguous).collect()
    }

    fn same_awards<'a>(&'a self, learners: &'a [Learner]) -> impl Iterator<Item = RowFault> + 'a {
        let column = self.award.iter().map(|name| self.fields[name].column.as_str()).collect::<Vec<_>>();
        let column = column.join(", ");
        let mut seen = HashMap::new();
        learners.iter().filter_map(move |learner| {
            let award = self.award(learner);
            let value = visible(&award.join(", "));
            let alike: Vec<String> = award.iter().map(|text| alike(text)).collect();
            let (first, first_award) = seen.entry(alike).or_insert((learner.line, award.clone()));
            let reason = match *first_award == award {
                true => RowFaultReason::SameAward(*first),
                false => RowFaultReason::TwinAward(*first),
            };
            (*first != learner.line).then(|| RowFault {
                line: learner.line,
                column: column.clone(),
                value,
                reason,
            })
        })
    }

    fn same_persons(&self, learners: &[Learner]) -> Vec<(u32, u32)> {
        let places: Vec<usize> = self.person.iter().filter_map(|name| self.field(name)).collect();
        let person = |learner: &Learner| {
            let person: Vec<String> = alike_at(learner, &places).collect();
            Some(person).filter(|person| !person.is_empty())
        };
        repeated(learners, person)
    }

    /// A mistyped student number makes one person two: name and e-mail address give it away.
    fn same_contacts(&self, learners: &[Learner], same_person: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let of_kind = |kind| {
            let fields = self.fields.values().enumerate();
            fields.filter(|(_, field)| field.kind == kind).map(|(place, _)| place).collect::<Vec<_>>()
        };
        let (names, addresses) = (of_kind(Kind::Name), of_kind(Kind::Email));
        let contact = |learner: &Learner| {
            let name: Vec<String> = alike_at(learner, &names).collect();
            let address: Vec<String> = alike_at(learner, &addresses).collect();
            (!name.is_empty() && !address.is_empty()).then_some((name, address))
        };
        let known: HashSet<u32> = same_person.iter().map(|(_, line)| *line).collect();
        let mut same = repeated(learners, contact);
        same.retain(|(_, line)| !known.contains(line));
        same
    }
}

/// The values at some places, without what people do not tell apart: case, spaces and encoding.
fn alike_at<'a>(learner: &'a Learner, places: &'a [usize]) -> impl Iterator<Item = String> + 'a {
    let values = places.iter().filter_map(|place| learner.values[*place].as_ref());
    values.map(|value| alike(&value.to_string()))
}

/// The lines that have a key of an earlier line, each with that line.
fn repeated<K: Eq + Hash>(learners: &[Learner], key: impl Fn(&Learner) -> Option<K>) -> Vec<(u32, u32)> {
    let mut seen = HashMap::new();
    let keys = learners.iter().filter_map(|learner| Some((key(learner)?, learner.line)));
    keys.filter_map(|(key, line)| {
        let first = *seen.entry(key).or_insert(line);
        (first != line).then_some((first, line))
    })
    .collect()
}

/// Whether a text can be the name of a field.
pub(crate) fn is_field_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= FIELD_NAME_BYTES_MAX
}

pub(crate) fn shown(cell: &Cell) -> String {
    let text = match cell {
        Cell::Empty | Cell::Fault(_) => return String::new(),
        Cell::Text(text) | Cell::Shown { shown: text, .. } => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Date(date) => date.to_string(),
    };
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", visible(&text[..end])),
        None => visible(&text),
    }
}

/// The format of a file of columns.
pub(crate) const COLUMNS_FORMAT: &str = "sanad-columns/v1";
/// Longest name of a field, in bytes.
const FIELD_NAME_BYTES_MAX: usize = 64;
/// How much of a cell is repeated, in characters.
const SHOWN_CHARS_MAX: usize = 60;
