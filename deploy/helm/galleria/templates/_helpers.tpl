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
{{ include "galleria.kafkaAccess" (dict "root" $root "prefix" $prefix) }}
- name: {{ $prefix }}_JWKS_URL
  value: {{ $root.Values.jwksUrl | default (printf "http://%s-membership:8000/.well-known/jwks.json" (include "galleria.name" $root)) | quote }}
{{- /* The service's own before the common ones: merge keeps what is there. */}}
{{- range $name, $value := merge (deepCopy (.spec.settings | default dict)) $root.Values.settings }}
- name: {{ $prefix }}_{{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}

{{/* How the brokers are reached; takes root, prefix. */}}
{{- define "galleria.kafkaAccess" -}}
{{- $prefix := .prefix -}}
{{- $kafka := .root.Values.kafka -}}
- name: {{ $prefix }}_KAFKA_SECURITY_PROTOCOL
  value: {{ $kafka.securityProtocol | quote }}
{{- if $kafka.sasl.mechanism }}
- name: {{ $prefix }}_KAFKA_SASL_MECHANISM
  value: {{ $kafka.sasl.mechanism | quote }}
- name: {{ $prefix }}_KAFKA_SASL_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ required "kafka.sasl.secretName: the secret with the login" $kafka.sasl.secretName }}
      key: {{ $kafka.sasl.usernameKey }}
- name: {{ $prefix }}_KAFKA_SASL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $kafka.sasl.secretName }}
      key: {{ $kafka.sasl.passwordKey }}
{{- end }}
{{- if $kafka.ca.secretName }}
- name: {{ $prefix }}_KAFKA_CA_FILE
  value: /etc/galleria/kafka/{{ $kafka.ca.secretKey }}
{{- end }}
{{- end -}}

{{/* Folders of every container: its own, and the brokers' authority. */}}
{{- define "galleria.volumeMounts" -}}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- if .Values.kafka.ca.secretName }}
  - {name: kafka-ca, mountPath: /etc/galleria/kafka, readOnly: true}
  {{- end }}
{{- end -}}

{{- define "galleria.volumes" -}}
volumes:
  - name: tmp
    emptyDir: {medium: Memory, sizeLimit: 64Mi}
  {{- with .Values.kafka.ca }}
  {{- if .secretName }}
  - name: kafka-ca
    secret:
      secretName: {{ .secretName }}
      items: [{key: {{ .secretKey | quote }}, path: {{ .secretKey | quote }}}]
  {{- end }}
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
