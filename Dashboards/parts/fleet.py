"""The row about the nodes, and which of them is not as the others are."""

from parts.links import COLUMN_PAGE, PAGE
from parts.panels import BLUE, GREEN, LIGHT_GREEN, ORANGE, PURPLE, RED, YELLOW
from parts.panels import between, colored, hidden, link, override, query, row, state_timeline, table, thresholds
from parts.panels import timeseries, values
from parts.queries import NODE, NODE_LEGEND, NODES, SHARE_IN_STEP, at_end, chosen_nodes
from parts.wrong import NEVER_CHANGED, SEVERITY, firing, since_change


def lines():
    return [
        (1, (row(300, "Nodes"), 24)),
        (7, (_disagreeing(), 12), (_hooks(), 12)),
        (8, (_nodes(), 24)),
        (8, (_rules(), 14), (_kinds(), 10)),
        (8, (_alerts(), 24)),
    ]


def _disagreeing():
    fewest = at_end("min_over_time", "instance:iptables_service_map:nodes_in_step", NODES)
    return state_timeline(
        301,
        "Nodes that disagree",
        """Whether the services and endpoints in a node's rules are those that the other nodes of its cluster
        (and zone) have: all of them, more than half of them, or fewer. A node that follows late is out of
        step for a moment. The twenty that agreed with the fewest.""",
        query(
            chosen_nodes(
                f"min by ({NODE}, ip_family) ({SHARE_IN_STEP})", f"min by ({NODE}) ({fewest})", "bottomk"
            ),
            NODE_LEGEND + " {{ip_family}}",
        ),
        mappings=[
            between(0, 0.5, "differs from most", ORANGE),
            between(0.500001, 0.999999, "as most", LIGHT_GREEN),
            values(_1=("as all others", GREEN)),
        ],
        steps=thresholds(ORANGE, (0.500001, LIGHT_GREEN), (1, GREEN)),
        links=[PAGE, link("Runbook", "${runbooks}#kubeiptablesnodediffers")],
    )


def _hooks():
    jump = f'{NODES}, table="nat", chain=~"PREROUTING|OUTPUT"'
    with_services = "and ignoring (table, chain) instance:iptables_service_rules:sum > 0"
    lowest = at_end("min_over_time", "iptables_hook_jump_position", jump)
    return state_timeline(
        302,
        "Where nat jumps to KUBE-SERVICES",
        """The position of the jump in PREROUTING and OUTPUT. Missing: no service works. Second or later:
        somebody else sees the packets first, which is usual for some network plugins. Twenty nodes, those first
        on which it was missing.""",
        query(
            chosen_nodes(
                f"""max by ({NODE}, ip_family, chain) (
                  iptables_hook_jump_position{{{jump}}} {with_services})""",
                f"min by ({NODE}) ({lowest})",
                "bottomk",
            ),
            NODE_LEGEND + " {{chain}} {{ip_family}}",
        ),
        mappings=[
            values(_0=("missing", RED), _1=("first", GREEN), _2=("second", BLUE)),
            between(3, 1000000, "third or later", PURPLE),
        ],
        steps=thresholds(RED, (1, GREEN), (2, BLUE), (3, PURPLE)),
        links=[PAGE, link("Runbook", "${runbooks}#kubeiptableshookjumpmissing")],
    )


def _nodes():
    columns = {
        "cluster": "Cluster",
        "node": "Node",
        "instance": "Instance",
        "mode": "Mode",
        "backend": "Backend",
    }
    longest = f"and on ({NODE}) topk(200, {since_change()})"
    kubernetes = f'iptables_backend_info{{{NODES}, kubernetes="true"}}'
    return table(
        303,
        "Nodes",
        """Mode: kube-proxy's, as far as the node shows it. Backend: the one that holds kube-proxy's rules.
        Both: 1 where the other one holds rules of Kubernetes as well. The two hundred whose nat has not changed
        for longest; those in other modes than iptables are not among them.""",
        query(f"max by ({NODE}, mode) (iptables_kube_proxy_mode_info{{{NODES}}}) {longest}", table=True),
        query(f"max by ({NODE}, backend) ({kubernetes}) {longest}", table=True),
        query(f"max by ({NODE}) (iptables_mixed_backends{{{NODES}}}) {longest}", table=True),
        query(f"sum by ({NODE}) (iptables_services{{{NODES}}}) {longest}", table=True),
        query(f"sum by ({NODE}) (instance:iptables_rules:sum{{{NODES}}}) {longest}", table=True),
        query(f"sum by ({NODE}) (iptables_chains{{{NODES}}}) {longest}", table=True),
        query(f"topk(200, {since_change()})", table=True),
        labels=columns,
        names=[None, None, "Both", "Service ports", "Rules", "Chains", "Since nat changed"],
        overrides=[
            override(
                "Since nat changed",
                decimals=0,
                unit="s",
                mappings=[NEVER_CHANGED],
                **colored(thresholds("transparent", (3600, YELLOW), (86400, ORANGE))),
            ),
            override("Both", **colored(thresholds("transparent", (1, ORANGE)))),
            override("Node", links=[COLUMN_PAGE]),
            hidden("Instance"),
        ],
        sort="Since nat changed",
    )


def _rules():
    highest = at_end("max_over_time", "instance:iptables_rules:sum", NODES)
    lowest = at_end("min_over_time", "instance:iptables_rules:sum", NODES)
    return timeseries(
        304,
        "Rules per node",
        """All rules of the tables read, in both backends. A line that leaves the others: rules were lost, or
        came, on that node alone. The twenty nodes that changed by most.""",
        query(
            chosen_nodes(
                f"sum by ({NODE}) (instance:iptables_rules:sum{{{NODES}}})",
                f"sum by ({NODE}) ({highest} - {lowest})",
            ),
            NODE_LEGEND,
        ),
        calcs=("lastNotNull", "min", "max"),
        decimals=0,
        links=[PAGE],
    )


def _kinds():
    by_node = f"sum by ({NODE}, kind) (iptables_rules{{{NODES}}})"
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
    return state_timeline(
        307,
        "Alerts",
        """Alerts that fire, or fired: at each moment the thirty most severe.""",
        query(f"topk(30, {firing(f'{NODE}, alertname')})", "{{alertname}} " + NODE_LEGEND),
        mappings=[SEVERITY],
        steps=thresholds("transparent", (1, BLUE), (2, ORANGE), (3, RED)),
        links=[PAGE, link("Runbooks", "${runbooks}")],
    )
