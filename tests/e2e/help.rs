//! The help of every command of both programs: it renders, shows an example or says what the command does, and describes each option.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use sanad_e2e::program;

/// A part of a help text: its title, and its lines.
struct Section<'a> {
    title: &'a str,
    lines: Vec<&'a str>,
}

fn help(name: &str, path: &[String]) -> String {
    let said = program(name).args(path).arg("--help").env("COLUMNS", "100").output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success() && said.stderr.is_empty(), "{name} {path:?}: {:?}", said.status);
    text
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections = vec![Section { title: "", lines: Vec::new() }];
    for line in text.lines() {
        match line.strip_suffix(':').filter(|title| !line.starts_with(' ') && !title.contains(' ')) {
            Some(title) => sections.push(Section { title, lines: Vec::new() }),
            None => sections.last_mut().unwrap().lines.push(line),
        }
    }
    sections
}

/// The entries of a section: the line that names one, and what is said of it, there or on the lines below.
fn entries(section: &Section<'_>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in section.lines.iter().take_while(|line| line.is_empty() || line.starts_with(' ')) {
        let depth = line.len() - line.trim_start().len();
        let text = line.trim();
        // An option without a short form stands four columns further right.
        let is_entry = depth == 2 || (depth == 6 && text.starts_with("--"));
        match found.last_mut() {
            _ if is_entry => {
                let (name, description) = text.split_once("  ").unwrap_or((text, ""));
                found.push((name.to_owned(), description.trim().to_owned()));
            }
            Some((_, description)) => description.push_str(text),
            None => {}
        }
    }
    found
}

/// Checks the help of a command and of all below it; returns how many there are.
fn check(name: &str, path: &mut Vec<String>) -> usize {
    let text = help(name, path);
    let of = format!("{name} {}", path.join(" "));
    let of = of.trim();
    assert!(text.contains(&format!("Usage: {of}")), "{of}: {text}");
    let about = text.lines().next().unwrap_or_default();
    assert!(about.len() > 3 && !about.starts_with("Usage"), "{of} does not say what it does: {text}");
    for word in INTERNAL {
        let lower = text.to_lowercase();
        let mut words = lower.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        assert!(!words.any(|found| found == word), "{of}: \"{word}\" in {text}");
    }
    let mut count = 1;
    let sections = sections(&text);
    for section in &sections {
        if !["Commands", "Options", "Arguments"].contains(&section.title) {
            continue;
        }
        let entries = entries(section);
        assert!(!entries.is_empty(), "{of}: {text}");
        for (entry, description) in entries {
            let without = description.split('[').next().unwrap_or_default().trim();
            assert!(without.len() > 2, "{of}: {entry} is not described: {text}");
            if section.title == "Commands" && entry != "help" {
                path.push(entry);
                count += check(name, path);
                path.pop();
            }
        }
    }
    let is_leaf = sections.iter().all(|section| section.title != "Commands");
    let has_example = text.contains("Examples:") && text.matches(of).count() > 1;
    assert!(!is_leaf || has_example || name == "sanad-node", "{of} shows no example: {text}");
    count
}

#[test]
fn every_command_explains_itself() {
    for (name, least) in [("sanad", 100), ("sanad-node", 12)] {
        let count = check(name, &mut Vec::new());
        assert!(count >= least, "{name} has {count} commands; are they all found?");
    }
}

/// Names of what the programs are made of, which mean nothing to a user.
const INTERNAL: [&str; 13] = [
    "fixme",
    "malachite",
    "malachitebft",
    "libp2p",
    "sled",
    "prost",
    "tonic",
    "tokio",
    "clap",
    "anyhow",
    "struct",
    "sanad_core",
    "unwrap",
];
