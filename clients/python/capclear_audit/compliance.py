"""Who owes what: verified emissions, surrendered units, allocation plans, symbols."""
from collections import defaultdict

from . import words
from .codec import KINDS
from .retirement import offset_share, retirement_order, room_for_offsets, room_in_arrears

_ALLOCATIONS = {words.PRE_ALLOCATION, words.FINAL_ALLOCATION, words.ENTRANT_ALLOCATION}
_PLANNED = {words.PRE_ALLOCATION, words.FINAL_ALLOCATION}
_NEW_ENTRANTS = 2
# What may cancel units of a holder, which may be reversed.
_CANCELS = {KINDS[name] for name in ("make_transfer", "transfer_batch", "post_pending",
                                     "advance_to", "cancel_units")}


class Plan:
    """What a firm is entitled to for a year by a table, and what it has got."""

    __slots__ = ("entitlement", "withheld", "allocated", "given_back")

    def __init__(self):
        self.entitlement = self.allocated = self.given_back = 0
        self.withheld = False

    @property
    def lacks(self):
        """Negative: what it must return."""
        return self.entitlement - self.allocated + self.given_back


class Moved:
    """The transfers of one record, as far as they have been explained."""

    def __init__(self, sequence, transfers):
        self.sequence = sequence
        self.transfers = transfers
        self.index = 0
        self.is_wrong = False
        # What an account gave of a ledger in those that were not explained yet: before them it had
        # as much more.
        self.ahead = defaultdict(int)
        for debit, _, ledger, amount, _, _, _ in transfers:
            self.ahead[debit, ledger] += amount

    @property
    def next(self):
        return self.transfers[self.index] if self.index < len(self.transfers) else None


class Entity:
    """A firm's years."""

    __slots__ = ("first_year", "last_year", "excluded")

    def __init__(self):
        self.first_year = 0
        self.last_year = 0
        self.excluded = set()


