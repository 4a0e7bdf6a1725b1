"""What deploy/compose.yaml starts, as processes on this machine: the same commands, settings files, secrets and replicas.

What a container engine would do differently is put in its place: names of services become loopback addresses, mounted
files become copies, and the gateway's address in its network becomes the one that nginx has here.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import yaml

DEPLOY = pathlib.Path("deploy")
SECRETS = "/run/secrets/tessera/"
READY_SECONDS = 60
_given = set()


def free_port():
    """Below the ports that outgoing connections get, and never the same twice: a process that is started again needs it."""
    for port in range(12000 + os.getpid() % 15000, 32000):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port
    raise SystemExit("gateway-check: no free port")


class Replica:
    """One process of a service, on ports that it keeps when it is started again."""

    def __init__(self, stack, name, number):
        self.stack, self.name = stack, name
        self.folder = stack.folder / f"{name}-{number}"
        self.log = self.folder.with_suffix(".log")
        self.listen, self.management = free_port(), free_port()
        self.process = None

    def prepare(self, authority):
        self.command, self.environment = self.stack.container(
            self.name,
            self.folder,
            {
                "0.0.0.0:8080": f"127.0.0.1:{self.listen}",
                "0.0.0.0:9090": f"127.0.0.1:{self.management}",
                "http://auth-server:8080": f"http://127.0.0.1:{authority}",
                "172.30.80.2/32": "127.0.0.1/32",
            },
        )

    def start(self):
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT
            )

    def healthy(self):
        command = [self.command[0], "healthcheck", *self.command[1:]]
        return subprocess.run(command, env=self.environment, cwd=self.folder, capture_output=True).returncode == 0

    def wait(self):
        until = time.monotonic() + READY_SECONDS
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"gateway-check: {self.name} is not ready:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        ended = self.process.wait(timeout=30)
        if how == signal.SIGTERM and ended:
            raise SystemExit(f"gateway-check: {self.name} ended with {ended} after SIGTERM:\n{self.log.read_text()[-4000:]}")


class Stack:
    def __init__(self, binaries, folder):
        self.binaries, self.folder = pathlib.Path(binaries).resolve(), pathlib.Path(folder)
        self.compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
        self.services = self.compose["services"]
        self.secrets = self.folder / "secrets"
        subprocess.run([DEPLOY / "make-secrets", self.secrets], check=True)
        self.server = re.search(r"@([^/]+)/", os.environ["TESSERA_TEST_POSTGRES_URL"])[1]
        host, port = self.server.split(":")
        environment = os.environ | {"PGHOST": host, "PGPORT": port, "PGUSER": "postgres", "TESSERA_SECRETS": str(self.secrets)}
        # In order, as the image of PostgreSQL does.
        scripts = [mount.split(":") for mount in self.services["postgres"]["volumes"]]
        for source, target, *_ in sorted(scripts, key=lambda script: script[1]):
            if target.startswith("/docker-entrypoint-initdb.d/"):
                script = DEPLOY / source
                command = [script] if script.suffix == ".sh" else ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f", script]
                subprocess.run(command, check=True, env=environment)
        self.replicas = {}
        for name, service in self.services.items():
            count = service.get("deploy", {}).get("replicas", 0)
            if count and name in os.listdir(self.binaries):
                self.replicas[name] = [Replica(self, name, number) for number in range(count)]

    def secret(self, name):
        return (self.secrets / name).read_text().strip()

    def container(self, name, folder, replaced=()):
        """The command line and the environment of a service, with its files in a folder."""
        service, replaced = self.services[name], dict(replaced) | {SECRETS: f"{folder}/secrets/", "@postgres:5432": f"@{self.server}"}

        def local(text):
            for there, here in replaced.items():
                text = text.replace(there, here)
            return text

        (folder / "secrets").mkdir(parents=True)
        for secret in service.get("secrets", []):
            target = secret["target"].removeprefix(SECRETS)
            file = self.compose["secrets"][secret["source"]]["file"].removeprefix("./secrets/")
            (folder / "secrets" / target).write_text(local((self.secrets / file).read_text()))
        binary, *arguments = service.get("entrypoint", []) + service["command"]
        command = [str(self.binaries / binary)]
        for mount in service.get("volumes", []):
            source, target, _ = mount.split(":")
            source, copy = DEPLOY / source, folder / pathlib.Path(target).name
            if source.is_dir():
                shutil.copytree(source, copy)
            else:
                copy.write_text(local(source.read_text()))
            replaced[target] = str(copy)
            if target == f"/etc/tessera/{binary}.toml":
                command += ["--config", str(copy)]
        environment = {key: local(value) for key, value in service["environment"].items()}
        # Nobody listens there, and the services go on without.
        environment.pop("OTEL_EXPORTER_OTLP_ENDPOINT", None)
        return command + [local(argument) for argument in arguments], environment

    def run(self, name, *arguments):
        """A service that comes to an end, or a command of its binary instead; what it prints."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        command, environment = self.container(name, folder)
        if arguments:
            command = [command[0], *arguments]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"gateway-check: {command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def everyone(self):
        return [replica for replicas in self.replicas.values() for replica in replicas]

    def start(self):
        for name in ("migrate", "apply"):
            self.run(name)
        for replicas in self.replicas.values():
            for number, replica in enumerate(replicas):
                replica.prepare(self.replicas["auth-server"][number].listen)
                replica.start()
        for replica in self.everyone():
            replica.wait()

    def kill(self):
        for replica in self.everyone():
            if replica.process and replica.process.poll() is None:
                replica.process.kill()
                replica.process.wait()


