package main

import "k8s.io/apimachinery/pkg/api/validate/content"

// labelInput has any of the texts to validate.
type labelInput struct {
	Key       *string `json:"key"`
	Value     *string `json:"value"`
	Namespace *string `json:"namespace"`
}

// labelOutput has upstream's complaints about each text that was given; none: it is valid.
type labelOutput struct {
	Key       []string `json:"key,omitempty"`
	Value     []string `json:"value,omitempty"`
	Namespace []string `json:"namespace,omitempty"`
}

func judgeLabel(input labelInput) (labelOutput, error) {
	var output labelOutput
	if input.Key != nil {
		output.Key = content.IsLabelKey(*input.Key)
	}
	if input.Value != nil {
		output.Value = content.IsLabelValue(*input.Value)
	}
	if input.Namespace != nil {
		output.Namespace = content.IsDNS1123Label(*input.Namespace)
	}
	return output, nil
}
