//! Patterns: a page with very many tiles takes those who look at it minutes, not those who write it.

use usvg::{Group, Node, Paint, Path, Tree};

use crate::template_error::TemplateError;

/// Most tiles that the patterns of a layer may draw.
pub const PATTERN_TILES_MAX: u32 = 100_000;

/// Counts the tiles of all patterns, those within patterns as often as they are drawn.
pub(crate) fn check(tree: &Tree) -> Result<(), TemplateError> {
    let page = tree.size().width() * tree.size().height();
    match tiles_in(tree.root(), page, 1.0, 0) <= f64::from(PATTERN_TILES_MAX) {
        true => Ok(()),
        false => Err(TemplateError::Pattern),
    }
}

fn tiles_in(group: &Group, page: f32, times: f64, depth: usize) -> f64 {
    if depth > DEPTH_MAX {
        return f64::INFINITY;
    }
    let within = |node: &Node| match node {
        Node::Group(group) => {
            let mut tiles = tiles_in(group, page, times, depth + 1);
            node.subroots(|root| tiles += tiles_in(root, page, times, depth + 1));
            tiles
        }
        Node::Path(path) => tiles_of(path, page, times, depth),
        Node::Text(text) => tiles_in(text.flattened(), page, times, depth + 1),
        Node::Image(_) => 0.0,
    };
    group.children().iter().map(within).sum()
}

fn tiles_of(path: &Path, page: f32, times: f64, depth: usize) -> f64 {
    let paints = [path.fill().map(|fill| fill.paint()), path.stroke().map(|stroke| stroke.paint())];
    let patterns = paints.into_iter().flatten().filter_map(|paint| match paint {
        Paint::Pattern(pattern) => Some(pattern),
        Paint::Color(_) | Paint::LinearGradient(_) | Paint::RadialGradient(_) => None,
    });
    let scale = |transform: usvg::Transform| {
        (f64::from(transform.sx) * f64::from(transform.sy)
            - f64::from(transform.kx) * f64::from(transform.ky))
        .abs()
    };
    let painted = path.abs_stroke_bounding_box();
    // What is beyond the page is not drawn.
    let painted = f64::from((painted.width() * painted.height()).min(page));
    patterns
        .map(|pattern| {
            let tile = pattern.rect();
            let area = f64::from(tile.width()) * f64::from(tile.height());
            let area = area * scale(pattern.transform()) * scale(path.abs_transform());
            let drawn = times * (painted / area).max(1.0);
            // A pattern that repeats too often is not looked into.
            match drawn <= f64::from(PATTERN_TILES_MAX) {
                true => drawn + tiles_in(pattern.root(), page, drawn, depth + 1),
                false => f64::INFINITY,
            }
        })
        .sum()
}

/// Groups and patterns within each other: SVGs that are read have no more.
const DEPTH_MAX: usize = 2048;
