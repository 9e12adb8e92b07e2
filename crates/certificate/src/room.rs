//! How long a text with a field may become where its template does not say: up to what is beside it, or the edge of the page.

use usvg::{Rect, TextAnchor};

use crate::blocks::{Item, Kind};
use crate::fitting::{Measured, TextPlace};
use crate::template::Template;
use crate::template_error::TemplateError;

/// The room along a text, in its own unit, on a page whose fields say next to nothing.
pub(crate) fn of(
    text: &Measured,
    place: &TextPlace,
    drawn: &[Item],
    template: &Template,
) -> Result<f32, TemplateError> {
    let scale = text.transform.get_scale().0;
    let turn = text.transform.kx.abs().max(text.transform.ky.abs());
    if turn > TURN_MAX * scale || text.transform.sx <= 0.0 {
        return Err(TemplateError::Turned { element: place.element.clone() });
    }
    let area = text.area;
    let (mut left, mut right) = (EDGE.min(area.left()), (template.width - EDGE).max(area.right()));
    for item in drawn {
        let other = item.area;
        let down = area.bottom().min(other.bottom()) - area.top().max(other.top());
        let is_beside = down > area.height() * BESIDE_MIN;
        let is_around = contains(other, area);
        match item.kind {
            Kind::Filled | Kind::Outline(_) | Kind::Image if is_around => {
                left = left.max(other.left() + GAP).min(area.left());
                right = right.min(other.right() - GAP).max(area.right());
            }
            Kind::Text | Kind::Code(_) | Kind::Filled | Kind::Outline(_) | Kind::Image if is_beside => {
                if other.left() >= area.right() {
                    right = right.min((other.left() - GAP).max(area.right()));
                } else if other.right() <= area.left() {
                    left = left.max((other.right() + GAP).min(area.left()));
                }
            }
            Kind::Text | Kind::Code(_) | Kind::Filled | Kind::Outline(_) | Kind::Image => {}
        }
    }
    let middle = f32::midpoint(area.left(), area.right());
    let room = match text.anchor {
        TextAnchor::Start => right - area.left(),
        TextAnchor::Middle => (middle - left).min(right - middle) * 2.0,
        TextAnchor::End => area.right() - left,
    };
    Ok(room / scale)
}

fn contains(outer: Rect, inner: Rect) -> bool {
    outer.left() <= inner.left()
        && outer.top() <= inner.top()
        && outer.right() >= inner.right()
        && outer.bottom() >= inner.bottom()
}

/// How much of a turn is none, of the scale.
const TURN_MAX: f32 = 1e-3;
/// From a text to the edge of the page, in points: printers do not print up to it.
const EDGE: f32 = 14.0;
/// From a text to what is beside it, in points.
const GAP: f32 = 6.0;
/// How much of its height a text has in common with what is beside it.
const BESIDE_MIN: f32 = 0.15;
