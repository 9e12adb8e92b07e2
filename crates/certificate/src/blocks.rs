//! Where things are on a page: what has to be read lies on the page, and nothing lies on it.

use std::fmt;

use sanad_core::summary::SummaryLabel;
use usvg::tiny_skia_path::PathSegment;
use usvg::{Group, Node, Path, Rect};

use crate::element::Element;
use crate::template::{CodeKind, Drawing, Filled, POINTS_PER_MM, Role};
use crate::template_error::TemplateError;

/// An ornament that is drawn over a text: a stamp, perhaps, or a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// What is drawn later, and so on top.
    pub ornament: Element,
    /// What it hides, if in part.
    pub text: Element,
}

impl fmt::Display for Covered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ornament, text } = self;
        write!(f, "{ornament} is drawn over {text}; if that is meant, give it data-overlap=\"allow\"")
    }
}

/// What is odd about a certificate, and does not stop it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// An ornament is drawn over a text.
    Covered(Covered),
    /// The credential has this fact, and nobody can read it on the page.
    Unreadable(SummaryLabel),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Covered(covered) => covered.fmt(f),
            Self::Unreadable(field) => write!(
                f,
                "the page does not show the credential's {field} so that it can be read: give the template a text with \
                 {{{{{field}}}}}, in letters of another colour than what is under them, with nothing over them"
            ),
        }
    }
}

/// Something that is drawn.
pub(crate) struct Item {
    /// Number of its layer.
    pub(crate) layer: usize,
    pub(crate) kind: Kind,
    /// Where its ink is on the page.
    pub(crate) area: Rect,
}

#[derive(Clone, PartialEq)]
pub(crate) enum Kind {
    Text,
    Image,
    Filled,
    /// Lines alone, each with the area that it crosses.
    Outline(Vec<Rect>),
    Code(CodeKind),
}

