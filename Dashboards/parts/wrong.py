"""The first row: is anything wrong?"""

from parts.panels import BLUE, GREEN, ORANGE, RED, YELLOW
from parts.panels import bargauge, between, colored, fixed, hidden, link, override, query, row, stat, table
from parts.panels import thresholds, values
from parts.queries import ALERTS, NODE, NODE_LEGEND, NODES, SHARE_IN_STEP
from parts.links import COLUMN_PAGE, FAULT_RUNBOOK, PAGE, RUNBOOK

SEVERITIES = {"critical": RED, "warning": ORANGE, "info": BLUE}
SEVERITY = values(_1=("info", BLUE), _2=("warning", ORANGE), _3=("critical", RED))
# As Deploy/prometheus/rules.yaml has it; all others are warnings.
CRITICAL_FAULTS = (
    "endpoint_mismatch",
    "port_match_missing",
    "service_intercepted",
    "unguarded_drop",
    "unguarded_verdict",
)
INFO_FAULTS = (
    "orphan_chain",
    "duplicate_rule",
    "hook_jump_duplicated",
    "host_port_broken",
    "node_local_dns_incomplete",
)
# What stands for "never" among seconds; thirty years.
NEVER = 10**9


def lines():
    return [
        (1, (row(500, "Is anything wrong?"), 24)),
        (4, (_severities(), 6), (_out_of_step(), 4), (_jumps(), 4), (_blackholed(), 4), (_missing(), 6)),
        (8, (_alerts(), 15), (_kinds(), 9)),
        (8, (_faults(), 15), (_since_change(), 9)),
    ]


def firing(labels):
    """The alerts that fire, by labels; the value is the severity: 1 for info, 2 for warning, 3 for critical."""
    parts = [
        f'{value} * max by ({labels}) (ALERTS{{{ALERTS}, alertstate="firing", severity="{severity}"}})'
        for value, severity in ((3, "critical"), (2, "warning"), (1, "info"))
    ]
    return " or ".join(parts)


def _severities():
    return stat(
        501,
        "Firing alerts",
        "Alerts of Deploy/prometheus/rules.yaml, by severity.",
        query(f'count by (severity) (ALERTS{{{ALERTS}, alertstate="firing"}})', "{{severity}}", instant=True),
        overrides=[fixed(name, color) for name, color in SEVERITIES.items()],
        steps=thresholds(GREEN),
        none="none",
        links=[link("Runbooks", "${runbooks}")],
    )


def _out_of_step():
    return stat(
        502,
        "Nodes out of step",
        """Nodes whose services and endpoints are not those that more than half of the nodes of their cluster
        have.""",
        query(f"count by (ip_family) ({SHARE_IN_STEP} <= 0.5)", "{{ip_family}}", instant=True),
        steps=thresholds(GREEN, (1, ORANGE)),
        links=[link("Runbook", "${runbooks}#kubeiptablesnodediffers")],
    )


def _jumps():
    jumps = f'iptables_hook_jump_position{{{NODES}, table="nat", chain=~"PREROUTING|OUTPUT"}}'
    return stat(
        503,
        "Nodes without a jump",
        """Nodes on which PREROUTING or OUTPUT of nat does not jump to KUBE-SERVICES, though there are rules of
        services: no service works there.""",
        query(
            f"""count(count by ({NODE}) (
              {jumps} == 0 and ignoring (table, chain) instance:iptables_service_rules:sum > 0))""",
            "nodes",
            instant=True,
        ),
        steps=thresholds(GREEN, (1, RED)),
        links=[link("Runbook", "${runbooks}#kubeiptableshookjumpmissing")],
    )


def _blackholed():
    return stat(
        509,
        "Into the void",
        """Connections that go on to endpoints that are gone, and that nobody answers. The rules are right; the
        connection table remembers.""",
        query(f"sum(iptables_service_blackholed_connections{{{NODES}}})", "connections", instant=True),
        steps=thresholds(GREEN, (1, ORANGE)),
        links=[link("Runbook", "${runbooks}#kubeiptablesblackholedconnections")],
    )


