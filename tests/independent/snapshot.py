#!/usr/bin/env python3
"""Checks all of a snapshot: docs/formats/snapshot.md. `snapshot.py DIR --genesis FILE` names its last block.

Like `verify.py`, written from the pages alone.
"""

import argparse
import os
import sys
import time
from typing import Callable, Dict, List, NamedTuple, Tuple

from binary import Fault, Reader, certificate_of, header_of, read_body, read_trust_binary
from layout import (
    BATCHES, EVENTS, GOVERNANCE, HISTORY, LOG, MEMBERS, MEMBERS_MAX, PARTS, STATUS, STATUS_LEAF_BYTES, STATUSES_PER_LEAF, TARGETS,
    Header, Past, Record, Rest, TrustFile, derive, members_root, state_root, text8, u8, u64,
)  # fmt: skip
from reading import GENESIS_BYTES_MAX, read_genesis
from strict import Malformed, NewerVerifier, member_id
from trust import Trust, check_certificate, of_genesis, of_trust_file

MAGIC = b"\xf5sns"
MANIFEST_BYTES_MAX = 16 << 20
STATE_CHUNKS_MAX, CHUNKS_MAX = 256, 1 << 16
CHUNK_BYTES, RECORD_BYTES_MAX = 4 << 20, 4 << 20
CHUNK_BYTES_MAX = 8_388_611


class Manifest(NamedTuple):
    state: List[Tuple[bytes, int]]
    blocks: List[Tuple[bytes, int]]
    certificates: List[Tuple[bytes, int]]
    trust: TrustFile


class State(NamedTuple):
    members: Dict[str, Tuple[int, bytes]]  # count and head of the accumulator
    concerns: List[Tuple[int, str]]  # by index


def read_manifest(data: bytes) -> Manifest:
    """ "Manifest" """
    if len(data) > MANIFEST_BYTES_MAX:
        raise Malformed("a manifest that is too long")
    if data[:4] != MAGIC:
        raise Malformed("not the manifest of a snapshot")
    if data[4:5] != b"\1":
        raise NewerVerifier("a manifest of another version") if len(data) > 4 else Malformed("it ends too early")
    read = Reader(data[5:])

    def chunks(count_max):
        return read.list32(count_max, lambda: (read.hash(), read.u32()))

    lists = chunks(STATE_CHUNKS_MAX), chunks(CHUNKS_MAX), chunks(CHUNKS_MAX)
    for chunks_ in lists:
        if not chunks_:
            raise Malformed("a list without chunks")
        for place, (_, length) in enumerate(chunks_):
            least = CHUNK_BYTES if place + 1 < len(chunks_) else 1
            if not least <= length <= CHUNK_BYTES_MAX:
                raise Malformed(f"a chunk of {length} bytes")
    return Manifest(*lists, read_trust_binary(data[5 + read.at :]))


def chunk_hash(chunk: bytes) -> bytes:
    return derive("sanad/v1 snapshot chunk", chunk)


def records(chunk: bytes) -> List[bytes]:
    """ "Chunks" """
    read, found = Reader(chunk), []
    while read.at < len(chunk):
        if read.at >= CHUNK_BYTES:
            raise Malformed("more records than a chunk is cut to")
        length = read.u32()
        if length > RECORD_BYTES_MAX:
            raise Malformed(f"a record of {length} bytes")
        found.append(read.take(length))
    return found


