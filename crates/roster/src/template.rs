//! A credential with `{{field}}` in it.
//!
//! A text that is `{{field}}` alone becomes the value of the field with its type: a number is a number. Within other text
//! it becomes text. If an optional field is empty, the innermost entry of a list that it is in is left out, or else the
//! member; a list without entries goes, too. Nothing else is replaced, and nothing is reckoned.

use sanad_core::jcs::{self, JsonError};
use serde::de::IgnoredAny;
use serde_json::{Map, Value as Json};

use crate::characters::{TextFault, check_texts};
use crate::columns::{Columns, Learner};
use crate::value::{Kind, Value};

/// A credential with fields in it.
#[derive(Debug)]
pub struct Template {
    root: Vec<(String, Node)>,
}

/// Why a text is not a template. Places are JSON pointers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Too long.
    #[error("it has {0} bytes, more than {TEMPLATE_BYTES_MAX}")]
    Bytes(usize),
    /// Not JSON.
    #[error("{line}:{column}: it is not JSON: {what}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// The character of the line, counted from 1.
        column: usize,
        /// What the reader of JSON says.
        what: String,
    },
    /// JSON with a name twice in one object.
    #[error("it is not JSON that everybody reads alike")]
    Json(#[source] JsonError),
    /// Not an object.
    #[error("it is not a JSON object")]
    NoObject,
    /// It has what is added to it.
    #[error("/{0} is added when a credential is made; take it out")]
    Added(&'static str),
    /// A name of a member with a field in it.
    #[error("{at}: only values have fields, names do not")]
    Name {
        /// Where.
        at: String,
    },
    /// A field that the file of columns does not name.
    #[error("{at}: there is no field \"{name}\"; there is {known}")]
    NoField {
        /// Where.
        at: String,
        /// The field.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Braces that are not those of a field.
    #[error("{at}: a field is written {{{{name}}}}, with a name of small letters, digits and _")]
    Braces {
        /// Where.
        at: String,
    },
    /// A hidden character in one of its own texts.
    #[error("{0}")]
    Text(TextFault),
    /// Text that the proposal left for people to write.
    #[error("{at}: \"{text}\" is yet to be written; write it, or take it out")]
    ToWrite {
        /// Where.
        at: String,
        /// The text.
        text: String,
    },
}

#[derive(Debug)]
enum Node {
    Constant(Json),
    /// A field alone.
    Field(usize),
    /// Text around fields.
    Text(Vec<Piece>),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

#[derive(Debug)]
enum Piece {
    Constant(String),
    Field(usize),
}

/// An optional field is empty.
struct Empty;

impl Template {
    /// Reads a template whose fields are those of the columns.
    ///
    /// # Errors
    /// All [`TemplateError`]s.
    pub fn from_json(text: &[u8], columns: &Columns) -> Result<Self, Vec<TemplateError>> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(vec![TemplateError::Bytes(text.len())]);
        }
        if let Err(error) = serde_json::from_slice::<IgnoredAny>(text) {
            let (line, column, said) = (error.line(), error.column(), error.to_string());
            let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what).to_owned();
            return Err(vec![TemplateError::Syntax { line, column, what }]);
        }
        jcs::canonicalize(text).map_err(|error| vec![TemplateError::Json(error)])?;
        let Ok(members) = serde_json::from_slice::<Map<String, Json>>(text) else {
            return Err(vec![TemplateError::NoObject]);
        };
        let mut faults: Vec<TemplateError> = check_texts(text).into_iter().map(TemplateError::Text).collect();
        for added in ADDED {
            if members.contains_key(added) {
                faults.push(TemplateError::Added(added));
            }
        }
        let root = read_members(members, "", columns, &mut faults);
        if faults.is_empty() { Ok(Self { root }) } else { Err(faults) }
    }

    /// What a learner's credential says, without its id.
    #[must_use]
    pub fn fill(&self, learner: &Learner) -> Map<String, Json> {
        fill_members(&self.root, learner, false).unwrap_or_default()
    }
}

