//! What Open Badges 3.0 demands of an AchievementCredential or an EndorsementCredential.
//!
//! Source: Open Badges 3.0, 6 and B (data model and its JSON schemas).

mod shapes;

use serde_json::{Map, Value};

use super::rules::{Faults, Id, has_type};
use crate::credential::as_list;
use crate::pointer::At;

/// Adds the rules that a badge breaks; nothing if the credential is not one.
pub(super) fn faults(credential: &Map<String, Value>, is_v1: bool, faults: &mut Faults) {
    let is_achievement = has_type(credential, &["AchievementCredential", "OpenBadgeCredential"]);
    let is_endorsement = has_type(credential, &["EndorsementCredential"]);
    let contexts =
        credential.get("@context").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let place = contexts.iter().position(is_context);
    let root = At::Root;
    if !is_achievement && !is_endorsement {
        return untyped(credential, place.is_some(), faults);
    }
    if place != Some(1) {
        faults.add(&root.key("@context").index(1), "is not the context of Open Badges 3.0");
    }
    // Of 1.1 the date is demanded anyway.
    let required = if is_v1 { &["id"][..] } else { &["id", "validFrom"] };
    for field in required.iter().filter(|field| !credential.contains_key(**field)) {
        faults.add(&root.key(field), "is missing");
    }
    if let Some(Value::Object(issuer)) = credential.get("issuer") {
        profile(issuer, &root.key("issuer"), faults, Id::Required);
    }
    shapes::check(credential, &root, faults, shapes::CREDENTIAL);
    image(credential, &root, faults);
    each(credential, "endorsement", &root, faults, endorsement);
    let at = root.key("evidence");
    for (evidence, at) in faults.objects(credential.get("evidence"), &at) {
        faults.type_among(evidence, &at, &["Evidence"]);
        shapes::check(evidence, &at, faults, shapes::EVIDENCE);
    }
    let at = root.key("credentialSubject");
    for (subject, at) in faults.objects(credential.get("credentialSubject"), &at) {
        match is_achievement {
            true => achievement_subject(subject, &at, faults),
            false => endorsement_subject(subject, &at, faults),
        }
    }
}

/// A credential with the context and the subject of a badge says that it is one.
fn untyped(credential: &Map<String, Value>, has_context: bool, faults: &mut Faults) {
    let subjects = credential.get("credentialSubject").map(as_list).unwrap_or_default();
    let root = At::Root;
    let has = |kind: &str| {
        has_context && subjects.iter().filter_map(Value::as_object).any(|subject| has_type(subject, &[kind]))
    };
    if has("AchievementSubject") {
        faults.add(&root.key("type"), "is not of type AchievementCredential or OpenBadgeCredential");
    } else if has("EndorsementSubject") {
        faults.add(&root.key("type"), "is not of type EndorsementCredential");
    }
}

/// A credential within a badge. Its signature is not looked at.
fn endorsement(credential: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
    faults.id(credential, at, Id::Required);
    faults.type_among(credential, at, &["VerifiableCredential"]);
    faults.type_among(credential, at, &["EndorsementCredential"]);
    for field in ["issuer", "credentialSubject"].iter().filter(|field| !credential.contains_key(**field)) {
        faults.add(&at.key(field), "is missing");
    }
    each(credential, "credentialSubject", at, faults, endorsement_subject);
}

fn is_context(context: &Value) -> bool {
    let known = |url: &str| {
        url.starts_with("https://purl.imsglobal.org/spec/ob/v3p0/context") && url.ends_with(".json")
            || url == "https://imsglobal.github.io/openbadges-specification/context.json"
    };
    context.as_str().is_some_and(known)
}

fn endorsement_subject(subject: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
    faults.type_among(subject, at, &["EndorsementSubject"]);
    faults.id(subject, at, Id::Required);
}

fn achievement_subject(subject: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
    faults.type_among(subject, at, &["AchievementSubject"]);
    let has_identifier =
        subject.get("identifier").is_some_and(|entries| entries != &Value::Array(Vec::new()));
    if !subject.contains_key("id") && !has_identifier {
        faults.add(at, "has neither an id nor an identifier");
    }
    shapes::check(subject, at, faults, shapes::SUBJECT);
    match subject.get("achievement") {
        Some(Value::Object(inner)) => achievement(inner, &at.key("achievement"), faults),
        None => faults.add(&at.key("achievement"), "is missing"),
        Some(_) => faults.add(&at.key("achievement"), "is not one object"),
    }
    each(subject, "identifier", at, faults, |identity, at, faults| {
        faults.type_among(identity, at, &["IdentityObject"]);
        faults.words(identity, at, "identityHash");
        faults.words(identity, at, "identityType");
        shapes::check(identity, at, faults, shapes::IDENTITY);
        if !identity.get("hashed").is_some_and(Value::is_boolean) {
            faults.add(&at.key("hashed"), "is not true or false");
        }
    });
    each(subject, "result", at, faults, |result, at, faults| {
        faults.type_among(result, at, &["Result"]);
        shapes::check(result, at, faults, shapes::RESULT);
        each(result, "alignment", at, faults, alignment);
    });
    if let Some(Value::Object(source)) = subject.get("source") {
        profile(source, &at.key("source"), faults, Id::Required);
    }
    image(subject, at, faults);
}

