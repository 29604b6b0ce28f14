package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"
)

// yamlInput is a YAML stream; only its first document counts.
type yamlInput struct {
	Text string `json:"text"`
}

// yamlValue is a decoded value with its Go type, so that 8, 8.0 and "8" differ.
type yamlValue struct {
	// Type is null, bool, int, uint (above the largest int64), float, timestamp, string, bytes
	// (a string that isn't UTF-8), sequence or mapping.
	Type string `json:"type"`
	// Value is the text of a scalar: true or false; decimal digits; the shortest float that reads
	// back the same, or NaN, +Inf, -Inf; RFC 3339 with nanoseconds; the string; base64 of bytes.
	Value *string `json:"value,omitempty"`
	// Items are those of a sequence.
	Items []yamlValue `json:"items,omitempty"`
	// Pairs are those of a mapping, sorted by their keys' JSON: Go's maps have no order.
	Pairs []yamlPair `json:"pairs,omitempty"`
}

type yamlPair struct {
	Key   yamlValue `json:"key"`
	Value yamlValue `json:"value"`
}

func scalarValue(kind, text string) yamlValue {
	return yamlValue{Type: kind, Value: &text}
}

// yamlValueOf describes what a YAML library decoded into an `any`. It panics on a Go type that
// neither library makes, so that none is misread in silence.
func yamlValueOf(decoded any) yamlValue {
	switch value := decoded.(type) {
	case nil:
		return yamlValue{Type: "null"}
	case bool:
		return scalarValue("bool", strconv.FormatBool(value))
	case int:
		return scalarValue("int", strconv.Itoa(value))
	case int64:
		return scalarValue("int", strconv.FormatInt(value, 10))
	case uint64:
		if value <= math.MaxInt64 {
			return scalarValue("int", strconv.FormatUint(value, 10))
		}
		return scalarValue("uint", strconv.FormatUint(value, 10))
	case float64:
		return scalarValue("float", strconv.FormatFloat(value, 'g', -1, 64))
	case time.Time:
		return scalarValue("timestamp", value.Format(time.RFC3339Nano))
	case string:
		if !utf8.ValidString(value) {
			return scalarValue("bytes", base64.StdEncoding.EncodeToString([]byte(value)))
		}
		return scalarValue("string", value)
	case []any:
		items := make([]yamlValue, len(value))
		for i, item := range value {
			items[i] = yamlValueOf(item)
		}
		return yamlValue{Type: "sequence", Items: items}
	case map[any]any:
		pairs := make([]yamlPair, 0, len(value))
		for key, item := range value {
			pairs = append(pairs, yamlPair{yamlValueOf(key), yamlValueOf(item)})
		}
		return mappingValue(pairs)
	case map[string]any:
		pairs := make([]yamlPair, 0, len(value))
		for key, item := range value {
			pairs = append(pairs, yamlPair{yamlValueOf(key), yamlValueOf(item)})
		}
		return mappingValue(pairs)
	default:
		panic(fmt.Sprintf("decoded a %T", decoded))
	}
}

func mappingValue(pairs []yamlPair) yamlValue {
	sortKey := func(pair yamlPair) string {
		encoded, err := json.Marshal(pair.Key)
		if err != nil {
			panic(err)
		}
		return string(encoded)
	}
	sort.Slice(pairs, func(i, j int) bool { return sortKey(pairs[i]) < sortKey(pairs[j]) })
	return yamlValue{Type: "mapping", Pairs: pairs}
}
