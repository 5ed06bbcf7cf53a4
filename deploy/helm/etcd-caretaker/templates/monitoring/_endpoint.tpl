{{/* How the agents are scraped. The alerts and dashboards want the label `cluster`. */}}
{{- define "etcd-caretaker.agent-endpoint" -}}
port: agent
scheme: https
path: /metrics
interval: {{ .Values.monitoring.interval }}
tlsConfig:
  {{- if .Values.monitoring.tlsConfig }}
  {{- toYaml .Values.monitoring.tlsConfig | nindent 2 }}
  {{- else }}
  ca:
    secret:
      name: {{ include "etcd-caretaker.tls-secret" (dict "root" . "part" "agent") }}
      key: {{ .Values.tls.keys.ca }}
  # Prometheus asks by address; this is a name that the certificate has.
  serverName: {{ include "etcd-caretaker.name" . }}-agents.{{ .Release.Namespace }}.svc
  {{- end }}
{{- if .Values.monitoring.authorization }}
authorization:
  {{- toYaml .Values.monitoring.authorization | nindent 2 }}
{{- else if not .Values.monitoring.tlsConfig }}
authorization:
  credentials:
    name: {{ include "etcd-caretaker.token-secret" . }}
    key: {{ .Values.token.readKey | default .Values.token.key }}
{{- end }}
relabelings:
  - targetLabel: cluster
    replacement: {{ .Values.clusterName | quote }}
{{- end -}}

{{- define "etcd-caretaker.etcd-endpoint" -}}
port: etcd-metrics
scheme: http
path: /metrics
interval: {{ .Values.monitoring.interval }}
relabelings:
  - targetLabel: cluster
    replacement: {{ .Values.clusterName | quote }}
{{- end -}}
