//! What a header suggests: which column is which field, and a template for them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::columns::{COLUMNS_FORMAT, Columns, Field, is_field_name, shown};
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

/// A title, as words are looked for in it.
struct Title {
    /// Words in lower case, with a space before and after each; capitals within a word begin another.
    words: String,
}

impl Title {
    fn new(title: &str) -> Self {
        let (mut words, mut was_small) = (String::from(" "), false);
        for letter in title.chars() {
            if was_small && letter.is_uppercase() {
                words.push(' ');
            }
            was_small = letter.is_lowercase();
            match letter.is_alphanumeric() {
                true => words.extend(letter.to_lowercase()),
                false => words.push(' '),
            }
        }
        Self { words: format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join(" ")) }
    }

    fn has(&self, phrase: &str) -> bool {
        self.words.contains(&format!(" {phrase} "))
    }

    fn has_one_of(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.has(phrase))
    }

    fn is(&self, phrase: &str) -> bool {
        self.words.trim() == phrase
    }

    /// How surely it is the title of a field.
    fn fits(&self, known: &Known) -> Option<Fit> {
        if self.has_one_of(known.never) {
            return None;
        }
        if known.surely.iter().any(|phrase| self.has(phrase)) || known.alone.iter().any(|word| self.is(word))
        {
            return Some(Fit::Sure);
        }
        known.perhaps.iter().any(|phrase| self.has(phrase)).then_some(Fit::Perhaps)
    }
}

/// How surely a column is a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Sure,
    Perhaps,
}

/// A column that is proposed.
struct Chosen {
    field: &'static str,
    kind: Kind,
    to_confirm: bool,
    /// Other columns that could be meant.
    others: Vec<usize>,
}

