// docs/formats/governance.md, "What the state keeps": where an item ends. What is in it, no verifier of receipts asks.
import { Malformed } from "./faults.js";
import { readMember } from "./encodings.js";

/** @typedef {import("./bytes.js").Reader} Reader */

const LIST_MAX = 4096;

/** @param {Reader} read */
export function skipGovernanceItem(read) {
  const tag = read.u8();
  if (tag === 0) {
    read.hash();
    read.text8();
    read.u64();
    skipProposal(read);
    read.list32(LIST_MAX, () => read.text8());
    read.option(() => read.u64());
  } else if (tag === 1) read.take(8 + 32 + 1);
  else if (tag === 2) skip(read, "text8", "key", "u64");
  else if (tag === 3) skip(read, "text8", "text8");
  else if (tag === 4) {
    skip(read, "text8", "u64");
    read.option(() => read.u8());
  } else throw new Malformed("a governance item that is not known");
}

/** @param {Reader} read @param {...("text8" | "u64" | "u32" | "u8" | "key")} kinds */
function skip(read, ...kinds) {
  for (const kind of kinds) {
    if (kind === "key") read.tagged(32);
    else read[kind]();
  }
}

/** @param {Reader} read */
function skipProposal(read) {
  skipChange(read);
  skip(read, "u64", "u64");
}

/** @param {Reader} read */
function skipChange(read) {
  const key = () => read.tagged(32);
  const signature = () => read.tagged(64);
  const tag = read.u8();
  if (tag === 0) {
    readMember(read);
    read.list32(LIST_MAX, signature);
  } else if (tag === 1) skip(read, "text8", "u8");
  else if (tag === 2) {
    read.text8();
    read.option(() => read.text8());
    read.option(() => read.list32(LIST_MAX, () => skip(read, "text8", "text8")));
  } else if (tag >= 3 && tag <= 5) read.text8();
  else if (tag === 6 || tag === 8) skip(read, "text8", "text8");
  else if (tag === 7) {
    read.text8();
    read.list32(LIST_MAX, key);
    read.u8();
    read.list32(LIST_MAX, signature);
  } else if (tag === 9) {
    read.list32(LIST_MAX, () => read.text8());
    read.u8();
  } else if (tag === 10) skip(read, "u32", "u32");
  else if (tag === 11) skip(read, "u8", "u8", "u64");
  else throw new Malformed("a change that is not known");
}
