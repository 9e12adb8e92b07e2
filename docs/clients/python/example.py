"""Asks a node about one credential and its issuer, checks every answer, and follows the chain.

    python3 example.py NODE GENESIS LOG-INDEX [--blocks N]

Exit code 0: all answers hold; 1: one does not; 2: there was no answer to check.
"""

import argparse
import json
import pathlib
import sys

import grpc

import check

# The messages are made from the .proto files when the program starts (grpcio-tools does it).
sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "proto"))
ledger, ledger_services = grpc.protos_and_services("sanad/v1/ledger.proto")
node, node_services = grpc.protos_and_services("sanad/v1/node.proto")
types = grpc.protos("sanad/v1/types.proto")

# A block has at most 4 MiB of payload; gRPC would take no more than 4 MiB in all.
MESSAGE_BYTES_MAX = 8 * 1024 * 1024


def connect(address):
    options = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX)]
    if address.startswith("https://"):
        return grpc.secure_channel(address.removeprefix("https://"), grpc.ssl_channel_credentials(), options)
    return grpc.insecure_channel(address.removeprefix("http://"), options)


def refused(what, checked, message, change):
    """Whether a check refuses an answer in which one thing was changed."""
    tampered = type(message)()
    tampered.CopyFrom(message)
    change(tampered)
    try:
        checked(tampered)
    except check.Refused as reason:
        print(f"tampered    {what}: refused, {reason}")
        return
    raise check.Refused(f"a changed {what} was believed")


def flip(data):
    return bytes([data[0] ^ 1]) + data[1:]


def main(address, genesis, index, blocks):
    trust = check.Trust(json.loads(genesis.read_text()))
    with connect(address) as channel:
        reads, about = ledger_services.LedgerServiceStub(channel), node_services.NodeServiceStub(channel)

        said = about.GetNodeStatus(node.GetNodeStatusRequest(), timeout=30)
        print(f"node        {said.chain_name}, height {said.height}, {said.log_size} entries: its own word, not proved")
        check.require(said.chain_id == trust.chain_id, "the node is of another chain than the genesis")

        # One credential: the answer carries all that proves it.
        answer = reads.GetStatus(
            ledger.GetStatusRequest(log_index=index, form=types.PROOF_FORM_SELF_CONTAINED), timeout=30
        )
        issuer, word, header = check.status(trust, index, answer.head, answer.entry)
        print(f"credential  entry {index} by {issuer} is {word} as of block {header.height}")

        def status(changed):
            return check.status(trust, index, changed.head, changed.entry)

        def set_bits(changed):
            leaf = bytearray(changed.entry.status_leaf)
            leaf[index % 256 // 4] ^= 3 << 2 * (index % 4)
            changed.entry.status_leaf = bytes(leaf)

        def other_entry(changed):
            changed.entry.entry.encoded = changed.entry.entry.encoded[:-1] + bytes([changed.entry.entry.encoded[-1] ^ 1])

        def other_signature(changed):
            first = changed.head.finality.certificate.certificate.signatures[0]
            first.signature = first.signature[:33] + flip(first.signature[33:])

        def fewer_signatures(changed):
            del changed.head.finality.certificate.certificate.signatures[0]

        refused("status", status, answer, set_bits)
        refused("entry", status, answer, other_entry)
        refused("signature", status, answer, other_signature)
        refused("quorum", status, answer, fewer_signatures)

        # Its issuer.
        request = ledger.GetMemberRequest(id=issuer, form=types.PROOF_FORM_SELF_CONTAINED)
        proof = reads.GetMember(request, timeout=30).proof
        record, header = check.member(trust, issuer, proof)
        print(f"member      {issuer} is {record.name}, {record.standing}, as of block {header.height}")

        def other_record(changed):
            name = record.name.encode()
            changed.member.record.encoded = changed.member.record.encoded.replace(name, b"X" * len(name))

        refused("name", lambda changed: check.member(trust, issuer, changed), proof, other_record)

        # Any entry of the log, of whatever kind.
        last = header.log_size - 1
        encoded = reads.GetEntry(ledger.GetEntryRequest(index=last), timeout=30).entry.encoded
        inclusion = reads.GetInclusionProof(ledger.GetInclusionProofRequest(index=last), timeout=30)
        tag, author, header = check.entry(trust, last, encoded, inclusion)
        print(f"entry       {last} has tag {tag} and is by {author}: in the log of block {header.height}")

        # The next blocks, as they become final.
        stream = reads.SubscribeBlocks(ledger.SubscribeBlocksRequest(from_height=header.height + 1), timeout=120)
        for _, message in zip(range(blocks), stream):
            final = message.block.header
            try:
                header = trust.certified(final)
            except check.UnknownValidators:
                check.member(trust, issuer, reads.GetMember(request, timeout=30).proof)
                header = trust.certified(final)
            signed = f"signed by {len(final.certificate.signatures)} validators"
            batches = len(message.block.batches)
            print(f"block       {header.height}: {batches} batches, log of {header.log_size}, {signed}", flush=True)
        stream.cancel()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("node", help="gRPC address of a node: host:port, http://host:port or https://host:port")
    parser.add_argument("genesis", type=pathlib.Path, help="the consortium's genesis file, from somebody you trust")
    parser.add_argument("index", type=int, help="log index of the credential")
    parser.add_argument("--blocks", type=int, default=3, help="how many new blocks to wait for (3)")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    try:
        main(given.node, given.genesis, given.index, given.blocks)
    except check.Refused as reason:
        print(f"refused: {reason}", file=sys.stderr)
        sys.exit(1)
    except grpc.RpcError as error:
        print(f"no answer: {error.code().name}, {error.details()}", file=sys.stderr)
        sys.exit(2)
