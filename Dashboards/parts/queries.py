"""What the rows' queries have in common."""

# Which nodes, and which services, the panels show.
NODES = 'cluster=~"$cluster", instance=~"$node"'
SERVICES = f'{NODES}, service_namespace=~"$namespace", service_name=~"$service"'

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

# The nodes that are compared with each other: Deploy/prometheus/rules.yaml says why.
_GROUP = "job, cluster, zone, ip_family"
_FINGERPRINT = """(iptables_service_map_fingerprint{cluster=~"$cluster"}
  and ignoring (ip_family, mode) iptables_kube_proxy_mode_info{mode="iptables"})"""
# For each node, the share of nodes that have the same service map, itself included.
SHARE_IN_STEP = f"""sum without (fingerprint) (
  count_values without () ("fingerprint", {_FINGERPRINT})
  * on ({_GROUP}, fingerprint) group_left ()
  count_values by ({_GROUP}) ("fingerprint", {_FINGERPRINT}))
  / on ({_GROUP}) group_left () count by ({_GROUP}) {_FINGERPRINT}"""

# Filters metrics that many programs have (process_*, scrape_*): those of the exporters.
OF_EXPORTERS = f"and on (cluster, job, instance) iptables_exporter_build_info{{{NODES}}}"


def rate(metric, selector):
    return f"rate({metric}{{{selector}}}[$__rate_interval])"


def in_range(metric, selector):
    """What was counted in the dashboard's time range."""
    return f"increase({metric}{{{selector}}}[$__range])"


def by_port(function, expr):
    return f"{function} by ({PORT}) ({expr})"
