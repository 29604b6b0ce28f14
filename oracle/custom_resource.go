package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// customResourceInput is the schema of a CRD, as openAPIV3Schema has it, and objects of its kind.
type customResourceInput struct {
	Schema  json.RawMessage   `json:"schema"`
	Objects []json.RawMessage `json:"objects"`
}

// customResourceOutput says of the schema why it can't be used, else of each object what is wrong.
type customResourceOutput struct {
	Broken   string                  `json:"broken,omitempty"`
	Verdicts []customResourceVerdict `json:"verdicts,omitempty"`
}

// customResourceVerdict has what a strict create request is refused for.
type customResourceVerdict struct {
	Unknown    []string `json:"unknown,omitempty"`
	Invalid    []string `json:"invalid,omitempty"`
	Duplicates []string `json:"duplicates,omitempty"`
}

// judgeCustomResource does what the API server does with a custom resource before it runs CEL rules:
// it decodes strictly, prunes, sets defaults and validates.
func judgeCustomResource(input customResourceInput) (customResourceOutput, error) {
	var output customResourceOutput
	var external apiextensionsv1.JSONSchemaProps
	decoder := json.NewDecoder(bytes.NewReader(input.Schema))
	if err := decoder.Decode(&external); err != nil {
		return customResourceOutput{Broken: err.Error()}, nil
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&external, &internal, nil); err != nil {
		return customResourceOutput{Broken: err.Error()}, nil
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		return customResourceOutput{Broken: err.Error()}, nil
	}
	if errs := schema.ValidateStructural(nil, structural); len(errs) > 0 {
		return customResourceOutput{Broken: errs.ToAggregate().Error()}, nil
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return customResourceOutput{Broken: err.Error()}, nil
	}
	for _, raw := range input.Objects {
		var object map[string]any
		// Whole numbers stay whole, as in the API server.
		if err := utiljson.Unmarshal(raw, &object); err != nil {
			return output, fmt.Errorf("object: %w", err)
		}
		var verdict customResourceVerdict
		defaulting.PruneNonNullableNullsWithoutDefaults(object, structural)
		defaulting.Default(object, structural)
		metaErr, unknownMeta := objectmeta.CoerceWithOptions(nil, object, structural, true, objectmeta.CoerceOptions{
			ReturnUnknownFieldPaths: true,
		})
		if metaErr != nil {
			verdict.Invalid = append(verdict.Invalid, metaErr.Error())
		}
		unknown := pruning.PruneWithOptions(object, structural, true, schema.UnknownFieldPathOptions{
			TrackUnknownFieldPaths: true,
		})
		verdict.Unknown = append(unknown, unknownMeta...)
		for _, err := range validation.ValidateCustomResource(nil, object, validator) {
			verdict.Invalid = append(verdict.Invalid, err.Error())
		}
		for _, err := range objectmeta.Validate(context.Background(), nil, object, structural, false) {
			verdict.Invalid = append(verdict.Invalid, err.Error())
		}
		for _, err := range listtype.ValidateListSetsAndMaps(nil, structural, object) {
			verdict.Duplicates = append(verdict.Duplicates, err.Error())
		}
		output.Verdicts = append(output.Verdicts, verdict)
	}
	return output, nil
}
