"""The row about what the rules hold for each service."""

from parts.links import COLUMN_SERVICE, SERVICE
from parts.panels import BLUE, GREY, LIGHT_BLUE, ORANGE, PURPLE, YELLOW
from parts.panels import changed_rules, colored, fixed, override, query, row, stat, state_timeline, table
from parts.panels import thresholds, timeseries, values
from parts.queries import NODES, PORT, PORT_COLUMNS, PORT_LEGEND, SERVICES, by_port, rate

# A service port of one family.
PORT_OF_FAMILY = f"ip_family, {PORT}"
# Of the whole cluster, whatever nodes are chosen.
CONNECTIONS = """service:iptables_service_connections:rate5m{
  cluster=~"$cluster", service_namespace=~"$namespace", service_name=~"$service"}"""
SCOPES = {"hook": PURPLE, "service": ORANGE, "system": YELLOW, "dispatch": LIGHT_BLUE, "other": GREY}


def lines():
    return [
        (1, (row(200, "Services"), 24)),
        (4, (_ports(), 7), (_unowned(), 7), (_omitted(), 10)),
        (9, (_all(), 24)),
        (8, (_connections(), 12), (_endpoints(), 12)),
        (8, (_blocked(), 12), (_rewritten(), 12)),
    ]


def endpoints(function="max"):
    """A service port's endpoints on the node that has most of them, or fewest."""
    return f"{function} by ({PORT_OF_FAMILY}) (iptables_service_sep_chains{{{SERVICES}}})"


def blocked():
    """On how many nodes a service port is blocked."""
    return f"""count by ({PORT_OF_FAMILY}) (
      max by (cluster, instance, {PORT_OF_FAMILY}) (iptables_service_blocked{{{SERVICES}}}) > 0)"""


def _ports():
    return stat(
        201,
        "Service ports",
        "Service ports that the rules are for: the most on any of the nodes chosen.",
        query(f"max by (ip_family) (iptables_services{{{NODES}}})", "{{ip_family}}", instant=True),
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


def _all():
    columns = {
        "Endpoints": endpoints(),
        "New connections": f"sum by ({PORT_OF_FAMILY}) ({CONNECTIONS})",
        "Blocked on": blocked(),
    }
    return table(
        202,
        "Service ports",
        """What the rules hold for each service port, on the node that has most; new connections are those of the
        whole cluster. Blocked on: how many of the nodes chosen reject or drop its traffic. Each column knows its
        two hundred largest. A service's name leads to that service alone.""",
        *(query(f"topk(200, {expr})", table=True) for expr in columns.values()),
        labels={**PORT_COLUMNS, "ip_family": "Family"},
        names=list(columns),
        sort="New connections",
        overrides=[
            override("New connections", decimals=1, unit="cps"),
            override("Endpoints", **colored(thresholds(BLUE, (1, "transparent")))),
            override("Blocked on", **colored(thresholds("transparent", (1, BLUE)))),
            override("Service", links=[COLUMN_SERVICE]),
        ],
    )


def _connections():
    return timeseries(
        203,
        "New connections, by service port",
        """Connections that were sent to the service port's endpoints, not traffic: nat sees the first packet
        of each. The twenty with the most, summed over all nodes of the cluster.""",
        query(f"topk(20, {by_port(CONNECTIONS)})", PORT_LEGEND),
        unit="cps",
        calcs=("mean", "max"),
        links=[SERVICE],
    )


def _endpoints():
    return timeseries(
        204,
        "Endpoints, by service port",
        """KUBE-SEP chains that the rules send to. The twenty service ports with the most, on the node that has
        most of them. A line that falls to 0: the service port has no endpoints any more.""",
        query(f"topk(20, {endpoints()})", PORT_LEGEND + " {{ip_family}}"),
        calcs=("lastNotNull", "min"),
        decimals=0,
        links=[SERVICE],
    )


def _blocked():
    return state_timeline(
        206,
        "Blocked service ports",
        """Service ports that the rules reject because they have no endpoints, or drop because a Local policy has
        none on the node. Both are in order, if it is meant to be so. At most fifty at each moment.""",
        query(
            f"topk(50, max by ({PORT_OF_FAMILY}, reason) (iptables_service_blocked{{{SERVICES}}}))",
            PORT_LEGEND + " {{ip_family}} {{reason}}",
        ),
        mappings=[values(_1=("blocked", BLUE))],
        steps=thresholds("transparent", (1, BLUE)),
        links=[SERVICE],
    )


def _rewritten():
    return changed_rules(
        209,
        "Rules written again, by scope",
        """Rules that kube-proxy, or another program, wrote again with the same content. Nothing changes but
        their counters, which begin at 0. In the legacy backend only those are seen that had counted
        something.""",
        query(f"sum by (scope) ({rate('iptables_rules_rewritten_total', NODES)})", "{{scope}}"),
        overrides=[fixed(name, color) for name, color in SCOPES.items()],
    )
