"""The row about the nodes, and which of them is not as the others are."""

from parts.panels import BLUE, GREEN, LIGHT_GREEN, ORANGE, PURPLE, RED, YELLOW
from parts.panels import bargauge, between, colored, override, query, row, state_timeline, table, thresholds
from parts.panels import timeseries, values
from parts.queries import NODES, SHARE_IN_STEP

NODE = "cluster, instance, node"
SINCE_CHANGE = f"""time() - max by ({NODE}) (
  iptables_table_last_change_timestamp_seconds{{{NODES}, table="nat"}})"""


def lines():
    return [
        (1, (row(300, "The fleet"), 24)),
        (7, (_disagreeing(), 12), (_hooks(), 12)),
        (6, (_nodes(), 24)),
        (8, (_rules(), 10), (_since_change(), 6), (_kinds(), 8)),
        (7, (_alerts(), 12), (_faults(), 12)),
    ]


def _disagreeing():
    chosen = f"and on (instance) iptables_exporter_build_info{{{NODES}}}"
    return state_timeline(
        301,
        "Nodes that disagree",
        """Whether the services and endpoints in a node's rules are those that the other nodes of its cluster
        (and zone) have: all of them, more than half of them, or fewer. A node that follows late is out of
        step for a moment.""",
        query(f"min by (instance, ip_family) ({SHARE_IN_STEP} {chosen})", "{{instance}} {{ip_family}}"),
        mappings=[
            between(0, 0.5, "differs from most", RED),
            between(0.500001, 0.999999, "as most", LIGHT_GREEN),
            values(_1=("as all others", GREEN)),
        ],
        steps=thresholds(RED, (0.500001, LIGHT_GREEN), (1, GREEN)),
    )


def _hooks():
    jumps = f'iptables_hook_jump_position{{{NODES}, table="nat", chain=~"PREROUTING|OUTPUT"}}'
    with_services = "and ignoring (table, chain) iptables_services > 0"
    return state_timeline(
        302,
        "Where nat jumps to KUBE-SERVICES",
        """The position of the jump in PREROUTING and OUTPUT. Missing: no service works. Second or later:
        somebody else sees the packets first, which is usual for some network plugins.""",
        query(
            f"max by (instance, ip_family, chain) ({jumps} {with_services})",
            "{{instance}} {{chain}} {{ip_family}}",
        ),
        mappings=[
            values(_0=("missing", RED), _1=("first", GREEN), _2=("second", BLUE)),
            between(3, 1000000, "third or later", PURPLE),
        ],
        steps=thresholds(RED, (1, GREEN), (2, BLUE), (3, PURPLE)),
    )


def _nodes():
    kubernetes = f'iptables_backend_info{{{NODES}, kubernetes="true"}}'
    return table(
        303,
        "Nodes",
        """Mode: kube-proxy's, as far as the node shows it. Backend: the one that holds kube-proxy's rules.
        Both: 1 where the other one holds rules of Kubernetes as well.""",
        query(f"max by ({NODE}, mode) (iptables_kube_proxy_mode_info{{{NODES}}})", table=True),
        query(f"max by ({NODE}, backend) ({kubernetes})", table=True),
        query(f"max by ({NODE}) (iptables_mixed_backends{{{NODES}}})", table=True),
        query(f"sum by ({NODE}) (iptables_services{{{NODES}}})", table=True),
        query(f"sum by ({NODE}) (iptables_rules{{{NODES}}})", table=True),
        query(f"sum by ({NODE}) (iptables_chains{{{NODES}}})", table=True),
        query(SINCE_CHANGE, table=True),
        labels={
            "cluster": "Cluster",
            "instance": "Instance",
            "node": "Node",
            "mode": "Mode",
            "backend": "Backend",
        },
        names=[None, None, "Both", "Service ports", "Rules", "Chains", "Since nat changed"],
        overrides=[
            override("Since nat changed", decimals=0, unit="s"),
            override("Both", **colored(thresholds("transparent", (1, RED)))),
        ],
        sort="Rules",
    )


def _rules():
    return timeseries(
        304,
        "Rules per node",
        """All rules of the tables read, in both backends. A line that leaves the others: rules were lost, or
        came, on that node alone.""",
        query(f"sum by (instance) (iptables_rules{{{NODES}}})", "{{instance}}"),
        calcs=("lastNotNull", "min", "max"),
        decimals=0,
    )


def _since_change():
    return bargauge(
        305,
        "Time since the last change of nat",
        """A node that waits much longer than the others may have a kube-proxy that is stuck. A node without
        a bar has not changed since its exporter started.""",
        query(f"sort_desc({SINCE_CHANGE})", "{{instance}}", instant=True),
        unit="s",
        steps=thresholds(GREEN, (3600, YELLOW), (86400, ORANGE)),
    )


def _kinds():
    by_node = f"sum by (cluster, instance, kind) (iptables_rules{{{NODES}}})"
    return timeseries(
        306,
        "Rules by kind of chain",
        """Whose chains the rules stand in: kube-proxy's, an agent's, or somebody else's. The mean of the
        nodes chosen.""",
        query(f"avg by (kind) ({by_node})", "{{kind}}"),
        stacked=True,
        calcs=("lastNotNull",),
        decimals=0,
    )


def _alerts():
    # Some alerts are of a service, or of no node at all.
    selector = 'alertname=~"KubeIptables.+", alertstate="firing", cluster=~"$cluster", instance=~"$node|"'
    return state_timeline(
        307,
        "Alerts",
        """Alerts of Deploy/prometheus/rules.yaml that fire, where Prometheus evaluates them. Each has a
        section in Documentation/runbooks.md.""",
        query(
            f"count by (alertname, severity, instance) (ALERTS{{{selector}}})",
            "{{alertname}} {{instance}}",
        ),
        mappings=[between(1, 1000000, "firing", RED)],
        steps=thresholds("transparent", (1, RED)),
    )


def _faults():
    by_fault = "cluster, instance, ip_family, table, anomaly"
    return table(
        308,
        "Faults in the rules",
        """What kube-proxy would not have written, by kind, and since when it is seen. Large clusters leave
        chains that nothing leads to behind for a while. On the node, kube-iptables-exporter check tells
        which rules it is, and what to do.""",
        query(f"sum by ({by_fault}) (iptables_anomalies{{{NODES}}}) > 0", table=True),
        query(f"max by ({by_fault}) (iptables_anomaly_age_seconds{{{NODES}}}) > 0", table=True),
        labels={
            "cluster": "Cluster",
            "instance": "Instance",
            "ip_family": "Family",
            "table": "Table",
            "anomaly": "Fault",
        },
        names=["Number", "Seen for"],
        overrides=[override("Seen for", decimals=0, unit="s")],
        sort="Seen for",
    )
