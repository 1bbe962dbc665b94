"""Double entry once more: accounts, ledgers, balances, reservations and freezes."""
from collections import defaultdict

from . import words
from .codec import KINDS
from .tasks import Tasks

FINDINGS_MAX = 10_000


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
        self.tasks = Tasks(self)
        self.now = 0  # As the last AdvanceTo has it.
        self.reversible_sinks = set()
        self._sources = set()
        self._handlers = {KINDS[name]: getattr(self, "_" + name) for name in KINDS
                          if hasattr(self, "_" + name)}

    # ---- Records ----

    def apply(self, sequence, kind, values, receipt, transfers):
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(sequence, values, receipt, transfers)
        if transfers:
            self.post(sequence, transfers)

    def post(self, sequence, transfers):
        balances, sources, ledgers = self.balances, self._sources, len(self.ledgers)
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
            if left < 0 and debit not in sources:
                self.findings.at(sequence, f"account {debit} is overdrawn in {self.unit(ledger)}: "
                                           f"{left}")
            balances[credit << 16 | ledger] += amount
        if self.closed:
            self._check_closed(sequence, transfers)
        self.transfer_count += len(transfers)

    def _check_closed(self, sequence, transfers):
        for debit, credit, *_ in transfers:
            for account in self.closed.intersection((debit, credit)):
                self.findings.at(sequence, f"a transfer on account {account}, which is closed")

    # ---- What a command must have moved: (debit, credit, ledger, amount, code, year) ----

    def _expect(self, sequence, transfers, *wanted):
        moved = [transfer[:6] for transfer in transfers]
        if moved != list(wanted):
            self.findings.at(sequence, f"moved {moved} where its command says {list(wanted)}")

    def account_of(self, kind):
        """The first account of a kind, which commands mean when they name a sink or a source."""
        return next((number for number, (of, _) in enumerate(self.accounts) if of == kind), None)

    def _open_account(self, sequence, values, receipt, _):
        if receipt[0] != len(self.accounts):
            self.findings.at(sequence, f"opened account {receipt[0]}, not {len(self.accounts)}")
        if values[0] not in words.ACCOUNT_KINDS:
            self.findings.at(sequence, f"opened an account of unknown kind {values[0]}")
        if values[0] in (words.ISSUANCE, words.BANK):
            self._sources.add(len(self.accounts))
        if values[0] in (words.SURRENDER_SINK, words.CANCELLATION):
            self.reversible_sinks.add(len(self.accounts))
        self.accounts.append(values)

    def _close_account(self, sequence, values, _receipt, _transfers):
        (account,) = values
        for ledger in range(len(self.ledgers)):
            key = account << 16 | ledger
            if self.balances.get(key) or self.reserved.get(key):
                self.findings.at(sequence, f"closed account {account} with {self.unit(ledger)}")
        self.closed.add(account)

    def _open_ledger(self, sequence, values, receipt, _):
        if receipt[0] != len(self.ledgers):
            self.findings.at(sequence, f"opened ledger {receipt[0]}, not {len(self.ledgers)}")
        if values[:3] in self.ledgers:
            self.findings.at(sequence, f"opened {words.unit_name(*values[:3])} a second time")
        self.ledgers.append(values[:3])
        self.caps.append(values[3])

    def _set_cap(self, _sequence, values, _receipt, _transfers):
        self.caps[values[0]] = values[1]

    def _issue(self, sequence, values, _, transfers):
        to, ledger, amount, code = values
        source = words.BANK if self.ledgers[ledger][0] == words.CURRENCY else words.ISSUANCE
        self._expect(sequence, transfers, (self.account_of(source), to, ledger, amount, code, 0))

    def _make_transfer(self, sequence, values, _, transfers):
        if transfers != [values]:
            self.findings.at(sequence, f"moved {transfers} where its command says {[values]}")

    def _surrender(self, sequence, values, _, transfers):
        holder, ledger, year, amount = values
        sink = self.account_of(words.SURRENDER_SINK)
        self._expect(sequence, transfers, (holder, sink, ledger, amount, words.SURRENDER, year))

    def _allocate(self, sequence, values, _, transfers):
        pool, holder, ledger, year, amount, code = values
        self._expect(sequence, transfers, (pool, holder, ledger, amount, code, year))

    def _convert_units(self, sequence, values, _, transfers):
        holder, old, new, amount = values
        sinks = self.account_of(words.CONVERTED), self.account_of(words.ISSUANCE)
        self._expect(sequence, transfers, (holder, sinks[0], old, amount, words.CONVERT, 0),
                     (sinks[1], holder, new, amount, words.CONVERT, 0))
        self.converted_in[new] += amount

    def _return_excess(self, sequence, values, _, transfers):
        holder, to, ledger, year, _, amount = values
        self._expect(sequence, transfers,
                     (holder, to, ledger, amount, words.ALLOCATION_RETURN, year))

    def _take_back(self, sequence, values, receipt, transfers):
        holder, to, ledger, year, amount = values
        wanted = [(holder, to, ledger, receipt[1], words.TAKE_BACK, year)] if receipt[1] else []
        self._expect(sequence, transfers, *wanted)
        if receipt[1] > amount:
            self.findings.at(sequence, f"took {receipt[1]} back where {amount} were asked for")

    def _cancel_units(self, sequence, values, _, transfers):
        holder, ledger, amount = values[:3]
        sink = self.account_of(words.CANCELLATION)
        self._expect(sequence, transfers, (holder, sink, ledger, amount, words.CANCEL, 0))

    def _settle(self, sequence, values, receipt, transfers):
        _, fills, withdrawals = values
        at, failed = 0, 0
        for seller, buyer, unit, cash_ledger, quantity, cash, trade, code in fills:
            legs = [(seller, buyer, unit, quantity, code, 0, trade)]
            if cash:
                legs.append((buyer, seller, cash_ledger, cash, code, 0, trade))
            if list(transfers[at:at + len(legs)]) == legs:
                at += len(legs)
            else:
                failed += 1
        for escrow, holder, ledger, amount in withdrawals:
            leg = (escrow, holder, ledger, amount, words.WITHDRAWAL, 0)
            if at < len(transfers) and transfers[at][:6] == leg:
                at += 1
            else:
                failed += 1
        if at != len(transfers) or failed != receipt[2]:
            self.findings.at(sequence, f"settled {at} of {len(transfers)} legs as its message says; "
                                       f"{failed} pairs are missing, {receipt[2]} are said to be")

    # ---- Reservations ----

    def reserve(self, debit, credit, ledger, amount):
        self.reserved[debit << 16 | ledger] += amount
        self.incoming[credit << 16 | ledger] += amount

    def release(self, debit, credit, ledger, amount):
        self.reserve(debit, credit, ledger, -amount)

    def _reserve_transfer(self, sequence, values, receipt, transfers):
        transfer, expires_at = values[:-1], values[-1]
        if receipt[0] != len(self.pendings):
            self.findings.at(sequence, f"reserved number {receipt[0]}, not {len(self.pendings)}")
        self._expect(sequence, transfers)
        self.pendings.append([transfer, expires_at, "pending"])
        self.reserve(*transfer[:4])
        key = transfer[0] << 16 | transfer[2]
        if self.reserved[key] > self.balances[key] and transfer[0] not in self._sources:
            self.findings.at(sequence, f"account {transfer[0]} has reserved {self.reserved[key]} of "
                                       f"{self.balances[key]} {self.unit(transfer[2])}")

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
            wanted = reserved[:3] + (amount or reserved[3],) + reserved[4:6]
            self._expect(sequence, transfers, wanted)
            if amount > reserved[3]:
                self.findings.at(sequence, f"posted {amount} of {reserved[3]} reserved")

    def _void_pending(self, sequence, values, _, transfers):
        self._resolve(sequence, values[0], "voided")
        self._expect(sequence, transfers)

    def _freeze(self, sequence, values, receipt, _):
        account, ledger, amount, until = values[:4]
        if receipt[0] != len(self.freezes):
            self.findings.at(sequence, f"froze under number {receipt[0]}, not {len(self.freezes)}")
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

    def _advance_to(self, sequence, values, _receipt, _transfers):
        (self.now,) = values
        for number, pending in enumerate(self.pendings[1:], 1):
            if pending[2] == "pending" and 0 < pending[1] <= self.now:
                self._resolve(sequence, number, "expired")
        for freeze in self.freezes[1:]:
            if freeze[4] and 0 < freeze[3] <= self.now:
                self._lift(freeze)
        self.tasks.advance(self.now)

    def _expire_ledger(self, sequence, values, receipt, transfers):
        (ledger,) = values
        for number, pending in enumerate(self.pendings[1:], 1):
            if pending[2] == "pending" and pending[0][2] == ledger:
                self._resolve(sequence, number, "voided")
        for freeze in self.freezes[1:]:
            if freeze[4] and freeze[1] == ledger:
                self._lift(freeze)
        self.tasks.end_ledger(ledger)
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

    def check_caps(self, totals):
        """Issued, net of carry-over, under its cap; or, where a year's cap only warns, all vintages
        of a type and phase under theirs together."""
        binds = self.profile.truth("units.cap_binds")
        first = self.profile.number("units.cap_phase_from")
        years = self.profile.number("units.cap_phase_years")
        groups = defaultdict(lambda: [0, 0, []])  # Cap, issued, units.
        for ledger, ((unit_type, _, vintage), row) in enumerate(zip(self.ledgers, totals)):
            if row["cap"] == 0 or not binds and (years == 0 or vintage < first):
                continue
            group = groups[ledger if binds else (unit_type, (vintage - first) // years)]
            group[0] += row["cap"]
            group[1] += row["issued"] - self.converted_in[ledger]
            group[2].append(row["unit"])
        for cap, issued, units in groups.values():
            if issued > cap:
                self.findings.add(", ".join(units), f"issued {issued} above the cap of {cap}")

    def check_totals(self):
        """Conservation and caps, at the end."""
        self.check_caps(self.totals())
        for ledger, row in enumerate(self.totals()):
            placed = sum(row[pool] for pool in words.POOLS)
            if placed != row["issued"]:
                self.findings.add(row["unit"], f"issued {row['issued']}, found {placed}")
            money = self.ledgers[ledger][0] == words.CURRENCY
            if money and any(row[pool] for pool in words.POOLS[1:]):
                self.findings.add(row["unit"], "money lies in an account for surrendered units")
