//! RDFC-1.0: one text for each RDF graph, whatever its blank nodes are called.
//!
//! The work is that of `rdf-canon`. Two things are looked at before it starts. Graphs can be made whose parts
//! are so alike that telling them apart takes for ever (RDFC-1.0, 7.1), and permutations inside one of its
//! steps are not bounded. And it numbers the parts of one such cluster `b0`, `b1`, `b10`, `b2`, so that
//! clusters of more than ten come out wrong.

use std::collections::{BTreeMap, BTreeSet};

use oxrdf::{BlankNodeRef, Dataset, GraphNameRef, Quad, SubjectRef, TermRef};
use rdf_canon::{CanonicalizationOptions, canonicalize_with};
use sha2::Sha256;

use crate::fault::Unchecked;

/// Most steps of all permutations and look-ups together.
const STEPS_MAX: usize = 5_000_000;

/// Most blank nodes that look like others.
const ALIKE_MAX: usize = 2_000;

/// Largest cluster of blank nodes that look alike.
const CLUSTER_MAX: usize = 10;

/// The canonical N-Quads of a graph.
///
/// # Errors
/// [`Unchecked::Symmetric`].
pub(crate) fn canonical_form(quads: &[Quad]) -> Result<String, Unchecked> {
    let options = CanonicalizationOptions { hndq_call_limit: Some(calls_max(quads)?) };
    let dataset: Dataset = quads.iter().collect();
    canonicalize_with::<Sha256>(&dataset, &options).map_err(|_| Unchecked::Symmetric)
}

/// How often the costly step (Hash N-Degree Quads) may run: the fewer, the more one run can cost.
fn calls_max(quads: &[Quad]) -> Result<usize, Unchecked> {
    let nodes = Nodes::new(quads);
    if nodes.alike.len() > ALIKE_MAX {
        return Err(Unchecked::Symmetric);
    }
    let dearest = nodes.alike.iter().map(|node| nodes.cost(node)).max().unwrap_or(1).max(1);
    if dearest > STEPS_MAX || nodes.alike.iter().any(|node| nodes.cluster(node) > CLUSTER_MAX) {
        return Err(Unchecked::Symmetric);
    }
    Ok(STEPS_MAX / dearest)
}

/// The blank nodes of a graph.
struct Nodes<'a> {
    /// The statements with each of them.
    quads: BTreeMap<&'a str, Vec<&'a Quad>>,
    /// What each of them looks like by itself: the input of Hash First Degree Quads (RDFC-1.0, 4.6).
    looks: BTreeMap<&'a str, String>,
    /// Those that look like another one.
    alike: BTreeSet<&'a str>,
}

impl<'a> Nodes<'a> {
    fn new(all: &'a [Quad]) -> Self {
        let mut quads: BTreeMap<&str, Vec<&Quad>> = BTreeMap::new();
        for quad in all {
            for (_, node) in blank_nodes(quad) {
                let quads = quads.entry(node).or_default();
                // A node twice in one statement.
                if !quads.last().is_some_and(|last| std::ptr::eq(*last, quad)) {
                    quads.push(quad);
                }
            }
        }
        let looks: BTreeMap<&str, String> =
            quads.iter().map(|(node, quads)| (*node, look(node, quads))).collect();
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for look in looks.values() {
            *count.entry(look).or_default() += 1;
        }
        let alike =
            looks.iter().filter(|(_, look)| count[look.as_str()] > 1).map(|(node, _)| *node).collect();
        Self { quads, looks, alike }
    }

    /// The steps of one Hash N-Degree Quads for a node, at the most: all orders of the neighbours that stand in the
    /// same place and look alike, and a look at every statement of each neighbour.
    fn cost(&self, node: &str) -> usize {
        let mut groups: BTreeMap<(char, &str, &str), usize> = BTreeMap::new();
        let mut steps: usize = 0;
        for quad in &self.quads[node] {
            for (place, neighbour) in blank_nodes(quad).filter(|(_, other)| *other != node) {
                let predicate = if place == 'g' { "" } else { quad.predicate.as_str() };
                *groups.entry((place, predicate, &self.looks[neighbour])).or_default() += 1;
                steps = steps.saturating_add(self.quads[neighbour].len());
            }
        }
        groups.values().fold(steps, |steps, members| {
            let orders = (1..=*members).fold(1_usize, usize::saturating_mul);
            steps.saturating_add(orders.saturating_mul(*members))
        })
    }

