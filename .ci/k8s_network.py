"""Who may talk to whom, worked out of the NetworkPolicies as a cluster does it, against what the pods' settings need."""

from k8s_pods import name, pods

# Namespaces that are not ours, by the label that says what they are.
OUTSIDE = {
    "gateway": {"tessera-gateway": "allowed"},
    "monitoring": {"tessera-monitoring": "allowed"},
    "database": {"tessera-database": "allowed"},
    "telemetry": {"tessera-telemetry": "allowed"},
    "dns": {"kubernetes.io/metadata.name": "kube-system"},
    "anybody": {},
}
DNS_PODS = {"k8s-app": "kube-dns"}
PORTS = [8080, 9090, 5432, 4318, 53, 443]


def selects(selector, labels):
    """Whether a label selector, which may be empty, is about these labels."""
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    operators = {
        "In": lambda given, values: given in values,
        "NotIn": lambda given, values: given not in values,
        "Exists": lambda given, values: given is not None,
        "DoesNotExist": lambda given, values: given is None,
    }
    return all(
        operators[wish["operator"]](labels.get(wish["key"]), wish.get("values", []))
        for wish in selector.get("matchExpressions", [])
    )


def is_peer(peer, labels, namespace):
    """Whether somebody with these labels, in a namespace with those (None: ours), is meant."""
    if "ipBlock" in peer:
        return True  # whoever it is: an address may be anybody's
    if namespace is None:
        return "namespaceSelector" not in peer and selects(peer.get("podSelector", {}), labels)
    return (
        "namespaceSelector" in peer
        and selects(peer["namespaceSelector"], namespace)
        and selects(peer.get("podSelector", {}), labels)
    )


def admits(policies, way, labels, peer_labels, peer_namespace, port):
    """Whether the policies of the pod with these labels let it talk (`egress`) or be talked to (`ingress`)."""
    concerned = [p["spec"] for p in policies if selects(p["spec"]["podSelector"], labels)]
    concerned = [spec for spec in concerned if way.capitalize() in spec["policyTypes"]]
    if not concerned:
        return True
    other = "to" if way == "egress" else "from"
    return any(
        (not rule.get("ports") or any(entry.get("port", port) == port for entry in rule["ports"]))
        and (not rule.get(other) or any(is_peer(peer, peer_labels, peer_namespace) for peer in rule[other]))
        for spec in concerned
        for rule in spec.get(way, [])
    )


def allowed_arrows(items):
    policies = [item for item in items if item["kind"] == "NetworkPolicy"]
    ours = {owner.split("/")[1]: template["metadata"]["labels"] for owner, template in pods(items)}
    arrows = set()
    for port in PORTS:
        for source, labels in ours.items():
            arrows |= {
                (source, target, port)
                for target, others in ours.items()
                if admits(policies, "egress", labels, others, None, port)
                and admits(policies, "ingress", others, labels, None, port)
            }
            arrows |= {
                (source, place, port)
                for place, namespace in OUTSIDE.items()
                if admits(policies, "egress", labels, DNS_PODS if place == "dns" else {}, namespace, port)
            }
        arrows |= {
            (place, target, port)
            for place, namespace in OUTSIDE.items()
            for target, others in ours.items()
            if admits(policies, "ingress", others, {}, namespace, port)
        }
    return arrows


def needed_arrows(items):
    """What the settings of the pods speak of, and clients and Prometheus come from outside."""
    settings = next((item["data"] for item in items if name(item).startswith("ConfigMap/tessera-settings")), {})
    arrows = set()
    for owner, template in pods(items):
        kind, source = owner.split("/")
        variables = {
            variable["name"]: variable.get("value", "")
            for container in template["spec"].get("initContainers", []) + template["spec"]["containers"]
            for variable in container.get("env", [])
        }
        arrows.add((source, "dns", 53))
        if any("__DATABASE__URL" in variable for variable in variables):
            arrows.add((source, "database", 5432))
        if "TESSERA_AUTHORITY__URL" in variables:
            host, port = variables["TESSERA_AUTHORITY__URL"].removeprefix("http://").split(":")
            arrows.add((source, host, int(port)))
        if kind != "Job":
            arrows |= {("gateway", source, 8080), ("monitoring", source, 9090)}
            if "OTEL_EXPORTER_OTLP_ENDPOINT" in settings:
                arrows.add((source, "telemetry", 4318))
    return arrows


def network_faults(items):
    allowed, needed = allowed_arrows(items), needed_arrows(items)
    yield from (f"{a} may not talk to {b} at {port}, and has to" for a, b, port in sorted(needed - allowed))
    yield from (f"{a} may talk to {b} at {port}, and need not" for a, b, port in sorted(allowed - needed))
