"""Proves what the gateway promises: which paths lead where and which nowhere, in every spelling; whose word about an
address counts; that requests arrive as they were sent; and that replicas come and go without a client noticing.

First before services that only tell what reached them, then before the real ones.

    check.py FOLDER-OF-BINARIES, with a PostgreSQL in TESSERA_TEST_POSTGRES_URL
"""

import base64
import json
import os
import pathlib
import re
import secrets
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from raw import Echo, ask, basic
from stack import Gateway, Stack

SERVICES = ["agenda", "applications", "auth-server", "base-token", "provisioning", "rooms"]
CHECKS = []


def check(work):
    CHECKS.append(work)
    return work


def same(got, expected, what):
    if got != expected:
        raise SystemExit(f"gateway-check: {what}: expected {expected!r}, got {got!r}")


# Before services that tell what reached them.


class Told:
    def __init__(self, folder):
        self.echoes = {name: Echo(name) for name in SERVICES}
        # Two replicas each, the first of which nobody started.
        ports = {name: [9, echo.port] for name, echo in self.echoes.items()}
        self.gateway = Gateway(folder / "told", ports)
        # Whatever a client says that must not be in a log.
        self.unsaid = []

    def unsayable(self):
        self.unsaid.append(secrets.token_hex(16))
        return self.unsaid[-1]

    def seen(self):
        return sum(echo.seen for echo in self.echoes.values())

    def ask(self, method, target, headers=(), body=b"", **more):
        answer = ask(self.gateway.port, method, target, headers, body, **more)
        same(answer.status, 200, f"{method} {target}")
        told = answer.json()
        told["names"] = [name for name, _ in told["headers"]]
        told["headers"] = dict(told["headers"])
        return told


def documented():
    """Every operation of the services' OpenAPI documents that clients call."""
    for name in SERVICES:
        document = json.loads(pathlib.Path(f"proto-docs/openapi/{name}.json").read_text())
        for path, item in document["paths"].items():
            for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
                yield name, method.upper(), path


@check
def every_documented_path_leads_to_its_service_as_it_is_written(told):
    count = 0
    for name, method, path in documented():
        if path.startswith("/internal/"):
            continue
        for filling in ("7", "a%2Fb%20c", "%C3%A9;x=%40"):
            target = re.sub(r"\{[^}]*\}", filling, path)
            for target in {target, target.replace("/ocs/v2.php", "/ocs/v1.php"), target + "?page=1&next=%2Finternal%2F.."}:
                answer = told.ask(method, target)
                same((answer["service"], answer["method"], answer["target"]), (name, method, target), target)
                count += 1
    for target, name in [
        ("/api/v1/agents.json?page=2", "agenda"),
        ("/api/v1/absences/7.json", "agenda"),
        ("/api/v1/auth/sign_in.json", "auth-server"),
        ("/security/oauth/token", "auth-server"),
        ("//api2/ping/", "auth-server"),
        ("/ocs/v2.php//cloud/users", "provisioning"),
    ]:
        answer = told.ask("GET", target)
        same((answer["service"], answer["target"]), (name, target), target)
        count += 1
    return f"{count} requests"


def spellings(path):
    """Ways to write a path that some server or other takes for the same."""
    first, rest = path[1], path[2:]
    escaped = f"/%{ord(first):02x}{rest}"
    return [
        path, path + "/", path + "?x=1", path + "#x", path.upper(), path.title(), "/" + path, "//" + path, "/." + path,
        "/./" + path, escaped, escaped.upper().replace("%", "%"), "/" + "".join(f"%{ord(letter):02X}" for letter in path[1:]),
        "/oauth/.." + path, "/oauth/../" + path, "/oauth/%2e%2e" + path, "/oauth/.%2E" + path, "/oauth/..%2f" + path[1:],
        "/oauth/%2e%2e%2f" + path[1:], "/oauth/x/../.." + path, "/oauth/..;" + path, "/oauth/..;x=1" + path, "/oauth/..\\" + path[1:],
        "/oauth/..%5c" + path[1:], "/api2/.." + path, "/ocs/v2.php/../.." + path, "/ocs/v2.php/..%2f.." + path, "/%2f" + path[1:],
        "/%2e" + path, "/.well-known/.." + path, "/api/v2.1/.." + "/.." + path, path + "/../oauth/token", path + "%2f..%2foauth%2ftoken",
        "http://gateway.example" + path, "http://gateway.example/oauth/.." + path, path + ";x", path + "/;/",
    ]  # fmt: skip


