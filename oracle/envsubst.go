package main

import "github.com/fluxcd/pkg/envsubst"

// envsubstInput is a text and the values of its variables.
type envsubstInput struct {
	Text      string            `json:"text"`
	Variables map[string]string `json:"variables"`
	Strict    bool              `json:"strict"`
}

type envsubstOutput struct {
	OK bool `json:"ok"`
	// Text is the result's bytes: JSON encodes them in base64, as they need not be UTF-8.
	Text  []byte `json:"text"`
	Error string `json:"error,omitempty"`
}

// judgeEnvsubst looks variables up as kustomize-controller does (fluxcd/pkg/kustomize,
// kustomize_varsub.go).
func judgeEnvsubst(input envsubstInput) (envsubstOutput, error) {
	text, err := envsubst.Eval(input.Text, func(name string) (string, bool) {
		value, exists := input.Variables[name]
		return value, exists || !input.Strict
	})
	if err != nil {
		return envsubstOutput{Error: err.Error()}, nil
	}
	return envsubstOutput{OK: true, Text: []byte(text)}, nil
}
