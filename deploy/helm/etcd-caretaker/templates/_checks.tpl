{{/* What values.schema.json cannot say: what one value asks of others. */}}
{{- define "etcd-caretaker.checks" -}}
{{- $v := .Values -}}
{{- if not $v.clusterName }}{{ fail "clusterName: say how this etcd cluster is called; no other one that you watch, or keep in the same store, may have that name" }}{{ end -}}
{{- if and (eq $v.use "cluster") (eq $v.rollout.by "agents") (not $v.etcd.version) }}{{ fail "etcd.version: say which version of etcd is in the image, such as 3.5.30; the agents go by it when they bring it to the pods" }}{{ end -}}
{{- if and $v.rollout.rehearse (ne $v.use "cluster") }}{{ fail "rollout.rehearse: only with use: cluster; elsewhere the chart brings no other etcd" }}{{ end -}}
{{- if and $v.rollout.rehearse (not $v.backup.store) (not $v.backup.folder.enabled) }}{{ fail "rollout.rehearse: it restores the newest backup: name a bucket in backup.store, or a volume in backup.folder" }}{{ end -}}
{{- if and $v.rollout.rehearse $v.backup.encryption.existingSecret (not $v.backup.encryption.identityKey) (not (((($v.config).backup).encryption).identityFile)) }}{{ fail "rollout.rehearse: it restores the newest backup, which takes an identity: name its entry of the Secret in backup.encryption.identityKey" }}{{ end -}}
{{- if and (eq $v.use "cluster") (eq $v.rollout.by "agents") (not $v.persistence.enabled) }}{{ fail "persistence.enabled: the agents restart no member whose data go with its pod; set rollout.by: kubernetes, or leave it its volume" }}{{ end -}}
{{- $spare := div (sub (int $v.replicas) 1) 2 | max 1 -}}
{{- if and (eq $v.use "cluster") $v.pdb.enabled (gt (int $v.pdb.maxUnavailable) (int $spare)) }}{{ fail (printf "pdb.maxUnavailable: of %d members %d may be away at most, else the quorum is lost" (int $v.replicas) $spare) }}{{ end -}}
{{- /* As `config check` does: else it is the first pod that finds it. */}}
{{- if eq $v.use "cluster" -}}
{{- range $v.etcd.flags -}}
{{- if regexMatch "^--(initial-cluster|initial-cluster-state|initial-cluster-token|discovery[a-z-]*|force-new-cluster|name|data-dir|wal-dir|config-file)(=|$)" . }}{{ fail (printf "etcd.flags: %s is for the agents to set; leave it out" (regexFind "^[^=]+" .)) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if not (regexMatch "^[a-z]" (include "etcd-caretaker.name" .)) }}{{ fail (printf "fullnameOverride: a Service's name begins with a letter, and that of the release is %s; say another one" .Release.Name) }}{{ end -}}
{{- $seen := dict -}}
{{- range eq $v.use "sidecar" | ternary (list "client" "agent") (list "client" "peer" "metrics" "agent") -}}
{{- $port := index $v.ports . | int | toString -}}
{{- if hasKey $seen $port }}{{ fail (printf "ports.%s: %s is ports.%s already; each needs one of its own" . $port (index $seen $port)) }}{{ end -}}
{{- $_ := set $seen $port . -}}
{{- end -}}
{{- if and (eq $v.use "cluster") (not $v.serviceAccount.create) (not $v.serviceAccount.name) }}{{ fail "serviceAccount.name: say which one the agents have; with the namespace's default one every pod there would get their rights" }}{{ end -}}
{{- if and (eq $v.rollout.by "agents") $v.rollout.partition }}{{ fail "rollout.partition: with rollout.by: agents it is the agents who lower and raise it" }}{{ end -}}
{{- if and (eq $v.use "cluster") (eq $v.tls.source "secrets") -}}
{{- range list "server" "peer" "client" -}}
{{- if not (index $v.tls.secrets .) }}{{ fail (printf "tls.secrets.%s: name a Secret with certificate, key and CA, or set tls.source: certManager" .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $v.tls.source "certManager") (ne $v.use "daemonset") -}}
{{- if ne (list $v.tls.keys.ca $v.tls.keys.cert $v.tls.keys.key | join " ") "ca.crt tls.crt tls.key" }}{{ fail "tls.keys: cert-manager's Secrets have ca.crt, tls.crt and tls.key" }}{{ end -}}
{{- end -}}
{{- if eq $v.use "sidecar" -}}
{{- range list "statefulSet" "serviceName" "podLabels" -}}
{{- if not (index $v.sidecar .) }}{{ fail (printf "sidecar.%s: say which StatefulSet has the etcd, its headless Service, and labels of its pods" .) }}{{ end -}}
{{- end -}}
{{- if not (include "etcd-caretaker.tls-secret" (dict "root" . "part" "agent")) }}{{ fail "tls.secrets.agent: the agents of several pods reach each other by TLS only: name a Secret, or set tls.source: certManager" }}{{ end -}}
{{- if and (eq $v.sidecar.scheme "https") (not $v.tls.secrets.client) }}{{ fail "tls.secrets.client: name the Secret with which the agent asks etcd, or set sidecar.scheme: http" }}{{ end -}}
{{- if and (eq $v.sidecar.scheme "http") $v.tls.secrets.client }}{{ fail "tls.secrets.client: leave it out where sidecar.scheme is http" }}{{ end -}}
{{- end -}}
{{- if eq $v.use "daemonset" -}}
{{- if and $v.daemonset.healing (not $v.daemonset.peers) }}{{ fail "daemonset.peers: agents that heal have to know all members; name them, the same for all nodes" }}{{ end -}}
{{- if $v.backup.folder.enabled }}{{ fail "backup.folder: a control plane does not wait for a volume that its own API server attaches; use a bucket" }}{{ end -}}
{{- if $v.etcd.auth.existingSecret }}{{ fail "etcd.auth: kubeadm's etcd has no passwords" }}{{ end -}}
{{- if and (or $v.monitoring.serviceMonitor $v.monitoring.podMonitor) (not $v.monitoring.tlsConfig) }}{{ fail "monitoring.tlsConfig: kubeadm's certificates are in no Secret; say with which one Prometheus asks the agents" }}{{ end -}}
{{- end -}}
{{- if and $v.monitoring.serviceMonitor $v.monitoring.podMonitor }}{{ fail "monitoring: serviceMonitor and podMonitor would scrape everything twice; choose one" }}{{ end -}}
{{- $encryption := or $v.backup.encryption.existingSecret $v.backup.encryption.mode ((($v.config).backup).encryption) -}}
{{- range $v.backup.store -}}
{{- if hasPrefix "file:" . -}}
{{- $path := trimPrefix "file://" . -}}
{{- $isMounted := false -}}
{{- range $v.extraVolumeMounts }}{{ if or (eq $path .mountPath) (hasPrefix (printf "%s/" (trimSuffix "/" .mountPath)) $path) }}{{ $isMounted = true }}{{ end }}{{ end -}}
{{- if not $isMounted }}{{ fail (printf "backup.store: nothing is mounted at %s; %s" $path (eq $v.use "daemonset" | ternary "name a bucket" "say backup.folder for a store on a volume")) }}{{ end -}}
{{- end -}}
{{- if and (hasPrefix "s3://" .) (not $encryption) }}{{ fail "backup.encryption: name a Secret with age's public keys, or say mode: none (or sse-kms) if whoever has the bucket may read everything" }}{{ end -}}
{{- end -}}
{{- end -}}
