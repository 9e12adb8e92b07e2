//! Which column of a roster is which field, by its title.

use std::collections::BTreeMap;

use super::known::{FIRST_NAME, KNOWN, Known, LAST_NAME, MIDDLE_NAME, OTHER_PEOPLE};
use crate::value::Kind;

/// A title, as words are looked for in it.
pub(super) struct Title {
    /// Words in lower case, with a space before and after each; capitals within a word begin another.
    words: String,
}

impl Title {
    pub(super) fn new(title: &str) -> Self {
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
pub(super) struct Chosen {
    pub(super) field: &'static str,
    pub(super) kind: Kind,
    pub(super) to_confirm: bool,
    /// Other columns that could be meant.
    pub(super) others: Vec<usize>,
}

/// Which column is which field.
#[derive(Default)]
pub(super) struct Choice {
    /// By column.
    pub(super) fields: BTreeMap<usize, Chosen>,
    /// Fields that are left open, and what they could be.
    pub(super) open: Vec<(&'static str, Vec<usize>)>,
}

/// The best column for each field. A column is a candidate for the first field that it fits.
pub(super) fn choose(titles: &[Title]) -> Choice {
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
    pub(super) fn take_name_in_parts(
        &mut self,
        titles: &[Title],
        is_empty_somewhere: impl Fn(usize) -> bool,
    ) {
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
