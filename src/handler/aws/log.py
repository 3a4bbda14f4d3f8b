"""The functions' logger: Powertools' own, with less work for each line."""

from json import JSONEncoder
from logging import LogRecord
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS, LambdaPowertoolsFormatter

_ENCODER: Final = JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=str)
_RESERVED: Final = frozenset(RESERVED_LOG_ATTRS)


def logger(service: str | None = None) -> Logger:
    """Return a logger; without a name, its service is POWERTOOLS_SERVICE_NAME."""
    return Logger(service=service, logger_formatter=_Formatter())


class _Formatter(LambdaPowertoolsFormatter):
    """Powertools' formatter, whose lines these are byte for byte.

    It makes an encoder for each line, tries to read each message as JSON, fills its own fields by
    patterns and looks for an exception in several places.
    """

    def __init__(self) -> None:
        super().__init__(json_serializer=_ENCODER.encode, json_deserializer=str)

    def format(self, record: LogRecord) -> str:
        """Return a record as a line of JSON."""
        if record.args or record.exc_info or self.thread_safe_get_current_keys():
            return super().format(record)
        line: dict[str, Any] = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.msg,
            "timestamp": self.formatTime(record),
        }
        line = {**self.log_format, **line}
        for name, value in record.__dict__.items():
            if name not in _RESERVED:
                line[name] = value
        line["xray_trace_id"] = self._get_latest_trace_id()
        return _ENCODER.encode({name: one for name, one in line.items() if one is not None})
