import pytest

from handler.core.errors import Unavailable
from handler.settings import DeliverSettings, IngestSettings

BOTH = {"QUEUE_URL": "https://sqs/queue", "DEAD_LETTER_QUEUE_URL": "https://sqs/dead"}
INGEST = BOTH | {"RULES_STAGE": "dev", "SIGNING_SECRETS_ARN": "arn:s", "MAX_BODY_BYTES": "524288"}
DELIVER = BOTH | {
    "STAGE": "prod",
    "LEDGER_TABLE": "ledger",
    "LEDGER_DAYS": "400",
    "BRAZE_KEYS_ARN": "arn:b",
    "BRAZE_ENDPOINT": "https://rest.iad-03.braze.com",
    "ALLOW_OTHER_BRAZE_HOST": "false",
}


def test_settings_are_read_among_all_else_that_an_environment_holds() -> None:
    assert IngestSettings.from_environment(INGEST | {"PATH": "/bin"}).max_body_bytes == 524_288
    assert DeliverSettings.from_environment(DELIVER | {"PATH": "/bin"}).ledger_days == 400


def test_a_worker_that_is_not_told_how_many_there_are_takes_what_the_release_before_had() -> None:
    assert DeliverSettings.from_environment(DELIVER).deliver_concurrency == 10
    given = DELIVER | {"DELIVER_CONCURRENCY": "40"}
    assert DeliverSettings.from_environment(given).deliver_concurrency == 40


def test_each_queue_has_workers_of_its_own() -> None:
    low = {"LOW_PRIORITY_QUEUE_URL": "https://sqs/low", "LOW_PRIORITY_CONCURRENCY": "40"}
    settings = DeliverSettings.from_environment(DELIVER | {"DELIVER_CONCURRENCY": "2"} | low)

    assert settings.workers_of(settings.queue_of("arn:aws:sqs:eu-west-1:1:low")) == 40
    assert settings.workers_of(settings.queue_of("arn:aws:sqs:eu-west-1:1:queue")) == 2


@pytest.mark.parametrize("name", INGEST)
def test_ingest_names_the_variable_that_is_missing(name: str) -> None:
    with pytest.raises(Unavailable, match=name):
        IngestSettings.from_environment(
            {key: value for key, value in INGEST.items() if key != name}
        )


@pytest.mark.parametrize("name", DELIVER)
def test_deliver_names_the_variable_that_is_missing(name: str) -> None:
    with pytest.raises(Unavailable, match=name):
        DeliverSettings.from_environment(
            {key: value for key, value in DELIVER.items() if key != name}
        )


@pytest.mark.parametrize("name", sorted(DELIVER.keys() - {"BRAZE_ENDPOINT"}))
def test_an_empty_variable_is_as_good_as_missing(name: str) -> None:
    with pytest.raises(Unavailable, match=name):
        DeliverSettings.from_environment(DELIVER | {name: ""})


@pytest.mark.parametrize(
    "model,given,name,wrong",
    [
        *(
            (IngestSettings, INGEST, "MAX_BODY_BYTES", it)
            for it in ("0", "-1", "1.5", "5e5", "many")
        ),
        *((IngestSettings, INGEST, "LEDGER_DAYS", it) for it in ("1", "0", "")),
        (IngestSettings, INGEST, "ALLOW_BROADCAST", "perhaps"),
        (DeliverSettings, DELIVER, "ALLOW_OTHER_BRAZE_HOST", "perhaps"),
        (DeliverSettings, DELIVER, "LEDGER_DAYS", "0"),
    ],
)
def test_a_value_that_is_none_of_its_kind_is_refused(
    model: type[IngestSettings | DeliverSettings], given: dict[str, str], name: str, wrong: str
) -> None:
    with pytest.raises(Unavailable, match=name):
        model.from_environment(given | {name: wrong})


def test_a_switch_is_on_where_its_variable_says_so_and_off_where_it_is_absent() -> None:
    allowed = [
        IngestSettings.from_environment(INGEST | given).allow_broadcast
        for given in ({}, {"ALLOW_BROADCAST": "false"}, {"ALLOW_BROADCAST": "true"})
    ]

    assert allowed == [False, False, True]


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(Unavailable, match=r"QUEUE_URL: .*; LEDGER_DAYS: "):
        DeliverSettings.from_environment(DELIVER | {"QUEUE_URL": "", "LEDGER_DAYS": "x"})


def test_no_error_shows_what_a_variable_holds() -> None:
    with pytest.raises(Unavailable) as raised:
        DeliverSettings.from_environment(
            DELIVER | {"LEDGER_DAYS": "canary", "BRAZE_ENDPOINT": "canary"}
        )

    assert "LEDGER_DAYS" in str(raised.value)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://rest.iad-01.braze.com",
        "https://rest.us-10.braze.com",
        "https://rest.fra-02.braze.eu",
        "https://rest.jp-02.braze.com",
    ],
)
def test_an_endpoint_of_braze_is_taken(endpoint: str) -> None:
    settings = DeliverSettings.from_environment(DELIVER | {"BRAZE_ENDPOINT": endpoint})

    assert settings.braze_endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://rest.iad-01.braze.com",
        "https://rest.iad-01.braze.com/",
        "https://rest.iad-01.braze.com:444",
        "https://rest.iad-01.braze.com.example.org",
        "https://user@rest.iad-01.braze.com",
        "https://rest.iad-01.braze.com@example.org",
        "https://rest.iad-01.braze.com\n",
        "https://sdk.iad-01.braze.com",
        "https://127.0.0.1",
        "http://127.0.0.1:8080",
    ],
)
def test_no_other_endpoint_gets_the_key(endpoint: str) -> None:
    with pytest.raises(Unavailable, match="BRAZE_ENDPOINT"):
        DeliverSettings.from_environment(DELIVER | {"BRAZE_ENDPOINT": endpoint})


def test_another_host_gets_the_key_only_where_that_was_said_and_only_over_tls() -> None:
    allowed = DELIVER | {"ALLOW_OTHER_BRAZE_HOST": "true"}

    DeliverSettings.from_environment(allowed | {"BRAZE_ENDPOINT": "https://rest.braze.example.com"})
    for endpoint in (
        "http://rest.braze.example.com",
        "https://rest.braze.example.com/path",
        "https://user@rest.braze.example.com",
        "https://rest.braze.example.com:8443",
        "http://127.0.0.1:8080",
    ):
        with pytest.raises(Unavailable, match="BRAZE_ENDPOINT"):
            DeliverSettings.from_environment(allowed | {"BRAZE_ENDPOINT": endpoint})


def test_only_the_local_stage_sends_to_this_machine() -> None:
    local = DELIVER | {"STAGE": "local"}

    DeliverSettings.from_environment(local | {"BRAZE_ENDPOINT": "http://127.0.0.1:8080"})
    for endpoint in (
        "http://localhost:8080",
        "http://127.0.0.1:8080@example.org",
        "http://10.0.0.1:1",
    ):
        with pytest.raises(Unavailable, match="BRAZE_ENDPOINT"):
            DeliverSettings.from_environment(local | {"BRAZE_ENDPOINT": endpoint})
