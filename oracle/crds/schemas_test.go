package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) object {
	t.Helper()
	var node object
	if err := json.Unmarshal([]byte(text), &node); err != nil {
		t.Fatal(err)
	}
	return node
}

func TestStrict(t *testing.T) {
	for name, one := range map[string][2]string{
		"an object with properties is closed": {
			`{"type":"object","properties":{"a":{"type":"object","properties":{}}}}`,
			`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"object","additionalProperties":false,"properties":{}}}}`,
		},
		"a map stays one": {
			`{"type":"object","additionalProperties":{"type":"string"}}`,
			`{"type":"object","additionalProperties":{"type":"string"}}`,
		},
		"an open object stays open": {
			`{"type":"object","properties":{"a":{}},"x-kubernetes-preserve-unknown-fields":true}`,
			`{"type":"object","properties":{"a":{}},"x-kubernetes-preserve-unknown-fields":true}`,
		},
		"alternatives don't list the fields": {
			`{"properties":{"a":{},"b":{}},"oneOf":[{"properties":{"a":{}},"required":["a"]},{"required":["b"]}]}`,
			`{"properties":{"a":{},"b":{}},"additionalProperties":false,"oneOf":[{"properties":{"a":{}},"required":["a"]},{"required":["b"]}]}`,
		},
		"a property may have the name of a word": {
			`{"properties":{"properties":{"type":"object","properties":{"nullable":{}}}}}`,
			`{"additionalProperties":false,"properties":{"properties":{"type":"object","additionalProperties":false,"properties":{"nullable":{}}}}}`,
		},
		"int or string": {
			`{"x-kubernetes-int-or-string":true,"type":"string"}`,
			`{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}`,
		},
		"null where it may be": {
			`{"type":"string","nullable":true}`,
			`{"type":["string","null"],"nullable":true}`,
		},
		"a whole object inside another": {
			`{"x-kubernetes-embedded-resource":true,"properties":{"kind":{"type":"string"}}}`,
			`{"x-kubernetes-embedded-resource":true,"additionalProperties":false,"properties":{"kind":{"type":"string"},"apiVersion":{},"metadata":{}}}`,
		},
	} {
		node := parse(t, one[0])
		strict(node)
		if expected := parse(t, one[1]); !reflect.DeepEqual(node, expected) {
			t.Errorf("%s: %v instead of %v", name, node, expected)
		}
	}
}

func TestBuiltinRefusesWhatIsNoDocument(t *testing.T) {
	if _, err := readBuiltin([]byte(`{"definitions":{"a":1}}`)); err == nil {
		t.Error("a definition that is a number passes")
	}
}

func TestSchemaFile(t *testing.T) {
	for want, got := range map[string]string{
		"v1/service_v1.json":      schemaFile("", "v1", "Service"),
		"apps/deployment_v1.json": schemaFile("apps", "v1", "Deployment"),
	} {
		if want != got {
			t.Errorf("%s instead of %s", got, want)
		}
	}
}

// Every row is whole, and pinned.
func TestSources(t *testing.T) {
	rows, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 || rows[0].how != "openapi" {
		t.Error("the built-in kinds don't come first")
	}
	for _, row := range rows {
		if !strings.HasPrefix(row.sum, "h1:") || !strings.HasPrefix(row.version, "v") || len(row.paths) == 0 {
			t.Errorf("%+v", row)
		}
	}
}

// A download with another hash, and a path that isn't there, are refused.
func TestFetchRefuses(t *testing.T) {
	rows, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	row := rows[len(rows)-1]
	for _, one := range rows {
		if one.module == "k8s.io/autoscaler/vertical-pod-autoscaler" {
			row = one
		}
	}
	other := row
	other.sum = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	if _, err := other.files(); err == nil || !strings.Contains(err.Error(), "its hash is") {
		t.Errorf("another hash: %v", err)
	}
	gone := row
	gone.paths = []string{"deploy/gone.yaml"}
	if _, err := gone.files(); err == nil || !strings.Contains(err.Error(), "has no deploy/gone.yaml") {
		t.Errorf("a path that isn't there: %v", err)
	}
}
