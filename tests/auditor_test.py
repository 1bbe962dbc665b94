#!/usr/bin/env python3
"""The auditor against journals that are written here, record by record: what is right it finds
right, and each thing that is wrong it finds and names."""
import contextlib
import datetime
import io
import json
import struct
import unittest
import zlib

from audit_journals import CODE_REVERSAL, CODE_TRANSFER, Audits, main, scheme, transfer
from audit_journals import ANY_VINTAGE


class Chain(Audits):
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
        journal = scheme(b"compliance.rule = per_year\n" + ANY_VINTAGE)
        for year, tonnes in ((2025, 15), (2026, 10)):
            journal.verify(7, year, tonnes)
        journal.surrender(2, 2025, 15)
        journal.applied(42, struct.pack("<IHqB?", 7, 2025, 10, 3, False))
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
