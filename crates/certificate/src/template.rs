//! Templates: an SVG that a designer edits, cut into layers that are filled, fitted and tagged one by one.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use sanad_core::summary::SummaryLabel;
use sanad_core::text::check_text;
use usvg::roxmltree::{self, Node};
use usvg::{ImageHrefResolver, ImageKind, Options, Tree};

use crate::blocks::{self, Warning};
use crate::element::{Element, is_svg, line_of, shortened};
use crate::fields::{Fields, NAMES};
use crate::fitting::{self, Drawn, TextPlace};
use crate::fonts::{Fonts, SANS};
use crate::template_error::TemplateError;
use crate::{legible, room, tiles};

/// Longest template, in bytes (4 MiB): it may hold pictures.
pub const TEMPLATE_BYTES_MAX: usize = 4 << 20;
/// Longest text of a field, in characters.
pub const FIELD_CHARACTERS_MAX: usize = 2000;
/// The template that is used where none is given: A4, in Indonesian and English.
pub const DEFAULT_TEMPLATE: &str = include_str!("../../../configs/certificate/certificate.svg");

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
pub enum CodeKind {
    /// The code of a link.
    Link,
    /// The code of a paper receipt.
    Offline,
}

struct Layer {
    element: Element,
    chain: Chain,
    role: Role,
    alt: Option<String>,
    inherited: Inherited,
    content: Content,
}

/// A template as it is read.
struct Read<'a> {
    source: &'a str,
    ids: HashSet<&'a str>,
    /// Those that every layer may refer to.
    shared_ids: HashSet<&'a str>,
}

/// What a layer has of the groups around it, unless it says otherwise.
#[derive(Clone, Default)]
struct Inherited {
    language: Option<String>,
    /// Fields without which it is left out.
    needs: Vec<String>,
    /// Fields with which it is left out.
    yields_to: Vec<String>,
    may_overlap: bool,
}

/// The start tags around a layer, from `<svg>` on, and all that layers may refer to.
#[derive(Clone)]
pub(crate) struct Chain {
    open: String,
    close: String,
    depth: usize,
}

enum Content {
    /// The same on every certificate.
    Fixed(Box<Drawn>),
    /// The source of an element with fields.
    Filled { source: String, places: Vec<TextPlace> },
    /// The place of a code.
    Code { kind: CodeKind, place: Place },
}

/// A square on the page, in points from its upper left corner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) side: f32,
}

/// A layer of one certificate.
pub(crate) struct Filled<'a> {
    pub(crate) element: &'a Element,
    pub(crate) role: Role,
    pub(crate) alt: Option<&'a str>,
    pub(crate) language: Option<&'a str>,
    pub(crate) may_overlap: bool,
    pub(crate) drawing: Drawing<'a>,
}

pub(crate) enum Drawing<'a> {
    Fixed(&'a Drawn),
    Own(Box<Drawn>),
    Code { kind: CodeKind, place: Place },
}

