"""HTTP as bytes: a client that sends a path just as it is written, and a server that tells what reached it."""

import base64
import http.server
import json
import socket
import threading


class Answer:
    def __init__(self, head, body):
        status_line, *fields = head.split("\r\n")
        self.status = int(status_line.split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in fields)}
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def ask(port, method, target, headers=(), body=b"", source="127.0.0.1", wrap=None):
    """One request on one connection. Header lines are sent in the order given, repeated ones too."""
    if isinstance(body, str):
        body = body.encode()
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "Connection: close"]
    if not any(name.lower() == "host" for name, _ in headers):
        lines.append("Host: gateway.example")
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0)) as connection:
        if wrap:
            connection = wrap(connection)
        try:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused before all of it was sent; the answer is there.
        received = b""
        while part := connection.recv(65536):
            received += part
    head, _, rest = received.partition(b"\r\n\r\n")
    answer = Answer(head.decode("latin-1"), rest)
    if answer.headers.get("transfer-encoding") == "chunked":
        answer.body = unchunked(rest)
    return answer


def unchunked(rest):
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
    return body


class Echo:
    """A service that answers every request with what it was, and counts them."""

    def __init__(self, name):
        echo = self
        self.name, self.seen = name, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One packet for an answer; in two, the second would wait for an acknowledgement.
            wbufsize = -1

            def answer(self):
                echo.seen += 1
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                told = {
                    "service": name,
                    "method": self.command,
                    # Not `path`, of which Python makes one slash out of two.
                    "target": self.requestline.split(" ")[1],
                    "headers": [[field.lower(), value] for field, value in self.headers.items()],
                    "body": base64.b64encode(body).decode(),
                }
                said = json.dumps(told).encode()
                self.send_response(int(self.headers.get("X-Answer", 200)))
                self.send_header("Content-Type", "application/json")
                self.send_header("X-Accel-Redirect", "/internal/by-the-back-door")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(said)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
