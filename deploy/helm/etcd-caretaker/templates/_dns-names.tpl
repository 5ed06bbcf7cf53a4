{{/*
Names that a certificate ("part") has to have. The wildcards are for members to come: etcd asks DNS for the name of a peer's address, and
looks for that. Where DNS does not know it, etcd asks for the addresses of the names without one. A client's certificate needs none.
*/}}
{{- define "etcd-caretaker.dns-names" -}}
{{- $name := include "etcd-caretaker.name" .root -}}
{{- $isCluster := eq .root.Values.use "cluster" -}}
{{- $set := $isCluster | ternary $name .root.Values.sidecar.statefulSet -}}
{{- $headless := $isCluster | ternary (printf "%s-headless" $name) .root.Values.sidecar.serviceName -}}
{{- $zone := printf "%s.svc" .root.Release.Namespace -}}
{{- $domain := printf "%s.%s" $zone .root.Values.clusterDomain -}}
- localhost
- "*.{{ $headless }}.{{ $zone }}"
- "*.{{ $headless }}.{{ $domain }}"
{{- if $isCluster }}
{{- range until (int .root.Values.replicas) }}
- {{ $set }}-{{ . }}.{{ $headless }}.{{ $domain }}
{{- end }}
{{- end }}
{{- if eq .part "server" }}
- {{ $name }}
- {{ $name }}.{{ $zone }}
- {{ $name }}.{{ $domain }}
{{- end }}
{{- if ne .part "peer" }}
{{- range .root.Values.tls.certManager.dnsNames }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- if eq .part "agent" }}
- {{ $name }}-agents.{{ $zone }}
- {{ $name }}-agents.{{ $domain }}
{{- end }}
{{- end -}}
