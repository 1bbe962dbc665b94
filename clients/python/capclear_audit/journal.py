"""The exported journal: batches in a SHA-256 chain, records in them, the anchor behind them."""
import hashlib
import struct
import zlib

HEADER = struct.Struct("<32s32sQIQ")  # hash, previous hash, batch, count, first sequence
RECORD = struct.Struct("<IHHQQqqBI")  # length .. source id; the payload follows
ANCHOR = struct.Struct("<4sQQ32sI")
HAS_REQUEST = 0x8000
BATCH_RECORDS_MAX = 8190
BATCH_BYTES_MAX = 1 << 30  # A length above it is no batch of this program.
_LENGTH_SIZE = 4
_FIXED_AFTER_LENGTH = RECORD.size - _LENGTH_SIZE


class NotAJournal(Exception):
    """The file is not an exported journal at all."""


class ChainBroken(Exception):
    """The journal does not hold together; what lies behind that place proves nothing."""


class Batch:
    """One stored value whose hash, place in the chain and counts are right."""

    __slots__ = ("number", "count", "first_sequence", "head", "value")

    def __init__(self, number, count, first_sequence, head, value):
        self.number = number
        self.count = count
        self.first_sequence = first_sequence
        self.head = head
        self.value = value

    def records(self):
        """Yields (sequence, kind, version, sim_time, payload) of each record."""
        value, at, end = self.value, HEADER.size, len(self.value)
        unpack, fixed = RECORD.unpack_from, RECORD.size
        for sequence in range(self.first_sequence, self.first_sequence + self.count):
            if at + fixed > end:
                raise ChainBroken(f"batch {self.number}: record {sequence} does not fit")
            length, kind, version, number, _, sim_time, _, _, _ = unpack(value, at)
            stop = at + _LENGTH_SIZE + length
            if length < _FIXED_AFTER_LENGTH or stop > end:
                raise ChainBroken(f"batch {self.number}: record {sequence} does not fit")
            if number != sequence:
                raise ChainBroken(
                    f"batch {self.number}: record {sequence} says that it is {number}")
            yield sequence, kind, version, sim_time, value[at + fixed:stop]
            at = stop
        if at != end:
            raise ChainBroken(f"batch {self.number}: {end - at} bytes behind its last record")


class Export:
    """Reads an export file batch by batch. Afterwards `batches`, `head` and `last_sequence` tell
    where the chain ends."""

    def __init__(self, file):
        self._file = file
        self.batches = 0
        self.last_sequence = 0
        self.head = bytes(32)
        self._heads = {}

    def __iter__(self):
        while True:
            value = self._next_value()
            if value is None:
                return
            yield self._check(value)

    def _next_value(self):
        raw = self._file.read(_LENGTH_SIZE)
        if len(raw) < _LENGTH_SIZE:
            self._refuse_or_break("the file ends without an anchor")
        (length,) = struct.unpack("<I", raw)
        if length == 0:
            self._check_anchor(self._file.read(ANCHOR.size + 1))
            return None
        if length < HEADER.size or length > BATCH_BYTES_MAX:
            self._refuse_or_break(f"a batch of {length} bytes")
        value = self._file.read(length)
        if len(value) < length:
            self._refuse_or_break("the file ends within the batch")
        return value

    def _refuse_or_break(self, what):
        if self.batches == 0:
            raise NotAJournal(f"{what} at its beginning: not an exported journal")
        raise ChainBroken(f"behind batch {self.batches}: {what}")

    def _check(self, value):
        claimed, previous, number, count, first = HEADER.unpack_from(value)
        expected = self.batches + 1
        is_whole = hashlib.sha256(memoryview(value)[32:]).digest() == claimed
        if number != expected and not is_whole:
            self._refuse_or_break(f"batch {number} where {expected} should be")
        if number != expected:
            raise ChainBroken(f"batch {expected} is missing; the next is {number}")
        if not is_whole:
            raise ChainBroken(f"batch {number}: its content does not have its hash")
        if previous != self.head:
            raise ChainBroken(f"batch {number}: it does not follow batch {number - 1}")
        if first != self.last_sequence + 1:
            raise ChainBroken(f"batch {number}: it begins with record {first}, "
                              f"not {self.last_sequence + 1}")
        if not 1 <= count <= BATCH_RECORDS_MAX:
            raise ChainBroken(f"batch {number}: {count} records; 1 to {BATCH_RECORDS_MAX} may be")
        self.batches, self.head, self.last_sequence = number, claimed, first + count - 1
        self._heads[number] = (claimed, self.last_sequence)
        return Batch(number, count, first, claimed, value)

    def _check_anchor(self, raw):
        if len(raw) != ANCHOR.size:
            raise ChainBroken(f"an anchor of {len(raw)} bytes behind the last batch; it has "
                              f"{ANCHOR.size}")
        magic, batch, sequence, head, checksum = ANCHOR.unpack(raw)
        if magic != b"CCJ1" or zlib.crc32(raw[:-4]) != checksum:
            raise ChainBroken("the anchor is damaged")
        if batch not in self._heads:
            raise ChainBroken(f"the anchor names batch {batch}, and the journal ends with batch "
                              f"{self.batches}: acknowledged batches are missing")
        if self._heads[batch] != (head, sequence):
            raise ChainBroken(f"the anchor names another batch {batch} than the journal holds")
