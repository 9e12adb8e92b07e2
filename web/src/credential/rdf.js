// JSON-LD to RDF, and what of a document is lost on the way (JSON-LD 1.1 Processing Algorithms and API, 5.1, 5.3 and 8). A value either gives a
// statement, or is named: so cover holds by construction. Names that give the same RDF under another key, inline contexts, `@graph`, `@included`,
// `@reverse` and the like are not read at all.
import { canonical, isObject } from "../json.js";
import { Contexts, NONE, expand, plainTerm } from "./context.js";
import { Bad, Unchecked } from "./faults.js";
import { isIri } from "./iri.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */
/** @typedef {import("./context.js").Context} Context */
/** @typedef {import("./context.js").Term} Term */
/** @typedef {[string, string, string, string]} Quad subject, predicate, object and graph, as in N-Quads; an empty graph is the default one */
/** @typedef {{ context: Context, term: Term, graph: string }} Place */

const QUADS_MAX = 20_000;
const PLACES_MAX = 20;
const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XSD = "http://www.w3.org/2001/XMLSchema#";
const VC = "https://www.w3.org/2018/credentials#";
const SECURITY = "https://w3id.org/security#";
/** Names whose values are read from the JSON, of the credential and of its proofs, and what they mean. */
const READ_NAMES = new Map([
  ["id", "@id"], ["type", "@type"],
  ...["issuer", "credentialSubject", "credentialStatus", "validFrom", "validUntil", "issuanceDate", "expirationDate"].map((name) => /** @type {[string, string]} */ ([name, VC + name])),
  ...["proof", "proofPurpose", "verificationMethod", "cryptosuite", "previousProof"].map((name) => /** @type {[string, string]} */ ([name, SECURITY + name])),
  ["created", "http://purl.org/dc/terms/created"], ["expires", `${SECURITY}expiration`],
]);
/** JSON-LD 1.1, 1.7. */
const KEYWORDS = "base container direction graph id import included index json language list nest none prefix propagate protected reverse set type value version vocab".split(" ").map((name) => `@${name}`);

/** @param {Json | undefined} value */
export const listOf = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** @param {string} at @param {string} name */
export const below = (at, name) => `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** @param {string} name */
const isKeywordLike = (name) => /^@[a-zA-Z]+$/.test(name);
/** @param {string} at @param {string} what */
const notRead = (at, what) => new Unchecked(`${at}: ${what} is not read`);
/** @param {string} at @param {string} what */
const malformed = (at, what) => new Bad(`the document is not valid JSON-LD: ${at}: ${what}`);
/** @param {Context} context @param {string} name @param {string} keyword */
const means = (context, name, keyword) => context.terms.get(name)?.iri === keyword;

/** The canonical form of an `xsd:double`. @param {number} value */
function double(value) {
  const [digits, exponent] = value.toExponential(15).split("e");
  return `${digits.replace(/(\.\d+?)0*$/, "$1")}E${exponent.replace("+", "")}`;
}

const ESCAPED = new Map([["\b", "\\b"], ["\t", "\\t"], ["\n", "\\n"], ["\f", "\\f"], ["\r", "\\r"], ['"', '\\"'], ["\\", "\\\\"]]);
/** RDFC-1.0, 5. @param {string} text */
const quoted = (text) =>
  `"${text.replace(/[\u0000-\u001f"\\\u007f]/g, (c) => ESCAPED.get(c) ?? `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`)}"`;

/** Statements, and places that no statement covers. @param {JsonObject} document @param {JsonObject} known contexts */
export function convert(document, known) {
  const conversion = new Conversion(known, document.id);
  conversion.node(document, NONE, "", "");
  return { quads: conversion.quads, lost: conversion.lost };
}

class Conversion {
  /** @param {JsonObject} known @param {Json | undefined} rootId */
  constructor(known, rootId) {
    this.known = known;
    this.rootId = rootId;
    this.contexts = new Contexts();
    /** @type {Quad[]} */
    this.quads = [];
    /** @type {string[]} */
    this.lost = [];
    this.blankNodes = 0;
    /** @type {Map<string, string>} */
    this.labels = new Map();
  }

