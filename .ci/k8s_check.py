"""Judges what the kustomizations named on the command line render to.

Schemas, in which a field that they do not know is an error: Kubernetes' own, and those of the Gateway API; references inside
the rendering; the restricted profile and our own rules for pods (k8s_pods.py); the network policies against what the
settings need (k8s_network.py); the routes against the OpenAPI documents (k8s_routing.py); and every check that a published
linter has for manifests, for the overlays, which are what is deployed. Nothing is left out by an exception. Before that it
breaks renderings on purpose, once for each thing it claims to find, and fails if that passes.
"""

import copy
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

from k8s_network import network_faults
from k8s_pods import (
    PROBES,
    broken,
    containers,
    name,
    pods,
    production_faults,
    restricted_faults,
    rule_faults,
    scale_faults,
)
from k8s_routing import routing_faults

# The oldest and the newest release that the manifests are meant for.
KUBERNETES = ["1.32", "1.37"]
# What the operator makes, beside the Secrets.
FROM_OUTSIDE = {"ConfigMap/tessera-database-ca"}


@functools.cache
def text_of(folder):
    return subprocess.run(["kubectl", "kustomize", folder], check=True, capture_output=True, text=True).stdout


def render(folder):
    return [item for item in yaml.safe_load_all(text_of(folder)) if item]


def of_gateway_api(item):
    return item["apiVersion"].startswith("gateway.networking.k8s.io/")


def schema_faults(items):
    for item in items:
        yield from (gateway_faults if of_gateway_api(item) else kubernetes_faults)(json.dumps(item))


