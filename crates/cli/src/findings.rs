//! Findings on the screen: the lines of `sanad-verify`.

use std::path::Path;

use sanad_verify::{EvidenceFinding, Finding, Language, Line};

use crate::output::Report;
use crate::view::View;

impl Report for Finding {
    fn view(&self) -> View {
        self.view_in(Language::English)
    }

    fn view_in(&self, language: Language) -> View {
        let view = push(View::new(), self.lines(language));
        let view = push(view, self.credential_lines(language));
        push(view, self.open_lines(language))
    }
}

impl Report for EvidenceFinding {
    fn view(&self) -> View {
        self.view_in(Language::English)
    }

    fn view_in(&self, language: Language) -> View {
        push(View::new(), self.lines(language))
    }
}

pub(crate) fn push(view: View, lines: impl IntoIterator<Item = Line>) -> View {
    lines.into_iter().fold(view, |view, line| match line {
        Line::Headline(text) | Line::Check(_, text) | Line::Text(text) => view.line(text),
        Line::Fact(name, value) => view.fact(name, value),
    })
}

/// Adds the file that was written, if one was.
pub(crate) fn written(view: View, path: Option<&Path>) -> View {
    match path {
        Some(path) => view.fact("written to", path.display()),
        None => view,
    }
}