def check_snapshot(data: bytes, chunk_of: Callable[[bytes], bytes], trust: Trust, now_ms: int) -> Header:
    """ "Verification", but for step 3. Returns the last header. `chunk_of` gets a chunk by its hash."""
    manifest = read_manifest(data)
    proved = of_trust_file(manifest.trust, now_ms, trust.chain_id)
    last = proved.header

    def all_records(chunks):
        for hash_, length in chunks:
            chunk = chunk_of(hash_)
            if len(chunk) != length or chunk_hash(chunk) != hash_:
                raise Malformed(f"the chunk {hash_.hex()} is another one")
            yield from records(chunk)

    state = read_state(all_records(manifest.state), last)
    certificates = all_records(manifest.certificates)
    previous, log_size = proved.chain_id, 0
    log, history = Frontier(LOG), Frontier(HISTORY)
    events = {id_: (0, bytes(32)) for id_ in state.members}
    concerns = state.concerns[::-1]
    for height, record in enumerate(all_records(manifest.blocks), 1):
        header, batches = read_block(record)
        certificate = next(certificates, None)
        if header.height != height or height > last.height or certificate is None:
            raise Malformed(f"the block at place {height}")
        read = Reader(certificate)
        certificate = certificate_of(read)
        read.finish()
        check_certificate(header, certificate, proved.set_at(height))
        leaves = [BATCHES.leaf(id_ + signatures) for id_, signatures, _ in batches]
        batches_root = derive("sanad/v1 batches", u64(len(leaves)) + tree_root(BATCHES, leaves))
        if header.chain_id != proved.chain_id or Past(previous, history.root(), batches_root).hash() != header.past:
            raise Malformed(f"block {height} does not follow the block before with its batches")
        for _, _, entries in batches:
            for issuer, entry in entries:
                leaf = LOG.leaf(entry)
                events[issuer] = fold(events.get(issuer, (0, bytes(32))), log_size, leaf)
                if concerns and concerns[-1][0] == log_size:
                    concerned = concerns.pop()[1]
                    events[concerned] = fold(events[concerned], log_size, leaf)
                log.push(leaf)
                log_size += 1
        if header.log_size != log_size:
            raise Malformed(f"block {height} states a log of {header.log_size} entries")
        previous = header.hash()
        history.push(HISTORY.leaf(previous))
    if previous != last.hash() or next(certificates, None) is not None:
        raise Malformed("the blocks do not end with the last header, each with one certificate")
    if log.root() != last.log_root:
        raise Malformed("another log")
    if concerns or any(events[id_] != state.members[id_] for id_ in state.members):
        raise Malformed("the entries that concern a member are not those of its record")
    return last


def fold(events: Tuple[int, bytes], index: int, leaf: bytes) -> Tuple[int, bytes]:
    """completeness.md, "Accumulator" """
    return events[0] + 1, derive("sanad/v1 member events", events[1] + u64(index) + leaf)


