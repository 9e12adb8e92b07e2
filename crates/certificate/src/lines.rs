//! The source of a `<text>`, taken apart into lines and words, and put together again.

use usvg::roxmltree::Node;

use crate::element::is_svg;
use crate::fitting::escape;

/// A line of a `<text>` as its designer set it: what begins at a place of its own.
pub(crate) struct Line {
    /// Attributes of the `<text>`, without its place.
    attributes: String,
    transform: String,
    x: f32,
    y: f32,
    runs: Vec<Run>,
}

/// Text in the same `<tspan>`s.
struct Run {
    open: String,
    close: String,
    text: String,
}

/// What is not broken: characters, each with the number of its run.
#[derive(Clone)]
pub(crate) struct Word {
    characters: Vec<(usize, char)>,
    follows_space: bool,
}

/// The lines of a `<text>`; `None` if it is set letter by letter, or along a path.
pub(crate) fn of(text: Node<'_, '_>, source: &str) -> Option<Vec<Line>> {
    let (x, y) = (number(text, "x")?.unwrap_or(0.0), number(text, "y")?.unwrap_or(0.0));
    if is_shifted(text) {
        return None;
    }
    let blank = Line {
        attributes: attributes(text, source, &PLACE),
        transform: text.attribute("transform").unwrap_or_default().to_owned(),
        x,
        y,
        runs: Vec::new(),
    };
    let mut lines = vec![blank];
    add(text, source, ("", ""), &mut lines)?;
    lines.retain(|line| line.runs.iter().any(|run| !run.text.trim().is_empty()));
    Some(lines)
}

/// Adds what is inside a `<text>` or `<tspan>`.
fn add(node: Node<'_, '_>, source: &str, (open, close): (&str, &str), lines: &mut Vec<Line>) -> Option<()> {
    for child in node.children().filter(|child| !child.is_comment()) {
        if child.is_text() {
            let (text, line) = (child.text().unwrap_or_default().to_owned(), lines.last_mut()?);
            line.runs.push(Run { open: open.to_owned(), close: close.to_owned(), text });
            continue;
        }
        if !is_svg(child, "tspan") || is_shifted(child) {
            return None;
        }
        let (x, y) = (number(child, "x")?, number(child, "y")?);
        if x.is_some() || y.is_some() {
            let last = lines.last()?;
            lines.push(Line {
                attributes: last.attributes.clone(),
                transform: last.transform.clone(),
                x: x.unwrap_or(last.x),
                y: y.unwrap_or(last.y),
                runs: Vec::new(),
            });
        }
        let open = format!("{open}<tspan{}>", attributes(child, source, &PLACE));
        add(child, source, (&open, &format!("</tspan>{close}")), lines)?;
    }
    Some(())
}

/// A text in smaller letters, whatever is in it.
pub(crate) fn scaled(text: Node<'_, '_>, source: &str, scale: f32) -> String {
    let transform = text.attribute("transform").unwrap_or_default();
    let first = |name| text.attribute(name)?.split([' ', ',']).next()?.parse::<f32>().ok();
    let (x, y) = (first("x").unwrap_or(0.0), first("y").unwrap_or(0.0));
    let inside = &source[text.range()];
    let inside =
        inside.split_once('>').and_then(|(_, rest)| rest.rsplit_once("</")).map_or("", |(inside, _)| inside);
    let attributes = attributes(text, source, &["transform"]);
    format!("<text{attributes} transform=\"{}\">{inside}</text>", about(transform, x, y, scale))
}

/// Words on lines, broken between them, no line longer than `room`; whether every word fits into one.
pub(crate) fn broken(words: &[(Word, f32)], space: f32, room: f32) -> (Vec<Vec<&Word>>, bool) {
    let (mut lines, mut end): (Vec<Vec<&Word>>, f32) = (Vec::new(), 0.0);
    for (word, width) in words {
        if *width > room {
            return (lines, false);
        }
        let gap = if word.follows_space { space } else { 0.0 };
        match lines.last_mut() {
            Some(line) if end + gap + width <= room => {
                line.push(word);
                end += gap + width;
            }
            _ => {
                lines.push(vec![word]);
                end = *width;
            }
        }
    }
    (lines, true)
}

impl Line {
    /// A `<text>` of this line alone, in letters that are larger or smaller.
    pub(crate) fn source(&self, scale: f32) -> String {
        self.source_of(&self.words(), scale)
    }

    /// The same, of some of its words.
    pub(crate) fn source_of(&self, words: &[Word], scale: f32) -> String {
        format!("{}{}</text>", self.start(scale), self.runs_of(words))
    }

    /// The same, of another text in the letters of its first run.
    pub(crate) fn source_of_text(&self, text: &str) -> String {
        let (open, close) = self.runs.first().map_or(("", ""), |run| (&run.open, &run.close));
        format!("{}{open}{text}{close}</text>", self.start(1.0))
    }

