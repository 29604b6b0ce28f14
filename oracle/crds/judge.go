package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/yannh/kubeconform/pkg/validator"
)

// judge is kubeconform: strict, without a network, without skipping anything.
type judge struct {
	validator validator.Validator
}

func newJudge(schemas string) (judge, error) {
	made, err := validator.New(
		[]string{filepath.Join(schemas, location)},
		validator.Opts{Strict: true, KubernetesVersion: "1.34.3"},
	)
	return judge{made}, err
}

// complaints are what is wrong with the documents of a text. A kind without a schema is wrong too,
// and so is a text without any object: nothing was judged then.
func (j judge) complaints(text string) []string {
	complaints := []string{}
	objects := 0
	for _, result := range j.validator.Validate("manifest", io.NopCloser(strings.NewReader(text))) {
		name := "object"
		if signature, err := result.Resource.Signature(); err == nil {
			name = fmt.Sprintf("%s %s %s/%s", signature.Version, signature.Kind, signature.Namespace, signature.Name)
		}
		switch result.Status {
		case validator.Valid:
			objects++
		case validator.Empty:
		default:
			objects++
			complaints = append(complaints, fmt.Sprintf("%s: %v", name, result.Err))
		}
	}
	if objects == 0 {
		complaints = append(complaints, "there is no object")
	}
	return complaints
}
