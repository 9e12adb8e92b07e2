// RDFC-1.0: one text for each RDF graph, whatever its blank nodes are called. Graphs can be made whose parts are so alike that telling them apart
// takes for ever (7.1): what the costly step may take is counted before it starts.
import { compareText, hex, utf8 } from "../bytes.js";
import { sha256 } from "../ed25519.js";
import { Unchecked } from "./faults.js";

/** @typedef {import("./rdf.js").Quad} Quad */

const STEPS_MAX = 5_000_000;
const ALIKE_MAX = 2_000;
const CLUSTER_MAX = 10;
/** Where a blank node may stand, by its place in a quad. */
const PLACES = /** @type {[number, string][]} */ ([[0, "s"], [2, "o"], [3, "g"]]);

/** @param {string} text */
const hash = async (text) => hex(await sha256(utf8(text)));
/** @param {string} term */
const isBlank = (term) => term.startsWith("_:");
/** @param {Quad} quad */
const line = ([s, p, o, g]) => `${s} ${p} ${o} ${g === "" ? "" : `${g} `}.\n`;
/** @param {Quad} quad @param {(label: string) => string} name @returns {Quad} */
const renamed = (quad, name) => /** @type {Quad} */ (quad.map((term) => (isBlank(term) ? name(term) : term)));

/** Names in the order in which they were given. */
class Issuer {
  /** @param {string} prefix @param {Map<string, string>} [given] */
  constructor(prefix, given = new Map()) {
    this.prefix = prefix;
    this.given = given;
  }

  copy() {
    return new Issuer(this.prefix, new Map(this.given));
  }

  /** @param {string} node */
  issue(node) {
    const known = this.given.get(node) ?? `_:${this.prefix}${this.given.size}`;
    this.given.set(node, known);
    return known;
  }
}

/** The canonical N-Quads of a graph. @param {Quad[]} given */
export async function canonicalForm(given) {
  const quads = [...new Map(given.map((quad) => [line(quad), quad])).values()];
  const graph = new Graph(quads);
  const issuer = await graph.name();
  return quads.map((quad) => line(renamed(quad, (node) => issuer.issue(node)))).sort(compareText).join("");
}

class Graph {
  /** @param {Quad[]} quads */
  constructor(quads) {
    /** @type {Map<string, Quad[]>} */
    this.quads = new Map();
    for (const quad of quads) {
      for (const node of new Set(quad.filter(isBlank))) this.quads.set(node, [...(this.quads.get(node) ?? []), quad]);
    }
    this.canonical = new Issuer("c14n");
    /** First hashes. @type {Map<string, string>} */
    this.looks = new Map();
    this.calls = 0;
  }

