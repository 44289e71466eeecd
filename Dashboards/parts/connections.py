"""The row about the connection table, and connections in it that rules no longer explain."""

from parts.links import PAGE, SERVICE
from parts.panels import link, query, row, timeseries
from parts.queries import NODE, NODE_LEGEND, NODES, PORT, PORT_LEGEND, SERVICES, at_end, chosen_nodes, rate

FULLNESS = f"max by ({NODE}) (iptables_conntrack_entries{{{NODES}}} / iptables_conntrack_entries_limit{{{NODES}}})"


def lines():
    return [
        (1, (row(700, "Connections"), 24)),
        (8, (_stale(), 12), (_blackholed(), 12)),
        (8, (_fullness(), 12), (_events(), 12)),
    ]


def _of_ports(metric):
    return query(f"topk(20, sum by ({PORT}) ({metric}{{{SERVICES}}}))", PORT_LEGEND)


def _stale():
    return timeseries(
        701,
        "Stale connections, by service port",
        """Connections whose endpoint is none of those that the rules lead to now. Those that were answered may be
        on their way to a graceful end. The twenty service ports with the most.""",
        _of_ports("iptables_service_stale_connections"),
        decimals=0,
        links=[SERVICE],
    )


def _blackholed():
    return timeseries(
        702,
        "Connections into the void, by service port",
        """Stale connections that carried packets between the last two dumps of the connection table, and got no
        answer. The twenty service ports with the most.""",
        _of_ports("iptables_service_blackholed_connections"),
        decimals=0,
        links=[SERVICE, link("Runbook", "${runbooks}#kubeiptablesblackholedconnections")],
    )


def _fullness():
    return timeseries(
        703,
        "Connection table: how full",
        "Entries, as a part of the most that fit. The twenty nodes whose table is fullest.",
        query(
            chosen_nodes(
                FULLNESS,
                f"max by ({NODE}) ({at_end('max_over_time', 'iptables_conntrack_entries', NODES)})",
            ),
            NODE_LEGEND,
        ),
        unit="percentunit",
        limit=0.9,
        links=[PAGE],
    )


def _events():
    return timeseries(
        704,
        "Connection table: what it refused",
        "Packets of new connections that were dropped, and entries that could not be made or gave way.",
        query(
            f"""sum by (event) ({rate(
                'iptables_conntrack_events_total',
                NODES + ', event=~"drop|early_drop|insert_failed|invalid|clash_resolve"')})""",
            "{{event}}",
        ),
        unit="cps",
    )