/// All that some layers draw, in the order in which it is drawn.
pub(crate) fn items(layers: &[Filled<'_>]) -> Vec<Item> {
    let mut items = Vec::new();
    for (layer, filled) in layers.iter().enumerate() {
        match &filled.drawing {
            Drawing::Fixed(drawn) => collect(drawn.tree.root(), layer, &mut items),
            Drawing::Own(drawn) => collect(drawn.tree.root(), layer, &mut items),
            Drawing::Code { kind, place } => {
                let area = Rect::from_xywh(place.x, place.y, place.side, place.side);
                items.extend(area.map(|area| Item { layer, kind: Kind::Code(*kind), area }));
            }
        }
    }
    items
}

/// Checks that texts, codes and figures are on the page, and not on each other. Returns ornaments that lie on texts.
pub(crate) fn check(layers: &[Filled<'_>], width: f32, height: f32) -> Result<Vec<Covered>, TemplateError> {
    let items = items(layers);
    let element = |item: &Item| layers[item.layer].element.clone();
    let mut covered: Vec<Covered> = Vec::new();
    for item in &items {
        let filled = &layers[item.layer];
        let has_to_be_seen = matches!(item.kind, Kind::Code(_)) || filled.role != Role::Artifact;
        let beyond =
            [-item.area.left(), -item.area.top(), item.area.right() - width, item.area.bottom() - height];
        let beyond = beyond.into_iter().fold(0.0, f32::max);
        if has_to_be_seen && beyond > TOLERANCE {
            let beyond_mm = beyond / POINTS_PER_MM;
            return Err(TemplateError::OffPage { element: element(item), beyond_mm });
        }
    }
    let blocks =
        || items.iter().enumerate().filter(|(_, item)| matches!(item.kind, Kind::Text | Kind::Code(_)));
    for (place, item) in items.iter().enumerate() {
        for (below, block) in blocks().filter(|(below, _)| *below != place) {
            if !meet(item, block) {
                continue;
            }
            let (upper, lower) = (&layers[item.layer], &layers[block.layer]);
            let is_above = place > below;
            let is_meant = upper.may_overlap || lower.may_overlap;
            let overlap = || TemplateError::Overlap { first: element(block), second: element(item) };
            match (&item.kind, &block.kind) {
                (Kind::Text, Kind::Text) => {
                    let has_ornament = upper.role == Role::Artifact || lower.role == Role::Artifact;
                    if is_above && !is_meant && !has_ornament {
                        return Err(overlap());
                    }
                }
                // A watermark may lie under a code, and is hidden there.
                (Kind::Text, Kind::Code(_)) if upper.role == Role::Artifact && !is_above => {}
                (Kind::Text | Kind::Code(_), Kind::Code(_)) => return Err(overlap()),
                (Kind::Image | Kind::Filled | Kind::Outline(_), Kind::Code(_)) if is_above => {
                    let (element, code) = (element(item), element(block));
                    return Err(TemplateError::CoversCode { element, code });
                }
                (Kind::Image | Kind::Filled | Kind::Outline(_), Kind::Code(_)) => {
                    if upper.role == Role::Figure {
                        return Err(overlap());
                    }
                }
                (Kind::Image | Kind::Filled, Kind::Text) if item.layer != block.layer && !is_meant => {
                    if upper.role == Role::Figure {
                        return Err(overlap());
                    }
                    let found = Covered { ornament: element(item), text: element(block) };
                    if is_above && !covered.contains(&found) {
                        covered.push(found);
                    }
                }
                (Kind::Image | Kind::Filled | Kind::Outline(_), Kind::Text) => {}
                // Seen from the text or shape that the code meets.
                (Kind::Code(_), _) => {}
                (_, Kind::Image | Kind::Filled | Kind::Outline(_)) => {}
            }
        }
    }
    Ok(covered)
}

/// The first path of a drawing.
pub(crate) fn first_path(group: &Group) -> Option<&Path> {
    group.children().iter().find_map(|node| match node {
        Node::Path(path) => Some(path.as_ref()),
        Node::Group(group) => first_path(group),
        Node::Text(_) | Node::Image(_) => None,
    })
}

fn collect(group: &Group, layer: usize, items: &mut Vec<Item>) {
    for node in group.children() {
        let (kind, area) = match node {
            Node::Group(group) => {
                collect(group, layer, items);
                continue;
            }
            Node::Path(path) if !path.is_visible() => continue,
            Node::Path(path) if path.fill().is_some() => (Kind::Filled, path.abs_stroke_bounding_box()),
            Node::Path(path) => (Kind::Outline(crossed(path)), path.abs_stroke_bounding_box()),
            Node::Image(image) => (Kind::Image, image.abs_bounding_box()),
            Node::Text(text) => (Kind::Text, text.abs_stroke_bounding_box()),
        };
        items.push(Item { layer, kind, area });
    }
}

/// The areas that the lines of a path cross.
fn crossed(path: &Path) -> Vec<Rect> {
    let Some(data) = path.data().clone().transform(path.abs_transform()) else { return Vec::new() };
    let (across, down) = path.abs_transform().get_scale();
    let half = path.stroke().map_or(0.0, |stroke| stroke.width().get()) * across.max(down) / 2.0;
    let (mut areas, mut at, mut start) = (Vec::new(), None, None);
    for segment in data.segments() {
        let points = match segment {
            PathSegment::MoveTo(point) => {
                (at, start) = (Some(point), Some(point));
                continue;
            }
            PathSegment::LineTo(end) => vec![end],
            PathSegment::QuadTo(middle, end) => vec![middle, end],
            PathSegment::CubicTo(first, second, end) => vec![first, second, end],
            PathSegment::Close => start.into_iter().collect(),
        };
        let all: Vec<_> = at.into_iter().chain(points.iter().copied()).collect();
        at = points.last().copied();
        let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
        for point in &all {
            (left, right) = (left.min(point.x), right.max(point.x));
            (top, bottom) = (top.min(point.y), bottom.max(point.y));
        }
        areas.extend(Rect::from_ltrb(left - half, top - half, right + half, bottom + half));
    }
    areas
}

/// Whether two things lie on each other by more than a hair.
fn meet(item: &Item, block: &Item) -> bool {
    match &item.kind {
        Kind::Outline(areas) => {
            overlaps(item.area, block.area) && areas.iter().any(|area| overlaps(*area, block.area))
        }
        Kind::Text | Kind::Image | Kind::Filled | Kind::Code(_) => overlaps(item.area, block.area),
    }
}

fn overlaps(first: Rect, second: Rect) -> bool {
    let across = first.right().min(second.right()) - first.left().max(second.left());
    let down = first.bottom().min(second.bottom()) - first.top().max(second.top());
    // A thin line is not wider than the tolerance.
    across > TOLERANCE.min(first.width() / 2.0) && down > TOLERANCE.min(first.height() / 2.0)
}

/// What is not seen, in points.
const TOLERANCE: f32 = 0.5;
