//! Results for people: lines, facts and tables, and their renderer.

use std::borrow::Cow;

use sanad_core::text;

/// A result in its form for people.
#[derive(Clone, Debug, Default)]
pub(crate) struct View(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Line(String),
    Facts(Vec<(Cow<'static, str>, String)>),
    Table { head: Vec<&'static str>, rows: Vec<Vec<String>> },
}

impl View {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A line of text.
    pub(crate) fn line(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Line(text.into()));
        self
    }

    /// A fact. Consecutive facts are aligned.
    pub(crate) fn fact(mut self, name: impl Into<Cow<'static, str>>, value: impl ToString) -> Self {
        let fact = (name.into(), value.to_string());
        match self.0.last_mut() {
            Some(Part::Facts(facts)) => facts.push(fact),
            _ => self.0.push(Part::Facts(vec![fact])),
        }
        self
    }

    /// A table.
    pub(crate) fn table(mut self, head: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        self.0.push(Part::Table { head: head.to_vec(), rows });
        self
    }

    /// Appends the parts of another view.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The text; every line ends with a line feed.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Line(line) => push_line(&mut text, line),
                Part::Facts(facts) => push_facts(&mut text, facts),
                Part::Table { head, rows } => push_table(&mut text, head, rows),
            }
        }
        text
    }
}

/// The text on one line, with everything escaped that could steer the reader's terminal or pass for another line of ours:
/// names of files, fields and people come from strangers.
pub(crate) fn printable(text: &str) -> String {
    let escape = |character: char| match character {
        character if !text::is_refused(character) => character.to_string(),
        character if character.is_ascii() => character.escape_default().to_string(),
        character => character.escape_unicode().to_string(),
    };
    text.chars().map(escape).collect()
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(printable(line).trim_end());
    text.push('\n');
}

fn push_facts(text: &mut String, facts: &[(Cow<'_, str>, String)]) {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in facts {
        push_line(text, &format!("  {name:width$}  {}", value.replace('\n', " ")));
    }
}

fn push_table(text: &mut String, head: &[&str], rows: &[Vec<String>]) {
    let cell = |row: &[String], column: usize| row.get(column).map_or("", String::as_str).replace('\n', " ");
    let mut widths: Vec<usize> = head.iter().map(|name| name.chars().count()).collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| (0..head.len()).map(|column| printable(&cell(row, column))).collect())
        .collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let titles: Vec<String> = head.iter().map(|name| name.to_uppercase()).collect();
    for row in std::iter::once(&titles).chain(&rows) {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        push_line(text, &cells.join("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_and_tables_are_aligned() {
        let view = View::new().line("key").fact("id", "a").fact("purpose", "issuing").table(
            &["height", "time"],
            vec![vec!["1".into(), "x".into()], vec!["1000000".into(), "y".into()]],
        );
        let expected = "key\n  id       a\n  purpose  issuing\nHEIGHT   TIME\n1        x\n1000000  y\n";
        assert_eq!(view.to_text(), expected);
    }

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}\u{2028}"), "a\\u{1b}[2Jb\\u{202e}\\u{2028}");
        let view = View::new().line("diploma.json: active\nz.json: tampered");
        assert_eq!(view.to_text(), "diploma.json: active\\nz.json: tampered\n");
        let view = View::new().fact("name", "two\nlines");
        assert_eq!(view.to_text(), "  name  two lines\n");
    }
}
