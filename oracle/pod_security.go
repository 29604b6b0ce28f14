package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// podSecurityInput is a workload, and the levels and versions to judge it at.
type podSecurityInput struct {
	Object manifest `json:"object"`
	// Levels are baseline and restricted; absent: both.
	Levels []string `json:"levels"`
	// Versions are v1.0, v1.1, ... and latest, in the order in which runs are wanted.
	Versions []string `json:"versions"`
	// Detail asks for reasons and details besides ids.
	Detail bool `json:"detail"`
}

type podSecurityOutput struct {
	Runs []podSecurityRun `json:"runs"`
}

// podSecurityRun is the outcome at neighbouring entries of Versions, from First to Last, where it
// is the same.
type podSecurityRun struct {
	Level      string                 `json:"level"`
	First      string                 `json:"first"`
	Last       string                 `json:"last"`
	Violations []policy.CheckID       `json:"violations"`
	Details    []podSecurityViolation `json:"details,omitempty"`
}

// podSecurityViolation is a check that forbids the pod, in upstream's words.
type podSecurityViolation struct {
	ID     policy.CheckID `json:"id"`
	Reason string         `json:"reason"`
	Detail string         `json:"detail"`
}

func judgePodSecurity(input podSecurityInput) (podSecurityOutput, error) {
	raw, err := input.Object.json()
	if err != nil {
		return podSecurityOutput{}, fmt.Errorf("object: %w", err)
	}
	metadata, spec, err := podOf(raw)
	if err != nil {
		return podSecurityOutput{}, err
	}
	levels := input.Levels
	if len(levels) == 0 {
		levels = []string{string(api.LevelBaseline), string(api.LevelRestricted)}
	}
	if len(input.Versions) == 0 {
		return podSecurityOutput{}, fmt.Errorf("no versions")
	}
	output := podSecurityOutput{}
	for _, level := range levels {
		runs, err := podSecurityRuns(level, input.Versions, metadata, spec)
		if err != nil {
			return podSecurityOutput{}, err
		}
		if !input.Detail {
			for i := range runs {
				runs[i].Details = nil
			}
		}
		output.Runs = append(output.Runs, runs...)
	}
	return output, nil
}

func podSecurityRuns(
	levelText string, versions []string, metadata *metav1.ObjectMeta, spec *corev1.PodSpec,
) ([]podSecurityRun, error) {
	level, err := api.ParseLevel(levelText)
	if err != nil {
		return nil, fmt.Errorf("level %q: %w", levelText, err)
	}
	var runs []podSecurityRun
	bySignature := map[string][]podSecurityViolation{}
	for _, text := range versions {
		version, err := api.ParseVersion(text)
		if err != nil {
			return nil, fmt.Errorf("version %q: %w", text, err)
		}
		lv := api.LevelVersion{Level: level, Version: version}
		signature := evaluators().signature(lv)
		violations, known := bySignature[signature]
		if !known {
			if violations, err = evaluators().evaluate(lv, metadata, spec); err != nil {
				return nil, err
			}
			bySignature[signature] = violations
		}
		if n := len(runs); n > 0 && slices.Equal(runs[n-1].Details, violations) {
			runs[n-1].Last = text
			continue
		}
		run := podSecurityRun{Level: levelText, First: text, Last: text, Details: violations}
		run.Violations = make([]policy.CheckID, len(violations))
		for i, violation := range violations {
			run.Violations[i] = violation.ID
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// podSecurityEvaluators holds upstream's evaluator twice: as it is, and over checks that say who
// they are, because results carry no ids. So order, versions and overrides are upstream's.
type podSecurityEvaluators struct {
	plain, named policy.Evaluator
	signatures   sync.Map
}

var evaluators = sync.OnceValue(func() *podSecurityEvaluators {
	plain, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic(err)
	}
	named, err := policy.NewEvaluator(namedChecks(), nil)
	if err != nil {
		panic(err)
	}
	return &podSecurityEvaluators{plain: plain, named: named}
})

const nameSeparator = "\x00"

// namedChecks returns the default checks with their id and revision put before each reason.
func namedChecks() []policy.Check {
	checks := policy.DefaultChecks()
	for _, check := range checks {
		for i, revision := range check.Versions {
			checkPod := revision.CheckPod
			name := string(check.ID) + nameSeparator + revision.MinimumVersion.String() + nameSeparator
			check.Versions[i].CheckPod = func(m *metav1.ObjectMeta, s *corev1.PodSpec) policy.CheckResult {
				result := checkPod(m, s)
				result.ForbiddenReason = name + result.ForbiddenReason
				return result
			}
		}
	}
	return checks
}

// signature names the checks and revisions that run at a level and version. Versions with one
// signature have one outcome for every pod, so a pod is evaluated once for all of them.
func (e *podSecurityEvaluators) signature(lv api.LevelVersion) string {
	if known, ok := e.signatures.Load(lv); ok {
		return known.(string)
	}
	var signature strings.Builder
	for _, result := range e.named.EvaluatePod(lv, &metav1.ObjectMeta{}, &corev1.PodSpec{}) {
		parts := strings.SplitN(result.ForbiddenReason, nameSeparator, 3)
		signature.WriteString(parts[0] + "@" + parts[1] + " ")
	}
	e.signatures.Store(lv, signature.String())
	return signature.String()
}

// evaluate returns the violations in upstream's order. It errors if the checks with names and the
// evaluator that the admission plugin uses differ.
func (e *podSecurityEvaluators) evaluate(
	lv api.LevelVersion, metadata *metav1.ObjectMeta, spec *corev1.PodSpec,
) ([]podSecurityViolation, error) {
	violations := []podSecurityViolation{}
	for _, result := range e.named.EvaluatePod(lv, metadata, spec) {
		if result.Allowed {
			continue
		}
		parts := strings.SplitN(result.ForbiddenReason, nameSeparator, 3)
		violations = append(violations, podSecurityViolation{
			ID: policy.CheckID(parts[0]), Reason: parts[2], Detail: result.ForbiddenDetail,
		})
	}
	aggregate := policy.AggregateCheckResults(e.plain.EvaluatePod(lv, metadata, spec))
	same := len(aggregate.ForbiddenReasons) == len(violations)
	for i := 0; same && i < len(violations); i++ {
		same = violations[i].Reason == aggregate.ForbiddenReasons[i] &&
			violations[i].Detail == aggregate.ForbiddenDetails[i]
	}
	if !same {
		return nil, fmt.Errorf("judge is at fault: %v by id, but %q in all",
			violations, aggregate.ForbiddenDetail())
	}
	return violations, nil
}
