//! The PDF: PDF/A-3a and PDF/UA-1, tagged, with credential and receipt inside.

use std::num::NonZeroU16;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{Point, Size, Transform};
use krilla::image::Image;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag, Tag, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};
use krilla_svg::{SurfaceExt as _, SvgSettings};
use sanad_qr::QrCode;

use crate::blocks::Warning;
use crate::clusters::{self, is_right_to_left};
use crate::fields::Fields;
use crate::fitting::Drawn;
use crate::sealed::Contents;
use crate::template::{CodeKind, Drawing, Filled, Place, Role, Template};
use crate::template_error::TemplateError;

/// All that a certificate is made of. Equal certificates give equal files.
pub(crate) struct Certificate<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) contents: &'a Contents,
    pub(crate) document_type: &'static str,
    pub(crate) receipt_name: &'a str,
    pub(crate) receipt_type: &'static str,
    /// The ZIP of endorsements.
    pub(crate) endorsements: Option<Vec<u8>>,
    /// Without a site there is no link.
    pub(crate) link: Option<&'a QrCode>,
    pub(crate) offline: &'a QrCode,
    pub(crate) title: String,
    pub(crate) issuer: &'a str,
    /// Of the block that the receipt speaks of.
    pub(crate) time_ms: u64,
    /// Tells this certificate from all others.
    pub(crate) id: String,
}

/// Why a PDF was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The template does not take the texts.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A code cannot be drawn.
    #[error("a code cannot be drawn")]
    Code(#[from] sanad_qr::DrawError),
    /// The page has no size that a PDF can have.
    #[error("the template's page has no size that a PDF can have")]
    Page,
    /// What is drawn breaks the rules of PDF/A-3a or PDF/UA-1, or cannot be written.
    #[error("the template does not make a PDF/A-3a and PDF/UA-1: {0}")]
    Rules(String),
}

/// Draws and writes a certificate. Returns the PDF, and what is odd about it.
pub(crate) fn write(
    template: &Template,
    certificate: &Certificate<'_>,
) -> Result<(Vec<u8>, Vec<Warning>), PdfError> {
    let (layers, warnings) = template.fill(certificate.fields)?;
    let rules = |error: &dyn std::fmt::Debug| {
        PdfError::Rules(format!("{error:?}").chars().take(RULE_CHARACTERS).collect())
    };
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| rules(&error))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, enable_tagging: true, ..Default::default() });
    let size = Size::from_wh(template.width, template.height).ok_or(PdfError::Page)?;
    let mut tags = TagTree::new().with_lang(Some(template.language.clone()));
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    for layer in &layers {
        draw(layer, certificate, size, &mut surface, &mut tags)?;
    }
    surface.finish();
    page.finish();
    document.set_tag_tree(tags);
    let mut outline = Outline::new();
    let top = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
    outline.push_child(OutlineNode::new(certificate.title.clone(), top));
    document.set_outline(outline);
    let date = pdf_date(certificate.time_ms);
    document.set_metadata(
        Metadata::new()
            .title(certificate.title.clone())
            .language(template.language.clone())
            .authors(vec![certificate.issuer.to_owned()])
            .creator("sanad".to_owned())
            .creation_date(date)
            .document_id(certificate.id.clone()),
    );
    let Contents { name, document: credential, receipt, .. } = certificate.contents;
    let endorsements = certificate.endorsements.as_ref();
    let endorsements = endorsements
        .map(|zip| (ENDORSEMENTS_NAME, "application/zip", "Endorsements", AssociationKind::Supplement, zip));
    let parts = [
        (name.as_str(), certificate.document_type, "Credential", AssociationKind::Source, credential),
        (certificate.receipt_name, certificate.receipt_type, "Receipt", AssociationKind::Supplement, receipt),
    ];
    for (path, mime_type, description, association_kind, data) in parts.into_iter().chain(endorsements) {
        let file = EmbeddedFile {
            path: path.to_owned(),
            mime_type: MimeType::new(mime_type),
            description: Some(description.to_owned()),
            association_kind,
            data: data.clone().into(),
            modification_date: Some(date),
            compress: None,
            location: None,
        };
        document.embed_file(file).ok_or_else(|| PdfError::Rules("two attachments of one name".to_owned()))?;
    }
    let pdf = document.finish().map_err(|error| rules(&error))?;
    Ok((pdf, warnings))
}

