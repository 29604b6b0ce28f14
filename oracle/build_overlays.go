package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// buildOverlays builds every folder below root that has a kustomization file and lies in a folder
// called overlays, on every core, for the benchmark (xtask/src/render.rs).
func buildOverlays(root string) error {
	var folders []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "kustomization.yaml" && strings.Contains(path, "/overlays/") {
			folders = append(folders, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		return err
	}
	queue := make(chan string)
	failures := make(chan error, len(folders))
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for folder := range queue {
				output, err := judgeKustomizeBuild(kustomizeBuildInput{Disk: folder})
				if err == nil && !output.OK {
					err = fmt.Errorf("%s: %s", folder, output.Error)
				}
				if err != nil {
					failures <- err
				}
			}
		})
	}
	for _, folder := range folders {
		queue <- folder
	}
	close(queue)
	workers.Wait()
	close(failures)
	return <-failures
}
