package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	gotypes "go/types"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	goyaml "go.yaml.in/yaml/v3"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// kustomizeTables are the facts that kustomize builds in: where its transformers write, and how
// strategic merge treats each field of the built-in kinds.
type kustomizeTables struct {
	FieldSpecs string `json:"fieldSpecs"`
	Schema     string `json:"schema"`
}

func judgeKustomizeTables(struct{}) (kustomizeTables, error) {
	specs, err := fieldSpecTable()
	if err != nil {
		return kustomizeTables{}, err
	}
	return kustomizeTables{FieldSpecs: specs, Schema: schemaTable()}, nil
}

// backReferences has kustomize's order (builtinconfig's nbrSlice), which decides the order of
// equals: Go's sort isn't stable.
type backReferences []struct {
	resid.Gvk
	FieldSpecs types.FsSlice `json:"fieldSpecs"`
}

func (s backReferences) Len() int           { return len(s) }
func (s backReferences) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s backReferences) Less(i, j int) bool { return s[i].Gvk.IsLessThan(s[j].Gvk) }

// fieldSpecTable reads the default configuration from the source of kustomize's api module: its
// package is internal.
func fieldSpecTable() (string, error) {
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kustomize/api").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(output)), "internal/konfig/builtinpluginconsts")
	constants, err := stringConstants(folder)
	if err != nil {
		return "", err
	}
	sections := map[string]types.FsSlice{}
	var references backReferences
	for _, name := range slices.Sorted(mapKeys(constants)) {
		// Only a part of others.
		if name == "metadataLabelsFieldSpecs" {
			continue
		}
		var document map[string]json.RawMessage
		converted, err := yamlToJSON(constants[name])
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if err := json.Unmarshal(converted, &document); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		for section, raw := range document {
			if section == "nameReference" {
				err = json.Unmarshal(raw, &references)
			} else {
				var specs types.FsSlice
				err = json.Unmarshal(raw, &specs)
				sections[section] = append(sections[section], specs...)
			}
			if err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	var table strings.Builder
	for _, section := range slices.Sorted(mapKeys(sections)) {
		specs := sections[section]
		sort.Sort(specs)
		for _, spec := range specs {
			writeFieldSpec(&table, section, resid.Gvk{}, spec)
		}
	}
	sort.Sort(references)
	for _, reference := range references {
		for _, spec := range reference.FieldSpecs {
			writeFieldSpec(&table, "nameReference", reference.Gvk, spec)
		}
	}
	return table.String(), nil
}

func writeFieldSpec(table *strings.Builder, section string, target resid.Gvk, spec types.FieldSpec) {
	fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%t\n", section,
		target.Group, target.Version, target.Kind,
		spec.Group, spec.Version, spec.Kind, spec.Path, spec.CreateIfNotPresent)
}

func yamlToJSON(text string) ([]byte, error) {
	var value any
	if err := goyaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// stringConstants returns the constants that a folder's package declares.
func stringConstants(folder string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	set := token.NewFileSet()
	for _, path := range paths {
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	// What the package imports isn't needed for its constants.
	config := gotypes.Config{Error: func(error) {}}
	checked, _ := config.Check(folder, set, files, nil)
	texts := map[string]string{}
	for _, name := range checked.Scope().Names() {
		if one, is := checked.Scope().Lookup(name).(*gotypes.Const); is && strings.HasSuffix(name, "FieldSpecs") {
			texts[name] = constant.StringVal(one.Val())
		}
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("no field specs in %s", folder)
	}
	return texts, nil
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// schemaWriter numbers types: definitions by name, the types within them by their text, so that
// equal ones are written once.
type schemaWriter struct {
	numbers map[string]int
	lines   []string
}

// schemaTable writes one type a line: `number: fields`, where a field is `name=number`, `*=number`
// what other keys have, `[]=number` the items; then `!strategy` and `@key,key` of a list.
// Lines that start with a kind and a `>` tell the type of a resource.
func schemaTable() string {
	openAPILock.RLock()
	defer openAPILock.RUnlock()
	loadOpenAPI()
	root := openapi.Schema()
	writer := schemaWriter{numbers: map[string]int{}}
	names := slices.Sorted(mapKeys(root.Definitions))
	for _, name := range names {
		writer.reserve("#" + name)
	}
	for _, name := range names {
		schema := root.Definitions[name]
		writer.lines[writer.numbers["#"+name]] = writer.body(&schema)
	}
	var table bytes.Buffer
	for number, line := range writer.lines {
		fmt.Fprintf(&table, "%d\t%s\n", number, line)
	}
	var kinds []string
	for _, name := range names {
		schema := root.Definitions[name]
		extension, _ := schema.Extensions["x-kubernetes-group-version-kind"].([]any)
		for _, one := range extension {
			gvk, _ := one.(map[string]any)
			group, _ := gvk["group"].(string)
			version, _ := gvk["version"].(string)
			kind, _ := gvk["kind"].(string)
			apiVersion := version
			if group != "" {
				apiVersion = group + "/" + version
			}
			meta := yaml.TypeMeta{APIVersion: apiVersion, Kind: kind}
			scope := "-"
			if namespaced, known := openapi.IsNamespaceScoped(meta); known {
				scope = map[bool]string{true: "namespaced", false: "cluster"}[namespaced]
			}
			// Of two definitions with one kind, upstream keeps whichever its map gives last.
			kinds = append(kinds, fmt.Sprintf("> %s %s\t%d\t%s\n", apiVersion, kind, writer.numbers["#"+name], scope))
		}
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		table.WriteString(kind)
	}
	return table.String()
}

func (w *schemaWriter) reserve(key string) int {
	number := len(w.lines)
	w.numbers[key] = number
	w.lines = append(w.lines, "")
	return number
}

func (w *schemaWriter) number(schema *spec.Schema) int {
	if reference := schema.Ref.String(); reference != "" {
		return w.numbers["#"+strings.TrimPrefix(reference, "#/definitions/")]
	}
	body := w.body(schema)
	if number, known := w.numbers[body]; known {
		return number
	}
	number := w.reserve(body)
	w.lines[number] = body
	return number
}

func (w *schemaWriter) body(schema *spec.Schema) string {
	var fields []string
	for _, name := range slices.Sorted(mapKeys(schema.Properties)) {
		property := schema.Properties[name]
		fields = append(fields, fmt.Sprintf("%s=%d", name, w.number(&property)))
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		fields = append(fields, fmt.Sprintf("*=%d", w.number(schema.AdditionalProperties.Schema)))
	}
	if len(schema.Type) == 1 && schema.Type[0] == "array" && schema.Items != nil && schema.Items.Schema != nil {
		fields = append(fields, fmt.Sprintf("[]=%d", w.number(schema.Items.Schema)))
	}
	resource := openapi.ResourceSchema{Schema: schema}
	if strategy, keys := resource.PatchStrategyAndKeyList(); strategy != "" {
		fields = append(fields, "!"+strategy)
		if len(keys) > 0 {
			fields = append(fields, "@"+strings.Join(keys, ","))
		}
	}
	return strings.Join(fields, " ")
}
