"""Starts the services with just what the manifests give them, and waits until every one is ready.

A setting that no binary knows stops the start, so this is what shows that the manifests and the code agree. What a
cluster would do differently is put in its place: names of services become loopback addresses, volumes become folders,
and the image's file system, which is read-only, becomes an empty folder that has to stay empty.

The databases are made as the manifests' README tells operators to. Where a rendering asks for it, each service has a role
of its own, and the server takes nothing but TLS and passwords; then what a role may not do is tried as well.

    k8s_start.py FOLDER-OF-BINARIES KUSTOMIZATION..., with a PostgreSQL of its own in TESSERA_TEST_POSTGRES_URL
"""

import base64
import contextlib
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from k8s_check import render

SERVER = os.environ["TESSERA_TEST_POSTGRES_URL"]
SQL = pathlib.Path("k8s/components/database-roles")
READY_SECONDS = 30
FIRST_PORT, PORTS = 10_000, 22_000
# Each database, whom its owner lets in, and the key of the Secret that names it.
DATABASES = {
    "identity": {"tessera-auth-server": "tessera_auth_server", "tessera-agenda": "tessera_agenda",
                 "tessera-provisioning": "tessera_provisioning"},
    "applications": {"tessera-applications": "tessera_applications"},
    "bases": {"tessera-base-token": "tessera_base_token"},
    "rooms": {"tessera-rooms": "tessera_rooms"},
}  # fmt: skip
# What each role must be refused, on top of what k8s-start's services do with it.
REFUSED = {
    "tessera_agenda": [
        "SELECT hash FROM account_passwords",
        "SELECT sealed_private FROM signing_keys",
        "SELECT * FROM client_secrets",
        "SELECT * FROM audit_events",
        "DELETE FROM audit_events",
        "UPDATE accounts SET roles = '[]'",
    ],
    "tessera_provisioning": [
        "SELECT hash FROM account_passwords",
        "SELECT sealed_private FROM signing_keys",
        "SELECT sealed_secret FROM account_otps",
        "SELECT * FROM client_secrets",
        "SELECT * FROM audit_events",
        "DELETE FROM audit_events",
        "INSERT INTO clients SELECT * FROM clients",
    ],
    "tessera_auth_server": ["UPDATE audit_events SET outcome = 'success'"],
}
REFUSED_TO_ALL = [
    "CREATE TABLE more (id INTEGER)",
    "DELETE FROM tessera_migrations",
    "UPDATE tessera_migrations SET version = 'x'",
]


def free_port():
    """Not one of those that the system gives to connections: those of other services could have it by the time it is used."""
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def psql(*arguments, url=SERVER, **variables):
    command = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", url, *arguments]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)


