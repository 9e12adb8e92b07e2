//! How a finding is put together: a check of each part, and the verdict that follows from them.

use serde_json::{Map, Value};

use crate::credential::as_list;
use crate::finding::{
    Check, Fault, Finding, Holder, Key, Mismatch, Part, Proof, Signature, Validity, Verdict,
};
use crate::pointer::shown;
use crate::unread::Unread;
use crate::{dates, integrity, meaning, model};

/// A credential and how it came.
pub(crate) struct Own<'a> {
    pub(crate) form: &'static str,
    pub(crate) credential: &'a Map<String, Value>,
    pub(crate) issuer: Option<&'a str>,
    /// The claims of a JWT around it.
    pub(crate) claims: Option<&'a Map<String, Value>>,
    pub(crate) now_ms: u64,
}

/// Puts a finding together. Only the first `counted` proofs can make it good: proofs within a JWT are not over the JWT.
pub(crate) fn conclude(
    own: &Own<'_>,
    counted: usize,
    proofs: Vec<Proof>,
    validity: Validity,
    mismatches: Vec<Mismatch>,
) -> Finding {
    let Own { form, credential, issuer, .. } = own;
    let faults = model::faults(credential);
    let mut checks = vec![hold(Part::Form, (*form).to_owned())];
    checks.push(meaning::check(credential));
    checks.extend(of_model(&faults));
    checks.extend(of_proofs(&proofs, counted));
    checks.push(of_validity(&validity));
    checks.push(of_mismatches(&mismatches));
    Finding {
        verdict: Verdict::of(&checks),
        checks,
        issuer: issuer.map(shown),
        proofs,
        validity,
        mismatches,
        faults,
        beyond_limits: false,
        left_open: left_open(credential).into_iter().chain(still_to_come(own)).collect(),
    }
}

/// Signatures that say they were made later than now: a clock is wrong, or the signer's word is.
fn still_to_come(own: &Own<'_>) -> Vec<String> {
    let latest_ms = i128::from(own.now_ms) + dates::CLOCK_TOLERANCE_MS;
    let proofs = own.credential.get("proof").map(as_list).unwrap_or_default();
    let created = proofs.iter().take(integrity::PROOFS_MAX).filter_map(|proof| {
        let text = proof.get("created")?.as_str()?;
        Some(("created", dates::milliseconds(text)?, shown(text)))
    });
    let issued = own.claims.and_then(|claims| dates::numeric_date(claims.get("iat")?));
    let issued = issued.map(|(time_ms, text)| ("iat", time_ms, text));
    let later = created.chain(issued).filter(|(_, time_ms, _)| *time_ms > latest_ms);
    later.map(|(field, _, text)| format!("{field} is {text}, which is still to come")).collect()
}

/// The finding of a document that looks like a credential and is not read as one.
pub(crate) fn unread(why: &Unread) -> Finding {
    let detail = format!("{why}: not read as a credential; its own dates and signature were not looked at");
    let checks = vec![Check { part: Part::Form, verdict: Verdict::NotChecked, detail: detail.clone() }];
    Finding {
        verdict: Verdict::of(&checks),
        checks,
        issuer: None,
        proofs: Vec::new(),
        validity: Validity::default(),
        mismatches: Vec::new(),
        faults: Vec::new(),
        beyond_limits: why.is_limit(),
        left_open: vec![detail],
    }
}

fn hold(part: Part, detail: String) -> Check {
    Check { part, verdict: Verdict::Good, detail }
}

fn of_model(faults: &[Fault]) -> Vec<Check> {
    if faults.is_empty() {
        return vec![hold(Part::Model, "it keeps the rules of its data model that are checked".to_owned())];
    }
    let check =
        |fault: &Fault| Check { part: Part::Model, verdict: Verdict::Malformed, detail: fault.to_string() };
    faults.iter().map(check).collect()
}

