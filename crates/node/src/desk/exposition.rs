//! From OpenMetrics, which the library writes, to the text format 0.0.4, which all of Prometheus's tools read.
//!
//! They differ in what a counter is called in its own description, in the types `info` and `unknown`, and in the lines
//! `UNIT` and `EOF`.

use std::fmt::Write as _;

/// The content type of the text format.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Converts; leaves out families without samples and those whose name `keep` does not want.
pub(super) fn to_text_format(openmetrics: &str, keep: impl Fn(&str) -> bool) -> String {
    let mut text = String::with_capacity(openmetrics.len());
    let mut family = Family::default();
    for line in openmetrics.lines() {
        if let Some(described) = line.strip_prefix("# ") {
            let mut words = described.splitn(3, ' ');
            let (kind, name, rest) = (words.next(), words.next().unwrap_or(""), words.next().unwrap_or(""));
            match kind {
                Some("HELP") => {
                    family.finish(&mut text, &keep);
                    family = Family { name: name.to_owned(), help: rest.to_owned(), ..Family::default() };
                }
                Some("TYPE") => family.kind = rest.to_owned(),
                _ => {}
            }
        } else if !line.is_empty() {
            family.samples.push_str(line);
            family.samples.push('\n');
        }
    }
    family.finish(&mut text, &keep);
    text
}

#[derive(Default)]
struct Family {
    name: String,
    help: String,
    kind: String,
    samples: String,
}

impl Family {
    fn finish(&self, text: &mut String, keep: impl Fn(&str) -> bool) {
        let (suffix, kind) = match self.kind.as_str() {
            "counter" => ("_total", "counter"),
            "info" => ("_info", "gauge"),
            "unknown" | "" => ("", "untyped"),
            "stateset" => ("", "gauge"),
            kind => ("", kind),
        };
        let Self { name, help, samples, .. } = self;
        if samples.is_empty() || !keep(name) {
            return;
        }
        // Writing to a string never fails.
        let _ = write!(text, "# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}\n{samples}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_described_by_the_name_of_their_samples() {
        let openmetrics = "# HELP a Calls.\n# TYPE a counter\na_total{x=\"1\"} 3\n# HELP b Free.\n# TYPE b gauge\n\
                           # UNIT b bytes\nb 4\n# HELP none Nothing.\n# TYPE none gauge\n# HELP v Build.\n\
                           # TYPE v info\nv_info{n=\"1\"} 1\n# EOF\n";
        let text = to_text_format(openmetrics, |_| true);
        let expected = "# HELP a_total Calls.\n# TYPE a_total counter\na_total{x=\"1\"} 3\n# HELP b Free.\n\
                        # TYPE b gauge\nb 4\n# HELP v_info Build.\n# TYPE v_info gauge\nv_info{n=\"1\"} 1\n";
        assert_eq!(text, expected);
        assert!(!to_text_format(openmetrics, |name| name != "b").contains("\nb 4"));
    }
}
