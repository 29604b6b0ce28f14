package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// judge answers one input. It is called from several goroutines at once and must keep no state.
type judge func(input json.RawMessage) (any, error)

// judges has every judge by the name that requests use.
var judges = map[string]judge{
	"admission-policies":    typed(judgeAdmissionPolicies),
	"api-fixtures":          typed(judgeAPIFixtures),
	"custom-resource":       typed(judgeCustomResource),
	"egress":                typed(judgeEgress),
	"envsubst":              typed(judgeEnvsubst),
	"flux-pipeline":         typed(judgeFluxPipeline),
	"format":                typed(judgeFormat),
	"helm-template":         typed(judgeHelmTemplate),
	"image-reference":       typed(judgeImageReference),
	"kubeconform":           typed(judgeKubeconform),
	"kustomize-build":       typed(judgeKustomizeBuild),
	"kustomize-tables":      typed(judgeKustomizeTables),
	"label":                 typed(judgeLabel),
	"label-selector":        typed(judgeLabelSelector),
	"pod-security":          typed(judgePodSecurity),
	"pod-security-fixtures": typed(judgePodSecurityFixtures),
	"pod-security-labels":   typed(judgePodSecurityLabels),
	"promql-metrics":        typed(judgePromQLMetrics),
	"quantity":              typed(judgeQuantity),
	"source-ignore":         typed(judgeSourceIgnore),
	"strict-decode":         typed(judgeStrictDecode),
	"typed-fields":          typed(judgeTypedFields),
	"yaml-v2":               typed(judgeYAMLv2),
	"yaml-v3":               typed(judgeYAMLv3),
}

// typed makes a judge of a function from one Go type to another.
func typed[In, Out any](decide func(In) (Out, error)) judge {
	return func(raw json.RawMessage) (any, error) {
		var input In
		if err := json.Unmarshal(raw, &input); err != nil {
			return nil, fmt.Errorf("input: %w", err)
		}
		return decide(input)
	}
}

// ask returns the judge's verdict on one input. A panic of upstream code is an error that starts
// with "panic: ".
func ask(judge judge, input json.RawMessage) (result verdict) {
	defer func() {
		if cause := recover(); cause != nil {
			result = verdict{Error: fmt.Sprintf("panic: %v", cause)}
		}
	}()
	output, err := judge(input)
	if err != nil {
		return verdict{Error: err.Error()}
	}
	return verdict{Output: output}
}

// askAll returns the verdicts on all inputs, in their order, using every core.
func askAll(judge judge, inputs []json.RawMessage) []verdict {
	verdicts := make([]verdict, len(inputs))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(inputs)) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(inputs) {
					return
				}
				verdicts[i] = ask(judge, inputs[i])
			}
		})
	}
	workers.Wait()
	return verdicts
}
