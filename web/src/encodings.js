// Encodings to objects: header, certificate, validator set, genesis.
import { checkMemberId, checkSet, MEMBERS_MAX, VALIDATORS_MAX } from "./layout.js";
import { Malformed } from "./faults.js";

/** @typedef {import("./bytes.js").Reader} Reader */

const LIST_MAX = 4096;

/** @param {Reader} read @returns {import("./layout.js").Header} */
export const readHeader = (read) => ({
  layout: read.u8(), rules: read.u8(), chainId: read.hash(), height: read.u64(), round: read.u32(), timeMs: read.u64(),
  logSize: read.u64(), logRoot: read.hash(), stateRoot: read.hash(), past: read.hash(), validatorsHash: read.hash(),
  nextValidatorsHash: read.hash(),
});

/** @param {Reader} read @returns {import("./layout.js").Certificate} */
export const readCertificate = (read) => ({
  height: read.u64(), round: read.u32(), block: read.hash(),
  signatures: read.list32(VALIDATORS_MAX, () => ({ validator: read.u16(), signature: read.tagged(64) })),
});

/** @param {Reader} read */
export const readSet = (read) =>
  checkSet({
    number: read.u32(), firstHeight: read.u64(),
    validators: read.list32(VALIDATORS_MAX, () => ({ member: checkMemberId(read.text8()), key: read.tagged(32) })),
  });

/** Without its checks. @param {Reader} read @returns {import("./layout.js").Genesis} */
export const readGenesis = (read) => ({
  version: read.u8(), name: read.text8(), nonce: read.hash(), logOrigin: read.text8(),
  predecessor: read.option(() => ({ chainId: read.hash(), height: read.u64(), block: read.hash() })),
  parameters: readParameters(read), members: read.list32(MEMBERS_MAX, () => readMember(read)),
});

/** @param {Reader} read @returns {import("./layout.js").Parameters} */
export const readParameters = (read) => ({
  blockBytesMax: read.u32(), heartbeatMs: read.u32(), protocol: readProtocol(read),
  next: read.option(() => ({ protocol: readProtocol(read), height: read.u64() })),
});

/** @param {Reader} read */
const readProtocol = (read) => ({ layout: read.u8(), rules: read.u8() });

/** @param {Reader} read @returns {import("./layout.js").Member} */
export function readMember(read) {
  const key = () => read.tagged(32);
  const id = checkMemberId(read.text8());
  const name = read.text8();
  const role = read.u8();
  if (role > 2) throw new Malformed("an unknown role");
  return {
    id, name, role, governanceKeys: read.list32(LIST_MAX, key), governanceThreshold: read.u8(), issuingKey: read.option(key),
    consensusKey: read.option(key), networkKey: read.option(key), issuerIds: read.list32(LIST_MAX, () => read.text8()),
    addresses: read.list32(LIST_MAX, () => read.text8()),
    facts: read.list32(LIST_MAX, () => ({ name: read.text8(), value: read.text8() })),
  };
}