@functools.cache
def kubernetes_faults(text):
    """Remembered: of a rendering that was broken on purpose, most is as before."""
    item, found = json.loads(text), []
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(str(step) for step in error.path)
            found.append(f"{name(item)} for Kubernetes {version}: {where}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError as error:
            found.append(f"{name(item)}: {error.message}")
    return found


@functools.cache
def gateway_faults(text):
    checker = pathlib.Path(os.environ["TESSERA_K8S_ROUTES"], "check.mjs")
    said = subprocess.run(["node", checker], input=f"[{text}]", capture_output=True, text=True, check=True)
    return said.stdout.splitlines()


def reference_faults(items):
    known = {name(item) for item in items} | FROM_OUTSIDE
    for owner, template in pods(items):
        account = template["spec"].get("serviceAccountName")
        if f"ServiceAccount/{account}" not in known:
            yield f"{owner}: there is no service account {account}"
        volumes = {volume["name"]: volume for volume in template["spec"].get("volumes", [])}
        for volume in volumes.values():
            config = volume.get("configMap", {}).get("name")
            if config and f"ConfigMap/{config}" not in known:
                yield f"{owner}: there is no config map {config}"
        for container in containers(template):
            yield from (f"{owner}: {fault}" for fault in container_reference_faults(container, volumes, known))
    for item in items:
        if item["kind"] == "Service":
            yield from service_faults(item, pods(items))
        if item["kind"] in ("Ingress", "HTTPRoute"):
            yield from backend_faults(item, items)


def container_reference_faults(container, volumes, known):
    for source in container.get("envFrom", []):
        config = source.get("configMapRef", {}).get("name")
        if config and f"ConfigMap/{config}" not in known:
            yield f"there is no config map {config}"
    mounts = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
    for mount in container.get("volumeMounts", []):
        if mount["name"] not in volumes:
            yield f"there is no volume {mount['name']}"
    for variable in container.get("env", []):
        value = variable.get("value", "")
        if value.startswith("/") and not any(value.startswith(f"{mount}/") for mount in mounts):
            yield f"{variable['name']} names a file in no volume"
    ports = {port["name"] for port in container.get("ports", [])}
    for probe in PROBES:
        port = container.get(probe, {}).get("httpGet", {}).get("port")
        if port and port not in ports:
            yield f"{probe} asks port {port}, which {container['name']} does not have"


def service_faults(service, templates):
    wanted = service["spec"]["selector"].items()
    behind = [template for _, template in templates if wanted <= template["metadata"]["labels"].items()]
    if len(behind) != 1:
        yield f"{name(service)} selects {len(behind)} kinds of pod, not one"
        return
    offered = {port["name"] for container in containers(behind[0]) for port in container.get("ports", [])}
    for port in service["spec"]["ports"]:
        if port["targetPort"] not in offered:
            yield f"{name(service)}: its pods have no port {port['targetPort']}"


def backend_faults(item, items):
    offered = set()
    for service in items:
        if service["kind"] == "Service":
            for port in service["spec"]["ports"]:
                offered |= {(service["metadata"]["name"], port["name"]), (service["metadata"]["name"], port["port"])}
    if item["kind"] == "Ingress":
        entries = [path["backend"]["service"] for rule in item["spec"]["rules"] for path in rule["http"]["paths"]]
        asked = {(entry["name"], entry["port"].get("name", entry["port"].get("number"))) for entry in entries}
    else:
        asked = {(entry["name"], entry["port"]) for rule in item["spec"]["rules"] for entry in rule["backendRefs"]}
    yield from (f"{name(item)}: there is no service {service} with a port {port}" for service, port in asked - offered)


def faults(items):
    """Everything but the linter, which is slow."""
    return [
        *schema_faults(items),
        *reference_faults(items),
        *restricted_faults(items),
        *rule_faults(items),
        *scale_faults(items),
        *network_faults(items),
        *routing_faults(items),
    ]


def linter_faults(folder, text):
    """Every check that checkov has for manifests, and the number of those that passed."""
    with tempfile.TemporaryDirectory() as home:
        file = pathlib.Path(home, "rendered.yaml")
        file.write_text(text)
        said = subprocess.run(
            [os.environ["TESSERA_CHECKOV"], "--file", file, "--framework", "kubernetes", "--output", "json"],
            cwd=home,
            env={"PATH": os.environ["PATH"], "HOME": home, "LOG_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
        )
    try:
        report = json.loads(said.stdout)
        summary, results = report["summary"], report["results"]
    except (ValueError, KeyError, TypeError):
        sys.exit(f"{folder}: the linter has failed\n{said.stdout}{said.stderr}")
    found = [f"{check['resource']}: {check['check_id']} {check['check_name']}" for check in results["failed_checks"]]
    if summary["passed"] == 0 or summary["skipped"] or summary["parsing_errors"]:
        found.append(f"the linter did not do its work: {summary}")
    return found, summary["passed"]


def prove_that_faults_are_found(ingress, routes):
    """A check that cannot fail proves nothing: each of these must be refused."""

    def changed(items, kind, path, value):
        items = copy.deepcopy(items)
        place = next(item for item in items if kind in (item["kind"], name(item)))
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        return items

    def without(items, wanted):
        return [item for item in items if name(item) != wanted]

    pod = ["spec", "template", "spec"]
    first = [*pod, "containers", 0]
    context = [*first, "securityContext"]
    rule = ["spec", "rules", 0]
    a_route = [*rule, "matches", 0, "path"]
    an_ingress_path = [*rule, "http", "paths", 0]
    foreign = {"name": "x", "hostPath": {"path": "/"}}
    cases = {
        "an unknown field": changed(ingress, "Deployment", ["spec", "replica"], 2),
        "an unknown field deep inside": changed(ingress, "Deployment", [*first, "livenessProbe", "httpGet", "pth"], "/"),
        "a wrong type": changed(ingress, "Deployment", ["spec", "replicas"], "two"),
        "an unknown kind": changed(ingress, "Service", ["kind"], "Servise"),
        "an unknown field of a route": changed(routes, "HTTPRoute", ["spec", "hostname"], "x"),
        "an unknown value in a route": changed(routes, "HTTPRoute", [*a_route, "type"], "Prefix"),
        "an unknown kind of route": changed(routes, "HTTPRoute", ["kind"], "HTTPRout"),
        "a config map that is not there": changed(ingress, "Deployment", [*first, "envFrom", 0, "configMapRef", "name"], "n"),
        "a file that is not mounted": changed(ingress, "Deployment", [*first, "env", 0, "value"], "/run/none"),
        "a probe of no port": changed(ingress, "Deployment", [*first, "livenessProbe", "httpGet", "port"], "none"),
        "a service without pods": changed(ingress, "Service", ["spec", "selector"], {"app.kubernetes.io/name": "none"}),
        "a backend that is not there": changed(ingress, "Ingress", [*an_ingress_path, "backend", "service", "name"], "n"),
        "service links": changed(ingress, "Deployment", [*pod, "enableServiceLinks"], True),
        "a token of the API": changed(ingress, "ServiceAccount", ["automountServiceAccountToken"], True),
        "a pod that may run as root": changed(ingress, "Job", [*pod, "securityContext", "runAsNonRoot"], False),
        "a pod that runs as root": changed(ingress, "Job", [*pod, "securityContext", "runAsUser"], 0),
        "no seccomp": changed(ingress, "Job", [*pod, "securityContext", "seccompProfile"], None),
        "the network of the node": changed(ingress, "Deployment", [*pod, "hostNetwork"], True),
        "a folder of the node": changed(ingress, "Deployment", [*pod, "volumes", 0], foreign),
        "a port of the node": changed(ingress, "Deployment", [*first, "ports", 0, "hostPort"], 80),
        "a privileged container": changed(ingress, "Deployment", [*context, "privileged"], True),
        "more privileges": changed(ingress, "Deployment", [*context, "allowPrivilegeEscalation"], True),
        "capabilities that are kept": changed(ingress, "Deployment", [*context, "capabilities", "drop"], None),
        "capabilities that are added": changed(ingress, "Deployment", [*context, "capabilities", "add"], ["NET_RAW"]),
        "another /proc": changed(ingress, "Deployment", [*context, "procMount"], "Unmasked"),
        "another SELinux type": changed(ingress, "Deployment", [*context, "seLinuxOptions"], {"type": "spc_t"}),
        "no AppArmor": changed(ingress, "Deployment", [*context, "appArmorProfile"], {"type": "Unconfined"}),
        "an unsafe sysctl": changed(
            ingress, "Deployment", [*pod, "securityContext", "sysctls"], [{"name": "kernel.msgmax", "value": "1"}]
        ),
        "a writable image": changed(ingress, "Job", [*first, "securityContext", "readOnlyRootFilesystem"], False),
        "no limit of memory": changed(ingress, "Deployment", [*first, "resources", "limits", "memory"], None),
        "a secret in a variable": changed(
            ingress, "Deployment", [*first, "env", 0], {"name": "A", "valueFrom": {"secretKeyRef": {"name": "b", "key": "c"}}}
        ),
        "no readiness": changed(ingress, "Deployment", [*first, "readinessProbe"], None),
        "no preStop": changed(ingress, "Deployment", [*first, "lifecycle"], None),
        "no time to finish": changed(ingress, "Deployment", [*pod, "terminationGracePeriodSeconds"], 30),
        "no spreading": changed(ingress, "Deployment", [*pod, "topologySpreadConstraints"], None),
        "replicas beside an autoscaler": changed(routes, "Deployment", ["spec", "replicas"], 2),
        "an autoscaler of nothing": changed(routes, "HorizontalPodAutoscaler", ["spec", "scaleTargetRef", "name"], "none"),
        "no budget": without(ingress, "PodDisruptionBudget/rooms"),
        "a rollout that takes pods away": changed(
            ingress, "Deployment", ["spec", "strategy", "rollingUpdate", "maxUnavailable"], 1
        ),
        "no policy by default": without(ingress, "NetworkPolicy/tessera-nothing"),
        "no way to the database": without(ingress, "NetworkPolicy/tessera-databases"),
        "no way to the auth server": without(ingress, "NetworkPolicy/tessera-services"),
        "no way to the collector": without(routes, "NetworkPolicy/tessera-telemetry"),
        "a way to everybody": changed(ingress, "NetworkPolicy/tessera-nothing", ["spec", "egress"], [{}]),
        "a way in for everybody": changed(ingress, "NetworkPolicy/tessera-nothing", ["spec", "ingress"], [{}]),
        "an internal path": changed(ingress, "Ingress", [*an_ingress_path, "path"], "/internal"),
        "an internal path in a route": changed(routes, "HTTPRoute", [*a_route, "value"], "/internal"),
        "everything": changed(routes, "HTTPRoute", [*a_route, "value"], "/"),
        "a path too few": changed(ingress, "Ingress", [*an_ingress_path, "path"], "/oauth2"),
    }
    missed = [case for case, items in cases.items() if not faults(items)]
    pinned = changed(routes, "Deployment", [*first, "image"], "tessera:1")
    lax = changed(routes, "Namespace", ["metadata", "labels"], {})
    missed += ["an image without digest"] * (not list(production_faults(pinned)))
    missed += ["a namespace that enforces nothing"] * (not list(production_faults(lax)))
    writable = yaml.safe_dump_all(changed(routes, "Deployment", [*context, "readOnlyRootFilesystem"], False))
    missed += ["what the linter finds"] * (not linter_faults("broken", writable)[0])
    if missed:
        sys.exit(f"k8s-check would not notice: {', '.join(missed)}")
    print(f"  {len(cases) + 3} broken manifests: all refused")


def main(base, *overlays):
    """`overlays` are deployed; the base is a part of each."""
    renderings = {folder: render(folder) for folder in [base, *overlays]}

    def having(kind):
        return next(items for items in renderings.values() if any(item["kind"] == kind for item in items))

    prove_that_faults_are_found(having("Ingress"), having("HTTPRoute"))
    found = []
    for folder, items in renderings.items():
        here, lint = faults(items), ""
        if folder in overlays:
            linted, passed = linter_faults(folder, text_of(folder))
            here += [*production_faults(items), *linted]
            lint = f", {passed} checks of the linter passed"
        found += [f"{folder}: {fault}" for fault in here]
        print(f"  {folder}: {len(items)} objects, Kubernetes {' and '.join(KUBERNETES)}{lint}")
    for fault in found:
        print(f"  {fault}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