@check
def what_is_not_for_clients_is_not_there_in_any_spelling(told):
    before, count = told.seen(), 0
    internal = [path for name, _, path in documented() if path.startswith("/internal/")]
    assert internal
    for path in {
        "/internal", "/internal/revocations", "/internal/directory/people", *internal,
        "/metrics", "/livez", "/readyz", "/docs", "/docs/openapi/rooms.json",
    }:  # fmt: skip
        for target in spellings(path.replace("{", "").replace("}", "")):
            for method in ("GET", "POST"):
                answer = ask(told.gateway.port, method, target)
                assert answer.status in (400, 404), f"{method} {target}: {answer}"
                same(answer.headers["content-type"], "application/json", target)
                count += 1
    for target in ["/", "/x", "/oauth", "/oauthx/token", "/api/v1", "/api/v1/agentsx", "/api/v1/auth", "/api/v2.1", "/ocs/v3.php/cloud",
                   "/external-api/v1.0", "/external-api/v1.0/roomsx", "/external-api/v1x0/rooms", "/.well-known/x", "/admin", "/admin/x", "/admin/audit", "/%00", "/oauth/%00"]:
        answer = ask(told.gateway.port, "GET", target)
        assert answer.status in (400, 404), f"{target}: {answer}"
        count += 1
    same(told.seen(), before, "requests that reached a service")
    return f"{count} requests"


@check
def an_address_is_what_the_gateway_saw(told):
    lies = [
        ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.10, 127.0.0.1"), ("X-forwarded-FOR", "::1"),
        ("Forwarded", "for=203.0.113.9;proto=https"), ("X-Real-IP", "203.0.113.9"), ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "1"), ("X-Forwarded-Prefix", "/x"), ("X_Forwarded_For", "203.0.113.9"),
        ("TE", "trailers"), ("Upgrade", "h2c"), ("Proxy", "http://evil.example"),
    ]  # fmt: skip
    for source in ("127.0.0.1", "127.0.0.5"):
        answer = told.ask("GET", "/oauth/token", lies, source=source)
        same(answer["headers"]["x-forwarded-for"], source, "X-Forwarded-For")
        same(answer["headers"]["x-forwarded-proto"], "http", "X-Forwarded-Proto")
        for name in ("x-forwarded-for", "x-forwarded-proto"):
            same(answer["names"].count(name), 1, f"lines of {name}")
        for name in ("forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x_forwarded_for", "te", "upgrade", "proxy"):  # fmt: skip
            same(name in answer["names"], False, f"{name} is passed on")
        assert "203.0.113" not in str(answer) and "evil" not in str(answer), answer


