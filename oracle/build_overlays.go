package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
)

// buildOverlays builds the folders that a file lists, a line each, on every core, for the benchmark
// (xtask/src/render.rs).
func buildOverlays(list string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	folders := strings.Split(string(text), "\n")
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
