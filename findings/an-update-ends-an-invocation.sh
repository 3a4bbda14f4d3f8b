#!/usr/bin/env bash
# ministack's Lambda: new code for a function (UpdateFunctionCode) while an invocation of it runs.
#
# Guess: as on AWS, the invocation ends with the code that it began with, and the next one has the new.
# Seen: the worker is killed at once. The caller gets a 200 with a FunctionError, though its code was right.
# Why it matters: a local stack that renews a function under load makes failures that AWS has not, and
#   a test of updates finds losses that are the emulator's.
set -euo pipefail
folder=$(mktemp -d)
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ministack==1.5.33 boto3==1.43.106
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env -i PATH="$PATH" HOME="$folder" TMPDIR="$folder" BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" \
    AWS_ENDPOINT_URL="http://127.0.0.1:$port" IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 \
    "$folder/venv/bin/python" -c 'from ministack.app import main; main()' > "$folder/log" 2>&1 &
emulator=$!
trap 'kill "$emulator" 2> /dev/null || true; wait "$emulator" 2> /dev/null || true; rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import io
import json
import sys
import threading
import time
import zipfile
from importlib.metadata import version
from pathlib import Path

import boto3
from botocore.exceptions import ConnectionError

CODE = """
import pathlib, time
def handler(event, context):
    if event.get("begun"):
        pathlib.Path(event["begun"]).touch()
        time.sleep(5)
    return "{name}"
"""


def packed(name):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("code.py", CODE.replace("{name}", name))
    return content.getvalue()


def client(service):
    return boto3.client(
        service, endpoint_url=sys.argv[1], region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
    )


functions, begun = client("lambda"), Path(sys.argv[2]) / "begun"
deadline = time.monotonic() + 60
while True:
    try:
        functions.list_functions()
        break
    except ConnectionError:
        assert time.monotonic() < deadline, "the emulator does not start"
        time.sleep(0.1)
functions.create_function(
    FunctionName="f", Runtime=f"python3.{sys.version_info.minor}", Handler="code.handler", Timeout=30,
    Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": packed("old")},
)


def invoked(event):
    answer = functions.invoke(FunctionName="f", Payload=json.dumps(event))
    return answer["StatusCode"], answer.get("FunctionError"), json.loads(answer["Payload"].read())


found = []
running = threading.Thread(target=lambda: found.append(invoked({"begun": str(begun)})))
print("ministack", version("ministack"))
print("before the update:", invoked({}))
running.start()
while not begun.exists():
    assert time.monotonic() < deadline, "the invocation does not begin"
    time.sleep(0.05)
functions.update_function_code(FunctionName="f", ZipFile=packed("new"))
running.join()
status, error, payload = found[0]
print("during it:", status, error, payload.get("errorMessage") if isinstance(payload, dict) else payload)
print("after it:", invoked({}))
assert (status, bool(error)) == (200, True), "an invocation outlives an update"
assert invoked({})[2] == "new"
PY
"$folder/venv/bin/python" "$folder/try.py" "http://127.0.0.1:$port" "$folder"
