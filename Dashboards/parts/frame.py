"""The dashboard around its rows: variables, annotations, title."""

from parts.links import UID
from parts.panels import BLUE, DATASOURCE, GRAFANA, ORANGE, one_line
from parts.queries import NODE, NODES, ORDER_COUNTS

RUNBOOKS = "https://github.com/OWNER/kube-iptables-exporter/blob/main/Documentation/runbooks.md"


def dashboard(panels):
    return {
        "annotations": {"list": [_built_in_annotation(), *_annotations()]},
        "description": "Is anything wrong with the iptables rules of kube-proxy, on which node, and what "
        f"changed? For Grafana {GRAFANA} and later, and a Prometheus that has the recording rules and alerts of "
        "kube-iptables-exporter and gives its targets the label node.",
        "editable": True,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "id": None,
        "links": [_dashboard_link("Runbooks", "${runbooks}")],
        "panels": panels,
        "refresh": "30s",
        "schemaVersion": 39,
        "tags": ["iptables", "kube-proxy", "kubernetes"],
        "templating": {"list": _variables()},
        "time": {"from": "now-1h", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": "kube-proxy's iptables rules",
        "uid": UID,
        "version": 1,
        "weekStart": "",
    }


def _variables():
    exporters = "iptables_exporter_build_info"
    chosen_cluster = f'{exporters}{{cluster=~"$cluster"}}'
    ports = "iptables_service_sep_chains"  # the last that anybody would drop
    chosen_namespace = f'{ports}{{{NODES}, service_namespace=~"$namespace"}}'
    return [
        _datasource(),
        _variable("cluster", "Cluster", f"label_values({exporters}, cluster)"),
        _variable("node", "Node", f"label_values({chosen_cluster}, node)"),
        _variable("namespace", "Namespace", f"label_values({ports}{{{NODES}}}, service_namespace)"),
        _variable("service", "Service", f"label_values({chosen_namespace}, service_name)"),
        # Set them here, for all links.
        _constant("runbooks", RUNBOOKS),
        _constant("scheme", "http"),
    ]


def _datasource():
    return {
        "current": {},
        "hide": 0,
        "includeAll": False,
        "label": "Data source",
        "multi": False,
        "name": "datasource",
        "options": [],
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "skipUrlSync": False,
        "type": "datasource",
    }


def _variable(name, label, text):
    """A choice of several values, or of all: then series that lack the label count as well."""
    return {
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": DATASOURCE,
        "definition": text,
        "hide": 0,
        "includeAll": True,
        "label": label,
        "multi": True,
        "name": name,
        "options": [],
        "query": {"qryType": 1, "query": text, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "refresh": 2,
        "regex": "",
        "skipUrlSync": False,
        "sort": 1,
        "type": "query",
    }


def _constant(name, value):
    return {"hide": 2, "name": name, "query": value, "skipUrlSync": True, "type": "constant"}


def _dashboard_link(title, url):
    return {
        "asDropdown": False,
        "icon": "doc",
        "includeVars": False,
        "keepTime": False,
        "tags": [],
        "targetBlank": True,
        "title": title,
        "tooltip": "",
        "type": "link",
        "url": url,
    }


def _annotations():
    moved = f"iptables_rule_changes_total{{{NODES}, {ORDER_COUNTS}}}"
    changed = f'iptables_rule_changes_total{{{NODES}, scope!="other", change=~"added|removed"}}'
    return [
        _annotation(
            "Moved where order counts",
            ORANGE,
            f"sum by ({NODE}, scope) (increase({moved}[$__rate_interval])) > 0",
            "{{node}}: rules of the scope {{scope}} were moved",
        ),
        _annotation(
            "Mass changes",
            ORANGE,
            f"""sum by ({NODE}) (increase({changed}[$__rate_interval]))
            > 0.25 * sum by ({NODE}) (instance:iptables_rules:sum{{{NODES}}})""",
            "{{node}}: more than a quarter of the rules were added or removed",
        ),
        # Where Prometheus scrapes kube-proxy. Its targets may have no label `node`.
        _annotation(
            "kube-proxy starts",
            BLUE,
            """time() - process_start_time_seconds{job=~"(.*/)?kube-proxy", cluster=~"$cluster"} < 60""",
            "kube-proxy started: {{instance}}",
        ),
    ]


def _annotation(name, color, expr, title):
    return {
        "datasource": DATASOURCE,
        "enable": True,
        "expr": one_line(expr),
        "hide": False,
        "iconColor": color,
        "name": name,
        "tagKeys": "cluster,node",
        "titleFormat": title,
    }


def _built_in_annotation():
    return {
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }
