{{/* Name of all objects of a release. Pods get 11 characters more, and labels hold 63. */}}
{{- define "etcd-caretaker.name" -}}
{{- .Values.fullnameOverride | default .Release.Name | replace "." "-" | trunc 45 | trimSuffix "-" -}}
{{- end -}}

{{/* What tells the pods of a release from all others: never changed, since selectors cannot be. */}}
{{- define "etcd-caretaker.selector" -}}
app.kubernetes.io/name: etcd-caretaker
app.kubernetes.io/instance: {{ include "etcd-caretaker.name" . }}
app.kubernetes.io/component: {{ eq .Values.use "cluster" | ternary "member" "agent" }}
{{- end -}}

{{- define "etcd-caretaker.labels" -}}
app.kubernetes.io/name: etcd-caretaker
app.kubernetes.io/instance: {{ include "etcd-caretaker.name" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "etcd-caretaker.service-account" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "etcd-caretaker.name" .) "default") -}}
{{- end -}}

{{- define "etcd-caretaker.image" -}}
{{- with .Values.image -}}
{{- $where := printf "%s%s" (empty .registry | ternary "" (printf "%s/" (trimSuffix "/" .registry))) (required "image.repository: say which image was built of deploy/Dockerfile" .repository) -}}
{{- if .digest }}{{ $where }}@{{ .digest }}{{ else }}{{ $where }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The host of one member: of the pod with this name ("pod"). With its domain: so the pod has its own in /etc/hosts, and sees its member also while DNS is away. */}}
{{- define "etcd-caretaker.host" -}}
{{- printf "%s.%s-headless.%s.svc.%s" .pod (include "etcd-caretaker.name" .root) .root.Release.Namespace .root.Values.clusterDomain -}}
{{- end -}}

{{/* Names of Secrets. */}}
{{- define "etcd-caretaker.token-secret" -}}
{{- .Values.token.existingSecret | default (printf "%s-token" (include "etcd-caretaker.name" .)) -}}
{{- end -}}

{{/*
The ConfigMap of the agents. In cluster it has another name with each configuration, and the former one stays: a pod that is given back its template finds what it had.
*/}}
{{- define "etcd-caretaker.config-map" -}}
{{- $name := include "etcd-caretaker.name" . -}}
{{- if eq .Values.use "cluster" }}{{ $name }}-{{ include "etcd-caretaker.config.settled" . | sha256sum | trunc 8 }}{{ else }}{{ $name }}{{ end -}}
{{- end -}}

{{/* The Secret of one of server, peer, client and agent ("part"); empty where there is none. */}}
{{- define "etcd-caretaker.tls-secret" -}}
{{- $tls := .root.Values.tls -}}
{{- if eq $tls.source "certManager" -}}
{{- if or (eq .root.Values.use "cluster") (eq .part "agent") -}}{{ include "etcd-caretaker.name" .root }}-{{ .part }}-tls{{- else -}}{{ index $tls.secrets .part }}{{- end -}}
{{- else if and (eq .part "agent") (eq .root.Values.use "cluster") -}}
{{ $tls.secrets.agent | default $tls.secrets.server }}
{{- else -}}
{{ index $tls.secrets .part }}
{{- end -}}
{{- end -}}

{{/* The parts of TLS that the pods of this use have a Secret for. */}}
{{- define "etcd-caretaker.tls-parts" -}}
{{- range eq .Values.use "cluster" | ternary (list "server" "peer" "client" "agent") (list "client" "agent") }}
{{- if include "etcd-caretaker.tls-secret" (dict "root" $ "part" .) }}
- {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "etcd-caretaker.backup-claim" -}}
{{- .Values.backup.folder.existingClaim | default (printf "%s-backups" (include "etcd-caretaker.name" .)) -}}
{{- end -}}