impl Template {
    /// Reads a template, and prints it in the fonts of the program. `own_fields` are names that the caller sets beside those
    /// that credentials have.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn new(source: &str, own_fields: &[&str]) -> Result<Self, TemplateError> {
        Self::with_fonts(source, own_fields, Fonts::default())
    }

    /// Reads a template that is printed in some more fonts.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn with_fonts(source: &str, own_fields: &[&str], fonts: Fonts) -> Result<Self, TemplateError> {
        if source.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::TooLong { actual: source.len() });
        }
        let xml = parse(source)?;
        let root = xml.root_element();
        let texts = root.descendants().filter(|node| is_svg(*node, "text")).count();
        if texts > TEXTS_MAX {
            return Err(TemplateError::Texts { actual: texts });
        }
        check(&xml, own_fields)?;
        let mut chain = Chain::of_root(root, source)?;
        for shared in root.descendants().filter(|node| is_shared(*node)) {
            if !shared.ancestors().skip(1).any(is_shared) {
                chain.open.push_str(&source[shared.range()]);
            }
        }
        let (width, height) = page_size(root, &tree(&chain.around(""), &fonts)?)?;
        let language = root.attribute((XML_NAMESPACE, "lang")).unwrap_or("id").to_owned();
        let mut template = Self { width, height, language, layers: Vec::new(), fonts, bytes_laid_out: 0 };
        let ids = xml.descendants().filter_map(|node| Some((node, node.attribute("id")?)));
        let is_inside_shared = |node: Node<'_, '_>| node.ancestors().any(is_shared);
        let read = Read {
            source,
            ids: ids.clone().map(|(_, id)| id).collect(),
            shared_ids: ids.filter(|(node, _)| is_inside_shared(*node)).map(|(_, id)| id).collect(),
        };
        template.add_layers(root, &chain, &Inherited::default(), &read)?;
        let has_offline =
            |layer: &Layer| matches!(layer.content, Content::Code { kind: CodeKind::Offline, .. });
        if !template.layers.iter().any(has_offline) {
            return Err(no_code(CodeKind::Offline));
        }
        template.settle()?;
        Ok(template)
    }

    /// Adds the layers inside an element: whatever is tagged, and what is beside it.
    fn add_layers(
        &mut self,
        parent: Node<'_, '_>,
        chain: &Chain,
        around: &Inherited,
        read: &Read<'_>,
    ) -> Result<(), TemplateError> {
        for node in parent.children().filter(|node| is_svg(*node, node.tag_name().name())) {
            if is_shared(node) || !node.is_element() {
                continue;
            }
            let is_marked =
                |node: Node<'_, '_>| node.has_attribute("data-tag") || node.has_attribute("data-code");
            let marked_inside = node.descendants().skip(1).find(|inner| is_marked(*inner));
            let inherited = around.within(node)?;
            let is_group = is_svg(node, "g") || is_svg(node, "a");
            let is_drawing_layer = node
                .attributes()
                .any(|attribute| attribute.name() == "groupmode" && attribute.value() == "layer");
            match marked_inside {
                Some(inner) if is_marked(node) || !is_group => {
                    return Err(TemplateError::Nested { element: Element::of(inner) });
                }
                Some(_) => self.add_layers(node, &chain.within(node, read.source), &inherited, read)?,
                None if is_drawing_layer && !is_marked(node) && node.has_children() => {
                    self.add_layers(node, &chain.within(node, read.source), &inherited, read)?;
                }
                None => {
                    // Each text is measured by itself, with what is around it.
                    let texts = node.descendants().filter(|inner| is_text(*inner)).count();
                    let bytes = (chain.open.len() + node.range().len()).saturating_mul(texts + 1);
                    self.bytes_laid_out = self.bytes_laid_out.saturating_add(bytes);
                    if self.bytes_laid_out > LAID_OUT_BYTES_MAX {
                        return Err(TemplateError::Shared { shared: chain.open.len() });
                    }
                    let layer = self.layer(node, chain, inherited, read)?;
                    self.layers.extend(layer);
                }
            }
        }
        Ok(())
    }

    /// The layer of an element; `None` for the place of a code that is hidden.
    fn layer(
        &self,
        node: Node<'_, '_>,
        chain: &Chain,
        inherited: Inherited,
        read: &Read<'_>,
    ) -> Result<Option<Layer>, TemplateError> {
        let refuse =
            |attribute, expected| TemplateError::Attribute { line: line_of(node), attribute, expected };
        let says_something = node.descendants().any(|inner| is_svg(inner, "text"));
        let role = match node.attribute("data-tag") {
            Some("h1") => Role::Heading(1),
            Some("h2") => Role::Heading(2),
            Some("h3") => Role::Heading(3),
            Some("p") => Role::Paragraph,
            Some("figure") => Role::Figure,
            Some("artifact") => Role::Artifact,
            Some(_) => return Err(refuse("data-tag", "h1, h2, h3, p, figure or artifact")),
            None if says_something => Role::Paragraph,
            None => Role::Artifact,
        };
        let alt = node.attribute("data-alt").map(str::to_owned);
        if role == Role::Figure && alt.is_none() {
            return Err(refuse("data-alt", "there: a description of the figure"));
        }
        Self::check_references(node, read)?;
        let element = &read.source[node.range()];
        let code = match node.attribute("data-code") {
            Some("link") => Some(CodeKind::Link),
            Some("offline") => Some(CodeKind::Offline),
            Some(_) => return Err(refuse("data-code", "link or offline")),
            None => None,
        };
        let content = if let Some(kind) = code {
            if !is_svg(node, "rect") {
                return Err(refuse("data-code", "on a <rect>"));
            }
            let Some(place) = self.code_place(node, chain, kind, read.source)? else { return Ok(None) };
            Content::Code { kind, place }
        } else if element.contains("{{") {
            Content::Filled { source: element.to_owned(), places: TextPlace::all_in(node)? }
        } else {
            Content::Fixed(fitting::lay_out(self, chain, element, &[])?.into())
        };
        let (element, chain) = (Element::of(node), chain.clone());
        Ok(Some(Layer { element, chain, role, alt, inherited, content }))
    }

    /// Where a code goes, whatever its `<rect>` looks like; `None` if that is hidden.
    fn code_place(
        &self,
        node: Node<'_, '_>,
        chain: &Chain,
        kind: CodeKind,
        source: &str,
    ) -> Result<Option<Place>, TemplateError> {
        let geometry = node.attributes().filter(|attribute| GEOMETRY.contains(&attribute.name()));
        let geometry: Vec<&str> = geometry.map(|attribute| &source[attribute.range()]).collect();
        let rect = format!(
            "<rect xmlns=\"{SVG_NAMESPACE}\" style=\"fill:#000;stroke:none\" {}/>",
            geometry.join(" ")
        );
        let tree = self.tree(&chain.around(&rect))?;
        let Some(path) = blocks::first_path(tree.root()) else { return Ok(None) };
        let (area, turn) = (path.abs_bounding_box(), path.abs_transform());
        let is_upright = (turn.kx.abs() < TURN_MAX && turn.ky.abs() < TURN_MAX)
            || (turn.sx.abs() < TURN_MAX && turn.sy.abs() < TURN_MAX);
        let side = area.width().min(area.height());
        if !is_upright || area.width().max(area.height()) > side * SQUARE_RATIO_MAX {
            return Err(TemplateError::CodeShape { element: Element::of(node) });
        }
        let minimum_mm = kind.side_mm_min();
        let actual_mm = side / POINTS_PER_MM;
        if actual_mm < minimum_mm as f32 - MM_TOLERANCE {
            return Err(TemplateError::CodeSmall { element: Element::of(node), actual_mm, minimum_mm });
        }
        let (x, y) = (area.x() + (area.width() - side) / 2.0, area.y() + (area.height() - side) / 2.0);
        Ok(Some(Place { x, y, side }))
    }

    /// A layer refers to nothing in another one, which is not drawn with it.
    fn check_references(node: Node<'_, '_>, read: &Read<'_>) -> Result<(), TemplateError> {
        let own: HashSet<&str> = node.descendants().filter_map(|inner| inner.attribute("id")).collect();
        let attributes = node.descendants().flat_map(|inner| inner.attributes());
        for value in attributes.filter(is_reference).map(|attribute| attribute.value()) {
            let urls = value.split("url(").skip(1).map(|rest| rest.split(')').next().unwrap_or_default());
            let urls = urls.map(|target| target.trim_matches(['\'', '"', ' ']));
            for target in urls.chain([value]).filter_map(|target| target.strip_prefix('#')) {
                if read.ids.contains(target) && !read.shared_ids.contains(target) && !own.contains(target) {
                    let target = target.to_owned();
                    return Err(TemplateError::Reference { element: Element::of(node), target });
                }
            }
        }
        Ok(())
    }

    /// Finds the room of every text with a field that names none, and checks what is the same on every certificate.
    fn settle(&mut self) -> Result<(), TemplateError> {
        let sample = |_: &str| Some(SAMPLE.to_owned());
        let mut drawn = Vec::new();
        for layer in &self.layers {
            let drawing = match &layer.content {
                Content::Fixed(drawn) => Drawing::Fixed(drawn),
                Content::Code { kind, place } => Drawing::Code { kind: *kind, place: *place },
                Content::Filled { source, .. } => {
                    let Some(source) = substitute(source, &sample)? else { continue };
                    Drawing::Own(fitting::lay_out(self, &layer.chain, &source, &[])?.into())
                }
            };
            drawn.push(layer.filled(drawing));
        }
        let (mut rooms, items) = (Vec::new(), blocks::items(&drawn));
        for (index, layer) in self.layers.iter().enumerate() {
            let Content::Filled { source, places } = &layer.content else { continue };
            let Some(source) = substitute(source, &sample)? else { continue };
            for (place, measured) in fitting::measure_all(self, &layer.chain, &source, places)? {
                rooms.push((index, place, room::of(&measured, &places[place], &items, self)?));
            }
        }
        let fixed: Vec<Filled<'_>> = drawn
            .into_iter()
            .zip(&self.layers)
            .filter(|(_, layer)| layer.inherited.needs.is_empty() && layer.inherited.yields_to.is_empty())
            .map(|(filled, _)| filled)
            .collect();
        blocks::check(&fixed, self.width, self.height)?;
        for (layer, place, room) in rooms {
            if let Content::Filled { places, .. } = &mut self.layers[layer].content {
                places[place].set_room(room);
            }
        }
        Ok(())
    }

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
    pub(crate) fn tree(&self, source: &str) -> Result<Tree, TemplateError> {
        tree(source, &self.fonts)
    }
}

