// Checks what a node answers, as docs/formats describes it. No network, no clock: bytes in, facts out.
//
// Whatever does not fit throws `Refused`. Nothing is a fact before the header above it is final. Integers of 64 bits are BigInt.
import {blake3} from '@noble/hashes/blake3.js';
import {sha256, sha512} from '@noble/hashes/sha2.js';
import {ed25519} from '@noble/curves/ed25519.js';

/** The answer does not prove what it says. */
export class Refused extends Error {}

/** Other validators decide than those that are known: a self-contained proof leads from these to those. */
export class UnknownValidators extends Refused {}

export function require(holds, reason) {
  if(!holds) throw new Refused(reason);
}

const ascii = text => new TextEncoder().encode(text);
const equal = (a, b) => Buffer.compare(a, b) === 0;
const join = (...parts) => Buffer.concat(parts);

// Hashes and trees: docs/formats/README.md and trees.md

const derive = (context, ...data) => blake3(join(...data), {context: ascii(context)});

const LOG = {leaf: data => sha256(join(u8(0), data)), node: (left, right) => sha256(join(u8(1), left, right))};
const STATUS = blake3Tree('sanad/v1 status leaf', 'sanad/v1 status node');
const MEMBERS = blake3Tree('sanad/v1 member leaf', 'sanad/v1 member node');

function blake3Tree(leaf, node) {
  return {leaf: data => derive(leaf, data), node: (left, right) => derive(node, left, right)};
}

/** The root that an inclusion path leads to (RFC 9162, 2.1.3.2). */
function rootOf(tree, data, index, size, path) {
  require(index < size, 'the index is outside the tree');
  let node = tree.leaf(data), last = size - 1n, used = 0;
  for(; last > 0n; index /= 2n, last /= 2n) {
    const right = index % 2n === 1n;
    if(!right && index === last) continue;
    const sibling = path[used++];
    require(sibling?.length === 32, 'the path is too short');
    node = right ? tree.node(sibling, node) : tree.node(node, sibling);
  }
  require(used === path.length, 'the path is too long');
  return node;
}

// Encodings: docs/formats/README.md, "Conventions"

class Reader {
  constructor(data) { this.data = Buffer.from(data.buffer, data.byteOffset, data.length); }

  take(length) {
    require(length <= this.data.length, 'an encoding is cut off');
    const taken = this.data.subarray(0, length);
    this.data = this.data.subarray(length);
    return taken;
  }

  u8() { return this.take(1)[0]; }
  u32() { return this.take(4).readUInt32BE(); }
  u64() { return this.take(8).readBigUInt64BE(); }

  text8() {
    try {
      return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(this.take(this.u8()));
    } catch(error) {
      throw error instanceof Refused ? error : new Refused('a text is not UTF-8');
    }
  }

  list32(item, most) {
    const count = this.u32();
    require(count <= most, 'a list is too long');
    return Array.from({length: count}, item);
  }

  option(item) {
    const given = this.u8();
    require(given <= 1, 'an option is neither 0 nor 1');
    return given ? item() : undefined;
  }

  end() { require(this.data.length === 0, 'bytes are left over'); }
}

/** docs/formats/header.md */
function readHeader(encoded) {
  const read = new Reader(encoded);
  const header = {
    layout: read.u8(), rules: read.u8(), chainId: read.take(32), height: read.u64(), round: read.u32(), timeMs: read.u64(),
    logSize: read.u64(), logRoot: read.take(32), stateRoot: read.take(32), past: read.take(32), validatorsHash: read.take(32),
    nextValidatorsHash: read.take(32),
  };
  read.end();
  return header;
}

/** docs/formats/certificate.md */
function readSet(encoded) {
  const read = new Reader(encoded);
  const set = {
    hash: derive('sanad/v1 validator set', encoded), number: read.u32(), firstHeight: read.u64(),
    validators: read.list32(() => ({member: read.text8(), key: read.take(33)}), 128),
  };
  read.end();
  return set;
}

const STANDINGS = ['active', 'frozen', 'suspended', 'retired'];

/** docs/formats/member.md */
function readRecord(encoded) {
  const read = new Reader(encoded);
  const record = {id: read.text8(), name: read.text8(), standing: STANDINGS[read.u8()], since: read.u64()};
  require(record.standing, 'the standing is not known');
  read.list32(() => [read.text8(), read.u64(), read.option(() => read.u64())], 32);
  record.disputed = read.list32(() => ({from: read.u64(), until: read.u64()}), 8);
  read.take(32);
  read.end();
  return record;
}