impl Template {
    /// The fields that tell of a person (names, e-mail addresses, and those of `person`) in the member at the end of `path`.
    #[must_use]
    pub fn personal_fields(&self, columns: &Columns, path: &[&str]) -> Vec<String> {
        let (mut members, mut found) = (self.root.as_slice(), None);
        for name in path {
            found = members.iter().find(|(member, _)| member == name).map(|(_, node)| node);
            members = match found {
                Some(Node::Object(members)) => members,
                _ => &[],
            };
        }
        let mut fields = Vec::new();
        found.into_iter().for_each(|node| node.collect_fields(&mut fields));
        let named = columns.fields().iter().enumerate().filter(|(place, _)| fields.contains(place));
        let personal = named.filter(|(_, (name, field))| {
            matches!(field.kind, Kind::Name | Kind::Email) || columns.person_fields().contains(name)
        });
        personal.map(|(_, (name, _))| name.clone()).collect()
    }
}

impl Node {
    fn collect_fields(&self, fields: &mut Vec<usize>) {
        match self {
            Self::Constant(_) => {}
            Self::Field(field) => fields.push(*field),
            Self::Text(pieces) => fields.extend(pieces.iter().filter_map(|piece| match piece {
                Piece::Field(field) => Some(*field),
                Piece::Constant(_) => None,
            })),
            Self::List(entries) => entries.iter().for_each(|entry| entry.collect_fields(fields)),
            Self::Object(members) => members.iter().for_each(|(_, node)| node.collect_fields(fields)),
        }
    }
}

fn read_members(
    members: Map<String, Json>,
    at: &str,
    columns: &Columns,
    faults: &mut Vec<TemplateError>,
) -> Vec<(String, Node)> {
    let mut nodes = Vec::new();
    for (name, value) in members {
        let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        if name.contains("{{") {
            faults.push(TemplateError::Name { at: at.clone() });
        }
        nodes.push((name, read_node(value, &at, columns, faults)));
    }
    nodes
}

fn read_node(value: Json, at: &str, columns: &Columns, faults: &mut Vec<TemplateError>) -> Node {
    match value {
        Json::Object(members) => Node::Object(read_members(members, at, columns, faults)),
        Json::Array(entries) => {
            let entries = entries.into_iter().enumerate();
            Node::List(
                entries
                    .map(|(place, entry)| read_node(entry, &format!("{at}/{place}"), columns, faults))
                    .collect(),
            )
        }
        Json::String(text) => read_text(text, at, columns, faults),
        constant => Node::Constant(constant),
    }
}

fn read_text(text: String, at: &str, columns: &Columns, faults: &mut Vec<TemplateError>) -> Node {
    if text.starts_with(TO_WRITE) {
        faults.push(TemplateError::ToWrite { at: at.to_owned(), text: text.clone() });
    }
    let mut pieces = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find("{{") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        let name = after.find("}}").map(|end| (after[..end].trim(), &after[end + 2..]));
        let Some((name, behind)) = name.filter(|(name, _)| crate::columns::is_field_name(name)) else {
            faults.push(TemplateError::Braces { at: at.to_owned() });
            return Node::Constant(text.into());
        };
        if !before.is_empty() {
            pieces.push(Piece::Constant(before.to_owned()));
        }
        match columns.field(name) {
            Some(field) => pieces.push(Piece::Field(field)),
            None => {
                let known = columns.fields().keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                faults.push(TemplateError::NoField { at: at.to_owned(), name: name.to_owned(), known });
            }
        }
        rest = behind;
    }
    match pieces[..] {
        [] => Node::Constant(text.into()),
        [Piece::Field(field)] if rest.is_empty() => Node::Field(field),
        _ => {
            if !rest.is_empty() {
                pieces.push(Piece::Constant(rest.to_owned()));
            }
            Node::Text(pieces)
        }
    }
}

/// The members that are there; if one is not, in an entry of a list, there is no entry.
fn fill_members(
    members: &[(String, Node)],
    learner: &Learner,
    in_list: bool,
) -> Result<Map<String, Json>, Empty> {
    let mut filled = Map::new();
    for (name, node) in members {
        match fill(node, learner, in_list) {
            Ok(Json::Array(entries)) if entries.is_empty() && !is_empty_list(node) => {}
            Ok(value) => drop(filled.insert(name.clone(), value)),
            Err(Empty) if in_list => return Err(Empty),
            Err(Empty) => {}
        }
    }
    Ok(filled)
}

