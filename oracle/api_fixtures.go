package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

type apiFixturesOutput struct {
	Fixtures []apiFixture `json:"fixtures"`
}

// apiFixture is an object of the test data of k8s.io/api, in which every field is set.
type apiFixture struct {
	// Release is HEAD, or the release that the object was made for: v1.33.0.
	Release string          `json:"release"`
	Name    string          `json:"name"`
	Object  json.RawMessage `json:"object"`
}

// judgeAPIFixtures lists testdata of k8s.io/api, which is part of its release.
func judgeAPIFixtures(struct{}) (apiFixturesOutput, error) {
	var output apiFixturesOutput
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/api").Output()
	if err != nil {
		return output, fmt.Errorf("go list: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(folder)), "testdata", "*", "*.json"))
	if err != nil {
		return output, err
	}
	if len(paths) == 0 {
		return output, fmt.Errorf("no fixtures below %s", folder)
	}
	slices.Sort(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return output, err
		}
		output.Fixtures = append(output.Fixtures, apiFixture{
			Release: filepath.Base(filepath.Dir(path)),
			Name:    strings.TrimSuffix(filepath.Base(path), ".json"),
			Object:  text,
		})
	}
	return output, nil
}
