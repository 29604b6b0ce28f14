package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// object is a node of a schema, or a whole one.
type object = map[string]any

const (
	definitions = "#/definitions/"
	objectMeta  = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
	listMeta    = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"
	// quantity is what Kubernetes' own CRDs hold quantities to.
	quantity = `^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`
)

// location is where kubeconform looks a schema up, within the folder.
const location = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"

// schemaFile is location for one kind. The core group has no name: kubeconform puts its version in
// place of it.
func schemaFile(group, version, kind string) string {
	if group == "" {
		group = version
	}
	return filepath.Join(group, strings.ToLower(kind)+"_"+version+".json")
}

// builtin is Kubernetes' OpenAPI document, made strict.
type builtin struct {
	definitions object
}

// readBuiltin reads an OpenAPI v2 document.
func readBuiltin(text []byte) (builtin, error) {
	var document struct {
		Definitions object `json:"definitions"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return builtin{}, err
	}
	for name, definition := range document.Definitions {
		node, ok := definition.(object)
		if !ok {
			return builtin{}, fmt.Errorf("%s isn't an object", name)
		}
		strict(node)
		switch {
		case strings.HasSuffix(name, ".resource.Quantity"):
			delete(node, "type") // 1 and 0.5 are read as well as "1" and "0.5"
			node["anyOf"] = []any{
				object{"type": "number"},
				object{"type": "string", "pattern": quantity},
			}
		case name == objectMeta:
			// What only the API server writes.
			for _, field := range []string{"managedFields", "selfLink", "deletionTimestamp"} {
				delete(node["properties"].(object), field)
			}
		}
	}
	return builtin{document.Definitions}, nil
}

// write writes a schema for each kind that the API server serves, with all that it refers to.
func (b builtin) write(folder string) error {
	for name, definition := range b.definitions {
		node := definition.(object)
		kinds, _ := node["x-kubernetes-group-version-kind"].([]any)
		// Options of requests, and the like, have a dozen kinds: nobody writes those as manifests.
		if len(kinds) != 1 {
			continue
		}
		kind := kinds[0].(object)
		group, _ := kind["group"].(string)
		version, _ := kind["version"].(string)
		title, _ := kind["kind"].(string)
		needed := object{}
		b.collect(name, needed)
		named(node, strings.TrimPrefix(group+"/"+version, "/"), title)
		schema := object{"$ref": definitions + name, "definitions": needed}
		if err := write(folder, schemaFile(group, version, title), schema); err != nil {
			return err
		}
	}
	return nil
}

// collect adds a definition and all that it refers to.
func (b builtin) collect(name string, needed object) {
	if _, done := needed[name]; done {
		return
	}
	needed[name] = b.definitions[name]
	references(b.definitions[name], func(reference string) {
		b.collect(strings.TrimPrefix(reference, definitions), needed)
	})
}

func references(node any, found func(string)) {
	switch node := node.(type) {
	case object:
		for key, value := range node {
			if reference, ok := value.(string); ok && key == "$ref" {
				found(reference)
			} else {
				references(value, found)
			}
		}
	case []any:
		for _, item := range node {
			references(item, found)
		}
	}
}

// customResourceDefinition is what matters here of a CRD.
type customResourceDefinition struct {
	Kind string `json:"kind"`
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
			Schema struct {
				OpenAPIV3Schema object `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// writeCRDs writes a schema for each served version of each CRD of a file, and its rules if it has
// some, and tells how many schemas.
func (b builtin) writeCRDs(folder string, text []byte) (int, error) {
	count := 0
	for _, document := range strings.Split("\n"+string(text), "\n---") {
		var crd customResourceDefinition
		if err := yaml.Unmarshal([]byte(document), &crd); err != nil {
			return 0, err
		}
		if crd.Kind != "CustomResourceDefinition" {
			continue
		}
		for _, version := range crd.Spec.Versions {
			schema := version.Schema.OpenAPIV3Schema
			if !version.Served {
				continue
			}
			if schema == nil {
				return 0, fmt.Errorf("%s %s has no schema", crd.Spec.Names.Kind, version.Name)
			}
			file := schemaFile(crd.Spec.Group, version.Name, crd.Spec.Names.Kind)
			if err := writeRules(filepath.Join(folder, "rules"), file, schema); err != nil {
				return 0, err
			}
			strict(schema)
			named(schema, crd.Spec.Group+"/"+version.Name, crd.Spec.Names.Kind)
			// CRDs leave metadata open: the API server holds it to ObjectMeta.
			schema["properties"].(object)["metadata"] = object{"$ref": definitions + objectMeta}
			needed := object{}
			b.collect(objectMeta, needed)
			schema["definitions"] = needed
			if err := write(filepath.Join(folder, "schemas"), file, schema); err != nil {
				return 0, err
			}
			count++
		}
	}
	return count, nil
}

// named holds apiVersion and kind to their values, and asks for both.
func named(schema object, apiVersion, kind string) {
	properties, ok := schema["properties"].(object)
	if !ok {
		properties = object{}
		schema["properties"] = properties
	}
	properties["apiVersion"] = object{"type": "string", "enum": []any{apiVersion}}
	properties["kind"] = object{"type": "string", "enum": []any{kind}}
	required, _ := schema["required"].([]any)
	schema["required"] = append(required, "apiVersion", "kind")
}

// strict makes a schema as strict as the API server with strict field validation: an object that
// lists its properties has no others. It turns Kubernetes' own words into those of JSON Schema.
func strict(node any) {
	restate(node, true)
}

// restate is strict for one node. structural tells that the node says which fields there are; those
// below anyOf and its like only say more about fields that are listed outside of it.
func restate(node any, structural bool) {
	switch node := node.(type) {
	case object:
		for key, value := range node {
			switch key {
			case "properties", "patternProperties", "definitions":
				// Names of properties aren't words of the schema.
				if children, ok := value.(object); ok {
					for _, child := range children {
						restate(child, structural)
					}
				}
			case "allOf", "anyOf", "oneOf", "not":
				restate(value, false)
			case "enum", "default", "example", "required":
			default:
				restate(value, structural)
			}
		}
		properties, lists := node["properties"].(object)
		_, others := node["additionalProperties"]
		open, _ := node["x-kubernetes-preserve-unknown-fields"].(bool)
		if structural && lists && !others && !open {
			node["additionalProperties"] = false
		}
		if embedded, _ := node["x-kubernetes-embedded-resource"].(bool); embedded && lists {
			for _, field := range []string{"apiVersion", "kind", "metadata"} {
				if _, there := properties[field]; !there {
					properties[field] = object{}
				}
			}
		}
		either, _ := node["x-kubernetes-int-or-string"].(bool)
		if either || node["format"] == "int-or-string" {
			delete(node, "type")
			delete(node, "format")
			if _, there := node["anyOf"]; !there {
				node["anyOf"] = []any{object{"type": "integer"}, object{"type": "string"}}
			}
		}
		if nullable, _ := node["nullable"].(bool); nullable {
			if kind, ok := node["type"].(string); ok {
				node["type"] = []any{kind, "null"}
			}
		}
		delete(node, "description")
	case []any:
		for _, item := range node {
			restate(item, structural)
		}
	}
}

func write(folder, file string, schema object) error {
	path := filepath.Join(folder, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// writeSchemas fills a folder: CRDs as they are under crds, schemas for kubeconform under schemas, those
// with rules once more under rules, as their CRDs have them. pack tells whether the rows of pack-types
// are made.
func writeSchemas(folder string, pack bool) error {
	rows, err := sources()
	if err != nil {
		return err
	}
	var base builtin
	for _, row := range rows {
		if row.how == "pack-types" && !pack {
			continue
		}
		contents := map[string][]byte{}
		if row.how != "types" && row.how != "pack-types" {
			if contents, err = row.files(); err != nil {
				return err
			}
		}
		module := filepath.Join(folder, "crds", strings.ReplaceAll(row.module, "/", "_")+"@"+row.version)
		count := 0
		switch row.how {
		case "openapi":
			for _, text := range contents {
				if base, err = readBuiltin(text); err != nil {
					return err
				}
			}
			if err := base.write(filepath.Join(folder, "schemas")); err != nil {
				return err
			}
			continue
		case "crds", "pack-crds":
		case "types", "pack-types":
			if err := row.generate(module); err != nil {
				return err
			}
			for _, path := range row.paths {
				made, err := filepath.Glob(filepath.Join(module, path, "*.yaml"))
				if err != nil {
					return err
				}
				if len(made) == 0 {
					return fmt.Errorf("%s@%s has no kind in %s", row.module, row.version, path)
				}
				for _, file := range made {
					if contents[file], err = os.ReadFile(file); err != nil {
						return err
					}
				}
			}
		default:
			return fmt.Errorf("sources.tsv: %q is no way to get a schema", row.how)
		}
		if base.definitions == nil {
			return errors.New("sources.tsv: the row of openapi must come first")
		}
		for name, text := range contents {
			if row.how == "crds" || row.how == "pack-crds" {
				copied := filepath.Join(module, strings.ReplaceAll(name, "/", "_"))
				if err := os.MkdirAll(module, 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(copied, text, 0o644); err != nil {
					return err
				}
			}
			if row.isForPack() {
				count++
				continue
			}
			written, err := base.writeCRDs(folder, text)
			if err != nil {
				return fmt.Errorf("%s@%s: %s: %w", row.module, row.version, name, err)
			}
			count += written
		}
		if count == 0 {
			return fmt.Errorf("%s@%s gave no schema", row.module, row.version)
		}
	}
	return nil
}
