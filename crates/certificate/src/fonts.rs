//! The fonts of certificates: in the program, so that every machine prints the same, and those that a designer gives.

use std::sync::{Arc, LazyLock};

use usvg::fontdb::{Database, Source};

/// Longest font, in bytes (64 MiB).
pub const FONT_BYTES_MAX: usize = 64 << 20;
/// Most fonts beside those in the program.
pub const FONTS_MAX: usize = 512;

/// Fonts that certificates are printed with: Latin, Arabic, Javanese, Balinese and Sundanese, and those that were added.
#[derive(Clone)]
pub struct Fonts {
    pub(crate) database: Arc<Database>,
}

/// Why a font is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FontError {
    /// Too long.
    #[error("the font has {actual} bytes; at most {FONT_BYTES_MAX} are read")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// Too many.
    #[error("there are more than {FONTS_MAX} fonts; give a folder with those that are needed")]
    TooMany,
    /// Not a font.
    #[error("not an OpenType font, or one that is damaged; .ttf, .otf and .ttc are read")]
    Unreadable,
    /// Its maker does not permit it.
    #[error("the font's own licence bits forbid embedding it in documents; take another one")]
    Restricted,
}

impl Default for Fonts {
    /// Those in the program.
    fn default() -> Self {
        static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
            let mut database = Database::new();
            for font in FONTS {
                database.load_font_data(font.to_vec());
            }
            database.set_sans_serif_family(SANS);
            database.set_serif_family("Noto Serif");
            database.set_monospace_family(SANS);
            database.set_cursive_family(SANS);
            database.set_fantasy_family(SANS);
            Arc::new(database)
        });
        Self { database: DATABASE.clone() }
    }
}

impl Fonts {
    /// Adds the faces of a font file. Where two fonts have a character, the one that a template names is taken, else the one
    /// that was added first: whoever reads a folder adds its files in the order of their names.
    ///
    /// # Errors
    /// [`FontError`].
    pub fn add(&mut self, font: Vec<u8>) -> Result<(), FontError> {
        if font.len() > FONT_BYTES_MAX {
            return Err(FontError::TooLong { actual: font.len() });
        }
        let database = Arc::make_mut(&mut self.database);
        if database.len() >= FONTS.len() + FONTS_MAX {
            return Err(FontError::TooMany);
        }
        let faces = database.load_font_source(Source::Binary(Arc::new(font)));
        if faces.is_empty() {
            return Err(FontError::Unreadable);
        }
        for face in &faces {
            let permits = |data: &[u8], index: u32| embedding(data, index) & RESTRICTED == 0;
            if !database.with_face_data(*face, permits).unwrap_or_default() {
                faces.iter().for_each(|face| database.remove_face(*face));
                return Err(FontError::Restricted);
            }
        }
        Ok(())
    }
}

/// `fsType` of the table OS/2, which says whether a font may be embedded; 0, which permits it, without that table.
fn embedding(font: &[u8], index: u32) -> u16 {
    let short = |at: usize| Some(u16::from_be_bytes(font.get(at..)?.first_chunk().copied()?));
    let long = |at: usize| Some(u32::from_be_bytes(font.get(at..)?.first_chunk().copied()?) as usize);
    let read = || {
        let is_collection = font.starts_with(b"ttcf");
        let directory = if is_collection { long(12 + 4 * index as usize)? } else { 0 };
        let records = (0..usize::from(short(directory + 4)?)).map(|record| directory + 12 + 16 * record);
        let table =
            records.into_iter().find(|at| font.get(*at..).is_some_and(|rest| rest.starts_with(b"OS/2")))?;
        short(long(table + 8)?.checked_add(8)?)
    };
    read().unwrap_or_default()
}

/// The family of texts that name none.
pub(crate) const SANS: &str = "Noto Sans";
/// OpenType, OS/2, `fsType`: restricted licence embedding, and bitmaps alone.
const RESTRICTED: u16 = 0x0202;
const FONTS: [&[u8]; 7] = [
    include_bytes!("../fonts/NotoSans-Regular.ttf"),
    include_bytes!("../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../fonts/NotoSerif-Bold.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Regular.ttf"),
    include_bytes!("../fonts/NotoSansJavanese-Regular.ttf"),
    include_bytes!("../fonts/NotoSansBalinese-Regular.ttf"),
    include_bytes!("../fonts/NotoSansSundanese-Regular.ttf"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_that_may_not_be_embedded_are_refused() {
        let font = include_bytes!("../tests/fonts/NotoSansBengali-Subset.ttf");
        let mut fonts = Fonts::default();
        assert_eq!(fonts.add(font.to_vec()), Ok(()));
        assert_eq!(fonts.database.len(), FONTS.len() + 1);
        let table = font.windows(4).position(|tag| tag == b"OS/2").unwrap();
        let at = u32::from_be_bytes(*font[table + 8..].first_chunk().unwrap()) as usize + 8;
        let mut restricted = font.to_vec();
        restricted[at + 1] = 2;
        assert_eq!(fonts.add(restricted), Err(FontError::Restricted));
        assert_eq!(fonts.add(font[..40].to_vec()), Err(FontError::Unreadable));
        assert_eq!(
            fonts.add(vec![0; FONT_BYTES_MAX + 1]),
            Err(FontError::TooLong { actual: FONT_BYTES_MAX + 1 })
        );
        assert_eq!(fonts.database.len(), FONTS.len() + 1);
        assert_eq!(Fonts::default().database.len(), FONTS.len());
    }
}
