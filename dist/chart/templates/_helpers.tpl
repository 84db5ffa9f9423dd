{{- define "lattice.selector" -}}
app.kubernetes.io/name: {{ .Values.fullname }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "lattice.labels" -}}
app.kubernetes.io/name: {{ .Values.fullname }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: lattice
{{- end }}

{{- define "lattice.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- /* Whether a controller runs: true or nothing. Call with (list . "name"). */ -}}
{{- define "lattice.runs" -}}
{{- $controllers := (index . 0).Values.controllers -}}
{{- if or (empty $controllers) (has (index . 1) $controllers) -}}true{{- end -}}
{{- end }}

{{- define "lattice.config" -}}
apiVersion: lattice.dev/v1alpha1
kind: LatticeConfig
metadata:
  name: {{ .Values.fullname }}
spec:
  {{- toYaml .Values.config | nindent 2 }}
{{- end }}
