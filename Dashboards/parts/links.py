"""Where panels lead to: a node's page, a runbook, a service alone."""

from parts.panels import link

UID = "kube-iptables"
_HERE = f"/d/{UID}?" + "${datasource:queryparam}&${cluster:queryparam}&${node:queryparam}&${__url_time_range}"

# From a series, and from a line of a table.
PAGE = link("The node's page", "${scheme}://${__field.labels.instance}/")
COLUMN_PAGE = link("The node's page", "${scheme}://${__data.fields.instance}/")
SERVICE = link(
    "Only this service (see the row One service)",
    f"{_HERE}&var-namespace=${{__field.labels.service_namespace}}&var-service=${{__field.labels.service_name}}",
    blank=False,
)
COLUMN_SERVICE = link(
    "Only this service (see the row One service)",
    f"{_HERE}&var-namespace=${{__data.fields.service_namespace}}&var-service=${{__data.fields.service_name}}",
    blank=False,
)
# A section of the runbooks is called as its alert.
RUNBOOK = link("Runbook", "${runbooks}#${__data.fields.alertname}")
FAULT_RUNBOOK = link("Runbook", "${runbooks}#kubeiptablesfaultyrules")
SLOW_RUNBOOK = link("Runbook", "${runbooks}#kubeiptablesexporterslow")
