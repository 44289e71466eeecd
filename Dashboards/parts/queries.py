"""What the rows' queries have in common."""

# Which nodes, and which services, the panels show.
NODES = 'cluster=~"$cluster", node=~"$node"'
SERVICES = f'{NODES}, service_namespace=~"$namespace", service_name=~"$service"'

# What makes a node: `instance` is there for the link to its page.
NODE = "cluster, node, instance"
NODE_LEGEND = "{{node}} {{cluster}}"

# What makes a service port, how a series of one is called, and a table's columns for it.
PORT = "service_namespace, service_name, service_port, protocol"
PORT_LEGEND = "{{service_namespace}}/{{service_name}} {{service_port}} {{protocol}}"
PORT_COLUMNS = {
    "service_namespace": "Namespace",
    "service_name": "Service",
    "service_port": "Port",
    "protocol": "Protocol",
}

# Moved rules whose order matters.
ORDER_COUNTS = 'scope=~"hook|service|system", change="moved"'

# The alerts of Deploy/prometheus/rules.yaml. Some are of a service, or of a cluster: they have no node.
ALERTS = 'alertname=~"KubeIptables.+", cluster=~"$cluster", node=~"$node|"'

# For each node, the share of nodes that have the same service map, itself included. They are compared within the
# groups of Deploy/prometheus/rules.yaml, whose recording rule this is made of.
_GROUP = "job, cluster, zone, ip_family"
_IN_STEP = "instance:iptables_service_map:nodes_in_step"
SHARE_IN_STEP = f"""({_IN_STEP}{{{NODES}}}
  / on ({_GROUP}) group_left () count by ({_GROUP}) ({_IN_STEP}))"""

# Filters metrics that many programs have (process_*, scrape_*): those of the exporters.
OF_EXPORTERS = f"and on (cluster, job, instance) iptables_exporter_build_info{{{NODES}}}"


def rate(metric, selector):
    return f"rate({metric}{{{selector}}}[$__rate_interval])"


def in_range(metric, selector):
    """What was counted in the dashboard's time range."""
    return f"increase({metric}{{{selector}}}[$__range])"


def at_end(function, metric, selector):
    """A function over the dashboard's time range, the same at each moment of it: to choose what is shown."""
    return f"{function}({metric}{{{selector}}}[$__range] @ end())"


def chosen_nodes(expr, ranking, function="topk"):
    """Of an expression, the twenty nodes that rank first in the whole time range."""
    return f"{expr} and on ({NODE}) {function}(20, {ranking})"


def by_port(expr):
    return f"sum by ({PORT}) ({expr})"
