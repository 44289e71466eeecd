"""The row about what the rules hold for each service."""

from parts.panels import ORANGE, RED
from parts.panels import barchart, bargauge, colored, override, query, row, stat, state_timeline, table
from parts.panels import thresholds, timeseries, values
from parts.queries import NODES, PORT, PORT_COLUMNS, PORT_LEGEND, SERVICES, by_port, rate

# A service port of one family.
PORT_OF_FAMILY = f"ip_family, {PORT}"
CONNECTIONS = rate("iptables_service_connections_total", SERVICES)


def lines():
    return [
        (1, (row(200, "Services"), 24)),
        (9, (_all(), 24)),
        (8, (_connections(), 12), (_endpoints(), 12)),
        (8, (_chains_and_targets(), 8), (_node_ports(), 6), (_blocked(), 10)),
        (4, (_unowned(), 12), (_omitted(), 12)),
    ]


def _most(metric, further=""):
    """The value on the node that has most."""
    return f"max by ({PORT_OF_FAMILY}) ({metric}{{{SERVICES}{further}}})"


def _all():
    blocked = f"""max by (cluster, instance, {PORT_OF_FAMILY}) (
      iptables_service_blocked{{{SERVICES}}})"""
    columns = {
        "KUBE-SEP chains": _most("iptables_service_sep_chains"),
        "DNAT targets": _most("iptables_service_dnat_targets"),
        "NodePort rules": _most("iptables_service_nodeport_rules"),
        "Rules in nat": _most("iptables_service_rules", ', table="nat"'),
        "Rules in filter": _most("iptables_service_rules", ', table="filter"'),
        "New connections": f"sum by ({PORT_OF_FAMILY}) ({CONNECTIONS})",
        "Blocked on": f"count by ({PORT_OF_FAMILY}) ({blocked} > 0)",
    }
    return table(
        201,
        "Service ports",
        """What the rules hold for each service port, on the node that has most; new connections are of all
        nodes chosen. Blocked on: how many of these nodes reject or drop its traffic.""",
        *(query(expr, table=True) for expr in columns.values()),
        labels={**PORT_COLUMNS, "ip_family": "Family"},
        names=list(columns),
        sort="Rules in nat",
        overrides=[
            override("New connections", decimals=1, unit="cps"),
            override("KUBE-SEP chains", **colored(thresholds(ORANGE, (1, "transparent")))),
            override("Blocked on", **colored(thresholds("transparent", (1, RED)))),
        ],
    )


def _connections():
    return timeseries(
        202,
        "New connections, by service port",
        """Connections that were sent to the service port's endpoints, not traffic: nat sees the first packet
        of each. The twenty with the most, summed over the nodes chosen.""",
        query(f"topk(20, {by_port('sum', CONNECTIONS)})", PORT_LEGEND),
        unit="cps",
        calcs=("mean", "max"),
    )


def _endpoints():
    return timeseries(
        203,
        "KUBE-SEP chains, by service port",
        """Endpoints that the rules send to. The twenty service ports with the most, on the node that has
        most of them. A line that falls to 0: the service port has no endpoints any more.""",
        query(f"topk(20, {_most('iptables_service_sep_chains')})", PORT_LEGEND + " {{ip_family}}"),
        calcs=("lastNotNull", "min"),
        decimals=0,
    )


def _chains_and_targets():
    def most(metric):
        port = f"""label_join({metric}{{{SERVICES}}}, "port", " ",
          "service_namespace", "service_name", "service_port", "protocol")"""
        return query(f"topk(20, max by (port) ({port}) > 0)", table=True)

    return barchart(
        204,
        "KUBE-SEP chains and DNAT targets",
        """Of the twenty service ports with the most. Where the two differ, several chains send to the same
        address, or some to none.""",
        most("iptables_service_sep_chains"),
        most("iptables_service_dnat_targets"),
        x="port",
        names=["KUBE-SEP chains", "DNAT targets"],
    )


def _node_ports():
    rules = f"max by ({PORT}) (iptables_service_nodeport_rules{{{SERVICES}}})"
    return bargauge(
        205,
        "NodePort rules",
        """Rules in nat's KUBE-NODEPORTS. Some versions of kube-proxy write more than one for a NodePort.
        Service ports without any are left out.""",
        query(f"sort_desc({rules} > 0)", PORT_LEGEND, instant=True),
    )


def _blocked():
    return state_timeline(
        206,
        "Blocked service ports",
        """Service ports that the rules reject because they have no endpoints, or drop because a
        Local policy has none on the node (which is in order).""",
        query(
            f"max by ({PORT_OF_FAMILY}, reason) (iptables_service_blocked{{{SERVICES}}})",
            PORT_LEGEND + " {{ip_family}} {{reason}}",
        ),
        mappings=[values(_1=("blocked", RED))],
        steps=thresholds("transparent", (1, RED)),
    )


def _unowned():
    return stat(
        207,
        "Chains of no service",
        """Orphans: chains of services that nothing jumps to, as kube-proxy leaves them in large clusters
        until its next clean-up. Unnamed: chains that are dispatched to, but no comment says for whom.""",
        query(f"sum(iptables_orphan_chains{{{NODES}}})", "orphans", instant=True),
        query(f"sum(iptables_services_unnamed{{{NODES}}})", "unnamed", instant=True),
    )


def _omitted():
    return stat(
        208,
        "Service ports without series of their own",
        """Left out by --services.limit (limit), or by --services.include and --services.exclude (pattern),
        on the node that has most of them. The panels by scope count their rules.""",
        query(f"max by (reason) (iptables_services_omitted{{{NODES}}})", "{{reason}}", instant=True),
    )
