{{/* What every container of ours has. */}}
{{- define "common.container" -}}
securityContext:
  runAsNonRoot: true
  readOnlyRootFilesystem: {{ .readOnly }}
  allowPrivilegeEscalation: true
{{- end -}}
