//! Texts in their places: long ones in smaller letters, then on more lines; every character with a glyph.

use usvg::roxmltree::Node;
use usvg::{Group, Tree};

use crate::template::{Template, TemplateError};

/// How a line of text fits its place.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    /// Room across, in points.
    width: f32,
    /// Its letters in the template.
    font_size: f32,
    /// The same, as it stands there.
    font_size_text: String,
    /// Smallest letters.
    font_size_min: f32,
    lines_max: usize,
    x: String,
}

impl Fit {
    /// What the attributes `data-fit`, `data-min` and `data-lines` of a `<text>` ask for; `None` without `data-fit`. If one
    /// has no use, its name.
    pub(crate) fn of(node: Node<'_, '_>) -> Result<Option<Self>, &'static str> {
        let Some(width) = node.attribute("data-fit") else { return Ok(None) };
        let number = |name: &'static str, default: f32| match node.attribute(name) {
            Some(text) => text.parse().ok().filter(|number| *number >= 1.0).ok_or(name),
            None => Ok(default),
        };
        let font_size = number("font-size", 12.0)?;
        let is_simple = node.tag_name().name() == "text" && node.children().all(|child| child.is_text());
        let width = width.parse().ok().filter(|width| is_simple && *width >= 1.0).ok_or("data-fit")?;
        Ok(Some(Self {
            width,
            font_size,
            font_size_text: node.attribute("font-size").ok_or("font-size")?.to_owned(),
            font_size_min: number("data-min", FONT_SIZE_MIN)?.min(font_size),
            lines_max: number("data-lines", 2.0)? as usize,
            x: node.attribute("x").unwrap_or("0").to_owned(),
        }))
    }
}

/// The drawing of an element whose fields are filled in, and its text.
pub(crate) fn lay_out(
    template: &Template,
    element: String,
    fit: Option<&Fit>,
) -> Result<(Tree, String), TemplateError> {
    let text = template.text(&element)?;
    let tree = template.tree(&element)?;
    check_glyphs(tree.root(), &text)?;
    let Some(fit) = fit else { return Ok((tree, text)) };
    let width = tree.root().abs_bounding_box().width();
    if width <= fit.width {
        return Ok((tree, text));
    }
    let size = (fit.font_size * fit.width / width * ROUNDING).max(fit.font_size_min);
    let sized = |size: f32| {
        let attribute = |size: &str| format!("font-size=\"{size}\"");
        element.replacen(&attribute(&fit.font_size_text), &attribute(&format!("{size:.2}")), 1)
    };
    let tree = template.tree(&sized(size))?;
    if tree.root().abs_bounding_box().width() <= fit.width {
        return Ok((tree, text));
    }
    let element = sized(fit.font_size_min);
    let tree = wrapped(template, &element, fit)?;
    let tree = tree.ok_or_else(|| TemplateError::TooWide { text: text.clone(), lines: fit.lines_max })?;
    Ok((tree, text))
}

/// The text on several lines, broken at spaces; `None` if it needs too many, or a word is too long.
fn wrapped(template: &Template, element: &str, fit: &Fit) -> Result<Option<Tree>, TemplateError> {
    let Some((open, rest)) = element.split_once('>') else { return Ok(None) };
    let Some((body, _)) = rest.rsplit_once("</text>") else { return Ok(None) };
    let width = |line: &str| -> Result<f32, TemplateError> {
        Ok(template.tree(&format!("{open}>{line}</text>"))?.root().abs_bounding_box().width())
    };
    let mut lines = vec![String::new()];
    for word in body.split_whitespace() {
        let Some(line) = lines.last_mut() else { return Ok(None) };
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer)? <= fit.width {
            *line = longer;
        } else if line.is_empty() || lines.len() == fit.lines_max || width(word)? > fit.width {
            return Ok(None);
        } else {
            lines.push(word.to_owned());
        }
    }
    let height = fit.font_size_min * LINE_HEIGHT;
    // The block stands where the line would: its middle on that of the line.
    let first = -height * (lines.len() - 1) as f32 / 2.0;
    let last = lines.len() - 1;
    let spans: String = lines
        .iter()
        .enumerate()
        .map(|(place, line)| {
            let down = if place == 0 { first } else { height };
            // The space keeps the words apart for whoever copies the text.
            let space = if place == last { "" } else { " " };
            format!("<tspan x=\"{}\" dy=\"{down:.2}\">{line}{space}</tspan>", fit.x)
        })
        .collect();
    template.tree(&format!("{open} xml:space=\"preserve\">{spans}</text>")).map(Some)
}

/// Every character of every text has a glyph.
pub(crate) fn check_glyphs(group: &Group, text: &str) -> Result<(), TemplateError> {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => check_glyphs(group, text)?,
            usvg::Node::Text(drawn) => {
                let glyphs = drawn.layouted().iter().flat_map(|span| &span.positioned_glyphs);
                let mut missing =
                    glyphs.filter(|glyph| glyph.id.0 == 0).map(|glyph| glyph.text.as_str()).peekable();
                if missing.peek().is_some() {
                    // A mark that belongs to the letter before it has a glyph of its own, and no text.
                    let cluster = missing.find(|cluster| !cluster.is_empty()).unwrap_or(text).to_owned();
                    return Err(TemplateError::Glyph { cluster, text: text.to_owned() });
                }
            }
            usvg::Node::Path(_) | usvg::Node::Image(_) => {}
        }
    }
    Ok(())
}

/// Smallest letters where a template names none, in points.
const FONT_SIZE_MIN: f32 = 8.0;
/// From one line to the next, in letters.
const LINE_HEIGHT: f32 = 1.25;
/// Letters are a little smaller than computed: sizes are written with two digits.
const ROUNDING: f32 = 0.998;
