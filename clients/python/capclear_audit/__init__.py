"""An auditor of CapClear's registry that shares no code with it.

It reads an exported journal, checks the hash chain and the anchor, books every transfer again,
works out who owes what, and compares its result with what the registry says. Written from
docs/journal-format.md with Python's standard library alone.
"""
