"""A rules folder and its cases as a user has them, and the command over both."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from relay.cli import app

RULES = """\
verify: {preset: shopify}
vars:
  dev: {mail: c-1}
  prod: {mail: c-2}
rules:
  - name: confirm
    type: orders/create
    when: "!(body.test)"
    once: ${body.id}
    send:
      campaign_id: ${vars.mail}
      recipients:
        - external_user_id: ${coalesce(body.customer.id, body.token)}
          attributes: {email: "${body.email}", first_name: "${body.name}"}
          trigger_properties: {order: "Order ${body.number}"}
    required: [attributes.email]
"""
WEBHOOK = """\
webhook:
  headers: {x-shopify-topic: orders/create}
  body: {id: 7, email: a@example.org, name: Ada, number: 41, customer: {id: 9}}
"""
EXPECT = """\
expect:
  deliveries:
    - rule: confirm
      path: /campaigns/trigger/send
      body:
        campaign_id: c-1
        recipients:
          - external_user_id: '9'
            attributes:
              email: a@example.org
              first_name: Ada
            trigger_properties:
              order: Order 41
"""


@dataclass(frozen=True)
class Desk:
    folder: Path

    @property
    def rules(self) -> Path:
        return self.folder / "rules"

    @property
    def cases(self) -> Path:
        return self.folder / "cases"

    def write_rules(self, text: str, name: str = "shop", folder: str = "rules") -> Path:
        file = self.folder / folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file.parent

    def write_case(self, text: str, name: str = "shop/an-order") -> Path:
        file = self.cases / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def test(self, *arguments: str) -> Result:
        return run("rules", "test", str(self.rules), "--cases", str(self.cases), *arguments)

    def tested(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.test("--json", *arguments).stdout)
        return found

    def explain(self, event: str, *arguments: str) -> Result:
        where = (str(self.rules), "--cases", str(self.cases))
        return run("rules", "explain", event, *where, *arguments)

    def explained(self, event: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.explain(event, "--json").stdout)
        return found

    def told(self) -> dict[str, Any]:
        rule: dict[str, Any] = self.explained("shop/an-order")["events"][0]["rules"][0]
        return rule

    def diff(self, base: Path, *arguments: str) -> Result:
        where = (str(self.rules), "--cases", str(self.cases))
        return run("rules", "diff", str(base), *where, *arguments)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)
