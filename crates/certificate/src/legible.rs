//! Whether a page shows a text so that people can read it: what is in the file may be white on white, or under something.

use usvg::tiny_skia_path::{PathSegment, Point};
use usvg::{Fill, FillRule, Group, Node, Paint, Path, Rect, Stroke, Text};

use crate::template::{Drawing, Filled};

/// The texts of a page that can be read, without their spaces.
pub(crate) fn texts(layers: &[Filled<'_>], width: f32, height: f32) -> Vec<String> {
    let mut drawn = Vec::new();
    for layer in layers {
        match &layer.drawing {
            Drawing::Fixed(layer) => collect(layer.tree.root(), 1.0, &mut drawn),
            Drawing::Own(layer) => collect(layer.tree.root(), 1.0, &mut drawn),
            Drawing::Code { .. } => {}
        }
    }
    let texts = drawn.iter().enumerate().filter_map(|(place, item)| match item {
        Item::Text { text, opacity } => Some((place, *text, *opacity)),
        Item::Shape { .. } | Item::Image(_) => None,
    });
    texts
        .filter_map(|(place, text, opacity)| {
            let area = text.abs_bounding_box();
            let (x, y) = (f32::midpoint(area.left(), area.right()), f32::midpoint(area.top(), area.bottom()));
            let is_on_page = (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
            let hides = |item: &Item<'_>| item.is_over(area);
            if !is_on_page || drawn[place + 1..].iter().any(hides) {
                return None;
            }
            let ground = drawn[..place].iter().rev().find_map(|item| item.ground_at(x, y)).unwrap_or(PAPER);
            Some(legible_letters(text, opacity, ground))
        })
        .collect()
}

/// A text without its spaces: lines may be broken anywhere between words.
pub(crate) fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Something that is drawn, with its opacity.
enum Item<'a> {
    Text { text: &'a Text, opacity: f32 },
    Shape { path: &'a Path, fill: &'a Fill, opacity: f32 },
    Image(Rect),
}

/// What is under a text.
#[derive(Clone, Copy)]
enum Ground {
    /// One colour, by its relative luminance.
    Luminance(f32),
    /// A picture, or a shape that can be seen through.
    Unknown,
}

impl Item<'_> {
    /// Whether a whole area lies under it.
    fn is_over(&self, area: Rect) -> bool {
        let Self::Shape { path, fill, opacity } = self else { return false };
        let y = f32::midpoint(area.top(), area.bottom());
        let is_dense = fill.opacity().get() * opacity >= 1.0 && !matches!(fill.paint(), Paint::Pattern(_));
        is_dense
            && [0.05, 0.5, 0.95]
                .iter()
                .all(|part| encloses(path, fill.rule(), area.left() + area.width() * part, y))
    }

    /// The ground that it gives a point; `None` if it is not there.
    fn ground_at(&self, x: f32, y: f32) -> Option<Ground> {
        match self {
            Self::Text { .. } => None,
            Self::Image(area) => is_within(*area, x, y).then_some(Ground::Unknown),
            Self::Shape { path, fill, opacity } => {
                let ground = match fill.paint() {
                    Paint::Color(_) if fill.opacity().get() * opacity <= 0.0 => return None,
                    Paint::Color(color) if fill.opacity().get() * opacity >= 1.0 => {
                        Ground::Luminance(luminance(*color))
                    }
                    _ => Ground::Unknown,
                };
                encloses(path, fill.rule(), x, y).then_some(ground)
            }
        }
    }
}

fn collect<'a>(group: &'a Group, opacity: f32, items: &mut Vec<Item<'a>>) {
    let opacity = opacity * group.opacity().get();
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, opacity, items),
            Node::Text(text) => items.push(Item::Text { text, opacity }),
            Node::Image(image) => items.push(Item::Image(image.abs_bounding_box())),
            Node::Path(path) if path.is_visible() => {
                items.extend(path.fill().map(|fill| Item::Shape { path, fill, opacity }));
            }
            Node::Path(_) => {}
        }
    }
}

