//! What a header suggests: which column is which field, and a template for them.

mod choice;
mod files;
mod known;

use std::collections::BTreeMap;

use choice::{Chosen, Title, choose};
use files::{columns_toml, template};
use known::{KNOWN, NAME_PARTS};

use crate::columns::{Columns, Field, is_field_name, shown};
use crate::read::Place;
use crate::table::{Cell, Table};
use crate::template::TO_WRITE;
use crate::value::{DateOrder, Kind};

/// Columns and a template, to be looked at and edited.
#[derive(Debug)]
pub struct Proposal {
    /// A file of columns.
    pub columns_toml: String,
    /// A template.
    pub template_json: String,
    /// The fields, in the order of their columns.
    pub fields: Vec<ProposedField>,
    /// Fields of the learner for which no column is proposed, since none is surely meant.
    pub open: Vec<OpenField>,
    /// How many texts of the template are yet to be written.
    pub to_write: usize,
}

/// A column as a field.
#[derive(Debug)]
pub struct ProposedField {
    /// The field.
    pub field: String,
    /// The title of the column.
    pub column: String,
    /// What the first row has in it, cut short.
    pub first: String,
    /// Whether somebody has to confirm that this column is meant.
    pub to_confirm: bool,
    /// Other columns that could be meant.
    pub others: Vec<String>,
}

/// A field without a column.
#[derive(Debug)]
pub struct OpenField {
    /// The field.
    pub field: &'static str,
    /// The columns that could be meant, or that look as if.
    pub candidates: Vec<String>,
}

/// Proposes columns and a template for a roster of an issuer, as far as id and name are known.
#[must_use]
pub fn propose(table: &Table, place: &Place, issuer: Option<(&str, &str)>) -> Proposal {
    let titles: Vec<Title> = table.header.iter().map(|title| Title::new(title)).collect();
    let mut choice = choose(&titles);
    let is_empty_somewhere =
        |column: usize| table.rows.iter().any(|row| row.cells.get(column) == Some(&Cell::Empty));
    if !choice.fields.values().any(|chosen| chosen.field == "name") {
        choice.take_name_in_parts(&titles, is_empty_somewhere);
    }
    let mut fields = BTreeMap::new();
    let mut proposed = Vec::new();
    for (column, title) in table.header.iter().enumerate().filter(|(_, title)| !title.is_empty()) {
        let (name, kind, to_confirm, others) = match choice.fields.remove(&column) {
            Some(Chosen { field, kind, to_confirm, others }) => (
                field.to_owned(),
                kind,
                to_confirm,
                others.iter().map(|other| table.header[*other].clone()).collect(),
            ),
            None => (slug(title), Kind::Text, false, Vec::new()),
        };
        if !is_field_name(&name) || fields.contains_key(&name) {
            continue;
        }
        let first = table.rows.first().and_then(|row| row.cells.get(column)).map(shown).unwrap_or_default();
        fields.insert(
            name.clone(),
            Field { column: title.clone(), kind, optional: is_empty_somewhere(column) },
        );
        proposed.push(ProposedField { field: name, column: title.clone(), first, to_confirm, others });
    }
    let open: Vec<OpenField> = choice
        .open
        .into_iter()
        .map(|(field, columns)| {
            let candidates = columns.iter().map(|column| table.header[*column].clone()).collect();
            OpenField { field, candidates }
        })
        .collect();
    let has = |name: &str| fields.get(name).is_some_and(|field: &Field| !field.optional);
    let first = |names: &[&str]| names.iter().find(|name| has(name)).map(|name| (*name).to_owned());
    let person: Vec<String> = first(&["student_number", "email", "name"]).into_iter().collect();
    let award = first(&["number"]).map_or_else(|| person.clone(), |number| vec![number]);
    let place = Place { header_line: Some(table.header_line), ..place.clone() };
    let to_confirm = proposed.iter().filter(|one| one.to_confirm).map(|one| one.field.clone()).collect();
    let columns = Columns::new(&place, date_order(table, &fields), award, person, to_confirm, fields);
    let template_json = template(&columns, issuer, &open);
    Proposal {
        columns_toml: columns_toml(&columns, &proposed, &open),
        to_write: template_json.matches(&format!("\"{TO_WRITE}")).count(),
        template_json,
        fields: proposed,
        open,
    }
}

/// A name of a field out of a title.
fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("_");
    // A field of that name would be taken for the learner's.
    let is_known = KNOWN.iter().any(|known| known.field == name) || NAME_PARTS.contains(&name.as_str());
    if is_known || name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("column_{name}")
    } else {
        name
    }
}

/// The order in which dates are written: month first if no other order reads them all.
fn date_order(table: &Table, fields: &BTreeMap<String, Field>) -> DateOrder {
    let dates = fields.values().filter(|field| field.kind == Kind::Date);
    let columns: Vec<usize> =
        dates.filter_map(|field| table.header.iter().position(|title| *title == field.column)).collect();
    let all_read = |order: DateOrder| {
        let cells =
            table.rows.iter().flat_map(|row| columns.iter().filter_map(|column| row.cells.get(*column)));
        cells.filter(|cell| **cell != Cell::Empty).all(|cell| Kind::Date.read(cell, order).is_ok())
    };
    match all_read(DateOrder::MonthDayYear) && !all_read(DateOrder::DayMonthYear) {
        true => DateOrder::MonthDayYear,
        false => DateOrder::DayMonthYear,
    }
}
