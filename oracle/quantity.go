package main

import (
	"fmt"
	"regexp"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
)

// quantityInput is a quantity, and optionally another to compare it with.
type quantityInput struct {
	Text  string  `json:"text"`
	Other *string `json:"other"`
}

type quantityOutput struct {
	parsedQuantity
	Other *parsedQuantity `json:"other,omitempty"`
	// Cmp is -1, 0 or 1: Text against Other. Absent unless both parse.
	Cmp *int `json:"cmp,omitempty"`
}

// parsedQuantity is what ParseQuantity made of a text.
type parsedQuantity struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
	// Canonical is the canonical form (Quantity.String).
	Canonical string `json:"canonical,omitempty"`
	// Dec is the exact value as a decimal number, without suffix or exponent.
	Dec string `json:"dec,omitempty"`
	// Milli is the value in thousandths, rounded up (Quantity.MilliValue).
	Milli int64 `json:"milli"`
	// Sign is -1, 0 or 1: the value against zero.
	Sign int `json:"sign"`
}

func judgeQuantity(input quantityInput) (quantityOutput, error) {
	left, first, err := parseQuantity(input.Text)
	if err != nil {
		return quantityOutput{}, err
	}
	output := quantityOutput{parsedQuantity: first}
	if input.Other == nil {
		return output, nil
	}
	right, second, err := parseQuantity(*input.Other)
	if err != nil {
		return quantityOutput{}, err
	}
	output.Other = &second
	if first.OK && second.OK {
		cmp := left.Cmp(right)
		output.Cmp = &cmp
	}
	return output, nil
}

// maxExponent bounds what is handed to ParseQuantity: it computes 10 to the power of the exponent,
// so a long one would take hours.
const maxExponent = 10_000

var exponent = regexp.MustCompile(`[eE]([+-]?[0-9]+)$`)

func parseQuantity(text string) (resource.Quantity, parsedQuantity, error) {
	if match := exponent.FindStringSubmatch(text); match != nil {
		if n, err := strconv.Atoi(match[1]); err != nil || n > maxExponent || n < -maxExponent {
			return resource.Quantity{}, parsedQuantity{}, fmt.Errorf("not asked: exponent beyond %d", maxExponent)
		}
	}
	quantity, err := resource.ParseQuantity(text)
	if err != nil {
		return quantity, parsedQuantity{Error: err.Error()}, nil
	}
	// AsDec and String change how a quantity is kept, so each works on its own copy.
	forDec, forString := quantity.DeepCopy(), quantity.DeepCopy()
	return quantity, parsedQuantity{
		OK:        true,
		Canonical: forString.String(),
		Dec:       forDec.AsDec().String(),
		Milli:     quantity.MilliValue(),
		Sign:      quantity.Sign(),
	}, nil
}