def run_sql(*arguments, url=SERVER):
    done = psql(*arguments, url=url)
    if done.returncode:
        sys.exit(f"k8s-start: {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout.strip()


def make_certificate(key, certificate):
    """For `localhost`, and its own authority."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*made, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True)


def name_of(item):
    return item["metadata"]["name"]


def pod_of(item):
    return item["spec"]["template"]["spec"]


class Databases:
    """A PostgreSQL as the README has it made: the four databases, and their roles with passwords."""

    def __init__(self, folder):
        self.port = urllib.parse.urlsplit(SERVER).port
        self.authority = pathlib.Path(folder, "ca.crt")
        run_sql("-f", str(SQL / "roles.sql"))
        run_sql("-f", str(SQL / "databases.sql"))
        roles = ["tessera_owner", *(role for roles in DATABASES.values() for role in roles.values())]
        self.passwords = {role: secrets.token_urlsafe(24) for role in roles}
        for role, password in self.passwords.items():
            run_sql("-c", f"ALTER ROLE {role} PASSWORD '{password}'")
        self.require_tls(folder)

    def require_tls(self, folder):
        """A certificate for `localhost`, and nobody but the superuser without TLS and a password."""
        data = pathlib.Path(run_sql("-c", "SHOW data_directory"))
        key = pathlib.Path(folder, "server.key")
        make_certificate(key, self.authority)
        for source in (key, self.authority):
            shutil.copy(source, data)
            shutil.chown(data / source.name, data.owner())
            (data / source.name).chmod(0o600)
        admitted = "host all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
        (data / "pg_hba.conf").write_text(admitted)
        for setting, value in {"ssl_cert_file": self.authority.name, "ssl_key_file": key.name, "ssl": "on"}.items():
            run_sql("-c", f"ALTER SYSTEM SET {setting} = '{value}'")
        run_sql("-c", "SELECT pg_reload_conf()")
        until = time.monotonic() + READY_SECONDS
        verified = f"{self.url('rooms', 'tessera_owner')}?sslmode=verify-full&sslrootcert={self.authority}"
        while psql("-c", "SELECT 1", url=verified).returncode:
            if time.monotonic() > until:
                sys.exit("k8s-start: PostgreSQL does not speak TLS")
            time.sleep(0.05)
        plain = psql("-c", "SELECT 1", url=f"{self.url('rooms', 'tessera_owner')}?sslmode=disable")
        if "no encryption" not in plain.stderr:
            sys.exit(f"k8s-start: PostgreSQL speaks without TLS: {plain.stderr}")

    def url(self, database, role):
        return f"postgres://{role}:{self.passwords[role]}@localhost:{self.port}/tessera_{database}"

    def try_what_is_refused(self):
        tried = 0
        for database, roles in DATABASES.items():
            for role in roles.values():
                for statement in [*REFUSED.get(role, []), *REFUSED_TO_ALL]:
                    done = psql("-c", statement, url=self.url(database, role))
                    if "permission denied" not in done.stderr:
                        sys.exit(f"k8s-start: {role} may do this: {statement}\n{done.stderr}")
                    tried += 1
                for other in DATABASES.keys() - {database}:
                    if "permission denied" not in psql("-c", "SELECT 1", url=self.url(other, role)).stderr:
                        sys.exit(f"k8s-start: {role} gets into {other}")
                    tried += 1
        print(f"  {tried} things that roles may not do: all refused")


class Cluster:
    """What the pods would find around them."""

    def __init__(self, items, binaries, folder, databases):
        self.items, self.binaries, self.folder = items, pathlib.Path(binaries).resolve(), pathlib.Path(folder)
        self.image = self.folder / "image"
        self.image.mkdir()
        self.secrets = {"tessera-owner": {f"{d}-database-url": databases.url(d, "tessera_owner") for d in DATABASES}}
        # Where nobody says what the roles may do, the owner is the one who serves.
        self.has_roles = any(name_of(item).startswith("tessera-grants") for item in self.all("ConfigMap"))
        for database, roles in DATABASES.items():
            for secret, role in roles.items():
                url = databases.url(database, role if self.has_roles else "tessera_owner")
                self.secrets[secret] = {"database-url": url, "client-secret": secrets.token_hex(32)}
        for secret in ("tessera-auth-server", "tessera-base-token"):
            self.secrets[secret]["master-key"] = base64.b64encode(secrets.token_bytes(32)).decode()
        self.config_maps = {name_of(item): item["data"] for item in self.all("ConfigMap")}
        self.config_maps["tessera-database-ca"] = {"ca.crt": databases.authority.read_text()}
        self.ports = {
            (name_of(item), port): free_port() for item in self.all("Deployment") for port in ("http", "management")
        }

    def all(self, kind):
        return [item for item in self.items if item["kind"] == kind]

    def contents(self, volume):
        """The files of a volume, by name. Secrets end in a newline, as files that people make do."""
        if "configMap" in volume:
            return self.config_maps[volume["configMap"]["name"]]
        sources = [source["secret"] for source in volume.get("projected", {}).get("sources", [])]
        sources += [volume["secret"]] if "secret" in volume else []
        return {
            entry["path"]: self.secrets[source.get("secretName") or source["name"]][entry["key"]] + "\n"
            for source in sources
            for entry in source["items"]
        }

    def mounts(self, item, container):
        """Where each mounted folder of a container is here."""
        volumes = {volume["name"]: volume for volume in pod_of(item).get("volumes", [])}
        here = {
            mount["mountPath"]: (tempfile.mkdtemp(dir=self.folder), self.contents(volumes[mount["name"]]))
            for mount in container.get("volumeMounts", [])
        }
        replaced = {}
        for path, (folder, _) in here.items():
            replaced |= {f"{path}/": f"{folder}/"}
        for folder, files in here.values():
            for name, text in files.items():
                for path, local in replaced.items():
                    text = text.replace(path, local)
                pathlib.Path(folder, name).write_text(text)
        return replaced, {path: folder for path, (folder, _) in here.items()}

    def launch(self, item, container, **options):
        replaced, folders = self.mounts(item, container)
        replaced["0.0.0.0:8080"] = f"127.0.0.1:{self.ports.get((name_of(item), 'http'))}"
        replaced["0.0.0.0:9090"] = f"127.0.0.1:{self.ports.get((name_of(item), 'management'))}"
        for service in map(name_of, self.all("Service")):
            replaced[f"http://{service}:8080"] = f"http://127.0.0.1:{self.ports[service, 'http']}"
        # A collector that does not answer: nothing waits for it.
        replaced["http://collector.telemetry:4318"] = f"http://127.0.0.1:{free_port()}"

        def local(text):
            for there, here in replaced.items():
                text = text.replace(there, here)
            return folders.get(text, text)

        variables = {}
        for source in container.get("envFrom", []):
            variables |= self.config_maps[source["configMapRef"]["name"]]
        variables |= {variable["name"]: variable["value"] for variable in container.get("env", [])}
        binary, *arguments = map(local, container["command"])
        return subprocess.Popen(
            [self.binaries / binary, *arguments],
            env={name: local(value) for name, value in variables.items()},
            cwd=self.image,
            **options,
        )

    def run_job(self, item):
        pod = pod_of(item)
        for container in pod.get("initContainers", []) + pod["containers"]:
            process = self.launch(item, container, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            output, _ = process.communicate(timeout=120)
            if process.returncode:
                sys.exit(f"k8s-start: {name_of(item)}, {container['name']}: exit {process.returncode}\n{output}")
            print(f"  {name_of(item)}: {container['name']} is done")

    def try_a_strange_server(self, item):
        """Where the authority is named, a server whose certificate is somebody else's gets no password."""
        known, strange = self.config_maps["tessera-database-ca"], pathlib.Path(self.folder, "strange.crt")
        make_certificate(self.folder / "strange.key", strange)
        self.config_maps["tessera-database-ca"] = {"ca.crt": strange.read_text()}
        container = pod_of(item)["initContainers"][0]
        process = self.launch(item, container, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output, _ = process.communicate(timeout=120)
        self.config_maps["tessera-database-ca"] = known
        if process.returncode == 0 or "certificate verify failed" not in output:
            sys.exit(f"k8s-start: {container['name']} trusts any server: exit {process.returncode}\n{output}")
        print("  a database with somebody else's certificate: refused")

    def start(self, item):
        log = self.folder / f"{name_of(item)}.log"
        with log.open("w") as output:
            return self.launch(item, pod_of(item)["containers"][0], stdout=output, stderr=subprocess.STDOUT), log

    def wait_until_ready(self, item, process, log):
        probe = pod_of(item)["containers"][0]["readinessProbe"]["httpGet"]
        url = f"http://127.0.0.1:{self.ports[name_of(item), probe['port']]}{probe['path']}"
        until, last = time.monotonic() + READY_SECONDS, "no answer"
        while time.monotonic() < until and process.poll() is None:
            try:
                urllib.request.urlopen(url, timeout=2)
                print(f"  {name_of(item)}: ready")
                return
            except urllib.error.HTTPError as error:
                last = f"{error.code} {error.read().decode()}"
            except OSError as error:
                last = str(error)
            time.sleep(0.05)
        sys.exit(f"k8s-start: {name_of(item)} is not ready: {last}\n{log.read_text()}")

    def stop(self, item, process, log):
        ended = process.wait(timeout=pod_of(item)["terminationGracePeriodSeconds"])
        if ended:
            sys.exit(f"k8s-start: {name_of(item)} ended with {ended} after SIGTERM\n{log.read_text()}")


def run(kustomization, binaries):
    print(f" {kustomization}")
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(folder)
        cluster, running = Cluster(render(kustomization), binaries, folder, databases), []
        try:
            for job in cluster.all("Job"):
                if any(variable["name"] == "PGSSLMODE" for variable in pod_of(job)["initContainers"][0]["env"]):
                    cluster.try_a_strange_server(job)
                # Twice: an upgrade runs it on what is there.
                cluster.run_job(job)
                cluster.run_job(job)
            for deployment in cluster.all("Deployment"):
                running.append((deployment, *cluster.start(deployment)))
            for deployment, process, log in running:
                cluster.wait_until_ready(deployment, process, log)
            if cluster.has_roles:
                databases.try_what_is_refused()
            for _, process, _ in running:
                process.send_signal(signal.SIGTERM)
            for deployment, process, log in running:
                cluster.stop(deployment, process, log)
        finally:
            for _, process, _ in running:
                process.kill()
                process.wait()
        written = [str(path.relative_to(cluster.image)) for path in cluster.image.rglob("*")]
        if written:
            sys.exit(f"k8s-start: written to the image, which is read-only in a pod: {', '.join(written)}")
        for database in DATABASES:
            run_sql("-c", f"DROP DATABASE tessera_{database} WITH (FORCE)")


def main(binaries, *kustomizations):
    for kustomization in kustomizations:
        run(kustomization, binaries)


main(*sys.argv[1:])