fn fill(node: &Node, learner: &Learner, in_list: bool) -> Result<Json, Empty> {
    let value = |field: &usize| learner.values[*field].as_ref().ok_or(Empty);
    match node {
        Node::Constant(constant) => Ok(constant.clone()),
        Node::Field(field) => Ok(match value(field)? {
            Value::Number(number) => Json::Number(number.clone()),
            other => Json::String(other.to_string()),
        }),
        Node::Text(pieces) => {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Constant(constant) => text.push_str(constant),
                    Piece::Field(field) => text.push_str(&value(field)?.to_string()),
                }
            }
            Ok(Json::String(text))
        }
        Node::List(entries) => {
            Ok(Json::Array(entries.iter().filter_map(|entry| fill(entry, learner, true).ok()).collect()))
        }
        Node::Object(members) => fill_members(members, learner, in_list).map(Json::Object),
    }
}

fn is_empty_list(node: &Node) -> bool {
    matches!(node, Node::List(entries) if entries.is_empty())
}

/// Longest template, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 256 << 10;
/// What texts begin with that people still have to write.
pub(crate) const TO_WRITE: &str = "TODO";
/// What every credential gets, and no template has.
const ADDED: [&str; 2] = ["id", "proof"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::read::{Place, read_table};

    fn columns() -> Columns {
        Columns::from_toml(
            "format = 'sanad-columns/v1'\naward = ['number']\n\
             [fields]\nname = {column = 'Nama', kind = 'name'}\nnumber = {column = 'No', kind = 'identifier'}\n\
             credits = {column = 'SKS', kind = 'number'}\nday = {column = 'Tanggal', kind = 'date'}\n\
             grade = {column = 'Nilai', kind = 'text', optional = true}\n\
             email = {column = 'Surel', kind = 'email', optional = true}\n",
        )
        .unwrap()
    }

    fn learners(text: &str) -> Vec<Learner> {
        let table = read_table(text.as_bytes(), &Place::default()).unwrap();
        columns().read_rows(&table).unwrap().learners
    }

    const HEAD: &str = "Nama,No,SKS,Tanggal,Nilai,Surel\n";

    #[test]
    fn fields_have_their_types_alone_and_are_text_in_text() {
        let template = json!({
            "name": "Kursus {{credits}} SKS",
            "validFrom": "{{ day }}T00:00:00+07:00",
            "credentialSubject": {
                "creditsEarned": "{{credits}}",
                "licenseNumber": "{{number}}",
                "narrative": "{{grade}}",
                "identifier": [
                    {"identityType": "name", "identityHash": "{{name}}", "hashed": false},
                    {"identityType": "emailAddress", "identityHash": "{{email}}"},
                ],
                "result": [{"type": ["Result"], "value": "{{grade}}"}],
                "achievement": {"tag": []},
            },
        });
        let template = Template::from_json(template.to_string().as_bytes(), &columns()).unwrap();
        let learners = learners(&format!(
            "{HEAD}Siti,007,\"3,5\",20/11/2026,A,siti@x.example\nMade,008,3,2026-11-21,,\n"
        ));
        let filled = Json::Object(template.fill(&learners[0]));
        assert_eq!(filled["name"], "Kursus 3.5 SKS");
        assert_eq!(filled["validFrom"], "2026-11-20T00:00:00+07:00");
        assert_eq!(filled["credentialSubject"]["creditsEarned"], json!(3.5));
        assert_eq!(filled["credentialSubject"]["licenseNumber"], "007");
        assert_eq!(filled["credentialSubject"]["identifier"].as_array().unwrap().len(), 2);
        let filled = Json::Object(template.fill(&learners[1]));
        let expected = json!({
            "creditsEarned": 3,
            "licenseNumber": "008",
            "identifier": [{"identityType": "name", "identityHash": "Made", "hashed": false}],
            "achievement": {"tag": []},
        });
        assert_eq!(filled["credentialSubject"], expected, "what is empty is left out");
    }

    #[test]
    fn a_value_cannot_write_a_template() {
        let template = json!({"name": "{{name}}", "description": "x {{name}}"});
        let template = Template::from_json(template.to_string().as_bytes(), &columns()).unwrap();
        let mut learner = learners(&format!("{HEAD}Siti,1,3,2026-11-20,A,\n")).remove(0);
        // No cell gives this value: see the next test.
        learner.values[columns().field("name").unwrap()] = Some(Value::Text("{{grade}} \"Siti\"".to_owned()));
        assert_eq!(template.fill(&learner)["name"], "{{grade}} \"Siti\"");
        assert_eq!(template.fill(&learner)["description"], "x {{grade}} \"Siti\"");
    }

    #[test]
    fn a_field_in_a_cell_is_named_by_line_and_column() {
        let text = format!(
            "{HEAD}Siti,1,3,2026-11-20,A,\n{{{{Nama}}}},2,3,2026-11-20,A {{{{x}}}},\n{{{{,3,3,2026-11-20,A,\n"
        );
        let table = read_table(text.as_bytes(), &Place::default()).unwrap();
        let faults = columns().read_rows(&table).unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("3: Nilai: \"A {{x}}\": it has {{…}}"), "{said:?}");
        assert!(said[1].starts_with("3: Nama: \"{{Nama}}\": it has {{…}}"), "{said:?}");
        // Braces alone are no field, but no name either.
        assert_eq!(said.len(), 3, "{said:?}");
    }

    #[test]
    fn what_is_no_template_is_named_by_its_place() {
        let said = |text: &str| -> Vec<String> {
            let refused = Template::from_json(text.as_bytes(), &columns()).unwrap_err();
            refused.iter().map(ToString::to_string).collect()
        };
        let found = said(
            r#"{"id": "x", "a": {"b/c": ["{{nilai}}", "{{name"]}, "{{name}}": 1, "d": "{{1+1}}", "proof": {},
            "e": "TODO: a title"}"#,
        );
        let expected = [
            "/id is added when a credential is made; take it out",
            "/proof is added when a credential is made; take it out",
            "/a/b~1c/0: there is no field \"nilai\"; there is credits, day, email, grade, name, number",
            "/a/b~1c/1: a field is written {{name}}, with a name of small letters, digits and _",
            "/d: a field is written {{name}}, with a name of small letters, digits and _",
            "/e: \"TODO: a title\" is yet to be written; write it, or take it out",
            "/{{name}}: only values have fields, names do not",
        ];
        let mut found = found;
        found[2..].sort();
        let mut expected = expected.to_vec();
        expected[2..].sort();
        assert_eq!(found, expected);
        assert_eq!(said("[]"), ["it is not a JSON object"]);
        let hidden = said("{\"name\": \"Kursus\u{200b}\",\n \"criteria\": \"Lulus\\u202e\"}");
        assert!(hidden[0].starts_with("1:17: U+200B is not allowed"), "{hidden:?}");
        assert!(hidden[1].starts_with("2:20: U+202E is not allowed"), "{hidden:?}");
        assert_eq!(said("{\"a\": 1, \"a\": 2}"), ["it is not JSON that everybody reads alike"]);
        for (text, place) in
            [("{", "1:1: "), ("{\"a\": 1,\n  \"b\": 2\n  \"c\": 3}", "3:3: "), ("\u{feff}{}", "1:1: ")]
        {
            let found = said(text);
            assert!(found[0].starts_with(&format!("{place}it is not JSON")), "{found:?}");
            assert!(!found[0].contains("at line"), "{found:?}");
        }
        assert!(
            said(&format!("{{\"a\": \"{}\"}}", "x".repeat(TEMPLATE_BYTES_MAX)))[0]
                .contains("bytes, more than")
        );
        let deep = format!("{}{}", "{\"a\":[".repeat(200), "]}".repeat(200));
        assert!(said(&deep)[0].contains("it is not JSON"), "{:?}", said(&deep));
    }

    #[test]
    fn fields_that_tell_of_a_person_are_found_where_they_are() {
        let template = json!({
            "name": "For {{name}}",
            "credentialSubject": {"achievement": {"id": "https://x.example/{{number}}", "criteria": [{"narrative": "{{grade}} {{email}}"}]}},
        });
        let template = Template::from_json(template.to_string().as_bytes(), &columns()).unwrap();
        let personal = |path: &[&str]| template.personal_fields(&columns(), path);
        assert_eq!(personal(&["credentialSubject", "achievement"]), ["email"]);
        assert_eq!(personal(&["name"]), ["name"]);
        assert!(personal(&["issuer"]).is_empty() && personal(&["name", "credentialSubject"]).is_empty());
        assert!(
            personal(&["credentialSubject", "achievement", "id"]).is_empty(),
            "a certificate's number is no person"
        );
    }
}
