//! Tables in Markdown.

use std::io::Write;

/// A table whose columns are as wide as their widest cell.
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    /// An empty table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self(vec![headings.iter().map(|heading| (*heading).to_owned()).collect()])
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }

    /// Writes the table.
    pub(crate) fn print(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let width = |column: usize| self.0.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.0[0].len()).map(width).collect();
        for (place, row) in self.0.iter().enumerate() {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
            writeln!(out, "| {} |", cells.join(" | "))?;
            if place == 0 {
                let rules: Vec<String> =
                    widths.iter().map(|width| format!("{}:", "-".repeat(width - 1))).collect();
                writeln!(out, "| {} |", rules.join(" | "))?;
            }
        }
        writeln!(out)?;
        Ok(())
    }
}

/// A number with thousands set apart.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
