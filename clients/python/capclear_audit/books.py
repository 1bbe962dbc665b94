"""Double entry once more: accounts, ledgers, balances, reservations and freezes."""
from collections import defaultdict

from . import clock, words
from .codec import KINDS, NAMES
from .limits import Limits
from .standing import Standing
from .tasks import Tasks

FINDINGS_MAX = 10_000
# What they move is held against the plans and the emissions instead (compliance.py), or, of a
# batch, is by definition what was applied.
_ELSEWHERE = {KINDS[name] for name in ("transfer_batch", "reverse_transfer", "run_allocation",
                                       "surrender_in_order", "run_compliance")}


class Findings:
    """What is wrong, and where: (place, words)."""

    def __init__(self):
        self.list = []
        self.count = 0

    def add(self, place, what):
        self.count += 1
        if len(self.list) < FINDINGS_MAX:
            self.list.append((place, what))

    def at(self, sequence, what):
        self.add(f"record {sequence}", what)


class Books:
    """Every balance, from nothing but the transfers of the journal. `apply` takes one record."""

    def __init__(self, profile, findings):
        self.profile = profile
        self.findings = findings
        self.accounts = []  # (kind, entity)
        self.accounts_of = defaultdict(list)  # By firm, its escrow among them.
        self.ledgers = []  # (type, currency, vintage)
        self.caps = []
        self.balances = defaultdict(int)  # By account << 16 | ledger.
        self.reserved = defaultdict(int)
        self.incoming = defaultdict(int)
        self.frozen = defaultdict(int)
        self.pendings = [None]  # (transfer, expires_at, state); numbered from 1.
        self.freezes = [None]  # [account, ledger, amount, until, active]
        self.closed = set()
        self.transfer_count = 0
        self.converted_in = defaultdict(int)  # By ledger.
        self.issued = defaultdict(int)  # By ledger.
        self.certificates = 0
        self.settled = 0  # Messages of the settlement stream.
        self.sources = set()
        self.clock = clock.Clock(profile)
        self.tasks = Tasks(self)
        self.limits = Limits(self)
        self.standing = Standing(self)
        self._handlers = {KINDS[name]: getattr(self, "_" + name) for name in KINDS
                          if hasattr(self, "_" + name)}
        self._after = {KINDS["issue"]: self._check_issue, KINDS["set_cap"]: self._check_set_cap}

    # ---- Records ----

    def apply(self, sequence, kind, values, receipt, transfers):
        handler = self._handlers.get(kind)
        is_posted = False
        if handler is not None:
            is_posted = handler(sequence, values, receipt, transfers)
        elif transfers and kind not in _ELSEWHERE:
            self.findings.at(sequence, f"moved {transfers}; {NAMES[kind]} moves nothing")
        if transfers and not is_posted:
            self.standing.check(sequence, kind, transfers)
            self.post(sequence, transfers)
        after = self._after.get(kind)
        if after is not None:
            after(sequence, values)

    def post(self, sequence, transfers):
        balances, sources, ledgers = self.balances, self.sources, len(self.ledgers)
        reserved, frozen = self.reserved, self.frozen
        accounts = len(self.accounts)
        for debit, credit, ledger, amount, _, _, _ in transfers:
            if debit >= accounts or credit >= accounts or ledger >= ledgers:
                self.findings.at(sequence, f"a transfer from account {debit} to {credit} in ledger "
                                           f"{ledger}, not all of which were opened")
                continue
            if amount <= 0 or debit == credit:
                self.findings.at(sequence, f"a transfer of {amount} from {debit} to {credit}")
            key = debit << 16 | ledger
            left = balances[key] - amount
            balances[key] = left
            if debit in sources:
                self.issued[ledger] += amount
            elif left < 0:
                self.findings.at(sequence, f"account {debit} is overdrawn in {self.unit(ledger)}: "
                                           f"{left}")
            elif left < reserved.get(key, 0) + frozen.get(key, 0):
                self.findings.at(sequence, f"account {debit} gave {self.unit(ledger)} that were "
                                           f"reserved or frozen: {left} are left, "
                                           f"{reserved.get(key, 0)} reserved and "
                                           f"{frozen.get(key, 0)} frozen")
            if credit in sources:
                self.issued[ledger] -= amount
            balances[credit << 16 | ledger] += amount
        if self.closed:
            self._check_closed(sequence, transfers)
        self.transfer_count += len(transfers)

    def _check_closed(self, sequence, transfers):
        for debit, credit, *_ in transfers:
            for account in self.closed.intersection((debit, credit)):
                self.findings.at(sequence, f"a transfer on account {account}, which is closed")

    # ---- What a command must have moved ----

    def _expect(self, sequence, transfers, *wanted):
        if list(transfers) != list(wanted):
            self.findings.at(sequence, f"moved {list(transfers)} where its command says "
                                       f"{list(wanted)}")

    def account_of(self, kind):
        """The first account of a kind, which commands mean when they name a sink or a source."""
        return next((number for number, (of, _) in enumerate(self.accounts) if of == kind), None)

    def _open_account(self, sequence, values, receipt, _):
        if receipt[0] != len(self.accounts):
            self.findings.at(sequence, f"opened account {receipt[0]}, not {len(self.accounts)}")
        if values[0] not in words.ACCOUNT_KINDS:
            self.findings.at(sequence, f"opened an account of unknown kind {values[0]}")
        if values[0] in (words.ISSUANCE, words.BANK):
            self.sources.add(len(self.accounts))
        if values[0] in words.ENTITY_KINDS:
            self.accounts_of[values[1]].append(len(self.accounts))
        self.accounts.append(values)

    def _close_account(self, sequence, values, _receipt, _transfers):
        (account,) = values
        for ledger in range(len(self.ledgers)):
            key = account << 16 | ledger
            if any(of.get(key) for of in (self.balances, self.reserved, self.incoming, self.frozen)):
                self.findings.at(sequence, f"closed account {account} with {self.unit(ledger)}")
        self.closed.add(account)

    def _set_account(self, _sequence, values, _receipt, _transfers):
        self.standing.set_account(*values[:2])
        self.tasks.may_leave[values[0]] = values[2]

    def _set_entity(self, _sequence, values, _receipt, _transfers):
        self.limits.groups[values[0]] = values[3]

    def _open_ledger(self, sequence, values, receipt, _):
        if receipt[0] != len(self.ledgers):
            self.findings.at(sequence, f"opened ledger {receipt[0]}, not {len(self.ledgers)}")
        if values[:3] in self.ledgers:
            self.findings.at(sequence, f"opened {words.unit_name(*values[:3])} a second time")
        self.ledgers.append(values[:3])
        self.caps.append(values[3])

    def _set_cap(self, _sequence, values, _receipt, _transfers):
        ledger, cap = values
        self._room_before = self._room(ledger)
        self.caps[ledger] = cap

    def _issue(self, sequence, values, _, transfers):
        to, ledger, amount, code = values
        source = words.BANK if self.ledgers[ledger][0] == words.CURRENCY else words.ISSUANCE
        self._expect(sequence, transfers, (self.account_of(source), to, ledger, amount, code, 0, 0))

    def _make_transfer(self, sequence, values, _, transfers):
        if transfers != [values]:
            self.findings.at(sequence, f"moved {transfers} where its command says {[values]}")

    def _surrender(self, sequence, values, _, transfers):
        holder, ledger, year, amount = values
        sink = self.account_of(words.SURRENDER_SINK)
        self._expect(sequence, transfers, (holder, sink, ledger, amount, words.SURRENDER, year, 0))

    def _allocate(self, sequence, values, _, transfers):
        pool, holder, ledger, year, amount, code = values
        self._expect(sequence, transfers, (pool, holder, ledger, amount, code, year, 0))

    def _convert_units(self, sequence, values, _, transfers):
        holder, old, new, amount = values
        sinks = self.account_of(words.CONVERTED), self.account_of(words.ISSUANCE)
        self._expect(sequence, transfers, (holder, sinks[0], old, amount, words.CONVERT, 0, 0),
                     (sinks[1], holder, new, amount, words.CONVERT, 0, 0))
        self.converted_in[new] += amount

    def _return_excess(self, sequence, values, _, transfers):
        holder, to, ledger, year, table, amount = values
        self._expect(sequence, transfers,
                     (holder, to, ledger, amount, words.ALLOCATION_RETURN, year, table))

    def _take_back(self, sequence, values, receipt, transfers):
        holder, to, ledger, year, amount = values
        wanted = [(holder, to, ledger, receipt[1], words.TAKE_BACK, year, 0)] if receipt[1] else []
        self._expect(sequence, transfers, *wanted)
        if receipt[1] > amount:
            self.findings.at(sequence, f"took {receipt[1]} back where {amount} were asked for")

    def _cancel_units(self, sequence, values, receipt, transfers):
        holder, ledger, amount = values[:3]
        self.certificates += 1
        if receipt[0] != self.certificates:
            self.findings.at(sequence, f"certified under number {receipt[0]}, not "
                                       f"{self.certificates}")
        sink = self.account_of(words.CANCELLATION)
        self._expect(sequence, transfers,
                     (holder, sink, ledger, amount, words.CANCEL, 0, self.certificates))

    def _settle(self, sequence, values, receipt, transfers):
        number, fills, withdrawals = values
        self.settled += 1
        if number != self.settled:
            self.findings.at(sequence, f"settled message {number}, not {self.settled}")
        at, failed = 0, 0
        for seller, buyer, unit, cash_ledger, quantity, cash, trade, code in fills:
            legs = [(seller, buyer, unit, quantity, code, 0, trade)]
            if cash:
                legs.append((buyer, seller, cash_ledger, cash, code, 0, trade))
            if transfers[at:at + len(legs)] == legs:
                at += len(legs)
            else:
                failed += 1
                self.standing.did_not_settle(seller)
                self.standing.did_not_settle(buyer)
        self.post(sequence, transfers[:at])
        for escrow, holder, ledger, amount in withdrawals:
            leg = (escrow, holder, ledger, amount, words.WITHDRAWAL, 0, 0)
            if at < len(transfers) and transfers[at] == leg:
                self.post(sequence, (leg,))  # One by one: it may begin the days to cure a breach.
                self.limits.withdrew(holder, ledger)
                at += 1
            else:
                failed += 1
                self.standing.did_not_settle(escrow)
        if at != len(transfers) or failed != receipt[2]:
            self.findings.at(sequence, f"settled {at} of {len(transfers)} legs as its message says; "
                                       f"{failed} pairs are missing, {receipt[2]} are said to be")
            self.post(sequence, transfers[at:])
        return True

    def _day_closed(self, sequence, values, _receipt, transfers):
        self._expect(sequence, transfers)
        if values[1] != self.settled:
            self.findings.at(sequence, f"closed a day after settlement message {values[1]}; "
                                       f"{self.settled} were settled")

    # ---- Reservations ----

    def available(self, account, ledger):
        key = account << 16 | ledger
        return self.balances.get(key, 0) - self.reserved.get(key, 0) - self.frozen.get(key, 0)

    def _must_be_open(self, ledger, *accounts):
        if ledger >= len(self.ledgers) or max(accounts) >= len(self.accounts):
            raise LookupError(f"accounts {accounts}, ledger {ledger}")

    def reserve(self, debit, credit, ledger, amount):
        self._must_be_open(ledger, debit, credit)
        self.reserved[debit << 16 | ledger] += amount
        self.incoming[credit << 16 | ledger] += amount

    def release(self, debit, credit, ledger, amount):
        self.reserve(debit, credit, ledger, -amount)

    def _reserve_transfer(self, sequence, values, receipt, transfers):
        transfer, expires_at = values[:-1], values[-1]
        if receipt[0] != len(self.pendings):
            self.findings.at(sequence, f"reserved number {receipt[0]}, not {len(self.pendings)}")
        self._expect(sequence, transfers)
        self.clock.put(expires_at, clock.PENDING, len(self.pendings))
        self.pendings.append([transfer, expires_at, "pending"])
        self.standing.check_transfer(sequence, transfer)
        self.reserve(*transfer[:4])
        self.check_reserved(sequence, *transfer[:3])

    def check_reserved(self, sequence, debit, _credit, ledger):
        """Nothing is promised that is not there, or that is frozen."""
        if self.available(debit, ledger) < 0 and debit not in self.sources:
            key = debit << 16 | ledger
            self.findings.at(sequence, f"account {debit} has reserved {self.reserved[key]} of "
                                       f"{self.balances[key]} {self.unit(ledger)}, of which "
                                       f"{self.frozen[key]} are frozen")

    def _resolve(self, sequence, number, state):
        if not 0 < number < len(self.pendings):
            self.findings.at(sequence, f"resolved pending transfer {number}, which was never made")
            return None
        pending = self.pendings[number]
        if pending[2] != "pending":
            self.findings.at(sequence, f"resolved pending transfer {number} again; it was "
                                       f"{pending[2]}")
            return None
        pending[2] = state
        self.release(*pending[0][:4])
        return pending[0]

    def _post_pending(self, sequence, values, _, transfers):
        number, amount = values
        reserved = self._resolve(sequence, number, "posted")
        if reserved is not None:
            wanted = reserved[:3] + (amount or reserved[3],) + reserved[4:6] + (number,)
            self._expect(sequence, transfers, wanted)
            if amount > reserved[3]:
                self.findings.at(sequence, f"posted {amount} of {reserved[3]} reserved")

    def _void_pending(self, sequence, values, _, transfers):
        self._resolve(sequence, values[0], "voided")
        self._expect(sequence, transfers)

    def _freeze(self, sequence, values, receipt, _):
        account, ledger, amount, until = values[:4]
        self._must_be_open(ledger, account)
        if receipt[0] != len(self.freezes):
            self.findings.at(sequence, f"froze under number {receipt[0]}, not {len(self.freezes)}")
        self.clock.put(until, clock.FREEZE, len(self.freezes))
        self.freezes.append([account, ledger, amount, until, True])
        self.frozen[account << 16 | ledger] += amount

    def _lift(self, freeze):
        freeze[4] = False
        self.frozen[freeze[0] << 16 | freeze[1]] -= freeze[2]

    def _unfreeze(self, sequence, values, _receipt, _transfers):
        (number,) = values
        if not 0 < number < len(self.freezes) or not self.freezes[number][4]:
            self.findings.at(sequence, f"lifted freeze {number}, which does not hold")
        else:
            self._lift(self.freezes[number])

    # ---- Time ----

    def _advance_to(self, sequence, values, _receipt, transfers):
        """Each thing that falls due, in order; what it moves is the next of the transfers."""
        (to,) = values
        is_first = self.clock.now == 0
        rest = list(transfers)
        for kind, number, due in self.clock.advance(to):
            self._fall_due[kind](self, sequence, number, due, rest)
        if is_first and self.standing.due_years:
            self.standing.due_years = {max(self.standing.due_years)}
        if rest:
            self.findings.at(sequence, f"moved {rest}, which nothing that was due explains")
            self.post(sequence, rest)
        return True

    def _pending_ends(self, sequence, number, _due, _rest):
        if self.pendings[number][2] == "pending":
            self._resolve(sequence, number, "expired")

    def _task_is_due(self, sequence, number, due, rest):
        found = self.tasks.due(number, due)
        if found is None:
            return
        task, wanted = found
        if wanted is not None and rest and rest[0] == wanted:
            self.tasks.was_carried_out(sequence, task)
            self.standing.check_transfer(sequence, wanted)
            self.post(sequence, rest[:1])
            del rest[0]

    def _trust_begins(self, _sequence, number, due, _rest):
        self.tasks.trust_begins((number >> 32, number & 0xFFFF_FFFF), due)

    def _freeze_ends(self, _sequence, number, _due, _rest):
        if self.freezes[number][4]:
            self._lift(self.freezes[number])

    def _year_begins(self, _sequence, _number, _due, _rest):
        self.limits.new_year()

    def _emissions_are_due(self, _sequence, _number, _due, _rest):
        self.standing.due_years.add(self.clock.year - 1)

    def _cure_ends(self, sequence, number, due, rest):
        if self.limits.cures.get(number) != due:
            return
        for wanted in self.limits.consign(number):
            if not rest or rest[0] != wanted:
                self.findings.at(sequence, f"consigned {rest[:1]} where {wanted} is above the limit")
                return
            self.post(sequence, rest[:1])
            del rest[0]

    _fall_due = {clock.PENDING: _pending_ends, clock.TASK: _task_is_due,
                 clock.TRUSTED: _trust_begins, clock.FREEZE: _freeze_ends,
                 clock.NEW_YEAR: _year_begins, clock.EMISSIONS_DUE: _emissions_are_due,
                 clock.CURE: _cure_ends}

    # ---- The end of a vintage ----

    def _expire_ledger(self, sequence, values, receipt, transfers):
        (ledger,) = values
        for number, pending in enumerate(self.pendings[1:], 1):
            if pending[2] == "pending" and pending[0][2] == ledger:
                self._resolve(sequence, number, "voided")
        for freeze in self.freezes[1:]:
            if freeze[4] and freeze[1] == ledger:
                self._lift(freeze)
        self.tasks.end_ledger(ledger)
        sink = self.account_of(words.EXPIRED)
        wanted = [(account, sink, ledger, self.balances.get(account << 16 | ledger, 0),
                   words.EXPIRE, 0, 0) for account, (kind, _) in enumerate(self.accounts)
                  if words.ACCOUNT_KINDS.get(kind, ("", "held"))[1] == "held"]
        self._expect(sequence, transfers, *(leg for leg in wanted if leg[3]))
        if sum(transfer[3] for transfer in transfers) != receipt[1]:
            self.findings.at(sequence, f"expired another amount than {receipt[1]}")

    # ---- Answers ----

    def unit(self, ledger):
        return words.unit_name(*self.ledgers[ledger])

    def name_of(self, account):
        kind = self.accounts[account][0]
        return words.ACCOUNT_KINDS.get(kind, ("unknown", "held"))[0]

    def holdings(self):
        """Rows of everything that is not zero, by account and ledger."""
        keys = set(self.balances) | set(self.reserved) | set(self.frozen) | set(self.incoming)
        for key in sorted(keys):
            account, ledger = key >> 16, key & 0xFFFF
            balance, reserved = self.balances.get(key, 0), self.reserved.get(key, 0)
            frozen, incoming = self.frozen.get(key, 0), self.incoming.get(key, 0)
            if balance or reserved or frozen or incoming:
                yield {"account": account, "kind": self.name_of(account),
                       "entity": self.accounts[account][1], "unit": self.unit(ledger),
                       "balance": balance, "reserved": reserved, "frozen": frozen,
                       "incoming": incoming, "available": balance - reserved - frozen}

    def totals(self):
        """Rows by ledger: what was issued and where it is."""
        rows = [dict({"unit": self.unit(ledger), "cap": self.caps[ledger], "issued": 0},
                     **{pool: 0 for pool in words.POOLS}) for ledger in range(len(self.ledgers))]
        for key, balance in self.balances.items():
            account, row = key >> 16, rows[key & 0xFFFF]
            pool = words.ACCOUNT_KINDS.get(self.accounts[account][0], ("", "held"))[1]
            if pool == "source":
                row["issued"] -= balance
            else:
                row[pool] += balance
        return rows

    # ---- Caps, by the law of the time ----

    def _bound(self, ledger):
        """The ledgers that share a cap with this one: itself where a year's cap binds; else, where
        a phase's does, those of its type and phase. None: nothing binds."""
        profile = self.profile
        if profile.truth("units.cap_binds"):
            return [ledger]
        first, years = (profile.number("units.cap_phase_from"),
                        profile.number("units.cap_phase_years"))
        unit, _, vintage = self.ledgers[ledger]
        if years == 0 or vintage < first:
            return None
        return [of for of, (other, _, year) in enumerate(self.ledgers) if other == unit
                and year >= first and (year - first) // years == (vintage - first) // years]

    def _room(self, ledger):
        """What may still be issued, net of carry-over; negative: too much was."""
        return sum(self.caps[of] - self.issued[of] + self.converted_in[of]
                   for of in self._bound(ledger) or () if self.caps[of])

    def _check_issue(self, sequence, values):
        ledger = values[1]
        if not self.caps[ledger] or self._room(ledger) >= 0:
            return
        bound = [of for of in self._bound(ledger) if self.caps[of]]
        issued = sum(self.issued[of] - self.converted_in[of] for of in bound)
        self.findings.at(sequence, f"{', '.join(map(self.unit, bound))}: issued {issued} above the "
                                   f"cap of {sum(self.caps[of] for of in bound)}")

    def _check_set_cap(self, sequence, values):
        ledger, cap = values
        issued = self.issued[ledger] - self.converted_in[ledger]
        if 0 < cap < issued:
            self.findings.at(sequence, f"{self.unit(ledger)}: a cap of {cap} below the {issued} "
                                       "issued")
        elif self._bound(ledger) != [ledger] and self._room(ledger) < min(0, self._room_before):
            self.findings.at(sequence, f"{self.unit(ledger)}: a cap of {cap} leaves its phase "
                                       f"{-self._room(ledger)} short of what was issued")

    def check_totals(self):
        """Conservation, at the end."""
        for ledger, row in enumerate(self.totals()):
            placed = sum(row[pool] for pool in words.POOLS)
            if placed != row["issued"]:
                self.findings.add(row["unit"], f"issued {row['issued']}, found {placed}")
            money = self.ledgers[ledger][0] == words.CURRENCY
            if money and any(row[pool] for pool in words.POOLS[1:]):
                self.findings.add(row["unit"], "money lies in an account for surrendered units")
