//! Names for the members of a localnet. The universities are invented, after mountains and small animals.

use sanad_core::ids::MemberId;

/// Id and name of the `index`th validator, from 0.
pub(crate) fn university(index: usize) -> anyhow::Result<(MemberId, String)> {
    named("univ", "Universitas", MOUNTAINS, index)
}

/// Id and name of the `index`th issuer without a node, from 0.
pub(crate) fn institute(index: usize) -> anyhow::Result<(MemberId, String)> {
    named("institut", "Institut", ANIMALS, index)
}

fn named(prefix: &str, title: &str, words: &[&str], index: usize) -> anyhow::Result<(MemberId, String)> {
    let word = words[index % words.len()];
    // Round after round: "Merapi", then "Merapi 2".
    let (id, name) = match index / words.len() {
        0 => (format!("{prefix}-{word}"), word.to_owned()),
        round => (format!("{prefix}-{word}-{}", round + 1), format!("{word} {}", round + 1)),
    };
    Ok((format!("{}.example", id.to_lowercase()).parse()?, format!("{title} {name}")))
}

const MOUNTAINS: &[&str] = &[
    "Merapi",
    "Bromo",
    "Semeru",
    "Kelimutu",
    "Tambora",
    "Sindoro",
    "Sumbing",
    "Arjuno",
    "Kelud",
    "Argopuro",
    "Welirang",
    "Papandayan",
    "Lokon",
    "Agung",
];
const ANIMALS: &[&str] = &[
    "Capung",
    "Jalak",
    "Kancil",
    "Tapir",
    "Anoa",
    "Maleo",
    "Kepodang",
    "Trenggiling",
    "Tarsius",
    "Rangkong",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_never_repeat() {
        assert_eq!(university(0).unwrap().0.as_str(), "univ-merapi.example");
        assert_eq!(university(0).unwrap().1, "Universitas Merapi");
        assert_eq!(institute(10).unwrap().1, "Institut Capung 2");
        let ids: BTreeSet<_> = (0..128).map(|index| university(index).unwrap().0).collect();
        assert_eq!(ids.len(), 128);
    }
}
