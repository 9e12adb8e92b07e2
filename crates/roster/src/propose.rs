//! What a header suggests: which column is which field, and a template for them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::columns::{COLUMNS_FORMAT, Columns, Field, is_field_name};
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
    /// The field and the column of each.
    pub fields: Vec<(String, String)>,
    /// How many texts of the template are yet to be written.
    pub to_write: usize,
}

/// Proposes columns and a template for a roster of an issuer, as far as id and name are known.
#[must_use]
pub fn propose(table: &Table, place: &Place, issuer: Option<(&str, &str)>) -> Proposal {
    let mut fields = BTreeMap::new();
    let mut taken = Vec::new();
    for (column, title) in table.header.iter().enumerate().filter(|(_, title)| !title.is_empty()) {
        let cells = || table.rows.iter().filter_map(|row| row.cells.get(column));
        let (name, kind) = known(title, &fields).unwrap_or_else(|| (slug(title), Kind::Text));
        if !is_field_name(&name) || fields.contains_key(&name) {
            continue;
        }
        let optional = cells().any(|cell| *cell == Cell::Empty);
        taken.push((name.clone(), title.clone()));
        fields.insert(name, Field { column: title.clone(), kind, optional });
    }
    let has = |name: &str| fields.get(name).is_some_and(|field: &Field| !field.optional);
    let first = |names: &[&str]| names.iter().find(|name| has(name)).map(|name| (*name).to_owned());
    let person: Vec<String> = first(&["student_number", "email", "name"]).into_iter().collect();
    let award = first(&["number"]).map_or_else(|| person.clone(), |number| vec![number]);
    let place = Place { header_line: Some(table.header_line), ..place.clone() };
    let columns = Columns::new(&place, date_order(table, &fields), award, person, fields);
    let template_json = template(&columns, issuer);
    Proposal {
        columns_toml: columns_toml(&columns),
        to_write: template_json.matches(&format!("\"{TO_WRITE}")).count(),
        template_json,
        fields: taken,
    }
}

/// The field that a title is known for.
fn known(title: &str, taken: &BTreeMap<String, Field>) -> Option<(String, Kind)> {
    let title: String = title
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
        .collect();
    let title = format!(" {} ", title.split_whitespace().collect::<Vec<_>>().join(" "));
    let is = |words: &&str| title.contains(&format!(" {words} "));
    let found = KNOWN.iter().find(|(name, _, words)| !taken.contains_key(*name) && words.iter().any(is));
    found.map(|(name, kind, _)| ((*name).to_owned(), *kind))
}

/// A name of a field out of a title.
fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("_");
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("column_{name}") } else { name }
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

/// With comments, which the serialiser does not write.
fn columns_toml(columns: &Columns) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let mut text = format!("format = \"{COLUMNS_FORMAT}\"\n");
    let place = columns.place();
    if let Some(sheet) = place.sheet {
        let _ = writeln!(text, "sheet = {}", quoted(&sheet));
    }
    if let Some(line) = place.header_line {
        let _ = writeln!(text, "header_line = {line}");
    }
    let order = match columns.date_order() {
        DateOrder::DayMonthYear => "day-month-year",
        DateOrder::MonthDayYear => "month-day-year",
    };
    let (award, person) = (list(columns.award_fields()), list(columns.person_fields()));
    let _ = write!(
        text,
        "# How dates of digits are written: day-month-year or month-day-year. 2026-11-20 is always read.\n\
         date_order = \"{order}\"\n\
         # The fields that tell one award from another: with the same values it is the same credential.\n\
         award = [{award}]\n\
         # The fields that tell one person from another: the same person twice is asked about.\n\
         person = [{person}]\n\n\
         # Each field of the template, the title of its column, and what the cells are: name, text, identifier, number,\n\
         # date, email or url. Cells may be empty if it is optional.\n"
    );
    for (name, Field { column, kind, optional }) in columns.fields() {
        let kind = json!(kind);
        let optional = if *optional { ", optional = true" } else { "" };
        let _ = writeln!(text, "fields.{name} = {{ column = {}, kind = {kind}{optional} }}", quoted(column));
    }
    text
}

