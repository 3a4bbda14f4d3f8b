"""Every reason of a dead letter or held delivery has a cause and a remedy to be shown."""

from handler.core.reasons import standing
from relay.dead_letters.advice import Part, advice, known


def test_every_reason_has_its_words() -> None:
    assert known().keys() == {str(one) for one in standing("dead") | standing("held")}
    for one in known().values():
        assert one.cause
        assert one.remedy


def test_code_is_told_from_words() -> None:
    row = "| `one` | by `x` | do `y z`, so |"
    page = f"# A\n\n## Reasons of dead letters\n\n| a | b | c |\n{row}\n\n## B\n"
    made = advice(f"{page}| `two` | a | b |\n")
    assert list(made) == ["one"]
    assert made["one"].cause == (Part("by "), Part("x", is_code=True))
    assert made["one"].remedy == (Part("do "), Part("y z", is_code=True), Part(", so"))
