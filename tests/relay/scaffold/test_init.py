"""Files of `relay init` for each preset, and its words on the sender's side."""

import re
from pathlib import Path

import pytest
from typer.testing import Result

from handler.core.configuration import yaml12
from handler.core.models import Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.verification.presets.catalogue import PRESETS
from handler.core.verification.verify import verify
from relay.paths import PROJECT
from relay.rules.cases.command import run as run_cases
from relay.rules.check.target_ids import samples as sample_ids
from relay.scaffold.command import asked, write
from relay.scaffold.sender_side import instructions
from relay.scaffold.starter import StarterFolders, StarterTarget, scaffold
from relay.webhooks.samples import Address, read_sample, sample_secrets, sources_in
from tests.docs_pages import page
from tests.relay.rules.desk import RULES, run
from tests.unframed import unframed

NOW = 1_780_000_000
OWN = "0f0e0d0c-1111-4222-8333-444455556666"
OTHER = "0f0e0d0c-7777-4888-8999-aaaabbbbcccc"
CANVASES = ("shopify", "stripe", "klaviyo")
EMAIL = re.compile(r"[\w.+-]+@([\w.-]+)")


def folders(project: Path) -> StarterFolders:
    return StarterFolders(
        project / "src" / "rules", project / "events", project / "tests" / "cases"
    )


def source_name(preset: str) -> str:
    return preset.replace("_", "-")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a source of each preset, and some more that enter a Canvas."""
    made = tmp_path_factory.mktemp("project")
    sources = [(source_name(preset), preset, StarterTarget()) for preset in PRESETS]
    sources += [(f"{preset}-canvas", preset, StarterTarget(is_canvas=True)) for preset in CANVASES]
    for name, preset, target in sources:
        write(scaffold(name, preset, target, folders(made)).files)
    return made


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StarterFolders:
    """The folders that the command writes to, in place of the project's."""
    made = folders(tmp_path)
    made.rules.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("relay.scaffold.command.EVENTS", made.events)
    monkeypatch.setattr("relay.scaffold.command.CASES", made.cases)
    return made


def init(own: StarterFolders, *arguments: str) -> Result:
    return run("init", *arguments, "--rules", str(own.rules))


def written(own: StarterFolders) -> list[str]:
    top = own.events.parent
    return sorted(str(file.relative_to(top)) for file in top.rglob("*") if file.is_file())


