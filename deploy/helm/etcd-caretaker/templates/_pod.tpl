{{/* What a pod with Secrets of TLS mounts besides etcd's data, in cluster and sidecar. Names begin with caretaker-: the pod may be somebody else's. */}}
{{- define "etcd-caretaker.mounts" -}}
- name: caretaker-config
  mountPath: /etc/etcd-caretaker
  readOnly: true
- name: caretaker-token
  mountPath: /etc/etcd-caretaker-token
  readOnly: true
{{- range include "etcd-caretaker.tls-parts" . | fromYamlArray }}
- name: caretaker-tls-{{ . }}
  mountPath: /etc/etcd-caretaker-tls/{{ . }}
  readOnly: true
{{- end }}
{{- if .Values.etcd.auth.existingSecret }}
- name: caretaker-auth
  mountPath: /etc/etcd-caretaker-auth
  readOnly: true
{{- end }}
{{- include "etcd-caretaker.mounts.backup" . }}
# The agent's socket, and what s6 writes.
- name: caretaker-run
  mountPath: /run
- name: caretaker-tmp
  mountPath: /tmp
- name: caretaker-scratch
  mountPath: /scratch
{{- end -}}

{{- define "etcd-caretaker.volumes" -}}
- name: caretaker-config
  configMap:
    name: {{ .configMapName | default (include "etcd-caretaker.config-map" .) }}
- name: caretaker-token
  secret:
    secretName: {{ include "etcd-caretaker.token-secret" . }}
    defaultMode: 0440
    items:
      - {key: {{ .Values.token.key }}, path: token}
      {{- with .Values.token.readKey }}
      - {key: {{ . }}, path: read-token}
      {{- end }}
{{- range include "etcd-caretaker.tls-parts" . | fromYamlArray }}
- name: caretaker-tls-{{ . }}
  secret:
    secretName: {{ include "etcd-caretaker.tls-secret" (dict "root" $ "part" .) }}
    defaultMode: 0440
{{- end }}
{{- with .Values.etcd.auth }}
{{- if .existingSecret }}
- name: caretaker-auth
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ .passwordKey }}, path: password}
{{- end }}
{{- end }}
{{- include "etcd-caretaker.volumes.backup" . }}
- name: caretaker-run
  emptyDir:
    sizeLimit: 16Mi
- name: caretaker-tmp
  emptyDir:
    sizeLimit: 64Mi
{{- with .Values.scratch }}
- name: caretaker-scratch
  {{- if .storageClass }}
  ephemeral:
    volumeClaimTemplate:
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: {{ .storageClass }}
        resources:
          requests:
            storage: {{ required "scratch.sizeLimit: say how large a volume of scratch.storageClass is to be" .sizeLimit }}
  {{- else if .sizeLimit }}
  emptyDir:
    sizeLimit: {{ .sizeLimit }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Of every use. */}}
{{- define "etcd-caretaker.mounts.backup" -}}
{{- with .Values.backup }}
{{- if .s3.existingSecret }}
- name: caretaker-s3
  mountPath: /etc/etcd-caretaker-s3
  readOnly: true
{{- end }}
{{- if .encryption.existingSecret }}
- name: caretaker-encryption
  mountPath: /etc/etcd-caretaker-encryption
  readOnly: true
{{- end }}
{{- if .folder.enabled }}
- name: caretaker-backups
  mountPath: /backups
{{- end }}
{{- end }}
{{- end -}}

{{- define "etcd-caretaker.volumes.backup" -}}
{{- with .Values.backup }}
{{- if .s3.existingSecret }}
- name: caretaker-s3
  secret:
    secretName: {{ .s3.existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ .s3.accessKeyIdKey }}, path: id}
      - {key: {{ .s3.secretAccessKeyKey }}, path: key}
{{- end }}
{{- if .encryption.existingSecret }}
- name: caretaker-encryption
  secret:
    secretName: {{ .encryption.existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ .encryption.recipientsKey }}, path: recipients}
      {{- if .encryption.identityKey }}
      - {key: {{ .encryption.identityKey }}, path: identity}
      {{- end }}
{{- end }}
{{- if .folder.enabled }}
- name: caretaker-backups
  persistentVolumeClaim:
    claimName: {{ include "etcd-caretaker.backup-claim" $ }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What the agent is told in the environment, since it is another thing in each pod ("host" of the member, "scheme" of etcd's client URL). */}}
{{- define "etcd-caretaker.env" -}}
{{- $ports := .root.Values.ports -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: ETCD_CARETAKER_MEMBER__NAME
  value: $(POD_NAME)
- name: ETCD_CARETAKER_MEMBER__ENDPOINT
  value: {{ .scheme }}://{{ .host }}:{{ $ports.client }}
- name: ETCD_CARETAKER_EXPOSE__ADVERTISE
  value: https://{{ .host }}:{{ $ports.agent }}
# The agent's socket is in the folder that it makes here.
- name: XDG_RUNTIME_DIR
  value: /run
# What the commands ask, inside of this container: kubectl exec … -- etcd-caretaker status
- name: ETCD_CARETAKER_AGENT
  value: unix:/run/etcd-caretaker/$(POD_NAME).sock
- name: ETCD_CARETAKER_TOKEN_FILE
  value: /etc/etcd-caretaker-token/token
{{- end -}}

{{/* On which nodes all pods of a release may be. */}}
{{- define "etcd-caretaker.scheduling" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Etcd's own environment, and the keys of its tokens: where it runs, and where its flags are tried. */}}
{{- define "etcd-caretaker.env.etcd" -}}
{{- range .Values.etcd.env }}
- name: {{ .name }}
  value: {{ .value | quote }}
{{- end }}
{{- end -}}

{{- define "etcd-caretaker.mounts.jwt" -}}
{{- if .Values.etcd.auth.jwt.existingSecret }}
- name: caretaker-jwt
  mountPath: /etc/etcd-caretaker-jwt
  readOnly: true
{{- end }}
{{- end -}}

{{- define "etcd-caretaker.volumes.jwt" -}}
{{- with .Values.etcd.auth.jwt }}
{{- if .existingSecret }}
- name: caretaker-jwt
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ .publicKey }}, path: jwt.pub}
      - {key: {{ .privateKey }}, path: jwt.key}
{{- end }}
{{- end }}
{{- end -}}

{{- define "etcd-caretaker.resources" -}}
{{- if .Values.resources -}}
{{ toYaml .Values.resources }}
{{- else if eq .Values.use "cluster" -}}
requests:
  cpu: 250m
  memory: 1Gi
{{- else -}}
requests:
  cpu: 50m
  memory: 160Mi
limits:
  memory: 512Mi
{{- end -}}
{{- end -}}

{{- define "etcd-caretaker.pull" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}
