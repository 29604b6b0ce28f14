{{/* The labels of every object. */}}
{{- define "predictor.labels" -}}
app.kubernetes.io/name: predictor
app.kubernetes.io/part-of: contoso-services
{{- end }}

{{/* What pods are found by. It never changes: a Deployment's selector can't. */}}
{{- define "predictor.selectorLabels" -}}
app.kubernetes.io/name: predictor
{{- end }}

{{/* The image by tag, for people, and by digest, for the runtime. */}}
{{- define "predictor.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}@{{ .Values.image.digest }}
{{- end }}

{{/*
The ConfigMap's name with a hash of its content, by the rule of kustomize's configMapGenerator: a change
of the content is a new object and rolls the pods, and raw manifests and chart have the same name.
(kustomize leaves the name empty in what it hashes.)
*/}}
{{- define "predictor.configMapName" -}}
{{- $data := dict }}
{{- range $key, $value := .Values.config }}
{{- $_ := set $data $key (toString $value) }}
{{- end }}
{{- $hash := dict "data" $data "kind" "ConfigMap" "name" "" | toJson | sha256sum | trunc 10 }}
{{- $hash = $hash | replace "0" "g" | replace "1" "h" | replace "3" "k" | replace "a" "m" | replace "e" "t" }}
{{- printf "predictor-%s" $hash }}
{{- end }}
