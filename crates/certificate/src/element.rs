//! Elements of a template, as errors name them.

use std::fmt;

use usvg::roxmltree::Node;

/// An element of a template: where it stands, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    line: u32,
    tag: String,
    id: Option<String>,
    says: String,
}

impl Element {
    pub(crate) fn of(node: Node<'_, '_>) -> Self {
        let says = match node.attribute("data-code") {
            Some(code) => format!("data-code=\"{code}\""),
            None => match text_of(node) {
                text if text.is_empty() => node.attribute("data-alt").unwrap_or_default().to_owned(),
                text => text,
            },
        };
        Self(Box::new(Parts {
            line: line_of(node),
            tag: node.tag_name().name().to_owned(),
            id: node.attribute("id").map(str::to_owned),
            says: shortened(&says, SAYS_CHARACTERS),
        }))
    }

    /// Its line in the template, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.0.line
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { line, tag, id, says } = self.0.as_ref();
        write!(f, "<{tag}")?;
        if let Some(id) = id {
            write!(f, " id=\"{id}\"")?;
        }
        write!(f, "> in line {line}")?;
        match says.is_empty() {
            true => Ok(()),
            false => write!(f, " ({says})"),
        }
    }
}

/// All that an element says, as it is read aloud: the lines of a text are words apart.
pub(crate) fn text_of(node: Node<'_, '_>) -> String {
    let mut said = String::new();
    for text in node.descendants().filter(|node| is_svg(*node, "text")) {
        said.push(' ');
        let mut baseline = text.attribute("y");
        for part in text.descendants() {
            if let Some(y) = part.attribute("y").filter(|y| is_svg(part, "tspan") && Some(*y) != baseline) {
                baseline = Some(y);
                said.push(' ');
            }
            said.push_str(part.text().filter(|_| part.is_text()).unwrap_or_default());
        }
    }
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn is_svg(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().namespace() == Some(SVG_NAMESPACE) && node.tag_name().name() == name
}

pub(crate) fn line_of(node: Node<'_, '_>) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

/// The start of a text that may be long.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";
/// Characters of an element's text that an error shows.
const SAYS_CHARACTERS: usize = 60;
