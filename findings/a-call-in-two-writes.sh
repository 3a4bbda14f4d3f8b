#!/usr/bin/env bash
# botocore over urllib3 1.26 and over urllib3 2: the writes of one small call.
#
# Guess: headers and body of a call leave in one write. botocore joins them for that (the comment at
#   `AWSConnection._send_output` says so, because of delayed acknowledgements), and takes either version.
# Seen: that holds with urllib3 1.26. urllib3 2 sends the headers before it looks at the body, so that
#   there is never a body to join: each call is two writes, which over TLS are two records.
# Why it matters: a server or a proxy may meet the headers of a call and never its body; whoever takes
#   a fault between two calls for the smallest one, in a fault test, leaves this one out. And a write is
#   a system call more for each message of a queue.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import botocore
import urllib3


class Queue(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"QueueUrl":"http://127.0.0.1/q"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Queue)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = boto3.client(
    "sqs",
    endpoint_url=f"http://127.0.0.1:{server.server_port}",
    region_name="us-east-1",
    aws_access_key_id="nobody",
    aws_secret_access_key="nothing",
)
writes = 0


def count(frame, event, called):
    global writes
    writes += event == "c_call" and called.__name__ == "sendall"


sys.setprofile(count)  # of this thread alone: the server's writes are another one's
client.get_queue_url(QueueName="q")
sys.setprofile(None)
print(f"botocore {botocore.__version__}, urllib3 {urllib3.__version__}: {writes} writes")
PY
python3 -m venv "$folder/venv"
for urllib3 in 1.26.20 2.8.0; do
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.43.108 botocore==1.43.108 urllib3==$urllib3
  "$folder/venv/bin/python" "$folder/try.py" | tee -a "$folder/seen"
done
grep -q 'urllib3 1.26.20: 1 writes' "$folder/seen"
grep -q 'urllib3 2.8.0: 2 writes' "$folder/seen"