/// Which column is which field.
#[derive(Default)]
struct Choice {
    /// By column.
    fields: BTreeMap<usize, Chosen>,
    /// Fields that are left open, and what they could be.
    open: Vec<(&'static str, Vec<usize>)>,
}

/// The best column for each field. A column is a candidate for the first field that it fits.
fn choose(titles: &[Title]) -> Choice {
    let first_fit =
        |title: &Title| KNOWN.iter().enumerate().find_map(|(place, known)| Some((place, title.fits(known)?)));
    let fits: Vec<Option<(usize, Fit)>> = titles.iter().map(first_fit).collect();
    let mut choice = Choice::default();
    for (place, known) in KNOWN.iter().enumerate() {
        let of = |wanted: Fit| -> Vec<usize> {
            let found = fits.iter().enumerate().filter(|(_, fit)| **fit == Some((place, wanted)));
            found.map(|(column, _)| column).collect()
        };
        let (sure, perhaps) = (of(Fit::Sure), of(Fit::Perhaps));
        let (best, to_confirm) = match (&sure[..], &perhaps[..]) {
            ([], []) => (None, false),
            ([one], []) => (Some(*one), false),
            ([first, ..], _) => (Some(*first), true),
            ([], [one]) => (Some(*one), true),
            // Any of them would be a guess.
            ([], [first, ..]) => ((!known.is_learners).then_some(*first), true),
        };
        match best {
            Some(best) => {
                let others = sure.iter().chain(&perhaps).copied().filter(|other| *other != best).collect();
                let to_confirm = to_confirm && known.is_learners;
                choice
                    .fields
                    .insert(best, Chosen { field: known.field, kind: known.kind, to_confirm, others });
            }
            None if known.is_needed || !perhaps.is_empty() => {
                let looks = |(_, title): &(usize, &Title)| title.has_one_of(known.perhaps);
                let candidates = match perhaps.is_empty() {
                    true => titles.iter().enumerate().filter(looks).map(|(column, _)| column).collect(),
                    false => perhaps,
                };
                choice.open.push((known.field, candidates));
            }
            None => {}
        }
    }
    choice
}

impl Choice {
    /// First and last name in columns of their own, if every row has both.
    fn take_name_in_parts(&mut self, titles: &[Title], is_empty_somewhere: impl Fn(usize) -> bool) {
        let one = |phrases: &[&str]| {
            let mut found = titles
                .iter()
                .enumerate()
                .filter(|(_, title)| title.has_one_of(phrases) && !title.has_one_of(OTHER_PEOPLE));
            found.next().filter(|_| found.next().is_none()).map(|(column, _)| column)
        };
        let (first, middle, last) = (one(FIRST_NAME), one(MIDDLE_NAME), one(LAST_NAME));
        let (Some(first), Some(last)) = (first, last) else { return };
        let parts = [("first_name", Some(first)), ("middle_name", middle), ("last_name", Some(last))];
        // A template leaves out what has an empty field, and a name must not be left out.
        if [Some(first), middle, Some(last)].into_iter().flatten().any(is_empty_somewhere) {
            return;
        }
        self.open.retain(|(field, _)| *field != "name");
        for (field, column) in parts {
            if let Some(column) = column {
                let chosen = Chosen { field, kind: Kind::Name, to_confirm: true, others: Vec::new() };
                self.fields.insert(column, chosen);
            }
        }
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

/// With comments, which the serialiser does not write.
fn columns_toml(columns: &Columns, proposed: &[ProposedField], open: &[OpenField]) -> String {
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

/// In the order in which people read a credential.
fn template(columns: &Columns, issuer: Option<(&str, &str)>, open: &[OpenField]) -> String {
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

/// What titles say a field is.
struct Known {
    field: &'static str,
    kind: Kind,
    /// Whether it is the learner's own: a wrong column would sign another person's, or another day.
    is_learners: bool,
    /// Whether no credential is made without it.
    is_needed: bool,
    /// Words that name it within any title.
    surely: &'static [&'static str],
    /// Words that name it if there is nothing else in the title.
    alone: &'static [&'static str],
    /// Words that may name it, depending on what else the title says.
    perhaps: &'static [&'static str],
    /// Words of titles that are never it.
    never: &'static [&'static str],
}

/// Fields and words of titles in Indonesian and English; the first that fits.
const KNOWN: &[Known] = &[
    Known {
        field: "email",
        kind: Kind::Email,
        is_learners: true,
        is_needed: false,
        surely: &[
            "email mahasiswa",
            "e mail mahasiswa",
            "email peserta",
            "e mail peserta",
            "student email",
            "student e mail",
        ],
        alone: &[
            "email",
            "e mail",
            "surel",
            "alamat email",
            "alamat e mail",
            "alamat surel",
            "email address",
            "e mail address",
        ],
        perhaps: &["email", "e mail", "surel"],
        never: OTHER_PEOPLE,
    },
    Known {
        field: "valid_until",
        kind: Kind::Date,
        is_learners: true,
        is_needed: false,
        surely: &[
            "berlaku sampai",
            "berlaku hingga",
            "berlaku s d",
            "valid until",
            "valid thru",
            "valid to",
            "expires",
            "expiry",
            "expiration",
            "kadaluarsa",
            "kedaluwarsa",
        ],
        alone: &[],
        perhaps: &["berakhir", "expired"],
        never: OTHER_PEOPLE,
    },
    Known {
        field: "awarded",
        kind: Kind::Date,
        is_learners: true,
        is_needed: true,
        surely: &[
            "tanggal lulus",
            "tgl lulus",
            "tanggal kelulusan",
            "tgl kelulusan",
            "tanggal terbit",
            "tgl terbit",
            "tanggal penerbitan",
            "tanggal wisuda",
            "tgl wisuda",
            "date of award",
            "award date",
            "date awarded",
            "awarded",
            "date of issue",
            "issue date",
            "date issued",
            "graduation date",
            "date of graduation",
            "completion date",
            "date of completion",
        ],
        alone: &["tanggal", "tgl", "date"],
        perhaps: &["tanggal", "tgl", "date", "lulus", "kelulusan"],
        never: OTHER_DATES,
    },
    Known {
        field: "number",
        kind: Kind::Identifier,
        is_learners: true,
        is_needed: false,
        surely: &[
            "nomor sertifikat",
            "no sertifikat",
            "nomor ijazah",
            "no ijazah",
            "certificate number",
            "certificate no",
        ],
        alone: &[],
        perhaps: &[],
        never: OTHER_PEOPLE,
    },
    Known {
        field: "student_number",
        kind: Kind::Identifier,
        is_learners: true,
        is_needed: false,
        surely: &["nim", "npm", "nrp", "nomor induk mahasiswa", "student number", "student id"],
        alone: &["nomor induk"],
        perhaps: &["nomor induk"],
        never: OTHER_NUMBERS,
    },
    text("credits", Kind::Number, &["sks", "credits", "kredit"]),
    text("grade", Kind::Text, &["nilai", "grade", "huruf mutu"]),
    text("level", Kind::Text, &["kkni", "jenjang"]),
    text("unit", Kind::Text, &["skkni", "unit kompetensi"]),
    text("title", Kind::Text, &["judul", "nama kursus", "nama pelatihan", "course", "mata kuliah"]),
    text("programme", Kind::Text, &["program studi", "prodi", "programme"]),
    Known {
        field: "name",
        kind: Kind::Name,
        is_learners: true,
        is_needed: true,
        surely: &[
            "nama lengkap",
            "full name",
            "nama mahasiswa",
            "nama peserta",
            "nama siswa",
            "nama wisudawan",
            "nama penerima",
            "student name",
            "name of student",
            "learner name",
            "participant name",
            "recipient name",
        ],
        alone: &["nama", "name", "peserta", "nama peserta didik"],
        perhaps: &["nama", "name"],
        never: OTHER_NAMES,
    },
];

/// A field that is a text of the award, not of the learner.
const fn text(field: &'static str, kind: Kind, surely: &'static [&'static str]) -> Known {
    Known { field, kind, is_learners: false, is_needed: false, surely, alone: &[], perhaps: &[], never: &[] }
}

/// A title with one of these speaks of another person.
macro_rules! other_people {
    ($($more:literal),* $(,)?) => {
        &[
            "ibu", "ayah", "bapak", "wali", "orang tua", "orangtua", "ortu", "keluarga", "suami", "istri", "pasangan",
            "dosen", "pembimbing", "penguji", "promotor", "kopromotor", "pengajar", "pengampu", "guru", "instruktur",
            "fasilitator", "mentor", "tutor", "asesor", "pa", "dpa", "dpl", "atasan", "ketua", "kepala", "rektor", "dekan",
            "direktur", "kaprodi", "koordinator", "penandatangan", "pejabat", "petugas", "admin", "operator", "narahubung",
            "kontak", "darurat", "mother", "father", "parent", "parents", "guardian", "spouse", "husband", "wife", "next of kin",
            "advisor", "adviser", "supervisor", "examiner", "lecturer", "teacher", "instructor", "trainer", "assessor",
            "coordinator", "director", "dean", "rector", "signatory", "signer", "officer", "contact", "emergency", "manager",
            "employer", "sponsor", "referee", "alternatif", "alternate", "alternative", $($more),*
        ]
    };
}

const OTHER_PEOPLE: &[&str] = other_people!();
/// Names of other people and of other things; and parts of a name.
const OTHER_NAMES: &[&str] = other_people!(
    "first",
    "last",
    "middle",
    "given",
    "family",
    "surname",
    "forename",
    "depan",
    "belakang",
    "tengah",
    "panggilan",
    "nickname",
    "alias",
    "user",
    "username",
    "pengguna",
    "login",
    "file",
    "berkas",
    "course",
    "kursus",
    "pelatihan",
    "kelas",
    "class",
    "mata kuliah",
    "program",
    "programme",
    "prodi",
    "jurusan",
    "fakultas",
    "faculty",
    "department",
    "departemen",
    "universitas",
    "university",
    "kampus",
    "campus",
    "sekolah",
    "school",
    "institusi",
    "institution",
    "instansi",
    "company",
    "perusahaan",
    "organisasi",
    "organization",
    "lembaga",
    "bank",
    "kota",
    "city",
    "kabupaten",
    "provinsi",
    "negara",
    "country",
    "tanggal",
    "tgl",
    "date",
    "tempat",
    "alamat",
    "nomor",
    "no",
    "kode",
    "code",
    "domain",
    "gelar",
    "title",
    "lama",
    "former",
);
/// Numbers of other people, and numbers of a person that are none of a university's business.
const OTHER_NUMBERS: &[&str] =
    other_people!("kependudukan", "pegawai", "nasional", "national", "lama", "former", "previous");
/// Days on which nothing is awarded.
const OTHER_DATES: &[&str] = other_people!(
    "lahir",
    "kelahiran",
    "ttl",
    "birth",
    "born",
    "dob",
    "mulai",
    "start",
    "started",
    "begin",
    "beginning",
    "awal",
    "masuk",
    "daftar",
    "pendaftaran",
    "registrasi",
    "registration",
    "registered",
    "enrol",
    "enroll",
    "enrolled",
    "enrolment",
    "enrollment",
    "entry",
    "admission",
    "ujian",
    "exam",
    "sidang",
    "seminar",
    "bayar",
    "pembayaran",
    "payment",
    "cetak",
    "print",
    "printed",
    "kirim",
    "sent",
    "created",
    "dibuat",
    "updated",
    "update",
    "diubah",
    "expiry",
    "expire",
    "expires",
    "expired",
    "expiration",
    "kadaluarsa",
    "kedaluwarsa",
    "berakhir",
    "berlaku",
    "valid",
    "jatuh tempo",
    "due",
    "deadline",
    "wafat",
    "death",
    "nikah",
    "sk",
    "skl",
    "akreditasi",
    "accreditation",
);
/// Fields of a name in parts.
const NAME_PARTS: [&str; 3] = ["first_name", "middle_name", "last_name"];
const FIRST_NAME: &[&str] = &["first name", "given name", "given names", "forename", "nama depan"];
const MIDDLE_NAME: &[&str] = &["middle name", "nama tengah"];
const LAST_NAME: &[&str] = &["last name", "family name", "surname", "nama belakang"];
