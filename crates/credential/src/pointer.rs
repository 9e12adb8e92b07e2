//! Places in a JSON document, as JSON pointers (RFC 6901).

use std::fmt;

use sanad_core::text::check_text;

/// A place, as the way to it. Its text is made only if it is shown.
#[derive(Clone)]
pub(crate) enum At<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    pub(crate) fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    pub(crate) fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    pub(crate) fn is_root(&self) -> bool {
        matches!(self, Self::Root)
    }

    /// Whether it is a member of the document itself.
    pub(crate) fn is_first_level(&self) -> bool {
        matches!(self, Self::Key(Self::Root, _))
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(outer, key) => {
                write!(f, "{outer}/{}", shown(&key.replace('~', "~0").replace('/', "~1")))
            }
            Self::Index(outer, index) => write!(f, "{outer}/{index}"),
        }
    }
}

/// Places and what is said of them, a line each; a bounded number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(Vec<String>);

impl Places {
    pub(crate) fn add(&mut self, at: &At<'_>, why: &str) {
        match self.0.len() {
            0..PLACES_MAX => self.0.push(format!("{at} {why}")),
            PLACES_MAX => self.0.push("and more".to_owned()),
            _ => {}
        }
    }

    /// The places, each below `outer`.
    pub(crate) fn below<'b>(&'b self, outer: &'b str) -> impl Iterator<Item = String> + 'b {
        self.0.iter().map(move |place| format!("{outer}{place}"))
    }
}

/// A text of a stranger, for people: bounded, in one line, nothing hidden or turned around.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN_CHARS_MAX {
            shown.push('…');
            break;
        }
        match check_text(character.encode_utf8(&mut [0; 4])) {
            Ok(()) => shown.push(character),
            Err(_) => shown.extend(character.escape_unicode()),
        }
    }
    shown
}

/// Most places that are named.
const PLACES_MAX: usize = 20;

/// How much of a text that a stranger chose is repeated, in characters.
const SHOWN_CHARS_MAX: usize = 200;