    /// How many nodes that look like others hang together with a node.
    fn cluster(&self, node: &'a str) -> usize {
        let (mut reached, mut open) = (BTreeSet::from([node]), vec![node]);
        while let Some(node) = open.pop() {
            for (_, neighbour) in self.quads[node].iter().flat_map(|quad| blank_nodes(quad)) {
                if reached.len() <= CLUSTER_MAX && self.alike.contains(neighbour) && reached.insert(neighbour)
                {
                    open.push(neighbour);
                }
            }
        }
        reached.len()
    }
}

/// The statements of a node with itself called `a` and others `z`, sorted.
fn look(node: &str, quads: &[&Quad]) -> String {
    let name = |other: &str| if other == node { "a" } else { "z" };
    let mut lines: Vec<String> = quads
        .iter()
        .map(|quad| {
            let mut quad = quad.as_ref();
            if let SubjectRef::BlankNode(other) = quad.subject {
                quad.subject = BlankNodeRef::new_unchecked(name(other.as_str())).into();
            }
            if let TermRef::BlankNode(other) = quad.object {
                quad.object = BlankNodeRef::new_unchecked(name(other.as_str())).into();
            }
            if let GraphNameRef::BlankNode(other) = quad.graph_name {
                quad.graph_name = BlankNodeRef::new_unchecked(name(other.as_str())).into();
            }
            quad.to_string()
        })
        .collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// The blank nodes of a statement and their places.
fn blank_nodes(quad: &Quad) -> impl Iterator<Item = (char, &str)> {
    let subject = match quad.subject.as_ref() {
        SubjectRef::BlankNode(node) => Some(('s', node.as_str())),
        SubjectRef::NamedNode(_) => None,
    };
    let object = match quad.object.as_ref() {
        TermRef::BlankNode(node) => Some(('o', node.as_str())),
        _ => None,
    };
    let graph = match quad.graph_name.as_ref() {
        GraphNameRef::BlankNode(node) => Some(('g', node.as_str())),
        _ => None,
    };
    [subject, object, graph].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use oxrdf::{BlankNode, GraphName, NamedNode};

    use super::*;

    fn quad(from: usize, predicate: &str, to: usize, graph: Option<usize>) -> Quad {
        let node = |n: usize| BlankNode::new_unchecked(format!("n{n}"));
        let graph = graph.map_or(GraphName::DefaultGraph, |n| node(n).into());
        Quad::new(node(from), NamedNode::new_unchecked(predicate), node(to), graph)
    }

    #[test]
    fn names_of_blank_nodes_do_not_matter() {
        let ring = |order: [usize; 5]| -> Vec<Quad> {
            (0..5).map(|n| quad(order[n], "urn:x:next", order[(n + 1) % 5], None)).collect()
        };
        let expected = canonical_form(&ring([0, 1, 2, 3, 4])).unwrap();
        assert_eq!(expected.lines().count(), 5);
        assert_eq!(canonical_form(&ring([3, 1, 4, 0, 2])), Ok(expected.clone()));
        let mut longer = ring([0, 1, 2, 3, 4]);
        longer.push(quad(0, "urn:x:next", 5, None));
        assert_ne!(canonical_form(&longer), Ok(expected));
    }

    #[test]
    fn poison_is_refused_in_time() {
        // A complete graph, a large ring, and graphs in which one node has many alike neighbours.
        let complete: Vec<Quad> =
            (0..9).flat_map(|a| (0..9).map(move |b| quad(a, "urn:x:p", b, None))).collect();
        let ring: Vec<Quad> = (0..1000).map(|n| quad(n, "urn:x:p", (n + 1) % 1000, None)).collect();
        let embedded: Vec<Quad> = (0..2)
            .flat_map(|n| {
                (0..14).map(move |p| quad(4 * n, &format!("urn:x:{p}"), 4 * n + 1, Some(4 * n + 2)))
            })
            .collect();
        let stars: Vec<Quad> = (0..2)
            .flat_map(|n| (0..12).map(move |leaf| quad(n * 100, "urn:x:p", n * 100 + leaf + 1, None)))
            .collect();
        for (name, quads) in
            [("complete", complete), ("ring", ring), ("embedded", embedded), ("stars", stars)]
        {
            assert_eq!(canonical_form(&quads), Err(Unchecked::Symmetric), "{name}");
        }
    }

    #[test]
    fn many_alike_leaves_of_one_node_are_fine() {
        let star: Vec<Quad> = (0..500).map(|leaf| quad(0, "urn:x:p", leaf + 1, None)).collect();
        assert_eq!(canonical_form(&star).unwrap().lines().count(), 500);
    }
}
