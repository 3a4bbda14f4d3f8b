"""The template as CloudFormation gets it: what SAM's transform makes of it."""

import os
from collections.abc import Mapping
from typing import Any
from unittest import mock

from samtranslator.translator.transform import transform

from relay.paths import TEMPLATE
from relay.stacks.template import parse


class NoManagedPolicies:
    """Stands for AWS's list of managed policies: the template names none."""

    def load(self) -> Mapping[str, str]:
        return {}


def translated() -> dict[str, Any]:
    """Return the template after SAM's transform, with the default of each parameter."""
    template = parse(TEMPLATE.read_text(encoding="utf-8"))
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/package.zip"
    parameters = {
        name: parameter["Default"]
        for name, parameter in template["Parameters"].items()
        if "Default" in parameter
    }
    # The transform wants to know a region.
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION="us-east-1"):
        made: dict[str, Any] = transform(template, parameters, NoManagedPolicies())
    return made