class Gateway:
    """nginx with the settings of deploy/gateway, and other addresses in upstreams.conf and listen.conf."""

    def __init__(self, folder, upstreams, listen="listen.conf", replaced=()):
        self.folder, self.port = pathlib.Path(folder), free_port()
        self.folder.mkdir()
        self.output = self.folder / "output"
        for file in (DEPLOY / "gateway").iterdir():
            text = file.read_text().replace("/tmp/nginx", f"{self.folder}/nginx")
            if file.name == "upstreams.conf":
                text = self.addressed(text, upstreams)
            (self.folder / file.name).write_text(text)
        text = (self.folder / listen).read_text()
        for there, here in [("listen 8080", f"listen {self.port}"), ("listen 8443", f"listen {self.port}"), *replaced]:
            text = text.replace(there, here)
        (self.folder / "listen.conf").write_text(text)
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-g", "daemon off;"],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.wait()

    @staticmethod
    def addressed(text, upstreams):
        def servers(found):
            name, parameters = found[1], found[2].replace(" resolve", "")
            return "\n".join(f"    server 127.0.0.1:{port}{parameters};" for port in upstreams[name])

        text, count = re.subn(r"^    server ([a-z-]+):8080( resolve.*);$", servers, text, flags=re.M)
        assert count == len(upstreams), "upstreams.conf names other services than compose.yaml"
        return text

    def wait(self):
        until = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"gateway-check: nginx does not start:\n{self.output.read_text()}") from None
            time.sleep(0.02)

    def workers(self):
        return set(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split())

    @contextlib.contextmanager
    def without(self, port):
        """Takes a server out of upstreams.conf, as somebody who is about to replace it does, and puts it back."""
        file = self.folder / "upstreams.conf"
        text, server = file.read_text(), f"server 127.0.0.1:{port} "
        assert server in text
        for now in (text.replace(server, f"{server}down "), text):
            file.write_text(now)
            before = self.workers()
            self.process.send_signal(signal.SIGHUP)
            until = time.monotonic() + 60
            # Those of before end once they have finished what they had.
            while before & (after := self.workers()) or not after:
                if time.monotonic() > until:
                    raise SystemExit(f"gateway-check: nginx does not reload:\n{self.output.read_text()[-2000:]}")
                time.sleep(0.02)
            if now is not text:
                yield

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=20)