def read_state(given, header: Header) -> State:
    """Step 5."""
    last, parameters, items, leaves = b"", None, [], {}
    members, member_leaves, concerns = {}, [], []
    for record in given:
        read = Reader(record)
        tag = read.u8()
        if tag == 0:
            key, parameters = b"", record[1:]
        elif tag == 1:
            member, events = read_member(read)
            key = member.id.encode()
            members[member.id] = events
            member_leaves.append(MEMBERS.leaf(member.encode()))
        elif tag == 2:
            key = item_key(Reader(record[1:]))
            items.append(GOVERNANCE.leaf(record[1:]))
            read.take(len(record) - 1)
        elif tag == 3:
            place, leaf = read.u64(), read.take(STATUS_LEAF_BYTES)
            key, leaves[place] = u64(place), leaf
            if not any(leaf) or place * STATUSES_PER_LEAF >= header.log_size:
                raise Malformed(f"the status leaf {place}")
        elif tag == 4:
            id_, index = member_id(read.text8()), read.u64()
            key = id_.encode() + b"\0" + u64(index)
            if id_ not in members or index >= header.log_size:
                raise Malformed(f"the entry {index} that concerns {id_}")
            concerns.append((index, id_))
        else:
            raise Malformed(f"a record with the tag {tag}")
        if tag == 0:
            check_parameters(read)
        read.finish()
        if u8(tag) + key <= last:
            raise Malformed("records out of order")
        last = u8(tag) + key
    if parameters is None or len(members) > MEMBERS_MAX:
        raise Malformed("no parameters, or too many members")
    zero = STATUS.leaf(bytes(STATUS_LEAF_BYTES))
    status = [zero] * -(-header.log_size // STATUSES_PER_LEAF)
    for place, leaf in leaves.items():
        status[place] = STATUS.leaf(leaf)
    parts = [(0, bytes(32))] * 8
    if items:
        parts[0] = (len(items), tree_root(GOVERNANCE, items))
    parts[1] = (1, derive("sanad/v1 parameters", parameters))
    others = [PARTS.leaf(u8(number) + u64(count) + root) for number, (count, root) in enumerate(parts)]
    roots = tree_root(STATUS, status), members_root(len(members), tree_root(MEMBERS, member_leaves))
    if state_root(*roots, tree_root(PARTS, others)) != header.state_root:
        raise Malformed("the state does not have the root of the header")
    return State(members, sorted(concerns))


def check_parameters(read: Reader):
    read.u32(), read.u32(), read.u8(), read.u8(), read.option(lambda: (read.u8(), read.u8(), read.u64()))


def read_member(read: Reader) -> Tuple[Record, Tuple[int, bytes]]:
    """member.md: the record, and the rest as a node stores it. Returns the accumulator, too."""

    def issuer_id():
        return read.text8(), read.u64(), read.option(read.u64)

    record = Record(
        member_id(read.text8()), read.text8(), read.u8(), read.u64(), read.list32(32, issuer_id),
        read.list32(8, lambda: (read.u64(), read.u64())), read.hash(),
    )  # fmt: skip

    def key():
        purpose = read.u8()
        if purpose > 3:
            raise Malformed("an unknown purpose of a key")
        return purpose, read.key(), read.u64(), read.option(read.u64)

    rest = Rest(
        read.u8(), read.u8(), read.list32(1024, key), *((read.u64(), read.hash()) for _ in range(3)),
        (read.u32(), read.u32()), read.list32(8, read.text8), read.list32(16, lambda: (read.text8(), read.text8())),
    )  # fmt: skip
    if rest.hash() != record.rest:
        raise Malformed(f"the record of {record.id} names another rest")
    return record, rest.events


def item_key(read: Reader) -> bytes:
    """governance.md, "What the state keeps" """
    tag = read.u8()
    if tag == 0:
        return u8(tag) + read.hash()
    if tag == 1:
        return u8(tag) + u64(read.u64()) + read.hash()
    if tag > 6:
        raise Malformed(f"an item with the tag {tag}")
    return u8(tag) + member_id(read.text8()).encode()


def read_block(data: bytes):
    """block.md and batch.md: the header, and of each batch its id, its signatures and its entries with their issuer."""
    read = Reader(data)
    header, batches = header_of(read), read.list32(16_384, lambda: read_batch(read))
    read.finish()
    return header, batches


def read_batch(read: Reader):
    begin = read.at
    if read.u8() != 1:
        raise NewerVerifier("a batch of another version")
    read.hash()
    issuer, chain = member_id(read.text8()), read.u8()
    if chain > 2:
        raise Malformed("an unknown chain of batches")
    read.u64(), read.hash()

    def entry():
        begin = read.at
        event = read.u8()
        if event >= len(EVENTS):
            raise Malformed(f"an event with the tag {event}")
        read.u64() if EVENTS[event] in TARGETS else read_body(EVENTS[event], read)
        return issuer, u8(event) + text8(issuer) + read.data[begin + 1 : read.at]

    entries = read.list32(4096, entry)
    id_ = derive("sanad/v1 batch", read.data[begin : read.at])
    begin = read.at
    read.signature() if chain == 0 else read.list32(5, lambda: (read.key(), read.signature()))
    return id_, read.data[begin : read.at], entries


class Frontier:
    """The roots of the complete subtrees of a tree that grows."""

    def __init__(self, tree):
        self.tree, self.peaks = tree, []

    def push(self, leaf: bytes):
        level = 0
        while self.peaks and self.peaks[-1][0] == level:
            leaf, level = self.tree.node(self.peaks.pop()[1], leaf), level + 1
        self.peaks.append((level, leaf))

    def root(self) -> bytes:
        peaks = [hash_ for _, hash_ in self.peaks]
        if not peaks:
            return self.tree.empty
        root = peaks.pop()
        while peaks:
            root = self.tree.node(peaks.pop(), root)
        return root


def tree_root(tree, leaves) -> bytes:
    frontier = Frontier(tree)
    for leaf in leaves:
        frontier.push(leaf)
    return frontier.root()


def main():
    parser = argparse.ArgumentParser(description="Checks all of a snapshot, with the genesis alone.")
    parser.add_argument("folder")
    parser.add_argument("--genesis", required=True)
    given = parser.parse_args()

    def read(path, bytes_max):
        with open(path, "rb") as file:
            return file.read(bytes_max + 1)

    try:
        trust = of_genesis(read_genesis(read(given.genesis, GENESIS_BYTES_MAX)))
        manifest = read(os.path.join(given.folder, "manifest"), MANIFEST_BYTES_MAX)
        chunk = lambda hash_: read(os.path.join(given.folder, "chunks", hash_.hex()), CHUNK_BYTES_MAX)  # noqa: E731
        header = check_snapshot(manifest, chunk, trust, int(time.time() * 1000))
    except (Fault, Malformed) as error:
        print(f"does not hold: {error}")
        return 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"sound: height {header.height}, block {header.hash().hex()}, {header.log_size} entries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