/// In the order in which people read a credential.
fn template(columns: &Columns, issuer: Option<(&str, &str)>) -> String {
    let has = |name: &str| columns.fields().contains_key(name);
    let field = |name: &str, to_write: &str| {
        if has(name) { format!("{{{{{name}}}}}") } else { format!("{TO_WRITE}: {to_write}") }
    };
    let (id, name) = issuer.map_or_else(
        || {
            (
                format!("{TO_WRITE}: the issuer's DID, as did:web:univ-merapi.example"),
                format!("{TO_WRITE}: the issuer's name"),
            )
        },
        |(id, name)| (id.to_owned(), name.to_owned()),
    );
    let title = json!(field("title", "what is awarded"));
    let description = json!(field("description", "what was learnt, in a sentence or two"));
    let criteria = json!(format!("{TO_WRITE}: what had to be done"));
    let (issuer_id, issuer_name) = (json!(id), json!(name));
    let awarded = match has("awarded") {
        true => json!("{{awarded}}T00:00:00+07:00"),
        false => json!(format!("{TO_WRITE}: the day of the award, as 2026-11-20T00:00:00+07:00")),
    };
    let until =
        if has("valid_until") { "\n  \"validUntil\": \"{{valid_until}}T23:59:59+07:00\"," } else { "" };
    let identifier = |kind: &str, name: &str| {
        let person = json!({"type": "IdentityObject", "identityType": kind, "hashed": false,
            "identityHash": format!("{{{{{name}}}}}")});
        has(name).then(|| format!("      {person}"))
    };
    let identifiers = [
        identifier("name", "name"),
        identifier("emailAddress", "email"),
        identifier("identifier", "student_number"),
    ];
    let identifiers: Vec<String> = identifiers.into_iter().flatten().collect();
    let mut subject = String::new();
    for (name, member) in [("number", "licenseNumber"), ("credits", "creditsEarned")] {
        if has(name) {
            let _ = writeln!(subject, "    \"{member}\": \"{{{{{name}}}}}\",");
        }
    }
    if has("grade") {
        subject.push_str("    \"result\": [{ \"type\": [\"Result\"], \"value\": \"{{grade}}\" }],\n");
    }
    let alignment = |name: String, framework: &str, code: String, url: String| {
        let entry = json!({"type": ["Alignment"], "targetName": name, "targetFramework": framework, "targetCode": code,
            "targetUrl": url});
        format!("        {entry}")
    };
    let level = field("level", "KKNI level, as KKNI 6; or take this entry out");
    let unit = field("unit", "SKKNI unit, as J.62DMI00.005.1; or take this entry out");
    let alignments = [
        alignment(
            level.clone(),
            "Kerangka Kualifikasi Nasional Indonesia (KKNI)",
            level,
            format!("{TO_WRITE}: a page about the level"),
        ),
        alignment(
            unit.clone(),
            "Standar Kompetensi Kerja Nasional Indonesia (SKKNI)",
            unit,
            format!("{TO_WRITE}: a page about the unit"),
        ),
        alignment(
            format!("{TO_WRITE}: ESCO skill; or take this entry out"),
            "European Skills, Competences, Qualifications and Occupations (ESCO)",
            format!("{TO_WRITE}: its code"),
            format!("{TO_WRITE}: its address, as http://data.europa.eu/esco/skill/…"),
        ),
    ]
    .join(",\n");
    format!(
        r#"{{
  "@context": [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
  ],
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "issuer": {{ "id": {issuer_id}, "type": ["Profile"], "name": {issuer_name} }},
  "validFrom": {awarded},{until}
  "name": {title},
  "credentialSubject": {{
    "type": ["AchievementSubject"],
    "identifier": [
{identifiers}
    ],
{subject}    "achievement": {{
      "id": "{TO_WRITE}: an address for the achievement, as https://univ-merapi.example/achievements/data-analysis",
      "type": ["Achievement"],
      "achievementType": "MicroCredential",
      "name": {title},
      "description": {description},
      "criteria": {{ "narrative": {criteria} }},
      "alignment": [
{alignments}
      ]
    }}
  }}
}}
"#,
        identifiers = identifiers.join(",\n"),
    )
}

/// Fields, their kinds, and words of titles in Indonesian and English; the first that fits.
const KNOWN: &[(&str, Kind, &[&str])] = &[
    ("email", Kind::Email, &["email", "e mail", "surel"]),
    ("valid_until", Kind::Date, &["berlaku sampai", "berlaku hingga", "valid until", "expires", "expiry"]),
    ("awarded", Kind::Date, &["tanggal lulus", "tanggal terbit", "tanggal", "tgl", "date", "awarded"]),
    (
        "number",
        Kind::Identifier,
        &[
            "nomor sertifikat",
            "no sertifikat",
            "nomor ijazah",
            "no ijazah",
            "certificate number",
            "certificate no",
        ],
    ),
    (
        "student_number",
        Kind::Identifier,
        &["nim", "npm", "nrp", "nomor induk", "student number", "student id"],
    ),
    ("credits", Kind::Number, &["sks", "credits", "kredit"]),
    ("grade", Kind::Text, &["nilai", "grade", "huruf mutu"]),
    ("level", Kind::Text, &["kkni", "jenjang"]),
    ("unit", Kind::Text, &["skkni", "unit kompetensi"]),
    ("title", Kind::Text, &["judul", "nama kursus", "nama pelatihan", "course", "mata kuliah"]),
    ("programme", Kind::Text, &["program studi", "prodi", "programme"]),
    ("name", Kind::Name, &["nama", "name", "peserta"]),
];
