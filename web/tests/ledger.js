// A small ledger made by the programs themselves: a network on loopback, documents of all kinds with their receipts, some revoked or
// suspended, a paper receipt, documents of every form, a trust file and a static export. Its nodes are stopped when it is made.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { forms } from "./forms.js";

const BINARIES = process.env.SANAD_BINARIES ?? new URL("../../target/debug", import.meta.url).pathname;
export const PROGRAM = join(BINARIES, "sanad");
const RECEIPT = ".receipt.json";

/** @param {string[]} words @param {Record<string, string>} [env] */
export const sanad = (words, env = {}) => execFileSync(PROGRAM, words, { env: { ...process.env, ...env }, encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });

/** A status that is not good ends with 1. @param {string[]} words @param {Record<string, string>} env */
function tolerant(words, env) {
  try {
    sanad(words, env);
  } catch (error) {
    if (/** @type {{ status: number }} */ (error).status !== 1) throw error;
  }
}

/** The findings of `sanad verify`, whatever its exit code. @param {string[]} words */
export function verifyBySanad(words) {
  try {
    return JSON.parse(sanad(["--json", "verify", ...words]));
  } catch (error) {
    return JSON.parse(/** @type {{ stdout: string }} */ (error).stdout);
  }
}

/** What `sanad verify` finds of a document alone, with its exit code. @param {string[]} words @returns {{ code: number, finding: any }} */
export function findingBySanad(words) {
  try {
    return { code: 0, finding: JSON.parse(sanad(["--json", "verify", ...words])).findings[0] };
  } catch (error) {
    const { status, stdout } = /** @type {{ status: number, stdout: string }} */ (error);
    return { code: status, finding: JSON.parse(stdout).findings[0] };
  }
}

/** Documents of a number, with the kind that `sanad issue` guesses. @param {number} n @returns {[string, string]} */
export function documentOf(n) {
  const name = String(n).padStart(5, "0");
  if (n % 10 === 7) return [`${name}.json`, JSON.stringify({ "name": `Lencana ${n}`, "é": [1e21, 0.1, n, null], "a\u2028": "\t" })];
  if (n % 10 === 8) return [`${name}.cbor`, `Surat keterangan ${n}`];
  if (n % 10 === 9) return [`${name}.jwt`, sdJwt(n)];
  return [`${name}.json`, JSON.stringify(credential(n), null, n % 3)];
}

