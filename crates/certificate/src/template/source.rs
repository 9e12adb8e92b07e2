//! The SVG of a template: parsed, checked, and drawn with nothing but what stands in it.

use std::sync::Arc;

use usvg::roxmltree::{self, Node};
use usvg::{ImageHrefResolver, ImageKind, Options, Tree};

use crate::element::{is_svg, line_of, shortened};
use crate::fields::NAMES;
use crate::fonts::{Fonts, SANS};
use crate::template_error::TemplateError;
use crate::tiles;

/// The size of the page, in points, if its viewBox has the same shape.
pub(super) fn page_size(root: Node<'_, '_>, page: &Tree) -> Result<(f32, f32), TemplateError> {
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
pub(super) fn tree(source: &str, fonts: &Fonts) -> Result<Tree, TemplateError> {
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
pub(super) fn check(xml: &roxmltree::Document<'_>, own_fields: &[&str]) -> Result<(), TemplateError> {
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

pub(super) fn is_text(node: Node<'_, '_>) -> bool {
    is_svg(node, "text") || is_svg(node, "tspan")
}

/// The names in `{{…}}`; one that does not end is a name to its end.
pub(crate) fn fields_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).map(|rest| rest.split_once("}}").map_or(rest, |(name, _)| name))
}

/// Whether it is something that other elements refer to, and that is not drawn itself.
pub(super) fn is_shared(node: Node<'_, '_>) -> bool {
    SHARED.iter().any(|name| is_svg(node, name))
}

/// References in the attributes of other programs are theirs.
pub(super) fn is_reference(attribute: &roxmltree::Attribute<'_, '_>) -> bool {
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
const XLINK_NAMESPACE: &str = "http://www.w3.org/1999/xlink";
/// Templates are drawn in points, as PDF is.
const POINTS_PER_INCH: f32 = 72.0;
/// How far the shapes of a page and its viewBox may differ, of a side.
const SHAPE_TOLERANCE: f32 = 0.002;
/// Sides of a page, in points: PDF 1.7, annex C.2 permits no more.
const PAGE_SIDE_MIN: f32 = 100.0;
const PAGE_SIDE_MAX: f32 = 14_400.0;
/// Most elements, attributes and texts of a template.
const NODES_MAX: u32 = 50_000;
/// Characters of a reference that an error shows.
const TARGET_CHARACTERS: usize = 60;
