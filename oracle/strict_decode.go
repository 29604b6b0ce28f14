package main

import (
	"k8s.io/apimachinery/pkg/runtime"
	kubejson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// strictDecodeInput is the JSON text of an object, as it was written: keys may be there twice.
type strictDecodeInput struct {
	Text string `json:"text"`
}

type strictDecodeOutput struct {
	// Known tells whether client-go has a type for the object's kind.
	Known bool `json:"known"`
	// Fatal is why the object can't be decoded at all: a value of a wrong type. Nothing is in Unknown
	// then.
	Fatal string `json:"fatal,omitempty"`
	// Unknown has the messages of strict decoding.
	Unknown []string `json:"unknown,omitempty"`
	// Duplicates has the messages about keys that are there twice.
	Duplicates []string `json:"duplicates,omitempty"`
}

var strictSerializer = kubejson.NewSerializerWithOptions(
	kubejson.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, kubejson.SerializerOptions{Strict: true},
)

// judgeStrictDecode decodes as the API server does with fieldValidation=Strict. Types are those of what
// kubectl and Flux send: 2.0 is 2 there.
func judgeStrictDecode(input strictDecodeInput) (strictDecodeOutput, error) {
	var output strictDecodeOutput
	var content map[string]any
	duplicates, err := kjson.UnmarshalStrict([]byte(input.Text), &content)
	if err != nil {
		return output, err
	}
	for _, one := range duplicates {
		output.Duplicates = append(output.Duplicates, one.Error())
	}
	sent, err := yaml.YAMLToJSON([]byte(input.Text))
	if err != nil {
		return output, err
	}
	_, _, err = strictSerializer.Decode(sent, nil, nil)
	output.Known = !runtime.IsNotRegisteredError(err)
	if !output.Known || err == nil {
		return output, nil
	}
	strict, is := runtime.AsStrictDecodingError(err)
	if !is {
		output.Fatal = err.Error()
		return output, nil
	}
	for _, one := range strict.Errors() {
		output.Unknown = append(output.Unknown, one.Error())
	}
	return output, nil
}