def test_the_strict_check_has_nothing_against_any_starter(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("command", "sample_coverage"):
        monkeypatch.setattr(f"relay.rules.check.{place}.EVENTS", project / "events")
    result = run("rules", "check", "--strict", "--rules", str(folders(project).rules))
    count = len([*PRESETS, *CANVASES])
    further = 2  # that count orders: of Shopify's starters
    assert result.output == f"{count + further} rules of {count} sources are good (stage dev)\n"


def test_the_case_of_each_starter_is_good_and_has_a_request(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.rules.case_file.EVENTS", project / "events")
    places = folders(project)
    cases = sorted(places.cases.rglob("*.yaml"))
    monkeypatch.setattr(
        "relay.rules.case_file.read_sample", lambda file: read_sample(places.events / file.name)
    )
    report = run_cases(sources_in(places.rules, "dev"), places.cases)
    assert (report.mistakes, len(report.results)) == ((), len(cases))
    assert [one.case.name for one in report.results if not one.is_good] == []
    assert [len(one.actual["deliveries"]) for one in report.results] == [1] * len(cases)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_sample_of_a_starter_is_verified_as_it_is_sent_and_makes_a_request(
    project: Path, preset: str
) -> None:
    name = source_name(preset)
    places = folders(project)
    text = (places.rules / f"{name}.yaml").read_text(encoding="utf-8")
    source = load(name, text, "f", "dev")
    (file,) = places.events.glob(f"{name}-{source.rules[0].name}.json")
    sample, secret = read_sample(file), sample_secrets({name: source})[source.secret]
    url = f"https://relay.example/webhooks/{name}"
    sent = Address(url, source, secret).signed(sample.headers, sample.content(NOW), NOW)
    webhook = Webhook(name, "POST", dict(sent.headers), sent.query, sent.body, NOW, url)
    (delivery,) = plan(verify(webhook, source.scheme, [secret]), source).deliveries
    assert delivery.recipient


@pytest.mark.parametrize("preset", PRESETS)
def test_a_sample_names_persons_of_examples_alone(project: Path, preset: str) -> None:
    for file in (project / "events").glob(f"{source_name(preset)}-*.json"):
        hosts = set(EMAIL.findall(file.read_text(encoding="utf-8")))
        assert hosts <= {"example.org"}


@pytest.mark.parametrize("target, count", [(StarterTarget(), 2), (StarterTarget({"dev": OWN}), 1)])
def test_a_sample_id_is_refused_by_a_deployment_with_its_line(
    tmp_path: Path, target: StarterTarget, count: int
) -> None:
    *_, rules = scaffold("billing", "stripe", target, folders(tmp_path)).files.values()
    document = yaml12.load(rules, "billing.yaml")
    found = [one for stage in ("dev", "prod") for one in sample_ids(document, ["billing"], stage)]
    assert len(found) == count == len(target.undecided)
    assert all("is a sample of this project" in str(one) for one in found)


def test_it_writes_three_files_and_says_what_comes_next(own: StarterFolders) -> None:
    result = init(own, "billing", "--preset", "stripe", "--campaign", OWN)
    assert result.exit_code == 0, result.output
    assert written(own) == [
        "events/billing-receipt.json",
        "src/rules/billing.yaml",
        "tests/cases/billing/sends-receipt.yaml",
    ]
    assert [it for it in written(own) if f"`{it}`" not in page("first-source")] == []
    for words in (
        *("/webhooks/billing", "Workbench, Webhooks, an event destination"),
        *("checkout.session.completed, checkout.session.async_payment_succeeded", "whsec_..."),
        *("secrets set --source billing", "rules explain billing-receipt"),
    ):
        assert words in re.sub(r"\s+", " ", result.output)
    assert "sample id" not in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_the_starter_of_a_shop_confirms_an_order_and_counts_it(own: StarterFolders) -> None:
    said = re.sub(r"\s+", " ", init(own, "shop", "--preset", "shopify").output)
    assert written(own) == [
        "events/shop-order-confirmation.json",
        "events/shop-order-counted.json",
        "src/rules/shop.yaml",
        "tests/cases/shop/sends-order-confirmation.yaml",
        "tests/cases/shop/tracks-order-counted.yaml",
    ]
    case = (own.cases / "shop" / "tracks-order-counted.yaml").read_text(encoding="utf-8")
    assert "ecommerce.order_placed" in case
    assert "total_value: 119.2" in case
    assert "events orders/create, orders/paid" in said
    assert "rules explain shop-order-confirmation" in said


def test_the_ids_of_the_options_are_those_of_their_stages(own: StarterFolders) -> None:
    result = init(own, "stripe", "--canvas", f"dev={OWN}", "--canvas", f"prod={OTHER}")
    assert result.exit_code == 0, result.output
    text = (own.rules / "stripe.yaml").read_text(encoding="utf-8")
    assert f"dev:\n    receipt: {OWN}\n  prod:\n    receipt: {OTHER}\n" in text
    source = load("stripe", text, "f", "prod")
    assert source.rules[0].path == "/canvas/trigger/send"


def test_without_ids_it_says_where_the_sample_ids_stand(own: StarterFolders) -> None:
    said = re.sub(r"\s+", " ", init(own, "shop", "--preset", "shopify").output)
    assert "Sample ids stand under vars of dev and prod in" in said
    assert "no deployment takes" in said


@pytest.mark.parametrize("there", ["src/rules/shop.yaml", "events/shop-order-confirmation.json"])
def test_what_is_there_is_never_overwritten_and_nothing_is_written(
    own: StarterFolders, there: str
) -> None:
    file = own.events.parent / there
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine", encoding="utf-8")
    result = init(own, "shop", "--preset", "shopify")
    assert result.exit_code == 1
    assert file.name in result.output
    assert written(own) == [there]
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_source_of_a_file_of_another_name_is_there_already(own: StarterFolders) -> None:
    shared = RULES.replace("verify:", "sources: {shop: {}, other: {}}\nverify:")
    (own.rules / "all.yaml").write_text(shared, encoding="utf-8")
    result = init(own, "shop", "--preset", "shopify")
    assert (result.exit_code, written(own)) == (1, ["src/rules/all.yaml"])
    assert "has a source shop" in result.output


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["shop", "--preset", "shopfy"], "did you mean shopify?"),
        (["shop"], "there is no preset shop"),
        (["Shop", "--preset", "shopify"], "takes small letters"),
        (["a/b", "--preset", "shopify"], "takes small letters"),
        (["workspaces", "--preset", "shopify"], "takes small letters"),
        (["shopify", "--campaign", "Welcome"], "takes an API identifier"),
        (["shopify", "--campaign", f"test={OWN}"], "takes an API identifier"),
        (["shopify", "--campaign", OWN, "--canvas", OWN], "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    own: StarterFolders, arguments: list[str], words: str
) -> None:
    result = init(own, *arguments)
    assert (result.exit_code, written(own)) == (2, [])
    assert words in unframed(result.output)


def test_a_person_is_asked_until_each_answer_is_one() -> None:
    answers = iter(["mail", "Canvas", "the second", OWN, ""])
    questions = []

    def ask(question: str, _default: str) -> str:
        questions.append(question)
        return next(answers)

    target = asked(ask)
    assert (target.is_canvas, target.ids, target.undecided) == (
        True,
        {"dev": OWN, "prod": ""},
        ["prod"],
    )
    assert "Canvas in dev" not in questions[0]
    assert [one for one in questions if "in prod" in one]


def test_an_answer_that_is_none_is_told_what_one_is(capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter(["My Campaign", "campaign", "My Campaign", OWN, ""])
    assert asked(lambda _question, _default: next(answers)).ids["dev"] == OWN
    kind, identifier = capsys.readouterr().out.splitlines()
    assert kind == "answer campaign or canvas; its API identifier is asked for next"
    assert identifier.startswith("an API identifier looks like 417220e4-")
    assert identifier.endswith("Braze's dashboard shows it with the campaign or Canvas")


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_has_instructions_for_the_senders_side(preset: str) -> None:
    row = instructions(preset)
    assert all(row[head] for head in ("at the sender", "the secret", "to know"))
    assert not re.search(r"[*`]|\]\(", "".join(row.values()))


def test_the_starters_are_those_of_the_presets() -> None:
    texts = PROJECT / "relay" / "scaffold" / "starters"
    assert {file.stem for file in texts.glob("*.yaml")} == set(PRESETS)
    assert {file.stem for file in texts.glob("*.json")} == set(PRESETS)
