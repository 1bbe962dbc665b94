"""The payloads of the registry's records, as docs/journal-format.md lists them."""
import struct

PROFILE = 1
PAYLOAD_VERSION = 2
TRANSFER_FIELDS = "debit:I credit:I ledger:H amount:q code:B year:H reference:Q"
TRANSFER = struct.Struct("<IIHqBHQ")
RECEIPT = struct.Struct("<IqI")
REQUEST_SIZE = 24

# Kind: name and fields. A letter is that of struct; `text` is a u32 count and that many bytes; `*`
# before a list of fields is a u32 count and that many of them.
COMMANDS = {
    2: ("open_account", "kind:B entity:I"),
    3: ("open_ledger", "type:B currency:B vintage:H cap:q"),
    4: ("set_cap", "ledger:H cap:q"),
    5: ("issue", "to:I ledger:H amount:q code:B"),
    6: ("make_transfer", TRANSFER_FIELDS),
    7: ("deposit_monthly_data", "entity:I year:H month:B emissions:q"),
    8: ("report_emissions", "entity:I year:H emissions:q"),
    9: ("verify_emissions", "entity:I year:H emissions:q"),
    10: ("allocate", "from:I holder:I ledger:H year:H amount:q code:B"),
    11: ("take_back", "holder:I to:I ledger:H year:H amount:q"),
    12: ("surrender", "holder:I ledger:H year:H amount:q"),
    13: ("assess_compliance", "entity:I year:H"),
    14: ("convert_units", "holder:I from:H to:H amount:q"),
    15: ("expire_ledger", "ledger:H"),
    16: ("advance_to", "sim_time:q"),
    17: ("day_closed", "date:i settlement:Q registry_hash:Q market_hash:Q"),
    18: ("settle", "sequence:Q *fills(seller:I buyer:I unit_ledger:H cash_ledger:H quantity:q "
                   "cash:q trade:Q code:B) *withdrawals(escrow:I holder:I ledger:H amount:q)"),
    19: ("set_account", "account:I capabilities:B may_leave_trusted_list:?"),
    20: ("close_account", "account:I"),
    21: ("set_entity", "entity:I first_year:H last_year:H group:I"),
    22: ("exclude_year", "entity:I year:H excluded:?"),
    23: ("add_trusted", "account:I target:I"),
    24: ("remove_trusted", "account:I target:I"),
    25: ("set_principal", "principal:I role:B active:? name:text token_hash:32s"),
    26: ("set_grant", "principal:I account:I rights:B"),
    27: ("cancel_units", "holder:I ledger:H amount:q beneficiary:text statement:text"),
    28: ("transfer_batch", f"*items({TRANSFER_FIELDS} linked:?)"),
    29: ("reserve_transfer", f"{TRANSFER_FIELDS} expires_at:q"),
    30: ("post_pending", "pending:I amount:q"),
    31: ("void_pending", "pending:I"),
    32: ("freeze", "account:I ledger:H amount:q until:q authority:text"),
    33: ("unfreeze", "freeze:I"),
    34: ("reverse_transfer", "sequence:Q index:I"),
    35: ("propose", "principal:I kind:H payload:text"),
    36: ("approve_task", "task:I principal:I"),
    37: ("reject_task", "task:I principal:I"),
    38: ("abort_task", "task:I principal:I"),
    39: ("set_entitlement", "entity:I year:H table:B amount:q withheld:?"),
    40: ("run_allocation", "year:H table:B from:I ledger:H"),
    41: ("return_excess", "holder:I to:I ledger:H year:H table:B amount:q"),
    42: ("correct_emissions", "entity:I year:H emissions:q source:B withdrawn:?"),
    43: ("surrender_in_order", "holder:I year:H amount:q"),
    44: ("run_compliance", "year:H surrender:? assess:? *emissions(entity:I emissions:q)"),
    45: ("begin_branch", "branch:text parent_head:32s profile_text:text"),
}
_BATCH = 28


class CannotDecode(Exception):
    """A payload that is no command's."""


