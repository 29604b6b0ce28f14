package main

import (
	"encoding/json"
	"sync"

	"github.com/yannh/kubeconform/pkg/resource"
	"github.com/yannh/kubeconform/pkg/validator"
)

// kubeconformInput is an object, the version that it is held against, and where its schemas are.
type kubeconformInput struct {
	// Schemas is a folder in kubeconform's own layout.
	Schemas string `json:"schemas"`
	// Version is a whole one: 1.37.0.
	Version string          `json:"version"`
	Object  json.RawMessage `json:"object"`
}

type kubeconformOutput struct {
	// Status is valid, invalid, error (the object can't be read), or missing (there is no schema).
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
}

// kubeconformKey tells validators apart: each keeps the schemas that it has compiled.
type kubeconformKey struct{ schemas, version string }

var kubeconforms sync.Map

// judgeKubeconform validates as `kubeconform -strict` does, with schemas of the disk.
func judgeKubeconform(input kubeconformInput) (kubeconformOutput, error) {
	key := kubeconformKey{input.Schemas, input.Version}
	known, found := kubeconforms.Load(key)
	if !found {
		made, err := validator.New([]string{input.Schemas}, validator.Opts{
			Strict:               true,
			KubernetesVersion:    input.Version,
			IgnoreMissingSchemas: true,
		})
		if err != nil {
			return kubeconformOutput{}, err
		}
		known, _ = kubeconforms.LoadOrStore(key, made)
	}
	result := known.(validator.Validator).ValidateResource(resource.Resource{Bytes: input.Object})
	output := kubeconformOutput{Status: "error"}
	switch result.Status {
	case validator.Valid:
		output.Status = "valid"
	case validator.Invalid:
		output.Status = "invalid"
	case validator.Skipped:
		output.Status = "missing"
	}
	if result.Err != nil {
		output.Error = result.Err.Error()
	}
	return output, nil
}
