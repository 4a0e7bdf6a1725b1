"""Puts the images' roots together and runs the binaries in them as a container engine would: user 65532, no way to more
privileges, a read-only root without a shell, a volume for the data, secrets as files, the variables of the Dockerfile, and for
`tessera` the sample settings.

    start.py --run FOLDER-OF-BINARIES, in namespaces of its own for mounts, network and processes
    start.py --assemble FOLDER-OF-BINARIES
"""

import array
import fcntl
import http.client
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

USER = 65532
LARGEST_MIB = 60
SERVICES = sorted(path.name for path in pathlib.Path("services").iterdir() if (path / "Cargo.toml").exists())


def loopback_up():
    """SIOCSIFFLAGS: `ip link set lo up` without a program for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        flags = array.array("b", struct.pack("16sH14x", b"lo", 0x1 | 0x40))
        fcntl.ioctl(anything, 0x8914, flags)


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def size_mib(root):
    return sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) / 1024 / 1024


class Container:
    """What an image of a target of the Dockerfile becomes when it is run."""

    def __init__(self, target, root, volumes):
        stage = re.search(rf"^FROM scratch AS {target}$(.*?)(?=^FROM |\Z)", pathlib.Path("deploy/Dockerfile").read_text(), re.M | re.S)[1]
        block = re.search(r"^ENV ((?:.*\\\n)*.*)$", stage, re.M)[1]
        self.environment = dict(re.findall(r"([A-Z_]+)=(\S+)", block))
        self.root = root
        # An engine brings these along; /data is in the image.
        for folder in ["proc", "dev", "data"]:
            (root / folder).mkdir()
        (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        if target == "tessera":
            shutil.copy("deploy/settings/tessera.toml", root / "etc/tessera")
        mount("--bind", root, root)
        mount("-t", "proc", "proc", root / "proc")
        mount("-t", "tmpfs", "-o", "mode=755,size=1m", "dev", root / "dev")
        for device in ["null", "zero", "random", "urandom"]:
            (root / "dev" / device).touch()
            mount("--bind", f"/dev/{device}", root / "dev" / device)
        mount("-o", "remount,ro", root / "dev")
        for source, target in volumes.items():
            mount("--bind", source, root / target)
        mount("-o", "remount,bind,ro", root)

    def command(self, *command):
        # As a shell would: programs are looked for in the image, by its PATH.
        program = f"/usr/bin/{command[0]}"
        there = ["setpriv", "--no-new-privs", "chroot", f"--userspec={USER}:{USER}", "--groups=", self.root, program, *command[1:]]
        return {"args": there, "env": self.environment | {"PATH": os.environ["PATH"]}, "stdin": subprocess.DEVNULL}

    def run(self, *command, **variables):
        started = self.command(*command)
        started["env"] |= variables
        return subprocess.run(**started, capture_output=True, text=True)

    def start(self, *command, log, **variables):
        started = self.command(*command)
        started["env"] |= variables
        return subprocess.Popen(**started, stdout=log, stderr=subprocess.STDOUT)


def healthy(container, binary, process, log, **variables):
    until = time.monotonic() + 60
    while (asked := container.run(binary, "healthcheck", **variables)).returncode:
        if process.poll() is not None or time.monotonic() > until:
            sys.exit(f"docker-start: {binary} is not healthy: {asked.stderr}\n{pathlib.Path(log.name).read_text()[-4000:]}")
        time.sleep(0.1)
    assert asked.stdout == "ready\n", asked


def stopped(process, what):
    process.send_signal(signal.SIGTERM)
    if ended := process.wait(timeout=30):
        sys.exit(f"docker-start: {what} ended with {ended} after SIGTERM")


def uses_of(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return {name: re.search(rf"^{name}:[ \t]*(.*?) *$", status, re.M)[1] for name in ("Uid", "Gid", "Groups", "CapEff", "CapPrm", "NoNewPrivs")}


def assemble(folder, binaries):
    roots = {"tessera": ["tessera"], "services": SERVICES}
    for target, names in roots.items():
        root = folder / target
        subprocess.run(["deploy/image/root", root, *(binaries / name for name in names)], check=True)
        odd = [path for path in root.rglob("*") if path.is_symlink() or path.lstat().st_mode & 0o6022]
        assert not odd, f"links, or writable by others, or set-user-id: {odd}"
        size, largest = size_mib(root), sum((binaries / name).stat().st_size for name in names) / 1024 / 1024
        print(f"  image {target}: {size:.1f} MiB, {size - largest:.1f} MiB of them beside the binaries")
        if target == "tessera" and size > LARGEST_MIB:
            sys.exit(f"docker-start: that is more than {LARGEST_MIB} MiB")


def all_in_one(container, folder):
    with (folder / "tessera.log").open("w") as log:
        process = container.start("tessera", "serve", log=log)
        healthy(container, "tessera", process, log)
        same = {"Uid": "\t".join([str(USER)] * 4), "Gid": "\t".join([str(USER)] * 4), "Groups": "", "CapEff": "0" * 16, "CapPrm": "0" * 16, "NoNewPrivs": "1"}
        assert uses_of(process) == same, uses_of(process)
        connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=10)
        connection.request("GET", "/.well-known/jwks.json")
        answer = connection.getresponse()
        assert (answer.status, b'"keys"' in answer.read()) == (200, True), answer.status
        connection.close()
    made = {path.name: (path.stat().st_uid, oct(path.stat().st_mode & 0o777)) for path in (folder / "data").iterdir()}
    assert {"identity.db", "master.key"} <= set(made) and set(made.values()) == {(USER, "0o600")}, made
    print("  tessera: ready as user 65532 without capabilities, on a read-only root; data for its eyes only")
    return process


def one_service(container, folder, process):
    """A service beside it, found by name: libc's own way to names works in there, and secrets are read from files."""
    applied = container.run("tessera", "apply", "/run/secrets/tessera/clients.yaml")
    assert applied.returncode == 0, applied
    variables = {
        "TESSERA_SERVER__LISTEN": "0.0.0.0:8081",
        "TESSERA_SERVER__MANAGEMENT": "0.0.0.0:9091",
        "TESSERA_AUTHORITY__URL": "http://localhost:8080",
        "TESSERA_AUTHORITY__CLIENT_ID": "rooms",
        "TESSERA_AUTHORITY__CLIENT_SECRET_FILE": "/run/secrets/tessera/rooms-client-secret",
        "TESSERA_AUTH__ISSUER": "http://localhost:8080",
    }
    with (folder / "rooms.log").open("w") as log:
        rooms = container.start("rooms", log=log, **variables)
        healthy(container, "rooms", rooms, log, **variables)
        stopped(process, "tessera")
        assert container.run("tessera", "healthcheck").returncode == 6
        stopped(rooms, "rooms")
        assert container.run("rooms", "healthcheck", **variables).returncode == 1
    print("  rooms: ready beside it, found as `localhost`; both end with 0 when told to, and are not healthy any more")


