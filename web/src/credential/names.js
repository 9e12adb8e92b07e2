// Names that a document's own contexts define: they redefine nothing that is protected and stand for URLs, and every type is one of the names that
// are defined. Source: VC Data Model 2.0, 4.5 and 5.2.1; JSON-LD 1.1, 4.1.11.
import { canonical, isObject } from "../json.js";
import { CREDENTIALS_V1, CREDENTIALS_V2 } from "./context.js";
import { isIri } from "./iri.js";
import { below, listOf } from "./rdf.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */
/** @typedef {import("./rules.js").Faults} Faults */

/** Fields whose values have types of their own. Proofs are looked at with their signatures. */
const TYPED = ["credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence"];

/** @param {JsonObject} credential @param {JsonObject} known @param {Faults} faults */
export function checkNames(credential, known, faults) {
  const entries = "@context" in credential ? listOf(credential["@context"]) : [];
  const names = new Names(!entries.includes(CREDENTIALS_V1) && !entries.includes(CREDENTIALS_V2), faults);
  for (const [i, entry] of entries.entries()) {
    if (isObject(entry)) names.addOwn(entry, `/@context/${i}`);
    else if (typeof entry === "string" && isObject(known[entry])) names.add(known[entry]);
    else if (typeof entry === "string") names.isOpen = true;
  }
  names.checkTypes(credential, "");
  for (const field of TYPED) {
    const value = credential[field];
    for (const [i, entry] of (value === undefined ? [] : listOf(value)).entries()) {
      // A context in it may define anything.
      if (isObject(entry) && !("@context" in entry) && !names.hasInnerVocabulary) names.checkTypes(entry, Array.isArray(value) ? `/${field}/${i}` : `/${field}`);
    }
  }
}

/** What a definition names, as it is written. @param {Json | undefined} value */
function iriOf(value) {
  const iri = isObject(value) ? value["@id"] : value;
  return typeof iri === "string" ? iri : undefined;
}

/** @param {Json} value */
const short = (value) => canonical(isObject(value) && Object.keys(value).length === 1 && "@id" in value ? value["@id"] : value);

class Names {
  /** @param {boolean} isOpen a context that is not known may define anything @param {Faults} faults */
  constructor(isOpen, faults) {
    this.isOpen = isOpen;
    this.faults = faults;
    /** @type {Map<string, { value: Json, isProtected: boolean }>} */
    this.terms = new Map();
    /** Names that hold within some values only. @type {Set<string>} */
    this.inner = new Set();
    this.hasVocabulary = false;
    this.hasInnerVocabulary = false;
  }

  /** @param {JsonObject} context */
  add(context) {
    if ("@vocab" in context) this.hasVocabulary = context["@vocab"] !== null;
    for (const [name, value] of namesOf(context)) {
      const own = isObject(value) && typeof value["@protected"] === "boolean" ? value["@protected"] : context["@protected"] === true;
      this.terms.set(name, { value, isProtected: own || (this.terms.get(name)?.isProtected ?? false) });
      if (isObject(value) && "@context" in value) this.addInner(value["@context"]);
    }
  }

  /** @param {Json} scoped */
  addInner(scoped) {
    for (const context of listOf(scoped).filter(isObject)) {
      for (const [name, value] of Object.entries(context)) {
        this.inner.add(name);
        this.hasInnerVocabulary ||= name === "@vocab";
        if (isObject(value) && "@context" in value) this.addInner(value["@context"]);
      }
    }
  }

  /** A context of the document's own. @param {JsonObject} context @param {string} at */
  addOwn(context, at) {
    for (const [name, value] of namesOf(context)) {
      const old = this.terms.get(name);
      if (old?.isProtected && short(old.value) !== short(value)) this.faults.add(below(at, name), "redefines a name that a context before it protects");
    }
    this.add(context);
    for (const [name, value] of namesOf(context)) {
      if (value !== null && !this.isAddress(iriOf(value) ?? name, name)) this.faults.add(below(at, name), "does not stand for a URL");
    }
  }

  /** @param {string} iri @param {string} name */
  isAddress(iri, name) {
    if (iri.startsWith("@") || this.isOpen) return true;
    const colon = iri.indexOf(":");
    if (colon < 0) return this.hasVocabulary || (iri !== name && this.terms.has(iri));
    const [prefix, rest] = [iri.slice(0, colon), iri.slice(colon + 1)];
    const start = iriOf(this.terms.get(prefix)?.value);
    return isIri(start !== undefined && prefix !== name && !rest.startsWith("//") ? start + rest : iri);
  }

  /** @param {JsonObject} object @param {string} above */
  checkTypes(object, above) {
    if (this.isOpen || this.hasVocabulary || !("type" in object)) return;
    for (const [i, name] of listOf(object.type).entries()) {
      if (typeof name !== "string" || name === "" || /[ :]/.test(name)) continue;
      const isTerm = (this.terms.get(name)?.value ?? null) !== null || (above !== "" && this.inner.has(name));
      if (!isTerm) this.faults.add(Array.isArray(object.type) ? `${above}/type/${i}` : `${above}/type`, "is not a name that its contexts define");
    }
  }
}

/** @param {JsonObject} context */
const namesOf = (context) => Object.entries(context).filter(([name]) => !name.startsWith("@"));
