"""Forms of the calls, as docs/functions.md has them: what a call with a wrong number is told.

Loaded only for a mistake.
"""

import re
from typing import Final

_FORMS: Final = """
text(value) coalesce(value, ...) concat(text, ...)
if(condition, then, otherwise) lookup(table, key) from_items(list, name, value)
lower(text) upper(text) title(text)
trim(text) unescape_html(text) sha256(text)
replace(text, old, new) split(text, separator) plain(text, length)
add(number, ...) multiply(number, number) divide(number, number)
round(number, places) money(amount, currency)
minor_units(amount, currency, [sender])
time(value, [zone]) time_add(time, duration) phone(number, country)
epoch(time) epoch_ms(time) root()
length(text or list or object) keys(object) values(object)
contains(text or list, value) starts_with(text, text) ends_with(text, text)
join(separator, list) reverse(text or list) sort(list)
sort_by(list, &expression) map(&expression, list) merge(object, ...)
max(list) max_by(list, &expression) not_null(value, ...)
min(list) min_by(list, &expression) type(value)
sum(list) avg(list) abs(number)
ceil(number) floor(number) to_array(value)
to_number(value) to_string(value)
"""
FORMS: Final = {one[1]: one[0] for one in re.finditer(r"(\w+)\([^)]*\)", _FORMS)}
