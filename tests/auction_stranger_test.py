#!/usr/bin/env python3
"""A stranger clears published auctions again, with no line of this project's code: the draw of the
ties, the commitment of the seed, the price and every award, as docs/auctions.md describes them.

Usage: auction_stranger_test.py CAPCLEAR
"""
import hashlib
import json
import pathlib
import random
import subprocess
import sys
import tempfile
from decimal import Decimal

MASK = (1 << 64) - 1


def splitmix(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        yield z ^ (z >> 31)


def rotl(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


def xoshiro(seed):
    fill = splitmix(seed)
    s = [next(fill) for _ in range(4)]
    while True:
        yield rotl(s[1] * 5 & MASK, 7) * 9 & MASK
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)


def below(dice, bound):
    while True:
        product = next(dice) * bound
        if product & MASK >= (1 << 64) % bound:
            return product >> 64


def drawn(count, seed):
    order, dice = list(range(count)), xoshiro(seed)
    for i in range(count, 1, -1):
        j = below(dice, i)
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


def check(published):
    """Random order and time priority, no limits: Art. 7 and its relatives."""
    ties, bids = published["ties"], published["bids"]
    text = f"capclear tie seed\n{published['auction']}\n{ties['seed']}\n"
    assert hashlib.sha256(text.encode()).hexdigest() == ties["commitment"]
    count = len(bids)
    order = drawn(count, int(ties["seed"])) if ties["rule"] == "random" else list(range(count))
    assert order == ties["order"]
    line = sorted(order, key=lambda i: -Decimal(bids[i]["price"]))
    left, awards, price = published["terms"]["supply"], {}, None
    for i in line:
        if left == 0:
            break
        awards[i] = min(left, bids[i]["quantity"])
        left -= awards[i]
        price = Decimal(bids[i]["price"])
    assert left == 0, "the book was to reach the supply"
    assert Decimal(str(published["result"]["price"])) == price
    assert {a["bid"]: a["quantity"] for a in published["awards"]} == awards
    assert all(Decimal(a["price"]) == price for a in published["awards"])


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for seed in range(40):
            dice = random.Random(seed)
            rows = ["bidder,price,quantity,id"]
            volume = 0
            for i in range(dice.randrange(5, 40)):
                quantity = 1000 * dice.randrange(1, 9)
                volume += quantity
                rows.append(f"b{dice.randrange(9)},{70 + dice.randrange(4) / 100:.2f},{quantity},{i}")
            (folder / "bids.csv").write_text("\n".join(rows) + "\n")
            form = ["eu", "uk", "shanghai"][seed % 3]
            command = [program, "auction", "clear", "--format", form, "--bids", folder / "bids.csv",
                       "--supply", str(max(1, volume // 3000) * 1000), "--publish",
                       folder / "a.json", "--seed", str(dice.getrandbits(64)), "--name", f"A {seed}"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            published = json.loads((folder / "a.json").read_text())
            check(published)
            verify = [program, "auction", "verify", folder / "a.json"]
            assert subprocess.run(verify, stdout=subprocess.DEVNULL).returncode == 0
            # One tonne more for a winner, and neither the stranger nor the program agrees.
            published["awards"][0]["quantity"] += 1
            (folder / "a.json").write_text(json.dumps(published))
            assert subprocess.run(verify, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 1
            try:
                check(published)
            except AssertionError:
                continue
            raise SystemExit("a changed award was not noticed")
    print("40 auctions, cleared again as published")


main()
