{{- define "seaworthy.labels" -}}
app.kubernetes.io/name: seaworthy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "seaworthy.name" -}}
{{ printf "%s-seaworthy" .Release.Name | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- define "seaworthy.secret" -}}
{{ .Values.certificate.secretName | default (printf "%s-tls" (include "seaworthy.name" .)) }}
{{- end }}