impl Layer {
    fn filled<'a>(&'a self, drawing: Drawing<'a>) -> Filled<'a> {
        Filled {
            element: &self.element,
            role: self.role,
            alt: self.alt.as_deref(),
            language: self.inherited.language.as_deref(),
            may_overlap: self.inherited.may_overlap,
            drawing,
        }
    }
}

impl Inherited {
    fn within(&self, node: Node<'_, '_>) -> Result<Self, TemplateError> {
        let mut inner = self.clone();
        let names = |attribute| {
            node.attribute(attribute).into_iter().flat_map(str::split_whitespace).map(str::to_owned)
        };
        inner.needs.extend(names("data-if"));
        inner.yields_to.extend(names("data-unless"));
        if let Some(language) = node.attribute("data-lang") {
            inner.language = Some(language.to_owned());
        }
        inner.may_overlap |= match node.attribute("data-overlap") {
            Some("allow") => true,
            None => false,
            Some(_) => {
                let line = line_of(node);
                return Err(TemplateError::Attribute { line, attribute: "data-overlap", expected: "allow" });
            }
        };
        Ok(inner)
    }
}

impl Chain {
    fn of_root(root: Node<'_, '_>, source: &str) -> Result<Self, TemplateError> {
        if root.first_child().is_none() {
            return Err(TemplateError::Page);
        }
        Ok(Self { open: String::new(), close: String::new(), depth: 0 }.within(root, source))
    }