class Compliance:
    """`apply` takes each applied record after the books did."""

    def __init__(self, profile, books, findings):
        self.profile = profile
        self.books = books
        self.findings = findings
        self.entities = defaultdict(Entity)
        self.versions = defaultdict(list)  # (entity, year): [(t or None, source)]
        self.surrendered = defaultdict(int)  # (entity, year): t
        self.offsets = defaultdict(int)
        self._offsets_in_arrears = defaultdict(int)
        self.assessed = {}  # (entity, year): shortfall
        self.owed_units = {}  # (entity, year): what a shortfall still costs in units.
        self._years = defaultdict(set)  # By entity: the years of which something is known.
        self.plans = defaultdict(Plan)  # (entity, year, table)
        self._closed_plans = set()  # (entity, year) of a final allocation without a table.
        self._given = defaultdict(int)  # By ledger: surrendered by all firms, less reversals.
        self._originals = {}  # (record, index): a transfer that may be reversed, and was not ...
        self._were_in_arrears = set()  # ... of these, surrenders against what is owed in units.
        self._handlers = {KINDS[name]: getattr(self, "_" + name) for name in KINDS
                          if hasattr(self, "_" + name)}

    def apply(self, sequence, kind, values, receipt, transfers):
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(sequence, values, receipt, transfers)
        if transfers and kind in _CANCELS:
            self._keep_cancelled(sequence, transfers)

    def check_totals(self):
        """At the end: what firms gave is what the sinks hold."""
        for ledger, row in enumerate(self.books.totals()):
            if row["surrendered"] != self._given[ledger]:
                self.findings.add(row["unit"], f"{row['surrendered']} were surrendered, by firms "
                                               f"{self._given[ledger]}")

    # ---- Surrender and reversal ----

    def _keep(self, sequence, index, transfer):
        self._originals[sequence, index] = transfer
        if (transfer[4] == words.SURRENDER and transfer[0] < len(self.books.accounts)
                and self._in_arrears((self.books.accounts[transfer[0]][1], transfer[5]))):
            self._were_in_arrears.add((sequence, index))

    def _keep_cancelled(self, sequence, transfers):
        accounts = self.books.accounts
        for index, transfer in enumerate(transfers):
            if (max(transfer[:2]) < len(accounts)
                    and accounts[transfer[1]][0] == words.CANCELLATION
                    and accounts[transfer[0]][0] in words.ENTITY_KINDS):
                self._keep(sequence, index, transfer)

    def _surrender(self, sequence, values, _receipt, transfers):
        self._give(sequence, transfers, values[0], values[2], values[3])

    def _surrender_in_order(self, sequence, values, receipt, transfers):
        holder, year, amount = values
        key = self.books.accounts[holder][1], year
        self._check_owed(sequence, key, amount)
        given = sum(transfer[3] for transfer in transfers)
        if given != receipt[1]:
            self.findings.at(sequence, f"surrendered {given}; the registry says {receipt[1]}")
        moved = Moved(sequence, transfers)
        self._give_in_order(moved, holder, key, amount)
        self._expect_no_more(moved)

    def _check_owed(self, sequence, key, asked):
        """Where each year stands alone, none takes more than it owes."""
        if self.profile.words("compliance.rule") == "cumulative":
            return
        owed = self._owed(*key) if self.verified(*key) is not None else 0
        if asked > owed:
            self.findings.at(sequence, f"entity {key[0]} owes {owed} for {key[1]} and was let "
                                       f"surrender {asked}")

    def _give_in_order(self, moved, holder, key, amount):
        """What goes in the order of retirement must be the next of what moved."""
        sink = self.books.account_of(words.SURRENDER_SINK)
        for ledger in retirement_order(self.books):
            unit = self.books.ledgers[ledger]
            if not amount or moved.is_wrong:
                return
            if not self.profile.counts_for(unit, key[1], bool(self.assessed.get(key))):
                continue
            part = min(amount, self.books.available(holder, ledger) + moved.ahead[holder, ledger])
            if unit[0] == words.OFFSET:
                part = min(part, self._offset_room(key))
            if part > 0:
                self._take(moved, (holder, sink, ledger, part, words.SURRENDER, key[1], 0))
                amount -= part

    def _take(self, moved, wanted):
        if moved.next != wanted:
            self.findings.at(moved.sequence, f"moved {moved.next} where {wanted} is next in the "
                                             "order of retirement")
            moved.is_wrong = True
            return
        self._keep(moved.sequence, moved.index, wanted)
        self._count(wanted[0], wanted[2], wanted[5], wanted[3])
        moved.ahead[wanted[0], wanted[2]] -= wanted[3]
        moved.index += 1

    def _expect_no_more(self, moved):
        if moved.next is not None and not moved.is_wrong:
            self.findings.at(moved.sequence, f"moved {moved.next}, which nobody owed")

    def _offset_room(self, key):
        if self._in_arrears(key):
            return room_in_arrears(self.profile, self.assessed[key], self._offsets_in_arrears[key])
        return room_for_offsets(self.verified(*key) or 0, offset_share(self.profile, key[1]),
                                self.offsets[key])

    def _give(self, sequence, transfers, holder, year, asked):
        """One surrender, as its command has it."""
        key = self.books.accounts[holder][1], year
        self._check_owed(sequence, key, asked)
        for index, transfer in enumerate(transfers):
            self._check_surrender(sequence, transfer, holder, key)
            self._keep(sequence, index, transfer)
            self._count(holder, transfer[2], year, transfer[3])

    def _check_surrender(self, sequence, transfer, holder, key):
        sink = self.books.account_of(words.SURRENDER_SINK)
        debit, credit, ledger, amount, code, of, _ = transfer
        if (debit, credit, code, of) != (holder, sink, words.SURRENDER, key[1]):
            return  # The books said so.
        if self.books.ledgers[ledger][0] == words.OFFSET and amount > self._offset_room(key):
            self.findings.at(sequence, f"entity {key[0]} gave {amount} offsets for {key[1]}, which "
                                       f"takes {self._offset_room(key)} more")
        if not self.profile.counts_for(self.books.ledgers[ledger], key[1],
                                         bool(self.assessed.get(key))):
            self.findings.at(sequence, f"{self.books.unit(ledger)} does not count for {key[1]}")

    def _count(self, account, ledger, year, amount, counts_in_arrears=True):
        key = self.books.accounts[account][1], year
        self._years[key[0]].add(year)
        self.surrendered[key] += amount
        self._given[ledger] += amount
        is_offset = self.books.ledgers[ledger][0] == words.OFFSET
        if is_offset:
            self.offsets[key] += amount
        if self._in_arrears(key):
            self.owed_units[key] -= amount
            if is_offset and counts_in_arrears:
                self._offsets_in_arrears[key] += amount

    def _reverse_transfer(self, sequence, values, _receipt, transfers):
        original = self._originals.pop(values, None)
        if original is None:
            self.findings.at(sequence, f"reversed transfer {values[1]} of record {values[0]}, which "
                                       "is no such transfer, or was reversed before")
            return
        debit, credit, ledger, amount, code, year, reference = original
        wanted = (credit, debit, ledger, amount, words.REVERSAL, year, values[0])
        if list(transfers) != [wanted]:
            self.findings.at(sequence, f"moved {transfers} where {wanted} reverses {original}")
        if self.books.accounts[credit][0] == words.SURRENDER_SINK:
            self._count(debit, ledger, year, -amount, values in self._were_in_arrears)
        elif code in _ALLOCATIONS and reference:
            self.plans[self.books.accounts[credit][1], year, reference].given_back += amount

    # ---- Emissions ----

    def verified(self, entity, year):
        """The version that counts, or None."""
        versions = self.versions.get((entity, year))
        return versions[-1][0] if versions else None

    def _verify_emissions(self, sequence, values, _receipt, _transfers):
        entity, year, emissions = values
        if self.verified(entity, year) is not None:
            self.findings.at(sequence, f"verified entity {entity}'s {year} a second time")
        self._record(entity, year, emissions, 1)

    def _record(self, entity, year, emissions, source):
        self._years[entity].add(year)
        self.versions[entity, year].append((emissions, source))

    def _correct_emissions(self, _sequence, values, _receipt, _transfers):
        entity, year, emissions, source, withdrawn = values
        self._record(entity, year, None if withdrawn else emissions, source)

    def _set_entity(self, _sequence, values, _receipt, _transfers):
        entity = self.entities[values[0]]
        entity.first_year, entity.last_year = values[1], values[2]

    def _exclude_year(self, _sequence, values, _receipt, _transfers):
        excluded = self.entities[values[0]].excluded
        (excluded.add if values[2] else excluded.discard)(values[1])

    # ---- Assessment ----

    def _in_arrears(self, key):
        """Short already, where a shortfall is made good in units."""
        return key in self.owed_units

    def _owed(self, entity, year):
        if self._in_arrears((entity, year)):
            return self.owed_units[entity, year]
        if self.profile.words("compliance.rule") != "cumulative":
            if year in self._of(entity).excluded:
                return 0
            emissions = self.verified(entity, year) or 0
            return max(0, emissions - self.surrendered.get((entity, year), 0))
        excluded = self._of(entity).excluded
        owed = -sum(self.surrendered.get((entity, of), 0) for of in self._years[entity])
        owed += sum(self.verified(entity, of) or 0 for of in self._years[entity]
                    if of <= year and of not in excluded)
        return max(0, owed)

    def _assess(self, sequence, entity, year):
        if (entity, year) in self.assessed:
            self.findings.at(sequence, f"assessed entity {entity}'s {year} a second time")
        if self.verified(entity, year) is None:
            self.findings.at(sequence, f"assessed entity {entity}'s {year} without emissions")
        shortfall = self._owed(entity, year)
        self.assessed[entity, year] = shortfall
        if shortfall and self.profile.words("shortfall.rule") == "units":
            multiple = self.profile.number("shortfall.units_multiple", 1)
            self.owed_units[entity, year] = min(words.AMOUNT_MAX, shortfall * multiple)
        return shortfall

    def _assess_compliance(self, sequence, values, receipt, _):
        shortfall = self._assess(sequence, *values)
        if shortfall != receipt[1]:
            self.findings.at(sequence, f"entity {values[0]} is short by {shortfall} for {values[1]}; "
                                       f"the registry says {receipt[1]}")

    def _run_compliance(self, sequence, values, receipt, transfers):
        year, surrender, assess, emissions = values
        for entity, tonnes in emissions:
            self._record(entity, year, tonnes, 1)
        if not surrender and not assess:
            self._expect_nothing(sequence, transfers)
            return
        firms = sorted(entity for entity, years in self._years.items() if year in years
                       and self.verified(entity, year) is not None
                       and year not in self._of(entity).excluded)
        shortfall, moved = 0, Moved(sequence, transfers)
        for entity in firms:
            for account in self._surrendering_accounts(entity) if surrender else ():
                self._give_in_order(moved, account, (entity, year), self._owed(entity, year))
            is_new = assess and (entity, year) not in self.assessed
            shortfall += (self._assess(sequence, entity, year) if is_new
                          else self._owed(entity, year))
        self._expect_no_more(moved)
        if (len(firms), shortfall) != receipt[:2]:
            self.findings.at(sequence, f"{len(firms)} firms are short by {shortfall} for {year}; the "
                                       f"registry says {receipt[0]} by {receipt[1]}")

    def _surrendering_accounts(self, entity):
        books = self.books
        return [account for account in books.accounts_of.get(entity, ())
                if books.accounts[account][0] in words.OWING_KINDS and account not in books.closed
                and books.standing.may_surrender(account)]

    def _expect_nothing(self, sequence, transfers):
        if transfers:
            self.findings.at(sequence, f"moved {transfers} where its command moves nothing")

    # ---- Allocation ----

    def _set_entitlement(self, _sequence, values, _receipt, _transfers):
        plan = self.plans[values[:3]]
        plan.entitlement, plan.withheld = values[3:]

    def _run_allocation(self, sequence, values, receipt, transfers):
        year, table, pool, ledger = values
        code = words.ENTRANT_ALLOCATION if table == _NEW_ENTRANTS else words.FINAL_ALLOCATION
        wanted = []
        for entity, of, by in sorted(self.plans):
            plan = self.plans[entity, of, by]
            if ((of, by) != (year, table) or plan.withheld or plan.lacks <= 0
                    or year in self._of(entity).excluded):
                continue
            account = self._payable(entity, ledger)
            if account is not None:
                self._keep(sequence, len(wanted), (pool, account, ledger, plan.lacks, code, year,
                                                   table))
                wanted.append((pool, account, ledger, plan.lacks, code, year, table))
                plan.allocated += plan.lacks
        if list(transfers) != wanted:
            self.findings.at(sequence, f"paid {list(transfers)} where the plan of {year} by table "
                                       f"{table} says {wanted}")
        paid = sum(transfer[3] for transfer in transfers)
        if (len(transfers), paid) != receipt[:2]:
            self.findings.at(sequence, f"paid {paid} t to {len(transfers)} firms; the registry says "
                                       f"{receipt[1]} t to {receipt[0]}")

    def _payable(self, entity, ledger):
        """The first account of a firm that may have it. Where the law asks for an A, an open account
        of a firm that stands otherwise has to wait, and a blocked one has not (EU Art. 48(2))."""
        books, standing = self.books, self.books.standing
        unit = books.ledgers[ledger][0]
        must_stand = self.profile.truth("compliance.allocation_needs_a")
        for account in books.accounts_of.get(entity, ()):
            kind = books.accounts[account][0]
            if (kind not in words.OWING_KINDS or account in books.closed
                    or not standing.may_receive(account) or not self.profile.may_hold(kind, unit)):
                continue
            if not must_stand or standing.is_blocked(account) or not standing.may_send(account):
                return account
            if self._status(entity)[1] in ("A", "-", "N/A"):
                return account
        return None

    def _allocate(self, sequence, values, _receipt, transfers):
        _, holder, _, year, _, code = values
        key = self.books.accounts[holder][1], year
        if code in _PLANNED and key in self._closed_plans:
            self.findings.at(sequence, f"entity {key[0]} got more for {year} after its final "
                                       "allocation")
        if code in _PLANNED and year in self._of(key[0]).excluded:
            self.findings.at(sequence, f"entity {key[0]} was paid for {year}, which is excluded")
        if code == words.FINAL_ALLOCATION:
            self._closed_plans.add(key)
        if code in _ALLOCATIONS and transfers:
            self._keep(sequence, 0, transfers[0])

    def _return_excess(self, sequence, values, _receipt, _transfers):
        holder, _, _, year, table, amount = values
        plan = self.plans[self.books.accounts[holder][1], year, table]
        if amount > -plan.lacks:
            self.findings.at(sequence, f"account {holder} returned {amount} for {year}, above its "
                                       f"excess of {max(0, -plan.lacks)}")
        plan.given_back += amount

    def _close_account(self, sequence, values, _receipt, _transfers):
        kind, entity = self.books.accounts[values[0]]
        if kind in words.OWING_KINDS and any(
                plan.lacks < 0 for (of, _, _), plan in self.plans.items() if of == entity):
            self.findings.at(sequence, f"closed account {values[0]}, which owes a return of excess")

    # ---- Emissions that are due ----

    def lacks_emissions(self, entity, years):
        """Of any of these years that the firm has emissions for."""
        of = self._of(entity)
        known = self._known(entity, sorted(self._years.get(entity, ())))
        first = of.first_year or next(iter(known), 0)
        return bool(first) and any(
            first <= year <= (of.last_year or 9999) and year not in of.excluded
            and year not in known for year in years)

    # ---- Answers ----

    def years(self):
        """Rows by firm and emission year, each year on its own."""
        for entity in sorted(self._years):
            for year in sorted(self._years[entity]):
                if not (self.versions.get((entity, year)) or self.surrendered.get((entity, year))):
                    continue  # All that was given was given back.
                shortfall = self.assessed.get((entity, year))
                symbol = "open" if shortfall is None else "short" if shortfall else "compliant"
                yield {"entity": entity, "year": year, "verified": self.verified(entity, year),
                       "surrendered": self.surrendered.get((entity, year), 0),
                       "offsets": self.offsets.get((entity, year), 0), "symbol": symbol,
                       "shortfall": shortfall or 0,
                       "owed_units": self.owed_units.get((entity, year), 0)}

    def statuses(self):
        """Rows by firm as the profile's compliance rule has it, at the end of the journal."""
        known = {entity for kind, entity in self.books.accounts
                 if kind in words.ENTITY_KINDS and kind != words.ESCROW}
        for entity in sorted(known | set(self.entities) | set(self._years)):
            figure, symbol, counted = self._status(entity)
            corrected = any(self.versions[entity, year][-1][1] in (words.ESTIMATED, words.CORRECTED)
                            for year in counted)
            yield {"entity": entity, "figure": figure, "symbol": symbol, "corrected": corrected}

    def _status(self, entity):
        """(figure, symbol, years that count) now."""
        if self.profile.words("compliance.rule") == "cumulative":
            return self._cumulative(entity)
        return self._per_year(entity)

    def _known(self, entity, years):
        return [year for year in years if self.verified(entity, year) is not None]

    def _per_year(self, entity):
        """Every verified year on its own: too much in one does not help another."""
        verified = self._known(entity, sorted(self._years.get(entity, ())))
        excluded = self._of(entity).excluded
        counted = [year for year in verified if year not in excluded]
        figure = sum(min(0, self.surrendered.get((entity, year), 0) - self.verified(entity, year))
                     for year in counted)
        if not verified:
            return 0, "-", ()
        return figure, "EXCLUDED" if not counted else "B" if figure < 0 else "A", counted

    def _cumulative(self, entity):
        """Everything surrendered against everything verified up to the year before; in a firm's
        last year that year's emissions count, too, and are missing until they are known."""
        of, years = self._of(entity), sorted(self._years.get(entity, ()))
        first = of.first_year or next(iter(self._known(entity, years)), 0)
        if not first:
            return 0, "-", ()
        this_year = self.books.clock.year
        is_last = of.last_year == this_year
        last = this_year if is_last else min(this_year - 1, of.last_year or 9999)
        counted = [year for year in range(first, last + 1) if year not in of.excluded]
        known = self._known(entity, counted)
        figure = (sum(self.surrendered.get((entity, year), 0) for year in years)
                  - sum(self.verified(entity, year) for year in known))
        if this_year < first or this_year == first and not is_last:
            return figure, "N/A", known
        if not counted and of.excluded:
            return figure, "EXCLUDED", known
        if len(known) < len(counted):
            return figure, "C", known
        return figure, "B" if figure < 0 else "A", known

    def _of(self, entity):
        return self.entities.get(entity) or Entity()
