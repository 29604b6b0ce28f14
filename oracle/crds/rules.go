package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// rules are the x-kubernetes-validations of CRDs, which JSON Schema has no words for. They are run
// with the API server's own code, on the object with its defaults, as the API server does.
type rules struct {
	folder string
	known  map[string]*rule
}

type rule struct {
	schema    *structuralschema.Structural
	validator *cel.Validator
}

// writeRules keeps a schema as its CRD has it, if it has rules.
func writeRules(folder, file string, schema object) error {
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), `"x-kubernetes-validations"`) {
		return nil
	}
	return write(folder, file, schema)
}

// get reads the rules of a kind; nil if it has none.
func (r rules) get(group, version, kind string) (*rule, error) {
	file := schemaFile(group, version, kind)
	if found, ok := r.known[file]; ok {
		return found, nil
	}
	text, err := os.ReadFile(filepath.Join(r.folder, file))
	if errors.Is(err, os.ErrNotExist) {
		r.known[file] = nil
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var external apiextensionsv1.JSONSchemaProps
	if err := json.Unmarshal(text, &external); err != nil {
		return nil, err
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&external, &internal, nil); err != nil {
		return nil, err
	}
	schema, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	found := &rule{schema, cel.NewValidator(schema, true, celconfig.PerCallLimit)}
	if found.validator == nil {
		return nil, fmt.Errorf("%s: its rules can't be run", file)
	}
	r.known[file] = found
	return found, nil
}

// complaints are the rules that an object breaks.
func (r rules) complaints(content object) ([]string, error) {
	apiVersion, _ := content["apiVersion"].(string)
	kind, _ := content["kind"].(string)
	group, version, named := strings.Cut(apiVersion, "/")
	if !named {
		return nil, nil // a built-in kind
	}
	found, err := r.get(group, version, kind)
	if found == nil || err != nil {
		return nil, err
	}
	defaulting.Default(content, found.schema)
	broken, _ := found.validator.Validate(context.Background(), nil, found.schema, content, nil, celconfig.RuntimeCELCostBudget)
	var complaints []string
	for _, one := range broken {
		complaints = append(complaints, one.Error())
	}
	return complaints, nil
}
