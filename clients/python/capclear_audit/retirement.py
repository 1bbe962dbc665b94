"""What is retired first when the registry chooses, and how many offsets a year takes."""
import re

from . import words

_ALL = 10_000


def retirement_order(books):
    """The ledgers of units, as the profile orders them."""
    order = books.profile.words("surrender.retirement", "offsets_then_oldest")
    ranked = []
    for ledger, (unit, _, vintage) in enumerate(books.ledgers):
        if unit == words.CURRENCY:
            continue
        place = -vintage if order == "newest_first" else vintage
        if unit == words.OFFSET:
            place = -1 if order == "offsets_then_oldest" else 10_000
        ranked.append((place, unit, ledger))
    return [ledger for _, _, ledger in sorted(ranked)]


def offset_share(profile, year):
    """Basis points of a year's emissions that offsets may cover."""
    rows = profile.words("surrender.offsets", "0: 500")
    share = 0
    for row in () if rows == "none" else rows.split(";"):
        first, points = (int(number) for number in re.findall(r"\d+", row))
        if first <= year:
            share = points
    return share


def room_for_offsets(emissions, share, given):
    return max(0, emissions * share // _ALL - given)


def room_in_arrears(profile, shortfall, given):
    """Of a shortfall that is made good in units, the part that need not be allowances."""
    total = min(words.AMOUNT_MAX, shortfall * profile.number("shortfall.units_multiple", 1))
    share = _ALL - profile.number("shortfall.allowance_share_bp")
    return max(0, total * share // _ALL - given)
