package main

import (
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
)

// formatInput is a format of JSON Schema, and texts of that format.
type formatInput struct {
	Format string   `json:"format"`
	Texts  []string `json:"texts"`
}

type formatOutput struct {
	// Since is the minor version of Kubernetes whose CRDs may name the format; absent if none may.
	Since *uint  `json:"since,omitempty"`
	Valid []bool `json:"valid"`
}

// judgeFormat tells which texts the API server takes for a string of a format in a CRD.
func judgeFormat(input formatInput) (formatOutput, error) {
	var output formatOutput
	schema := &spec.Schema{SchemaProps: spec.SchemaProps{Type: []string{"string"}, Format: input.Format}}
	for minor := uint(20); minor < 60 && output.Since == nil; minor++ {
		if len(validation.GetUnrecognizedFormats(schema, version.MajorMinor(1, minor))) == 0 {
			output.Since = &minor
		}
	}
	for _, text := range input.Texts {
		output.Valid = append(output.Valid, strfmt.Default.Validates(input.Format, text))
	}
	return output, nil
}