fn achievement(achievement: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
    faults.id(achievement, at, Id::Required);
    faults.type_among(achievement, at, &["Achievement"]);
    faults.words(achievement, at, "name");
    faults.words(achievement, at, "description");
    shapes::check(achievement, at, faults, shapes::ACHIEVEMENT);
    each(achievement, "endorsement", at, faults, endorsement);
    match achievement.get("criteria") {
        Some(Value::Object(criteria))
            if criteria.contains_key("id") || criteria.contains_key("narrative") =>
        {
            faults.id(criteria, &at.key("criteria"), Id::Optional);
        }
        None => faults.add(&at.key("criteria"), "is missing"),
        Some(_) => faults.add(&at.key("criteria"), "is not an object with an id or a narrative"),
    }
    each(achievement, "alignment", at, faults, alignment);
    each(achievement, "resultDescription", at, faults, |description, at, faults| {
        faults.id(description, at, Id::Required);
        faults.type_among(description, at, &["ResultDescription"]);
        faults.words(description, at, "name");
        faults.words(description, at, "resultType");
        shapes::check(description, at, faults, shapes::RESULT_DESCRIPTION);
        each(description, "alignment", at, faults, alignment);
        each(description, "rubricCriterionLevel", at, faults, |level, at, faults| {
            faults.id(level, at, Id::Required);
            faults.type_among(level, at, &["RubricCriterionLevel"]);
            faults.words(level, at, "name");
            shapes::check(level, at, faults, shapes::LEVEL);
            each(level, "alignment", at, faults, alignment);
        });
    });
    each(achievement, "related", at, faults, |related, at, faults| {
        faults.id(related, at, Id::Required);
        faults.type_among(related, at, &["Related"]);
    });
    each(achievement, "otherIdentifier", at, faults, identifier);
    if let Some(Value::Object(creator)) = achievement.get("creator") {
        profile(creator, &at.key("creator"), faults, Id::Required);
    }
    image(achievement, at, faults);
}

fn alignment(alignment: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
    faults.type_among(alignment, at, &["Alignment"]);
    faults.words(alignment, at, "targetName");
    faults.words(alignment, at, "targetUrl");
    shapes::check(alignment, at, faults, shapes::ALIGNMENT);
}

fn identifier(identifier: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
    faults.type_among(identifier, at, &["IdentifierEntry"]);
    faults.words(identifier, at, "identifier");
    faults.words(identifier, at, "identifierType");
    shapes::check(identifier, at, faults, shapes::IDENTIFIER);
}

fn profile(profile: &Map<String, Value>, at: &At<'_>, faults: &mut Faults, id: Id) {
    faults.id(profile, at, id);
    faults.type_among(profile, at, &["Profile"]);
    shapes::check(profile, at, faults, shapes::PROFILE);
    each(profile, "endorsement", at, faults, endorsement);
    each(profile, "otherIdentifier", at, faults, identifier);
    // Bounded by the nesting of JSON.
    if let Some(Value::Object(parent)) = profile.get("parentOrg") {
        self::profile(parent, &at.key("parentOrg"), faults, Id::Required);
    }
    image(profile, at, faults);
}

fn image(object: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
    let at = at.key("image");
    match object.get("image") {
        None => {}
        Some(Value::Object(image)) => {
            faults.id(image, &at, Id::Required);
            faults.type_among(image, &at, &["Image"]);
        }
        Some(_) => faults.add(&at, "is not one object"),
    }
}

/// Checks each object of a field.
fn each(
    object: &Map<String, Value>,
    field: &str,
    at: &At<'_>,
    faults: &mut Faults,
    check: fn(&Map<String, Value>, &At<'_>, &mut Faults),
) {
    let at = at.key(field);
    for (entry, at) in faults.objects(object.get(field), &at) {
        check(entry, &at, faults);
    }
}
