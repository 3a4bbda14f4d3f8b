from samtranslator.yaml_helper import yaml_parse

from relay.paths import TEMPLATE
from relay.stacks.template import parse


def test_the_template_is_what_sam_reads() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert parse(text) == yaml_parse(text)


def test_short_forms_are_written_out() -> None:
    text = "a: !Ref B\nc: !GetAtt D.E.F\ng: !If [H, !Sub '${I}', !Equals {j: k}]\nl: !Condition M\n"
    assert parse(text) == yaml_parse(text)
    assert parse("a: !GetAtt D.E.F") == {"a": {"Fn::GetAtt": ["D", "E.F"]}}
