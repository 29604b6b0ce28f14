package main

import (
	yamlv2 "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// yamlV2Output is what sigs.k8s.io/yaml and the go-yaml v2 below it make of a document.
type yamlV2Output struct {
	// Value is the document decoded into an `any` by go-yaml v2; absent where Error is set.
	Value *yamlValue `json:"value,omitempty"`
	Error string     `json:"error,omitempty"`
	// JSON is YAMLToJSON's result; empty where JSONError is set.
	JSON      string `json:"json,omitempty"`
	JSONError string `json:"jsonError,omitempty"`
	// StrictError is YAMLToJSONStrict's, which refuses duplicate keys. Empty: no error.
	StrictError string `json:"strictError,omitempty"`
}

func judgeYAMLv2(input yamlInput) (yamlV2Output, error) {
	text := []byte(input.Text)
	var output yamlV2Output
	var decoded any
	if err := yamlv2.Unmarshal(text, &decoded); err != nil {
		output.Error = err.Error()
	} else {
		value := yamlValueOf(decoded)
		output.Value = &value
	}
	if encoded, err := yaml.YAMLToJSON(text); err != nil {
		output.JSONError = err.Error()
	} else {
		output.JSON = string(encoded)
	}
	if _, err := yaml.YAMLToJSONStrict(text); err != nil {
		output.StrictError = err.Error()
	}
	return output, nil
}
