//! The fonts of certificates: Latin and Arabic, in the program, so that every machine prints the same.

use std::sync::{Arc, LazyLock};

use usvg::fontdb::Database;

/// The fonts, loaded once.
pub(crate) fn database() -> Arc<Database> {
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
    DATABASE.clone()
}

/// The family of texts that name none.
pub(crate) const SANS: &str = "Noto Sans";
const FONTS: [&[u8]; 4] = [
    include_bytes!("../fonts/NotoSans-Regular.ttf"),
    include_bytes!("../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../fonts/NotoSerif-Bold.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Regular.ttf"),
];
