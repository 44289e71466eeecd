"""The row about one service: the one that the dashboard's variables choose."""

from parts.links import PAGE
from parts.panels import BLUE, GREEN, ORANGE
from parts.panels import changed_rules, colored, fixed, override, query, row, table, thresholds, timeseries
from parts.queries import NODE, NODE_LEGEND, PORT_COLUMNS, SERVICES, rate
from parts.services import PORT_OF_FAMILY, blocked, endpoints

NO_ENDPOINTS = "needs --collector.endpoints"
CHANGES = {"added": GREEN, "removed": ORANGE, "moved": BLUE}


def lines():
    return [
        (1, (row(600, "One service: choose it above, or by its name in the tables"), 24)),
        (7, (_faults(), 24)),
        (8, (_endpoints(), 12), (_connections(), 12)),
        (8, (_by_node(), 12), (_changes(), 12)),
    ]


def _faults():
    chains = f"iptables_service_sep_chains{{{SERVICES}}}"
    fewer = f"""count by ({PORT_OF_FAMILY}) (
      max by ({NODE}, {PORT_OF_FAMILY}) ({chains}) < on ({PORT_OF_FAMILY}) group_left () {endpoints()})"""
    columns = {
        "Endpoints": endpoints(),
        "Fewest on a node": endpoints("min"),
        "Nodes with fewer": fewer,
        "Blocked on": blocked(),
    }
    return table(
        601,
        "Its ports, and what is wrong with them",
        """Endpoints on the node that has most of them and on the one that has fewest; nodes that have fewer than
        the most (with a Local policy that is usual); nodes that reject or drop its traffic. Faults in its chains
        are on the node's page.""",
        *(query(f"topk(100, {expr})", table=True) for expr in columns.values()),
        labels={**PORT_COLUMNS, "ip_family": "Family"},
        names=list(columns),
        sort="Nodes with fewer",
        overrides=[
            override("Endpoints", **colored(thresholds(BLUE, (1, "transparent")))),
            override("Nodes with fewer", **colored(thresholds("transparent", (1, ORANGE)))),
            override("Blocked on", **colored(thresholds("transparent", (1, BLUE)))),
        ],
    )


def _endpoints():
    columns = {"endpoint": "Endpoint", "service_port": "Port", "protocol": "Protocol", "ip_family": "Family"}
    by = ", ".join(columns)

    def share(policy):
        return f'topk(100, max by ({by}) (iptables_endpoint_share{{{SERVICES}, policy="{policy}"}}))'

    connections = f"sum by ({by}) ({rate('iptables_endpoint_connections_total', SERVICES)})"
    percent = {"decimals": 1, "unit": "percentunit"}
    return table(
        602,
        "Its endpoints, and their shares",
        """The share of new connections that the rules send to each endpoint, and how many were sent to it. Local:
        for a Local policy. With --collector.endpoints only. Each column knows its hundred largest.""",
        query(share("cluster"), table=True),
        query(share("local"), table=True),
        query(f"topk(100, {connections})", table=True),
        labels=columns,
        names=["Share", "Share, local", "New connections"],
        overrides=[
            override("Share", **percent),
            override("Share, local", **percent),
            override("New connections", decimals=1, unit="cps"),
        ],
        sort="Share",
        none=NO_ENDPOINTS,
    )


def _connections():
    connections = rate("iptables_endpoint_connections_total", SERVICES)
    return timeseries(
        603,
        "New connections, by endpoint",
        "The twenty endpoints with the most, summed over the nodes chosen. With --collector.endpoints only.",
        query(f"topk(20, sum by (endpoint) ({connections}))", "{{endpoint}}"),
        unit="cps",
        calcs=("mean", "max"),
        none=NO_ENDPOINTS,
    )


def _by_node():
    connections = rate("iptables_service_connections_total", SERVICES)
    return timeseries(
        604,
        "New connections, by node",
        "On which nodes they began. The twenty with the most.",
        query(f"topk(20, sum by ({NODE}) ({connections}))", NODE_LEGEND),
        unit="cps",
        calcs=("mean", "max"),
        links=[PAGE],
    )


def _changes():
    changed = rate("iptables_service_rule_changes_total", SERVICES)
    return changed_rules(
        605,
        "Its rules that changed",
        "Rules of the service that were added, removed and moved, summed over the nodes chosen.",
        query(f"sum by (change) ({changed})", "{{change}}"),
        overrides=[fixed(name, color) for name, color in CHANGES.items()],
    )
