//! Changes in plain words.

use std::fmt;

use super::{Change, NewGovernanceKeys, VALIDATORS_MIN};
use crate::member::{Fact, Member, Role};
use crate::signature::PublicKey;

/// A summary in plain words, made from the content alone. Names and facts, which come from strangers, are quoted and
/// escaped: none of them passes for another part of the summary.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admit(admission) => write_member(f, &admission.member),
            Self::SetRole { member, role } => write!(f, "make {member} {}", role_word(*role)),
            Self::Amend { member, name, facts } => {
                write!(f, "amend {member}:")?;
                if let Some(name) = name {
                    write!(f, " name {name:?}")?;
                }
                let separator = if name.is_some() { ";" } else { "" };
                match facts.as_deref() {
                    None => Ok(()),
                    Some([]) => write!(f, "{separator} no facts any more"),
                    Some(facts) => {
                        write!(f, "{separator} facts ")?;
                        write_facts(f, facts)?;
                        f.write_str(", and no others any more")
                    }
                }
            }
            Self::Suspend { member } => write!(f, "suspend {member}: it issues nothing for now"),
            Self::Lift { member } => write!(f, "lift the suspension of {member}"),
            Self::Retire { member } => write!(f, "retire {member} for good"),
            Self::NameSuccessor { member, successor } => {
                write!(
                    f,
                    "name {successor} successor of {member}: once {member} is retired, it may revoke what {member} issued"
                )
            }
            Self::ReplaceGovernanceKeys(new) => {
                let NewGovernanceKeys { member, keys, threshold, .. } = &**new;
                write!(f, "replace the governance keys of {member}: ")?;
                write_governance_keys(f, keys, *threshold)
            }
            Self::AddIssuerId { member, issuer_id } => {
                write!(f, "let {member} issue as {:?}", issuer_id.as_str())
            }
            Self::SetValidators { validators, .. } => {
                write!(f, "let {} validators decide the blocks:", validators.len())?;
                validators.iter().try_for_each(|id| write!(f, " {id}"))?;
                match validators.len() < VALIDATORS_MIN {
                    true => f.write_str("; WARNING: fewer than four, the failure of one stops the ledger"),
                    false => Ok(()),
                }
            }
            Self::SetParameters { block_bytes_max, heartbeat_ms } => {
                write!(f, "set blocks to {block_bytes_max} bytes and the heartbeat to {heartbeat_ms} ms")
            }
            Self::ActivateProtocol { protocol, height } => {
                write!(f, "activate protocol version {protocol} at height {height}")
            }
        }
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Observer => "observer",
        Role::Issuer => "issuer",
        Role::Validator => "validator",
    }
}

/// The id and the role come first: they are what the consortium checks, and hold no text of the member's choice.
fn write_member(f: &mut fmt::Formatter<'_>, member: &Member) -> fmt::Result {
    let Member { id, name, role, governance_keys, governance_threshold, issuer_ids, .. } = member;
    write!(f, "admit {id} as {}: name {name:?}; ", role_word(*role))?;
    match &issuer_ids[..] {
        [] => f.write_str("no issuer id; ")?,
        ids => {
            f.write_str("issues as ")?;
            write_list(f, ids, |f, id| write!(f, "{:?}", id.as_str()))?;
            f.write_str("; ")?;
        }
    }
    write_governance_keys(f, governance_keys, *governance_threshold)?;
    let others = [
        ("issuing", &member.issuing_key),
        ("consensus", &member.consensus_key),
        ("network", &member.network_key),
    ];
    for (purpose, key) in others {
        if let Some(key) = key {
            write!(f, "; {purpose} key {key}")?;
        }
    }
    if !member.addresses.is_empty() {
        f.write_str("; reached at ")?;
        write_list(f, &member.addresses, |f, address| write!(f, "{address:?}"))?;
    }
    if member.facts.is_empty() {
        return f.write_str("; no facts");
    }
    f.write_str("; facts ")?;
    write_facts(f, &member.facts)
}

fn write_governance_keys(f: &mut fmt::Formatter<'_>, keys: &[PublicKey], threshold: u8) -> fmt::Result {
    match keys.len() {
        1 => f.write_str("one governance key signs: ")?,
        count => write!(f, "{threshold} of these {count} governance keys sign: ")?,
    }
    write_list(f, keys, |f, key| write!(f, "{key}"))
}

fn write_facts(f: &mut fmt::Formatter<'_>, facts: &[Fact]) -> fmt::Result {
    write_list(f, facts, |f, fact| write!(f, "{:?}={:?}", fact.name, fact.value))
}

fn write_list<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    write_one: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(place, item)| {
        if place > 0 {
            f.write_str(", ")?;
        }
        write_one(f, item)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MemberId;
    use crate::signature::{SecretKey, Signature};

    fn id(text: &str) -> MemberId {
        text.parse().unwrap()
    }

    fn key(seed: u8) -> PublicKey {
        SecretKey::from_seed(&[seed; 32]).public()
    }

    fn fact(name: &str, value: &str) -> Fact {
        Fact { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn every_new_governance_key_is_spelled() {
        let keys = vec![key(1), key(2), key(3)];
        let possession: Vec<Signature> = Vec::new();
        let new = NewGovernanceKeys { member: id("bromo"), keys: keys.clone(), threshold: 2, possession };
        let said = Change::ReplaceGovernanceKeys(Box::new(new)).to_string();
        assert_eq!(
            said,
            format!(
                "replace the governance keys of bromo: 2 of these 3 governance keys sign: {}, {}, {}",
                keys[0], keys[1], keys[2]
            )
        );
    }

    #[test]
    fn names_and_facts_are_quoted_and_escaped() {
        let amend = |name: Option<&str>, facts| Change::Amend {
            member: id("bromo"),
            name: name.map(str::to_owned),
            facts,
        };
        let forged = amend(Some("Bromo\"; no facts any more"), None).to_string();
        assert_eq!(forged, r#"amend bromo: name "Bromo\"; no facts any more""#);
        assert_eq!(amend(Some(r"Bromo\"), None).to_string(), r#"amend bromo: name "Bromo\\""#);
        assert_eq!(amend(Some("a\nb\u{202e}"), None).to_string(), r#"amend bromo: name "a\nb\u{202e}""#);
        let facts = vec![fact("a\" b", "x"), fact("rank", "A")];
        assert_eq!(
            amend(None, Some(facts)).to_string(),
            r#"amend bromo: facts "a\" b"="x", "rank"="A", and no others any more"#
        );
        assert_eq!(amend(Some("B"), Some(vec![])).to_string(), r#"amend bromo: name "B"; no facts any more"#);
    }

    #[test]
    fn a_small_set_comes_with_a_warning() {
        let set = |names: &[&str]| Change::SetValidators {
            validators: names.iter().map(|name| id(name)).collect(),
            fewer_than_four: names.len() < 4,
        };
        assert!(set(&["a", "b", "c"]).to_string().contains("WARNING"));
        assert!(!set(&["a", "b", "c", "d"]).to_string().contains("WARNING"));
    }
}
