//! Texts in their places: long ones in smaller letters, then on more lines; every character with a glyph.

use std::ops::Range;

use usvg::roxmltree::Node;
use usvg::{Group, Rect, TextAnchor, Transform, Tree};

use crate::clusters;
use crate::element::{Element, is_svg, line_of, text_of};
use crate::lines::{self, Line, Word};
use crate::template::{Chain, Template, fields_in, parse};
use crate::template_error::TemplateError;

/// A `<text>` of a layer that has fields.
pub(crate) struct TextPlace {
    pub(crate) element: Element,
    /// Room along the text, in its own unit; `None` for a text without fields.
    room: Option<f32>,
    /// Whether the template names the room.
    pub(crate) has_own_room: bool,
    has_fields: bool,
    /// Smallest letters, in the text's unit.
    size_min: Option<f32>,
    lines_max: usize,
}

/// A layer, laid out.
pub(crate) struct Drawn {
    pub(crate) tree: Tree,
    /// What it says.
    pub(crate) text: String,
    /// All but its texts, where a letter needs several glyphs: such texts are drawn by [`clusters`].
    pub(crate) without_texts: Option<Tree>,
}

/// A text, laid out.
pub(crate) struct Measured {
    /// Length, in the text's own unit.
    pub(crate) width: f32,
    /// Its largest letters, in the same.
    pub(crate) size: f32,
    pub(crate) anchor: TextAnchor,
    /// From the text's unit to points on the page.
    pub(crate) transform: Transform,
    /// Where it is on the page, from the top of its letters to their bottom.
    pub(crate) area: Rect,
}

/// Lays out one `<text>` with all that is around it.
struct Ruler<'a> {
    template: &'a Template,
    chain: Chain,
}

impl TextPlace {
    /// All `<text>`s of a layer, in their order.
    pub(crate) fn all_in(layer: Node<'_, '_>) -> Result<Vec<Self>, TemplateError> {
        layer.descendants().filter(|node| is_svg(*node, "text")).map(Self::of).collect()
    }

    fn of(node: Node<'_, '_>) -> Result<Self, TemplateError> {
        let number = |attribute: &'static str| match node.attribute(attribute) {
            Some(text) => match text.parse::<f32>() {
                Ok(number) if number.is_finite() && number > 0.0 => Ok(Some(number)),
                _ => {
                    let (line, expected) = (line_of(node), "a number above 0, without a unit");
                    Err(TemplateError::Attribute { line, attribute, expected })
                }
            },
            None => Ok(None),
        };
        let texts = node.descendants().filter(Node::is_text).filter_map(|text| text.text());
        let room = number("data-fit")?;
        Ok(Self {
            element: Element::of(node),
            room,
            has_own_room: room.is_some(),
            has_fields: texts.flat_map(fields_in).next().is_some(),
            size_min: number("data-min")?,
            lines_max: number("data-lines")?.map_or(LINES_MAX, |lines| lines.max(1.0) as usize),
        })
    }

    pub(crate) fn set_room(&mut self, room: f32) {
        self.room = Some(room);
    }
}

/// The texts with fields that name no room, laid out as they stand, by their number in the layer.
pub(crate) fn measure_all(
    template: &Template,
    chain: &Chain,
    source: &str,
    places: &[TextPlace],
) -> Result<Vec<(usize, Measured)>, TemplateError> {
    let whole = chain.around(source);
    let xml = parse(&whole)?;
    let mut all = Vec::new();
    for (index, (node, place)) in texts_in(chain, &xml).into_iter().zip(places).enumerate() {
        if !place.has_fields || place.has_own_room {
            continue;
        }
        let ruler = Ruler { template, chain: chain_to(chain, node, &whole) };
        all.extend(ruler.measure(&whole[node.range()])?.map(|measured| (index, measured)));
    }
    Ok(all)
}

/// Draws a layer whose fields, if it has any, are filled in.
pub(crate) fn lay_out(
    template: &Template,
    chain: &Chain,
    source: &str,
    places: &[TextPlace],
) -> Result<Drawn, TemplateError> {
    let whole = chain.around(source);
    let xml = parse(&whole)?;
    let text = chain.element(&xml).map(text_of).unwrap_or_default();
    let tree = template.tree(&whole)?;
    check_glyphs(tree.root(), &text)?;
    let texts = texts_in(chain, &xml);
    let without_texts = match clusters::has_any(tree.root()) {
        true => {
            let mut rest = whole.clone();
            texts.iter().rev().for_each(|text| rest.replace_range(text.range(), ""));
            Some(template.tree(&rest)?)
        }
        false => None,
    };
    let mut fitted: Vec<(Range<usize>, String)> = Vec::new();
    for (node, place) in texts.into_iter().zip(places) {
        let Some(room) = place.room else { continue };
        let ruler = Ruler { template, chain: chain_to(chain, node, &whole) };
        if let Some(shorter) = ruler.fit(node, &whole, place, room)? {
            fitted.push((node.range(), shorter));
        }
    }
    if fitted.is_empty() {
        return Ok(Drawn { tree, text, without_texts });
    }
    let mut changed = whole.clone();
    for (range, shorter) in fitted.into_iter().rev() {
        changed.replace_range(range, &shorter);
    }
    Ok(Drawn { tree: template.tree(&changed)?, text, without_texts })
}

