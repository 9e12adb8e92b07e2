//! Templates: an SVG that a designer edits, cut into layers that are filled, fitted and tagged one by one.

use std::sync::Arc;

use sanad_core::text::{TextError, check_text};
use usvg::roxmltree::{self, Node};
use usvg::{ImageHrefResolver, ImageKind, Options, Tree};

use crate::fields::{Fields, NAMES};
use crate::fonts;
use crate::layout::{self, Fit};

/// Longest template, in bytes (4 MiB): it may hold pictures.
pub const TEMPLATE_BYTES_MAX: usize = 4 << 20;
/// The template that is used where none is given: A4, in Indonesian and English.
pub const DEFAULT_TEMPLATE: &str = include_str!("../../../configs/certificate/certificate.svg");

/// A template, read and checked.
pub struct Template {
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// Language of the page.
    pub(crate) language: String,
    layers: Vec<Layer>,
    /// Start tag of the root, and what all layers may refer to.
    head: String,
}

/// Why a template is refused, or does not take the texts of a credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Too long.
    #[error("the template has {actual} bytes; at most {TEMPLATE_BYTES_MAX} are read")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// Not XML, or XML with a document type.
    #[error("the template is not XML without a document type")]
    Xml(#[from] roxmltree::Error),
    /// Not an SVG.
    #[error("the template, or a layer of it, is not an SVG")]
    Svg(#[from] usvg::Error),
    /// Its root is something else.
    #[error("the template has no <svg> with a viewBox of the same size as its width and height, in points")]
    Page,
    /// A picture in another file.
    #[error("line {line} refers to {target:?}; pictures have to be inside the template, as data: URLs")]
    External {
        /// Where.
        line: u32,
        /// What.
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
    /// An attribute with a value that it cannot have.
    #[error("line {line}: {attribute} has a value that it cannot have")]
    Attribute {
        /// Where.
        line: u32,
        /// Which.
        attribute: &'static str,
    },
    /// A text of the credential must not be printed.
    #[error("the text {text:?} cannot be printed")]
    Text {
        /// The text.
        text: String,
        /// Why.
        source: TextError,
    },
    /// No font has a character.
    #[error("no font of certificates has {cluster:?}, in {text:?}")]
    Glyph {
        /// The characters that have no glyph.
        cluster: String,
        /// The line of text.
        text: String,
    },
    /// Too long even in the smallest letters.
    #[error("{text:?} is too long for its place, even in the smallest letters on {lines} lines")]
    TooWide {
        /// The text.
        text: String,
        /// Most lines.
        lines: usize,
    },
}

/// What a layer is to somebody who hears the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A heading of a level.
    Heading(u16),
    Paragraph,
    Figure,
    /// Nothing: ornament.
    Artifact,
}

/// One of the codes on a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeKind {
    Link,
    Offline,
}

struct Layer {
    role: Role,
    alt: Option<String>,
    language: Option<String>,
    content: Content,
}

enum Content {
    /// The same on every certificate.
    Fixed { tree: Box<Tree>, text: String },
    /// The source of an element with fields.
    Filled { source: String, fit: Option<Fit> },
    /// The place of a code.
    Code { kind: CodeKind, place: Place },
}

/// A rectangle on the page, in points from its upper left corner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) side: f32,
}

/// A layer of one certificate.
pub(crate) struct Filled<'a> {
    pub(crate) role: Role,
    pub(crate) alt: Option<&'a str>,
    pub(crate) language: Option<&'a str>,
    pub(crate) drawing: Drawing<'a>,
}

pub(crate) enum Drawing<'a> {
    Fixed { tree: &'a Tree, text: &'a str },
    Own { tree: Box<Tree>, text: String },
    Code { kind: CodeKind, place: Place },
}