def _missing():
    def alerts(name):
        return f'count(ALERTS{{{ALERTS}, alertname="KubeIptables{name}"}})'

    return stat(
        504,
        "Exporters missing",
        """Exporters that do not answer, and nodes that have none; from the first moment on, long before an alert
        fires. Nodes without one are known where kube-state-metrics is.""",
        query(alerts("ExporterDown"), "not answering", instant=True),
        query(alerts("NodeWithoutExporter"), "nodes without one", instant=True),
        steps=thresholds(GREEN, (1, ORANGE)),
        links=[link("Runbook", "${runbooks}#kubeiptablesexporterdown")],
    )


def _alerts():
    columns = {
        "alertname": "Alert",
        "cluster": "Cluster",
        "node": "Node",
        "instance": "Instance",
        "ip_family": "Family",
        "chain": "Chain",
        "anomaly": "Fault",
        "service_namespace": "Namespace",
        "service_name": "Service",
    }
    return table(
        505,
        "What fires",
        "The fifty most severe. An alert's name leads to its runbook, a node's name to its page.",
        query(f"topk(50, {firing(', '.join(columns))})", table=True),
        labels=columns,
        names=["Severity"],
        overrides=[
            override("Severity", mappings=[SEVERITY], **colored(thresholds(BLUE, (2, ORANGE), (3, RED)))),
            override("Alert", links=[RUNBOOK]),
            override("Node", links=[COLUMN_PAGE]),
            hidden("Instance"),
        ],
        sort="Severity",
    )


def _kinds():
    return bargauge(
        506,
        "Faults, by kind",
        """What kube-proxy would not have written, on the nodes chosen. The metrics call a kind of fault
        anomaly. Red: somebody has written into kube-proxy's rules. Blue: kube-proxy may leave it for a while.""",
        query(f"topk(15, sum by (anomaly) (iptables_anomalies{{{NODES}}}) > 0)", "{{anomaly}}", instant=True),
        steps=thresholds(ORANGE),
        overrides=[
            *(fixed(name, RED) for name in CRITICAL_FAULTS),
            *(fixed(name, BLUE) for name in INFO_FAULTS),
        ],
        links=[FAULT_RUNBOOK],
    )


def _faults():
    columns = {
        "cluster": "Cluster",
        "node": "Node",
        "instance": "Instance",
        "ip_family": "Family",
        "table": "Table",
        "anomaly": "Fault",
    }
    by = ", ".join(columns)
    age = f"iptables_anomaly_age_seconds{{{NODES}}}"
    return table(
        507,
        "Faults, by node",
        """The fifty that are there for longest. On the node, kube-iptables-exporter check shows the rules, and
        says what to do.""",
        query(
            f"""sum by ({by}) (iptables_anomalies{{{NODES}}}) > 0
            and topk(50, max by ({by}) ({age}) > 0)""",
            table=True,
        ),
        query(f"topk(50, max by ({by}) ({age}) > 0)", table=True),
        labels=columns,
        names=["Number", "Seen for"],
        overrides=[
            override("Seen for", decimals=0, unit="s"),
            override("Node", links=[COLUMN_PAGE]),
            override("Fault", links=[FAULT_RUNBOOK]),
            hidden("Instance"),
        ],
        sort="Seen for",
    )


def since_change():
    """For each node in iptables mode, the seconds since nat changed; NEVER, if it has not since the exporter
    started."""
    in_mode = f"max by ({NODE}) (iptables_kube_proxy_mode_info{{{NODES}, mode=\"iptables\"}})"
    changed = f'max by ({NODE}) (iptables_table_last_change_timestamp_seconds{{{NODES}, table="nat"}})'
    return f"(time() - {changed} and {in_mode} or {2 * NEVER} * {in_mode})"


NEVER_CHANGED = between(NEVER, 10 * NEVER, "never", ORANGE)


def _since_change():
    return bargauge(
        508,
        "Time since the last change of nat",
        """The twenty nodes that wait for longest. A node that waits much longer than the others may have a
        kube-proxy that is stuck. Never: not since its exporter started.""",
        query(f"sort_desc(topk(20, {since_change()}))", NODE_LEGEND, instant=True),
        unit="s",
        steps=thresholds(GREEN, (3600, YELLOW), (86400, ORANGE)),
        mappings=[NEVER_CHANGED],
        most=86400,
        links=[PAGE],
    )