  /** @param {string} at @param {string} why */
  lose(at, why) {
    if (this.lost.length <= PLACES_MAX) this.lost.push(this.lost.length === PLACES_MAX ? "and more" : `${at} ${why}`);
    return undefined;
  }

  blankNode() {
    this.blankNodes += 1;
    return `_:n${this.blankNodes}`;
  }

  /** @param {Quad} quad */
  push(...quad) {
    if (this.quads.length === QUADS_MAX) throw new Unchecked(`more than ${QUADS_MAX} RDF statements`);
    this.quads.push(quad);
  }

  /** Its subject. @param {JsonObject} members @param {Context} given @param {string} graph @param {string} at @returns {string | undefined} */
  node(members, given, graph, at) {
    let context = given;
    if ("@context" in members) context = this.embedded(context, members["@context"], below(at, "@context"));
    const outer = context;
    for (const name of listOf(members.type).filter((name) => typeof name === "string").sort()) {
      const scoped = outer.terms.get(String(name))?.scoped;
      if (scoped !== undefined) context = this.contexts.apply(context, scoped, "type");
    }
    const hasId = "id" in members && means(context, "id", "@id");
    const subject = hasId ? this.id(members.id, context, below(at, "id")) : this.blankNode();
    const saysSomething = Object.keys(members).some((name) => !["id", "type", "@context"].includes(name));
    if (at !== "" && typeof this.rootId === "string" && members.id === this.rootId && saysSomething) {
      this.lose(below(at, "id"), "says more about the credential itself, in a place that is not read");
    }
    for (const [name, value] of Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const place = below(at, name);
      if (at === "") this.checkName(name, context, place);
      if (name === "@context" || (name === "id" && hasId)) continue;
      if (name === "type" && means(context, "type", "@type")) this.types(value, outer, context, subject, graph, place);
      else this.property(name, value, context, subject, graph, place);
    }
    return subject;
  }

  /** @param {Context} context @param {Json} local @param {string} at */
  embedded(context, local, at) {
    let made = context;
    for (const url of listOf(local)) {
      if (typeof url !== "string") throw notRead(at, "a context of the document's own");
      if (!(url in this.known)) throw new Unchecked(`the JSON-LD context ${url} is not known, and contexts are never fetched`);
      made = this.contexts.apply(made, this.known[url], "embedded");
    }
    return made;
  }

  /** @param {string} name @param {Context} context @param {string} at */
  checkName(name, context, at) {
    const meaning = context.terms.get(name)?.iri ?? (context.vocabulary === undefined ? undefined : context.vocabulary + name);
    for (const [known, iri] of READ_NAMES) {
      if (name === known && meaning !== undefined && meaning !== iri) this.lose(at, "has another meaning than its name");
      else if (name !== known && meaning === iri) this.lose(at, "has the meaning of another name");
    }
  }

  /** @param {Json} id @param {Context} context @param {string} at */
  id(id, context, at) {
    if (typeof id !== "string") throw malformed(at, "an id is not a text");
    // 5.2.2, step 2: as if there were none.
    if (isKeywordLike(id) && !KEYWORDS.includes(id)) {
      this.lose(at, "looks like a keyword of JSON-LD");
      return this.blankNode();
    }
    return this.address(id, context, at);
  }

  /** @param {string} text @param {Context} context @param {string} at */
  address(text, context, at) {
    if (text.startsWith("_:")) {
      this.lose(at, "is a label that no signature covers");
      const node = this.labels.get(text) ?? this.blankNode();
      this.labels.set(text, node);
      return node;
    }
    const whole = expand(context, text);
    if (whole !== text) this.lose(at, "is an abbreviation; the signature covers what it stands for");
    return this.named(whole, at);
  }

  /** @param {string} iri @param {string} at */
  named(iri, at) {
    return isIri(iri) ? `<${iri}>` : this.lose(at, "is not a whole address");
  }

