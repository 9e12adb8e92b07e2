// What Open Badges 3.0 demands of an AchievementCredential or an EndorsementCredential (6 and B: data model and its JSON schemas).
import { isObject } from "../json.js";
import { isIri } from "./iri.js";
import { hasType } from "./read.js";
import { below, listOf } from "./rdf.js";
import { isStamp } from "./rules.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */
/** @typedef {import("./rules.js").Faults} Faults */
/** @typedef {(object: JsonObject, at: string, faults: Faults) => void} Rule */

const ACHIEVEMENT_TYPES = "Achievement ApprenticeshipCertificate Assessment Assignment AssociateDegree Award BachelorDegree Badge Certificate CertificateOfCompletion Certification CoCurricular CommunityService Competency Course Degree Diploma DoctoralDegree Fieldwork GeneralEducationDevelopment JourneymanCertificate LearningProgram License MasterCertificate MasterDegree Membership MicroCredential ProfessionalDoctorate QualityAssuranceCredential ResearchDoctorate SecondarySchoolDiploma";
const ALIGNMENT_TYPES = "CFItem CFRubric CFRubricCriterion CFRubricCriterionLevel CTDL ceasn:Competency ceterms:Credential";
const RESULT_STATUSES = "Completed Enrolled Failed InProgress OnHold Provisional Withdrew";
const RESULT_TYPES = "GradePointAverage LetterGrade Percent PerformanceLevel PredictedScore RawScore Result RubricCriterion RubricCriterionLevel RubricScore ScaledScore Status";
const IDENTIFIER_TYPES = "accountId emailAddress identifier isbn issn lisSourcedId ltiContextId ltiDeploymentId ltiPlatformId ltiToolId ltiUserId name nationalIdentityNumber oneRosterSourcedId productId sisSourcedId sourcedId systemId userName";

/** Whether a value has the shape. @type {Record<string, (value: Json) => boolean>} */
const SHAPES = {
  text: (value) => typeof value === "string",
  texts: (value) => typeof value === "string" || (Array.isArray(value) && value.every((entry) => typeof entry === "string")),
  number: (value) => typeof value === "number",
  date: isStamp,
  url: (value) => typeof value === "string" && isIri(value),
  email: (value) => typeof value === "string" && /^[^@]+@[^@ ]+$/.test(value),
  achievement: (value) => isWord(value, ACHIEVEMENT_TYPES),
  alignment: (value) => isWord(value, ALIGNMENT_TYPES),
  status: (value) => isWord(value, RESULT_STATUSES, false),
  result: (value) => isWord(value, RESULT_TYPES),
  identifier: (value) => isWord(value, IDENTIFIER_TYPES),
};

/** One of the words, or one of somebody's own. @param {Json} value @param {string} words @param {boolean} [hasOwn] */
const isWord = (value, words, hasOwn = true) => typeof value === "string" && (words.split(" ").includes(value) || (hasOwn && /^ext:./s.test(value)));

/** Fields that are there have their shape: `shape: fields`. @param {JsonObject} object @param {string} at @param {Faults} faults @param {Record<string, string>} shapes */
function check(object, at, faults, shapes) {
  for (const [shape, fields] of Object.entries(shapes)) {
    for (const field of fields.split(" ")) if (field in object && !SHAPES[shape](object[field])) faults.add(`${at}/${field}`, "is not what Open Badges has there");
  }
}

/** Each object of a field. @param {JsonObject} object @param {string} field @param {string} at @param {Faults} faults @param {Rule} rule */
function each(object, field, at, faults, rule) {
  for (const [entry, place] of faults.objects(object, field, at)) rule(entry, place, faults);
}

/** One object of a field, where there is one. @param {JsonObject} object @param {string} field @param {string} at @param {Faults} faults @param {Rule} rule */
function one(object, field, at, faults, rule) {
  const value = object[field];
  if (isObject(value)) rule(value, below(at, field), faults);
}

/** @param {Json} context */
const isContext = (context) =>
  typeof context === "string" &&
  (/^https:\/\/purl\.imsglobal\.org\/spec\/ob\/v3p0\/context.*\.json$/s.test(context) || context === "https://imsglobal.github.io/openbadges-specification/context.json");

/** @param {JsonObject} credential @param {boolean} isV1 @param {Faults} faults */
export function checkBadge(credential, isV1, faults) {
  const isAchievement = hasType(credential, "AchievementCredential", "OpenBadgeCredential");
  const place = Array.isArray(credential["@context"]) ? credential["@context"].findIndex(isContext) : -1;
  if (!isAchievement && !hasType(credential, "EndorsementCredential")) {
    const subjects = place < 0 || !("credentialSubject" in credential) ? [] : listOf(credential.credentialSubject).filter(isObject);
    if (subjects.some((subject) => hasType(subject, "AchievementSubject", "EndorsementSubject"))) faults.add("/type", "is not that of its subject");
    return;
  }
  if (place !== 1) faults.add("/@context/1", "is not the context of Open Badges 3.0");
  for (const field of isV1 ? ["id"] : ["id", "validFrom"]) if (!(field in credential)) faults.add(`/${field}`, "is missing");
  one(credential, "issuer", "", faults, profile);
  check(credential, "", faults, { date: "awardedDate", texts: "endorsementJwt" });
  image(credential, "", faults);
  each(credential, "endorsement", "", faults, endorsement);
  each(credential, "evidence", "", faults, (evidence, at) => {
    faults.typeAmong(evidence, at, "Evidence");
    check(evidence, at, faults, { text: "audience description genre name narrative" });
  });
  each(credential, "credentialSubject", "", faults, isAchievement ? achievementSubject : endorsementSubject);
}

