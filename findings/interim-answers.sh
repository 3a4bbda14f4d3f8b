#!/usr/bin/env bash
# An interim answer (103 Early Hints) before the final one, read by requests.
#
# Guess: requests passes over 103 as it passes over 100, and returns the final 201. RFC 9110, section
#   15.2: a client must be able to parse one or more 1xx answers before the final one.
# Seen: http.client passes over 100 alone. requests returns the 103 as the answer, puts the connection
#   back into its pool, and the next request on it gets the 201 of the request before.
# Why it matters: whoever judges by status and body writes down an answer to one request as that to
#   another: a message counts as sent that never was. httpx passes over the 103.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check requests==2.34.2 urllib3==2.8.0 httpx==0.28.1
cat > "$folder/try.py" <<'PY'
import contextlib
import socketserver
import sys
import threading
import time

import httpx
import requests
import urllib3


class Server(socketserver.StreamRequestHandler):
    """Answers each request with 103, and a little later with 201, whose body counts requests."""

    def handle(self):
        with contextlib.suppress(ConnectionError):  # requests leaves before the last answer
            self.answer()

    def answer(self):
        count = 0
        while line := self.rfile.readline():
            length = 0
            while line.strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
                line = self.rfile.readline()
            self.rfile.read(length)
            count += 1
            body = b"answer %d" % count
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
            time.sleep(0.3)
            self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True


def told(post):
    return [(it.status_code, it.text) for it in (post(), post())]


with Threads(("127.0.0.1", 0), Server) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    with requests.Session() as session:
        by_requests = told(lambda: session.post(url, data=b"x", timeout=5))
    with httpx.Client() as client:
        by_httpx = told(lambda: client.post(url, content=b"x", timeout=5))
    server.shutdown()
print("Python", sys.version.split()[0], "requests", requests.__version__, "urllib3", urllib3.__version__)
print("requests:", by_requests)
print("httpx", httpx.__version__ + ":", by_httpx)
assert by_requests[0] == (103, ""), "requests passes over the interim answer"
assert by_requests[1] == (201, "answer 1"), "no answer comes one request late"
assert by_httpx == [(201, f"answer {it}") for it in (1, 2)], "httpx does not pass over it"
PY
"$folder/venv/bin/python" "$folder/try.py"
