"""Calls of DynamoDB that are made in memory and in the emulator alike."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final, cast

from handler.aws.dynamodb import Table
from tests.simulation.pairs import TABLE, Given

_NAMES: Final = {
    "#s": "state", "#o": "owner", "#l": "last", "#c": "count", "#w": "window", "#k": "a.b/c d",
    "#by": "by",
}  # fmt: skip
_UPDATES: Final = (
    "SET #s = :s, #o = :o, lease = :n, since = if_not_exists(since, :n) ADD attempts :m",
    "SET #s = :s, #c = #c + :m REMOVE since, nothing",
    "SET #c = if_not_exists(#c, :zero) - :m",
    "SET lease = if_not_exists(lease, :zero) + :n, copied = #s",
    "ADD members :ss, attempts :m",
    "DELETE members :ss",
    "ADD numbers :ns DELETE members :ss",
    "SET scopes = if_not_exists(scopes, :empty)",
    "SET scopes.#k = :map",
    "SET scopes.#k.#by = :o",
    "SET scopes.#k.#c = if_not_exists(scopes.#k.#c, :zero) + :m",
    "SET #l = list_append(if_not_exists(#l, :none), :list)",
    "SET #l[0] = :s",
    "SET #w = :n",
    "REMOVE members, numbers, #l, scopes",
    "SET flag = :yes, #o = :o",
    "set #s = :s add attempts :m",
    "SET #s = #o, #o = #s",
    "ADD #s :m",
)
# Without what they look for they are refused; the emulator takes them.
_GUARDED: Final = {
    "REMOVE scopes.#k": "attribute_exists(scopes)",
    "REMOVE scopes.#k.#by, #s": "attribute_exists(scopes.#k)",
    "REMOVE #l[0]": "attribute_exists(#l)",
}
_CONDITIONS: Final = (
    *[None] * 20,
    "attribute_not_exists(pk)",
    "attribute_exists(pk)",
    "#s = :s",
    "#s <> :s",
    "attribute_not_exists(pk) OR lease < :n",
    "attribute_not_exists(pk) OR #s = :s OR (#s = :o AND lease <= :n)",
    "NOT #s = :s",
    "NOT (#s = :s OR attempts > :m) AND attribute_exists(since)",
    "attempts >= :m and #c < :n",
    "contains(members, :s)",
    "contains(#o, :o)",
    "NOT contains(members, :s) AND attribute_exists(members)",
    "begins_with(#o, :s)",
    "attribute_exists(scopes.#k)",
    "attribute_not_exists(scopes.#k.#by)",
    "scopes.#k.#by = :o OR size(members) > :m",
    "#s IN (:s, :o)",
    "flag = :yes",
    "#l[0] = :s",
    "lease > :zero AND lease <> :n OR #w = :n",
    "#s < :o",
    "members = :ss",
    "attempts = :s OR attempts <> :s",
)
_KEY: Final = {"pk": {"S": "wrong"}}
_RETURNS: Final = ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
_WORDS: Final = ("FAILED", "SENDING", "a", "b", "ab", "Zoë", "")


def drawn(random: Random, count: int) -> Iterator[tuple[str, Given]]:
    """Yield calls that a table may be given, whatever it holds."""
    for _ in range(count):
        key = {"pk": {"S": random.choice("xyz")}}
        chance = random.random()
        if chance < 0.1:
            yield "get_item", {"TableName": TABLE, "Key": key, "ConsistentRead": True}
        elif chance < 0.2:
            yield "put_item", _put(random, key)
        else:
            yield "update_item", _update(random, key)


def _put(random: Random, key: Given) -> Given:
    values = _values(random)
    names = {"state": ":s", "attempts": ":m", "members": ":ss", "scopes": ":empty", "lease": ":n"}
    item = {name: values[value] for name, value in names.items() if random.random() < 0.6}
    given = {"TableName": TABLE, "Item": key | item}
    condition = random.choice(_CONDITIONS)
    returns = {"ReturnValues": random.choice(("NONE", "ALL_OLD"))}
    return given | returns | _expressions(random, {"ConditionExpression": condition})


def _update(random: Random, key: Given) -> Given:
    update = random.choice((*_UPDATES, *_GUARDED))
    condition = _GUARDED.get(update) or random.choice(_CONDITIONS)
    # What AWS shows of a changed list is not documented.
    returns = random.choice(_RETURNS[:3] if "[" in update else _RETURNS)
    given = {"TableName": TABLE, "Key": key, "ReturnValues": returns}
    expressions = {"UpdateExpression": update, "ConditionExpression": condition}
    return given | _expressions(random, expressions)


def _expressions(random: Random, expressions: dict[str, str | None]) -> Given:
    given: Given = {name: text for name, text in expressions.items() if text is not None}
    words = " ".join(given.values()).translate(str.maketrans("(),.[]", "      ")).split()
    names = {name: path for name, path in _NAMES.items() if name in words}
    values = {name: value for name, value in _values(random).items() if name in words}
    if names:
        given["ExpressionAttributeNames"] = names
    if values:
        given["ExpressionAttributeValues"] = values
    if "ConditionExpression" in given and random.random() < 0.8:
        given["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return given


def _values(random: Random) -> dict[str, Any]:
    members = random.sample(_WORDS[:-1], random.randint(1, 3))
    return {
        ":s": {"S": random.choice(_WORDS)},
        ":o": {"S": random.choice(_WORDS)},
        ":n": {"N": str(random.choice((0, 5, 1_790_000_000, -3)))},
        ":m": {"N": random.choice(("1", "-1", "2.50", "1E2", "007"))},
        ":zero": {"N": "0"},
        ":ss": {"SS": members},
        ":ns": {"NS": [str(each) for each in random.sample(range(5), random.randint(1, 3))]},
        ":map": {"M": {"since": {"N": "1"}, "by": {"S": "someone"}}},
        ":empty": {"M": {}},
        ":list": {"L": [{"S": random.choice(_WORDS)}]},
        ":none": {"L": []},
        ":yes": {"BOOL": random.random() < 0.5},
    }


def batches(random: Random, count: int) -> Iterator[tuple[str, Given]]:
    """Yield batches of statements, and reads of what they have written."""
    for _ in range(count):
        keys = random.sample("uvwxyz", random.randint(1, 6))
        yield "batch_execute_statement", {"Statements": [_statement(random, key) for key in keys]}
        key = {"pk": {"S": random.choice(keys)}}
        yield "get_item", {"TableName": TABLE, "Key": key, "ConsistentRead": True}


def _table() -> Table:
    """Return what makes statements; it has no client to run them."""
    return Table(cast("Any", None), TABLE)


def _statement(random: Random, key: str) -> Given:
    owner = random.choice("ab")
    if random.random() < 0.3:
        made = _table().insert(key, {"owner": {"S": owner}} | _some(random))
    else:
        sets = _some(random)
        left = [name for name in ("lease", "members", "last", "nothing") if name not in sets]
        removes = random.sample(left, random.randint(not sets, len(left)))
        made = _table().set_owned(key, owner, sets, removes)
    return {"Statement": made.text, "Parameters": [*made.values]}


def _some(random: Random) -> Given:
    values = _values(random) | {":m": {"N": "1"}}  # the emulator keeps other forms of a number
    names = {"state": ":s", "lease": ":n", "members": ":ss", "last": ":list", "m": ":map"}
    return {name: values[value] for name, value in names.items() if random.random() < 0.5}


_MADE: Final = _table().insert("x", {"state": {}}), _table().set_owned("x", "x", {"state": {}})
_INSERTED, _OWNED = (made.text for made in _MADE)
# The member is refused, with the same code.
REFUSED_STATEMENTS: Final[dict[str, tuple[str, int]]] = {
    "an insert with a value too few": (_INSERTED, 1),
    "an update with a value too few": (_OWNED, 2),
    "no statement": ("nothing", 1),
    "no changes": (_OWNED.replace(' SET "state"=?', ""), 2),
    "an update without a place": (_OWNED.partition(" WHERE")[0], 1),
    "a reserved word for a table": (_INSERTED.replace(f'"{TABLE}"', "select"), 2),
    "another table": (_INSERTED.replace(TABLE, "nowhere"), 2),
    "a path that is half there": (_OWNED.replace('"state"', '"state'), 3),
}
# The member is refused in memory; the emulator takes it.
STRICTER_STATEMENTS: Final[dict[str, tuple[str, int]]] = {
    "an insert with a value too many": (_INSERTED, 3),
    "a change that is also a removal": (_OWNED.replace(" WHERE", ' REMOVE "state" WHERE'), 3),
    "changes with commas": (_OWNED.replace(" WHERE", ', "a"=? WHERE'), 4),
    "names without quotes": (_OWNED.replace('"state"', "status"), 3),
    "an update by its key alone": (_OWNED.partition(" AND")[0], 2),
}


def twice() -> Given:
    """Return a batch that has an item twice."""
    return {"Statements": [{"Statement": _OWNED, "Parameters": [{"S": "twice"}] * 3}] * 2}


def statement(name: str) -> Given:
    """Return a statement of a batch that is refused in memory."""
    text, count = (REFUSED_STATEMENTS | STRICTER_STATEMENTS)[name]
    return {"Statement": text, "Parameters": [{"S": "other"}] * count}


def _wrong(update: str = "", condition: str = "", **more: Any) -> Given:
    expressions = {"UpdateExpression": update, "ConditionExpression": condition}
    kept = {name: text for name, text in expressions.items() if text}
    return {"TableName": TABLE, "Key": _KEY, **kept, **more}


def _with(**values: Any) -> Given:
    return {"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}}


_ONE: Final = {"N": "1"}
# Each is refused, with the same error.
REFUSED: Final[dict[str, Given]] = {
    "a reserved word in an update": _wrong("SET state = :a", **_with(a=_ONE)),
    "a reserved word in a condition": _wrong("SET a = :a", "owner = :a", **_with(a=_ONE)),
    "a reserved word in a path": _wrong("SET a.last = :a", **_with(a=_ONE)),
    "a name that is not used": _wrong(
        "SET a = :a", ExpressionAttributeNames={"#x": "x"}, **_with(a=_ONE)
    ),
    "a value that is not used": _wrong("SET a = :a", **_with(a=_ONE, b=_ONE)),
    "a name that is not given": _wrong("SET #x = :a", **_with(a=_ONE)),
    "a value that is not given": _wrong("SET a = :b", **_with(a=_ONE)),
    "parentheses twice": _wrong("SET a = :a", "((a = :a))", **_with(a=_ONE)),
    "paths that overlap": _wrong("SET a = :a, a.b = :a", **_with(a=_ONE)),
    "an empty set": _wrong("ADD a :a", **_with(a={"SS": []})),
    "a set with a double": _wrong("ADD a :a", **_with(a={"SS": ["x", "x"]})),
    "a text that is added": _wrong("ADD a :a", **_with(a={"S": "x"})),
    "a number that is deleted": _wrong("DELETE a :a", **_with(a=_ONE)),
    "what is not there": _wrong("SET a = b"),
    "a sum with what is not there": _wrong("SET a = b + :a", **_with(a=_ONE)),
    "a parent that is not there": _wrong("SET a.b = :a", **_with(a=_ONE)),
    "a change of the key": _wrong("SET pk = :a", **_with(a={"S": "x"})),
    "no number": _wrong("SET a = :a", **_with(a={"N": "one"})),
    "a number of 39 digits": _wrong("SET a = :a", **_with(a={"N": "1" * 39})),
    "no expression": _wrong(" ", "a = :a", **_with(a=_ONE)),
    "half a condition": _wrong("SET a = :a", "a =", **_with(a=_ONE)),
    "two conditions without a word": _wrong("SET a = :a", "a = :a b = :a", **_with(a=_ONE)),
    "an unknown function": _wrong("SET a = :a", "exists(a)", **_with(a=_ONE)),
    "an unknown clause": _wrong("PUT a = :a", **_with(a=_ONE)),
    "no names": _wrong("SET a = :a", ExpressionAttributeNames={}, **_with(a=_ONE)),
    "values without an expression": _wrong(**_with(a=_ONE)),
    "an empty key": _wrong() | {"Key": {"pk": {"S": ""}}},
    "another key": _wrong() | {"Key": {"id": {"S": "x"}}},
    "a key of another type": _wrong() | {"Key": {"pk": _ONE}},
    "no key": {"TableName": TABLE},
    "an unknown parameter": _wrong(Colour="red"),
    "another table": _wrong() | {"TableName": "nowhere"},
    "returns of another kind": _wrong(ReturnValues="EVERYTHING"),
}

# Each is refused, as AWS's pages say; the emulator takes it.
STRICTER: Final[dict[str, Given]] = {
    "a path twice": _wrong("SET a = :a REMOVE a", **_with(a=_ONE)),
    "a clause twice": _wrong("SET a = :a SET b = :a", **_with(a=_ONE)),
    "a prefix that is a number": _wrong("SET a = :a", "begins_with(b, :a)", **_with(a=_ONE)),
    "an order of truths": _wrong("SET a = :a", "b < :a", **_with(a={"BOOL": True})),
    "a sum with a text": _wrong("SET a = if_not_exists(a, :a) + :b", **_with(a=_ONE, b={"S": "x"})),
    "a name in a map that is not there": _wrong("REMOVE a.b"),
    "a place in a list that is not there": _wrong("REMOVE a[0]"),
}


def refused(name: str) -> Given:
    """Return a call that is refused, on an item of its own: none has left anything there."""
    given = (REFUSED | STRICTER)[name]
    return given | ({"Key": {"pk": {"S": name}}} if given.get("Key") == _KEY else {})
