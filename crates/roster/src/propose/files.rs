//! The file of columns and the template, as they are proposed.

use std::fmt::Write as _;

use serde_json::json;

use super::{OpenField, ProposedField};
use crate::columns::{COLUMNS_FORMAT, Columns, Field};
use crate::template::TO_WRITE;
use crate::value::DateOrder;

/// The file of columns, with comments, which the serialiser does not write.
pub(super) fn columns_toml(columns: &Columns, proposed: &[ProposedField], open: &[OpenField]) -> String {
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
    let to_confirm: Vec<String> = columns.to_confirm().map(|(name, _)| name.to_owned()).collect();
    if !to_confirm.is_empty() {
        let list = list(&to_confirm);
        let _ = write!(
            text,
            "# Guessed: other columns could be meant, or the title says little. Look at these fields, mend them, and delete this\n\
             # line: nothing is signed before.\n\
             to_confirm = [{list}]\n\n"
        );
    }
    for OpenField { field, candidates } in open {
        let candidates = match candidates.is_empty() {
            true => "no column looks like it".to_owned(),
            false => format!("it could be {}", list(candidates)),
        };
        let _ = writeln!(text, "# {field} is left open: {candidates}. Add fields.{field} if there is one.");
    }
    for (name, Field { column, kind, optional }) in columns.fields() {
        let one = proposed.iter().find(|one| one.field == *name);
        if let Some(others) = one.map(|one| &one.others).filter(|others| !others.is_empty()) {
            let _ = writeln!(text, "# Other columns that could be meant: {}", list(others));
        }
        let kind = json!(kind);
        let optional = if *optional { ", optional = true" } else { "" };
        let _ = writeln!(text, "fields.{name} = {{ column = {}, kind = {kind}{optional} }}", quoted(column));
    }
    text
}

/// The template, in the order in which people read a credential.
pub(super) fn template(columns: &Columns, issuer: Option<(&str, &str)>, open: &[OpenField]) -> String {
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
    let candidates = |field: &str| {
        let candidates = open.iter().find(|open| open.field == field).map(|open| open.candidates.join(", "));
        match candidates.filter(|candidates| !candidates.is_empty()) {
            Some(candidates) => format!("no column is surely it ({candidates})"),
            None => "no column is it".to_owned(),
        }
    };
    let awarded = match has("awarded") {
        true => json!("{{awarded}}T00:00:00+07:00"),
        false => json!(format!(
            "{TO_WRITE}: the day of the award: {}; add fields.awarded to the columns and write {{{{awarded}}}}T00:00:00+07:00, or \
             write 2026-11-20T00:00:00+07:00 for all",
            candidates("awarded")
        )),
    };
    let until =
        if has("valid_until") { "\n  \"validUntil\": \"{{valid_until}}T23:59:59+07:00\"," } else { "" };
    let identifier = |kind: &str, name: &str| {
        let person = json!({"type": "IdentityObject", "identityType": kind, "hashed": false,
            "identityHash": format!("{{{{{name}}}}}")});
        has(name).then(|| format!("      {person}"))
    };
    // A credential that does not say whose it is would be good for anybody.
    let name = match (has("name"), has("first_name") && has("last_name"), has("middle_name")) {
        (true, ..) => "{{name}}".to_owned(),
        (false, true, true) => "{{first_name}} {{middle_name}} {{last_name}}".to_owned(),
        (false, true, false) => "{{first_name}} {{last_name}}".to_owned(),
        (false, false, _) => format!(
            "{TO_WRITE}: the learner's name: {}; add fields.name to the columns and write {{{{name}}}}",
            candidates("name")
        ),
    };
    let name =
        json!({"type": "IdentityObject", "identityType": "name", "hashed": false, "identityHash": name});
    let identifiers = [
        Some(format!("      {name}")),
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
