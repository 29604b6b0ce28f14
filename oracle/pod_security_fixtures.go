package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// podSecurityFixturesInput narrows the list; each field may be absent.
type podSecurityFixturesInput struct {
	Level   string `json:"level"`
	Version string `json:"version"`
}

type podSecurityFixturesOutput struct {
	Fixtures []podSecurityFixture `json:"fixtures"`
}

// podSecurityFixture is a file of upstream's test data.
type podSecurityFixture struct {
	Level   string `json:"level"`
	Version string `json:"version"`
	// Pass tells whether upstream expects the pod to be allowed at that level and version.
	Pass bool `json:"pass"`
	// Name is the file's without its ending: the check's id in lower case, and a number.
	Name string `json:"name"`
	Text string `json:"text"`
}

func judgePodSecurityFixtures(input podSecurityFixturesInput) (podSecurityFixturesOutput, error) {
	root, err := podSecurityTestdata()
	if err != nil {
		return podSecurityFixturesOutput{}, err
	}
	paths, err := filepath.Glob(filepath.Join(root, "*", "*", "*", "*.yaml"))
	if err != nil {
		return podSecurityFixturesOutput{}, err
	}
	if len(paths) == 0 {
		return podSecurityFixturesOutput{}, fmt.Errorf("no fixtures below %s", root)
	}
	slices.Sort(paths)
	output := podSecurityFixturesOutput{Fixtures: []podSecurityFixture{}}
	for _, path := range paths {
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return podSecurityFixturesOutput{}, err
		}
		parts := strings.Split(filepath.ToSlash(relative), "/")
		level, version, outcome := parts[0], parts[1], parts[2]
		if input.Level != "" && input.Level != level || input.Version != "" && input.Version != version {
			continue
		}
		if outcome != "pass" && outcome != "fail" {
			return podSecurityFixturesOutput{}, fmt.Errorf("%s is neither pass nor fail", relative)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return podSecurityFixturesOutput{}, err
		}
		output.Fixtures = append(output.Fixtures, podSecurityFixture{
			Level:   level,
			Version: version,
			Pass:    outcome == "pass",
			Name:    strings.TrimSuffix(parts[3], ".yaml"),
			Text:    string(text),
		})
	}
	return output, nil
}

// podSecurityTestdata finds the test data in the module cache. The working directory must be this
// module's.
var podSecurityTestdata = sync.OnceValues(func() (string, error) {
	command := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission")
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(output)), "test", "testdata"), nil
})
