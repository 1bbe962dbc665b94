"""The numbers of the journal in words: account kinds, codes, units, symbols."""

# Kind: name, pool, whose balances count where in a ledger's totals.
ACCOUNT_KINDS = {
    1: ("issuance", "source"), 2: ("bank", "source"), 3: ("allocation", "held"),
    4: ("reserve", "held"), 5: ("stability", "held"), 6: ("auction_stock", "held"),
    7: ("treasury", "held"), 8: ("holder", "held"), 9: ("escrow", "held"),
    10: ("surrender", "surrendered"), 11: ("cancellation", "cancelled"),
    12: ("converted", "converted"), 13: ("expired", "expired"), 14: ("total_quantity", "held"),
    15: ("trading", "held"), 16: ("compliance", "held"), 17: ("limited_use", "held"),
    18: ("auction_delivery", "held"), 19: ("regulated_entity", "held"), 20: ("fees", "held"),
    21: ("importer", "held"),
}
POOLS = ("held", "surrendered", "cancelled", "converted", "expired")
ENTITY_KINDS = {8, 9, 15, 16, 17, 19, 21}
OWING_KINDS = {8, 16, 19, 21}  # May surrender for an emission year.
# The authority's: always trusted.
CENTRAL_KINDS = {1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 18, 20}
ISSUANCE, BANK, ESCROW, SURRENDER_SINK = 1, 2, 9, 10
CANCELLATION, CONVERTED, EXPIRED = 11, 12, 13
AUCTION_STOCK, TRADING, LIMITED_USE, AUCTION_DELIVERY = 6, 15, 17, 18

ISSUE, PRE_ALLOCATION, FINAL_ALLOCATION, TAKE_BACK = 1, 2, 3, 4
WITHDRAWAL, SURRENDER, CANCEL, CONVERT, EXPIRE = 6, 10, 11, 12, 13
ENTRANT_ALLOCATION, ALLOCATION_RETURN, REVERSAL, CONSIGNMENT = 20, 23, 24, 26

ALLOWANCE, OFFSET, CURRENCY, CERTIFICATE = 1, 2, 3, 7
UNIT_TYPES = {1: "allowance", 2: "offset", 4: "aviation", 5: "regulated", 6: "country_coded",
              7: "certificate"}
_PREFIXES = {1: "CEA", 4: "AVI", 5: "RET", 6: "CCU", 7: "CBAM"}
_CURRENCIES = {1: "CNY", 2: "EUR"}
JOINT_VINTAGE = 2020  # 2019 and 2020 are one.

ESTIMATED, CORRECTED = 2, 3
AMOUNT_MAX = 2**53 - 1


def unit_name(unit_type, currency, vintage):
    """As in CEA25, CEA19-20, CCER, CNY."""
    if unit_type == OFFSET:
        return "CCER"
    if unit_type == CURRENCY:
        return _CURRENCIES.get(currency, f"currency {currency}")
    prefix = _PREFIXES.get(unit_type, f"type {unit_type} ")
    if unit_type == ALLOWANCE and vintage == JOINT_VINTAGE:
        return prefix + "19-20"
    return f"{prefix}{vintage % 100:02d}"
