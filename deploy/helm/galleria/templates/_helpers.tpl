{{- define "galleria.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels of what belongs to the release as a whole. */}}
{{- define "galleria.labels" -}}
app.kubernetes.io/name: galleria
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* What selects the pods of one role; takes root, service, role. */}}
{{- define "galleria.selector" -}}
app.kubernetes.io/name: galleria
app.kubernetes.io/instance: {{ .root.Release.Name }}
galleria/service: {{ .service }}
galleria/role: {{ .role }}
{{- end -}}

{{- define "galleria.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* The environment of one service; takes root, service, spec. */}}
{{- define "galleria.env" -}}
{{- $prefix := upper .service -}}
{{- $root := .root -}}
- name: {{ $prefix }}_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .spec.database.secretName }}
      key: {{ .spec.database.secretKey }}
- name: {{ $prefix }}_DEPLOYMENT_KEY
  valueFrom:
    secretKeyRef:
      name: {{ $root.Values.deploymentKey.secretName }}
      key: {{ $root.Values.deploymentKey.secretKey }}
- name: {{ $prefix }}_KAFKA_BOOTSTRAP_SERVERS
  value: {{ required "kafka.bootstrapServers: host:port of the brokers" $root.Values.kafka.bootstrapServers | quote }}
{{- with $root.Values.kafka.topicPrefix }}
- name: {{ $prefix }}_KAFKA_TOPIC_PREFIX
  value: {{ . | quote }}
{{- end }}
- name: {{ $prefix }}_JWKS_URL
  value: {{ $root.Values.jwksUrl | default (printf "http://%s-membership:8000/.well-known/jwks.json" (include "galleria.name" $root)) | quote }}
{{- /* The service's own before the common ones: merge keeps what is there. */}}
{{- range $name, $value := merge (deepCopy (.spec.settings | default dict)) $root.Values.settings }}
- name: {{ $prefix }}_{{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}

{{/*
No service links: a Kubernetes service called `points` would put an address into POINTS_PORT,
where the settings want a number.
*/}}
{{- define "galleria.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "galleria.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- define "galleria.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
