//! Cutting the SVG of a template into layers.

use std::collections::HashSet;

use usvg::roxmltree::Node;

use super::layer::{Chain, CodeKind, Content, Drawing, Filled, Inherited, Layer, Place, Role};
use super::source::{check, is_reference, is_shared, is_text, page_size, parse, tree};
use super::{TEMPLATE_BYTES_MAX, Template, no_code, substitute};
use crate::element::{Element, is_svg, line_of};
use crate::fitting::{self, TextPlace};
use crate::fonts::Fonts;
use crate::template_error::TemplateError;
use crate::{blocks, room};

/// A template as it is read.
struct Read<'a> {
    source: &'a str,
    ids: HashSet<&'a str>,
    /// Those that every layer may refer to.
    shared_ids: HashSet<&'a str>,
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
}

/// Attributes that say where a `<rect>` is.
const GEOMETRY: [&str; 5] = ["x", "y", "width", "height", "transform"];
const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
pub(crate) const POINTS_PER_MM: f32 = 72.0 / 25.4;
/// How much less is the same: drawing programs round.
const MM_TOLERANCE: f32 = 0.1;
/// How much of a turn is none.
const TURN_MAX: f32 = 1e-3;
/// Longer side to shorter side of a square.
const SQUARE_RATIO_MAX: f32 = 1.02;
/// Most bytes that the layers of a template are read from, with all that is around each (512 MiB).
const LAID_OUT_BYTES_MAX: usize = 512 << 20;
/// Most `<text>` of a template: each is compared with what is beside it.
pub(crate) const TEXTS_MAX: usize = 1000;
/// What fields say while a template is read.
const SAMPLE: &str = "x";
