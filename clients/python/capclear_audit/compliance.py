"""Who owes what: verified emissions, surrendered units, allocation plans, symbols."""
from collections import defaultdict

from . import words
from .codec import KINDS

_ALLOCATIONS = {words.PRE_ALLOCATION, words.FINAL_ALLOCATION, words.ENTRANT_ALLOCATION}
_SETTLE = KINDS["settle"]  # Moves nothing that is looked for here.


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
        self.assessed = {}  # (entity, year): shortfall
        self.owed_units = {}  # (entity, year): what a shortfall still costs in units.
        self._years = defaultdict(set)  # By entity: the years of which something is known.
        self.entitlements = {}  # (entity, year, table): t
        self.allocated = defaultdict(int)
        self.returned = defaultdict(int)
        self._originals = {}  # Record: its reversible transfers that were not reversed yet.
        self._handlers = {KINDS[name]: getattr(self, "_" + name) for name in KINDS
                          if hasattr(self, "_" + name)}

    def apply(self, sequence, kind, values, receipt, transfers):
        for transfer in transfers if kind != _SETTLE else ():
            code = transfer[4]
            if code == words.SURRENDER:
                self._count(transfer[0], transfer[2], transfer[5], transfer[3])
            if code in _ALLOCATIONS or transfer[1] in self.books.reversible_sinks:
                self._originals.setdefault(sequence, []).append(transfer)
            elif code == words.REVERSAL:
                self._reverse(sequence, transfer)
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(sequence, values, receipt, transfers)

    def _count(self, account, ledger, year, amount):
        kind, entity = self.books.accounts[account]
        if kind not in words.ENTITY_KINDS:
            return
        key = entity, year
        self._years[entity].add(year)
        self.surrendered[key] += amount
        if self._in_arrears(key):
            self.owed_units[key] -= amount
        if self.books.ledgers[ledger][0] == words.OFFSET:
            self.offsets[key] += amount

    def _reverse(self, sequence, transfer):
        debit, credit, ledger, amount, _, _, reference = transfer
        originals = self._originals.get(reference, [])
        for place, original in enumerate(originals):
            if original[:4] == (credit, debit, ledger, amount):
                del originals[place]
                if original[4] == words.SURRENDER:
                    self._count(credit, ledger, original[5], -amount)
                elif original[4] in _ALLOCATIONS and original[6]:
                    entity = self.books.accounts[debit][1]
                    self.returned[entity, original[5], original[6]] += amount
                return
        self.findings.at(sequence, f"reversed a transfer of record {reference} that is not there, "
                                   "or was reversed before")

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
            if year in self.entities[entity].excluded:
                return 0
            emissions = self.verified(entity, year) or 0
            return max(0, emissions - self.surrendered.get((entity, year), 0))
        excluded = self.entities[entity].excluded
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

    def _run_compliance(self, sequence, values, receipt, _):
        year, surrender, assess, emissions = values
        for entity, tonnes in emissions:
            self._record(entity, year, tonnes, 1)
        if not surrender and not assess:
            return
        firms = [entity for entity, years in self._years.items() if year in years
                 and self.verified(entity, year) is not None
                 and year not in self.entities[entity].excluded]
        shortfall = 0
        for entity in firms:
            is_new = assess and (entity, year) not in self.assessed
            shortfall += (self._assess(sequence, entity, year) if is_new
                          else self._owed(entity, year))
        if (len(firms), shortfall) != receipt[:2]:
            self.findings.at(sequence, f"{len(firms)} firms are short by {shortfall} for {year}; the "
                                       f"registry says {receipt[0]} by {receipt[1]}")

    # ---- Allocation ----

    def _set_entitlement(self, _sequence, values, _receipt, _transfers):
        entity, year, table, amount, _ = values
        self.entitlements[entity, year, table] = amount

    def _run_allocation(self, sequence, values, receipt, transfers):
        year, table = values[:2]
        for transfer in transfers:
            entity = self.books.accounts[transfer[1]][1]
            key = entity, year, table
            self.allocated[key] += transfer[3]
            if self.allocated[key] - self.returned[key] > self.entitlements.get(key, 0):
                self.findings.at(sequence, f"entity {entity} got {self.allocated[key]} for {year} by "
                                           f"table {table}, entitled to "
                                           f"{self.entitlements.get(key, 0)}")
        paid = sum(transfer[3] for transfer in transfers)
        if (len(transfers), paid) != receipt[:2]:
            self.findings.at(sequence, f"paid {paid} t to {len(transfers)} firms; the registry says "
                                       f"{receipt[1]} t to {receipt[0]}")

    def _return_excess(self, _sequence, values, _receipt, _transfers):
        holder, _, _, year, table, amount = values
        self.returned[self.books.accounts[holder][1], year, table] += amount

    # ---- Answers ----

    def years(self):
        """Rows by firm and emission year, each year on its own."""
        for entity in sorted(self._years):
            for year in sorted(self._years[entity]):
                shortfall = self.assessed.get((entity, year))
                symbol = "open" if shortfall is None else "short" if shortfall else "compliant"
                yield {"entity": entity, "year": year, "verified": self.verified(entity, year),
                       "surrendered": self.surrendered.get((entity, year), 0),
                       "offsets": self.offsets.get((entity, year), 0), "symbol": symbol,
                       "shortfall": shortfall or 0,
                       "owed_units": self.owed_units.get((entity, year), 0)}

    def statuses(self):
        """Rows by firm as the profile's compliance rule has it, at the end of the journal."""
        status = (self._cumulative if self.profile.words("compliance.rule") == "cumulative"
                  else self._per_year)
        known = {entity for kind, entity in self.books.accounts if kind in words.ENTITY_KINDS}
        for entity in sorted(known | set(self.entities) | set(self._years)):
            figure, symbol, counted = status(entity)
            corrected = any(self.versions[entity, year][-1][1] in (words.ESTIMATED, words.CORRECTED)
                            for year in counted)
            yield {"entity": entity, "figure": figure, "symbol": symbol, "corrected": corrected}

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
        last year with that year's emissions once they are known."""
        of, years = self._of(entity), sorted(self._years.get(entity, ()))
        first = of.first_year or next(iter(self._known(entity, years)), 0)
        if not first:
            return 0, "-", ()
        this_year = self.profile.local(self.books.now)[0].year
        last = min(this_year - 1, of.last_year or 9999)
        if of.last_year == this_year and self.verified(entity, this_year) is not None:
            last = this_year
        counted = [year for year in range(first, last + 1) if year not in of.excluded]
        known = self._known(entity, counted)
        figure = (sum(self.surrendered.get((entity, year), 0) for year in years)
                  - sum(self.verified(entity, year) for year in known))
        if last < first:
            return figure, "N/A", known
        if not counted:
            return figure, "EXCLUDED", known
        if len(known) < len(counted):
            return figure, "C", known
        return figure, "B" if figure < 0 else "A", known

    def _of(self, entity):
        return self.entities.get(entity) or Entity()
