"""Where panels lead to: a node's page, a runbook, a service alone."""

from parts.panels import link

UID = "kube-iptables"
_HERE = f"/d/{UID}?" + "${datasource:queryparam}&${cluster:queryparam}&${node:queryparam}&${__url_time_range}"

# From a series, and from a line of a table.
_SERIES, _LINE = "__field.labels", "__data.fields"


def _page(labels):
    return link("The node's page", f"${{scheme}}://${{{labels}.instance}}/")


def _service(labels):
    chosen = f"var-namespace=${{{labels}.service_namespace}}&var-service=${{{labels}.service_name}}"
    return link("Only this service (see the row One service)", f"{_HERE}&{chosen}", blank=False)


PAGE, COLUMN_PAGE = _page(_SERIES), _page(_LINE)
SERVICE, COLUMN_SERVICE = _service(_SERIES), _service(_LINE)
# A section of the runbooks is called as its alert.
RUNBOOK = link("Runbook", "${runbooks}#${__data.fields.alertname}")
FAULT_RUNBOOK = link("Runbook", "${runbooks}#kubeiptablesfaultyrules")
SLOW_RUNBOOK = link("Runbook", "${runbooks}#kubeiptablesexporterslow")
