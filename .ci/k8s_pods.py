"""What every pod of ours keeps: the restricted profile of Kubernetes' Pod Security Standards, rule by rule, and rules of our
own. Each function yields sentences; none means that all is well."""

POD_OWNERS = {"Deployment", "StatefulSet", "DaemonSet", "Job"}
PROBES = ["startupProbe", "livenessProbe", "readinessProbe"]
# What the servers need after SIGTERM: letting go of connections (server.shutdown_delay), the drain (server.shutdown_grace),
# and the flush of what waits.
DELAY_SECONDS, DRAIN_SECONDS, FLUSH_SECONDS = 5, 20, 10
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
PROFILES = {"RuntimeDefault", "Localhost"}
SELINUX = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}


def name(item):
    return f"{item['kind']}/{item['metadata']['name']}"


def pods(items):
    return [(name(item), item["spec"]["template"]) for item in items if item["kind"] in POD_OWNERS]


def containers(template):
    spec = template["spec"]
    return spec.get("initContainers", []) + spec["containers"] + spec.get("ephemeralContainers", [])


def broken(owner, rules):
    return [f"{owner}: {rule}" for rule, kept in rules.items() if not kept]


def restricted_faults(items):
    """The restricted profile, baseline included."""
    for owner, template in pods(items):
        spec = template["spec"]
        pod = spec.get("securityContext", {})
        rules = {f"{field} is set": not spec.get(field) for field in ("hostNetwork", "hostPID", "hostIPC")}
        rules |= {
            f"the volume {volume['name']} is of a kind that is not allowed": set(volume) - {"name"} <= VOLUMES
            for volume in spec.get("volumes", [])
        }
        rules |= {
            f"the sysctl {sysctl['name']} is not a safe one": sysctl["name"] in SYSCTLS
            for sysctl in pod.get("sysctls", [])
        }
        rules["AppArmor is overridden by an annotation"] = not any(
            key.startswith("container.apparmor.security.beta.kubernetes.io/")
            and not (value == "runtime/default" or value.startswith("localhost/"))
            for key, value in template["metadata"].get("annotations", {}).items()
        )
        rules |= context_rules("the pod", pod)
        yield from broken(owner, rules)
        for container in containers(template):
            yield from broken(owner, restricted_container_rules(container, pod))


def context_rules(which, context):
    """What holds for the security context of a pod as for that of a container."""
    linux, profile = context.get("seLinuxOptions", {}), context.get("appArmorProfile", {})
    return {
        f"{which} may run as root": context.get("runAsNonRoot") is not False and context.get("runAsUser") != 0,
        f"{which} is a process of a Windows host": not context.get("windowsOptions", {}).get("hostProcess"),
        f"{which} changes SELinux": linux.get("type") in SELINUX and not linux.get("user") and not linux.get("role"),
        f"{which} has no AppArmor": profile.get("type", "RuntimeDefault") in PROFILES,
        f"{which} has no seccomp profile": context.get("seccompProfile", {}).get("type", "RuntimeDefault") in PROFILES,
    }


def restricted_container_rules(container, pod):
    which, context = container["name"], container.get("securityContext", {})
    capabilities = context.get("capabilities", {})
    seccomp = context.get("seccompProfile", pod.get("seccompProfile", {}))
    handlers = [container[probe] for probe in PROBES if probe in container]
    handlers += container.get("lifecycle", {}).values()
    return context_rules(which, context) | {
        f"{which} is privileged": not context.get("privileged"),
        f"{which} may escalate privileges": context.get("allowPrivilegeEscalation") is False,
        f"{which} keeps capabilities": "ALL" in capabilities.get("drop", []),
        f"{which} adds capabilities": set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
        f"{which} does not have to be another than root": context.get("runAsNonRoot", pod.get("runAsNonRoot")) is True,
        f"{which}'s seccomp profile is not set": seccomp.get("type") in PROFILES,
        f"{which} has another /proc": context.get("procMount", "Default") == "Default",
        f"{which} takes a port of the node": not any(port.get("hostPort") for port in container.get("ports", [])),
        f"{which} is probed elsewhere": not any(
            handler.get(way, {}).get("host") for handler in handlers for way in ("httpGet", "tcpSocket")
        ),
    }