def every_binary(container):
    for name in SERVICES:
        told = container.run(name, "--version")
        if told.returncode or not told.stdout.startswith(f"{name} "):
            sys.exit(f"docker-start: {name} does not run: {told}")
    print(f"  services: {len(SERVICES)} binaries run")


def only_assemble(binaries):
    """Where nobody may make namespaces, as in most containers."""
    with tempfile.TemporaryDirectory() as folder:
        assemble(pathlib.Path(folder), pathlib.Path(binaries))
    print("  NOT RUN: this needs root and namespaces of its own, which are not to be had here")


def main(binaries):
    assert os.getpid() == 1, "run by docker-start, in namespaces of its own"
    loopback_up()
    mount("--make-rprivate", "/")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tessera-image."))
    try:
        # Mounts end with this process; the folder below them does not.
        mount("-t", "tmpfs", "-o", "mode=755", "images", folder)
        assemble(folder, pathlib.Path(binaries))
        for volume, owner in {"data": USER, "other": USER, "files": 0}.items():
            (folder / volume).mkdir(mode=0o700 if owner else 0o755)
            os.chown(folder / volume, owner, owner)
        for name in ("agenda", "applications", "base-token", "provisioning", "rooms"):
            (folder / "files" / f"{name}-client-secret").write_text(secrets.token_hex(32))
        shutil.copy("k8s/base/clients.yaml", folder / "files")
        inside = {folder / "files": "run/secrets/tessera"}
        tessera = Container("tessera", folder / "tessera", {folder / "data": "data"} | inside)
        services = Container("services", folder / "services", {folder / "other": "data"} | inside)
        every_binary(services)
        one_service(Both(tessera, services), folder, all_in_one(tessera, folder))
        try:
            (folder / "tessera/usr/bin/x").touch()
            sys.exit("docker-start: the root can be written")
        except OSError:
            pass
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", folder], check=False)
        folder.rmdir()


class Both:
    """`tessera` in the one image, services in the other."""

    def __init__(self, tessera, services):
        self.tessera, self.services = tessera, services

    def of(self, name):
        return self.tessera if name == "tessera" else self.services

    def run(self, name, *arguments, **variables):
        return self.of(name).run(name, *arguments, **variables)

    def start(self, name, *arguments, log, **variables):
        return self.of(name).start(name, *arguments, log=log, **variables)


{"--assemble": only_assemble, "--run": main}[sys.argv[1]](sys.argv[2])
