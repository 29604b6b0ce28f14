package main

import (
	"fmt"

	yamlv3 "go.yaml.in/yaml/v3"
)

// yamlV3Output is what go-yaml v3, which kustomize reads with, makes of a document.
type yamlV3Output struct {
	// Value is the document decoded into an `any`; absent where Error is set.
	Value *yamlValue `json:"value,omitempty"`
	Error string     `json:"error,omitempty"`
	// Tree is the document as nodes, which is what kustomize works on; absent where TreeError is
	// set or there is no document.
	Tree      *yamlNode `json:"tree,omitempty"`
	TreeError string    `json:"treeError,omitempty"`
}

// yamlNode is a yaml.Node of go-yaml v3.
type yamlNode struct {
	// Kind is scalar, sequence, mapping or alias.
	Kind string `json:"kind"`
	// Tag is the resolved short tag (Node.ShortTag), such as !!int.
	Tag string `json:"tag"`
	// Value is a scalar's text, or the name of an alias.
	Value string `json:"value,omitempty"`
	// Content has a sequence's items, or a mapping's keys and values in turn.
	Content []yamlNode `json:"content,omitempty"`
}

func judgeYAMLv3(input yamlInput) (yamlV3Output, error) {
	text := []byte(input.Text)
	var output yamlV3Output
	var decoded any
	if err := yamlv3.Unmarshal(text, &decoded); err != nil {
		output.Error = err.Error()
	} else {
		value := yamlValueOf(decoded)
		output.Value = &value
	}
	var document yamlv3.Node
	if err := yamlv3.Unmarshal(text, &document); err != nil {
		output.TreeError = err.Error()
	} else if len(document.Content) > 0 {
		tree := yamlNodeOf(document.Content[0])
		output.Tree = &tree
	}
	return output, nil
}

// yamlNodeOf does not follow aliases, so a document that contains itself ends.
func yamlNodeOf(node *yamlv3.Node) yamlNode {
	described := yamlNode{Tag: node.ShortTag(), Value: node.Value}
	switch node.Kind {
	case yamlv3.ScalarNode:
		described.Kind = "scalar"
	case yamlv3.SequenceNode:
		described.Kind = "sequence"
	case yamlv3.MappingNode:
		described.Kind = "mapping"
	case yamlv3.AliasNode:
		described.Kind = "alias"
	default:
		panic(fmt.Sprintf("node of kind %d", node.Kind))
	}
	for _, child := range node.Content {
		described.Content = append(described.Content, yamlNodeOf(child))
	}
	return described
}
