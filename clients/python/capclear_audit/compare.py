"""Holds what was worked out against what the registry says: its own JSON tables, or a run.json."""

# What names a row of each table, and what must agree when the registry's table has that column.
KEYS = {"totals": ("unit",), "balances": ("account", "unit"), "compliance": ("entity", "year"),
        "status": ("entity",)}
FIELDS = {
    "totals": ("cap", "issued", "held", "surrendered", "cancelled", "converted", "expired"),
    "balances": ("kind", "entity", "balance", "reserved", "frozen", "incoming", "available"),
    "compliance": ("verified", "surrendered", "offsets", "symbol", "shortfall", "owed_units"),
    "status": ("figure", "symbol", "corrected"),
}

_SERIALS = {"account", "unit", "first", "last", "issued_at"}
_MARKS = {"totals": "issued", "balances": "balance", "compliance": "verified", "status": "figure"}


class NotATable(Exception):
    """A file that holds no table of the registry's."""


def table_of(rows):
    """Which table a list of rows is."""
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        if not rows:
            return None
        columns = set(rows[0])
        for name in ("balances", "compliance", "totals", "status"):
            if set(KEYS[name]) | {_MARKS[name]} <= columns:
                return name
        if _SERIALS <= columns:
            return "serials"
    raise NotATable("no table of totals, balances, compliance, status or serials: it must be a list "
                    "of objects as capclear registry ... --output json prints it")


def _spans(rows):
    """Ranges by account and unit, in order."""
    spans = {}
    for row in rows:
        spans.setdefault((row["account"], row["unit"]), []).append(
            (row["first"], row["last"], row["issued_at"]))
    return spans


def compare_serials(ours, theirs, findings, is_partial):
    """The registry lists one account at a time: those it lists must have these ranges, in order of
    acquisition, and no others."""
    mine, said = _spans(ours), _spans(theirs)
    accounts = {account for account, _ in said}
    for key in sorted(said.keys() | {of for of in mine if of[0] in accounts and not is_partial}):
        if said.get(key) != mine.get(key):
            findings.add(f"serials of {key[0]} {key[1]}", f"the journal gives {mine.get(key)}, the "
                                                          f"registry says {said.get(key)}")


def compare_rows(name, ours, theirs, findings, is_partial):
    """Adds a finding for every value that differs, and for rows that only one side has."""
    if name == "serials":
        compare_serials(ours, theirs, findings, is_partial)
        return
    keys, fields = KEYS[name], FIELDS[name]
    mine = {tuple(row[key] for key in keys): row for row in ours}
    seen = set()
    for row in theirs:
        key = tuple(row.get(part) for part in keys)
        place = f"{name} of {' '.join(str(part) for part in key)}"
        seen.add(key)
        if key not in mine:
            if any(row.get(field) for field in ("balance", "verified", "surrendered", "issued")):
                findings.add(place, "the registry lists it, the journal does not give it")
            continue
        for field in fields:
            if field in row and row[field] != mine[key][field]:
                findings.add(place, f"{field}: the journal gives {mine[key][field]}, the registry "
                                    f"says {row[field]}")
    if is_partial:
        return
    for key in mine.keys() - seen:
        findings.add(f"{name} of {' '.join(str(part) for part in key)}",
                     "the journal gives it, the registry does not list it")


def compare_run(run, export, findings):
    """Holds the chain head against the run.json beside a run's registry."""
    said = run.get("registry_chain_hash")
    if said != export.head.hex():
        findings.add("run.json", f"it names the chain head {said}; the journal ends with "
                                 f"{export.head.hex()}")
