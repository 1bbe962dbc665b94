"""Journals written record by record as docs/journal-format.md says, and the auditor run on them."""
import contextlib
import hashlib
import io
import json
import pathlib
import struct
import sys
import tempfile
import unittest
import zlib

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "clients" / "python"))

from capclear_audit.__main__ import main  # noqa: E402

ISSUANCE, BANK, ALLOCATION, AUCTION_STOCK, HOLDER, ESCROW = 1, 2, 3, 6, 8, 9
SURRENDER_SINK, CANCELLATION, EXPIRED = 10, 11, 13
CODE_ISSUE, CODE_FINAL, CODE_WITHDRAWAL, CODE_TRADE, CODE_SURRENDER = 1, 3, 6, 7, 10
CODE_CANCEL, CODE_EXPIRE, CODE_TRANSFER, CODE_RETURN, CODE_REVERSAL = 11, 13, 22, 23, 24
CODE_CONSIGNMENT = 26
NOON_2027 = 1_798_772_400_000_000  # 2027-01-01 03:00 UTC, 11:00 in Beijing.
ANY_VINTAGE = b"surrender.eligibility = 0-9999 takes 0-9999 lead 9999\n"
PROFILE = b"name = test\ncompliance.rule = cumulative\nunits.cap_binds = true\n"


def transfer(debit, credit, ledger, amount, code, year=0, reference=0):
    return struct.pack("<IIHqBHQ", debit, credit, ledger, amount, code, year, reference)


class Journal:
    """Writes records into batches as docs/journal-format.md says."""

    def __init__(self, profile=PROFILE, time=NOON_2027):
        self.sequence, self.time = 0, time
        self.batches, self.open, self.head = [], [], bytes(32)
        self.first = 1
        self.raw_record(1, profile)

    def raw_record(self, kind, payload):
        self.sequence += 1
        body = struct.pack("<HHQQqqBI", kind, 2, self.sequence, 0, self.time, 0, 4, 0) + payload
        self.open.append(struct.pack("<I", len(body)) + body)

    def applied(self, kind, fields, transfers=(), receipt=(0, 0, 0)):
        self.raw_record(kind, fields + struct.pack("<HIqI", 0, *receipt)
                        + struct.pack("<I", len(transfers)) + b"".join(transfers))

    def refused(self, kind, fields, refusal):
        self.raw_record(kind, fields + struct.pack("<H", refusal))

    def end_batch(self):
        count, number = len(self.open), len(self.batches) + 1
        rest = self.head + struct.pack("<QIQ", number, count, self.first) + b"".join(self.open)
        self.head = hashlib.sha256(rest).digest()
        self.batches.append(self.head + rest)
        self.open, self.first = [], self.sequence + 1

    def export(self):
        if self.open:
            self.end_batch()
        anchor = b"CCJ1" + struct.pack("<QQ", len(self.batches), self.sequence) + self.head
        anchor += struct.pack("<I", zlib.crc32(anchor))
        values = b"".join(struct.pack("<I", len(value)) + value for value in self.batches)
        return values + struct.pack("<I", 0) + anchor

    # ---- Commands ----

    def open_account(self, number, kind, entity=0):
        self.applied(2, struct.pack("<BI", kind, entity), receipt=(number, 0, 0))

    def issue(self, to, amount):
        self.applied(5, struct.pack("<IHqB", to, 0, amount, CODE_ISSUE),
                     [transfer(0, to, 0, amount, CODE_ISSUE)])

    def move(self, debit, credit, amount, moved=None):
        moved = moved or transfer(debit, credit, 0, amount, CODE_TRANSFER)
        self.applied(6, transfer(debit, credit, 0, amount, CODE_TRANSFER), [moved])

    def verify(self, entity, year, tonnes):
        self.applied(9, struct.pack("<IHq", entity, year, tonnes))

    def surrender(self, holder, year, amount):
        self.applied(12, struct.pack("<IHHq", holder, 0, year, amount),
                     [transfer(holder, 1, 0, amount, CODE_SURRENDER, year)])

    def reserve(self, number, debit, credit, amount, expires_at=0):
        self.applied(29, transfer(debit, credit, 0, amount, CODE_TRANSFER)
                     + struct.pack("<q", expires_at), receipt=(number, 0, 0))

    def propose(self, number, principal, debit, credit, amount, done=False):
        moved = transfer(debit, credit, 0, amount, CODE_TRANSFER)
        fields = struct.pack("<IHI", principal, 6, len(moved)) + moved
        self.applied(35, fields, [moved] if done else [], receipt=(number, int(done), 0))

    def approve(self, task, principal, done=False):
        self.applied(36, struct.pack("<II", task, principal), receipt=(0, int(done), 0))

    def advance_to(self, time, transfers=()):
        self.time = time
        self.applied(16, struct.pack("<q", time), transfers)

    def freeze(self, number, account, amount):
        self.applied(32, struct.pack("<IHqqI", account, 0, amount, 0, 1) + b"c",
                     receipt=(number, 0, 0))

    def settle(self, number, fills=(), withdrawals=(), transfers=(), failed=0):
        self.applied(18, struct.pack("<QI", number, len(fills))
                     + b"".join(struct.pack("<IIHHqqQB", *fill) for fill in fills)
                     + struct.pack("<I", len(withdrawals))
                     + b"".join(struct.pack("<IIHq", *out) for out in withdrawals),
                     transfers, receipt=(0, 0, failed))

    def begin_branch(self, law):
        self.applied(45, struct.pack("<I", 4) + b"twin" + bytes(32) + struct.pack("<I", len(law))
                     + law)

    def advance(self, micros):
        self.time += micros
        self.applied(16, struct.pack("<q", self.time))


def scheme(profile=PROFILE):
    """Two firms: 7 has 1,000 t issued in account 2, 8 has none in account 3."""
    journal = Journal(profile)
    for number, (kind, entity) in enumerate(((ISSUANCE, 0), (SURRENDER_SINK, 0), (HOLDER, 7),
                                             (HOLDER, 8))):
        journal.open_account(number, kind, entity)
    journal.applied(3, struct.pack("<BBHq", 1, 0, 2026, 5_000))
    journal.advance(0)
    journal.issue(2, 1_000)
    journal.end_batch()
    return journal


class Audits(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, content):
        path = pathlib.Path(self.folder.name) / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    def audit(self, content, *options):
        """(exit code, report) of one export."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = main([self.path("journal.bin", content), *options])
        return code, out.getvalue()

    def show(self, journal, table):
        code, text = self.audit(journal.export(), "--show", table, "--output", "json")
        self.assertEqual(code, 0, text)
        return json.loads(text)

    def assert_found(self, content, words, *options):
        code, text = self.audit(content, *options)
        self.assertEqual(code, 1, text)
        self.assertIn(words, text)
