// Rules of data models that hold for objects of many kinds.
import { moment } from "../dates.js";
import { isObject } from "../json.js";
import { isIri } from "./iri.js";
import { hasType } from "./read.js";
import { below } from "./rdf.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */

const FAULTS_MAX = 20;

/** Whether it is an `xsd:dateTimeStamp`, which has an offset. @param {Json | undefined} value */
export const isStamp = (value) => moment(value) !== null && /(Z|[+-]\d\d:\d\d)$/.test(String(value));

/** @param {Json | undefined} value */
const isUrl = (value) => typeof value === "string" && isIri(value);

/** Faults found so far, a bounded number. */
export class Faults {
  constructor() {
    /** @type {string[]} */
    this.list = [];
  }

  /** @param {string} at @param {string} text */
  add(at, text) {
    if (this.list.length < FAULTS_MAX) this.list.push(`${at === "" ? "the document" : at} ${text}`);
  }

  /** The objects of a field that has one or a list of at least one; anything else is a fault. @param {JsonObject} object @param {string} field
   * @param {string} above @returns {[JsonObject, string][]} */
  objects(object, field, above) {
    const at = below(above, field);
    const value = object[field];
    if (value === undefined) return [];
    if (!Array.isArray(value)) return isObject(value) ? [[value, at]] : (this.add(at, "is not an object"), []);
    if (value.length === 0) this.add(at, "is empty");
    return value.flatMap((entry, i) => {
      if (isObject(entry)) return [/** @type {[JsonObject, string]} */ ([entry, `${at}/${i}`])];
      this.add(`${at}/${i}`, "is not an object");
      return [];
    });
  }

  /** VC 2.0, 4.4: one URL. @param {JsonObject} object @param {string} at @param {boolean} isRequired */
  id(object, at, isRequired) {
    if (!("id" in object)) {
      if (isRequired) this.add(`${at}/id`, "is missing");
    } else if (!isUrl(object.id)) this.add(`${at}/id`, "is not one URL");
  }

  /** VC 2.0, 4.5: one or more names or URLs. @param {JsonObject} object @param {string} above */
  someType(object, above) {
    const at = `${above}/type`;
    const isName = (/** @type {Json} */ name) => typeof name === "string" && name !== "" && (!/[ :]/.test(name) || isIri(name));
    const { type } = object;
    if (type === undefined) this.add(at, "is missing");
    else if (!Array.isArray(type)) {
      if (!isName(type)) this.add(at, "is not a type or a list of types");
    } else if (type.length === 0) this.add(at, "is not a type or a list of types");
    else type.forEach((name, i) => isName(name) || this.add(`${at}/${i}`, "is not a type"));
  }

  /** @param {JsonObject} object @param {string} at @param {...string} expected */
  typeAmong(object, at, ...expected) {
    if (!hasType(object, ...expected)) this.add(`${at}/type`, `is not of type ${expected.join(" or ")}`);
  }

  /** VC 2.0, 4.6 and 11.1: texts, or texts with language and direction. @param {JsonObject} object @param {string} above */
  texts(object, above) {
    for (const field of ["name", "description"]) {
      const value = object[field];
      if (Array.isArray(value)) value.forEach((entry, i) => this.text(entry, `${above}/${field}/${i}`));
      else if (value !== undefined) this.text(value, `${above}/${field}`);
    }
  }

  /** @param {Json} value @param {string} at */
  text(value, at) {
    if (typeof value === "string") return;
    if (!isObject(value)) return this.add(at, "is not a text, nor one with a language");
    if (typeof value["@value"] !== "string") this.add(`${at}/@value`, "is not a text");
    for (const [name, inner] of Object.entries(value)) {
      const holds =
        name === "@value" ||
        (name === "@language" && typeof inner === "string" && inner.split("-").every((part) => /^[a-z\d]{1,8}$/i.test(part))) ||
        (name === "@direction" && (inner === "ltr" || inner === "rtl"));
      if (!holds) this.add(below(at, name), "does not belong in a text with a language");
    }
  }

  /** Texts that have to be there. @param {JsonObject} object @param {string} at @param {...string} fields */
  words(object, at, ...fields) {
    for (const field of fields) if (typeof object[field] !== "string") this.add(`${at}/${field}`, field in object ? "is not a text" : "is missing");
  }
}
