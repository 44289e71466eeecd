"""The dashboard around its rows: variables, annotations, title."""

from parts.panels import DATASOURCE, RED
from parts.queries import NODES, ORDER_COUNTS


def dashboard(panels):
    return {
        "annotations": {"list": [_built_in_annotation(), _order_annotation()]},
        "description": "What kube-proxy does to the iptables rules of each node: whose rules changed, and "
        "where. Documentation/metrics.md of kube-iptables-exporter says what is counted.",
        "editable": True,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "id": None,
        "links": [],
        "panels": panels,
        "preload": False,
        "refresh": "30s",
        "schemaVersion": 41,
        "tags": ["iptables", "kube-proxy", "kubernetes"],
        "templating": {"list": _variables()},
        "time": {"from": "now-1h", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": "kube-proxy's iptables rules",
        "uid": "kube-iptables",
        "version": 1,
        "weekStart": "",
    }


def _variables():
    exporters = "iptables_exporter_build_info"
    chosen_cluster = f'{exporters}{{cluster=~"$cluster"}}'
    rules = f"iptables_service_rules{{{NODES}}}"
    chosen_namespace = f'iptables_service_rules{{{NODES}, service_namespace=~"$namespace"}}'
    return [
        _datasource(),
        _variable("cluster", "Cluster", f"label_values({exporters}, cluster)"),
        _variable("node", "Node", f"label_values({chosen_cluster}, instance)"),
        _variable("namespace", "Namespace", f"label_values({rules}, service_namespace)"),
        _variable("service", "Service", f"label_values({chosen_namespace}, service_name)"),
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
        "allowCustomValue": True,
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


def _order_annotation():
    moved = f"iptables_rule_changes_total{{{NODES}, {ORDER_COUNTS}}}"
    return {
        "datasource": DATASOURCE,
        "enable": True,
        "expr": f"sum by (instance, scope) (increase({moved}[$__rate_interval])) > 0",
        "hide": False,
        "iconColor": RED,
        "name": "Moved where order counts",
        "tagKeys": "instance,scope",
        "textFormat": "Rules were moved.",
        "titleFormat": "{{instance}}: {{scope}}",
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