impl Template {
    /// Reads a template. `own_fields` are names that the caller sets beside those that credentials have.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn new(source: &str, own_fields: &[&str]) -> Result<Self, TemplateError> {
        if source.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::TooLong { actual: source.len() });
        }
        let xml = parse(source)?;
        let root = xml.root_element();
        check(&xml, own_fields)?;
        let first = root.first_child().ok_or(TemplateError::Page)?;
        let mut head = source[root.range().start..first.range().start].to_owned();
        let elements = || root.children().filter(Node::is_element);
        for shared in elements().filter(|node| SHARED.contains(&node.tag_name().name())) {
            head.push_str(&source[shared.range()]);
        }
        let page = tree(&format!("{head}</svg>"))?;
        let (width, height) = (page.size().width(), page.size().height());
        let view_box: Vec<f32> = root
            .attribute("viewBox")
            .unwrap_or_default()
            .split([' ', ','])
            .filter_map(|number| number.parse().ok())
            .collect();
        let is_near = |a: f32, b: f32| (a - b).abs() < 0.5;
        if !matches!(view_box[..], [x, y, w, h] if x == 0.0 && y == 0.0 && is_near(w, width) && is_near(h, height))
        {
            return Err(TemplateError::Page);
        }
        let language = root.attribute((XML_NAMESPACE, "lang")).unwrap_or("id").to_owned();
        let mut template = Self { width, height, language, layers: Vec::new(), head };
        for node in elements().filter(|node| !SHARED.contains(&node.tag_name().name())) {
            let layer = template.layer(node, source)?;
            template.layers.push(layer);
        }
        Ok(template)
    }

    fn layer(&self, node: Node<'_, '_>, source: &str) -> Result<Layer, TemplateError> {
        let refuse = |attribute| TemplateError::Attribute { line: line_of(node), attribute };
        let role = match node.attribute("data-tag") {
            Some("h1") => Role::Heading(1),
            Some("h2") => Role::Heading(2),
            Some("h3") => Role::Heading(3),
            Some("p") => Role::Paragraph,
            Some("figure") => Role::Figure,
            Some("artifact") | None => Role::Artifact,
            Some(_) => return Err(refuse("data-tag")),
        };
        let alt = node.attribute("data-alt").map(str::to_owned);
        if role == Role::Figure && alt.is_none() {
            return Err(refuse("data-alt"));
        }
        let element = &source[node.range()];
        let code = match node.attribute("data-code") {
            Some("link") => Some(CodeKind::Link),
            Some("offline") => Some(CodeKind::Offline),
            Some(_) => return Err(refuse("data-code")),
            None => None,
        };
        let content = if let Some(kind) = code {
            let bounds = self.tree(element)?.root().abs_bounding_box();
            let (x, y, side) = (bounds.x(), bounds.y(), bounds.width());
            Content::Code { kind, place: Place { x, y, side } }
        } else if element.contains("{{") {
            Content::Filled { source: element.to_owned(), fit: Fit::of(node).map_err(refuse)? }
        } else {
            let tree = self.tree(element)?;
            layout::check_glyphs(tree.root(), &text_of(node))?;
            Content::Fixed { tree: tree.into(), text: text_of(node) }
        };
        Ok(Layer { role, alt, language: node.attribute("data-lang").map(str::to_owned), content })
    }

    /// The layers with the texts of one credential. A layer with a field that the credential lacks is left out.
    ///
    /// # Errors
    /// [`TemplateError::Text`], [`TemplateError::Glyph`], [`TemplateError::TooWide`].
    pub(crate) fn fill(&self, fields: &Fields) -> Result<Vec<Filled<'_>>, TemplateError> {
        let mut filled = Vec::new();
        for layer in &self.layers {
            let drawing = match &layer.content {
                Content::Fixed { tree, text } => Drawing::Fixed { tree, text },
                Content::Code { kind, place } => Drawing::Code { kind: *kind, place: *place },
                Content::Filled { source, fit } => {
                    let Some(source) = substitute(source, fields)? else { continue };
                    let (tree, text) = layout::lay_out(self, source, fit.as_ref())?;
                    Drawing::Own { tree: tree.into(), text }
                }
            };
            let (alt, language) = (layer.alt.as_deref(), layer.language.as_deref());
            filled.push(Filled { role: layer.role, alt, language, drawing });
        }
        Ok(filled)
    }

    /// Checks that all texts of a credential can be printed: before anything is signed.
    ///
    /// # Errors
    /// [`TemplateError::Text`], [`TemplateError::Glyph`], [`TemplateError::TooWide`].
    pub fn check(&self, fields: &Fields) -> Result<(), TemplateError> {
        self.fill(fields).map(drop)
    }

    /// A drawing of one element.
    pub(crate) fn tree(&self, element: &str) -> Result<Tree, TemplateError> {
        tree(&format!("{}{element}</svg>", self.head))
    }

    /// The text of an element, as it is read aloud.
    pub(crate) fn text(&self, element: &str) -> Result<String, TemplateError> {
        let source = format!("{}{element}</svg>", self.head);
        let xml = parse(&source)?;
        Ok(xml.root_element().children().rfind(Node::is_element).map(text_of).unwrap_or_default())
    }
}

