"""`relay rules`: the group of commands that check, try and compare rules."""

import typer

from relay.console.lazy_group import Entry, group

app = typer.Typer(
    add_completion=False,
    cls=group(
        {
            "check": Entry(
                "relay.rules.check.command:check",
                "Say what is wrong with rules files: none may fail to load, or to render a sample"
                " event.",
            ),
            "test": Entry(
                "relay.rules.cases.command:run_cases",
                "Run the cases of rules: exactly the requests that they expect are to come.",
            ),
            "explain": Entry(
                "relay.rules.explain.command:explain",
                "Say of each rule why it wants an event or not, and of each field where it came"
                " from.",
            ),
            "diff": Entry(
                "relay.rules.diff.command:diff",
                "Compare what two versions of the rules make of all samples of events/ and all"
                " cases.",
            ),
            "schema": Entry(
                "relay.rules.check.command:schema",
                "Print the JSON Schema of rules files, with which editors complete and explain"
                " them.",
            ),
        }
    ),
    no_args_is_help=True,
)


@app.callback()
def rules() -> None:
    """Check, test, explain and compare rules files."""
