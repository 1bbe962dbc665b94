#!/usr/bin/env python3
"""Changes one transfer of an exported journal, chains everything anew as a forger would, and asks
the auditor; so many times, each time another. Prints how often it was noticed.

  tests/auditor_mutations.py JOURNAL COUNT [SEED]
"""
import hashlib
import io
import pathlib
import random
import struct
import sys
import zlib

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "clients" / "python"))

from capclear_audit import codec  # noqa: E402
from capclear_audit.audit import Audit  # noqa: E402
from capclear_audit.journal import HAS_REQUEST, HEADER, RECORD, Export  # noqa: E402

BATCH = codec.KINDS["transfer_batch"]  # Its items are the command; another one may be as good.
FIELDS = ("debit", "credit", "ledger", "amount", "code", "year", "reference")


def transfers_of(values):
    """(batch, place of a transfer in its value, record) of every transfer that is written out."""
    for number, value in enumerate(values):
        (_, _, _, count, _) = HEADER.unpack_from(value)
        at = HEADER.size
        for _ in range(count):
            length, kind, _, sequence, *_ = RECORD.unpack_from(value, at)
            end = at + 4 + length
            if sequence > 1 and kind & ~HAS_REQUEST != BATCH:
                payload = value[at + RECORD.size:end]
                moved = codec.decode(kind & ~HAS_REQUEST, payload, bool(kind & HAS_REQUEST))[3]
                for i in range(len(moved or ())):
                    yield number, end - (i + 1) * codec.TRANSFER.size, sequence
            at = end


def changed(value, place, dice):
    """The batch with one field of one transfer different, and which."""
    transfer = list(codec.TRANSFER.unpack_from(value, place))
    field = dice.randrange(len(FIELDS))
    transfer[field] += 1 if transfer[field] == 0 else dice.choice((-1, 1))
    out = bytearray(value)
    codec.TRANSFER.pack_into(out, place, *transfer)
    return bytes(out), FIELDS[field]


def export_of(values, sequence):
    """An export file with a chain and an anchor that hold."""
    head, out = bytes(32), []
    for value in values:
        rest = head + value[64:]
        head = hashlib.sha256(rest).digest()
        out.append(struct.pack("<I", len(value)) + head + rest)
    anchor = b"CCJ1" + struct.pack("<QQ", len(values), sequence) + head
    return b"".join(out) + bytes(4) + anchor + struct.pack("<I", zlib.crc32(anchor))


def main(path, count, seed=1):
    export = Export(open(path, "rb"))
    values = [batch.value for batch in export]
    places = list(transfers_of(values))
    if Audit(io.BytesIO(export_of(values, export.last_sequence))).findings.count:
        print("the journal is wrong before anything is changed")
        return 2
    dice, noticed = random.Random(seed), 0
    for _ in range(count):
        number, place, sequence = dice.choice(places)
        value, field = changed(values[number], place, dice)
        forged = values[:number] + [value] + values[number + 1:]
        audit = Audit(io.BytesIO(export_of(forged, export.last_sequence)))
        if audit.findings.count:
            noticed += 1
        else:
            before, after = (codec.TRANSFER.unpack_from(of, place)
                             for of in (values[number], value))
            print(f"record {sequence}: {field} of {before} as {after[FIELDS.index(field)]} went "
                  "unnoticed")
    print(f"{noticed} of {count} changes noticed, among {len(places)} transfers")
    return int(noticed != count)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *(int(argument) for argument in sys.argv[2:])))
