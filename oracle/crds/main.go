// Command crds validates manifests with kubeconform, strictly, against schemas that it takes from the
// CRDs of the projects themselves, and from Kubernetes' OpenAPI document; then runs the CRDs' own rules
// (x-kubernetes-validations) on them.
//
//	crds -cache FOLDER < requests > answers
//
// A request is a line with a JSON string: one or more YAML documents. Its answer is a line with a
// JSON list of what is wrong with them, empty if nothing is. FOLDER keeps the schemas from run to
// run; other sources or another program make them anew. With -only-schemas it only makes those, and
// prints the folder where they are; with -pack it makes all CRDs of the pack.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	cache := flag.String("cache", "", "folder that keeps the schemas from run to run")
	only := flag.Bool("only-schemas", false, "make the schemas, print their folder, and end")
	pack := flag.Bool("pack", false, "make the CRDs that the pack of the product alone needs, too")
	flag.Parse()
	if err := run(*cache, *only, *pack); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(cache string, only, pack bool) error {
	if cache == "" || flag.NArg() > 0 {
		return errors.New("usage: crds -cache FOLDER [-only-schemas] [-pack]")
	}
	folder, err := cached(cache, pack)
	if err != nil {
		return err
	}
	if only {
		fmt.Println(folder)
		return nil
	}
	judge, err := newJudge(folder)
	if err != nil {
		return err
	}
	requests := bufio.NewReader(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := requests.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		} else if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			return fmt.Errorf("request: %w", err)
		}
		if err := answers.Encode(judge.complaints(text)); err != nil {
			return err
		}
	}
}

// cached gives the folder of the schemas that this very program makes, which holds the table of its
// sources too. It appears under its name only when all of them are written.
func cached(cache string, pack bool) (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	code, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(code)
	cache, err = filepath.Abs(cache)
	if err != nil {
		return "", err
	}
	name := hex.EncodeToString(hash[:8])
	if pack {
		name += "-pack"
	}
	folder := filepath.Join(cache, name)
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	// What an earlier program made is of no more use.
	if err := os.RemoveAll(cache); err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unfinished, err := os.MkdirTemp(cache, "unfinished")
	if err != nil {
		return "", err
	}
	if err := writeSchemas(unfinished, pack); err != nil {
		return "", err
	}
	return folder, os.Rename(unfinished, folder)
}
