// Endorsements: which of the documents that are checked together another one endorses, as `sanad verify` says it.
import { source } from "./ed25519.js";
import { Malformed } from "./faults.js";
import { isObject, parseDocument } from "./json.js";
import { readSdJwt } from "./sdjwt.js";

/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {{ name: string, id: string | undefined, achievement: string | undefined, digest: string }} Award */
/** What it is, and of which document: `award` to the byte, `achievement` by the achievement's id, `named` by its id alone, `changed` a document with the id that
 * is not the one that was endorsed, `missing` none of them, `alone` where there is no other, `unreadable` nothing that has one id.
 * @typedef {{ found: "award" | "achievement" | "named" | "changed" | "missing" | "alone" | "unreadable", id: string, comment: string, name: string }} Endorses */

const TYPE = "EndorsementCredential";

/** @param {import("./json.js").Json | undefined} value */
const text = (value) => (typeof value === "string" ? value : undefined);

/** The claims of a document, if it has some. @param {Uint8Array} document */
async function saidBy(document) {
  for (const read of [async () => parseDocument(document), async () => (await readSdJwt(document)).claims]) {
    try {
      const said = await read();
      return isObject(said) ? said : null;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  return null;
}

/** @param {string} name @param {Uint8Array} document @returns {Promise<Award>} */
export async function awardOf(name, document) {
  const said = (await saidBy(document)) ?? {};
  const subject = "vct" in said ? said : isObject(said.credentialSubject) ? said.credentialSubject : {};
  const achievement = isObject(subject.achievement) ? text(subject.achievement.id) : undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-384", source(document)));
  return { name, id: text("vct" in said ? said.jti : said.id), achievement, digest: `sha384-${btoa(String.fromCharCode(...digest))}` };
}

/** What a document endorses, if it is an endorsement. @param {Uint8Array} document @param {Award[]} awards all documents, itself too @returns {Endorses | null} */
export function endorses(document, awards) {
  let said;
  try {
    said = parseDocument(document);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
  if (!isObject(said) || !(said.type === TYPE || (Array.isArray(said.type) && said.type.includes(TYPE)))) return null;
  const given = said.credentialSubject;
  const subject = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const id = isObject(subject) ? text(subject.id) : undefined;
  if (!isObject(subject) || id === undefined) return { found: "unreadable", id: "", comment: "", name: "" };
  const comment = text(subject.endorsementComment) ?? "";
  const related = Array.isArray(said.relatedResource) ? said.relatedResource.find((resource) => isObject(resource) && resource.id === id) : undefined;
  const digest = isObject(related) ? text(related.digestSRI) : undefined;
  const whole = digest === undefined ? undefined : awards.find((award) => award.digest === digest);
  if (whole !== undefined) return { found: "award", id, comment, name: whole.name };
  const named = awards.find((award) => award.id === id);
  if (named !== undefined) return { found: digest === undefined ? "named" : "changed", id, comment, name: named.name };
  const achievement = awards.find((award) => award.achievement === id);
  if (achievement !== undefined) return { found: "achievement", id, comment, name: achievement.name };
  return { found: awards.length <= 1 ? "alone" : "missing", id, comment, name: "" };
}