  /** @param {Json} value @param {Context} outer @param {Context} context @param {string | undefined} subject @param {string} graph @param {string} at */
  types(value, outer, context, subject, graph, at) {
    if (listOf(value).length === 0) this.lose(at, "is empty");
    for (const [i, name] of listOf(value).entries()) {
      const place = Array.isArray(value) ? `${at}/${i}` : at;
      if (typeof name !== "string") throw malformed(place, "a type is not a text");
      const node = this.vocabularyTerm(name, outer, place);
      if (node === `<${name}>` && [outer, context].some(({ terms }) => [...terms.values()].some(({ iri }) => iri === name))) {
        this.lose(place, "is the address of a type that has a name");
      }
      if (subject !== undefined && node !== undefined) this.push(subject, `<${RDF}type>`, node, graph);
    }
  }

  /** @param {string} name @param {Context} context @param {string} at */
  vocabularyTerm(name, context, at) {
    if (isKeywordLike(name)) return this.lose(at, "looks like a keyword of JSON-LD");
    const term = context.terms.get(name);
    if (term !== undefined) return this.named(term.iri, at);
    if (name.includes(":")) return this.address(name, context, at);
    return context.vocabulary === undefined ? this.lose(at, "has a name that no context defines") : this.named(context.vocabulary + name, at);
  }

  /** @param {string} name @param {Json} value @param {Context} context @param {string | undefined} subject @param {string} graph @param {string} at */
  property(name, value, context, subject, graph, at) {
    if (KEYWORDS.includes(name)) throw notRead(at, "a keyword of JSON-LD");
    if (isKeywordLike(name)) return this.lose(at, "looks like a keyword of JSON-LD");
    let term = context.terms.get(name);
    if (term === undefined) {
      if (name.includes(":")) throw notRead(at, "an address in place of a name");
      if (context.vocabulary === undefined) return this.lose(at, "has a name that no context defines");
      term = plainTerm(context.vocabulary + name);
    }
    if (term.iri.startsWith("@")) throw notRead(at, "another name for a keyword of JSON-LD");
    const predicate = this.named(term.iri, at);
    if (predicate === undefined) return undefined;
    const place = { context, term, graph };
    const isList = term.container === "@list" && value !== null;
    const objects = isList ? [this.list(value, place, at)] : term.container === "@graph" ? this.graphs(value, place, at) : this.set(value, place, at);
    for (const object of objects) if (subject !== undefined) this.push(subject, predicate, object, graph);
    return undefined;
  }

  /** @param {Json} value @param {Place} place @param {string} at @returns {string[]} */
  set(value, place, at) {
    if (!Array.isArray(value) || place.term.coercion === "@json") return this.object(value, place, at) ?? [];
    if (value.length === 0) this.lose(at, "is empty");
    return value.flatMap((entry, i) => this.set(entry, place, `${at}/${i}`));
  }

  /** @param {Json} value @param {Place} place @param {string} at */
  list(value, place, at) {
    const objects = listOf(value).flatMap((entry, i) => {
      const inner = Array.isArray(value) ? `${at}/${i}` : at;
      if (Array.isArray(entry)) throw notRead(inner, "a list in a list");
      return this.object(entry, place, inner) ?? [];
    });
    let rest = `<${RDF}nil>`;
    for (const object of objects.reverse()) {
      const cell = this.blankNode();
      this.push(cell, `<${RDF}first>`, object, place.graph);
      this.push(cell, `<${RDF}rest>`, rest, place.graph);
      rest = cell;
    }
    return rest;
  }

  /** @param {Json} value @param {Place} place @param {string} at */
  graphs(value, place, at) {
    if (listOf(value).length === 0) this.lose(at, "is empty");
    return listOf(value).map((entry, i) => {
      const inner = Array.isArray(value) ? `${at}/${i}` : at;
      if (!isObject(entry)) throw notRead(inner, "a graph that is not an object");
      const graph = this.blankNode();
      this.object(entry, { ...place, graph }, inner);
      return graph;
    });
  }

