"""Judges what the kustomizations named on the command line render to.

Three things: Kubernetes' own schemas, in which a field that they do not know is an error; references inside the
rendering (config maps, service accounts, selectors, ports, volumes); and the rules that every pod of ours keeps. Before
that it breaks a rendering on purpose, once for each thing it claims to find, and fails if that passes.
"""

import copy
import subprocess
import sys

import kubernetes_validate
import yaml

# The oldest and the newest release that the manifests are meant for.
KUBERNETES = ["1.32", "1.37"]
POD_OWNERS = {"Deployment", "StatefulSet", "DaemonSet", "Job"}
PROBES = ["startupProbe", "livenessProbe", "readinessProbe"]


def render(folder):
    text = subprocess.run(["kubectl", "kustomize", folder], check=True, capture_output=True, text=True).stdout
    return [item for item in yaml.safe_load_all(text) if item]


def name(item):
    return f"{item['kind']}/{item['metadata']['name']}"


def schema_faults(items):
    for item in items:
        for version in KUBERNETES:
            try:
                kubernetes_validate.validate(item, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                where = ".".join(str(step) for step in error.path)
                yield f"{name(item)} for Kubernetes {version}: {where}: {error.message}"
            except kubernetes_validate.SchemaNotFoundError as error:
                yield f"{name(item)}: {error.message}"


def pods(items):
    return [(name(item), item["spec"]["template"]) for item in items if item["kind"] in POD_OWNERS]


def containers(template):
    return template["spec"].get("initContainers", []) + template["spec"]["containers"]


def reference_faults(items):
    known = {name(item) for item in items}
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
            for source in container.get("envFrom", []):
                config = source.get("configMapRef", {}).get("name")
                if config and f"ConfigMap/{config}" not in known:
                    yield f"{owner}: there is no config map {config}"
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    yield f"{owner}: there is no volume {mount['name']}"
            ports = {port["name"] for port in container.get("ports", [])}
            for probe in PROBES:
                port = container.get(probe, {}).get("httpGet", {}).get("port")
                if port and port not in ports:
                    yield f"{owner}: {probe} asks port {port}, which {container['name']} does not have"
    for item in items:
        if item["kind"] == "Service":
            yield from service_faults(item, pods(items))


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


def rule_faults(items):
    for owner, template in pods(items):
        spec = template["spec"]
        security = spec.get("securityContext", {})
        rules = {
            "enableServiceLinks is not false": spec.get("enableServiceLinks") is False,
            "automountServiceAccountToken is not false": spec.get("automountServiceAccountToken") is False,
            "runAsNonRoot is not true": security.get("runAsNonRoot") is True,
            "seccompProfile is not RuntimeDefault": security.get("seccompProfile") == {"type": "RuntimeDefault"},
        }
        for container in containers(template):
            rules |= container_rules(owner, container)
        yield from (f"{owner}: {rule}" for rule, kept in rules.items() if not kept)


def container_rules(owner, container):
    security = container.get("securityContext", {})
    resources = container.get("resources", {})
    which = container["name"]
    rules = {
        f"{which} may escalate privileges": security.get("allowPrivilegeEscalation") is False,
        f"{which} can write to its image": security.get("readOnlyRootFilesystem") is True,
        f"{which} keeps capabilities": security.get("capabilities") == {"drop": ["ALL"]},
        f"{which} has no memory limit": "memory" in resources.get("limits", {}),
        f"{which} requests no memory or cpu": {"memory", "cpu"} <= resources.get("requests", {}).keys(),
        f"{which}'s image has no tag": ":" in container["image"] and not container["image"].endswith(":latest"),
        f"{which} takes a secret as a variable: mount it": not any(
            "secretKeyRef" in variable.get("valueFrom", {}) for variable in container.get("env", [])
        ),
    }
    if not owner.startswith("Job/"):
        rules |= {f"{which} has no {probe}": probe in container for probe in PROBES}
    return rules


def faults(items):
    return [*schema_faults(items), *reference_faults(items), *rule_faults(items)]


def prove_that_faults_are_found(items):
    """A check that cannot fail proves nothing: each of these must be refused."""

    def broken(kind, path, value):
        changed = copy.deepcopy(items)
        place = next(item for item in changed if item["kind"] == kind)
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        return changed

    pod = ["spec", "template", "spec"]
    first = [*pod, "containers", 0]
    cases = {
        "an unknown field": broken("Deployment", ["spec", "replica"], 2),
        "an unknown field deep inside": broken("Deployment", [*first, "livenessProbe", "httpGet", "pth"], "/"),
        "a wrong type": broken("Deployment", ["spec", "replicas"], "two"),
        "an unknown kind": broken("Service", ["kind"], "Servise"),
        "a config map that is not there": broken("Deployment", [*first, "envFrom", 0, "configMapRef", "name"], "none"),
        "a probe of no port": broken("Deployment", [*first, "livenessProbe", "httpGet", "port"], "none"),
        "a service without pods": broken("Service", ["spec", "selector"], {"app.kubernetes.io/name": "none"}),
        "service links": broken("Deployment", [*pod, "enableServiceLinks"], True),
        "a pod that runs as root": broken("Job", [*pod, "securityContext", "runAsNonRoot"], False),
        "a writable image": broken("Job", [*first, "securityContext", "readOnlyRootFilesystem"], False),
    }
    missed = [case for case, changed in cases.items() if not faults(changed)]
    if missed:
        sys.exit(f"k8s-check would not notice: {', '.join(missed)}")
    print(f"  {len(cases)} broken manifests: all refused")


def main(folders):
    prove_that_faults_are_found(render(folders[0]))
    found = False
    for folder in folders:
        items = render(folder)
        for fault in faults(items):
            found = True
            print(f"  {folder}: {fault}", file=sys.stderr)
        print(f"  {folder}: {len(items)} objects, Kubernetes {' and '.join(KUBERNETES)}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
