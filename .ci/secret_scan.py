"""Fails when a committed file holds a secret (threat 22).

detect-secrets finds them. Program code, settings and manifests are judged by all its detectors; tests, documentation
and examples, where made-up passwords and published vectors belong, by those that recognise private keys and real
credentials of known services. The demo's secrets, which are public, may stand in deploy/bootstrap.demo.yaml, in tests and in
documentation, and nowhere else. What is found and harmless goes into secret-scan.allowed, a line each, with the reason.
"""

import hashlib
import multiprocessing
import pathlib
import re
import subprocess
import sys
import tempfile

from detect_secrets.core.scan import scan_file
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import transient_settings

DEMO = pathlib.Path("deploy/bootstrap.demo.yaml")
ALLOWED = pathlib.Path(__file__).with_name("secret-scan.allowed")
# Generated from elsewhere and full of hashes.
SKIPPED = {"Cargo.lock", "package-lock.json", "requirements.txt", "requirements-k8s.txt"}
# Fine in a test or an example: made-up passwords, digests, expired tokens, `postgres://user:password@host`.
HARMLESS_IN_EXAMPLES = {
    "Base64 High Entropy String", "Basic Auth Credentials", "Hex High Entropy String", "JSON Web Token",
    "Secret Keyword", "Public IP (ipv4)",
}  # fmt: skip
PLUGINS = [
    {"name": plugin.__name__}
    for plugin in get_mapping_from_secret_type_to_class().values()
    if plugin.__name__ != "IPPublicDetector"
]
# The frame around a key that is only put in is no key.
# A path of a mounted or named file is where the secret is, not the secret; `$` and `{` begin a reference.
FILTERS = [
    {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
    {"path": "detect_secrets.filters.heuristic.is_sequential_string"},
    {"path": "detect_secrets.filters.heuristic.is_potential_uuid"},
    {"path": "detect_secrets.filters.heuristic.is_templated_secret"},
    {"path": "detect_secrets.filters.heuristic.is_indirect_reference"},
    {"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": [r"PRIVATE KEY-----\\n\{"]},
    {
        "path": "detect_secrets.filters.regex.should_exclude_secret",
        "pattern": [r"^(env:|file:|/run/secrets/)", r"^tessera-[a-z-]+$", r"^password$"],
    },
]


def committed():
    listing = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    paths = [pathlib.Path(path) for path in listing.split("\0") if path]
    return [str(path) for path in paths if path.name not in SKIPPED and path != DEMO and path.is_file()]


def example_lines(path):
    """The numbers of the lines that are test or documentation: all, or those of `#[cfg(test)]` and OpenAPI examples."""
    lines = pathlib.Path(path).read_text(errors="replace").splitlines()
    if path.endswith((".md", "tests.rs")) or re.search(r"(^|/)(tests|examples|test-kit|proto-docs)/", path):
        return set(range(1, len(lines) + 1))
    found, depth = set(), 0
    for number, line in enumerate(lines if path.endswith(".rs") else [], 1):
        if line.strip() == "#[cfg(test)]":
            return found | set(range(number, len(lines) + 1))
        begins = re.search(r"\bexample = (.*)", line)
        if begins or depth > 0:
            found.add(number)
            text, depth = (begins[1], 0) if begins else (line, depth)
            depth += len(re.findall(r"[(\[{]", text)) - len(re.findall(r"[)\]}]", text))
    return found


def detected(path):
    examples = example_lines(path)
    # Half of the names here hold the word `secret` or `password`; in Rust and manifests the other detectors must do.
    keywords = not path.endswith((".rs", "Cargo.toml"))
    for secret in scan_file(path):
        if secret.type == "Secret Keyword" and not keywords:
            continue
        if secret.line_number not in examples or secret.type not in HARMLESS_IN_EXAMPLES:
            yield secret.line_number, secret.secret_hash[:16], secret.type


def demo_secrets():
    if not DEMO.exists():
        return []
    found = re.findall(r"(?:secret|password|key)s?:\s*[\"']?([^\s\"'#\[\]]{8,})", DEMO.read_text())
    return sorted(value for value in set(found) if not value.startswith(("env:", "file:")))


def demo_secrets_in(path, secrets):
    examples = example_lines(path)
    for number, line in enumerate(pathlib.Path(path).read_text(errors="replace").splitlines(), 1):
        if number not in examples and any(secret in line for secret in secrets):
            yield number, "demo", f"a secret of {DEMO}"


def allowed():
    lines = ALLOWED.read_text().splitlines()
    return {tuple(line.split()[:2]) for line in lines if line.strip() and not line.startswith("#")}


def prove_that_secrets_are_found(secrets):
    """A check that cannot fail proves nothing. Put together here, so that this file holds none of them."""
    planted = {
        "key.pem": "-----BEGIN EC " + "PRIVATE KEY-----",
        "README.md": "key: AKIA" + "QYLPMN5HFIQR7XYA",
        "settings.yaml": "client_secret: " + "q8Zt0vXw4rLm2nPk",
        "lib.rs": 'const KEY: &str = "' + hashlib.sha256(b"planted").hexdigest()[:32] + '";',
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, text in planted.items():
            path = pathlib.Path(folder, name)
            path.write_text(text + "\n")
            if not list(detected(str(path))):
                sys.exit(f"secret-scan would not notice the secret planted in {name}")
        path = pathlib.Path(folder, "main.rs")
        path.write_text("".join(f'const A: &str = "{secret}";\n' for secret in secrets))
        if len(list(demo_secrets_in(str(path), secrets))) != len(secrets):
            sys.exit("secret-scan would not notice a demo secret in program code")


def everything_in(path, secrets):
    return [*detected(path), *demo_secrets_in(path, secrets)]


def main():
    secrets, known, used, found, paths = demo_secrets(), allowed(), set(), [], committed()
    with transient_settings({"plugins_used": PLUGINS, "filters_used": FILTERS}):
        prove_that_secrets_are_found(secrets)
        # Processes that are forked have the settings, too.
        with multiprocessing.get_context("fork").Pool() as pool:
            answers = pool.starmap(everything_in, [(path, secrets) for path in paths], chunksize=16)
        for path, answer in zip(paths, answers, strict=True):
            for line, digest, what in answer:
                if (path, digest) in known:
                    used.add((path, digest))
                else:
                    found.append(f"  {path}:{line}: {what}; if it is harmless: {path} {digest} REASON")
    found += [f"  {ALLOWED.name}: {path} {digest} is not found any more" for path, digest in sorted(known - used)]
    if found:
        sys.exit("\n".join(["secret-scan:", *found]))
    print(f"  {len(paths)} files, {len(secrets)} demo secrets: nothing found, {len(used)} allowed by hand")


main()
