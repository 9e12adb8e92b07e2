//! Why a template is refused, or does not take the texts of a credential.

use sanad_core::text::TextError;
use usvg::roxmltree;

use crate::element::Element;
use crate::fields::NAMES;
use crate::template::{CodeKind, FIELD_CHARACTERS_MAX, TEMPLATE_BYTES_MAX, TEXTS_MAX};
use crate::tiles::PATTERN_TILES_MAX;

/// Why a template is refused, or does not take the texts of a credential.
///
/// What [`Template::new`](crate::Template::new) says is true of every certificate; what
/// [`Template::check`](crate::Template::check) says, of the one whose fields it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Too long.
    #[error("the template has {actual} bytes; at most {TEMPLATE_BYTES_MAX} are read")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// More texts than are laid out in a moment.
    #[error(
        "the template has {actual} texts; at most {TEXTS_MAX} are read: join lines of one paragraph, or convert drawings of letters to paths"
    )]
    Texts {
        /// How many.
        actual: usize,
    },
    /// Its layers, with what all of them may refer to, are too much to read.
    #[error(
        "the template's <defs> and styles have {shared} bytes, too many for so many layers and texts; move large pictures out of \
         <defs>, or have fewer layers"
    )]
    Shared {
        /// Bytes of what every layer may refer to.
        shared: usize,
    },
    /// A pattern repeats too often.
    #[error(
        "a <pattern> of the template repeats more than {PATTERN_TILES_MAX} times on the page, which takes viewers minutes to draw; \
         make its tiles larger"
    )]
    Pattern,
    /// Not XML, or XML with a document type.
    #[error("the template is not XML without a document type")]
    Xml(#[from] roxmltree::Error),
    /// Not an SVG.
    #[error("the template, or a layer of it, is not an SVG")]
    Svg(#[from] usvg::Error),
    /// Its root is something else.
    #[error(
        "the template has no <svg> with a width and height of 100 to 14400 points and a viewBox of the same shape; a drawing \
         program sets all three by the size of the page"
    )]
    Page,
    /// A picture in another file.
    #[error("line {line} refers to {target:?}; pictures have to be inside the template, as data: URLs")]
    External {
        /// Where.
        line: u32,
        /// What.
        target: String,
    },
    /// A reference to something in another layer.
    #[error(
        "{element} refers to #{target}, which is in another layer; move #{target} into <defs>, or unlink the clone"
    )]
    Reference {
        /// What refers.
        element: Element,
        /// The id that it refers to.
        target: String,
    },
    /// A field that no credential has.
    #[error("line {line}: there is no field {{{{{name}}}}}; there are {}, {{{{/json/pointers}}}} and those that are set", NAMES.join(", "))]
    UnknownField {
        /// Where.
        line: u32,
        /// Its name.
        name: String,
    },
    /// An attribute with a value that it cannot have, or where it does not belong.
    #[error("line {line}: {attribute} has to be {expected}")]
    Attribute {
        /// Where.
        line: u32,
        /// Which.
        attribute: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// Something is tagged within something that is tagged.
    #[error(
        "{element} has a data-tag or data-code inside an element that has one, too, or that is neither <g> nor <a>; \
         remove the outer one, or move {element} out of it"
    )]
    Nested {
        /// The inner one.
        element: Element,
    },
    /// There is no place for a code.
    #[error(
        "the template has no place for the {code} code that can be seen: it needs a <rect data-code=\"{code}\" …> of \
         {side_mm} mm or more, in a layer that is not hidden"
    )]
    NoCode {
        /// Which code.
        code: CodeKind,
        /// Its least side, in millimetres.
        side_mm: u32,
    },
    /// The place of a code is not upright.
    #[error(
        "{element} is turned or not a square, so no camera would find the code as it is meant; make it an upright square"
    )]
    CodeShape {
        /// The rectangle with `data-code`.
        element: Element,
    },
    /// The place of a code is too small.
    #[error("{element} has a side of {actual_mm:.1} mm; cameras need {minimum_mm} mm or more")]
    CodeSmall {
        /// The rectangle with `data-code`.
        element: Element,
        /// Its side, in millimetres.
        actual_mm: f32,
        /// The least, in millimetres.
        minimum_mm: u32,
    },
    /// Something that has to be read is not on the page.
    #[error("{element} reaches {beyond_mm:.1} mm beyond the edge of the page; move it, or make it smaller")]
    OffPage {
        /// What.
        element: Element,
        /// How far.
        beyond_mm: f32,
    },
    /// Two things that have to be read lie on each other.
    #[error("{first} and {second} overlap; move one of them, or give texts less room with data-fit")]
    Overlap {
        /// The lower one.
        first: Element,
        /// The upper one.
        second: Element,
    },
    /// A code is covered.
    #[error(
        "{element} covers {code}; put it before the code in the file, which is below it on the page, or move one of them"
    )]
    CoversCode {
        /// What covers it.
        element: Element,
        /// The place of the code.
        code: Element,
    },
    /// A turned text with a field.
    #[error("{element} is turned and has a field, so its room cannot be told: give it data-fit=\"LENGTH\"")]
    Turned {
        /// The `<text>` of the template.
        element: Element,
    },
    /// A text of the credential must not be printed.
    #[error("the text {text:?} cannot be printed")]
    Text {
        /// As the credential or `--set` has it.
        text: String,
        /// Why.
        source: TextError,
    },
    /// A text is longer than any page has room for.
    #[error("{{{{{name}}}}} has {characters} characters; at most {FIELD_CHARACTERS_MAX} are printed")]
    FieldTooLong {
        /// Name of the field.
        name: String,
        /// Its length, in characters.
        characters: usize,
    },
    /// No font has a character.
    #[error(
        "no font of certificates has \"{cluster}\", in \"{text}\"; give a folder with a font that has it (--fonts DIR), or print \
         the name in letters that there are"
    )]
    Glyph {
        /// The characters that have no glyph.
        cluster: String,
        /// The line of text.
        text: String,
    },
    /// Too long even in the smallest letters.
    #[error(
        "\"{text}\" has {characters} characters and is too long for {element}: about {characters_max} fit, in letters of \
         {size:.1} points on {lines} line(s)"
    )]
    TooWide {
        /// Its place.
        element: Element,
        /// With its fields filled in.
        text: String,
        /// Its length, in characters.
        characters: usize,
        /// How many of them fit.
        characters_max: usize,
        /// Size of the smallest letters, in points.
        size: f32,
        /// Most lines.
        lines: usize,
    },
}
