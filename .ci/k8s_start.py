"""Starts the services with just what the manifests give them, and waits until every one is ready.

A setting that no binary knows stops the start, so this is what shows that the manifests and the code agree. What a
cluster would do differently is put in its place: names of services become loopback addresses, volumes become folders,
and the image's file system, which is read-only, becomes an empty folder that has to stay empty.

    k8s_start.py KUSTOMIZATION FOLDER-OF-BINARIES, with a PostgreSQL in TESSERA_TEST_POSTGRES_URL
"""

import base64
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
READY_SECONDS = 30


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def new_database(name):
    name = f"{name}_{secrets.token_hex(4)}"
    subprocess.run(["psql", "-qX", SERVER, "-c", f"CREATE DATABASE {name}"], check=True)
    return f"{SERVER.rsplit('/', 1)[0]}/{name}"


def name_of(item):
    return item["metadata"]["name"]


def pod_of(item):
    return item["spec"]["template"]["spec"]


class Cluster:
    """What the pods would find around them."""

    def __init__(self, items, binaries, folder):
        self.items, self.binaries, self.folder = items, pathlib.Path(binaries).resolve(), pathlib.Path(folder)
        self.image = self.folder / "image"
        self.image.mkdir()
        identity = new_database("identity")
        self.secrets = {
            "tessera-agenda": {"database-url": identity, "client-secret": secrets.token_hex(32)},
            "tessera-auth-server": {
                "database-url": identity,
                "master-key": base64.b64encode(secrets.token_bytes(32)).decode(),
            },
            "tessera-applications": {
                "database-url": new_database("applications"),
                "client-secret": secrets.token_hex(32),
            },
            "tessera-base-token": {
                "database-url": new_database("bases"),
                "master-key": base64.b64encode(secrets.token_bytes(32)).decode(),
                "client-secret": secrets.token_hex(32),
            },
            "tessera-provisioning": {"database-url": identity, "client-secret": secrets.token_hex(32)},
            "tessera-rooms": {"database-url": new_database("rooms"), "client-secret": secrets.token_hex(32)},
        }
        self.ports = {
            (name_of(item), port): free_port() for item in self.all("Deployment") for port in ("http", "management")
        }

    def all(self, kind):
        return [item for item in self.items if item["kind"] == kind]

    def config_map(self, name):
        return next(item["data"] for item in self.all("ConfigMap") if name_of(item) == name)

    def contents(self, volume):
        """The files of a volume, by name. Secrets end in a newline, as files that people make do."""
        if "configMap" in volume:
            return self.config_map(volume["configMap"]["name"])
        sources = [source["secret"] for source in volume.get("projected", {}).get("sources", [])]
        sources += [volume["secret"]] if "secret" in volume else []
        return {
            entry["path"]: self.secrets[source.get("secretName") or source["name"]][entry["key"]] + "\n"
            for source in sources
            for entry in source["items"]
        }

    def mounts(self, item, container):
        """Where each mounted folder of a container is here."""
        volumes, here = {volume["name"]: volume for volume in pod_of(item).get("volumes", [])}, {}
        for mount in container.get("volumeMounts", []):
            folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
            here[mount["mountPath"] + "/"] = f"{folder}/"
            for name, text in self.contents(volumes[mount["name"]]).items():
                for path, local in here.items():
                    text = text.replace(path, local)
                (folder / name).write_text(text)
        return here

    def launch(self, item, container, **options):
        replaced = self.mounts(item, container)
        replaced["0.0.0.0:8080"] = f"127.0.0.1:{self.ports.get((name_of(item), 'http'))}"
        replaced["0.0.0.0:9090"] = f"127.0.0.1:{self.ports.get((name_of(item), 'management'))}"
        for service in map(name_of, self.all("Service")):
            replaced[f"http://{service}:8080"] = f"http://127.0.0.1:{self.ports[service, 'http']}"

        def local(text):
            for there, here in replaced.items():
                text = text.replace(there, here)
            return text

        variables = {}
        for source in container.get("envFrom", []):
            variables |= self.config_map(source["configMapRef"]["name"])
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

    def stop(self, item, process):
        process.send_signal(signal.SIGTERM)
        ended = process.wait(timeout=pod_of(item)["terminationGracePeriodSeconds"])
        if ended:
            sys.exit(f"k8s-start: {name_of(item)} ended with {ended} after SIGTERM")


def main(kustomization, binaries):
    with tempfile.TemporaryDirectory() as folder:
        cluster, running = Cluster(render(kustomization), binaries, folder), []
        try:
            for job in cluster.all("Job"):
                cluster.run_job(job)
            for deployment in cluster.all("Deployment"):
                running.append((deployment, *cluster.start(deployment)))
            for deployment, process, log in running:
                cluster.wait_until_ready(deployment, process, log)
            for deployment, process, _ in running:
                cluster.stop(deployment, process)
        finally:
            for _, process, _ in running:
                process.kill()
                process.wait()
        written = [str(path.relative_to(cluster.image)) for path in cluster.image.rglob("*")]
        if written:
            sys.exit(f"k8s-start: written to the image, which is read-only in a pod: {', '.join(written)}")


main(*sys.argv[1:])
