"""template.yaml as data: each of CloudFormation's short forms, such as `!Ref`, written out."""

from typing import TYPE_CHECKING, Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

if TYPE_CHECKING:
    _Safe = yaml.SafeLoader
else:  # libyaml reads the template in a seventh of the time
    _Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """A loader that takes every tag for a function of CloudFormation's."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def parse(text: str) -> dict[str, Any]:
    """Return a template; raise yaml.YAMLError where it is no YAML."""
    loader = _Loader(text)
    try:
        template: dict[str, Any] = loader.get_single_data()
    finally:
        loader.dispose()
    return template
