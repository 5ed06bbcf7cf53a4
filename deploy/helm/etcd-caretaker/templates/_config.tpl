{{/* The agents' configuration without what depends on the number of members. Pods are started anew when it changes; when members are added they need not be. */}}
{{- define "etcd-caretaker.config.settled" -}}
{{- $use := include (printf "etcd-caretaker.config.%s" .Values.use) . | fromYaml -}}
{{- $backup := include "etcd-caretaker.config.backup" . | fromYaml -}}
{{- toYaml (mergeOverwrite $use $backup (deepCopy .Values.config)) -}}
{{- end -}}

{{- define "etcd-caretaker.config" -}}
{{- $members := dict -}}
{{- if eq .Values.use "cluster" }}{{ $members = include "etcd-caretaker.config.members" . | fromYaml }}{{ end -}}
{{- toYaml (mergeOverwrite $members (include "etcd-caretaker.config.settled" . | fromYaml)) -}}
{{- end -}}

{{/* Files of a TLS Secret as it is mounted ("at"), for the agent. */}}
{{- define "etcd-caretaker.config.tls" -}}
ca: {{ .at }}/{{ .root.Values.tls.keys.ca }}
cert: {{ .at }}/{{ .root.Values.tls.keys.cert }}
key: {{ .at }}/{{ .root.Values.tls.keys.key }}
{{- end -}}

{{/* How the agent shows itself in a pod, and whom it believes. */}}
{{- define "etcd-caretaker.config.expose" -}}
expose:
  listen: {{ printf "%s:%v" .Values.listenAddress .Values.ports.agent | quote }}
  tls:
    cert: /etc/etcd-caretaker-tls/agent/{{ .Values.tls.keys.cert }}
    key: /etc/etcd-caretaker-tls/agent/{{ .Values.tls.keys.key }}
    clientCa: /etc/etcd-caretaker-tls/agent/{{ .Values.tls.keys.ca }}
  auth:
    tokenFile: /etc/etcd-caretaker-token/token
    {{- if .Values.token.readKey }}
    readTokenFile: /etc/etcd-caretaker-token/read-token
    {{- end }}
{{- end -}}

{{- define "etcd-caretaker.config.password" -}}
{{- if .Values.etcd.auth.existingSecret }}
auth:
  username: root
  passwordFile: /etc/etcd-caretaker-auth/password
{{- end }}
{{- end -}}

{{- define "etcd-caretaker.config.backup" -}}
{{- with .Values.backup }}
{{- $stores := .store }}
{{- /* Not the volume itself, where a file system has things of its own. */}}
{{- if .folder.enabled }}{{ $stores = append $stores "file:///backups/etcd-caretaker" }}{{ end }}
{{- if $stores }}
backup:
  store: {{ toJson $stores }}
  {{- if or (ne $.Values.use "daemonset") $.Values.daemonset.scratchDir }}
  spool:
    dir: /scratch/spool
  drill:
    dir: /scratch/drill
  {{- end }}
  {{- $s3 := dict }}
  {{- if .s3.existingSecret }}{{ $_ := merge $s3 (dict "accessKeyIdFile" "/etc/etcd-caretaker-s3/id" "secretAccessKeyFile" "/etc/etcd-caretaker-s3/key") }}{{ end }}
  {{- if .s3.region }}{{ $_ := set $s3 "region" .s3.region }}{{ end }}
  {{- if .s3.endpoint }}{{ $_ := set $s3 "endpoint" .s3.endpoint }}{{ end }}
  {{- if .s3.pathStyle }}{{ $_ := set $s3 "pathStyle" true }}{{ end }}
  {{- if eq .encryption.mode "sse-kms" }}{{ $_ := set $s3 "sse" "sse-kms" }}{{ end }}
  {{- if $s3 }}
  s3: {{ toJson $s3 }}
  {{- end }}
  {{- if .encryption.existingSecret }}
  encryption:
    recipientsFile: /etc/etcd-caretaker-encryption/recipients
    {{- if .encryption.identityKey }}
    identityFile: /etc/etcd-caretaker-encryption/identity
    {{- end }}
  {{- else if .encryption.mode }}
  encryption:
    mode: {{ .encryption.mode }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}