fn texts_in<'a, 'input>(chain: &Chain, xml: &'a usvg::roxmltree::Document<'input>) -> Vec<Node<'a, 'input>> {
    let layer = chain.element(xml);
    layer.into_iter().flat_map(|layer| layer.descendants()).filter(|node| is_svg(*node, "text")).collect()
}

/// The chain of a `<text>` inside a layer.
fn chain_to(chain: &Chain, text: Node<'_, '_>, whole: &str) -> Chain {
    let mut around: Vec<Node<'_, '_>> = text.ancestors().skip(1).collect();
    around.reverse();
    // The document itself, `<svg>` and the groups around the layer are in the chain.
    let inside = around.into_iter().filter(Node::is_element).skip(chain.depth());
    inside.fold(chain.clone(), |chain, node| chain.within(node, whole))
}

impl Ruler<'_> {
    /// `None` if nothing is drawn.
    fn measure(&self, text: &str) -> Result<Option<Measured>, TemplateError> {
        let tree = self.template.tree(&self.chain.around(text))?;
        let Some(drawn) = first_text(tree.root()) else { return Ok(None) };
        let spans = drawn.chunks().iter().flat_map(|chunk| chunk.spans());
        Ok(Some(Measured {
            width: drawn.bounding_box().width(),
            size: spans.map(|span| span.font_size().get()).fold(0.0, f32::max),
            anchor: drawn.chunks().first().map_or(TextAnchor::Start, |chunk| chunk.anchor()),
            transform: drawn.abs_transform(),
            area: drawn.abs_bounding_box(),
        }))
    }

    /// How long several texts are, each by itself.
    fn widths(&self, texts: &[String]) -> Result<Vec<f32>, TemplateError> {
        let tree = self.template.tree(&self.chain.around(&texts.concat()))?;
        let mut widths = Vec::with_capacity(texts.len());
        add_widths(tree.root(), &mut widths);
        if widths.len() == texts.len() {
            return Ok(widths);
        }
        // One of them draws nothing.
        let one_by_one =
            texts.iter().map(|text| Ok(self.measure(text)?.map_or(0.0, |measured| measured.width)));
        one_by_one.collect()
    }

    /// A `<text>` that keeps to its room; `None` if it does as it stands.
    fn fit(
        &self,
        node: Node<'_, '_>,
        source: &str,
        place: &TextPlace,
        room: f32,
    ) -> Result<Option<String>, TemplateError> {
        let Some(lines) = lines::of(node, source) else { return self.fit_whole(node, source, place, room) };
        let (mut texts, mut is_changed) = (String::new(), false);
        for line in lines {
            let simple = line.source(1.0);
            let Some(measured) = self.measure(&simple)? else { continue };
            let least = smallest(place, &measured);
            if measured.width <= room {
                texts.push_str(&simple);
                continue;
            }
            is_changed = true;
            let scale = room / measured.width * ROUNDING;
            match scale >= least {
                true => texts.push_str(&line.source(scale)),
                false => texts.push_str(&self.wrapped(&line, &measured, place, room)?),
            }
        }
        Ok(is_changed.then_some(texts))
    }

    /// A text that is set letter by letter, or along a path: in smaller letters alone.
    fn fit_whole(
        &self,
        node: Node<'_, '_>,
        source: &str,
        place: &TextPlace,
        room: f32,
    ) -> Result<Option<String>, TemplateError> {
        let Some(measured) = self.measure(&source[node.range()])? else { return Ok(None) };
        if measured.width <= room {
            return Ok(None);
        }
        let scale = room / measured.width * ROUNDING;
        let least = smallest(place, &measured);
        if scale < least {
            return Err(too_wide(place, &text_of(node), scale / least, least, &measured, 1));
        }
        Ok(Some(lines::scaled(node, source, scale)))
    }

    /// The line on several lines, in letters as large as its place permits.
    fn wrapped(
        &self,
        line: &Line,
        measured: &Measured,
        place: &TextPlace,
        room: f32,
    ) -> Result<String, TemplateError> {
        let least = smallest(place, measured);
        let sources = |words: &[Word]| -> Vec<String> {
            words.iter().map(|word| line.source_of(std::slice::from_ref(word), 1.0)).collect()
        };
        let whole = line.words();
        let mut texts = sources(&whole);
        // Two letters with a space between them, less the two without it.
        texts.extend(["n n", "nn"].map(|text| line.source_of_text(text)));
        let mut widths = self.widths(&texts)?;
        let (together, apart) = (widths.pop().unwrap_or_default(), widths.pop().unwrap_or_default());
        let space = (apart - together).max(0.0);
        let mut words = Vec::new();
        for (word, width) in whole.into_iter().zip(widths) {
            if width <= room / least {
                words.push((word, width));
                continue;
            }
            let parts = word.parts();
            let widths = self.widths(&sources(&parts))?;
            words.extend(parts.into_iter().zip(widths));
        }
        let broken = |scale: f32| lines::broken(&words, space, room / scale * ROUNDING);
        let (lines, all) = broken(least);
        let characters: usize = words.iter().map(|(word, _)| word.characters()).sum();
        if !all {
            // A word alone is too long.
            let width: f32 = words.iter().map(|(_, width)| width).sum();
            let part = room / least / width.max(f32::MIN_POSITIVE);
            return Err(too_wide(place, &line.text(), part, least, measured, 1));
        }
        if lines.len() > place.lines_max {
            let fitting: usize =
                lines.iter().take(place.lines_max).flatten().map(|word| word.characters()).sum();
            let part = fitting as f32 / characters.max(1) as f32;
            return Err(too_wide(place, &line.text(), part, least, measured, place.lines_max));
        }
        let count = lines.len();
        // As large as the same number of lines permits, in no more height than one line of the template has, or they need.
        let (mut low, mut high) = (least, (1.0 / count as f32).max(least));
        for _ in 0..SEARCH_STEPS {
            let middle = f32::midpoint(low, high);
            match broken(middle) {
                (lines, true) if lines.len() <= count => low = middle,
                _ => high = middle,
            }
        }
        let lines: Vec<Vec<Word>> =
            broken(low).0.into_iter().map(|line| line.into_iter().cloned().collect()).collect();
        let is_left = measured.anchor == TextAnchor::Start;
        let block = line.block(&lines, low, measured.size * LINE_HEIGHT, is_left);
        let is_within = self.measure(&block)?.is_none_or(|block| block.width * low <= room * WIDTH_TOLERANCE);
        match is_within {
            true => Ok(block),
            false => Err(too_wide(place, &line.text(), 1.0, least, measured, place.lines_max)),
        }
    }
}