/** A credential within a badge. Its signature is not looked at. @type {Rule} */
function endorsement(credential, at, faults) {
  faults.id(credential, at, true);
  faults.typeAmong(credential, at, "VerifiableCredential");
  faults.typeAmong(credential, at, "EndorsementCredential");
  for (const field of ["issuer", "credentialSubject"]) if (!(field in credential)) faults.add(`${at}/${field}`, "is missing");
  each(credential, "credentialSubject", at, faults, endorsementSubject);
}

/** @type {Rule} */
function endorsementSubject(subject, at, faults) {
  faults.typeAmong(subject, at, "EndorsementSubject");
  faults.id(subject, at, true);
}

/** @type {Rule} */
function achievementSubject(subject, at, faults) {
  faults.typeAmong(subject, at, "AchievementSubject");
  const { identifier } = subject;
  const hasIdentifier = identifier !== undefined && !(Array.isArray(identifier) && identifier.length === 0);
  if (!("id" in subject) && !hasIdentifier) faults.add(at, "has neither an id nor an identifier");
  check(subject, at, faults, { date: "activityEndDate activityStartDate", number: "creditsEarned", text: "licenseNumber narrative role term" });
  if (isObject(subject.achievement)) achievement(subject.achievement, `${at}/achievement`, faults);
  else faults.add(`${at}/achievement`, "achievement" in subject ? "is not one object" : "is missing");
  each(subject, "identifier", at, faults, (identity, place) => {
    faults.typeAmong(identity, place, "IdentityObject");
    faults.words(identity, place, "identityHash", "identityType");
    check(identity, place, faults, { identifier: "identityType", text: "salt" });
    if (typeof identity.hashed !== "boolean") faults.add(`${place}/hashed`, "is not true or false");
  });
  each(subject, "result", at, faults, (result, place) => {
    faults.typeAmong(result, place, "Result");
    check(result, place, faults, { url: "achievedLevel resultDescription", status: "status", text: "value" });
    each(result, "alignment", place, faults, alignment);
  });
  one(subject, "source", at, faults, profile);
  image(subject, at, faults);
}

/** @type {Rule} */
function achievement(object, at, faults) {
  faults.id(object, at, true);
  faults.typeAmong(object, at, "Achievement");
  faults.words(object, at, "name", "description");
  check(object, at, faults, {
    achievement: "achievementType", number: "creditsAvailable", texts: "endorsementJwt tag", text: "fieldOfStudy humanCode inLanguage specialization version",
  });
  each(object, "endorsement", at, faults, endorsement);
  const { criteria } = object;
  if (isObject(criteria) && ("id" in criteria || "narrative" in criteria)) faults.id(criteria, `${at}/criteria`, false);
  else faults.add(`${at}/criteria`, criteria === undefined ? "is missing" : "is not an object with an id or a narrative");
  each(object, "alignment", at, faults, alignment);
  each(object, "resultDescription", at, faults, (description, place) => {
    faults.id(description, place, true);
    faults.typeAmong(description, place, "ResultDescription");
    faults.words(description, place, "name", "resultType");
    check(description, place, faults, { texts: "allowedValue", url: "requiredLevel", text: "requiredValue valueMax valueMin", result: "resultType" });
    each(description, "alignment", place, faults, alignment);
    each(description, "rubricCriterionLevel", place, faults, (level, inner) => {
      faults.id(level, inner, true);
      faults.typeAmong(level, inner, "RubricCriterionLevel");
      faults.words(level, inner, "name");
      check(level, inner, faults, { text: "description level points" });
      each(level, "alignment", inner, faults, alignment);
    });
  });
  each(object, "related", at, faults, (related, place) => {
    faults.id(related, place, true);
    faults.typeAmong(related, place, "Related");
  });
  each(object, "otherIdentifier", at, faults, identifier);
  one(object, "creator", at, faults, profile);
  image(object, at, faults);
}

/** @type {Rule} */
function alignment(object, at, faults) {
  faults.typeAmong(object, at, "Alignment");
  faults.words(object, at, "targetName", "targetUrl");
  check(object, at, faults, { text: "targetCode targetDescription targetFramework", alignment: "targetType", url: "targetUrl" });
}

/** @type {Rule} */
function identifier(object, at, faults) {
  faults.typeAmong(object, at, "IdentifierEntry");
  faults.words(object, at, "identifier", "identifierType");
  check(object, at, faults, { identifier: "identifierType" });
}

/** @type {Rule} */
function profile(object, at, faults) {
  faults.id(object, at, true);
  faults.typeAmong(object, at, "Profile");
  check(object, at, faults, { text: "additionalName familyName givenName official phone", email: "email", texts: "endorsementJwt", url: "url" });
  each(object, "endorsement", at, faults, endorsement);
  each(object, "otherIdentifier", at, faults, identifier);
  one(object, "parentOrg", at, faults, profile);
  image(object, at, faults);
}

/** @type {Rule} */
function image(object, above, faults) {
  const at = `${above}/image`;
  if (!("image" in object)) return;
  if (!isObject(object.image)) return faults.add(at, "is not one object");
  faults.id(object.image, at, true);
  faults.typeAmong(object.image, at, "Image");
}
