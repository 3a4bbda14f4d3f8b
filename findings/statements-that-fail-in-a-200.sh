#!/usr/bin/env bash
# A throttled statement of DynamoDB's BatchExecuteStatement, called through boto3.
#
# Guess: in retry mode `standard` botocore tries a throttled write again, or raises; both modes know
#   that code. At least the answer's status, or `ResponseMetadata`, shows that something failed.
# Seen: one request. The call returns as for a success, with HTTPStatusCode 200 and RetryAttempts 0.
#   That the write did not happen stands in `Responses[i]["Error"]` alone, which nobody has to look at.
# Why it matters: a batch of writes that each matter, such as claims and marks of messages, is lost in
#   part without an exception. Retrying and reading every member's error is the caller's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8
cat > "$folder/try.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
from botocore.config import Config

REQUESTS = []


class DynamoDB(BaseHTTPRequestHandler):
    """Applies the first statement of each batch, and throttles the second."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        REQUESTS.append(len(body["Statements"]))
        error = {"Code": "ThrottlingError", "Message": "throttled"}
        answer = json.dumps({"Responses": [{"TableName": "t"}, {"TableName": "t", "Error": error}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), DynamoDB)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = boto3.client(
    "dynamodb",
    endpoint_url=f"http://127.0.0.1:{server.server_port}",
    region_name="us-east-1",
    aws_access_key_id="a",
    aws_secret_access_key="b",
    config=Config(retries={"mode": "standard", "total_max_attempts": 5}),
)
insert = "INSERT INTO \"t\" VALUE {'pk': ?}"
answer = client.batch_execute_statement(
    Statements=[{"Statement": insert, "Parameters": [{"S": name}]} for name in ("a", "b")]
)
metadata = answer["ResponseMetadata"]
codes = [one.get("Error", {}).get("Code", "applied") for one in answer["Responses"]]
print("boto3", boto3.__version__)
print("requests", len(REQUESTS), "status", metadata["HTTPStatusCode"], "retries", metadata["RetryAttempts"])
print("statements", codes)
assert len(REQUESTS) == 1, "botocore tries again"
assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (200, 0)
assert codes == ["applied", "ThrottlingError"]
PY
"$folder/venv/bin/python" "$folder/try.py"
