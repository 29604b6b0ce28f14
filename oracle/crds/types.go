package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/controller-tools/pkg/crd"
	"sigs.k8s.io/controller-tools/pkg/genall"
	"sigs.k8s.io/controller-tools/pkg/loader"
)

// generate makes the CRDs of the Go packages that the source names into folder, with the code of
// controller-gen and the options that Azure Service Operator's own build has.
//
// The packages are loaded inside of their own module, so that its go.mod and go.sum decide on what
// they are built with.
func (s source) generate(folder string) error {
	got, err := s.fetch()
	if err != nil {
		return err
	}
	if got.Dir == "" {
		return fmt.Errorf("%s@%s: %s", s.module, s.version, got.Error)
	}
	back, err := os.Getwd()
	if err != nil {
		return err
	}
	// The loader has no other way to be told where to look.
	if err := os.Chdir(got.Dir); err != nil {
		return err
	}
	defer os.Chdir(back)
	for name, value := range map[string]string{"GOWORK": "off", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	dangerous, descriptions := true, 0
	var generator genall.Generator = crd.Generator{
		AllowDangerousTypes: &dangerous, // float64
		MaxDescLen:          &descriptions,
		CRDVersions:         []string{"v1"},
	}
	var paths []string
	for _, path := range s.paths {
		paths = append(paths, "./"+path)
	}
	runtime, err := genall.Generators{&generator}.ForRoots(paths...)
	if err != nil {
		return err
	}
	if len(runtime.Roots) != len(paths) {
		return fmt.Errorf("%s@%s: %d packages instead of %d", s.module, s.version, len(runtime.Roots), len(paths))
	}
	// One package after the other: together, versions of one kind would have to agree on which of
	// them is stored, which packages that aren't needed here decide.
	for _, root := range runtime.Roots {
		runtime.GenerationContext.Roots = []*loader.Package{root}
		name := strings.TrimPrefix(root.PkgPath, s.module+"/")
		runtime.OutputRules.Default = genall.OutputToDirectory(filepath.Join(folder, name))
		if failed := runtime.Run(); failed {
			return fmt.Errorf("%s@%s: controller-gen failed on %s", s.module, s.version, name)
		}
	}
	return nil
}