def rule_faults(items):
    """What we ask beyond the profile."""
    for owner, template in pods(items):
        spec = template["spec"]
        rules = {
            "enableServiceLinks is not false": spec.get("enableServiceLinks") is False,
            "automountServiceAccountToken is not false": spec.get("automountServiceAccountToken") is False,
        }
        for container in containers(template):
            rules |= container_rules(container)
        if not owner.startswith("Job/"):
            rules |= server_rules(spec)
        yield from broken(owner, rules)
    for item in items:
        if item["kind"] == "ServiceAccount" and item.get("automountServiceAccountToken") is not False:
            yield f"{name(item)}: automountServiceAccountToken is not false"


def container_rules(container):
    which, resources = container["name"], container.get("resources", {})
    return {
        f"{which} can write to its image": container.get("securityContext", {}).get("readOnlyRootFilesystem") is True,
        f"{which} has no limit of memory and cpu": {"memory", "cpu"} <= resources.get("limits", {}).keys(),
        f"{which} requests no memory or cpu": {"memory", "cpu"} <= resources.get("requests", {}).keys(),
        f"{which}'s image has no tag": ":" in container["image"] and not container["image"].endswith(":latest"),
        f"{which} takes a secret as a variable: mount it": not any(
            "secretKeyRef" in variable.get("valueFrom", {}) for variable in container.get("env", [])
        )
        and not any("secretRef" in source for source in container.get("envFrom", [])),
    }


def server_rules(spec):
    """A server is probed, goes on serving until everybody knows that it goes, and has the time to finish."""
    rules = {}
    for container in spec["containers"]:
        which, waited = container["name"], container.get("lifecycle", {}).get("preStop", {}).get("sleep", {})
        needed = waited.get("seconds", 0) + DELAY_SECONDS + DRAIN_SECONDS + FLUSH_SECONDS
        rules |= {f"{which} has no {probe}": probe in container for probe in PROBES}
        rules[f"{which} has no preStop"] = waited.get("seconds", 0) > 0
        rules[f"{which} is killed before it has finished"] = spec.get("terminationGracePeriodSeconds", 30) >= needed
    spread = {constraint["topologyKey"] for constraint in spec.get("topologySpreadConstraints", [])}
    rules["its pods may all be on one node"] = {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} <= spread
    return rules


def scale_faults(items):
    """How many pods there are, and how many go at a time."""
    scaled = {f"Deployment/{i['spec']['scaleTargetRef']['name']}" for i in items if i["kind"] == "HorizontalPodAutoscaler"}
    kept = [i["spec"] for i in items if i["kind"] == "PodDisruptionBudget"]
    for item in items:
        if item["kind"] != "Deployment":
            continue
        labels, spec = item["spec"]["template"]["metadata"]["labels"].items(), item["spec"]
        budgets = [budget for budget in kept if budget["selector"]["matchLabels"].items() <= labels]
        yield from broken(
            name(item),
            {
                "a rollout takes pods away": spec.get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable") == 0,
                "it has not one PodDisruptionBudget": len(budgets) == 1,
                "its PodDisruptionBudget holds nodes up": all(b.get("maxUnavailable") == 1 for b in budgets),
                "replicas are given, though an autoscaler says how many": not (
                    "replicas" in spec and name(item) in scaled
                ),
            },
        )
    yield from (f"{target}: an autoscaler is for it, and it is not there" for target in scaled - {name(i) for i in items})


def production_faults(items):
    """What holds where it is for real."""
    for owner, template in pods(items):
        for container in containers(template):
            if "@sha256:" not in container["image"]:
                yield f"{owner}: {container['name']}'s image is not pinned by its digest"
    for item in items:
        if item["kind"] == "Namespace":
            labels = item["metadata"].get("labels", {})
            if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
                yield f"{name(item)} does not enforce the restricted profile"
