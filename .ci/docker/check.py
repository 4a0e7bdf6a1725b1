"""Whether the files of deploy/ agree with each other and with the code, which no linter sees.

Before that it breaks each of them on purpose, once for every thing it claims to find, and fails if that passes.
"""

import copy
import ipaddress
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import yaml

DEPLOY = pathlib.Path("deploy")
SERVICES = sorted(path.name for path in pathlib.Path("services").iterdir() if (path / "Cargo.toml").exists())
# What otel/opentelemetry-collector-contrib has of the components that are used.
COLLECTOR = {
    "receivers": {"otlp", "prometheus"},
    "processors": {"batch", "memory_limiter"},
    "exporters": {"debug", "otlphttp", "prometheus"},
    "extensions": {"health_check"},
}


class Files:
    def __init__(self):
        self.compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
        self.collector = yaml.safe_load((DEPLOY / "otel-collector.yaml").read_text())
        self.settings = {path.stem: tomllib.loads(path.read_text()) for path in (DEPLOY / "settings").glob("*.toml")}
        self.dockerfile = (DEPLOY / "Dockerfile").read_text()
        self.upstreams = (DEPLOY / "gateway/upstreams.conf").read_text()
        self.routes = (DEPLOY / "gateway/routes.conf").read_text()
        self.listen = (DEPLOY / "gateway/listen.conf").read_text()
        self.limits = (DEPLOY / "gateway/nginx.conf").read_text()
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([DEPLOY / "make-secrets", folder], check=True)
            self.secrets = {path.name for path in pathlib.Path(folder).iterdir()}
            before = {path: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
            subprocess.run([DEPLOY / "make-secrets", folder], check=True)
            assert before == {path: path.read_bytes() for path in pathlib.Path(folder).iterdir()}, "secrets are made anew"


def ours(compose):
    return {name: service for name, service in compose["services"].items() if service["image"].startswith("tessera")}


def strings(tree, path=()):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from strings(value, (*path, key))
    else:
        yield ".".join(path), tree


def compose_faults(files):
    compose = files.compose
    running = {name for name, service in ours(compose).items() if "deploy" in service}
    if running != set(SERVICES) - {"tessera"}:
        yield f"compose.yaml runs {sorted(running)}"
    for name, service in compose["services"].items():
        if not re.fullmatch(r"[^:]+:\d+(\.\d+)+(-[a-z]+)?", service["image"]):
            yield f"compose.yaml: {name}: the image {service['image']} has no version"
        if "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"compose.yaml: {name} may gain privileges"
        if name != "postgres" and (not service.get("read_only") or service.get("cap_drop") != ["ALL"]):
            yield f"compose.yaml: {name} may write, or has capabilities"
        if name != "gateway" and service.get("ports"):
            yield f"compose.yaml: {name} can be reached past the gateway"
        for network in service["networks"]:
            if network not in compose["networks"]:
                yield f"compose.yaml: {name}: there is no network {network}"
        for secret in service.get("secrets", []):
            source = secret["source"] if isinstance(secret, dict) else secret
            if source not in compose["secrets"]:
                yield f"compose.yaml: {name}: there is no secret {source}"
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source not in compose["volumes"] and not (DEPLOY / source).exists():
                yield f"compose.yaml: {name}: there is no {source}"
        target = service.get("build", {}).get("target")
        if target and not re.search(rf"^FROM \S+ AS {target}$", files.dockerfile, re.M):
            yield f"compose.yaml: {name}: the Dockerfile has no target {target}"
    for name in running:
        service = compose["services"][name]
        if service["command"] != [name] or service["healthcheck"]["test"] != ["CMD", name, "healthcheck"]:
            yield f"compose.yaml: {name} starts or asks another one"
    used = {pathlib.Path(secret["file"]).name for secret in compose["secrets"].values()}
    if used != files.secrets:
        yield f"make-secrets and compose.yaml differ: {sorted(used ^ files.secrets)}"
    for network in ("services", "database", "telemetry"):
        if not (compose["networks"][network] or {}).get("internal"):
            yield f"compose.yaml: the network {network} leads outside"
    believed = ipaddress.ip_address(compose["services"]["gateway"]["networks"]["services"]["ipv4_address"])
    pool = compose["networks"]["services"]["ipam"]["config"][0]
    if believed not in ipaddress.ip_network(pool["subnet"]):
        yield "compose.yaml: the gateway's address is in another network"
    # Addresses are given out in the order in which containers start, and the gateway is the last of them.
    if believed in ipaddress.ip_network(pool.get("ip_range", pool["subnet"])):
        yield "compose.yaml: another container may get the gateway's address, and is believed then"


def settings_faults(files):
    if set(files.settings) != set(SERVICES):
        yield f"settings for {sorted(files.settings)}"
        return
    gateway = files.compose["services"]["gateway"]["networks"]["services"]["ipv4_address"]
    for name, settings in files.settings.items():
        where = f"settings/{name}.toml"
        if name == "tessera":
            continue
        if settings["server"]["trusted_proxies"] != [f"{gateway}/32"]:
            yield f"{where} trusts others than the gateway"
        service = files.compose["services"][name]
        mounted = {secret["target"] for secret in service.get("secrets", [])}
        read = {value for key, value in strings(settings) if key.endswith("_file")}
        if mounted != read:
            yield f"{where} and compose.yaml differ in secrets: {sorted(mounted ^ read)}"
        if [key for key, value in strings(settings) if key.endswith(("secret", "master_key", ".url")) and "authority.url" not in key]:
            yield f"{where} holds a secret itself"
        if (f"./settings/{name}.toml:/etc/tessera/{name}.toml:ro") not in service["volumes"]:
            yield f"compose.yaml: {name} does not get {where}"
        if settings["auth"]["issuer"] != settings["server"]["public_url"]:
            yield f"{where}: another issuer than its address"


def image_faults(files):
    stages = re.split(r"^FROM ", files.dockerfile, flags=re.M)[1:]
    if not re.match(r"rust:\$\{RUST_VERSION\}-bookworm AS build\n", stages[0]):
        yield "Dockerfile: another build image than the runtime's libraries are known for"
    version = re.search(r"^ARG RUST_VERSION=(\d+\.\d+)\.\d+$", files.dockerfile, re.M)
    needed = re.search(r'^rust-version = "(.*)"$', pathlib.Path("Cargo.toml").read_text(), re.M)
    if not version or version[1] != needed[1]:
        yield "Dockerfile: another Rust than Cargo.toml asks for"
    if len(stages) != 3 or not stages[-1].startswith("scratch AS tessera\n"):
        yield "Dockerfile: everything in one process is not what is built by default"
    for stage in stages[1:]:
        name = stage.split()[2]
        if "\nUSER 65532:65532\n" not in stage:
            yield f"Dockerfile: {name} runs as somebody else"
        if "--chown=65532:65532 /roots/data /data" not in stage or "TESSERA_DATA_DIR=/data" not in stage:
            yield f"Dockerfile: {name} cannot write its data"
    if 'CMD ["tessera", "healthcheck"]' not in stages[-1]:
        yield "Dockerfile: tessera has no health check"


def gateway_faults(files):
    upstreams = set(re.findall(r"^upstream (\S+) \{$", files.upstreams, re.M))
    if upstreams != set(SERVICES) - {"tessera"} or upstreams != set(re.findall(r"^    server (\S+):8080 ", files.upstreams, re.M)):
        yield f"upstreams.conf: {sorted(upstreams)}"
    passed = set(re.findall(r"proxy_pass (\S+);", files.routes))
    if passed != {f"http://{name}" for name in upstreams}:
        yield f"routes.conf leads to {sorted(passed)}, or changes paths"
    port = re.search(r"^listen (\d+) ", files.listen, re.M)[1]
    if not any(ports.endswith(f":{port}") for ports in files.compose["services"]["gateway"]["ports"]):
        yield "listen.conf: another port than compose.yaml publishes"
    # server.request_timeout and server.keep_alive of the services.
    server = pathlib.Path("crates/service-kit/src/settings/server.rs").read_text()
    seconds = {name: int(value) for name, value in re.findall(r"(\w+): Duration::from_secs\((\d+)\)", server)}
    if int(re.search(r"proxy_read_timeout (\d+)s;", files.limits)[1]) <= seconds["request_timeout"]:
        yield "nginx.conf gives up before the services do"
    if max(int(idle) for idle in re.findall(r"keepalive_timeout (\d+)s;", files.upstreams)) >= seconds["keep_alive"]:
        yield "upstreams.conf keeps connections longer than the services do"


def collector_faults(files):
    collector, used = files.collector, {kind: set() for kind in COLLECTOR}
    used["extensions"] |= set(collector["service"]["extensions"])
    for pipeline in collector["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            used[kind] |= set(names)
        if pipeline["processors"][0] != "memory_limiter":
            yield "otel-collector.yaml: memory_limiter has to be the first"
    for kind, known in COLLECTOR.items():
        defined = set(collector[kind])
        if defined != used[kind]:
            yield f"otel-collector.yaml: {kind} defined and used differ: {sorted(defined ^ used[kind])}"
        if unknown := {name.split("/")[0] for name in defined} - known:
            yield f"otel-collector.yaml: {kind}: unknown: {sorted(unknown)}"
    endpoint = collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    scraped = collector["receivers"]["prometheus"]["config"]["scrape_configs"][0]["dns_sd_configs"][0]
    if set(scraped["names"]) != set(SERVICES) - {"tessera"} or scraped["port"] != 9090:
        yield "otel-collector.yaml collects from others than the services"
    # What the alerts and the dashboard ask for.
    jobs = [rule["replacement"] for rule in files.collector["receivers"]["prometheus"]["config"]["scrape_configs"][0]["relabel_configs"]]
    if jobs != ["tessera-$$1"]:
        yield "otel-collector.yaml: the jobs are not called tessera-SERVICE"
    for name, service in ours(files.compose).items():
        if "deploy" not in service:
            continue
        sent = service["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
        if sent != "http://otel-collector:" + endpoint.rsplit(":", 1)[1] or "telemetry" not in service["networks"]:
            yield f"compose.yaml: {name} does not reach the collector"


RULES = [compose_faults, settings_faults, image_faults, gateway_faults, collector_faults]


def faults(files):
    return [fault for rule in RULES for fault in rule(files)]


def set_in(*path, to):
    def change(files):
        *there, last = path
        tree = getattr(files, there[0])
        for step in there[1:]:
            tree = tree[step]
        tree[last] = to

    return change


def replaced(name, old, new):
    def change(files):
        text = getattr(files, name)
        assert old in text, f"{name} has no {old}"
        setattr(files, name, text.replace(old, new))

    return change


MISTAKES = [
    set_in("compose", "services", "rooms", "image", to="tessera-services:latest"),
    set_in("compose", "services", "rooms", "ports", to=["8081:8080"]),
    set_in("compose", "services", "rooms", "command", to=["agenda"]),
    set_in("compose", "services", "rooms", "read_only", to=False),
    set_in("compose", "services", "rooms", "networks", to=["nowhere"]),
    set_in("compose", "services", "rooms", "healthcheck", to={"test": ["CMD", "agenda", "healthcheck"]}),
    set_in("compose", "services", "gateway", "volumes", to=["./nothing:/etc/nginx/tessera:ro"]),
    set_in("compose", "services", "gateway", "security_opt", to=[]),
    set_in("compose", "secrets", "stray", to={"file": "./secrets/stray"}),
    set_in("compose", "networks", "database", to={}),
    set_in("compose", "services", "gateway", "networks", "services", "ipv4_address", to="172.30.80.3"),
    set_in("compose", "networks", "services", "ipam", "config", to=[{"subnet": "172.30.80.0/24"}]),
    set_in("compose", "services", "agenda", "secrets", to=[]),
    set_in("settings", "rooms", "rooms", "database", to={"url": "postgres://somewhere"}),
    set_in("settings", "rooms", "auth", "issuer", to="http://other.example"),
    set_in("settings", "stray", to={}),
    replaced("dockerfile", "RUST_VERSION=1.", "RUST_VERSION=0."),
    replaced("dockerfile", "USER 65532:65532", "USER 0:0"),
    replaced("dockerfile", "--chown=65532:65532", ""),
    replaced("dockerfile", "AS services", "AS everything"),
    replaced("dockerfile", '"healthcheck"', '"serve"'),
    replaced("upstreams", "rooms:8080", "rooms:8081"),
    replaced("upstreams", "keepalive_timeout 60s", "keepalive_timeout 75s"),
    replaced("routes", "http://rooms;", "http://rooms/;"),
    replaced("listen", "listen 8080", "listen 80"),
    replaced("limits", "proxy_read_timeout 45s", "proxy_read_timeout 30s"),
    set_in("collector", "processors", "memory_limit", to={}),
    set_in("collector", "service", "pipelines", "traces", "exporters", to=["otlphttp"]),
    set_in("collector", "service", "pipelines", "traces", "processors", to=["batch", "memory_limiter"]),
    set_in("collector", "receivers", "otlp", "protocols", "http", "endpoint", to="0.0.0.0:4317"),
]


def main():
    files = Files()
    for number, mistake in enumerate(MISTAKES):
        broken = copy.deepcopy(files)
        mistake(broken)
        if not faults(broken):
            sys.exit(f"docker-check: mistake {number} is not found")
    if found := faults(files):
        sys.exit("\n".join(f"docker-check: {fault}" for fault in found))
    print(f"docker-check: deploy/ is in order; {len(MISTAKES)} mistakes made on purpose were found")


main()
