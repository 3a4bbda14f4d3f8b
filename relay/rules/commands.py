"""`relay rules`: the group of commands that check, test, explain and compare rules."""

import typer

from relay.console.lazy_group import Entry, group

app = typer.Typer(
    add_completion=False,
    cls=group(
        {
            "check": Entry(
                "relay.rules.check.command:check",
                "Check rules files: every one must load, and render each of its sample events.",
            ),
            "test": Entry(
                "relay.rules.cases.command:run_cases",
                "Run the cases of the rules: each expects exact requests.",
            ),
            "explain": Entry(
                "relay.rules.explain.command:explain",
                "Explain why each rule matches an event or not, and where each field comes from.",
            ),
            "diff": Entry(
                "relay.rules.diff.command:diff",
                "Compare the requests that two versions of the rules make of samples and cases.",
            ),
            "schema": Entry(
                "relay.rules.check.command:schema",
                "Print the JSON Schema of rules files, for completion and help in editors.",
            ),
        }
    ),
    no_args_is_help=True,
)


@app.callback()
def rules() -> None:
    """Check, test, explain and compare rules files."""