fn draw(
    layer: &Filled<'_>,
    certificate: &Certificate<'_>,
    size: Size,
    surface: &mut Surface<'_>,
    tags: &mut TagTree,
) -> Result<(), PdfError> {
    let code = match &layer.drawing {
        Drawing::Code { kind: CodeKind::Link, place } => match certificate.link {
            Some(code) => Some((code, place)),
            None => return Ok(()),
        },
        Drawing::Code { kind: CodeKind::Offline, place } => Some((certificate.offline, place)),
        Drawing::Fixed(_) | Drawing::Own(_) => None,
    };
    let content = match layer.role {
        Role::Artifact => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        Role::Figure => ContentTag::Other,
        Role::Heading(_) | Role::Paragraph => ContentTag::Span(SpanTag {
            lang: layer.language,
            alt_text: None,
            expanded: None,
            actual_text: None,
        }),
    };
    let identifier = surface.start_tagged(content);
    let (text, has_clusters) = match &layer.drawing {
        Drawing::Fixed(drawn) => draw_layer(drawn, size, surface),
        Drawing::Own(drawn) => draw_layer(drawn, size, surface),
        Drawing::Code { .. } => ("", false),
    };
    if let Some((code, place)) = code {
        draw_code(code, *place, surface)?;
    }
    surface.end_tagged();
    let language = layer.language.map(str::to_owned);
    // Glyphs of Arabic are drawn from left to right, and marks by themselves: the tag has the text as it is read.
    let spoken = (has_clusters || text.chars().any(is_right_to_left)).then(|| text.to_owned());
    let mut group = match layer.role {
        Role::Artifact => return Ok(()),
        Role::Figure => TagGroup::new(Tag::Figure(layer.alt.map(str::to_owned))),
        Role::Paragraph => TagGroup::new(Tag::P.with_lang(language).with_actual_text(spoken)),
        Role::Heading(level) => {
            let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
            let heading = Tag::Hn(level, Some(text.to_owned()));
            TagGroup::new(heading.with_lang(language).with_actual_text(spoken))
        }
    };
    group.push(identifier);
    tags.push(group);
    Ok(())
}

/// Draws a layer; returns what it says, and whether it has letters of several glyphs.
fn draw_layer<'a>(drawn: &'a Drawn, size: Size, surface: &mut Surface<'_>) -> (&'a str, bool) {
    let whole = drawn.without_texts.as_ref().unwrap_or(&drawn.tree);
    surface.draw_svg(whole, size, SvgSettings::default());
    if drawn.without_texts.is_some() {
        clusters::draw_texts(&drawn.tree, surface);
    }
    (&drawn.text, drawn.without_texts.is_some())
}

/// A picture of a few pixels a module: smaller than its outlines, and sharp in every viewer.
fn draw_code(code: &QrCode, place: Place, surface: &mut Surface<'_>) -> Result<(), PdfError> {
    let png = sanad_qr::to_png(code)?;
    let image = Image::from_png(png.into(), false).map_err(PdfError::Rules)?;
    let size = Size::from_wh(place.side, place.side).ok_or(PdfError::Page)?;
    surface.push_transform(&Transform::from_translate(place.x, place.y));
    surface.draw_image(image, size);
    surface.pop();
    Ok(())
}

/// A time in milliseconds since 1970, in UTC.
fn pdf_date(time_ms: u64) -> DateTime {
    let time = i64::try_from(time_ms).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    let time = time.unwrap_or_default().to_zoned(TimeZone::UTC);
    let [month, day, hour, minute, second] =
        [time.month(), time.day(), time.hour(), time.minute(), time.second()].map(i8::unsigned_abs);
    let date = DateTime::new(time.year().unsigned_abs()).month(month).day(day);
    date.hour(hour).minute(minute).second(second).utc_offset_hour(0).utc_offset_minute(0)
}

/// What the ZIP of endorsements is called.
const ENDORSEMENTS_NAME: &str = "endorsements.zip";
/// Characters of a broken rule that an error shows.
const RULE_CHARACTERS: usize = 400;
