package main

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
)

//go:embed sources.tsv
var table string

// source is a row of sources.tsv.
type source struct {
	how, module, version, sum, project, licence string
	paths                                       []string
}

// isForPack tells whether kubeconform doesn't judge with it.
func (s source) isForPack() bool {
	return strings.HasPrefix(s.how, "pack-")
}

// sources reads the table.
func sources() ([]source, error) {
	var rows []source
	for number, line := range strings.Split(table, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 7 {
			return nil, fmt.Errorf("sources.tsv:%d: %d cells instead of 7", number+1, len(cells))
		}
		rows = append(rows, source{cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], strings.Fields(cells[6])})
	}
	return rows, nil
}

// download is what `go mod download -json` says of a module.
type download struct {
	Zip, Dir, Sum, Error string
}

// fetch has the go command take the module from its cache, or from the module proxy, and compares
// its hash with the table's.
//
// A module that wants a newer Go than this one is downloaded none the less: the command reports that
// as an error, beside the zip. Its files are as good, so that this alone is no failure here.
func (s source) fetch() (download, error) {
	empty, err := os.MkdirTemp("", "modules")
	if err != nil {
		return download{}, err
	}
	defer os.RemoveAll(empty)
	command := exec.Command("go", "mod", "download", "-json", s.module+"@"+s.version)
	command.Dir = empty // no go.mod of ours decides which version it is
	// Nor may the command fetch the newer Go.
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOTOOLCHAIN=local")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	answer, failed := command.Output()
	var got download
	if err := json.Unmarshal(answer, &got); err != nil {
		return download{}, fmt.Errorf("%s@%s: %w: %s", s.module, s.version, failed, complaints.String())
	}
	switch {
	case got.Zip == "":
		return download{}, fmt.Errorf("%s@%s: %s", s.module, s.version, got.Error)
	case got.Sum != s.sum:
		return download{}, fmt.Errorf("%s@%s: its hash is %s, not %s", s.module, s.version, got.Sum, s.sum)
	}
	return got, nil
}

// files gives the contents of the module's files that the paths name. A path that names none is an
// error: a release that moved its files must not go unnoticed.
func (s source) files() (map[string][]byte, error) {
	got, err := s.fetch()
	if err != nil {
		return nil, err
	}
	archive, err := zip.OpenReader(got.Zip)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	contents := map[string][]byte{}
	for _, pattern := range s.paths {
		found := false
		for _, file := range archive.File {
			name := strings.TrimPrefix(file.Name, s.module+"@"+s.version+"/")
			matches, err := path.Match(pattern, name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", pattern, err)
			}
			if !matches {
				continue
			}
			found = true
			reader, err := file.Open()
			if err != nil {
				return nil, err
			}
			contents[name], err = io.ReadAll(reader)
			if err != nil {
				return nil, err
			}
			reader.Close()
		}
		if !found {
			return nil, fmt.Errorf("%s@%s has no %s", s.module, s.version, pattern)
		}
	}
	return contents, nil
}
