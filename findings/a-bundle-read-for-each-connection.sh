#!/usr/bin/env bash
# botocore's HTTPS connections, and those of requests, beside one TLS context for all.
#
# Guess: a client makes its TLS context when it is made, and reads the bundle of authorities into it then;
#   a further connection costs a handshake.
# Seen: botocore makes one context for a client and hands urllib3 the bundle's path as well, and urllib3
#   reads the bundle into the context again at each new connection. requests hands over no context, and
#   does the same.
# Why it matters: certifi's bundle takes some 15 ms of a core to read. A function whose idle connections
#   are dropped pays for it again with each new one, and a context that is shared would not spare it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check boto3==1.44.8 requests==2.34.2 urllib3==2.8.0
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 \
    -subj "/CN=127.0.0.1" -addext "subjectAltName=IP:127.0.0.1" 2> /dev/null
cat > try.py <<'PY'
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import botocore
import requests
import urllib3


class Handler(BaseHTTPRequestHandler):
    """Answers every request, and ends its connection: HTTP/1.0."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"TableNames": []}')

    def log_message(self, *_: object) -> None:
        """Write nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
own.load_cert_chain("certificate.pem", "key.pem")
server.socket = own.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"https://127.0.0.1:{server.server_address[1]}"

reads = 0
read = ssl.SSLContext.load_verify_locations


def counted(self: ssl.SSLContext, *given: object, **named: object) -> None:
    global reads
    reads += 1
    read(self, *given, **named)


ssl.SSLContext.load_verify_locations = counted


def told(name: str, call: Callable[[], object]) -> None:
    before = reads
    for _ in range(5):
        call()
    print(f"{name}: {reads - before} reads of the bundle for 5 connections of one client")


keys = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "test")
table = boto3.client("dynamodb", "eu-west-1", endpoint_url=url, verify="certificate.pem", **keys)
told(f"botocore {botocore.__version__}, urllib3 {urllib3.__version__}", table.list_tables)
session = requests.Session()
session.verify, session.trust_env = "certificate.pem", False
told(f"requests {requests.__version__}", lambda: session.post(url, json={}))
PY
found=$(venv/bin/python try.py)
printf '%s\n' "$found"
[[ $(grep -c ": 5 reads of the bundle for 5 connections" <<< "$found") == 2 ]]