  async name() {
    for (const [node, quads] of this.quads) {
      const lines = quads.map((quad) => line(renamed(quad, (other) => (other === node ? "_:a" : "_:z"))));
      this.looks.set(node, await hash(lines.sort(compareText).join("")));
    }
    /** @type {Map<string, string[]>} */
    const byLook = new Map();
    for (const [node, look] of this.looks) byLook.set(look, [...(byLook.get(look) ?? []), node]);
    const groups = [...byLook].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, nodes]) => nodes);
    this.checkCost(groups.filter((nodes) => nodes.length > 1).flat());
    for (const nodes of groups) if (nodes.length === 1) this.canonical.issue(nodes[0]);
    for (const nodes of groups.filter((nodes) => nodes.length > 1)) {
      const found = [];
      for (const node of nodes.filter((node) => !this.canonical.given.has(node))) {
        const issuer = new Issuer("b");
        issuer.issue(node);
        found.push(await this.hashDeep(node, issuer));
      }
      found.sort((a, b) => (a.hash < b.hash ? -1 : 1));
      for (const { issuer } of found) for (const node of issuer.given.keys()) this.canonical.issue(node);
    }
    return this.canonical;
  }

  /** How often the costly step may run: the fewer, the more one run can cost. @param {string[]} alike */
  checkCost(alike) {
    const dearest = alike.reduce((most, node) => Math.max(most, this.cost(node)), 1);
    const isLarge = alike.length > ALIKE_MAX || dearest > STEPS_MAX || alike.some((node) => this.cluster(node, new Set(alike)) > CLUSTER_MAX);
    if (isLarge) throw symmetric();
    this.callsMax = Math.floor(STEPS_MAX / dearest);
  }

  /** @param {string} node */
  cost(node) {
    /** @type {Map<string, number>} */
    const groups = new Map();
    let steps = 0;
    for (const [place, other, predicate] of this.neighbours(node)) {
      const key = [place, predicate, this.looks.get(other)].join(" ");
      groups.set(key, (groups.get(key) ?? 0) + 1);
      steps += this.quads.get(other)?.length ?? 0;
    }
    for (const count of groups.values()) {
      let orders = count;
      for (let i = 2; i <= count; i++) orders *= i;
      steps += orders;
    }
    return steps;
  }

  /** @param {string} start @param {Set<string>} alike */
  cluster(start, alike) {
    const reached = new Set([start]);
    for (const node of reached) {
      for (const [, other] of this.neighbours(node)) if (reached.size <= CLUSTER_MAX && alike.has(other)) reached.add(other);
    }
    return reached.size;
  }

  /** Place, node and predicate. @param {string} node @returns {[string, string, string][]} */
  neighbours(node) {
    return (this.quads.get(node) ?? []).flatMap((quad) =>
      PLACES.filter(([at]) => isBlank(quad[at]) && quad[at] !== node).map(([at, place]) => /** @type {[string, string, string]} */ ([place, quad[at], place === "g" ? "" : quad[1]])),
    );
  }

  /** Hash N-Degree Quads (4.8). @param {string} node @param {Issuer} given @returns {Promise<{ hash: string, issuer: Issuer }>} */
  async hashDeep(node, given) {
    if (++this.calls > Number(this.callsMax)) throw symmetric();
    let issuer = given;
    /** @type {Map<string, string[]>} */
    const related = new Map();
    for (const [place, other, predicate] of this.neighbours(node)) {
      const name = this.canonical.given.get(other) ?? issuer.given.get(other) ?? this.looks.get(other);
      const key = await hash(place + predicate + name);
      related.set(key, [...(related.get(key) ?? []), other]);
    }
    let data = "";
    for (const [key, nodes] of [...related].sort(([a], [b]) => (a < b ? -1 : 1))) {
      let [path, chosen] = ["", issuer];
      for (const order of permutations(nodes)) {
        const found = await this.path(order, issuer.copy(), path);
        if (found !== null) [path, chosen] = [found.path, found.issuer];
      }
      data += key + path;
      issuer = chosen;
    }
    return { hash: await hash(data), issuer };
  }

  /** The path of one order; null once it is no better than the best. @param {string[]} order @param {Issuer} given @param {string} best */
  async path(order, given, best) {
    let issuer = given;
    let path = "";
    const isWorse = () => best !== "" && path.length >= best.length && path > best;
    const later = [];
    for (const node of order) {
      const known = this.canonical.given.get(node);
      if (known === undefined && !issuer.given.has(node)) later.push(node);
      path += known ?? issuer.issue(node);
      if (isWorse()) return null;
    }
    for (const node of later) {
      const deep = await this.hashDeep(node, issuer);
      path += `${issuer.issue(node)}<${deep.hash}>`;
      issuer = deep.issuer;
      if (isWorse()) return null;
    }
    return best === "" || path < best ? { path, issuer } : null;
  }
}

const symmetric = () => new Unchecked("parts of it are too alike to be told apart in time");

/** @param {string[]} nodes @returns {Generator<string[]>} */
function* permutations(nodes) {
  if (nodes.length < 2) return void (yield nodes);
  for (const [i, first] of nodes.entries()) {
    for (const rest of permutations(nodes.toSpliced(i, 1))) yield [first, ...rest];
  }
}
