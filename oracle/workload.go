package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/admission"
	"sigs.k8s.io/yaml"
)

// manifest is an object as text (YAML or JSON) or as JSON inline: a JSON string is YAML text.
type manifest json.RawMessage

// UnmarshalJSON keeps the bytes: they are read when the object's kind is known.
func (m *manifest) UnmarshalJSON(raw []byte) error {
	*m = append((*m)[:0], raw...)
	return nil
}

// json returns the object as JSON, read as kubectl reads a file.
func (m manifest) json() ([]byte, error) {
	raw := bytes.TrimSpace(m)
	if len(raw) == 0 {
		return nil, errors.New("no object")
	}
	if raw[0] != '"' {
		return raw, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, err
	}
	return yaml.YAMLToJSON([]byte(text))
}

// head is what every object has.
type head struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
}

// emptyWorkload returns the typed object for a kind that holds pods, or nil.
func emptyWorkload(kind string) runtime.Object {
	switch kind {
	case "Pod":
		return &corev1.Pod{}
	case "PodTemplate":
		return &corev1.PodTemplate{}
	case "ReplicationController":
		return &corev1.ReplicationController{}
	case "ReplicaSet":
		return &appsv1.ReplicaSet{}
	case "Deployment":
		return &appsv1.Deployment{}
	case "DaemonSet":
		return &appsv1.DaemonSet{}
	case "StatefulSet":
		return &appsv1.StatefulSet{}
	case "Job":
		return &batchv1.Job{}
	case "CronJob":
		return &batchv1.CronJob{}
	default:
		return nil
	}
}

// podOf decodes an object and returns the metadata and spec of its pods, as the admission plugin
// takes them out, after the API's defaulting.
func podOf(raw []byte) (*metav1.ObjectMeta, *corev1.PodSpec, error) {
	var head head
	if err := decode(raw, &head); err != nil {
		return nil, nil, fmt.Errorf("object: %w", err)
	}
	object := emptyWorkload(head.Kind)
	if object == nil {
		return nil, nil, fmt.Errorf("kind %q holds no pods", head.Kind)
	}
	if err := decode(raw, object); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", head.Kind, err)
	}
	metadata, spec, err := admission.DefaultPodSpecExtractor{}.ExtractPodSpec(object)
	if err != nil {
		return nil, nil, err
	}
	if spec == nil {
		return nil, nil, errors.New("no pod template")
	}
	if metadata == nil {
		metadata = &metav1.ObjectMeta{}
	}
	setPodDefaults(spec)
	return metadata, spec, nil
}
