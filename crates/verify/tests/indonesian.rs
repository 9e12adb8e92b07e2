//! Findings in Indonesian: no sentence of theirs stays in English.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sanad_core::genesis::Genesis;
use sanad_credential::{Circumstances, check};
use sanad_verify::{
    Language, Line, Trust, Verifier, credential_headline, credential_issuer, credential_lines,
};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

/// Words that English sentences have and Indonesian ones have not.
const ENGLISH: [&str; 20] = [
    "the", "is", "are", "was", "were", "not", "which", "has", "have", "does", "this", "that", "its", "it",
    "of", "with", "and", "by", "cannot", "no",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.path().is_dir() {
            true => files(&entry.path(), found),
            false => found.push(entry.path()),
        }
    }
}

fn text_of(line: Line) -> String {
    match line {
        Line::Headline(text) | Line::Check(_, text) | Line::Text(text) => text,
        Line::Fact(name, value) => format!("{name}: {value}"),
    }
}

/// All credentials that are tests of `sanad-credential`: forged, hostile, odd and good ones.
#[test]
fn credentials() {
    let mut all = Vec::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    files(&crates.join("credential/tests/testdata"), &mut all);
    files(&crates.join("../tests/credentials"), &mut all);
    if let Some(vectors) = std::env::var_os("SANAD_VECTORS") {
        files(&Path::new(&vectors).join("openbadges"), &mut all);
    }
    let mut left = Vec::new();
    let mut count = 0;
    for path in all {
        // Its proof has an English sentence for a name, which is the document's own.
        if path.ends_with("forged/false-lines.json") {
            continue;
        }
        let document = fs::read(&path).unwrap();
        let circumstances = Circumstances { now_ms: NOW_MS, member: None, rest: None };
        let Some(finding) = check(&document, &circumstances) else { continue };
        count += 1;
        let language = Language::Indonesian;
        let mut lines = vec![credential_headline(language, "x", &finding)];
        lines.extend(credential_issuer(language, &finding).map(text_of));
        lines.extend(credential_lines(language, &finding).into_iter().map(text_of));
        for line in lines {
            if english_in(&line) {
                left.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(count > 50, "{count}");
    assert!(left.is_empty(), "{}", left.join("\n"));
}

/// Every receipt of the golden values, good and bad, and other forms of damage.
#[test]
fn receipts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("core/tests/testdata/receipt");
    let mut all = Vec::new();
    files(&folder, &mut all);
    let (mut left, mut count) = (Vec::new(), 0);
    for path in all {
        let case: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let text = |name: &str| match &case[name] {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let (Some(genesis), Some(receipt)) = (text("genesis"), text("json")) else { continue };
        let Ok(trust) = Genesis::from_json(genesis.as_bytes())
            .map_err(drop)
            .and_then(|genesis| Trust::from_genesis(genesis).map_err(drop))
        else {
            continue;
        };
        let document = text("document");
        let broken = receipt.replacen("\"secret\":\"2a", "\"secret\":\"2b", 1);
        let cut = receipt[..receipt.len() / 2].to_owned();
        for receipt in [receipt.clone(), broken, cut] {
            for age_max in [None, Some(Duration::from_secs(60))] {
                let verifier = Verifier::new(&trust, NOW_MS).age_max(age_max);
                let document = document.as_deref().map(str::as_bytes);
                let Ok(finding) = verifier.receipt("x", receipt.as_bytes(), document) else { continue };
                count += 1;
                let lines = finding.lines(Language::Indonesian).into_iter();
                for line in lines.chain(finding.open_lines(Language::Indonesian)).map(text_of) {
                    left.extend(english_in(&line).then(|| format!("{}: {line}", path.display())));
                }
            }
        }
    }
    assert!(count > 20, "{count}");
    assert!(left.is_empty(), "{}", left.join("\n"));
}

fn english_in(line: &str) -> bool {
    let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
    words.any(|word| ENGLISH.contains(&word))
}
