package main

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

type labelSelectorInput struct {
	// Selector is a LabelSelector; null or absent is a nil selector, which matches nothing.
	Selector json.RawMessage `json:"selector"`
	// Labels are the label sets to match.
	Labels []map[string]string `json:"labels"`
}

type labelSelectorOutput struct {
	// Error is LabelSelectorAsSelector's. Empty: the selector could be read.
	Error string `json:"error,omitempty"`
	// Matches has one answer for each label set. Absent where Error is set.
	Matches []bool `json:"matches,omitempty"`
	// Invalid is what the API server's validation complains of; none: it takes the selector.
	Invalid []string `json:"invalid,omitempty"`
}

func judgeLabelSelector(input labelSelectorInput) (labelSelectorOutput, error) {
	var selector *metav1.LabelSelector
	if len(input.Selector) > 0 {
		if err := decode(input.Selector, &selector); err != nil {
			return labelSelectorOutput{}, fmt.Errorf("selector: %w", err)
		}
	}
	var output labelSelectorOutput
	// The options that validation of a new NetworkPolicy uses.
	options := metavalidation.LabelSelectorValidationOptions{AllowInvalidLabelValueInSelector: false}
	for _, problem := range metavalidation.ValidateLabelSelector(selector, options, field.NewPath("selector")) {
		output.Invalid = append(output.Invalid, problem.Error())
	}
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		output.Error = err.Error()
		return output, nil
	}
	output.Matches = make([]bool, len(input.Labels))
	for i, set := range input.Labels {
		output.Matches[i] = matcher.Matches(labels.Set(set))
	}
	return output, nil
}

// decode reads JSON into a typed object as the API server does: field names are case-sensitive,
// unknown fields are dropped, a value of the wrong type is an error.
func decode(raw []byte, into any) error {
	return kjson.UnmarshalCaseSensitivePreserveInts(raw, into)
}