/// Nothing but what stands in the template: no file is read, and no document type is followed.
fn tree(source: &str) -> Result<Tree, TemplateError> {
    let resolve_data = Box::new(|mime: &str, data: Arc<Vec<u8>>, _: &Options<'_>| match mime {
        "image/png" => Some(ImageKind::PNG(data)),
        "image/jpeg" | "image/jpg" => Some(ImageKind::JPEG(data)),
        _ => None,
    });
    let options = Options {
        dpi: POINTS_PER_INCH,
        font_family: fonts::SANS.to_owned(),
        fontdb: fonts::database(),
        image_href_resolver: ImageHrefResolver { resolve_data, resolve_string: Box::new(|_, _| None) },
        ..Options::default()
    };
    Ok(Tree::from_xmltree(&parse(source)?, &options)?)
}

fn parse(source: &str) -> Result<roxmltree::Document<'_>, TemplateError> {
    let options =
        roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..Default::default() };
    Ok(roxmltree::Document::parse_with_options(source, options)?)
}

/// References lead nowhere else, and every field is one that there is.
fn check(xml: &roxmltree::Document<'_>, own_fields: &[&str]) -> Result<(), TemplateError> {
    let root = xml.root_element();
    if root.tag_name().name() != "svg" {
        return Err(TemplateError::Page);
    }
    for node in root.descendants() {
        let line = line_of(node);
        let values = node.attributes().map(|attribute| (attribute.name(), attribute.value()));
        let text = node.text().filter(|_| node.is_text()).map(|text| ("", text));
        for (name, value) in values.chain(text) {
            let is_inside = ["#", "data:image/png", "data:image/jpeg", "data:image/jpg"];
            if name == "href" && !is_inside.iter().any(|start| value.starts_with(start)) {
                let target = value.chars().take(TARGET_CHARACTERS).collect();
                return Err(TemplateError::External { line, target });
            }
            for field in fields_in(value) {
                let known = NAMES.contains(&field) || field.starts_with('/') || own_fields.contains(&field);
                if !known {
                    return Err(TemplateError::UnknownField { line, name: field.to_owned() });
                }
            }
        }
    }
    Ok(())
}

/// The names in `{{…}}`; one that does not end is a name to its end.
fn fields_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).map(|rest| rest.split_once("}}").map_or(rest, |(name, _)| name))
}

/// The source with its fields filled in; `None` if one of them is missing.
fn substitute(source: &str, fields: &Fields) -> Result<Option<String>, TemplateError> {
    let mut filled = String::with_capacity(source.len());
    let mut parts = source.split("{{");
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        let Some(text) = fields.text(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        check_text(&text).map_err(|source| TemplateError::Text { text: text.clone(), source })?;
        for character in text.chars() {
            match character {
                '&' => filled.push_str("&amp;"),
                '<' => filled.push_str("&lt;"),
                '>' => filled.push_str("&gt;"),
                '"' => filled.push_str("&quot;"),
                other => filled.push(other),
            }
        }
        filled.push_str(rest);
    }
    Ok(Some(filled))
}

fn text_of(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text).filter_map(|node| node.text());
    let words: Vec<String> = texts.map(str::to_owned).collect();
    words.concat().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_of(node: Node<'_, '_>) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

/// Elements that other elements refer to, and that are not drawn themselves.
const SHARED: [&str; 10] = [
    "defs",
    "style",
    "linearGradient",
    "radialGradient",
    "clipPath",
    "mask",
    "pattern",
    "symbol",
    "metadata",
    "title",
];
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// Templates are drawn in points, as PDF is.
const POINTS_PER_INCH: f32 = 72.0;
/// Most elements, attributes and texts of a template.
const NODES_MAX: u32 = 50_000;
/// Characters of a reference that an error shows.
const TARGET_CHARACTERS: usize = 60;
