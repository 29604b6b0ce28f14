// Command references says which Secrets and ConfigMaps a pod names, as Kubernetes' own visitors find
// them.
//
// It reads one JSON Pod a line on standard input and writes one JSON answer a line on standard output,
// in the same order, until standard input ends.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/api/v1/pod"
)

// answer has the names that a pod refers to: sorted, each once.
type answer struct {
	Secrets    []string `json:"secrets"`
	ConfigMaps []string `json:"configMaps"`
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "references:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(in)
	writer := bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	for {
		var object corev1.Pod
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return writer.Flush()
		} else if err != nil {
			return err
		}
		if err := encoder.Encode(judge(&object)); err != nil {
			return err
		}
	}
}

func judge(object *corev1.Pod) answer {
	found := answer{Secrets: []string{}, ConfigMaps: []string{}}
	pod.VisitPodSecretNames(object, func(name string) bool {
		found.Secrets = append(found.Secrets, name)
		return true
	})
	pod.VisitPodConfigmapNames(object, func(name string) bool {
		found.ConfigMaps = append(found.ConfigMaps, name)
		return true
	})
	for _, names := range []*[]string{&found.Secrets, &found.ConfigMaps} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return found
}
