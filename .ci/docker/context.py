"""What .dockerignore lets into a build, judged by what the build of the binaries in a folder has read.

    context.py judge FOLDER-OF-BINARIES, as cargo leaves it, with a `.d` file beside each binary
    context.py copy FOLDER, to which everything that is let in is copied
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path.cwd()


def pattern(line):
    """A line as an expression for paths. Of Docker's notation there is `*`, within a name, and `**`, any folders."""
    assert not set(line) & set("[]?\\"), f".dockerignore: {line} is more than is understood here"
    parts = [r"(?:.*/)?" if part == "**" else re.escape(part).replace(r"\*", "[^/]*") + "/" for part in line.split("/")]
    return re.compile("".join(parts).removesuffix("/") + r"(?:/.*)?")


def rules():
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            yield pattern(line.removeprefix("!")), line.startswith("!")


def let_in(path, judged):
    """The last line that matches decides."""
    decided = True
    for expression, included in judged:
        if expression.fullmatch(path):
            decided = included
    return decided


def read_by_the_build(binaries):
    """The files that were read, below the checkout that was built, which need not be this one."""
    for file in sorted(binaries.glob("*.d")):
        if not (binaries / file.stem).is_file():
            continue
        listed = re.split(r"(?<!\\) ", file.read_text().split(": ", 1)[1].strip())
        # `crates/../deploy/x` is what `include_str!` is given.
        paths = [os.path.normpath(path.replace("\\ ", " ")) for path in listed]
        main = next((path for path in paths if path.endswith(f"/services/{file.stem}/src/main.rs")), None)
        if main:
            checkout = main.removesuffix(f"services/{file.stem}/src/main.rs")
            yield from (path.removeprefix(checkout) for path in paths if path.startswith(checkout))


def files_let_in(judged):
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others"], check=True, capture_output=True, text=True).stdout
    return {path for path in listed.split("\0") if path and (ROOT / path).is_file() and let_in(path, judged)}


def copy(context, folder):
    for path in context:
        target = pathlib.Path(folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, target)


def judge(binaries):
    judged = list(rules())
    context = files_let_in(judged)
    for path in ["deploy/secrets/x", ".git/config", "target/release/tessera", "tessera-data/master.key", "deploy/settings/rooms.toml",
                 "k8s/base/rooms.yaml", ".env", "services/rooms/tests/process.rs", ".ci/run", "proto-docs/x"]:  # fmt: skip
        if let_in(path, judged):
            sys.exit(f"docker-start: .dockerignore lets {path} in")
    read = set(read_by_the_build(binaries))
    if len(read) < 100 or "services/tessera/src/main.rs" not in read:
        sys.exit(f"docker-start: no binaries with their `.d` files in {binaries}")
    # A file may be gone that an older build has read.
    if missing := sorted(path for path in read - context if (ROOT / path).exists()):
        sys.exit("docker-start: .dockerignore keeps out what the build reads: " + ", ".join(missing))

    with tempfile.TemporaryDirectory() as folder:
        copy(context, folder)
        # Fails for a manifest whose targets are not there, and for a lock file that does not fit.
        command = ["cargo", "metadata", "--locked", "--offline", "--format-version=1"]
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if found.returncode:
            sys.exit(f"docker-start: the filtered sources are no workspace: {found.stderr}")
        members = json.loads(found.stdout)["workspace_members"]
        size = sum((ROOT / path).stat().st_size for path in context)
    print(f"  context: {len(context)} files, {size / 1024 / 1024:.1f} MiB, {len(members)} packages; {len(read)} of them read by the build")


match sys.argv[1:]:
    case ["judge", binaries]:
        judge(pathlib.Path(binaries))
    case ["copy", folder]:
        copy(files_let_in(list(rules())), folder)
