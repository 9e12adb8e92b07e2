// docs/formats/genesis.md, "Verification", steps 2 to 6.
import { compare, hex } from "./bytes.js";
import { isUsablePoint } from "./ed25519.js";
import { Malformed } from "./faults.js";
import { ISSUER_IDS_MAX, MEMBERS_MAX, NAME_BYTES_MAX, checkAscending, checkPeopleText, checkSet, normalIssuerId } from "./layout.js";

export const GENESIS_BYTES_MAX = 16 << 20;
const GOVERNANCE_KEYS_MAX = 5;
const ADDRESSES_MAX = 8;
const FACTS_MAX = 16;
const TEXT_BYTES_MAX = 255;
const VALIDATOR = 2;

/** @typedef {import("./layout.js").Genesis} Genesis */

/** @param {Genesis} genesis */
export function checkGenesis(genesis) {
  if (genesis.version !== 1) throw new Malformed("a genesis of another version");
  checkPeopleText(genesis.name, 1, NAME_BYTES_MAX, "the consortium's name");
  if (!/^[!-*,-~]{1,128}$/.test(genesis.logOrigin)) throw new Malformed("not an origin of a log");
  checkParameters(genesis.parameters);
  if (genesis.members.length > MEMBERS_MAX) throw new Malformed(`${genesis.members.length} members`);
  checkAscending(genesis.members.map((m) => m.id), "members");
  const keys = new Set();
  const ids = new Set();
  for (const member of genesis.members) {
    checkMember(member);
    for (const key of keysOf(member)) {
      if (keys.size === keys.add(hex(key)).size) throw new Malformed("a key stands twice");
      if (!isUsablePoint(key)) throw new Malformed("a key is not a usable point");
    }
    for (const id of member.issuerIds) if (ids.size === ids.add(id).size) throw new Malformed("an issuer id of two members");
  }
  firstSet(genesis);
  return genesis;
}

/** @param {Genesis} genesis */
export function firstSet(genesis) {
  const validators = genesis.members.flatMap((m) => (m.role === VALIDATOR && m.consensusKey ? [{ member: m.id, key: m.consensusKey }] : []));
  return checkSet({ number: 0, firstHeight: 1, validators });
}

/** @param {import("./layout.js").Parameters} parameters */
function checkParameters({ blockBytesMax, heartbeatMs, protocol, next }) {
  const sound = blockBytesMax >= 262144 && blockBytesMax <= 4194304 && heartbeatMs >= 100 && heartbeatMs <= 300000;
  if (!sound) throw new Malformed("a parameter is out of its range");
  if (protocol.layout !== 1 || protocol.rules !== 1 || next !== undefined) throw new Malformed("another protocol");
}

/** @param {import("./layout.js").Member} member */
function keysOf(member) {
  const others = [member.issuingKey, member.consensusKey, member.networkKey];
  return [...member.governanceKeys, ...others.filter((key) => key !== undefined)];
}

/** @param {import("./layout.js").Member} m */
function checkMember(m) {
  checkPeopleText(m.name, 1, NAME_BYTES_MAX, "a member's name");
  const issues = m.role > 0;
  const votes = m.role === VALIDATOR;
  if ((m.issuingKey !== undefined) !== issues || (m.consensusKey !== undefined) !== votes || (votes && m.networkKey === undefined)) {
    throw new Malformed("a member's keys are not those of its role");
  }
  const { governanceKeys: keys, governanceThreshold: threshold } = m;
  if (keys.length < 1 || keys.length > GOVERNANCE_KEYS_MAX || threshold < 1 || threshold > keys.length) {
    throw new Malformed("governance keys and their threshold");
  }
  if (keys.some((key, i) => i > 0 && compare(keys[i - 1], key) >= 0)) throw new Malformed("governance keys are not in ascending order");
  if (m.issuerIds.length > ISSUER_IDS_MAX || m.addresses.length > ADDRESSES_MAX || m.facts.length > FACTS_MAX) {
    throw new Malformed("a list of a member is too long");
  }
  checkAscending(m.issuerIds, "issuer ids");
  if (m.issuerIds.some((id) => normalIssuerId(id) !== id)) throw new Malformed("an issuer id is not in normal form");
  checkAscending(m.facts.map((fact) => fact.name), "facts");
  for (const text of [...m.addresses, ...m.facts.flatMap((fact) => [fact.name, fact.value])]) {
    checkPeopleText(text, 1, TEXT_BYTES_MAX, "a text of a member");
  }
}
