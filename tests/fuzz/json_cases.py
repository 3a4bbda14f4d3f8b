"""The cases of bodies/*.txt, and those that are too long to be written down."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

BODIES: Final = Path(__file__).parent / "bodies"
LONG: Final = {
    "accepted": {
        "many-items": b"[" + b"0," * 5_000 + b"0]",
        "a-long-key": b'{"' + b"k" * 10_000 + b'":1}',
        "64-levels": b"[" * 64 + b"]" * 64,
        "64-levels-of-objects": b'{"a":' * 64 + b"1" + b"}" * 64,
    },
    "refused": {
        "opened": b"[" * 100_000,
        "closed": b"]" * 100_000,
        "opened-objects": b'[{"":' * 50_000,
        "deep-then-wrong": b"[" * 100 + b"x" + b"]" * 100,
        "quoted-for-ever": b'["' + b'\\"' * 250_000,
        "digits-of-minus": b"-" * 500_000,
    },
    "malformed": {
        "65-levels": b"[" * 65 + b"]" * 65,
        "65-levels-of-objects": b'{"a":' * 65 + b"1" + b"}" * 65,
        "66-levels-of-both": b'[{"a":' * 33 + b"1" + b"}]" * 33,
        "500-levels": b"[" * 500 + b"]" * 500,
        "100000-levels": b"[" * 100_000 + b"]" * 100_000,
        "80000-levels-of-objects": b'{"a":' * 80_000 + b"1" + b"}" * 80_000,
        "5000-digits": b"9" * 5_000,
        "512-kb-of-digits": b"[" + b"9" * 524_000 + b"]",
        "512-kb-of-digits-of-an-exponent": b"1e" + b"9" * 524_000,
    },
    # JSON, but more than Braze or SQS takes of one message
    "unrenderable": {
        "long-text": b'"' + b"a" * 524_000 + b'"',
        "long-text-of-two-bytes": b'["' + "é".encode() * 260_000 + b'"]',
        "long-text-of-escapes": b'"' + b"\\u0001" * 87_000 + b'"',
        "many-numbers": b"[" + b"1," * 262_000 + b"1]",
        "many-arrays": b"[" + b"[]," * 170_000 + b"1]",
        "many-texts": b"[" + b'"a",' * 130_000 + b"1]",
        "many-keys": b"{" + b",".join(b'"%d":0' % at for at in range(50_000)) + b"}",
    },
}


def cases(what: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each case."""
    yield from LONG[what].items()
    file = BODIES / f"{what}.txt"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        group, text = line.split("\t")
        yield f"{group}-{number}", text.encode().decode("unicode_escape").encode("latin-1")