    /// A `<text>` of these lines, its middle where the line was.
    pub(crate) fn block(
        &self,
        lines: &[Vec<Word>],
        scale: f32,
        height: f32,
        ends_with_space: bool,
    ) -> String {
        let first = self.y - height * lines.len().saturating_sub(1) as f32 / 2.0;
        let mut block = self.start(scale);
        for (number, words) in lines.iter().enumerate() {
            let y = first + height * number as f32;
            // The space keeps the words apart for whoever copies the text; it would move a line that is centred.
            let follows = lines.get(number + 1).and_then(|next| next.first());
            let space =
                if ends_with_space && follows.is_some_and(|word| word.follows_space) { " " } else { "" };
            let runs = self.runs_of(words);
            block.push_str(&format!("<tspan x=\"{}\" y=\"{y:.3}\">{runs}{space}</tspan>", self.x));
        }
        block.push_str("</text>");
        block
    }

    pub(crate) fn text(&self) -> String {
        let words: Vec<String> = self.runs.iter().map(|run| run.text.clone()).collect();
        words.concat().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Its words: what stands between spaces, and each character of a script that is written without them.
    pub(crate) fn words(&self) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let (mut follows_space, mut begins) = (false, true);
        let runs = self.runs.iter().enumerate();
        for (run, character) in
            runs.flat_map(|(run, it)| it.text.chars().map(move |character| (run, character)))
        {
            if character.is_whitespace() && character != NO_BREAK_SPACE {
                (follows_space, begins) = (true, true);
                continue;
            }
            let is_alone = is_ideograph(character);
            match words.last_mut() {
                Some(word) if !begins && !is_alone => word.characters.push((run, character)),
                last => {
                    let follows_space = follows_space && last.is_some();
                    words.push(Word { characters: vec![(run, character)], follows_space });
                }
            }
            (follows_space, begins) = (false, is_alone);
        }
        words
    }

    fn start(&self, scale: f32) -> String {
        let transform = match scale == 1.0 {
            true => self.transform.clone(),
            false => about(&self.transform, self.x, self.y, scale),
        };
        let (attributes, x, y) = (&self.attributes, self.x, self.y);
        let transform = if transform.is_empty() { transform } else { format!(" transform=\"{transform}\"") };
        format!("<text{attributes} x=\"{x}\" y=\"{y}\"{transform} xml:space=\"preserve\">")
    }

    fn runs_of(&self, words: &[Word]) -> String {
        let (mut source, mut at): (String, Option<usize>) = (String::new(), None);
        let close = |at: Option<usize>| at.map_or("", |run| &self.runs[run].close);
        for (place, word) in words.iter().enumerate() {
            if word.follows_space && place > 0 {
                source.push(' ');
            }
            for (run, character) in &word.characters {
                if at != Some(*run) {
                    source.push_str(close(at));
                    source.push_str(&self.runs[*run].open);
                    at = Some(*run);
                }
                escape(character.encode_utf8(&mut [0; 4]), &mut source);
            }
        }
        source.push_str(close(at));
        source
    }
}

impl Word {
    pub(crate) fn characters(&self) -> usize {
        self.characters.len()
    }

    /// A long number or address in parts, which end after punctuation; one with digits and without punctuation, character by
    /// character. A name is never broken.
    pub(crate) fn parts(&self) -> Vec<Word> {
        let has_digits = self.characters.iter().any(|(_, character)| character.is_ascii_digit());
        let has_marks = self.characters.iter().any(|(_, character)| BREAKS_AFTER.contains(*character));
        let mut parts: Vec<Word> = Vec::new();
        let mut ends = true;
        for (run, character) in &self.characters {
            match parts.last_mut() {
                Some(part) if !ends => part.characters.push((*run, *character)),
                last => {
                    let follows_space = last.is_none() && self.follows_space;
                    parts.push(Word { characters: vec![(*run, *character)], follows_space });
                }
            }
            ends = BREAKS_AFTER.contains(*character) || (has_digits && !has_marks);
        }
        parts
    }
}

/// A number without a unit; `None` if something else stands there.
fn number(node: Node<'_, '_>, attribute: &str) -> Option<Option<f32>> {
    match node.attribute(attribute) {
        Some(text) => text.trim().parse().ok().map(Some),
        None => Some(None),
    }
}

fn is_shifted(node: Node<'_, '_>) -> bool {
    ["dx", "dy", "rotate", "textLength"].iter().any(|name| node.has_attribute(*name))
}

/// The attributes of an element that SVG knows, without some of them, each after a space.
fn attributes(node: Node<'_, '_>, source: &str, without: &[&str]) -> String {
    let kept = node.attributes().filter(|attribute| {
        attribute.namespace().is_none()
            && !without.contains(&attribute.name())
            && !attribute.name().starts_with("data-")
    });
    kept.map(|attribute| format!(" {}", &source[attribute.range()])).collect()
}

/// A transformation, and after it a scale about a point.
fn about(transform: &str, x: f32, y: f32, scale: f32) -> String {
    format!("{transform} translate({x} {y}) scale({scale:.4}) translate({} {})", -x, -y)
}

/// Characters of scripts whose lines are broken anywhere: ideographs, kana and their neighbours.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{30ff}' | '\u{31f0}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

const PLACE: [&str; 3] = ["x", "y", "transform"];
const BREAKS_AFTER: &str = "/-._:@&?=#";
const NO_BREAK_SPACE: char = '\u{a0}';
