{{- define "kube-iptables-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of all objects: the release's where it contains the chart's, and both otherwise. */}}
{{- define "kube-iptables-exporter.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "kube-iptables-exporter.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "kube-iptables-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "kube-iptables-exporter.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "kube-iptables-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kube-iptables-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/*
Labels of all objects. Neither helm.sh/chart nor app.kubernetes.io/managed-by is among them: Helm adds the
latter itself, and `kubectl apply -k` makes the same objects.
*/}}
{{- define "kube-iptables-exporter.labels" -}}
{{ include "kube-iptables-exporter.selectorLabels" . }}
app.kubernetes.io/component: exporter
app.kubernetes.io/part-of: kube-iptables-exporter
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without the version, which an update of labels alone would roll out. */}}
{{- define "kube-iptables-exporter.podLabels" -}}
{{ include "kube-iptables-exporter.selectorLabels" . }}
app.kubernetes.io/component: exporter
app.kubernetes.io/part-of: kube-iptables-exporter
{{- with mergeOverwrite (deepCopy .Values.commonLabels) .Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "kube-iptables-exporter.image" -}}
{{- with .Values.image.registry }}{{ trimSuffix "/" . }}/{{ end }}
{{- .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* "https" where the exporter speaks TLS, and nothing otherwise. */}}
{{- define "kube-iptables-exporter.tls" -}}
{{- if and .Values.webConfig.secretName .Values.webConfig.tls }}https{{ end }}
{{- end }}

{{/* Annotations of a pod. */}}
{{- define "kube-iptables-exporter.podAnnotations" -}}
kubectl.kubernetes.io/default-container: kube-iptables-exporter
{{- if .Values.prometheusAnnotations.enabled }}
prometheus.io/scrape: "true"
prometheus.io/path: /metrics
prometheus.io/port: {{ .Values.port | quote }}
{{- end }}
{{- with include "kube-iptables-exporter.tls" . }}
prometheus.io/scheme: {{ . }}
{{- end }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
How the kubelet asks. It has neither a certificate nor a password: with a web configuration it learns that
the port is open, but not whether the rules can be read. Arguments: the values, and the path.
*/}}
{{- define "kube-iptables-exporter.probe" -}}
{{- if .values.webConfig.secretName -}}
tcpSocket:
  port: metrics
{{- else -}}
httpGet:
  path: {{ .path }}
  port: metrics
{{- end }}
{{- end }}

{{/* Metadata of an object of its own namespace, labels and annotations: those of `settings`. */}}
{{- define "kube-iptables-exporter.metadata" -}}
namespace: {{ default (include "kube-iptables-exporter.namespace" .root) .settings.namespace }}
labels:
  {{- include "kube-iptables-exporter.labels" .root | nindent 2 }}
  {{- with .settings.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .settings.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The alerts of files/rules.yaml with what prometheusRule says of them. */}}
{{- define "kube-iptables-exporter.ruleGroups" -}}
{{- $values := .Values.prometheusRule }}
{{- $source := .Files.Get "files/rules.yaml" | fromYaml }}
{{- if not $source.groups }}{{ fail "files/rules.yaml has no groups" }}{{ end }}
{{- $alerts := list }}
{{- $groups := list }}
{{- range $group := $source.groups }}
{{- $rules := list }}
{{- range $rule := $group.rules }}
{{- $enabled := true }}
{{- if $rule.alert }}
{{- $alerts = append $alerts $rule.alert }}
{{- $settings := get $values.alerts $rule.alert | default dict }}
{{- if hasKey $settings "enabled" }}{{ $enabled = $settings.enabled }}{{ end }}
{{- with $settings.severity }}{{ $_ := set $rule.labels "severity" . }}{{ end }}
{{- if hasKey $settings "for" }}{{ $_ := set $rule "for" $settings.for }}{{ end }}
{{- with $values.runbookUrl }}
{{- $_ := set $rule.annotations "runbook_url" (regexReplaceAllLiteral "^[^#]*" $rule.annotations.runbook_url .) }}
{{- end }}
{{- end }}
{{- if $enabled }}{{ $rules = append $rules $rule }}{{ end }}
{{- end }}
{{- if $rules }}{{ $groups = append $groups (set $group "rules" $rules) }}{{ end }}
{{- end }}
{{- range $name, $_ := $values.alerts }}
{{- if not (has $name $alerts) }}
{{- fail (printf "prometheusRule.alerts has %s, which is no alert. The alerts are: %s" $name (join ", " $alerts)) }}
{{- end }}
{{- end }}
{{- toYaml $groups }}
{{- end }}
