#!/usr/bin/env python3
"""The auditor against journals that are written here, record by record: what is right it finds
right, and each thing that is wrong it finds and names."""
import contextlib
import datetime
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

ISSUANCE, BANK, ALLOCATION, HOLDER, SURRENDER_SINK = 1, 2, 3, 8, 10
CODE_ISSUE, CODE_SURRENDER, CODE_TRANSFER, CODE_REVERSAL = 1, 10, 22, 24
NOON_2027 = 1_798_772_400_000_000  # 2027-01-01 03:00 UTC, 11:00 in Beijing.
PROFILE = b"name = test\ncompliance.rule = cumulative\nunits.cap_binds = true\n"


def transfer(debit, credit, ledger, amount, code, year=0, reference=0):
    return struct.pack("<IIHqBHQ", debit, credit, ledger, amount, code, year, reference)


class Journal:
    """Writes records into batches as docs/journal-format.md says."""

    def __init__(self, profile=PROFILE):
        self.sequence, self.time = 0, NOON_2027
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

    # ---- What is right ----

    def test_agrees_with_a_whole_journal_and_gives_balances_totals_and_symbols(self):
        journal = scheme()
        journal.move(2, 3, 300)
        journal.refused(6, transfer(3, 2, 0, 999, CODE_TRANSFER), 33)
        for entity, tonnes in ((7, 600), (8, 400)):
            journal.verify(entity, 2026, tonnes)
        journal.surrender(2, 2026, 600)
        journal.surrender(3, 2026, 300)
        code, text = self.audit(journal.export())
        self.assertEqual(code, 0, text)
        self.assertEqual([(row["account"], row["balance"]) for row in self.show(journal, "balances")],
                         [(0, -1_000), (1, 900), (2, 100)])
        (totals,) = self.show(journal, "totals")
        self.assertEqual((totals["issued"], totals["held"], totals["surrendered"]), (1_000, 100, 900))
        self.assertEqual([(row["entity"], row["figure"], row["symbol"])
                          for row in self.show(journal, "status")], [(7, 0, "A"), (8, -100, "B")])

    def test_gives_c_without_emissions_and_not_applicable_before_the_first_year(self):
        journal = scheme()
        journal.applied(21, struct.pack("<IHHI", 7, 2025, 0, 0))
        journal.verify(7, 2025, 0)
        journal.applied(21, struct.pack("<IHHI", 8, 2027, 0, 0))
        self.assertEqual([row["symbol"] for row in self.show(journal, "status")], ["C", "N/A"])

    def test_marks_what_the_authority_corrected(self):
        journal = scheme()
        journal.verify(7, 2026, 10)
        journal.applied(42, struct.pack("<IHqB?", 7, 2026, 0, 3, False))
        row = self.show(journal, "status")[0]
        self.assertEqual((row["figure"], row["symbol"], row["corrected"]), (0, "A", True))

    def test_reserves_until_posted_voided_or_expired(self):
        journal = scheme()
        journal.reserve(1, 2, 3, 100)
        journal.reserve(2, 2, 3, 200, journal.time + 1_000_000)
        journal.reserve(3, 2, 3, 400)
        journal.applied(30, struct.pack("<Iq", 1, 60),
                        [transfer(2, 3, 0, 60, CODE_TRANSFER, 0, 1)])
        self.assertEqual(self.show(journal, "balances")[1]["reserved"], 600)
        journal.advance(1_000_000)
        row = self.show(journal, "balances")[1]
        self.assertEqual((row["balance"], row["reserved"], row["available"]), (940, 400, 540))

    def test_reads_a_batch_of_transfers_less_the_items_that_were_refused(self):
        journal = scheme()
        items = [transfer(2, 3, 0, amount, CODE_TRANSFER) + b"\0" for amount in (5, 7, 9)]
        journal.raw_record(28 | 0x8000, bytes(16) + bytes(8) + struct.pack("<I", 3)
                           + b"".join(items) + struct.pack("<HIqI", 0, 0, 0, 1)
                           + struct.pack("<IHHH", 3, 0, 33, 0))
        self.assertEqual(self.show(journal, "balances")[2]["balance"], 14)

    def test_reads_the_state_as_of_a_record(self):
        journal = scheme()
        before = journal.sequence
        journal.move(2, 3, 300)
        code, text = self.audit(journal.export(), "--as-of", str(before), "--show", "balances",
                                "--output", "json")
        self.assertEqual((code, [row["account"] for row in json.loads(text)]), (0, [0, 2]))
        code, text = self.audit(journal.export(), "--as-of", "999")
        self.assertEqual(code, 2)
        self.assertIn(f"ends with record {journal.sequence}", text)

    # Reg. (EU) 2019/1122 Art. 35(3), proposed on Monday 1 March 2027 after noon CET, carried
    # out on Wednesday at noon; one second before it is still reserved.
    def test_keeps_a_proposal_reserved_until_a_second_person_and_the_calendar_agree(self):
        noon = int(datetime.datetime(2027, 3, 1, 11, tzinfo=datetime.timezone.utc).timestamp()) * 10**6
        day = 86_400_000_000
        law = (b"zone.offset_minutes = 60\nzone.daylight_saving = true\n"
               b"transfers.four_eyes = true\nuntrusted.kind = at_minute\n"
               b"untrusted.cutoff_minute = 720\nuntrusted.at_minute = 720\n")
        for late, wait in ((0, 1), (60_000_000, 2)):
            journal = scheme(law)
            journal.advance_to(noon + late)
            journal.propose(1, 4, 2, 3, 70)
            journal.approve(1, 5)
            journal.advance_to(noon + wait * day - 1)
            self.assertEqual(self.show(journal, "balances")[1]["reserved"], 70)
            journal.advance_to(noon + wait * day, [transfer(2, 3, 0, 70, CODE_TRANSFER)])
            row = self.show(journal, "balances")[1]
            self.assertEqual((row["balance"], row["reserved"]), (930, 0))

    def test_notices_that_someone_approved_their_own_proposal_or_nobody_did(self):
        law = b"transfers.four_eyes = true\n"
        journal = scheme(law)
        journal.propose(1, 4, 2, 3, 70)
        journal.approve(1, 4)
        self.assert_found(journal.export(), "principal 4 approved its own task 1")
        journal = scheme(law)
        journal.propose(1, 4, 2, 3, 70, done=True)
        self.assert_found(journal.export(), "carried out make_transfer without a second person")

    def test_counts_each_year_on_its_own_where_the_law_says_so(self):
        journal = scheme(b"compliance.rule = per_year\n")
        for year, tonnes in ((2025, 10), (2026, 10)):
            journal.verify(7, year, tonnes)
        journal.surrender(2, 2025, 15)
        row = self.show(journal, "status")[0]
        self.assertEqual((row["figure"], row["symbol"]), (-10, "B"))

    def test_owes_a_multiple_in_units_where_the_law_says_so(self):
        journal = scheme(b"compliance.rule = per_year\nshortfall.rule = units\n"
                         b"shortfall.units_multiple = 4\n")
        journal.verify(7, 2026, 10)
        journal.applied(13, struct.pack("<IH", 7, 2026), receipt=(0, 10, 0))
        journal.surrender(2, 2026, 25)
        self.assertEqual(self.show(journal, "compliance")[0]["owed_units"], 15)

    # ---- What the registry says ----

    def test_compares_tables_and_names_the_value_that_differs(self):
        journal = scheme()
        rows = self.show(journal, "balances")
        self.assertEqual(self.audit(journal.export(), "--expect", self.path("b.json", rows))[0], 0)
        rows[1]["balance"] += 1
        self.assert_found(journal.export(), "balances of 2 CEA26: balance: the journal gives 1000, "
                                            "the registry says 1001",
                          "--expect", self.path("b.json", rows))
        del rows[1]
        self.assert_found(journal.export(), "the registry does not list it",
                          "--expect", self.path("b.json", rows))
        self.assertEqual(self.audit(journal.export(), "--partial", "--expect",
                                    self.path("b.json", rows))[0], 0)

    def test_compares_symbols_and_the_runs_chain_head(self):
        journal = scheme()
        journal.verify(7, 2026, 10)
        journal.verify(8, 2026, 0)
        rows = self.show(journal, "status")
        rows[0]["symbol"] = "A"
        self.assert_found(journal.export(), "status of 7: symbol: the journal gives B, the registry "
                                            "says A", "--expect", self.path("s.json", rows))
        run = {"registry_chain_hash": journal.head.hex()}
        self.assertEqual(self.audit(journal.export(), "--run", self.path("run.json", run))[0], 0)
        self.assert_found(journal.export(), "run.json: it names",
                          "--run", self.path("run.json", {"registry_chain_hash": "0" * 64}))

    # ---- What is wrong ----

    def test_notices_any_flipped_byte(self):
        journal = scheme()
        journal.move(2, 3, 300)
        whole = journal.export()
        for place in range(0, len(whole), 7):
            damaged = bytearray(whole)
            damaged[place] ^= 1
            code, text = self.audit(bytes(damaged))
            self.assertIn(code, (1, 2), f"byte {place}: {text}")

    def test_notices_a_missing_batch_and_a_missing_end(self):
        journal = scheme()
        for amount in (1, 2, 3):
            journal.move(2, 3, amount)
            journal.end_batch()
        del journal.batches[1]
        self.assert_found(journal.export(), "batch 2 is missing")
        journal = scheme()
        journal.move(2, 3, 1)
        journal.export()
        last = journal.batches.pop()
        whole = journal.export()
        anchor = b"CCJ1" + struct.pack("<QQ", 2, journal.sequence) + last[:32]
        self.assert_found(whole[:-56] + anchor + struct.pack("<I", zlib.crc32(anchor)),
                          "acknowledged batches are missing")
        self.assert_found(whole[:-60], "without an anchor")

    def test_notices_a_transfer_other_than_its_command_says(self):
        journal = scheme()
        journal.move(2, 3, 300, transfer(2, 3, 0, 301, CODE_TRANSFER))
        self.assert_found(journal.export(), "record 9: moved")

    def test_notices_an_overdrawn_account_and_units_above_the_cap(self):
        journal = scheme()
        journal.move(3, 2, 1)
        self.assert_found(journal.export(), "account 3 is overdrawn in CEA26: -1")
        journal = scheme()
        journal.issue(2, 4_001)
        self.assert_found(journal.export(), "CEA26: issued 5001 above the cap of 5000")

    def test_lets_a_years_cap_be_passed_where_only_that_of_the_phase_binds(self):
        for years, fits in ((2, True), (1, False)):
            law = (b"units.cap_binds = false\nunits.cap_phase_from = 2026\n"
                   b"units.cap_phase_years = %d\n" % years)
            journal = scheme(law)
            journal.applied(3, struct.pack("<BBHq", 1, 0, 2027, 5_000), receipt=(1, 0, 0))
            journal.issue(2, 6_000)
            code, text = self.audit(journal.export())
            self.assertEqual(code, 0 if fits else 1, text)

    def test_notices_a_pending_transfer_that_resolves_twice(self):
        journal = scheme()
        journal.reserve(1, 2, 3, 100)
        for _ in range(2):
            journal.applied(31, struct.pack("<I", 1))
        self.assert_found(journal.export(), "resolved pending transfer 1 again; it was voided")

    def test_notices_a_surrender_that_is_reversed_twice(self):
        journal = scheme()
        journal.surrender(2, 2026, 10)
        at = journal.sequence
        for _ in range(2):
            journal.applied(34, struct.pack("<QI", at, 0),
                            [transfer(1, 2, 0, 10, CODE_REVERSAL, 2026, at)])
        self.assert_found(journal.export(), "or was reversed before")

    def test_notices_a_request_that_was_applied_twice(self):
        journal = scheme()
        for _ in range(2):
            journal.raw_record(8 | 0x8000, bytes(24) + struct.pack("<IHq", 7, 2026, 5)
                               + struct.pack("<HIqI", 0, 0, 0, 0) + struct.pack("<I", 0))
        self.assert_found(journal.export(), "was applied before")

    def test_notices_a_shortfall_that_was_assessed_wrongly(self):
        journal = scheme()
        journal.verify(7, 2026, 100)
        journal.applied(13, struct.pack("<IH", 7, 2026), receipt=(0, 99, 0))
        self.assert_found(journal.export(), "short by 100 for 2026; the registry says 99")

    def test_notices_time_that_goes_back_and_payloads_that_cannot_be_read(self):
        journal = scheme()
        journal.time -= 1
        journal.move(2, 3, 1)
        self.assert_found(journal.export(), "time goes back")
        journal = scheme()
        journal.raw_record(6, b"\0\0\0")
        self.assert_found(journal.export(), "record 9: the payload is cut short")

    # ---- What is no input ----

    def test_says_what_cannot_be_used_with_exit_code_2(self):
        self.assertEqual(self.audit(b"")[0], 2)
        self.assertEqual(self.audit(b"no journal at all, but some text of a hundred bytes")[0], 2)
        with contextlib.redirect_stderr(io.StringIO()) as err:
            self.assertEqual(main([self.folder.name + "/nowhere.bin"]), 2)
        self.assertIn("nowhere.bin", err.getvalue())
        journal = scheme().export()
        code, text = self.audit(journal, "--expect", self.path("x.json", [{"a": 1}]))
        self.assertEqual(code, 2)
        self.assertIn("x.json", text)


if __name__ == "__main__":
    unittest.main()
