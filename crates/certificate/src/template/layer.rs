//! Layers of a template: each is filled, fitted and tagged by itself.

use std::fmt;

use usvg::roxmltree::{self, Node};

use crate::element::{Element, line_of};
use crate::fitting::{Drawn, TextPlace};
use crate::template_error::TemplateError;

/// What a layer is to somebody who hears the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A heading of a level.
    Heading(u16),
    Paragraph,
    Figure,
    /// Nothing: ornament.
    Artifact,
}

/// One of the codes on a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// The code of a link.
    Link,
    /// The code of a paper receipt.
    Offline,
}

/// An element, and how it is drawn.
pub(super) struct Layer {
    pub(super) element: Element,
    pub(super) chain: Chain,
    pub(super) role: Role,
    pub(super) alt: Option<String>,
    pub(super) inherited: Inherited,
    pub(super) content: Content,
}

/// What a layer has of the groups around it, unless it says otherwise.
#[derive(Clone, Default)]
pub(super) struct Inherited {
    pub(super) language: Option<String>,
    /// Fields without which it is left out.
    pub(super) needs: Vec<String>,
    /// Fields with which it is left out.
    pub(super) yields_to: Vec<String>,
    pub(super) may_overlap: bool,
}

/// The start tags around a layer, from `<svg>` on, and all that layers may refer to.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(super) open: String,
    close: String,
    depth: usize,
}

pub(super) enum Content {
    /// The same on every certificate.
    Fixed(Box<Drawn>),
    /// The source of an element with fields.
    Filled { source: String, places: Vec<TextPlace> },
    /// The place of a code.
    Code { kind: CodeKind, place: Place },
}

/// A square on the page, in points from its upper left corner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) side: f32,
}

/// A layer of one certificate.
pub(crate) struct Filled<'a> {
    pub(crate) element: &'a Element,
    pub(crate) role: Role,
    pub(crate) alt: Option<&'a str>,
    pub(crate) language: Option<&'a str>,
    pub(crate) may_overlap: bool,
    pub(crate) drawing: Drawing<'a>,
}

pub(crate) enum Drawing<'a> {
    Fixed(&'a Drawn),
    Own(Box<Drawn>),
    Code { kind: CodeKind, place: Place },
}

impl Layer {
    pub(super) fn filled<'a>(&'a self, drawing: Drawing<'a>) -> Filled<'a> {
        Filled {
            element: &self.element,
            role: self.role,
            alt: self.alt.as_deref(),
            language: self.inherited.language.as_deref(),
            may_overlap: self.inherited.may_overlap,
            drawing,
        }
    }
}

impl Inherited {
    pub(super) fn within(&self, node: Node<'_, '_>) -> Result<Self, TemplateError> {
        let mut inner = self.clone();
        let names = |attribute| {
            node.attribute(attribute).into_iter().flat_map(str::split_whitespace).map(str::to_owned)
        };
        inner.needs.extend(names("data-if"));
        inner.yields_to.extend(names("data-unless"));
        if let Some(language) = node.attribute("data-lang") {
            inner.language = Some(language.to_owned());
        }
        inner.may_overlap |= match node.attribute("data-overlap") {
            Some("allow") => true,
            None => false,
            Some(_) => {
                let line = line_of(node);
                return Err(TemplateError::Attribute { line, attribute: "data-overlap", expected: "allow" });
            }
        };
        Ok(inner)
    }
}

impl Chain {
    pub(super) fn of_root(root: Node<'_, '_>, source: &str) -> Result<Self, TemplateError> {
        if root.first_child().is_none() {
            return Err(TemplateError::Page);
        }
        Ok(Self { open: String::new(), close: String::new(), depth: 0 }.within(root, source))
    }

    /// The chain of what is inside an element, which has children.
    pub(crate) fn within(&self, node: Node<'_, '_>, source: &str) -> Self {
        let start = node.range().start;
        let end = node.first_child().map_or(node.range().end, |child| child.range().start);
        let tag = &source[start..end];
        let name = tag[1..].split([' ', '\t', '\r', '\n', '>', '/']).next().unwrap_or_default();
        Self {
            open: format!("{}{tag}", self.open),
            close: format!("</{name}>{}", self.close),
            depth: self.depth + 1,
        }
    }

    /// How many elements there are around.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// An element with all that is around it.
    pub(crate) fn around(&self, element: &str) -> String {
        format!("{}{element}{}", self.open, self.close)
    }

    /// The element in such a source.
    pub(crate) fn element<'a, 'input>(
        &self,
        xml: &'a roxmltree::Document<'input>,
    ) -> Option<Node<'a, 'input>> {
        let mut node = xml.root();
        for _ in 0..=self.depth {
            node = node.children().rfind(Node::is_element)?;
        }
        Some(node)
    }
}

impl CodeKind {
    /// The least side, light border included, in millimetres.
    pub(super) fn side_mm_min(self) -> u32 {
        match self {
            Self::Link => LINK_SIDE_MM_MIN,
            Self::Offline => OFFLINE_SIDE_MM_MIN,
        }
    }
}

impl fmt::Display for CodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "link",
            Self::Offline => "offline",
        })
    }
}

/// Least side of a link code, with its light border, in millimetres.
const LINK_SIDE_MM_MIN: u32 = 25;
/// Least side of an offline code, with its light border, in millimetres.
const OFFLINE_SIDE_MM_MIN: u32 = 58;
