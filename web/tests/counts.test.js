// What the explorer counts of a member, on the golden completeness proofs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../src/bytes.js";
import { countIssued, runsIn } from "../src/counts.js";
import { fields, headerOf, recordProofOf } from "../src/forms.js";
import { parseForm } from "../src/json.js";
import { checkRest, restOf } from "../src/rest.js";
import { samples } from "./samples.js";

/** What is wrong with these is the proof of the record, not what it names. */
const PROOFS = ["format.json", "header.json", "record.json"];
/** @type {Record<string, object>} */
const COUNTS = {
  "sound.json": { active: 5, confirmed: 0, suspended: 0, disputed: 0, revoked: 1 },
  "sound-governance.json": { active: 1, confirmed: 1, suspended: 0, disputed: 1, revoked: 1 },
};

/** @param {string} text @param {number} [linesAtOnce] */
async function counted(text, linesAtOnce = Infinity) {
  const [head, ...lines] = text.split("\n").slice(0, -1);
  const given = fields(parseForm(utf8(head), 1 << 20), ["format", "proof", "rest"]);
  const proof = fields(given.proof, ["member", "status_root", "others_root", "header", "finality"]);
  const { record } = recordProofOf(proof.member);
  const rest = checkRest(restOf(given.rest), record);
  const { logSize } = headerOf(proof.header);
  return countIssued({ record, rest }, logSize, async () => runsIn(utf8(lines.splice(0, linesAtOnce).map((line) => `${line}\n`).join(""))));
}

test("what is whole is counted, at once or in parts, and nothing else", async () => {
  for (const [name, { text, verdict }] of samples("completeness").filter(([name]) => !PROOFS.includes(name))) {
    if (verdict !== "good") {
      await assert.rejects(counted(text), { name: "Error" }, name);
      continue;
    }
    const counts = await counted(text);
    if (name in COUNTS) assert.deepEqual(counts, COUNTS[name], name);
    assert.deepEqual(await counted(text, 1), counts, name);
  }
});