def _split(fields):
    """The top-level words of a field list; a list in brackets is one word."""
    words, depth = [""], 0
    for letter in fields:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == " " and depth == 0:
            words.append("")
        else:
            words[-1] += letter
    return words


def _reader(fields):
    """A function (payload, at) -> (values, at): fixed runs by struct, the rest piece by piece."""
    steps, run = [], ""
    for word in _split(fields):
        if word.startswith("*"):
            steps += [struct.Struct("<" + run).unpack_from] if run else []
            inner = word[word.index("(") + 1:-1].split()
            item = struct.Struct("<" + "".join(field.split(":")[1] for field in inner))
            steps.append(item)
            run = ""
        elif word.endswith(":text"):
            steps += [struct.Struct("<" + run).unpack_from] if run else []
            steps.append("text")
            run = ""
        else:
            run += word.split(":")[1]
    if not steps:
        fixed = struct.Struct("<" + run)
        return lambda payload, at: (fixed.unpack_from(payload, at), at + fixed.size)
    if run:
        steps.append(struct.Struct("<" + run).unpack_from)

    def read(payload, at):
        values = []
        for step in steps:
            if step == "text":
                (size,) = struct.unpack_from("<I", payload, at)
                at += 4 + size
                if at > len(payload):
                    raise CannotDecode("a text goes beyond the payload")
                values.append(bytes(payload[at - size:at]))
            elif isinstance(step, struct.Struct):
                (count,) = struct.unpack_from("<I", payload, at)
                stop = at + 4 + count * step.size
                if stop > len(payload):
                    raise CannotDecode("a list goes beyond the payload")
                values.append(list(step.iter_unpack(payload[at + 4:stop])))
                at = stop
            else:
                fixed = step.__self__
                values += fixed.unpack_from(payload, at)
                at += fixed.size
        return tuple(values), at
    return read


NAMES = {kind: name for kind, (name, _) in COMMANDS.items()}
KINDS = {name: kind for kind, name in NAMES.items()}
_READERS = {kind: _reader(fields) for kind, (_, fields) in COMMANDS.items()}


def decode_command(kind, payload):
    """The fields of a command that stands alone, as in a proposal."""
    reader = _READERS.get(kind)
    if reader is None:
        raise CannotDecode(f"kind {kind} is no command's")
    try:
        values, at = reader(payload, 0)
    except struct.error as error:
        raise CannotDecode("the payload is cut short") from error
    if at != len(payload):
        raise CannotDecode(f"{len(payload) - at} bytes behind the command")
    return values


def decode(kind, payload, has_request):
    """Returns (values, refusal, receipt, transfers); receipt and transfers are None when refused."""
    reader = _READERS.get(kind)
    if reader is None:
        raise CannotDecode(f"kind {kind} is no command's")
    try:
        values, at = reader(payload, REQUEST_SIZE if has_request else 0)
        refusal = payload[at] | payload[at + 1] << 8
        at += 2
        if refusal:
            if at != len(payload):
                raise CannotDecode(f"{len(payload) - at} bytes behind a refusal")
            return values, refusal, None, None
        receipt = RECEIPT.unpack_from(payload, at)
        at += RECEIPT.size
        count = int.from_bytes(payload[at:at + 4], "little")
        at += 4
    except (struct.error, IndexError) as error:
        raise CannotDecode("the payload is cut short") from error
    if kind == _BATCH:
        return values, 0, receipt, _applied_items(values[0], payload[at:], count)
    if len(payload) - at != count * TRANSFER.size:
        raise CannotDecode(f"{count} transfers in {len(payload) - at} bytes")
    return values, 0, receipt, list(TRANSFER.iter_unpack(payload[at:])) if count else []


def _applied_items(items, raw, count):
    """A batch's transfers are its items without a refusal; a count of 0 says that none has one."""
    if len(raw) != 2 * count or count not in (0, len(items)):
        raise CannotDecode(f"{count} results of {len(items)} items in {len(raw)} bytes")
    if count == 0:
        return [item[:-1] for item in items]
    refusals = struct.unpack(f"<{count}H", raw)
    return [item[:-1] for item, refusal in zip(items, refusals) if refusal == 0]