/// Signature, key and cover are those of one proof, the best one; any bad proof counts.
fn of_proofs(proofs: &[Proof], counted: usize) -> [Check; 3] {
    let check = |part, verdict, detail: &str| Check { part, verdict, detail: detail.to_owned() };
    let not_looked_at = "no good signature to look at";
    let unchecked = |signature: Check| {
        let key = check(Part::Key, Verdict::NotChecked, not_looked_at);
        let cover = check(Part::Cover, Verdict::NotChecked, not_looked_at);
        [signature, key, cover]
    };
    if let Some(bad) = proofs.iter().find(|proof| proof.signature == Signature::Bad) {
        let reason = bad.reason.as_deref().unwrap_or_default();
        return unchecked(check(Part::Signature, Verdict::Bad, &format!("{}: {reason}", bad.method)));
    }
    let holder = |proof: &Proof| match proof.key.as_ref().map(|key| &key.holder) {
        Some(Holder::Member { .. } | Holder::Issuer) => true,
        Some(Holder::Unproven) | None => false,
    };
    let good = proofs.iter().take(counted).filter(|proof| proof.signature == Signature::Good);
    let Some(best) = good.max_by_key(|proof| (holder(proof), proof.uncovered.is_empty())) else {
        return unchecked(match proofs.first() {
            None => check(Part::Signature, Verdict::Unsigned, "there is no proof in the document"),
            Some(proof) => {
                let reason = proof.reason.as_deref().unwrap_or_default();
                check(Part::Signature, Verdict::NotChecked, &format!("{}: {reason}", proof.method))
            }
        });
    };
    let name = best.key.as_ref().map(Key::to_string).unwrap_or_default();
    let key = match holder(best) {
        true => Verdict::Good,
        false => Verdict::KeyUnproven,
    };
    let (cover, detail) = match best.uncovered.as_slice() {
        [] => (Verdict::Good, "it covers all of the document".to_owned()),
        places => (Verdict::NotCovered, format!("not covered: {}", places.join("; "))),
    };
    [
        check(Part::Signature, Verdict::Good, &best.method),
        check(Part::Key, key, &format!("it holds by the key {name}")),
        check(Part::Cover, cover, &detail),
    ]
}

fn of_validity(validity: &Validity) -> Check {
    let verdict = match validity {
        Validity { unreadable, .. } if !unreadable.is_empty() => Verdict::Inconsistent,
        Validity { expired: true, .. } => Verdict::Expired,
        Validity { not_yet: true, .. } => Verdict::NotYetValid,
        Validity { end_withholdable: true, .. } => Verdict::NotChecked,
        Validity { expired: false, not_yet: false, end_withholdable: false, .. } => Verdict::Good,
    };
    Check { part: Part::Validity, verdict, detail: validity.to_string() }
}

fn of_mismatches(mismatches: &[Mismatch]) -> Check {
    match mismatches {
        [] => hold(Part::Claims, "no claim contradicts the credential".to_owned()),
        [first, ..] => {
            Check { part: Part::Claims, verdict: Verdict::Inconsistent, detail: first.to_string() }
        }
    }
}

/// What the document points to that only a network could show.
fn left_open(credential: &Map<String, Value>) -> Vec<String> {
    let mut open = Vec::new();
    for (field, what) in LEFT_OPEN {
        let Some(value) = credential.get(field) else { continue };
        let kinds: Vec<&str> = as_list(value)
            .iter()
            .filter_map(|entry| entry.get("type").and_then(Value::as_str))
            .take(KINDS_SHOWN)
            .collect();
        open.push(match kinds.is_empty() {
            true => format!("{field} {what}"),
            false => format!("{field} ({}) {what}", shown(&kinds.join(", "))),
        });
    }
    let inner = credential.iter().filter(|(key, _)| *key != "proof").map(|(_, value)| proofs_in(value)).sum();
    if let 1.. = inner {
        open.push(format!("{inner} proof(s) of credentials inside this one were not checked"));
    }
    open
}

/// Fields that lead elsewhere.
const LEFT_OPEN: [(&str, &str); 5] = [
    // Of SD-JWT VCs.
    ("status", "is kept elsewhere and was not looked up"),
    ("credentialStatus", "is kept elsewhere and was not looked up"),
    ("credentialSchema", "was not looked at"),
    ("relatedResource", "was not fetched"),
    ("refreshService", "was not asked"),
];

/// How many types of such a field are shown.
const KINDS_SHOWN: usize = 5;

/// How many proofs there are within a value: objects with one, and endorsements as JWTs.
fn proofs_in(value: &Value) -> usize {
    match value {
        Value::Object(members) => {
            let jwts = members.get("endorsementJwt").map_or(0, |jwts| as_list(jwts).len());
            usize::from(members.contains_key("proof")) + jwts + members.values().map(proofs_in).sum::<usize>()
        }
        Value::Array(elements) => elements.iter().map(proofs_in).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
