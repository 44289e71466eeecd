"""The row about what changed, and whose rules moved."""

from parts.links import COLUMN_SERVICE, PAGE, SERVICE
from parts.panels import GREEN, GREY, LIGHT_BLUE, ORANGE
from parts.panels import between, changed_rules, fixed, link, override, query, row, stat, state_timeline, table
from parts.panels import thresholds, values
from parts.queries import NODE, NODE_LEGEND, NODES, ORDER_COUNTS, PORT, PORT_COLUMNS, PORT_LEGEND, SERVICES
from parts.queries import at_end, by_port, chosen_nodes, in_range, rate
from parts.service import CHANGES
from parts.services import SCOPES


def lines():
    return [
        (1, (row(100, "What changed, and whose rules moved"), 24)),
        (4, (_totals(), 14), (_order(), 10)),
        (8, (_content_by_scope(), 12), (_moved_by_scope(), 12)),
        (6, (_timeline(), 24)),
        (8, (_content_by_port(), 12), (_moved_by_port(), 12)),
        (8, (_changed_ports(), 24)),
    ]


def _totals():
    total = in_range("iptables_rule_changes_total", NODES)
    return stat(
        101,
        "Rules changed in this time",
        """All rules of the tables read, on the nodes chosen. Moved rules are mostly those of KUBE-SERVICES,
        which kube-proxy writes in another order at each sync; that has no effect.""",
        query(f"round(sum by (change) ({total}))", "{{change}}", instant=True),
        overrides=[fixed(name, color) for name, color in CHANGES.items()],
    )


def _order():
    moved = in_range("iptables_rule_changes_total", f"{NODES}, {ORDER_COUNTS}")
    return stat(
        102,
        "Moved where order counts",
        """Rules moved in built-in chains, in services' own chains and in kube-proxy's other chains, in this
        time. There the order decides who sees a packet, and how a service's traffic is shared.""",
        query(f"round(sum({moved}))", "moved", instant=True),
        steps=thresholds(GREEN, (1, ORANGE)),
        links=[link("Runbook", "${runbooks}#kubeiptablesreorderchurn")],
    )


def _content_by_scope():
    queries = []
    for change in ("added", "removed"):
        changed = rate("iptables_rule_changes_total", f'{NODES}, change="{change}"')
        queries.append(query(f"sum by (scope) ({changed})", f"{{{{scope}}}} {change}"))
    overrides = []
    for scope, color in SCOPES.items():
        overrides.append(fixed(f"{scope} added", color))
        below = {"color": {"fixedColor": color, "mode": "fixed"}, "custom__transform": "negative-Y"}
        overrides.append(override(f"{scope} removed", **below))
    return changed_rules(
        105,
        "Rules added and removed, by scope",
        """Content that changed: added above the line, removed below it. Scopes: hook (built-in chains),
        dispatch (KUBE-SERVICES, KUBE-NODEPORTS, KUBE-EXTERNAL-SERVICES, KUBE-PROXY-FIREWALL), service (a
        service's own chains), system (kube-proxy's other chains), other (other agents' rules).""",
        *queries,
        overrides=overrides,
    )


def _moved_by_scope():
    moved = rate("iptables_rule_changes_total", f'{NODES}, change="moved"')
    return changed_rules(
        106,
        "Rules moved, by scope",
        """Order that changed. In dispatch it has no effect: the rules exclude each other. In hook, service
        and system it has.""",
        query(f"sum by (scope) ({moved})", "{{scope}}"),
        overrides=[fixed(name, color) for name, color in SCOPES.items()],
    )


def _timeline():
    # One bit for each kind of change, so that the weightiest decides.
    kinds = ['scope=~"dispatch|other", change="moved"', 'change=~"added|removed"', ORDER_COUNTS]
    expr = " + ".join(
        f"""{2 ** bit} * (sum by ({NODE}) (
          increase(iptables_rule_changes_total{{{NODES}, {kind}}}[$__rate_interval])) > bool 0)"""
        for bit, kind in enumerate(kinds)
    )
    most = f"sum by ({NODE}) ({at_end('increase', 'iptables_rule_changes_total', NODES)})"
    return state_timeline(
        107,
        "When each node's rules changed",
        "What happened at each moment; of several things, the weightiest. The twenty nodes with the most changes.",
        query(chosen_nodes(expr, most), NODE_LEGEND),
        mappings=[
            values(_0=("unchanged", GREY), _1=("moved where it means nothing", LIGHT_BLUE)),
            between(2, 3, "added or removed", GREEN),
            between(4, 7, "moved where order counts", ORANGE),
        ],
        steps=thresholds(GREY, (1, LIGHT_BLUE), (2, GREEN), (4, ORANGE)),
        links=[PAGE],
    )


def _by_port(number, title, description, changes):
    changed = rate("iptables_service_rule_changes_total", f'{SERVICES}, change=~"{changes}"')
    return changed_rules(
        number,
        title,
        description,
        query(f"topk(20, {by_port(changed)} > 0)", PORT_LEGEND),
        links=[SERVICE],
    )


def _content_by_port():
    return _by_port(
        108,
        "Whose rules were added or removed",
        """The twenty service ports with the most changes at each moment, summed over the nodes chosen. A
        service port's first and last change are not in it, because it has no series before and after; the
        panels by scope have them.""",
        "added|removed",
    )


def _moved_by_port():
    return _by_port(
        109,
        "Whose rules were moved",
        """The twenty service ports with the most moved rules at each moment. Where the panel by scope shows
        only dispatch, they were moved in KUBE-SERVICES and KUBE-NODEPORTS, without effect.""",
        "moved",
    )


def _changed_ports():
    def counted(changes):
        total = in_range("iptables_service_rule_changes_total", f'{SERVICES}, change=~"{changes}"')
        return f"round({by_port(total)}) > 0"

    return table(
        110,
        "Service ports that changed in this time",
        """Rules of each service port, summed over the nodes chosen. The hundred with the most. A service's name
        leads to that service alone.""",
        *(
            query(f"{counted(change)} and on ({PORT}) topk(100, {counted('.+')})", table=True)
            for change in CHANGES
        ),
        labels=PORT_COLUMNS,
        names=["Added", "Removed", "Moved"],
        overrides=[override("Service", links=[COLUMN_SERVICE])],
        sort="Added",
    )