/// The smallest letters of a place, as a part of those that it has.
fn smallest(place: &TextPlace, measured: &Measured) -> f32 {
    let scale = measured.transform.get_scale().0;
    let size = place.size_min.unwrap_or(SIZE_MIN_POINTS / scale.max(f32::MIN_POSITIVE));
    (size / measured.size.max(f32::MIN_POSITIVE)).min(1.0)
}

fn too_wide(
    place: &TextPlace,
    text: &str,
    part: f32,
    least: f32,
    measured: &Measured,
    lines: usize,
) -> TemplateError {
    let characters = text.chars().count();
    TemplateError::TooWide {
        element: place.element.clone(),
        text: text.to_owned(),
        characters,
        characters_max: ((characters as f32 * part) as usize).min(characters.saturating_sub(1)),
        size: measured.size * least * measured.transform.get_scale().0,
        lines,
    }
}

fn first_text(group: &Group) -> Option<&usvg::Text> {
    group.children().iter().find_map(|node| match node {
        usvg::Node::Text(text) => Some(text.as_ref()),
        usvg::Node::Group(group) => first_text(group),
        usvg::Node::Path(_) | usvg::Node::Image(_) => None,
    })
}

fn add_widths(group: &Group, widths: &mut Vec<f32>) {
    for node in group.children() {
        match node {
            usvg::Node::Text(text) => widths.push(text.bounding_box().width()),
            usvg::Node::Group(group) => add_widths(group, widths),
            usvg::Node::Path(_) | usvg::Node::Image(_) => {}
        }
    }
}

/// Every character of every text has a glyph.
fn check_glyphs(group: &Group, text: &str) -> Result<(), TemplateError> {
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

/// Adds a text to XML.
pub(crate) fn escape(text: &str, xml: &mut String) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            other => xml.push(other),
        }
    }
}

/// Smallest letters where a template names none, in points.
const SIZE_MIN_POINTS: f32 = 7.0;
/// Most lines where a template names none.
const LINES_MAX: usize = 2;
/// From one line to the next, in letters.
const LINE_HEIGHT: f32 = 1.25;
/// Letters are a little smaller than computed: sizes are written with few digits.
const ROUNDING: f32 = 0.998;
/// How far a block may be wider than its words say.
const WIDTH_TOLERANCE: f32 = 1.01;
/// Halvings in the search for the largest letters.
const SEARCH_STEPS: usize = 7;
