"""Who owes what: verified emissions, surrendered units, allocation plans, symbols."""
from collections import defaultdict

from . import words
from .codec import KINDS

_REVERSIBLE = {words.SURRENDER, words.CANCEL, words.PRE_ALLOCATION, words.FINAL_ALLOCATION,
               words.ENTRANT_ALLOCATION}
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
            if code in _REVERSIBLE:
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
        self.surrendered[entity, year] += amount
        if self.books.ledgers[ledger][0] == words.OFFSET:
            self.offsets[entity, year] += amount

    def _reverse(self, sequence, transfer):
        debit, credit, ledger, amount, _, _, reference = transfer
        originals = self._originals.get(reference, [])
        for place, original in enumerate(originals):
            if original[:4] == (credit, debit, ledger, amount):
                del originals[place]
                if original[4] == words.SURRENDER:
                    self._count(credit, ledger, original[5], -amount)
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
        self.versions[entity, year].append((emissions, 1))

    def _correct_emissions(self, _sequence, values, _receipt, _transfers):
        entity, year, emissions, source, withdrawn = values
        self.versions[entity, year].append((None if withdrawn else emissions, source))

    def _set_entity(self, _sequence, values, _receipt, _transfers):
        entity = self.entities[values[0]]
        entity.first_year, entity.last_year = values[1], values[2]

    def _exclude_year(self, _sequence, values, _receipt, _transfers):
        excluded = self.entities[values[0]].excluded
        (excluded.add if values[2] else excluded.discard)(values[1])

    # ---- Assessment ----

    def _assess(self, sequence, entity, year):
        if (entity, year) in self.assessed:
            self.findings.at(sequence, f"assessed entity {entity}'s {year} a second time")
        emissions = self.verified(entity, year)
        if emissions is None:
            self.findings.at(sequence, f"assessed entity {entity}'s {year} without emissions")
            return 0
        shortfall = max(0, emissions - self.surrendered[entity, year])
        self.assessed[entity, year] = shortfall
        return shortfall

    def _assess_compliance(self, sequence, values, receipt, _):
        shortfall = self._assess(sequence, *values)
        if shortfall != receipt[1]:
            self.findings.at(sequence, f"entity {values[0]} is short by {shortfall} for {values[1]}; "
                                       f"the registry says {receipt[1]}")

    def _run_compliance(self, sequence, values, receipt, _):
        year, _, assess, emissions = values
        for entity, tonnes in emissions:
            self.versions[entity, year].append((tonnes, 1))
        if not assess:
            return
        due = [entity for entity, of in self.versions if of == year
               and self.verified(entity, year) is not None
               and (entity, year) not in self.assessed
               and year not in self.entities[entity].excluded]
        shortfall = sum(self._assess(sequence, entity, year) for entity in due)
        if shortfall != receipt[1]:
            self.findings.at(sequence, f"the firms are short by {shortfall} for {year}; the registry "
                                       f"says {receipt[1]}")

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
        keys = set(self.versions) | set(self.surrendered)
        for entity, year in sorted(keys):
            emissions = self.verified(entity, year)
            shortfall = self.assessed.get((entity, year))
            symbol = "open" if shortfall is None else "short" if shortfall else "compliant"
            yield {"entity": entity, "year": year, "verified": emissions,
                   "surrendered": self.surrendered.get((entity, year), 0),
                   "offsets": self.offsets.get((entity, year), 0), "symbol": symbol,
                   "shortfall": shortfall or 0}

    def statuses(self):
        """Rows by firm as the profile's compliance rule has it, at the end of the journal."""
        versions, given = defaultdict(dict), defaultdict(int)
        for (entity, year), list_of in self.versions.items():
            versions[entity][year] = list_of[-1]
        for (entity, _), amount in self.surrendered.items():
            given[entity] += amount
        for entity in sorted(set(versions) | set(self.entities)):
            yield dict({"entity": entity}, **self._status(entity, versions[entity], given[entity]))

    def _status(self, entity, versions, given):
        """Figure and letter over all years that count by now."""
        of = self.entities.get(entity) or Entity()
        recorded = [year for year, (tonnes, _) in versions.items() if tonnes is not None]
        first = of.first_year or min(recorded, default=0)
        last = min(self.profile.local(self.books.now).year - 1, of.last_year or 9999)
        past = range(first, last + 1) if first else ()
        counted = [year for year in past if year not in of.excluded]
        found = [versions.get(year, (None, 0)) for year in counted]
        figure = given - sum(tonnes or 0 for tonnes, _ in found)
        if not past:
            symbol = "N/A"
        elif not counted:
            symbol = "EXCLUDED"
        elif any(tonnes is None for tonnes, _ in found):
            symbol = "C"
        else:
            symbol = "A" if figure >= 0 else "B"
        corrected = any(source in (words.ESTIMATED, words.CORRECTED) for _, source in found)
        return {"figure": figure, "symbol": symbol, "corrected": corrected}