@check
def behind_a_load_balancer_its_word_counts_and_nobody_elses(told):
    text = pathlib.Path("deploy/gateway/listen.conf").read_text()
    told_how = [("# set_real_ip_from 192.0.2.0/24;", "set_real_ip_from 127.0.0.8/32;"), ("# real_ip", "real_ip")]
    assert all(there in text for there, _ in told_how)
    ports = {name: [echo.port] for name, echo in told.echoes.items()}
    gateway = Gateway(told.gateway.folder.parent / "balanced", ports, replaced=told_how)
    try:
        for source, said, counts in [
            ("127.0.0.8", "198.51.100.7", "198.51.100.7"),
            ("127.0.0.8", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("127.0.0.8", "203.0.113.9, nonsense", "127.0.0.8"),
            ("127.0.0.5", "198.51.100.7", "127.0.0.5"),
        ]:
            answer = ask(gateway.port, "GET", "/oauth/token", [("X-Forwarded-For", said)], source=source)
            same(dict(answer.json()["headers"])["x-forwarded-for"], counts, f"{source} says {said}")
    finally:
        gateway.stop()


@check
def requests_arrive_as_they_were_sent(told):
    token, password = told.unsayable(), told.unsayable()
    sent = [
        ("Authorization", f"Bearer {token}"), ("access-token", password), ("client", "c"), ("uid", "ada@agency.example"),
        ("OCS-APIRequest", "true"), ("Accept", "application/json"), ("Accept-Language", "fr"), ("Origin", "https://site.example"),
        ("Cookie", "a=b"), ("X-Request-Id", "r-1"), ("X-Agent-Auth-Signature", "s"), ("Content-Type", "application/x-www-form-urlencoded"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ]  # fmt: skip
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = told.ask(method, "/api/v1/agents", sent, b"a=1&b=%2F" if method[0] == "P" else b"")
        for name, value in sent:
            same(answer["headers"].get(name.lower()), value, f"{method}: {name}")
        same(base64.b64decode(answer["body"]), b"a=1&b=%2F" if method[0] == "P" else b"", "body")
    same(ask(told.gateway.port, "HEAD", "/api2/ping/").status, 200, "HEAD")
    long = "x" * 20_000
    same(told.ask("GET", "/oauth/token", [("Authorization", f"Bearer {long}")])["headers"]["authorization"], f"Bearer {long}", "long token")


@check
def errors_of_services_are_passed_on(told):
    for status in (400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504):
        answer = ask(told.gateway.port, "POST", "/oauth/token", [("X-Answer", str(status))])
        same((answer.status, answer.json()["service"]), (status, "auth-server"), f"a service's {status}")
        assert "retry-after" not in answer.headers, answer.headers


@check
def bodies_within_the_services_limits_arrive_and_larger_ones_do_not(told):
    largest = os.urandom(1_048_576 + 1000)
    same(base64.b64decode(told.ask("POST", "/api/v2.1/dtables/", body=largest)["body"]), largest, "1 MiB")
    before = told.seen()
    answer = ask(told.gateway.port, "POST", "/api/v2.1/dtables/", body=bytes(2_200_000))
    same((answer.status, answer.json()), (413, {"detail": "The request is too large."}), "2.1 MiB")
    answer = ask(told.gateway.port, "POST", "/oauth/token", [("Transfer-Encoding", "chunked"), ("Content-Length", "4")], b"0\r\n\r\n")
    same(answer.status, 400, "two lengths")
    same(told.seen(), before, "requests that reached a service")


@check
def a_service_that_is_away_is_a_503_with_retry_after(told):
    ports = {name: [9, 9] for name in SERVICES}
    gateway = Gateway(told.gateway.folder.parent / "away", ports)
    try:
        for method in ("GET", "POST"):
            target = f"/api/v1/agents?access-token={told.unsayable()}"
            answer = ask(gateway.port, method, target, [("Authorization", told.unsayable())], told.unsayable())
            same((answer.status, answer.headers.get("retry-after")), (503, "5"), f"{method} without a service")
            same(answer.json(), {"detail": "Service unavailable."}, "body")
    finally:
        gateway.stop()
    told.away = gateway.output


@check
def its_own_output_holds_no_credential(told):
    for target in (
        f"/api/v2.1/external-link-tokens/{told.unsayable()}/access-token/?password={told.unsayable()}",
        f"/api/v1/agents?access-token={told.unsayable()}&client=c&uid=u",
        f"/internal/{told.unsayable()}",
        f"/oauth/../{told.unsayable()}",
        f"/oauth/token?{told.unsayable()}#{told.unsayable()}",
        f"/{told.unsayable()} {told.unsayable()}",
    ):
        ask(told.gateway.port, "GET", target, [("Cookie", told.unsayable()), ("Referer", told.unsayable())])
    ask(told.gateway.port, told.unsayable(), "/oauth/token")
    told.gateway.stop()
    output = told.gateway.output.read_text() + told.away.read_text()
    # Beside these, nginx may complain of this machine at its start.
    for entry in [json.loads(line) for line in output.splitlines() if line.startswith("{")]:
        assert entry["client"].startswith("127.0.0."), entry
    assert '"route":"agenda"' in output and '"status":503' in output
    for secret in told.unsaid:
        assert secret not in output, f"{secret} is in the log: {[line for line in output.splitlines() if secret in line]}"
    return f"{len(output.splitlines())} lines, {len(told.unsaid)} secrets"


# Before the real services.

PEOPLE = """
accounts:
  - login: root
    email: root@agency.example
    roles: [GLOBAL_ADMIN]
    password: file:PASSWORD
"""


class Real:
    def __init__(self, binaries, folder):
        self.stack = Stack(binaries, folder)
        self.password = secrets.token_urlsafe(24)
        self.gateway = None

    def start(self, folder):
        self.stack.start()
        (folder / "password").write_text(self.password)
        (folder / "people.yaml").write_text(PEOPLE.replace("PASSWORD", str(folder / "password")))
        self.stack.run("apply", "apply", str(folder / "people.yaml"))
        ports = {name: [replica.listen for replica in replicas] for name, replicas in self.stack.replicas.items()}
        self.gateway = Gateway(folder / "real", ports)

    def ask(self, method, target, headers=(), body=b"", **more):
        return ask(self.gateway.port, method, target, headers, body, **more)

    def token(self, client="rooms", **more):
        headers = [("Authorization", basic(client, self.stack.secret(f"{client}-client-secret"))), FORM]
        body = "grant_type=client_credentials&scope=internal%3Arevocations"
        return self.ask("POST", "/oauth/token", headers, body, **more)


FORM = ("Content-Type", "application/x-www-form-urlencoded")


@check
def each_service_answers_in_its_own_words(real):
    for target, status, words in [
        ("/external-api/v1.0/rooms", 401, "detail"),
        ("/api/v1/agents", 401, "errors"),
        ("/api/applications", 401, "error"),
        ("/api/v2.1/workspaces/", 403, "detail"),
        ("/ocs/v2.php/cloud/users", 401, "<statuscode>997</statuscode>"),
        ("/api2/ping/", 200, "pong"),
        ("/server-info/", 200, "version"),
        ("/.well-known/jwks.json", 200, '"keys"'),
        ("/.well-known/oauth-authorization-server", 200, "http://localhost:8080/oauth/token"),
        ("/api/v1/auth/validate_token", 401, "errors"),
    ]:
        answer = real.ask("GET", target)
        assert answer.status == status and words in answer.body.decode(), f"{target}: {answer}"
    for target, status, words in [
        ("/oauth/token", 401, "invalid_client"),
        ("/security/oauth/token", 401, "invalid_client"),
        ("/external-api/v1.0/application/token", 400, "client_id"),
    ]:
        answer = real.ask("POST", target, [FORM], "grant_type=client_credentials")
        assert answer.status == status and words in answer.body.decode(), f"{target}: {answer}"


@check
def services_feed_each_other_and_nobody_else(real):
    token = real.token()
    same(token.status, 200, f"a token, {token}")
    bearer = [("Authorization", f"Bearer {token.json()['access_token']}")]
    path = "/internal/revocations"
    inside = real.stack.replicas["auth-server"][0].listen
    same(ask(inside, "GET", path, bearer).status, 200, "the feed, from inside")
    for target in spellings(path):
        answer = real.ask("GET", target, bearer)
        assert answer.status in (400, 404) and b'"detail"' in answer.body, f"{target}: {answer}"


@check
def an_escaped_slash_is_part_of_a_name(real):
    admin = [("Authorization", basic("root", real.password)), ("OCS-APIRequest", "true"), ("Accept", "application/json")]
    group = f"north/{secrets.token_hex(4)} & south"
    created = real.ask("POST", "/ocs/v2.php/cloud/groups", [*admin, FORM], "groupid=" + group.replace("&", "%26").replace(" ", "+"))
    same(created.status, 200, f"a group with a slash, {created}")
    escaped = group.replace("/", "%2F").replace(" ", "%20").replace("&", "%26")
    members = real.ask("GET", f"/ocs/v2.php/cloud/groups/{escaped}", admin)
    assert members.status == 200 and members.json()["ocs"]["data"] == {"users": []}, str(members)
    gone = real.ask("DELETE", f"/ocs/v1.php/cloud/groups/{escaped}", admin)
    same((gone.status, gone.json()["ocs"]["meta"]["statuscode"]), (200, 100), f"deleting it, {gone}")


@check
def the_audit_trail_has_the_address_of_the_client(real):
    said = "203.0.113.77"
    wrong = [("Authorization", basic("rooms", "wrong")), FORM, ("X-Forwarded-For", said), ("Forwarded", f"for={said}")]
    same(real.ask("POST", "/oauth/token", wrong, "grant_type=client_credentials", source="127.0.0.23").status, 401, "a wrong secret")
    until = time.monotonic() + 30
    while "127.0.0.23" not in (trail := real.stack.run("apply", "audit", "list", "--json", "--since", "10m")):
        assert time.monotonic() < until, f"the address is not in the audit trail: {trail[-2000:]}"
        time.sleep(0.1)
    assert said not in trail, "the audit trail has the address that the client made up"


class Load:
    """Clients that ask on and on; who gets anything else than 200 has failed."""

    def __init__(self, real):
        self.real, self.ended, self.failed, self.count = real, threading.Event(), [], 0
        work = {"read": lambda: real.ask("GET", "/.well-known/jwks.json"), "token": real.token}
        self.threads = [threading.Thread(target=self.run, args=one) for one in [*work.items()] * 2]

    def run(self, name, work):
        while not self.ended.is_set():
            try:
                answer = work()
                if answer.status != 200:
                    back = answer.headers.get("retry-after")
                    self.failed.append(f"{name}: {answer.status}, back in {back} s: {answer}")
            except (OSError, ValueError, IndexError) as error:
                self.failed.append(f"{name}: {error!r}")
            self.count += 1
            # Well below what one client may ask (auth.limits).
            time.sleep(0.02)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def goes_on(load):
    """Waits until every client has asked a while longer."""
    target = load.count + 20 * len(load.threads)
    until = time.monotonic() + 60
    while load.count < target:
        assert time.monotonic() < until, "the load has come to a halt"
        time.sleep(0.01)


@check
def replicas_that_are_taken_out_first_are_replaced_without_a_failed_request(real):
    with Load(real) as load:
        goes_on(load)
        for replica in real.stack.replicas["auth-server"]:
            with real.gateway.without(replica.listen):
                replica.stop()
                goes_on(load)
                replica.start()
                replica.wait()
            goes_on(load)
    same(load.failed[:5], [], f"{len(load.failed)} failures of {load.count} requests")
    return f"{load.count} requests"


@check
def replicas_that_just_stop_fail_no_read_and_tell_a_write_to_come_back(real):
    with Load(real) as load:
        goes_on(load)
        for replica in real.stack.replicas["auth-server"]:
            replica.stop()
            goes_on(load)
            replica.start()
            replica.wait()
            goes_on(load)
    only_writes_told_to_come_back(load, 2)
    return f"{len(load.failed)} of {load.count} requests"


def only_writes_told_to_come_back(load, ends):
    """What was written to a replica as it closed is not repeated: nobody knows whether it was done."""
    most = 5 * ends  # of some hundreds
    assert len(load.failed) <= most and all(failure.startswith("token: 503, back in 5 s") for failure in load.failed), load.failed[:5]


@check
def a_replica_that_is_killed_costs_nothing_but_what_it_was_doing(real):
    replica = real.stack.replicas["auth-server"][0]
    with Load(real) as load:
        goes_on(load)
        replica.stop(signal.SIGKILL)
        goes_on(load)
        replica.start()
        replica.wait()
        goes_on(load)
    only_writes_told_to_come_back(load, 1)
    return f"{len(load.failed)} of {load.count} requests"


@check
def tls_ends_in_the_gateway(real):
    folder = real.stack.folder
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=gateway.example",
         "-addext", "subjectAltName=DNS:gateway.example", "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    ports = {name: [replica.listen for replica in replicas] for name, replicas in real.stack.replicas.items()}
    gateway = Gateway(folder / "tls", ports, "listen-tls.conf", [("/run/secrets/tessera/", f"{folder}/")])
    context = ssl.create_default_context(cafile=folder / "tls.crt")
    try:
        wrap = lambda connection: context.wrap_socket(connection, server_hostname="gateway.example")  # noqa: E731
        answer = ask(gateway.port, "GET", "/.well-known/jwks.json", wrap=wrap)
        assert answer.status == 200 and b'"keys"' in answer.body, str(answer)
        same(ask(gateway.port, "GET", "/internal/revocations", wrap=wrap).status, 404, "/internal over TLS")
    finally:
        gateway.stop()


@check
def the_output_of_everything_holds_no_secret(real):
    real.gateway.stop()
    for replica in real.stack.everyone():
        replica.stop()
    names = [file.name for file in real.stack.secrets.iterdir()]
    secret = [real.password, *(real.stack.secret(name) for name in names if not name.endswith("-url"))]
    for file in [*real.stack.folder.glob("*.log"), *real.stack.folder.glob("*/output")]:
        text = file.read_text()
        for value in secret:
            assert value not in text, f"{file.name} holds a secret"


def main(binaries):
    # Whoever compares sees why: asserts are the checks, so -O must not be on.
    assert __debug__
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tessera-gateway."))
    real = None
    try:
        told, real = Told(folder), Real(binaries, folder)
        for work in CHECKS:
            kind = work.__code__.co_varnames[0]
            if kind == "real" and real.gateway is None:
                real.start(folder)
            more = work(told if kind == "told" else real)
            print(f"  {work.__name__.replace('_', ' ')}{f' ({more})' if more else ''}", flush=True)
    finally:
        if real:
            real.stack.kill()
        for gateway in [told.gateway, real and real.gateway]:
            if gateway:
                gateway.stop()
        subprocess.run(["rm", "-rf", folder], check=True)
    print(f"gateway-check: {len(CHECKS)} checks")


main(*sys.argv[1:])
