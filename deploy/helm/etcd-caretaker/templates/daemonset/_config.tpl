{{/* As deploy/kubeadm/base/agent.yaml. What is another one on each node is in the environment. */}}
{{- define "etcd-caretaker.config.daemonset" -}}
{{- with .Values.daemonset -}}
member:
  dataDir: {{ .dataDir }}
  metricsUrl: http://127.0.0.1:{{ $.Values.ports.metrics }}/metrics
cluster:
  name: {{ $.Values.clusterName | quote }}
  {{- if .peers }}
  peers: {{ toJson .peers }}
  {{- end }}
  tls:
    ca: {{ .pkiDir }}/ca.crt
    cert: {{ .pkiDir }}/{{ .clientCert }}.crt
    key: {{ .pkiDir }}/{{ .clientCert }}.key
  peerTls:
    ca: {{ .pkiDir }}/ca.crt
    cert: {{ .pkiDir }}/peer.crt
    key: {{ .pkiDir }}/peer.key
{{- if $.Values.daemonset.scratchDir }}
backup:
  # Not in the spool: it stays beside the data.
  lastGasp:
    dir: {{ .dataDir }}.last-gasp
{{- end }}
{{- if .healing }}
supervise:
  kind: static-pod
  staticPod:
    manifest: {{ .manifest }}
{{- end }}
expose:
  # The certificate of etcd itself: it names this node, serves, and shows the other agents that this one may ask.
  tls:
    cert: {{ .pkiDir }}/server.crt
    key: {{ .pkiDir }}/server.key
    clientCa: {{ .pkiDir }}/ca.crt
  auth:
    tokenFile: /etc/etcd-caretaker-token/token
    {{- if $.Values.token.readKey }}
    readTokenFile: /etc/etcd-caretaker-token/read-token
    {{- end }}
{{- end -}}
{{- end -}}
