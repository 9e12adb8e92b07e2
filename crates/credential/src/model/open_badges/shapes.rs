//! What the JSON schemas of Open Badges 3.0 say of single values.

use serde_json::{Map, Value};

use crate::dates;
use crate::model::rules::{Faults, is_url};
use crate::pointer::At;

/// What a value has to be.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Text,
    Texts,
    Number,
    Date,
    Url,
    Email,
    /// One of these words, or a word of somebody's own that starts with `ext:`.
    Word(&'static [&'static str]),
    /// One of these words.
    FixedWord(&'static [&'static str]),
}

/// Checks those of the fields that are there.
pub(super) fn check(object: &Map<String, Value>, at: &At<'_>, faults: &mut Faults, fields: &[(&str, Shape)]) {
    for (field, shape) in fields {
        if let Some(value) = object.get(*field)
            && let Some(why) = shape.fault(value)
        {
            faults.add(&at.key(field), why);
        }
    }
}

impl Shape {
    fn fault(self, value: &Value) -> Option<&'static str> {
        let text = value.as_str();
        let (holds, why) = match self {
            Self::Text => (value.is_string(), "is not a text"),
            Self::Texts => {
                let is_list = value.as_array().is_some_and(|entries| entries.iter().all(Value::is_string));
                (is_list || value.is_string(), "is not a list of texts")
            }
            Self::Number => (value.is_number(), "is not a number"),
            Self::Date => (
                text.is_some_and(dates::is_stamp),
                "is not a date and time with an offset (xsd:dateTimeStamp)",
            ),
            Self::Url => (text.is_some_and(is_url), "is not a URL"),
            Self::Email => (text.is_some_and(is_email), "is not an e-mail address"),
            Self::Word(words) => {
                let is_own = |text: &str| text.strip_prefix("ext:").is_some_and(|own| !own.is_empty());
                (
                    text.is_some_and(|text| words.contains(&text) || is_own(text)),
                    "is not one of the words of Open Badges, nor one that starts with ext:",
                )
            }
            Self::FixedWord(words) => {
                (text.is_some_and(|text| words.contains(&text)), "is not one of the words of Open Badges")
            }
        };
        if holds { None } else { Some(why) }
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains(['@', ' ']))
}

pub(super) const CREDENTIAL: &[(&str, Shape)] =
    &[("awardedDate", Shape::Date), ("endorsementJwt", Shape::Texts)];

pub(super) const SUBJECT: &[(&str, Shape)] = &[
    ("activityEndDate", Shape::Date),
    ("activityStartDate", Shape::Date),
    ("creditsEarned", Shape::Number),
    ("licenseNumber", Shape::Text),
    ("narrative", Shape::Text),
    ("role", Shape::Text),
    ("term", Shape::Text),
];

pub(super) const ACHIEVEMENT: &[(&str, Shape)] = &[
    ("achievementType", Shape::Word(ACHIEVEMENT_TYPES)),
    ("creditsAvailable", Shape::Number),
    ("endorsementJwt", Shape::Texts),
    ("fieldOfStudy", Shape::Text),
    ("humanCode", Shape::Text),
    ("inLanguage", Shape::Text),
    ("specialization", Shape::Text),
    ("tag", Shape::Texts),
    ("version", Shape::Text),
];

pub(super) const ALIGNMENT: &[(&str, Shape)] = &[
    ("targetCode", Shape::Text),
    ("targetDescription", Shape::Text),
    ("targetFramework", Shape::Text),
    ("targetType", Shape::Word(ALIGNMENT_TYPES)),
    ("targetUrl", Shape::Url),
];

pub(super) const RESULT: &[(&str, Shape)] = &[
    ("achievedLevel", Shape::Url),
    ("resultDescription", Shape::Url),
    ("status", Shape::FixedWord(RESULT_STATUSES)),
    ("value", Shape::Text),
];

pub(super) const RESULT_DESCRIPTION: &[(&str, Shape)] = &[
    ("allowedValue", Shape::Texts),
    ("requiredLevel", Shape::Url),
    ("requiredValue", Shape::Text),
    ("resultType", Shape::Word(RESULT_TYPES)),
    ("valueMax", Shape::Text),
    ("valueMin", Shape::Text),
];

pub(super) const LEVEL: &[(&str, Shape)] =
    &[("description", Shape::Text), ("level", Shape::Text), ("points", Shape::Text)];

pub(super) const IDENTITY: &[(&str, Shape)] =
    &[("identityType", Shape::Word(IDENTIFIER_TYPES)), ("salt", Shape::Text)];

pub(super) const IDENTIFIER: &[(&str, Shape)] = &[("identifierType", Shape::Word(IDENTIFIER_TYPES))];

pub(super) const EVIDENCE: &[(&str, Shape)] = &[
    ("audience", Shape::Text),
    ("description", Shape::Text),
    ("genre", Shape::Text),
    ("name", Shape::Text),
    ("narrative", Shape::Text),
];

pub(super) const PROFILE: &[(&str, Shape)] = &[
    ("additionalName", Shape::Text),
    ("email", Shape::Email),
    ("endorsementJwt", Shape::Texts),
    ("familyName", Shape::Text),
    ("givenName", Shape::Text),
    ("official", Shape::Text),
    ("phone", Shape::Text),
    ("url", Shape::Url),
];

const ACHIEVEMENT_TYPES: &[&str] = &[
    "Achievement",
    "ApprenticeshipCertificate",
    "Assessment",
    "Assignment",
    "AssociateDegree",
    "Award",
    "BachelorDegree",
    "Badge",
    "Certificate",
    "CertificateOfCompletion",
    "Certification",
    "CoCurricular",
    "CommunityService",
    "Competency",
    "Course",
    "Degree",
    "Diploma",
    "DoctoralDegree",
    "Fieldwork",
    "GeneralEducationDevelopment",
    "JourneymanCertificate",
    "LearningProgram",
    "License",
    "MasterCertificate",
    "MasterDegree",
    "Membership",
    "MicroCredential",
    "ProfessionalDoctorate",
    "QualityAssuranceCredential",
    "ResearchDoctorate",
    "SecondarySchoolDiploma",
];

const ALIGNMENT_TYPES: &[&str] = &[
    "CFItem",
    "CFRubric",
    "CFRubricCriterion",
    "CFRubricCriterionLevel",
    "CTDL",
    "ceasn:Competency",
    "ceterms:Credential",
];

const RESULT_STATUSES: &[&str] =
    &["Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"];

const RESULT_TYPES: &[&str] = &[
    "GradePointAverage",
    "LetterGrade",
    "Percent",
    "PerformanceLevel",
    "PredictedScore",
    "RawScore",
    "Result",
    "RubricCriterion",
    "RubricCriterionLevel",
    "RubricScore",
    "ScaledScore",
    "Status",
];

const IDENTIFIER_TYPES: &[&str] = &[
    "accountId",
    "emailAddress",
    "identifier",
    "isbn",
    "issn",
    "lisSourcedId",
    "ltiContextId",
    "ltiDeploymentId",
    "ltiPlatformId",
    "ltiToolId",
    "ltiUserId",
    "name",
    "nationalIdentityNumber",
    "oneRosterSourcedId",
    "productId",
    "sisSourcedId",
    "sourcedId",
    "systemId",
    "userName",
];
