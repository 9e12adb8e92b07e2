//! Texts that people are shown: names of members, fields of a summary.

/// A text contains a code point that [`check_text`] refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("U+{code_point:04X} at byte {offset} is not allowed in a text")]
pub struct TextError {
    /// Unicode code point that is refused.
    pub code_point: u32,
    /// Offset of its first byte.
    pub offset: usize,
}

/// Refuses the code points that let a text look like another one, or break out of its line.
///
/// The list is fixed: C0 controls, DEL and C1 controls (U+0000 to U+001F, U+007F to U+009F), the bidirectional
/// marks, embeddings, overrides and isolates (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), and the
/// line and paragraph separators (U+2028, U+2029). Nothing here asks a Unicode table: tables differ between builds,
/// and validators must agree. Neither length nor emptiness is checked.
///
/// # Errors
/// [`TextError`] for the first refused code point.
pub fn check_text(text: &str) -> Result<(), TextError> {
    match text.char_indices().find(|(_, character)| is_refused(*character)) {
        None => Ok(()),
        Some((offset, character)) => Err(TextError { code_point: u32::from(character), offset }),
    }
}

/// Whether [`check_text`] refuses a code point.
#[must_use]
pub fn is_refused(character: char) -> bool {
    matches!(
        character,
        '\u{0000}'..='\u{001f}'
            | '\u{007f}'..='\u{009f}'
            | '\u{061c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listed_code_points_and_no_others_are_refused() {
        let listed: Vec<u32> = [
            0x00..=0x1f,
            0x7f..=0x9f,
            0x061c..=0x061c,
            0x200e..=0x200f,
            0x2028..=0x2029,
            0x202a..=0x202e,
            0x2066..=0x2069,
        ]
        .into_iter()
        .flatten()
        .collect();
        let refused = (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|character| {
            let text = format!("Siti{character}");
            match check_text(&text) {
                Ok(()) => false,
                Err(error) => {
                    assert_eq!(error, TextError { code_point: u32::from(*character), offset: 4 });
                    true
                }
            }
        });
        assert_eq!(refused.map(u32::from).collect::<Vec<_>>(), listed);
        assert_eq!(check_text("Siti Nurhaliza, S.Pd. \u{0645}"), Ok(()));
        assert_eq!(check_text(""), Ok(()));
    }
}