    /// The chain of what is inside an element, which has children.
    pub(crate) fn within(&self, node: Node<'_, '_>, source: &str) -> Self {
        let start = node.range().start;
        let end = node.first_child().map_or(node.range().end, |child| child.range().start);
        let tag = &source[start..end];
        let name = tag[1..].split([' ', '\t', '\r', '\n', '>', '/']).next().unwrap_or_default();
        Self {
            open: format!("{}{tag}", self.open),
            close: format!("</{name}>{}", self.close),
            depth: self.depth + 1,
        }
    }

    /// How many elements there are around.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// An element with all that is around it.
    pub(crate) fn around(&self, element: &str) -> String {
        format!("{}{element}{}", self.open, self.close)
    }

    /// The element in such a source.
    pub(crate) fn element<'a, 'input>(
        &self,
        xml: &'a roxmltree::Document<'input>,
    ) -> Option<Node<'a, 'input>> {
        let mut node = xml.root();
        for _ in 0..=self.depth {
            node = node.children().rfind(Node::is_element)?;
        }
        Some(node)
    }
}

impl CodeKind {
    /// The least side, light border included, in millimetres.
    fn side_mm_min(self) -> u32 {
        match self {
            Self::Link => LINK_SIDE_MM_MIN,
            Self::Offline => OFFLINE_SIDE_MM_MIN,
        }
    }
}

impl fmt::Display for CodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "link",
            Self::Offline => "offline",
        })
    }
}

fn no_code(code: CodeKind) -> TemplateError {
    TemplateError::NoCode { code, side_mm: code.side_mm_min() }
}

/// The size of the page, in points, if its viewBox has the same shape.
fn page_size(root: Node<'_, '_>, page: &Tree) -> Result<(f32, f32), TemplateError> {
    let (width, height) = (page.size().width(), page.size().height());
    let view_box: Vec<f32> = root
        .attribute("viewBox")
        .unwrap_or_default()
        .split([' ', ','])
        .filter_map(|number| number.parse().ok())
        .collect();
    let [_, _, across, down] = view_box[..] else { return Err(TemplateError::Page) };
    let is_alike = (across * height - down * width).abs() <= SHAPE_TOLERANCE * across * height;
    let sides = PAGE_SIDE_MIN..=PAGE_SIDE_MAX;
    match is_alike && across > 0.0 && sides.contains(&width) && sides.contains(&height) {
        true => Ok((width, height)),
        false => Err(TemplateError::Page),
    }
}

/// Nothing but what stands in the template: no file is read, and no document type is followed.
fn tree(source: &str, fonts: &Fonts) -> Result<Tree, TemplateError> {
    let resolve_data = Box::new(|mime: &str, data: Arc<Vec<u8>>, _: &Options<'_>| match mime {
        "image/png" => Some(ImageKind::PNG(data)),
        "image/jpeg" | "image/jpg" => Some(ImageKind::JPEG(data)),
        _ => None,
    });
    let options = Options {
        dpi: POINTS_PER_INCH,
        font_family: SANS.to_owned(),
        fontdb: fonts.database.clone(),
        image_href_resolver: ImageHrefResolver { resolve_data, resolve_string: Box::new(|_, _| None) },
        ..Options::default()
    };
    let tree = Tree::from_xmltree(&parse(source)?, &options)?;
    tiles::check(&tree)?;
    Ok(tree)
}

