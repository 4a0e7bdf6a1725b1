"""Starts the services with just what the manifests give them, and waits until every one is ready.

A setting that no binary knows stops the start, so this is what shows that the manifests and the code agree. What a
cluster would do differently is put in its place: names of services become loopback addresses, mounted secrets become
files, and the image's file system, which is read-only, becomes an empty folder that has to stay empty.

    k8s_start.py KUSTOMIZATION FOLDER-OF-BINARIES, with a PostgreSQL in TESSERA_TEST_POSTGRES_URL
"""

import base64
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from k8s_check import render

SERVER = os.environ["TESSERA_TEST_POSTGRES_URL"]
MOUNT = "/run/secrets/tessera/"
PROBE_SECONDS = 30


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def new_database(name):
    name = f"{name}_{secrets.token_hex(4)}"
    subprocess.run(["psql", "-qX", SERVER, "-c", f"CREATE DATABASE {name}"], check=True)
    return f"{SERVER.rsplit('/', 1)[0]}/{name}"


class Cluster:
    """What the pods would find around them."""

    def __init__(self, items, binaries, folder):
        self.items, self.binaries, self.folder = items, pathlib.Path(binaries).resolve(), folder
        self.values = {
            ("tessera-auth-server", "database-url"): new_database("identity"),
            ("tessera-auth-server", "master-key"): base64.b64encode(secrets.token_bytes(32)).decode(),
            ("tessera-rooms", "database-url"): new_database("rooms"),
        }
        self.ports = {
            (item["metadata"]["name"], port): free_port()
            for item in self.items_of("Deployment")
            for port in ("http", "management")
        }

    def items_of(self, kind):
        return [item for item in self.items if item["kind"] == kind]

    def pod(self, item):
        return item["spec"]["template"]["spec"]

    def secret_files(self, item):
        """The pod's mounted secrets, as files: what stands under MOUNT in the pod stands under the folder returned."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        for volume in self.pod(item)["volumes"]:
            sources = volume.get("projected", {}).get("sources", [{"secret": volume.get("secret")}])
            for secret in (source["secret"] for source in sources):
                name = secret.get("secretName") or secret["name"]
                for entry in secret["items"]:
                    (folder / entry["path"]).write_text(self.values[name, entry["key"]] + "\n")
        return folder

    def environment(self, item):
        container, files = self.pod(item)["containers"][0], self.secret_files(item)
        maps = {config["metadata"]["name"]: config["data"] for config in self.items_of("ConfigMap")}
        found = {}
        for source in container.get("envFrom", []):
            found |= maps[source["configMapRef"]["name"]]
        found |= {variable["name"]: variable["value"] for variable in container["env"]}
        name = item["metadata"]["name"]
        return {key: self.local(name, value, files) for key, value in found.items()}

    def local(self, name, value, files):
        value = value.replace(MOUNT, f"{files}/")
        value = value.replace("0.0.0.0:8080", f"127.0.0.1:{self.ports.get((name, 'http'))}")
        value = value.replace("0.0.0.0:9090", f"127.0.0.1:{self.ports.get((name, 'management'))}")
        for service in self.items_of("Service"):
            other = service["metadata"]["name"]
            value = value.replace(f"http://{other}:8080", f"http://127.0.0.1:{self.ports[other, 'http']}")
        return value

    def command(self, item):
        binary, *arguments = self.pod(item)["containers"][0]["command"]
        return [str(self.binaries / binary), *arguments]

    def run_job(self, item):
        done = subprocess.run(
            self.command(item), env=self.environment(item), cwd=self.image(), timeout=120, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"k8s-start: {item['metadata']['name']} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        print(f"  {item['metadata']['name']}: done")

    def register(self, client_id):
        """What k8s/README.md has an operator do once: a client of auth-server for the service."""
        auth_server = next(item for item in self.items_of("Deployment") if item["metadata"]["name"] == "auth-server")
        command = [str(self.binaries / "tessera"), "client", "create", "--json", "--id", client_id, "--name", client_id]
        command += ["--scope", "internal:revocations", "--grant", "client_credentials"]
        answer = subprocess.run(
            command, env=self.environment(auth_server), cwd=self.image(), check=True, capture_output=True, text=True
        )
        self.values["tessera-rooms", "client-secret"] = json.loads(answer.stdout)["client_secret"]

    def image(self):
        folder = self.folder / "image"
        folder.mkdir(exist_ok=True)
        return folder

    def start(self, item):
        log = open(self.folder / f"{item['metadata']['name']}.log", "w+")
        return subprocess.Popen(
            self.command(item), env=self.environment(item), cwd=self.image(), stdout=log, stderr=subprocess.STDOUT
        ), log

    def wait_until_ready(self, item, process, log):
        name = item["metadata"]["name"]
        path = self.pod(item)["containers"][0]["readinessProbe"]["httpGet"]["path"]
        until, last = time.monotonic() + PROBE_SECONDS, "no answer"
        while time.monotonic() < until and process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name, 'management']}{path}", timeout=2)
                print(f"  {name}: ready")
                return
            except urllib.error.HTTPError as error:
                last = f"{error.code} {error.read().decode()}"
            except OSError as error:
                last = str(error)
            time.sleep(0.05)
        log.seek(0)
        sys.exit(f"k8s-start: {name} is not ready: {last}\n{log.read()}")


def main(kustomization, binaries):
    with tempfile.TemporaryDirectory() as folder:
        cluster, running = Cluster(render(kustomization), binaries, pathlib.Path(folder)), []
        try:
            for job in cluster.items_of("Job"):
                cluster.run_job(job)
            cluster.register("rooms")
            for deployment in cluster.items_of("Deployment"):
                running.append((deployment, *cluster.start(deployment)))
            for deployment, process, log in running:
                cluster.wait_until_ready(deployment, process, log)
            for deployment, process, _ in running:
                process.send_signal(signal.SIGTERM)
                ended = process.wait(timeout=cluster.pod(deployment)["terminationGracePeriodSeconds"])
                if ended:
                    sys.exit(f"k8s-start: {deployment['metadata']['name']} ended with {ended} after SIGTERM")
            written = [str(path.relative_to(cluster.image())) for path in cluster.image().rglob("*")]
            if written:
                sys.exit(f"k8s-start: written to the image, which is read-only in a pod: {', '.join(written)}")
        finally:
            for _, process, _ in running:
                process.kill()
                process.wait()


main(*sys.argv[1:])
