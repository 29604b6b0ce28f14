package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// typedFields lists the fields of Kubernetes' own kinds as Go's types have them: those through which
// Flux takes objects before it applies them.
func judgeTypedFields(struct{}) (string, error) {
	table := &typeTable{numbers: map[reflect.Type]int{}}
	kinds := map[string]reflect.Type{}
	for kind, goType := range scheme.Scheme.AllKnownTypes() {
		if kind.Version == runtime.APIVersionInternal || strings.HasSuffix(kind.Kind, "List") {
			continue
		}
		if _, found := goType.FieldByName("ObjectMeta"); !found {
			continue
		}
		kinds[kind.GroupVersion().String()+" "+kind.Kind] = goType
	}
	for _, kind := range slices.Sorted(mapKeys(kinds)) {
		shape, err := table.shape(kinds[kind])
		if err != nil {
			return "", fmt.Errorf("%s: %w", kind, err)
		}
		table.kinds = append(table.kinds, kind+" "+shape)
	}
	var out strings.Builder
	for _, line := range table.kinds {
		out.WriteString("kind " + line + "\n")
	}
	for number := range table.types {
		fmt.Fprintf(&out, "type %d%s\n", number, table.types[number])
	}
	return out.String(), nil
}

type typeTable struct {
	numbers map[reflect.Type]int
	types   []string
	kinds   []string
}

// shape names what a value may be: s text, b boolean, i integer, f number, q quantity (Q where 0 is
// written for none), y base64, o integer or text, j whatever the
// type itself decodes, a number for a struct, [ for a list of what follows, { for a mapping to it.
func (t *typeTable) shape(goType reflect.Type) (string, error) {
	if goType.Kind() == reflect.Pointer {
		return t.shape(goType.Elem())
	}
	decodes := reflect.PointerTo(goType).Implements(reflect.TypeFor[json.Unmarshaler]())
	switch goType.Kind() {
	case reflect.String:
		return "s", nil
	case reflect.Bool:
		return "b", nil
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return "i", nil
	case reflect.Float32, reflect.Float64:
		return "f", nil
	case reflect.Interface:
		return "j", nil
	}
	if decodes {
		switch goType.String() {
		case "resource.Quantity":
			return "q", nil
		case "intstr.IntOrString":
			return "o", nil
		}
		return "j", nil
	}
	switch goType.Kind() {
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return "y", nil
		}
		item, err := t.shape(goType.Elem())
		return "[" + item, err
	case reflect.Map:
		value, err := t.shape(goType.Elem())
		return "{" + value, err
	case reflect.Struct:
		if number, known := t.numbers[goType]; known {
			return fmt.Sprint(number), nil
		}
		number := len(t.types)
		t.numbers[goType] = number
		t.types = append(t.types, "")
		fields, err := t.fields(goType)
		slices.Sort(fields)
		for _, field := range fields {
			t.types[number] += " " + field
		}
		return fmt.Sprint(number), err
	}
	return "", fmt.Errorf("no shape for %s", goType)
}

func (t *typeTable) fields(goType reflect.Type) ([]string, error) {
	var fields []string
	for index := range goType.NumField() {
		field := goType.Field(index)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" && (field.Anonymous || options == "inline") {
			inlined, err := t.fields(field.Type)
			if err != nil {
				return nil, err
			}
			fields = append(fields, inlined...)
			continue
		}
		shape, err := t.shape(field.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
		// Go writes a struct that isn't a pointer whatever is in it.
		if shape == "q" && field.Type.Kind() != reflect.Pointer {
			shape = "Q"
		}
		fields = append(fields, name+":"+shape)
	}
	return fields, nil
}
