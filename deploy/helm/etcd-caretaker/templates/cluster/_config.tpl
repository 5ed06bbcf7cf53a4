{{- define "etcd-caretaker.config.cluster" -}}
{{- $tls := "/etc/etcd-caretaker-tls" -}}
{{- $keys := .Values.tls.keys -}}
member:
  # Beside it on the volume: what the agent remembers, quarantine, last gasps.
  dataDir: /data/etcd
  metricsUrl: http://127.0.0.1:{{ .Values.ports.metrics }}/metrics
cluster:
  name: {{ .Values.clusterName | quote }}
  tls:
    {{- include "etcd-caretaker.config.tls" (dict "root" . "at" (printf "%s/client" $tls)) | nindent 4 }}
  peerTls:
    {{- include "etcd-caretaker.config.tls" (dict "root" . "at" (printf "%s/peer" $tls)) | nindent 4 }}
  {{- include "etcd-caretaker.config.password" . | indent 2 }}
backup:
  lastGasp:
    dir: /data/etcd.last-gasp
supervise:
  kind: statefulset
  child:
    args:
      - --listen-client-urls=https://{{ .Values.listenAddress }}:{{ .Values.ports.client }}
      - --listen-peer-urls=https://{{ .Values.listenAddress }}:{{ .Values.ports.peer }}
      - --listen-metrics-urls=http://{{ .Values.listenAddress }}:{{ .Values.ports.metrics }}
      - --cert-file={{ $tls }}/server/{{ $keys.cert }}
      - --key-file={{ $tls }}/server/{{ $keys.key }}
      - --trusted-ca-file={{ $tls }}/server/{{ $keys.ca }}
      - --client-cert-auth
      - --peer-cert-file={{ $tls }}/peer/{{ $keys.cert }}
      - --peer-key-file={{ $tls }}/peer/{{ $keys.key }}
      - --peer-trusted-ca-file={{ $tls }}/peer/{{ $keys.ca }}
      - --peer-client-cert-auth
      - --quota-backend-bytes={{ int64 .Values.etcd.quotaBackendBytes }}
      - --metrics={{ .Values.etcd.metrics }}
      {{- with .Values.etcd.auth.jwt }}
      {{- if .existingSecret }}
      - --auth-token=jwt,pub-key=/etc/etcd-caretaker-jwt/jwt.pub,priv-key=/etc/etcd-caretaker-jwt/jwt.key,sign-method={{ .signMethod }},ttl={{ .ttl }}
      {{- end }}
      {{- end }}
      {{- range .Values.etcd.flags }}
      - {{ . | quote }}
      {{- end }}
{{ include "etcd-caretaker.config.expose" . }}
{{- end -}}

{{/* With whom a new cluster begins, and where it is asked first. One that is there has its own list. */}}
{{- define "etcd-caretaker.config.members" -}}
{{- $name := include "etcd-caretaker.name" . -}}
cluster:
  peers:
    {{- range until (int .Values.replicas) }}
    {{- $pod := printf "%s-%d" $name . }}
    {{- $host := include "etcd-caretaker.host" (dict "root" $ "pod" $pod) }}
    - {{ $pod }}=https://{{ $host }}:{{ $.Values.ports.peer }} https://{{ $host }}:{{ $.Values.ports.agent }}
    {{- end }}
  endpoints:
    {{- range until (int .Values.replicas) }}
    - https://{{ include "etcd-caretaker.host" (dict "root" $ "pod" (printf "%s-%d" $name .)) }}:{{ $.Values.ports.client }}
    {{- end }}
{{- end -}}
