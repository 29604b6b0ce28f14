package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/yannh/kubeconform/pkg/validator"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// judge is kubeconform (strict, without a network, without skipping anything), and after it the rules
// of CRDs.
type judge struct {
	validator validator.Validator
	rules     rules
}

// newJudge takes the folder that writeSchemas has filled.
func newJudge(folder string) (judge, error) {
	made, err := validator.New(
		[]string{filepath.Join(folder, "schemas", location)},
		validator.Opts{Strict: true, KubernetesVersion: "1.34.3"},
	)
	return judge{made, rules{filepath.Join(folder, "rules"), map[string]*rule{}}}, err
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
			broken, err := j.broken(result.Resource.Bytes)
			if err != nil {
				broken = append(broken, err.Error())
			}
			for _, one := range broken {
				complaints = append(complaints, name+": "+one)
			}
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

// broken are the rules of its CRD that an object breaks.
func (j judge) broken(text []byte) ([]string, error) {
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	var content object
	// Whole numbers stay whole: rules know int and double apart.
	if err := json.Unmarshal(asJSON, &content); err != nil {
		return nil, err
	}
	return j.rules.complaints(content)
}
