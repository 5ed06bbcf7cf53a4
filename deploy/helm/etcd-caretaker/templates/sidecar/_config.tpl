{{/* Etcd is another container's: it is watched, maintained and backed up, and not started. */}}
{{- define "etcd-caretaker.config.sidecar" -}}
member:
  dataDir: {{ .Values.sidecar.dataDir }}
cluster:
  name: {{ .Values.clusterName | quote }}
  {{- if .Values.tls.secrets.client }}
  tls:
    {{- include "etcd-caretaker.config.tls" (dict "root" . "at" "/etc/etcd-caretaker-tls/client") | nindent 4 }}
  {{- end }}
  {{- include "etcd-caretaker.config.password" . | indent 2 }}
backup:
  lastGasp:
    dir: {{ .Values.sidecar.dataDir }}.last-gasp
{{ include "etcd-caretaker.config.expose" . }}
{{- end -}}
