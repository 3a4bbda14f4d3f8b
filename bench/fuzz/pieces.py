"""Values that break parsers, to be put where others stand."""

from typing import Final

WIDE: Final = {ord(digit): 0xFF10 + int(digit) for digit in "0123456789"}
_TIME: Final = "1763672400"
_BLANKS: Final = ("", " ", "\t", "\0", "\x7f", "\r\nx-a: b", "\u00a0")
_WORDS: Final = (
    *("é", "😀", "\ud800", "ÿ" * 64, "x" * 10_000, "null", "%00", "a,b", ",", ",,,", ";", "="),
)
NUMBERS: Final = (
    *(_TIME.translate(WIDE), "1_763_672_400", "nan", "inf", "-1", f"+{_TIME}", f" {_TIME} "),
    *("1e10", "0x10", "0", "9" * 14, "9" * 30, "9" * 5000, f"{_TIME}.5", "\u0663"),
)
_SIGNATURES: Final = (
    *("v1", "v1,", "v1=", "v1, v1,", "v2,AAAA", "t=,v1=", "t=1", "v1=é", "t=1,t=2,v1=00"),
    *("AAA", "AAAA=", "====", "-_-_", "00" * 32, "0" * 63, "v1," + "A" * 43 + "=", "v1,AAA"),
    *("v0=", "sha256=", "v1,AAAA " * 40, "Bearer", "Bearer  ", "Basic", "Basic !"),
    *("Basic OjpbOg==", "Basic é"),
)
NASTY: Final = (*_BLANKS, *_WORDS, *NUMBERS, *_SIGNATURES)
METHODS: Final = ("GET", "HEAD", "PUT", "post", "OPTIONS", "", "é", "POST ")
MEDIA: Final = (
    *("text/plain", "application/x-www-form-urlencoded", "application/cloudevents+json", "é"),
    *("APPLICATION/JSON;charset=utf-16", "application/json, text/html", "multipart/form-data"),
)
QUERIES: Final = (
    *("key=", "key", "&key=a&key=b", "challenge=%ff", "%", "a=1", "key=%ed%a0%80", "é", "&" * 99),
)
# Keys of the gateway's event.
OPTIONAL: Final = (
    *("pathParameters", "rawPath", "rawQueryString", "headers", "body", "isBase64Encoded"),
)
