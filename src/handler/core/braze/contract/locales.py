"""Forms of language, country, time zone and telephone number that Braze takes.

What it does not know it drops, or stores for nothing: a country that is none becomes null, a number
without a plus becomes an American one. Sources: braze.com/docs/user_guide/data, "Language codes",
"Standard attributes" and "User attributes object"; "User phone numbers".
"""

import re
from typing import Final

# Braze's own list: most of ISO 639-1, and languages that it does not have.
_LANGUAGES: Final = (
    "af agq ak am ar as ay az bas be bem bez bg bn bo br bs ca cgg chr cs cy da dav de dje"
    " dua dyo dz ebu ee el en eo es et eu ewo fa ff fi fil fo fr ga gd gl gn gsw gu guz gv ha"
    " haw he hi hr hu hy id ig ii is it iu ja jmc jv ka kab kam ki kk kl kln km kn ko ks ksb"
    " ksf ku kw ky la lb lg ln lo lt lu luo luy lv mas mer mfe mg mk ml mn mo mr ms mt mua my"
    " naq nb nd ne nl nn nus nyn om pa pl ps pt qu rm ro rof ru rw rwk sa saq sbp sd se seh"
    " shi si sk sl sn so sq sr sv sw swc ta te teo tg th ti tk tl to tr tt twq tzm ug uk ur"
    " uz vai vi vun xh yav yi yo zh zu"
)
LANGUAGES: Final = frozenset(_LANGUAGES.split())
# Other codes of languages that Braze has: ISO 639's former ones, and Norwegian of either kind.
_SAME_LANGUAGE: Final = {"iw": "he", "in": "id", "ji": "yi", "no": "nb"}
_REGION: Final = re.compile(r"[-_.@]")
# ISO 3166-1, alpha-2, all that are assigned.
_COUNTRIES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO"
    " BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ"
    " DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP"
    " GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG"
    " KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML"
    " MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE"
    " PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL"
    " SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM"
    " US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES: Final = frozenset(_COUNTRIES.split())
# Braze's page shows the first of these beside IANA's names.
_OTHER_ZONES: Final = frozenset(
    f"{zone} Time (US & Canada)" for zone in ("Eastern", "Central", "Mountain", "Pacific")
)
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_AMERICAN: Final = re.compile(r"1?[2-9][0-9]{2}[2-9][0-9]{6}")
_TRUNK_ZERO: Final = "(0)"  # Braze keeps its digit, and the number is another one


def language(text: str) -> str | None:
    """Return Braze's code of a language, without a region or a script; None where it has none."""
    code = _REGION.split(text.strip(), 1)[0].lower()
    code = _SAME_LANGUAGE.get(code, code)
    return code if code in LANGUAGES else None


def country(text: str) -> str | None:
    """Return the code of a country as ISO writes it; None where it is none."""
    code = text.strip().upper()
    return code if code in COUNTRIES else None


def is_zone(text: str) -> bool:
    """Return whether a text is the name of a time zone."""
    # The list costs 2 ms of a cold start, and most rules send no time zone.
    from handler.core.expressions.zones import names  # noqa: PLC0415 - as said

    return text in names() or text in _OTHER_ZONES


def is_e164(text: str) -> bool:
    """Return whether a text is a telephone number as E.164 writes it."""
    return _INTERNATIONAL.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    """Return whether Braze reads a text as the number that it means.

    Braze drops what is no digit. Whether anybody has the number is not looked up: phone() does.
    """
    if any(char.isalpha() or (char.isdigit() and not char.isascii()) for char in text):
        return False
    number = "".join(char for char in text if char in "+0123456789")
    is_known = _INTERNATIONAL.fullmatch(number) or _AMERICAN.fullmatch(number)
    return is_known is not None and _TRUNK_ZERO not in text
