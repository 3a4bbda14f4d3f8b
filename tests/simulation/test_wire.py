"""Orders over real sockets while Braze's side sends interim answers to a third of the requests."""

from random import Random
from typing import Final

from tests.simulation.environments import TABLE
from tests.simulation.invariants import breaches
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import id_of
from tests.simulation.wired import Wired, interim
from tests.simulation.world import Setting, World

ORDERS: Final = 300
NOISE = [interim(103), interim(100), interim(102, 103, 103), interim(103) * 20]


def ended(setting: Setting) -> tuple[World, int]:
    """Return the world after a run, and how many requests met interim answers."""
    random, met = Random(setting.seed), 0  # noqa: S311 - to be repeated

    def before() -> bytes:
        nonlocal met
        if random.random() >= 1 / 3:
            return b""
        met += 1
        return random.choice(NOISE)

    world = World(setting)
    world.on.wire = lambda port: Wired(port, before).post
    world.run()
    return world, met


def test_orders_are_each_sent_once_and_recorded_by_their_own_answer() -> None:
    world, met = ended(Setting(1, ORDERS, repeated=0.1))

    assert breaches(world) == {}
    items = world.on.dynamodb.tables[TABLE].items
    answers = {}
    for one in world.braze.applied:
        for key, _ in deliveries_in(one.path, one.body):
            assert key not in answers, "it was sent twice"
            answers[key] = f"{one.number:032x}"
    recorded = {key: items[f"delivery#{id_of(key)}"] for key in answers}
    assert {item["state"]["S"] for item in recorded.values()} == {"ACCEPTED"}
    assert {key: dispatch_id(item) for key, item in recorded.items()} == answers
    wishes = {wish.key for it in world.story.accepted for wish in it.wishes if not wish.never_sent}
    assert answers.keys() == wishes
    assert len(wishes) > 250
    assert 0.25 < met / len(world.braze.tried) < 0.42


def dispatch_id(item: dict[str, dict[str, list[dict[str, dict[str, dict[str, str]]]]]]) -> str:
    """Return the answer by which an item's last attempt was accepted."""
    return item["last"]["L"][-1]["M"]["dispatch_id"]["S"]
