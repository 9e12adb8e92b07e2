//! Names that people would take for another member's.
//!
//! The ledger lets members have the same name: only ids are unique. So whoever votes on a name is told.

use std::collections::BTreeSet;

use sanad_core::governance::Change;
use sanad_core::ids::MemberId;
use unicode_security::skeleton;

use super::Session;

/// What to say of the name that a change gives a member.
///
/// The list of members is not proved: a node that lies about it can only hide or make up a warning.
pub(crate) async fn warnings<'a>(
    session: &Session,
    changes: impl Iterator<Item = &'a Change>,
) -> anyhow::Result<Vec<String>> {
    let named: Vec<(MemberId, &str)> =
        changes.filter_map(|change| Some((change.member()?, name(change)?))).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let members = session.remote.told(session.remote.client().members().await)?;
    let mut said = Vec::new();
    for (id, name) in &named {
        let others = members.iter().map(|member| member.record()).filter(|other| other.id != *id);
        said.extend(others.filter(|other| looks_like(name, &other.name)).map(|other| {
            match other.name == **name {
                true => format!("{} has the name {name:?}, too", other.id),
                false => format!("{name:?} looks like {:?}, the name of {}", other.name, other.id),
            }
        }));
    }
    Ok(said)
}

fn name(change: &Change) -> Option<&str> {
    match change {
        Change::Admit(admission) => Some(&admission.member.name),
        Change::Amend { name, .. } => name.as_deref(),
        _ => None,
    }
}

/// UTS 39, section 4: confusable, in the case that is written or in one case; or taken for each other by whoever reads over accents and digits.
fn looks_like(a: &str, b: &str) -> bool {
    sanad_verify::looks_like(a, b) || forms(a).intersection(&forms(b)).next().is_some()
}

fn forms(name: &str) -> BTreeSet<String> {
    let words = name.split_whitespace().collect::<Vec<_>>().join(" ");
    [skeleton(&words).collect(), skeleton(&words.to_lowercase()).collect()].into()
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    /// The characters whose skeleton is one letter or digit of ASCII, but for those that decomposing and lower case lead to.
    fn of_uts_39() -> BTreeSet<(char, char)> {
        let plain = |text: &str| -> String {
            let decomposed = text.nfkd().filter(|character| !('\u{300}'..='\u{36f}').contains(character));
            decomposed.collect::<String>().to_lowercase()
        };
        let others = ('\u{80}'..=char::MAX).filter(|character| character.to_string().nfkd().eq([*character]));
        let others = others.filter_map(|character| {
            let prototype = plain(&skeleton(character.encode_utf8(&mut [0; 4])).collect::<String>());
            let mut letters = prototype.chars();
            let letter =
                letters.next().filter(|letter| letters.next().is_none() && letter.is_ascii_alphanumeric())?;
            (plain(&character.to_string()) != prototype).then_some((character, letter))
        });
        others.collect()
    }

    #[test]
    fn names_that_look_the_same_are_found() {
        for other in [
            "Universitas Merapi",
            "universitas MERAPI",
            "Un\u{456}versitas Merapi",
            "Unlversitas Merapi",
            "Universitas  Merapi",
            "Universitas Merap1",
            "Universitas Mérapi",
        ] {
            let name = if other.starts_with("Unl") { "UnIversitas Merapi" } else { "Universitas Merapi" };
            assert!(looks_like(name, other), "{other}");
        }
        let table: BTreeSet<(char, char)> = sanad_verify::LOOK_ALIKES
            .lines()
            .flat_map(|line| line.chars().skip(1).map(move |other| (other, line.chars().next().unwrap())))
            .collect();
        assert_eq!(table, of_uts_39(), "the table of sanad-verify is that of UTS 39");
        for other in ["Universitas Merbabu", "Universitas Merapi Raya", ""] {
            assert!(!looks_like("Universitas Merapi", other), "{other}");
        }
    }
}
