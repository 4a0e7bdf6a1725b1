"""Where a path from outside goes, by an Ingress or an HTTPRoute, against what the OpenAPI documents say a service has."""

import json
import pathlib

DOCUMENTS = pathlib.Path(__file__).resolve().parent.parent / "proto-docs" / "openapi"
# Spellings that the documents do not have.
FURTHER = {
    "agenda": ["/api/v1/absences.json", "/api/v1/agents.json", "/api/v1/organisations.json", "/api/v1/absences/1.json"],
    "auth-server": ["/security/oauth/token", "/api/v1/auth/sign_in.json", "/api2/auth-token", "/server-info"],
    "provisioning": ["/ocs/v1.php/cloud/users", "/ocs/v2.php/cloud/users"],
}
REFUSED = [
    "/",
    "/api/v1",
    "/api/v1/agentsandmore",
    "/docs",
    "/external-api/v1.0",
    "/internal",
    "/internal/revocations",
    "/internal/applications/a",
    "/livez",
    "/metrics",
    "/oauthorize",
    "/openapi.json",
    "/readyz",
]


def paths_of_services():
    found = {}
    for document in sorted(DOCUMENTS.glob("*.json")):
        paths = json.loads(document.read_text())["paths"]
        found[document.stem] = [path.replace("{", "").replace("}", "") for path in paths]
    return found


def targets(item):
    """(type, path, service) of each rule, of either kind of object."""
    if item["kind"] == "Ingress":
        return [
            (entry["pathType"], entry["path"], entry["backend"]["service"]["name"])
            for rule in item["spec"]["rules"]
            for entry in rule["http"]["paths"]
        ]
    return [
        (match["path"]["type"].removeprefix("Path"), match["path"]["value"], backend["name"])
        for rule in item["spec"]["rules"]
        for match in rule["matches"]
        for backend in rule["backendRefs"]
    ]


def route(item, path):
    """The service that gets it: an exact match, or else the longest prefix of whole segments."""

    def matches(kind, wanted):
        return path == wanted or (kind == "Prefix" and f"{path}/".startswith(wanted.rstrip("/") + "/"))

    fitting = [(kind == "Exact", len(wanted), service) for kind, wanted, service in targets(item) if matches(kind, wanted)]
    return max(fitting)[2] if fitting else None


def routing_faults(items):
    for item in items:
        if item["kind"] not in ("Ingress", "HTTPRoute"):
            continue
        for service, paths in paths_of_services().items():
            for path in paths + FURTHER.get(service, []):
                wanted = None if path.startswith("/internal") else service
                if route(item, path) != wanted:
                    yield f"{item['kind']}: {path} goes to {route(item, path)}, not to {wanted}"
        for path in REFUSED:
            if route(item, path):
                yield f"{item['kind']}: {path} goes to {route(item, path)}, and is not for anybody outside"