pub(crate) fn parse(source: &str) -> Result<roxmltree::Document<'_>, TemplateError> {
    let options =
        roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..Default::default() };
    Ok(roxmltree::Document::parse_with_options(source, options)?)
}

/// References lead nowhere else, and every field is one that there is.
fn check(xml: &roxmltree::Document<'_>, own_fields: &[&str]) -> Result<(), TemplateError> {
    let root = xml.root_element();
    if !is_svg(root, "svg") {
        return Err(TemplateError::Page);
    }
    let is_known =
        |field: &str| NAMES.contains(&field) || field.starts_with('/') || own_fields.contains(&field);
    for node in root.descendants() {
        let line = || line_of(node);
        let values = node.attributes().map(|attribute| (attribute.name(), attribute.value()));
        let text = node.text().filter(|_| node.is_text()).map(|text| ("", text));
        for (name, value) in values.chain(text) {
            let is_inside = ["#", "data:image/png", "data:image/jpeg", "data:image/jpg"];
            let is_followed = name == "href" && !is_svg(node, "a");
            if is_followed && !is_inside.iter().any(|start| value.starts_with(start)) {
                return Err(TemplateError::External {
                    line: line(),
                    target: shortened(value, TARGET_CHARACTERS),
                });
            }
            let is_condition = ["data-if", "data-unless"].contains(&name);
            let conditions = value.split_whitespace().filter(|_| is_condition);
            if let Some(field) = fields_in(value).chain(conditions).find(|field| !is_known(field)) {
                return Err(TemplateError::UnknownField { line: line(), name: field.to_owned() });
            }
            let is_fit = ["data-fit", "data-min", "data-lines"].contains(&name);
            if is_fit && !is_svg(node, "text") {
                let (line, expected) = (line(), "on a <text>");
                return Err(TemplateError::Attribute { line, attribute: "data-fit", expected });
            }
        }
    }
    Ok(())
}

fn is_text(node: Node<'_, '_>) -> bool {
    is_svg(node, "text") || is_svg(node, "tspan")
}

/// The names in `{{…}}`; one that does not end is a name to its end.
pub(crate) fn fields_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).map(|rest| rest.split_once("}}").map_or(rest, |(name, _)| name))
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

/// Whether it is something that other elements refer to, and that is not drawn itself.
fn is_shared(node: Node<'_, '_>) -> bool {
    SHARED.iter().any(|name| is_svg(node, name))
}

/// References in the attributes of other programs are theirs.
fn is_reference(attribute: &roxmltree::Attribute<'_, '_>) -> bool {
    attribute.namespace().is_none_or(|namespace| namespace == XLINK_NAMESPACE)
        && (attribute.name() == "href" || attribute.value().contains("url("))
}

const SHARED: [&str; 11] = [
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
    "desc",
];
/// Attributes that say where a `<rect>` is.
const GEOMETRY: [&str; 5] = ["x", "y", "width", "height", "transform"];
const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
const XLINK_NAMESPACE: &str = "http://www.w3.org/1999/xlink";
/// Templates are drawn in points, as PDF is.
const POINTS_PER_INCH: f32 = 72.0;
pub(crate) const POINTS_PER_MM: f32 = 72.0 / 25.4;
/// Least side of a link code, with its light border, in millimetres.
const LINK_SIDE_MM_MIN: u32 = 25;
/// Least side of an offline code, with its light border, in millimetres.
const OFFLINE_SIDE_MM_MIN: u32 = 58;
/// How much less is the same: drawing programs round.
const MM_TOLERANCE: f32 = 0.1;
/// How much of a turn is none.
const TURN_MAX: f32 = 1e-3;
/// Longer side to shorter side of a square.
const SQUARE_RATIO_MAX: f32 = 1.02;
/// How far the shapes of a page and its viewBox may differ, of a side.
const SHAPE_TOLERANCE: f32 = 0.002;
/// Sides of a page, in points: PDF 1.7, annex C.2 permits no more.
const PAGE_SIDE_MIN: f32 = 100.0;
const PAGE_SIDE_MAX: f32 = 14_400.0;
/// Most bytes that the layers of a template are read from, with all that is around each (512 MiB).
const LAID_OUT_BYTES_MAX: usize = 512 << 20;
/// Most elements, attributes and texts of a template.
const NODES_MAX: u32 = 50_000;
/// Most `<text>` of a template: each is compared with what is beside it.
pub(crate) const TEXTS_MAX: usize = 1000;
/// Characters of a reference that an error shows.
const TARGET_CHARACTERS: usize = 60;
/// What fields say while a template is read.
const SAMPLE: &str = "x";
