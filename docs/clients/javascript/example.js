// Asks a node about one credential and its issuer, checks every answer, and follows the chain.
//
//     node example.js NODE GENESIS LOG-INDEX [BLOCKS]
//
// NODE is the gRPC address of a node: host:port, http://host:port or https://host:port; GENESIS the consortium's genesis file, from
// somebody you trust. BLOCKS is how many new blocks to wait for, 3 if left out.
// Exit code 0: all answers hold; 1: one does not; 2: there was no answer to check.
import fs from 'node:fs';
import {fileURLToPath} from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import {checkEntry, checkHeader, checkMember, checkStatus, Refused, require, Trust, UnknownValidators} from './check.js';

// A block has at most 4 MiB of payload; gRPC would take no more than 4 MiB in all.
const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

const definition = protoLoader.loadSync(['sanad/v1/ledger.proto', 'sanad/v1/node.proto'], {
  includeDirs: [fileURLToPath(new URL('../../../proto', import.meta.url))], longs: String, enums: String, defaults: true, oneofs: true,
});
const {LedgerService, NodeService} = grpc.loadPackageDefinition(definition).sanad.v1;

function connect(Service, address) {
  const credentials = address.startsWith('https://') ? grpc.credentials.createSsl() : grpc.credentials.createInsecure();
  return new Service(address.replace(/^https?:\/\//, ''), credentials, {'grpc.max_receive_message_length': MESSAGE_BYTES_MAX});
}

/** One call. Fields of 64 bits come as texts, since a JavaScript number holds 53: `integers` makes them BigInt. */
function ask(client, method, request) {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + TIMEOUT_MS;
    client[method](request, {deadline}, (error, answer) => error ? reject(error) : resolve(integers(answer)));
  });
}

const U64 = new Set(['height', 'index', 'count', 'logSize']);

function integers(value) {
  if(Array.isArray(value)) return value.map(integers);
  if(value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, U64.has(name) ? BigInt(field) : integers(field)]);
  return Object.fromEntries(fields);
}

/** Shows that a check refuses an answer in which one thing was changed. */
function refuses(what, answer, change, check) {
  const changed = structuredClone(answer);
  change(changed);
  try {
    check(changed);
  } catch(error) {
    if(!(error instanceof Refused)) throw error;
    console.log(`tampered    ${what}: refused, ${error.message}`);
    return;
  }
  throw new Refused(`a changed ${what} was believed`);
}

async function main(address, genesisFile, index, blocks) {
  const trust = new Trust(JSON.parse(fs.readFileSync(genesisFile, 'utf8')));
  const ledger = connect(LedgerService, address), node = connect(NodeService, address);

  const said = await ask(node, 'GetNodeStatus', {});
  console.log(`node        ${said.chainName}, height ${said.height}, ${said.logSize} entries: its own word, not proved`);
  require(Buffer.compare(said.chainId, trust.chainId) === 0, 'the node is of another chain than the genesis');

  // One credential: the answer carries all that proves it.
  const form = 'PROOF_FORM_SELF_CONTAINED';
  const answer = await ask(ledger, 'GetStatus', {logIndex: String(index), form});
  const status = changed => checkStatus(trust, index, changed);
  const {issuer, word, header} = status(answer);
  console.log(`credential  entry ${index} by ${issuer} is ${word} as of block ${header.height}`);

  const signaturesOf = changed => changed.head.finality.certificate.certificate.signatures;
  const place = Number(index % 256n);
  refuses('status', answer, changed => changed.entry.statusLeaf[place >> 2] ^= 3 << 2 * (place % 4), status);
  refuses('entry', answer, changed => changed.entry.entry.encoded[changed.entry.entry.encoded.length - 1] ^= 1, status);
  refuses('signature', answer, changed => signaturesOf(changed)[0].signature[33] ^= 1, status);
  refuses('quorum', answer, changed => signaturesOf(changed).shift(), status);

  // Its issuer.
  const memberProof = async () => (await ask(ledger, 'GetMember', {id: issuer, form})).proof;
  const proof = await memberProof();
  const member = checkMember(trust, issuer, proof);
  const {name, standing} = member.record;
  console.log(`member      ${issuer} is ${name}, ${standing}, as of block ${member.header.height}`);
  const rename = changed => {
    const {buffer, byteOffset, length} = changed.member.record.encoded;
    const encoded = Buffer.from(buffer, byteOffset, length);
    encoded.fill('X', encoded.indexOf(name), encoded.indexOf(name) + Buffer.byteLength(name));
  };
  refuses('name', proof, rename, changed => checkMember(trust, issuer, changed));

  // Any entry of the log, of whatever kind.
  const last = member.header.logSize - 1n;
  const {entry} = await ask(ledger, 'GetEntry', {index: String(last)});
  const found = checkEntry(trust, last, entry.encoded, await ask(ledger, 'GetInclusionProof', {index: String(last)}));
  console.log(`entry       ${last} has tag ${found.tag} and is by ${found.issuer}: in the log of block ${found.header.height}`);

  // The next blocks, as they become final.
  const stream = ledger.SubscribeBlocks({fromHeight: String(found.header.height + 1n)}, {deadline: Date.now() + 4 * TIMEOUT_MS});
  let left = blocks;
  for await(const message of stream) {
    const {header: final, batches} = integers(message.block);
    let next;
    try {
      next = checkHeader(trust, final);
    } catch(error) {
      if(!(error instanceof UnknownValidators)) throw error;
      checkMember(trust, issuer, await memberProof());
      next = checkHeader(trust, final);
    }
    const signed = `signed by ${final.certificate.signatures.length} validators`;
    console.log(`block       ${next.height}: ${batches.length} batches, log of ${next.logSize}, ${signed}`);
    if(--left <= 0) break;
  }
  stream.on('error', () => {}); // that it was cancelled
  stream.cancel();
  ledger.close();
  node.close();
}

const [address, genesis, index, blocks = '3'] = process.argv.slice(2);
if(!/^\d+$/.test(index ?? '') || !/^\d+$/.test(blocks)) {
  console.error('usage: node example.js NODE GENESIS LOG-INDEX [BLOCKS]');
  process.exit(2);
}
try {
  await main(address, genesis, BigInt(index), Number(blocks));
} catch(error) {
  console.error(error instanceof Refused ? `refused: ${error.message}` : `no answer: ${error.message}`);
  process.exitCode = error instanceof Refused ? 1 : 2;
  process.exit();
}