/** @param {number} n */
const credential = (n) => ({
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
  id: `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  type: ["VerifiableCredential", "OpenBadgeCredential"],
  issuer: { id: "https://univ-merapi.example", type: ["Profile"], name: "Universitas Merapi" },
  validFrom: "2026-09-01T00:00:00Z",
  ...(n % 10 === 5 ? { validUntil: "2026-10-01T00:00:00Z" } : {}),
  name: "Keterampilan Digital Guru",
  credentialSubject: {
    type: ["AchievementSubject"],
    identifier: [{ type: "IdentityObject", identityHash: `Siti Rahma ${n}`, identityType: "name", hashed: false }],
    creditsEarned: (n % 4) + 0.5,
    achievement: {
      id: "https://univ-merapi.example/achievements/guru", type: ["Achievement"], name: "Keterampilan Digital Guru",
      description: "Mengajar dengan alat digital.", criteria: { narrative: "Semua modul lulus." },
    },
  },
});

/** @param {number} n */
function sdJwt(n) {
  const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const disclosure = part([`salt ${n}`, "name", `Siti Rahma ${n}`]);
  const digest = createHash("sha256").update(disclosure).digest("base64url");
  return `${part({ alg: "EdDSA" })}.${part({ vct: "badge", _sd: [digest], iss: "https://univ-merapi.example" })}.${part("signature")}~${disclosure}~`;
}

/** @param {string} folder to make it in @param {number} count of documents */
export function makeLedger(folder, count) {
  const path = (/** @type {string[]} */ ...names) => join(folder, ...names);
  mkdirSync(path("documents"), { recursive: true });
  for (let n = 0; n < count; n++) {
    const [name, text] = documentOf(n);
    writeFileSync(path("documents", name), text);
  }
  const net = path("net");
  sanad(["localnet", "create", net, "--nodes", "4", "--name", "Konsorsium Uji", "--heartbeat-ms", "500"]);
  sanad(["localnet", "start", net]);
  try {
    fill(path, count);
  } finally {
    sanad(["localnet", "stop", net]);
  }
}

/** @param {(...names: string[]) => string} path @param {number} count */
function fill(path, count) {
  const net = path("net");
  const { nodes } = JSON.parse(sanad(["--json", "localnet", "status", net]));
  const env = { SANAD_GENESIS: join(net, "genesis.json"), SANAD_PASSPHRASE_FILE: join(net, "passphrase"), SANAD_NODE: nodes[0].url };
  const issuer = ["--issuer-dir", join(net, "node-1")];
  sanad(["issue", path("documents"), ...issuer], env);
  mkdirSync(path("forms"));
  const formed = forms();
  for (const [name, data] of formed) writeFileSync(path("forms", name), data);
  sanad(["issue", ...formed.map(([name]) => path("forms", name)), "--no-summary", ...issuer], env);
  const names = readdirSync(path("documents")).filter((name) => !name.includes(".receipt"));
  const targets = (/** @type {number} */ rest) => names.filter((_, n) => n % 20 === rest).map((name) => path("documents", name));
  sanad(["revoke", ...targets(1).slice(0, 200), "--yes", ...issuer], env);
  sanad(["suspend", ...targets(2), ...issuer], env);
  makeJoint(path, net, env, issuer);
  present(path, net, env);
  mkdirSync(path("later"));
  // Receipts of a later block, for what was changed and for some that was not.
  for (const name of names.filter((_, n) => [1, 2, 3].includes(n % 20))) {
    tolerant(["status", path("documents", name), "--receipt-out", path("later", `${name}${RECEIPT}`)], env);
  }
  sanad(["trust", "fetch", path("trust.json"), "--node", nodes[1].url], env);
  sanad(["trust", "fetch", path("consortium.trust"), "--node", nodes[1].url], env);
  mkdirSync(path("renewed"));
  for (const name of names.slice(0, 8)) {
    const receipt = path("documents", `${name}${RECEIPT}`);
    sanad(["receipt", "renew", receipt, path("renewed", `${name}${RECEIPT}`)], env);
    sanad(["receipt", "renew", receipt, path("renewed", `${name}.receipt`)], env);
  }
  sanad(["key", "new", "--purpose", "checkpoint", "--out", path("checkpoint.json")], env);
  sanad(["export", path("export"), "--key", path("checkpoint.json")], env);
  convert(path, names, env, count);
  writeFileSync(path("genesis.json"), readFileSync(env.SANAD_GENESIS));
}

/** An award that names two other members, of whom one has signed it, and one that both have signed, as a certificate with a link. @param {(...names: string[]) => string} path @param {string} net
 * @param {Record<string, string>} env @param {string[]} issuer */
function makeJoint(path, net, env, issuer) {
  mkdirSync(path("joint"));
  const profile = (/** @type {string} */ name) => ({ id: `did:web:univ-${name.toLowerCase()}.example`, type: ["Profile"], name: `Universitas ${name}` });
  const write = (/** @type {string} */ name, /** @type {number} */ n) => {
    const award = credential(n);
    const { achievement, ...subject } = award.credentialSubject;
    const joint = { ...award, credentialSubject: { ...subject, source: profile("Semeru"), achievement: { ...achievement, creator: profile("Bromo") } } };
    writeFileSync(path("joint", name), JSON.stringify(joint));
    sanad(["issue", path("joint", name), ...issuer], env);
  };
  const endorse = (/** @type {string} */ name, /** @type {string} */ node, /** @type {string} */ out) =>
    sanad(["endorse", path("joint", name), "--comment", "Gelar bersama.", "--out", path("joint", out), "--issuer-dir", join(net, node)], env);
  write("award.json", 100_000);
  endorse("award.json", "node-2", "award.endorsement.json");
  write("all.json", 100_001);
  endorse("all.json", "node-2", "all.endorsement.json");
  endorse("all.json", "node-3", "all.endorsement.semeru.json");
  mkdirSync(path("joint", "site"));
  const make = ["certificate", "make", path("joint", "all.json"), "--out", path("joint", "made"), "--site", "http://localhost", "--site-dir", path("joint", "site")];
  const { made: [{ link, pdf, box }] } = JSON.parse(sanad(["--json", ...make], env));
  writeFileSync(path("joint", "all.link"), link);
  writeFileSync(path("joint", "all.pdf"), readFileSync(pdf));
  writeFileSync(path("joint", "all.box"), readFileSync(box));
}

/** A roster as SD-JWT VCs, and what one learner chooses to show. @param {(...names: string[]) => string} path @param {string} net
 * @param {Record<string, string>} env */
function present(path, net, env) {
  const roster = new URL("../../tests/roster/", import.meta.url);
  mkdirSync(path("roster"));
  for (const name of ["wisuda.csv", "wisuda.columns.toml", "wisuda.template.json"]) writeFileSync(path("roster", name), readFileSync(new URL(name, roster)));
  sanad(["issue", "roster", path("roster", "wisuda.csv"), "--form", "sd-jwt", "--issuer-dir", join(net, "node-3")], env);
  const learner = readdirSync(path("roster", "wisuda")).find((name) => name.startsWith("kirananing-")) ?? "";
  mkdirSync(path("presented"));
  const out = path("presented", "credential.sd-jwt");
  sanad(["credential", "present", path("roster", "wisuda", learner, "credential.sd-jwt"), "--show", "name,result", "--out", out], env);
}

/** Binary and paper receipts. @param {(...names: string[]) => string} path @param {string[]} names @param {Record<string, string>} env @param {number} count */
function convert(path, names, env, count) {
  mkdirSync(path("binary"));
  mkdirSync(path("paper"));
  names.slice(0, Math.min(count, 60)).forEach((name, n) => {
    const receipt = path("documents", `${name}${RECEIPT}`);
    sanad(["receipt", "convert", receipt, path("binary", `${name}.receipt`), ...(n % 2 ? ["--compact"] : [])], env);
    if (!name.endsWith(".json") || n % 10 === 7) return;
    sanad(["receipt", "convert", receipt, path("paper", `${name}.receipt`), "--paper", "--document", path("documents", name)], env);
  });
}