  /** One object or none, in a list. @param {Json} value @param {Place} place @param {string} at @returns {string[] | undefined} */
  object(value, { context, term, graph }, at) {
    const one = (/** @type {string | undefined} */ object) => (object === undefined ? undefined : [object]);
    const { coercion } = term;
    if (coercion === "@json") return [`${quoted(canonical(value))}^^<${RDF}JSON>`];
    if (value === null) return this.lose(at, "is null");
    if (Array.isArray(value)) throw notRead(at, "a list in a place of one value");
    if (isObject(value)) {
      if ("@value" in value) return one(this.valueObject(value, context, at));
      const isReference = Object.keys(value).length === 1 && "id" in value && means(context, "id", "@id");
      const base = isReference ? context : (context.previous ?? context);
      return one(this.node(value, this.scoped(base, term), graph, at));
    }
    const datatype = coercion === "" || coercion.startsWith("@") ? undefined : coercion;
    if (typeof value !== "string") return one(this.scalar(value, datatype, at));
    if (coercion === "@id") return one(this.address(value, context, at));
    if (coercion === "@vocab") return one(this.vocabularyTerm(value, this.scoped(context, term), at));
    return datatype === undefined ? [quoted(value)] : one(this.literal(value, datatype, at));
  }

  /** @param {Context} context @param {Term} term */
  scoped(context, { scoped }) {
    return scoped === undefined ? context : this.contexts.apply(context, scoped, "property");
  }

  /** @param {JsonObject} members @param {Context} context @param {string} at */
  valueObject(members, context, at) {
    for (const name in members) {
      if (name === "@direction" || name === "@index") this.lose(below(at, name), "has no place in RDF");
      else if (!["@value", "@language", "@type"].includes(name)) throw malformed(below(at, name), "does not belong beside a @value");
    }
    const value = members["@value"];
    const [type, language] = ["@type", "@language"].map((name) => {
      if (name in members && typeof members[name] !== "string") throw notRead(below(at, name), "what is not a text");
      return /** @type {string | undefined} */ (members[name]);
    });
    if (type !== undefined && language !== undefined) throw malformed(at, "a value has both a type and a language");
    if (value === null) return this.lose(at, "is null");
    if (typeof value === "object") throw notRead(at, "a value that is not one text or number");
    if (language !== undefined) {
      if (typeof value !== "string") throw malformed(at, "a value with a language is not a text");
      const isTag = /^[a-z]{1,8}(-[a-z\d]{1,8})*$/i.test(language);
      return isTag ? `${quoted(value)}@${language.toLowerCase()}` : this.lose(at, "is in no language that has a tag");
    }
    if (type === "@json") throw notRead(at, "a value that is JSON");
    let datatype;
    if (type !== undefined) {
      const node = this.vocabularyTerm(type, context, below(at, "@type"));
      if (!node?.startsWith("<")) throw malformed(below(at, "@type"), "a type of a value is not an address");
      datatype = node.slice(1, -1);
    }
    if (typeof value !== "string") return this.scalar(value, datatype, at);
    return datatype === undefined ? quoted(value) : this.literal(value, datatype, at);
  }

  /** @param {string} text @param {string} datatype @param {string} at */
  literal(text, datatype, at) {
    const node = this.named(datatype, at);
    if (node === undefined || node === `<${XSD}string>`) return node && quoted(text);
    return `${quoted(text)}^^${node}`;
  }

  /** 8.2.2, steps 8 to 12. @param {number | boolean} value @param {string | undefined} datatype @param {string} at */
  scalar(value, datatype, at) {
    if (typeof value === "boolean") return this.literal(String(value), datatype ?? `${XSD}boolean`, at);
    const isInteger = Number.isInteger(value) && Math.abs(value) < 1e21 && datatype !== `${XSD}double`;
    if (isInteger) return this.literal(String(BigInt(value)), datatype ?? `${XSD}integer`, at);
    return this.literal(double(value), datatype ?? `${XSD}double`, at);
  }
}