/** The genesis, and every validator set that follows from it: docs/formats/genesis.md and certificate.md. */
export class Trust {
  constructor(genesis) {
    this.chainId = derive('sanad/v1 genesis', encodeGenesis(genesis));
    const first = genesis.members.filter(member => member.role === 'validator');
    const validators = list32(first, member => join(text8(member.id), key(member.consensus_key)));
    this.sets = [readSet(join(u32(0), u64(1n), validators))];
  }

  /** A header that its validators, or those of a later block, made final. */
  final(header, finality) {
    require(finality?.by === 'certificate', 'ask for a self-contained proof');
    for(const change of finality.certificate.validatorChanges) {
      const announced = this.certified(change.header), next = readSet(change.next.encoded);
      require(equal(next.hash, announced.nextValidatorsHash), 'another validator set was announced');
      require(next.firstHeight === announced.height + 1n, 'the validator set begins at another height');
      if(next.number === this.sets.length) {
        require(next.firstHeight > this.sets.at(-1).firstHeight, 'a validator set begins before the one before it');
        this.sets.push(next);
      }
      require(next.number < this.sets.length, 'a validator set is missing');
      require(equal(this.sets[next.number].hash, next.hash), 'there are two validator sets of one number');
    }
    return this.#check(header.encoded, finality.certificate.certificate);
  }

  /** A header that validators known already made final. */
  certified({header, certificate}) {
    return this.#check(header.encoded, certificate);
  }

  #check(encoded, certificate) {
    const header = readHeader(encoded);
    require(header.layout === 1, 'this needs a newer program');
    require(header.height > 0n, 'a header has no height 0');
    require(equal(header.chainId, this.chainId), 'the header is of another chain');
    const block = derive('sanad/v1 block header', encoded);
    const set = this.sets.findLast(set => set.firstHeight <= header.height);
    if(!equal(set.hash, header.validatorsHash))
      throw new UnknownValidators('other validators decide than those that are known');
    require(certificate.height === header.height && equal(certificate.blockHash, block), 'the certificate is of another block');
    const quorum = Math.floor(2 * set.validators.length / 3) + 1;
    require(certificate.signatures.length >= quorum, 'the signatures are fewer than a quorum');
    const precommit = [u64(header.height), u32(certificate.round), u8(1), block, u32(header.round)];
    const vote = join(ascii('sanad/v1 vote'), this.chainId, u8(1), ...precommit);
    let before = -1;
    for(const {validator, signature} of certificate.signatures) {
      require(before < validator && validator < set.validators.length, 'the validators are not in order');
      before = validator;
      require(signatureHolds(set.validators[validator].key, signature, vote), 'a signature is wrong');
    }
    return header;
  }
}

/** The record of a member and the header that proves it (GetMember). */
export const checkMember = complete((trust, id, proof) => {
  const header = trust.final(proof.header, proof.finality);
  return {record: record(header, id, proof.member, proof.statusRoot, proof.othersRoot), header};
});

/** The issuer's id, the credential status and the header that proves them (GetStatus): receipt.md, steps 2 to 6. */
export const checkStatus = complete((trust, index, {head, entry: proof}) => {
  const header = trust.final(head.header, head.finality);
  const {tag, issuer} = entryInLog(header.logRoot, header.logSize, index, proof.entry.encoded, proof.logPath);
  require(tag === 0, 'the entry issues no credential');
  require(proof.statusLeaf.length === 64, 'the status leaf has another length');
  const statusRoot = rootOf(STATUS, proof.statusLeaf, index / 256n, (header.logSize + 255n) / 256n, proof.statusPath);
  const {disputed} = record(header, issuer, head.issuer, statusRoot, head.othersRoot);
  const place = Number(index % 256n);
  const bits = proof.statusLeaf[place >> 2] >> 2 * (place % 4) & 3;
  const inDispute = disputed.some(({from, until}) => from <= index && index < until);
  const word = bits === 0 && inDispute ? 'disputed' : ['active', 'suspended', 'confirmed', 'revoked'][bits];
  return {issuer, word, header};
});

