package main

import (
	"fmt"
	"log"
	"path"
	"runtime"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// kustomizeBuildInput is a folder to build: of files in memory, or on disk.
type kustomizeBuildInput struct {
	// Files are contents by path.
	Files map[string]string `json:"files"`
	// Path is the folder among Files.
	Path string `json:"path"`
	// Disk is an absolute path of a folder; it goes before Files.
	Disk string `json:"disk"`
}

type kustomizeBuildOutput struct {
	OK    bool   `json:"ok"`
	YAML  string `json:"yaml,omitempty"`
	Error string `json:"error,omitempty"`
}

// openAPILock: kyaml keeps the schema for the whole process, so a build that sets one runs alone.
var openAPILock sync.RWMutex

// loadOpenAPI reads the built-in schema once: kyaml would do so at the first need, while other
// builds read the same maps.
var loadOpenAPI = sync.OnceFunc(func() { openapi.Schema() })

func init() {
	log.SetOutput(logs{})
}

// logs drops what kustomize warns of. Where it gives up with log.Fatal, which would end the judges,
// it panics.
type logs struct{}

func (logs) Write(text []byte) (int, error) {
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "log.Fatal") {
			panic(string(text))
		}
		if !more {
			return len(text), nil
		}
	}
}

func judgeKustomizeBuild(input kustomizeBuildInput) (kustomizeBuildOutput, error) {
	alone := false
	var system filesys.FileSystem
	folder := input.Disk
	if folder != "" {
		system = filesys.MakeFsOnDisk()
	} else {
		system = filesys.MakeFsInMemory()
		folder = path.Join("/", input.Path)
		for name, content := range input.Files {
			for _, remote := range []string{"://", "github.com/", "git@", "?ref="} {
				if strings.Contains(content, remote) && strings.HasPrefix(strings.ToLower(path.Base(name)), "kustomization") {
					return kustomizeBuildOutput{}, fmt.Errorf("%s has %q: nothing may be fetched", name, remote)
				}
			}
			alone = alone || strings.Contains(content, "openapi:")
			if err := system.WriteFile(path.Join("/", name), []byte(content)); err != nil {
				return kustomizeBuildOutput{}, err
			}
		}
	}
	loadOpenAPI()
	if alone {
		openAPILock.Lock()
		openapi.ResetOpenAPI()
		defer func() {
			openapi.ResetOpenAPI()
			openapi.Schema()
			openAPILock.Unlock()
		}()
	} else {
		openAPILock.RLock()
		defer openAPILock.RUnlock()
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionNone
	options.LoadRestrictions = types.LoadRestrictionsNone
	options.PluginConfig = types.DisabledPluginConfig()
	objects, err := krusty.MakeKustomizer(options).Run(system, folder)
	if err != nil {
		return kustomizeBuildOutput{Error: err.Error()}, nil
	}
	text, err := objects.AsYaml()
	if err != nil {
		return kustomizeBuildOutput{Error: err.Error()}, nil
	}
	return kustomizeBuildOutput{OK: true, YAML: string(text)}, nil
}
