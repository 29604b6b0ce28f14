package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// TestRunsAgreeWithTheEvaluatorAtEveryVersion judges every upstream fixture at every version, and
// so holds the shortcut of evaluating once for all versions that run the same revisions.
func TestRunsAgreeWithTheEvaluatorAtEveryVersion(t *testing.T) {
	listed, err := judgePodSecurityFixtures(podSecurityFixturesInput{})
	if err != nil {
		t.Fatal(err)
	}
	if len(listed.Fixtures) < 4000 {
		t.Fatalf("only %d fixtures", len(listed.Fixtures))
	}
	var versions []string
	for minor := range 40 {
		versions = append(versions, fmt.Sprintf("v1.%d", minor))
	}
	versions = append(versions, "latest")
	seen := map[string]bool{}
	for _, fixture := range listed.Fixtures {
		if seen[fixture.Text] {
			continue
		}
		seen[fixture.Text] = true
		object, err := json.Marshal(fixture.Text)
		if err != nil {
			t.Fatal(err)
		}
		output, err := judgePodSecurity(podSecurityInput{Object: object, Versions: versions, Detail: true})
		if err != nil {
			t.Fatalf("%s: %v", fixture.Name, err)
		}
		raw, err := manifest(object).json()
		if err != nil {
			t.Fatal(err)
		}
		metadata, spec, err := podOf(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range output.Runs {
			first, last := slices.Index(versions, run.First), slices.Index(versions, run.Last)
			for _, text := range versions[first : last+1] {
				version, err := api.ParseVersion(text)
				if err != nil {
					t.Fatal(err)
				}
				lv := api.LevelVersion{Level: api.Level(run.Level), Version: version}
				want := policy.AggregateCheckResults(evaluators().plain.EvaluatePod(lv, metadata, spec))
				var reasons, details []string
				for _, violation := range run.Details {
					reasons = append(reasons, violation.Reason)
					details = append(details, violation.Detail)
				}
				if !slices.Equal(reasons, want.ForbiddenReasons) || !slices.Equal(details, want.ForbiddenDetails) {
					t.Errorf("%s at %s: %q, want %q", fixture.Name, lv, reasons, want.ForbiddenDetail())
				}
			}
		}
	}
}

// TestFixturesPassAndFailAsUpstreamExpects shows that decoding and defaulting lose nothing.
func TestFixturesPassAndFailAsUpstreamExpects(t *testing.T) {
	listed, err := judgePodSecurityFixtures(podSecurityFixturesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, fixture := range listed.Fixtures {
		object, err := json.Marshal(fixture.Text)
		if err != nil {
			t.Fatal(err)
		}
		output, err := judgePodSecurity(podSecurityInput{
			Object: object, Levels: []string{fixture.Level}, Versions: []string{fixture.Version},
		})
		if err != nil {
			t.Fatalf("%s: %v", fixture.Name, err)
		}
		if allowed := len(output.Runs[0].Violations) == 0; allowed != fixture.Pass {
			t.Errorf("%s at %s:%s: allowed %t", fixture.Name, fixture.Level, fixture.Version, allowed)
		}
	}
}
