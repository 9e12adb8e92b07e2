//! Names that people would take for each other.
//!
//! Source: UTS 39, section 4. Its skeletons tell `Merap1`, `Mérapi` and `MERAPI` from `Merapi`, which readers do not: here accents, letter case, spaces
//! and punctuation do not count, and a digit counts as the letter that it looks like.

use std::collections::HashMap;
use std::sync::OnceLock;

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Whether people would take one name for the other. A name without letters and digits looks like none.
#[must_use]
pub fn looks_like(one: &str, other: &str) -> bool {
    let one = folded(one);
    !one.is_empty() && one == folded(other)
}

/// A name as readers see it: the letters and digits that it looks like.
fn folded(name: &str) -> String {
    // What looks like a letter does so in the case that it is written in: `Ρ` like `P`, and `ρ` like `p`.
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(name);
    let mut plain = String::with_capacity(name.len());
    for character in decomposed.chars().filter(|character| !is_mark(*character)) {
        match table().get(&character) {
            Some(letter) => plain.push(*letter),
            None => plain.extend(character.to_lowercase()),
        }
    }
    let letters: String =
        plain.chars().filter(|character| character.is_alphanumeric()).map(as_letter).collect();
    letters.replace("rn", "m")
}

/// Combining Diacritical Marks.
fn is_mark(character: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&character)
}

/// What a digit looks like among letters, and `l`, which is `I` and `1` in many fonts.
fn as_letter(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | 'l' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        '8' => 'b',
        other => other,
    }
}

/// The characters that UTS 39 takes for a letter or digit of ASCII, but for those that decomposing and lower case lead to.
fn table() -> &'static HashMap<char, char> {
    static TABLE: OnceLock<HashMap<char, char>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let pairs = LOOK_ALIKES.lines().flat_map(|line| {
            let mut characters = line.chars();
            let letter = characters.next().unwrap_or_default();
            characters.map(move |character| (character, letter))
        });
        pairs.collect()
    })
}

/// A line for each letter or digit: itself, and what looks like it.
pub const LOOK_ALIKES: &str = include_str!("../look_alikes.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_take_for_each_other() {
        let merapi = "Universitas Merapi";
        for other in [
            merapi,
            "universitas  MERAPI",
            "Universitas Merap1",
            "Univers1tas Merapl",
            "Universitas Mérapi",
            "Universitas M\u{0435}r\u{0430}pi",
            "Universitas \u{039c}\u{0395}R\u{0391}\u{03a1}\u{0399}",
            "Universitas-Merapi.",
            "Ｕniversitas Merapi",
            "Un\u{456}versitas Merapi",
            "Un1ver5itas M3r4pi",
        ] {
            assert!(looks_like(merapi, other) && looks_like(other, merapi), "{other}");
        }
        assert!(
            looks_like("Universitas Semeru", "Universitas Serneru")
                && looks_like("Politeknik 17", "Politeknik l7")
        );
        for other in ["Universitas Merbabu", "Universitas Merapi Raya", "Universitas Merap", "", "—"] {
            assert!(!looks_like(merapi, other), "{other}");
        }
        assert!(!looks_like("", "") && !looks_like("—", "…"));
    }
}
