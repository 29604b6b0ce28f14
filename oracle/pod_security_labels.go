package main

import "k8s.io/pod-security-admission/api"

type podSecurityLabelsInput struct {
	Labels map[string]string `json:"labels"`
}

// podSecurityLabelsOutput is the policy that a namespace's labels ask for, each mode as
// "level:version", and what is wrong with the labels.
type podSecurityLabelsOutput struct {
	Enforce string   `json:"enforce"`
	Audit   string   `json:"audit"`
	Warn    string   `json:"warn"`
	Errors  []string `json:"errors,omitempty"`
}

func judgePodSecurityLabels(input podSecurityLabelsInput) (podSecurityLabelsOutput, error) {
	privileged := api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}
	defaults := api.Policy{Enforce: privileged, Audit: privileged, Warn: privileged}
	policy, problems := api.PolicyToEvaluate(input.Labels, defaults)
	output := podSecurityLabelsOutput{
		Enforce: policy.Enforce.String(),
		Audit:   policy.Audit.String(),
		Warn:    policy.Warn.String(),
	}
	for _, problem := range problems {
		output.Errors = append(output.Errors, problem.Error())
	}
	return output, nil
}
