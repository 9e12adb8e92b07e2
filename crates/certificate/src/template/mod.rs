//! Templates: an SVG that a designer edits, cut into layers that are filled, fitted and tagged one by one.

mod layer;
mod reading;
mod source;

pub use layer::CodeKind;
pub(crate) use layer::{Chain, Drawing, Filled, Place, Role};
pub(crate) use reading::{POINTS_PER_MM, TEXTS_MAX};
use sanad_core::summary::SummaryLabel;
use sanad_core::text::check_text;
pub(crate) use source::{fields_in, parse};
use usvg::Tree;

use self::layer::{Content, Layer};
use crate::blocks::{self, Warning};
use crate::fields::Fields;
use crate::fonts::Fonts;
use crate::template_error::TemplateError;
use crate::{fitting, legible};

/// Longest template, in bytes (4 MiB): it may hold pictures.
pub const TEMPLATE_BYTES_MAX: usize = 4 << 20;
/// Longest text of a field, in characters.
pub const FIELD_CHARACTERS_MAX: usize = 2000;
/// The template that is used where none is given: A4, in Indonesian and English.
pub const DEFAULT_TEMPLATE: &str = include_str!("../../../../configs/certificate/certificate.svg");

/// A template, read and checked.
pub struct Template {
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// Language of the page.
    pub(crate) language: String,
    layers: Vec<Layer>,
    fonts: Fonts,
    /// Bytes that its layers were read from, with all that is around each.
    bytes_laid_out: usize,
}

impl Template {
    /// The layers with the texts of one credential, and what is odd about them. A layer with a field that the credential lacks is
    /// left out.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub(crate) fn fill(&self, fields: &Fields) -> Result<(Vec<Filled<'_>>, Vec<Warning>), TemplateError> {
        let has_site = fields.has("site");
        let has_link = |layer: &Layer| matches!(layer.content, Content::Code { kind: CodeKind::Link, .. });
        if has_site && !self.layers.iter().any(has_link) {
            return Err(no_code(CodeKind::Link));
        }
        let mut filled = Vec::new();
        for layer in &self.layers {
            let inherited = &layer.inherited;
            let is_wanted = inherited.needs.iter().all(|name| fields.has(name))
                && !inherited.yields_to.iter().any(|name| fields.has(name));
            let language = inherited.language.as_deref().unwrap_or(&self.language);
            let drawing = match &layer.content {
                // The offline code belongs on every certificate.
                Content::Code { kind: CodeKind::Offline, place } => {
                    Drawing::Code { kind: CodeKind::Offline, place: *place }
                }
                Content::Code { kind: CodeKind::Link, .. } if !has_site => continue,
                Content::Code { kind, place } => Drawing::Code { kind: *kind, place: *place },
                _ if !is_wanted => continue,
                Content::Fixed(drawn) => Drawing::Fixed(drawn),
                Content::Filled { source, places } => {
                    let text_of = |name: &str| fields.text(name, language);
                    let Some(source) = substitute(source, &text_of)? else { continue };
                    Drawing::Own(fitting::lay_out(self, &layer.chain, &source, places)?.into())
                }
            };
            filled.push(layer.filled(drawing));
        }
        let covered = blocks::check(&filled, self.width, self.height)?;
        let mut warnings: Vec<Warning> = covered.into_iter().map(Warning::Covered).collect();
        let legible = legible::texts(&filled, self.width, self.height);
        for field in [SummaryLabel::Holder, SummaryLabel::Title] {
            let Some(text) = fields.text(field.as_str(), &self.language) else { continue };
            let text = legible::without_spaces(&text);
            if !legible.iter().any(|legible| legible.contains(&text)) {
                warnings.push(Warning::Unreadable(field));
            }
        }
        Ok((filled, warnings))
    }

    /// Checks that all texts of a credential can be printed: before anything is signed. Returns texts that ornaments cover,
    /// which may be meant, and facts that nobody could read.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn check(&self, fields: &Fields) -> Result<Vec<Warning>, TemplateError> {
        self.fill(fields).map(|(_, warnings)| warnings)
    }

    /// A drawing of one element, with all that is around it.
    pub(crate) fn tree(&self, svg: &str) -> Result<Tree, TemplateError> {
        source::tree(svg, &self.fonts)
    }
}

fn no_code(code: CodeKind) -> TemplateError {
    TemplateError::NoCode { code, side_mm: code.side_mm_min() }
}

/// The source with its fields filled in; `None` if one of them is missing.
fn substitute(
    source: &str,
    text_of: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<String>, TemplateError> {
    let mut filled = String::with_capacity(source.len());
    let mut parts = source.split("{{");
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        let Some(text) = text_of(name) else { return Ok(None) };
        let characters = text.chars().count();
        if characters > FIELD_CHARACTERS_MAX {
            return Err(TemplateError::FieldTooLong { name: name.to_owned(), characters });
        }
        check_text(&text).map_err(|source| TemplateError::Text { text: text.clone(), source })?;
        fitting::escape(&text, &mut filled);
        filled.push_str(rest);
    }
    Ok(Some(filled))
}