/// The letters of a text that stand out from their ground, in letters of some size.
fn legible_letters(text: &Text, opacity: f32, ground: Ground) -> String {
    let (across, down) = text.abs_transform().get_scale();
    let mut letters = String::new();
    for chunk in text.chunks() {
        let spans = chunk.spans().iter().filter(|span| {
            let stands_out = |paint: &Paint, own: f32| {
                let is_other = match (paint, ground) {
                    (Paint::Color(color), Ground::Luminance(ground)) => {
                        contrast(luminance(*color), ground) >= CONTRAST_MIN
                    }
                    (_, _) => true,
                };
                own * opacity >= OPACITY_MIN && is_other
            };
            let is_filled = |fill: &Fill| stands_out(fill.paint(), fill.opacity().get());
            let is_outlined = |stroke: &Stroke| stands_out(stroke.paint(), stroke.opacity().get());
            span.is_visible()
                && span.font_size().get() * across.min(down) >= SIZE_MIN_POINTS
                && (span.fill().is_some_and(is_filled) || span.stroke().is_some_and(is_outlined))
        });
        spans.filter_map(|span| chunk.text().get(span.start()..span.end())).for_each(|span| {
            letters.push_str(&without_spaces(span));
        });
    }
    letters
}

/// Whether a point of the page is in the filled part of a path.
fn encloses(path: &Path, rule: FillRule, x: f32, y: f32) -> bool {
    if !is_within(path.abs_bounding_box(), x, y) {
        return false;
    }
    let Some(data) = path.data().clone().transform(path.abs_transform()) else { return false };
    let (mut winding, mut at, mut start) = (0_i32, Point::zero(), Point::zero());
    // Crossings of the line from the point to the right.
    let mut line = |from: Point, to: Point| {
        let is_left =
            |from: Point, to: Point| (to.x - from.x) * (y - from.y) - (x - from.x) * (to.y - from.y) > 0.0;
        if from.y <= y && to.y > y && is_left(from, to) {
            winding += 1;
        } else if from.y > y && to.y <= y && !is_left(from, to) {
            winding -= 1;
        }
    };
    for segment in data.segments() {
        match segment {
            PathSegment::MoveTo(point) => {
                line(at, start);
                (at, start) = (point, point);
            }
            PathSegment::LineTo(end) => {
                line(at, end);
                at = end;
            }
            PathSegment::QuadTo(middle, end) => {
                let from = at;
                for step in 1..=CURVE_STEPS {
                    let t = step as f32 / CURVE_STEPS as f32;
                    let to = mixed(mixed(from, middle, t), mixed(middle, end, t), t);
                    line(at, to);
                    at = to;
                }
            }
            PathSegment::CubicTo(first, second, end) => {
                let from = at;
                for step in 1..=CURVE_STEPS {
                    let t = step as f32 / CURVE_STEPS as f32;
                    let (a, b, c) = (mixed(from, first, t), mixed(first, second, t), mixed(second, end, t));
                    let to = mixed(mixed(a, b, t), mixed(b, c, t), t);
                    line(at, to);
                    at = to;
                }
            }
            PathSegment::Close => {
                line(at, start);
                at = start;
            }
        }
    }
    line(at, start);
    match rule {
        FillRule::NonZero => winding != 0,
        FillRule::EvenOdd => winding % 2 != 0,
    }
}

fn mixed(from: Point, to: Point, part: f32) -> Point {
    Point::from_xy(from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part)
}

fn is_within(area: Rect, x: f32, y: f32) -> bool {
    area.left() <= x && x <= area.right() && area.top() <= y && y <= area.bottom()
}

/// Relative luminance, 0 to 1 (WCAG 2.2, 1.4.3).
fn luminance(color: usvg::Color) -> f32 {
    let linear = |part: u8| {
        let part = f32::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
}

/// Contrast ratio, 1 to 21 (WCAG 2.2, 1.4.3).
fn contrast(one: f32, other: f32) -> f32 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

const PAPER: Ground = Ground::Luminance(1.0);
/// Less contrast is not seen in print. Accessible pages have 4.5, pale watermarks about 1.3.
const CONTRAST_MIN: f32 = 1.25;
/// Fainter ink is not seen.
const OPACITY_MIN: f32 = 0.15;
/// Smaller letters are not read, in points.
const SIZE_MIN_POINTS: f32 = 4.0;
/// Lines that stand for a curve.
const CURVE_STEPS: u8 = 8;
