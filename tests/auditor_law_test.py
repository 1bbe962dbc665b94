#!/usr/bin/env python3
"""The auditor against journals in which somebody did what the law of the time forbids, or in which
something moved that no command moved; and the serials it derives."""
import datetime
import struct
import unittest

from audit_journals import (
    ALLOCATION, AUCTION_STOCK, CODE_CONSIGNMENT, CODE_EXPIRE, CODE_FINAL, CODE_RETURN,
    CODE_SURRENDER, CODE_TRADE, CODE_TRANSFER, ESCROW, EXPIRED, HOLDER, ISSUANCE, PROFILE,
    SURRENDER_SINK, Audits, Journal, scheme, transfer)


class Law(Audits):
    # ---- What the law of the time forbids ----

    def test_holds_each_issue_to_the_cap_of_the_law_of_its_time(self):
        warns = b"units.cap_binds = false\n"
        journal = scheme(warns)
        journal.issue(2, 4_500)  # Above the year's cap, which only warns.
        journal.begin_branch(b"units.cap_binds = true\n")
        self.assertEqual(self.audit(journal.export())[0], 0)
        journal.issue(2, 1)
        self.assert_found(journal.export(), "CEA26: issued 5501 above the cap of 5000")

    def test_notices_a_cap_that_is_set_below_what_was_issued(self):
        journal = scheme()
        journal.applied(4, struct.pack("<Hq", 0, 999))
        self.assert_found(journal.export(), "a cap of 999 below the 1000 issued")
        journal = scheme(b"units.cap_binds = false\nunits.cap_phase_from = 2026\n"
                         b"units.cap_phase_years = 2\n")
        journal.applied(3, struct.pack("<BBHq", 1, 0, 2027, 5_000), receipt=(1, 0, 0))
        journal.issue(2, 6_000)
        journal.applied(4, struct.pack("<Hq", 1, 1_000))
        self.assert_found(journal.export(), "CEA27: a cap of 1000 leaves its phase 1000 short")

    def test_notices_units_that_went_although_they_were_reserved_or_frozen(self):
        journal = scheme()
        journal.reserve(1, 2, 3, 600)
        journal.move(2, 3, 400)
        self.assertEqual(self.audit(journal.export())[0], 0)
        journal.move(2, 3, 1)
        self.assert_found(journal.export(), "account 2 gave CEA26 that were reserved or frozen: 599 "
                                            "are left, 600 reserved and 0 frozen")
        journal = scheme()
        journal.freeze(1, 2, 300)
        journal.move(2, 3, 701)
        self.assert_found(journal.export(), "0 reserved and 300 frozen")
        journal = scheme()
        journal.freeze(1, 2, 300)
        journal.reserve(1, 2, 3, 701)
        self.assert_found(journal.export(), "has reserved 701 of 1000 CEA26, of which 300 are frozen")

    def test_notices_who_sent_received_or_surrendered_without_the_right_to(self):
        for account, capabilities, words in ((2, 6, "account 2 may not send, and did"),
                                             (3, 5, "account 3 may not receive, and did")):
            journal = scheme()
            journal.applied(19, struct.pack("<IB?", account, capabilities, False))
            journal.move(2, 3, 1)
            self.assert_found(journal.export(), words)
        journal = scheme()
        journal.applied(19, struct.pack("<IB?", 2, 3, False))
        journal.surrender(2, 2026, 1)
        self.assert_found(journal.export(), "account 2 may not surrender, and did")

    # Reg. (EU) 2019/1122 Art. 9(2), 32: blocked from 1 April, but may surrender; each year's figure
    # stands for itself.
    def test_notices_who_sent_without_the_emissions_that_were_due(self):
        day = int(datetime.datetime(2027, 4, 1, tzinfo=datetime.timezone.utc).timestamp()) * 10**6
        law = PROFILE + b"zone.offset_minutes = 0\ncompliance.emissions_due = 04-01\n"
        for recorded, found in (((), True), ((2026,), False), ((2025,), True)):
            journal = scheme(law)
            journal.applied(21, struct.pack("<IHHI", 7, 2026, 0, 0))
            journal.advance_to(day)
            for year in recorded:
                journal.verify(7, year, 5)
            journal.surrender(2, 2026, 1)
            journal.move(2, 3, 1)
            code, text = self.audit(journal.export())
            self.assertEqual("account 2 sent while it was blocked" in text, found, text)
            self.assertEqual(code, int(found), text)

    def test_notices_who_sent_after_a_pair_that_did_not_settle(self):
        journal = scheme()
        journal.open_account(4, ESCROW, 7)
        journal.open_account(5, ESCROW, 8)
        journal.settle(1, fills=[(4, 5, 0, 0, 10, 0, 1, CODE_TRADE)], failed=1)
        self.assertEqual(self.audit(journal.export())[0], 0)
        journal.move(2, 3, 1)
        self.assert_found(journal.export(), "account 2 sent while it was blocked")

    def test_notices_who_sent_beyond_a_trusted_list(self):
        journal = scheme(b"transfers.trusted_list_only = true\n")
        journal.move(2, 3, 1)
        self.assert_found(journal.export(), "account 2 sent to 3, which is not on its trusted list")
        journal = scheme(b"transfers.trusted_list_only = true\n")
        journal.applied(23, struct.pack("<II", 2, 3))
        journal.move(2, 3, 1)
        self.assertEqual(self.audit(journal.export())[0], 0)

    def test_notices_a_waived_second_person_who_is_missing_in_the_end(self):
        law = (b"zone.offset_minutes = 0\ntransfers.four_eyes = true\n"
               b"trusted.kind = in_window\ntrusted.open_minute = 600\ntrusted.close_minute = 960\n")
        morning = int(datetime.datetime(2027, 3, 2, 10, tzinfo=datetime.timezone.utc).timestamp())
        for removed in (False, True):
            journal = scheme(law)
            journal.advance_to((morning - 4 * 3600) * 10**6)
            journal.applied(23, struct.pack("<II", 2, 3))
            journal.propose(1, 4, 2, 3, 70)
            if removed:
                journal.applied(24, struct.pack("<II", 2, 3))
            journal.advance_to(morning * 10**6, [transfer(2, 3, 0, 70, CODE_TRANSFER)])
            code, text = self.audit(journal.export())
            self.assertEqual(code, int(removed), text)
            self.assertEqual("carried out task 1 without a second person" in text, removed, text)

    def test_notices_a_surrender_above_what_is_owed_or_of_a_vintage_that_does_not_count(self):
        law = b"compliance.rule = per_year\n"
        journal = scheme(law)
        journal.verify(7, 2026, 10)
        journal.surrender(2, 2026, 11)
        self.assert_found(journal.export(), "entity 7 owes 10 for 2026 and was let surrender 11")
        journal = scheme(law)
        journal.verify(7, 2025, 10)
        journal.surrender(2, 2025, 10)
        self.assert_found(journal.export(), "CEA26 does not count for 2025")

    # ---- What no command moved ----

    def test_notices_a_transfer_that_nothing_due_explains(self):
        journal = scheme()
        journal.advance_to(journal.time + 1, [transfer(2, 3, 0, 5, CODE_TRANSFER)])
        self.assert_found(journal.export(), "which nothing that was due explains")

    def test_notices_a_transfer_under_a_command_that_moves_nothing(self):
        journal = scheme()
        journal.applied(9, struct.pack("<IHq", 7, 2026, 5), [transfer(2, 3, 0, 5, CODE_TRANSFER)])
        self.assert_found(journal.export(), "verify_emissions moves nothing")

    def test_takes_no_plain_transfer_for_a_surrender_whatever_its_code_says(self):
        journal = scheme()
        journal.applied(6, transfer(2, 3, 0, 5, CODE_SURRENDER, 2026),
                        [transfer(2, 3, 0, 5, CODE_SURRENDER, 2026)])
        self.assertEqual(self.show(journal, "compliance"), [])

    def test_notices_a_vintage_that_did_not_expire_whole(self):
        for amount, code in ((1_000, 0), (999, 1)):
            journal = scheme()
            journal.open_account(4, EXPIRED)
            journal.applied(15, struct.pack("<H", 0), [transfer(2, 4, 0, amount, CODE_EXPIRE)],
                            receipt=(0, amount, 0))
            self.assertEqual(self.audit(journal.export())[0], code)

    def test_notices_a_settlement_message_that_is_missing(self):
        journal = scheme()
        journal.settle(2)
        self.assert_found(journal.export(), "settled message 2, not 1")
        journal = scheme()
        journal.applied(17, struct.pack("<iQQQ", 20_000, 3, 0, 0))
        self.assert_found(journal.export(), "closed a day after settlement message 3; 0 were settled")

    def test_notices_a_payment_or_a_return_other_than_the_plan_says(self):
        def planned(paid):
            journal = scheme(PROFILE)
            journal.open_account(4, ALLOCATION)
            journal.issue(4, 100)
            journal.applied(39, struct.pack("<IHBq?", 7, 2026, 1, 60, False))
            journal.applied(40, struct.pack("<HBIH", 2026, 1, 4, 0),
                            [transfer(4, 2, 0, paid, CODE_FINAL, 2026, 1)], receipt=(1, paid, 0))
            return journal
        self.assertEqual(self.audit(planned(60).export())[0], 0)
        self.assert_found(planned(61).export(), "where the plan of 2026 by table 1 says [(4, 2, 0, 60,")
        journal = planned(60)
        journal.applied(39, struct.pack("<IHBq?", 7, 2026, 1, 50, False))
        journal.applied(41, struct.pack("<IIHHBq", 2, 4, 0, 2026, 1, 11),
                        [transfer(2, 4, 0, 11, CODE_RETURN, 2026, 1)])
        self.assert_found(journal.export(), "returned 11 for 2026, above its excess of 10")

    # 17 CCR 95920: 100 t of 1,000 t; 1 January 2027 is a holiday of nobody here, and a Friday.
    def test_recomputes_what_is_consigned_above_a_holding_limit(self):
        law = (b"zone.offset_minutes = 0\nunits.cap_binds = true\nholding_limit.base_t = 1000\n"
               b"holding_limit.base_bp = 1000\nholding_limit.cure_days = 5\n")
        new_year = int(datetime.datetime(2027, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
        day = 86_400_000_000

        def breached():
            journal = Journal(law, new_year * 10**6 - 2 * day)
            for number, (kind, entity) in enumerate(((ISSUANCE, 0), (SURRENDER_SINK, 0), (HOLDER, 7),
                                                     (AUCTION_STOCK, 0))):
                journal.open_account(number, kind, entity)
            journal.applied(3, struct.pack("<BBHq", 1, 0, 2027, 1_000))
            journal.advance(0)
            journal.issue(2, 130)
            return journal
        for due, moved, found in ((7, 30, ""), (7, 29, "is above the limit"),
                                  (6, 30, "which nothing that was due explains"), (7, 0, "consigned")):
            journal = breached()
            journal.advance_to(new_year * 10**6 + due * day,
                               [transfer(2, 3, 0, moved, CODE_CONSIGNMENT)] if moved else [])
            code, text = self.audit(journal.export())
            self.assertEqual(code, int(bool(found)), text)
            self.assertIn(found, text)

    # ---- Serials ----

    def test_waits_for_the_receiver_where_the_law_says_so(self):
        law = (b"transfers.four_eyes = true\ntransfers.trusted_waives_approval = false\n"
               b"transfers.receiver_accepts = true\ntransfers.acceptance_hours = 72\n")
        moved = transfer(2, 3, 0, 70, CODE_TRANSFER)
        journal = scheme(law)
        journal.propose(1, 4, 2, 3, 70)
        journal.approve(1, 5)
        self.assertEqual(self.show(journal, "balances")[1]["reserved"], 70)
        journal.applied(36, struct.pack("<II", 1, 6), [moved], receipt=(0, 1, 0))
        self.assertEqual(self.show(journal, "balances")[1]["balance"], 930)
        journal = scheme(law)
        journal.propose(1, 4, 2, 3, 70)
        journal.approve(1, 5)
        journal.advance(3 * 86_400_000_000)
        self.assertEqual(self.show(journal, "balances")[1]["reserved"], 0)
        journal = scheme(law)
        journal.propose(1, 4, 2, 3, 70)
        journal.applied(36, struct.pack("<II", 1, 5), [moved], receipt=(0, 1, 0))
        self.assert_found(journal.export(), "that its receiver has not accepted")

    def test_notices_a_receipt_that_says_what_was_not(self):
        journal = scheme()
        journal.applied(24, struct.pack("<II", 2, 3), receipt=(0, 5, 0))
        self.assert_found(journal.export(), "remove_trusted gave back amount 5, not 0")
        journal = scheme(b"transfers.four_eyes = true\nuntrusted.kind = at_minute\n")
        journal.propose(1, 4, 2, 3, 70)
        journal.approve(1, 5, done=True)
        self.assert_found(journal.export(), "says 1 of task 1, which is not due yet")

    def test_names_the_record_that_speaks_of_what_is_not_there(self):
        journal = scheme(b"transfers.four_eyes = true\n")
        moved = transfer(2, 3, 9, 70, CODE_TRANSFER)
        journal.applied(35, struct.pack("<IHI", 4, 6, len(moved)) + moved, receipt=(1, 0, 0))
        self.assert_found(journal.export(), "propose speaks of what is not there")
        journal = scheme(b"compliance.emissions_due = 04-01\n")
        journal.applied(16, struct.pack("<q", 2**62))
        self.assert_found(journal.export(), "advance_to speaks of what is not there")
        self.assert_found(scheme(b"holidays = never\n").export(), "record 1")

    def test_follows_serials_by_the_convention_of_the_law(self):
        wanted = {"fifo": [(1, 300), (1_001, 1_100)], "lifo": [(601, 1_000)],
                  "proportional": [(1, 364), (1_001, 1_036)]}
        for convention, ranges in wanted.items():
            journal = scheme(PROFILE + b"units.lineage = " + convention.encode() + b"\n")
            if convention == "fifo":  # The front is what it gave before.
                journal.move(2, 3, 300)
                journal.issue(3, 100)
                journal.surrender(3, 2026, 400)
            else:
                journal.issue(3 if convention == "lifo" else 2, 100)
                journal.surrender(2, 2026, 400)
            rows = self.show(journal, "retired")
            self.assertEqual([(row["first"], row["last"]) for row in rows], ranges, convention)
            self.assertEqual({row["for"] for row in rows}, {"surrender"})

    def test_follows_serials_by_the_convention_of_a_forks_law_from_the_first_record_on(self):
        journal = scheme(PROFILE + b"units.lineage = fifo\n")
        journal.move(2, 3, 300)
        journal.begin_branch(PROFILE + b"units.lineage = lifo\n")
        self.assertEqual([(row["account"], row["first"], row["last"])
                          for row in self.show(journal, "serials")], [(2, 1, 700), (3, 701, 1_000)])

    def test_compares_the_serials_that_the_registry_says_an_account_has(self):
        journal = scheme()
        journal.move(2, 3, 300)
        rows = [row for row in self.show(journal, "serials") if row["account"] == 3]
        self.assertEqual(self.audit(journal.export(), "--expect", self.path("s.json", rows))[0], 0)
        for change in ({"first": 2}, {"last": 301}, {"issued_at": 7}):
            wrong = [dict(rows[0], **change)]
            self.assert_found(journal.export(), "serials of 3 CEA26",
                              "--expect", self.path("w.json", wrong))
        self.assert_found(journal.export(), "serials of 3 CEA26", "--expect",
                          self.path("w.json", rows + [dict(rows[0], first=900, last=901)]))


if __name__ == "__main__":
    unittest.main()
