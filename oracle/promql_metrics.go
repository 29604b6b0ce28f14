package main

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// promqlMetricsInput is a PromQL expression.
type promqlMetricsInput struct {
	Text string `json:"text"`
}

// promqlMetricsOutput has what the expression asks the store for.
type promqlMetricsOutput struct {
	OK bool `json:"ok"`
	// Selectors are in the order in which they stand.
	Selectors []promqlSelector `json:"selectors"`
	Error     string           `json:"error,omitempty"`
}

type promqlSelector struct {
	// Metric is empty where the selector has no name, or a pattern for one.
	Metric string `json:"metric"`
	// Labels are the names of the labels that it matches on.
	Labels []string `json:"labels"`
}

func judgePromQLMetrics(input promqlMetricsInput) (promqlMetricsOutput, error) {
	output := promqlMetricsOutput{Selectors: []promqlSelector{}}
	expression, err := parser.NewParser(parser.Options{}).ParseExpr(input.Text)
	if err != nil {
		output.Error = err.Error()
		return output, nil
	}
	output.OK = true
	parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		found := promqlSelector{Labels: []string{}}
		for _, matcher := range selector.LabelMatchers {
			switch {
			case matcher.Name != labels.MetricName:
				found.Labels = append(found.Labels, matcher.Name)
			case matcher.Type == labels.MatchEqual:
				found.Metric = matcher.Value
			}
		}
		slices.Sort(found.Labels)
		output.Selectors = append(output.Selectors, found)
		return nil
	})
	return output, nil
}