/** The tag and the member of any entry, and the header that proves them (GetEntry, GetInclusionProof). */
export const checkEntry = complete((trust, index, encoded, proof) => {
  const header = trust.certified(proof.head);
  return {...entryInLog(header.logRoot, header.logSize, index, encoded, proof.path), header};
});

/** The header of a block, of a stream of them (SubscribeBlocks). */
export const checkHeader = complete((trust, finalHeader) => trust.certified(finalHeader));

/** A check that refuses an answer in which a message is missing. */
function complete(check) {
  return (...answer) => {
    try {
      return check(...answer);
    } catch(error) {
      throw error instanceof TypeError ? new Refused('the answer lacks a part', {cause: error}) : error;
    }
  };
}

function entryInLog(root, size, index, encoded, path) {
  require(equal(rootOf(LOG, encoded, index, size, path), root), 'the entry is not in the log');
  const read = new Reader(encoded);
  return {tag: read.u8(), issuer: read.text8()};
}

function record(header, id, proof, statusRoot, othersRoot) {
  require(proof.count <= 4096n, 'there are too many members');
  const membersRoot = rootOf(MEMBERS, proof.record.encoded, proof.index, proof.count, proof.path);
  const members = derive('sanad/v1 members', u64(proof.count), membersRoot);
  require(statusRoot.length === 32 && othersRoot.length === 32, 'a root has another length');
  const left = derive('sanad/v1 state node', statusRoot, members);
  require(equal(derive('sanad/v1 state node', left, othersRoot), header.stateRoot), 'the state is not that of the header');
  const found = readRecord(proof.record.encoded);
  require(found.id === id, 'the record is of another member');
  return found;
}

// Ed25519, strictly: docs/formats/README.md. `ed25519.verify` multiplies by the cofactor, so the equation is written out.

function signatureHolds(key, signature, message) {
  if(key.length !== 33 || signature.length !== 65 || key[0] !== 0 || signature[0] !== 0) return false;
  const {Point} = ed25519, encodedR = signature.subarray(1, 33), s = littleEndian(signature.subarray(33));
  const order = Point.Fn.ORDER;
  try {
    const a = Point.fromBytes(key.subarray(1)), r = Point.fromBytes(encodedR);
    if(s >= order || a.isSmallOrder() || r.isSmallOrder()) return false;
    const k = littleEndian(sha512(join(encodedR, key.subarray(1), message))) % order;
    return Point.BASE.multiplyUnsafe(s).equals(r.add(a.multiplyUnsafe(k)));
  } catch {
    return false; // not a point
  }
}

const littleEndian = bytes => BigInt('0x' + Buffer.from(bytes).reverse().toString('hex'));

// The chain id: docs/formats/genesis.md

const u8 = value => Buffer.from([value]);

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

const text8 = value => join(u8(ascii(value).length), ascii(value));
const hex = value => Buffer.from(value, 'hex');
const list32 = (values, item) => join(u32(values.length), ...values.map(item));
const option = (value, item) => value === undefined ? u8(0) : join(u8(1), item(value));
const protocol = value => Buffer.from([value.layout, value.rules]);

function key(value) {
  require(/^ed25519:[0-9a-f]{64}$/.test(value), 'a key is not an Ed25519 key');
  return join(u8(0), hex(value.slice('ed25519:'.length)));
}

const DEFAULT_PARAMETERS = {block_bytes_max: 1048576, heartbeat_ms: 60000, protocol: {layout: 1, rules: 1}};

function encodeGenesis(genesis) {
  const parameters = genesis.parameters ?? DEFAULT_PARAMETERS;
  return join(
    u8(genesis.version), text8(genesis.name), hex(genesis.nonce), text8(genesis.log_origin),
    option(genesis.predecessor, from => join(hex(from.chain_id), u64(from.height), hex(from.block))),
    u32(parameters.block_bytes_max), u32(parameters.heartbeat_ms), protocol(parameters.protocol), u8(0),
    list32(genesis.members, encodeMember));
}

function encodeMember(member) {
  return join(
    text8(member.id), text8(member.name), u8(['observer', 'issuer', 'validator'].indexOf(member.role)),
    list32(member.governance_keys, key), u8(member.governance_threshold),
    option(member.issuing_key, key), option(member.consensus_key, key), option(member.network_key, key),
    list32(member.issuer_ids ?? [], text8), list32(member.addresses ?? [], text8),
    list32(member.facts ?? [], fact => join(text8(fact.name), text8(fact.value))));
}
