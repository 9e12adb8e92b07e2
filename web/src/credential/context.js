// Active contexts of JSON-LD 1.1 (Processing Algorithms and API, 4.1 and 4.2), for the contexts that are built in and for nothing else: they use
// `@id`, `@type`, `@context`, `@protected`, `@vocab`, `@version` and the containers `@set`, `@list` and `@graph`.
import { canonical, isObject, parseDocument } from "../json.js";
import { inflate } from "../open/inflate.js";
import { PACKED } from "./contexts.js";
import { Bad, Unchecked } from "./faults.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */
/** @typedef {{ iri: string, coercion: string, container: string, prefix: boolean, isProtected: boolean, scoped: Json | undefined }} Term
 * `coercion` is `@id`, `@vocab`, `@json`, a datatype, or empty */
/** @typedef {{ number: number, terms: Map<string, Term>, vocabulary: string | undefined, previous: Context | undefined }} Context */
/** @typedef {"embedded" | "property" | "type"} Scope */

export const CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1";
export const CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2";
/** Published with several texts. */
export const OPEN_BADGES_UNVERSIONED = "https://purl.imsglobal.org/spec/ob/v3p0/context.json";

const CONTEXTS_BYTES_MAX = 1 << 20;
const CONTEXTS_MAX = 256;

/** @type {Promise<JsonObject> | undefined} */
let known;

/** Every context by its address. @returns {Promise<JsonObject>} */
export function contexts() {
  known ??= inflate(Uint8Array.from(atob(PACKED), (c) => c.charCodeAt(0)), "deflate-raw", CONTEXTS_BYTES_MAX).then(
    (text) => /** @type {JsonObject} */ (parseDocument(text)),
  );
  return known;
}

/** @type {Context} */
export const NONE = { number: 0, terms: new Map(), vocabulary: undefined, previous: undefined };

/** @param {string} iri @returns {Term} */
export const plainTerm = (iri) => ({ iri, coercion: "", container: "@set", prefix: false, isProtected: false, scoped: undefined });

/** @param {Context} context @param {string} text */
export function expand(context, text) {
  const [, prefix, rest] = /^([^:]*):(?!\/\/)(.*)$/s.exec(text) ?? [];
  const term = prefix === undefined || prefix === "_" ? undefined : context.terms.get(prefix);
  return term?.prefix ? term.iri + rest : text;
}

/** Makes each context once. */
export class Contexts {
  constructor() {
    /** @type {Map<Json, Map<string, Context>>} */
    this.made = new Map();
    this.count = 0;
  }

  /** @param {Context} base @param {Json} local @param {Scope} scope @returns {Context} */
  apply(base, local, scope) {
    const places = this.made.get(local) ?? new Map();
    this.made.set(local, places);
    const place = `${base.number} ${scope}`;
    const before = places.get(place);
    if (before !== undefined) return before;
    if (this.count === CONTEXTS_MAX) throw new Unchecked(`more than ${CONTEXTS_MAX} JSON-LD contexts`);
    if (!isObject(local)) throw new Unchecked("a context that is not an object");
    this.count += 1;
    const context = made(base, local, scope, this.count);
    places.set(place, context);
    return context;
  }
}

/** @param {Context} base @param {JsonObject} local @param {Scope} scope @param {number} number @returns {Context} */
function made(base, local, scope, number) {
  const terms = new Map(base.terms);
  for (const name in local) {
    const term = name.startsWith("@") ? undefined : define(base, local, name);
    if (term === undefined) continue;
    const old = base.terms.get(name);
    if (old?.isProtected) {
      const wasProtected = term.isProtected;
      term.isProtected = true;
      if (scope !== "property" && !isSame(term, old)) throw new Bad(`a context redefines the protected term ${name}`);
      term.isProtected = wasProtected || scope !== "property";
    }
    terms.set(name, term);
  }
  const previous = scope === "type" && base.previous === undefined ? base : base.previous;
  return { number, terms, vocabulary: vocabularyOf(base, local), previous };
}

/** @param {Term} a @param {Term} b */
const isSame = (a, b) =>
  a.iri === b.iri && a.coercion === b.coercion && a.container === b.container && a.prefix === b.prefix && canonical(a.scoped ?? null) === canonical(b.scoped ?? null);

/** @param {Context} base @param {JsonObject} local */
const vocabularyOf = (base, local) => (typeof local["@vocab"] === "string" ? local["@vocab"] : base.vocabulary);

/** @param {Context} base @param {JsonObject} local @param {string} name @returns {Term | undefined} */
function define(base, local, name) {
  const value = local[name];
  const isProtected = local["@protected"] === true;
  if (typeof value === "string") {
    const iri = expandIn(base, local, value);
    return iri === undefined ? undefined : { ...plainTerm(iri), prefix: /[:/?#[\]@]$/.test(iri), isProtected };
  }
  if (!isObject(value)) return undefined;
  let coercion = value["@type"] ?? "";
  if (typeof coercion !== "string") return undefined;
  if (coercion !== "" && !["@id", "@vocab", "@json"].includes(coercion)) coercion = expandIn(base, local, coercion) ?? "";
  const container = value["@container"] === "@list" || value["@container"] === "@graph" ? value["@container"] : "@set";
  const iri = expandIn(base, local, typeof value["@id"] === "string" ? value["@id"] : name);
  return iri === undefined ? undefined : { ...plainTerm(iri), coercion, container, isProtected, scoped: value["@context"] };
}

/** @param {Context} base @param {JsonObject} local @param {string} text @returns {string | undefined} */
function expandIn(base, local, text) {
  if (text.startsWith("@")) return text;
  if (text in local) {
    const value = local[text];
    const iri = isObject(value) ? value["@id"] : value;
    return typeof iri === "string" && iri !== text ? expandIn(base, local, iri) : undefined;
  }
  const term = base.terms.get(text);
  if (term !== undefined) return term.iri;
  const colon = text.indexOf(":");
  if (colon < 0) {
    const vocabulary = vocabularyOf(base, local);
    return vocabulary === undefined ? undefined : vocabulary + text;
  }
  const rest = text.slice(colon + 1);
  if (rest.startsWith("//")) return text;
  const prefix = local[text.slice(0, colon)];
  if (typeof prefix !== "string") return expand(base, text);
  const start = expandIn(base, local, prefix);
  return start === undefined ? undefined : start + rest;
}
