//! Letters of several glyphs: a letter with its marks, or an aksara. Each is drawn with the text that it stands for as a whole,
//! since PDF/UA-1 wants a text for every glyph.

use std::collections::HashMap;

use krilla::color::rgb;
use krilla::geom::{Point, Transform};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use usvg::fontdb::{ID, Source};
use usvg::layout::PositionedGlyph;
use usvg::{Group, Node, Paint, Tree};

/// Whether a drawing has a letter of several glyphs.
pub(crate) fn has_any(group: &Group) -> bool {
    group.children().iter().any(|node| match node {
        Node::Group(group) => has_any(group),
        Node::Text(text) => {
            text.layouted().iter().flat_map(|span| &span.positioned_glyphs).any(|glyph| glyph.text.is_empty())
        }
        Node::Path(_) | Node::Image(_) => false,
    })
}

/// Draws the texts of a drawing, in plain colours, and nothing else of it.
pub(crate) fn draw_texts(tree: &Tree, surface: &mut Surface<'_>) {
    let (fill, stroke) = (surface.get_fill().cloned(), surface.get_stroke().cloned());
    surface.set_stroke(None);
    draw_in(tree.root(), 1.0, tree, &mut HashMap::new(), surface);
    surface.set_fill(fill);
    surface.set_stroke(stroke);
}

fn draw_in(
    group: &Group,
    opacity: f32,
    tree: &Tree,
    fonts: &mut HashMap<ID, Option<Font>>,
    surface: &mut Surface<'_>,
) {
    let opacity = opacity * group.opacity().get();
    for node in group.children() {
        let text = match node {
            Node::Group(group) => {
                draw_in(group, opacity, tree, fonts, surface);
                continue;
            }
            Node::Text(text) => text,
            Node::Path(_) | Node::Image(_) => continue,
        };
        surface.push_transform(&to_krilla(text.abs_transform()));
        for span in text.layouted().iter().filter(|span| span.visible) {
            let (color, span_opacity) = span
                .fill
                .as_ref()
                .map_or((rgb::Color::black(), 0.0), |fill| (color(fill.paint()), fill.opacity().get()));
            surface.set_fill(Some(Fill {
                paint: color.into(),
                opacity: NormalizedF32::new(span_opacity * opacity).unwrap_or(NormalizedF32::ONE),
                rule: FillRule::NonZero,
            }));
            for cluster in clusters(&span.positioned_glyphs) {
                let font = cluster.first().map(|glyph| glyph.font);
                let font = font.and_then(|id| fonts.entry(id).or_insert_with(|| font_of(tree, id)).clone());
                let Some(font) = font else { continue };
                draw_cluster(cluster, font, span.font_size.get(), surface);
            }
        }
        surface.pop();
    }
}

/// The glyphs of each letter. What a letter stands for is at one of them: the last, or the first of a letter that is read from
/// right to left.
fn clusters(glyphs: &[PositionedGlyph]) -> Vec<&[PositionedGlyph]> {
    let (mut clusters, mut start, mut at): (Vec<&[PositionedGlyph]>, _, _) = (Vec::new(), 0, 0);
    while at < glyphs.len() {
        let text = &glyphs[at].text;
        at += 1;
        if text.is_empty() {
            continue;
        }
        if text.chars().any(is_right_to_left) {
            at += glyphs[at..].iter().take_while(|glyph| glyph.text.is_empty()).count();
        }
        clusters.push(&glyphs[start..at]);
        start = at;
    }
    if start < glyphs.len() {
        clusters.push(&glyphs[start..]);
    }
    clusters
}

fn draw_cluster(cluster: &[PositionedGlyph], font: Font, size: f32, surface: &mut Surface<'_>) {
    let text: String = cluster.iter().map(|glyph| glyph.text.as_str()).collect();
    // The transformation of a glyph includes the scale from the font's unit to the size, which is krilla's own business.
    let scale = font.units_per_em() / size;
    let place = |glyph: &PositionedGlyph| glyph.transform().pre_scale(scale, scale);
    let Some(first) = cluster.first().map(place) else { return };
    let Some(inverted) = first.invert() else { return };
    let glyphs: Vec<KrillaGlyph> = cluster
        .iter()
        .map(|glyph| {
            let offset = inverted.pre_concat(place(glyph));
            let id = GlyphId::new(u32::from(glyph.id.0));
            KrillaGlyph::new(id, 0.0, offset.tx / size, -offset.ty / size, 0.0, 0..text.len(), None)
        })
        .collect();
    surface.push_transform(&to_krilla(first));
    surface.draw_glyphs(Point::from_xy(0.0, 0.0), &glyphs, font, &text, size, false);
    surface.pop();
}

fn font_of(tree: &Tree, id: ID) -> Option<Font> {
    let (source, index) = tree.fontdb().face_source(id)?;
    match source {
        Source::Binary(data) | Source::SharedFile(_, data) => Font::new(data.into(), index),
        Source::File(_) => None,
    }
}

/// A plain colour: of a gradient, its first.
fn color(paint: &Paint) -> rgb::Color {
    let first = |stops: &[usvg::Stop]| stops.first().map(usvg::Stop::color);
    let color = match paint {
        Paint::Color(color) => Some(*color),
        Paint::LinearGradient(gradient) => first(gradient.stops()),
        Paint::RadialGradient(gradient) => first(gradient.stops()),
        Paint::Pattern(_) => None,
    };
    color.map_or_else(rgb::Color::black, |color| rgb::Color::new(color.red, color.green, color.blue))
}

fn to_krilla(transform: usvg::Transform) -> Transform {
    let usvg::Transform { sx, kx, ky, sy, tx, ty } = transform;
    Transform::from_row(sx, ky, kx, sy, tx, ty)
}

/// Hebrew, Arabic and their neighbours.
pub(crate) fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}
