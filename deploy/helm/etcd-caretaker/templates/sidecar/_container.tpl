{{/* The container for a pod that is somebody else's. */}}
{{- define "etcd-caretaker.sidecar.container" -}}
{{- $side := .Values.sidecar -}}
{{- $host := $side.host | default (printf "$(POD_NAME).%s.$(POD_NAMESPACE).svc.%s" $side.serviceName .Values.clusterDomain) -}}
name: etcd-caretaker
image: {{ include "etcd-caretaker.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# Process 1 goes on when the agent ends, and there is no probe: whatever is wrong with the agent, the container runs, and the pod is as ready as its etcd is.
command: [etcd-caretaker-supervised]
env:
  {{- include "etcd-caretaker.env" (dict "root" . "host" $host "scheme" $side.scheme) | nindent 2 }}
  {{- if .isConfigInEnv }}
  # The agent reads its configuration once: with another one the pod is another one, and is started anew.
  - name: CARETAKER_CONFIG_SHA256
    value: {{ include "etcd-caretaker.config" . | sha256sum }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - name: agent
    containerPort: {{ .Values.ports.agent }}
resources:
  {{- include "etcd-caretaker.resources" . | nindent 2 }}
securityContext:
  # Etcd's own user: its data are nobody else's.
  runAsUser: {{ $side.runAsUser }}
  runAsNonRoot: {{ ne (int $side.runAsUser) 0 }}
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
volumeMounts:
  # Read, but for the small file of the fsync probe, and what is kept for a recovery beside the data.
  - name: {{ $side.dataVolume }}
    mountPath: {{ $side.mountPath }}
  {{- include "etcd-caretaker.mounts" . | nindent 2 }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "etcd-caretaker.sidecar.volumes" -}}
{{- include "etcd-caretaker.volumes" . }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* For a chart that takes containers and volumes, as Bitnami's does. Annotations of its pods are its own values. */}}
{{- define "etcd-caretaker.sidecar.values" -}}
sidecars:
  -
    {{- include "etcd-caretaker.sidecar.container" (merge (dict "isConfigInEnv" true) .) | nindent 4 }}
extraVolumes:
  {{- include "etcd-caretaker.sidecar.volumes" . | nindent 2 }}
{{- end -}}

{{/* For all others: kubectl patch, or kustomize. */}}
{{- define "etcd-caretaker.sidecar.patch" -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .Values.sidecar.statefulSet }}
  namespace: {{ .Release.Namespace }}
spec:
  template:
    metadata:
      annotations:
        etcd-caretaker.io/config: {{ include "etcd-caretaker.config" . | sha256sum }}
    spec:
      containers:
        -
          {{- include "etcd-caretaker.sidecar.container" . | nindent 10 }}
      volumes:
        {{- include "etcd-caretaker.sidecar.volumes" . | nindent 8 }}
{{- end -}}
