package main

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/sourceignore"
	"github.com/fluxcd/pkg/sourceignore/gitignore"
)

// sourceIgnoreInput is a repository, and what a source object says of its artifact.
type sourceIgnoreInput struct {
	// Files are contents by path. Of .sourceignore files alone the content matters.
	Files map[string]string `json:"files"`
	// Spec is spec.ignore, where there is one.
	Spec   *string `json:"spec"`
	Bucket bool    `json:"bucket"`
	// Disk asks for files to be written: upstream then finds the .sourceignore files itself.
	Disk bool `json:"disk"`
}

// sourceIgnoreOutput is what an artifact holds once it is unpacked, by path, sorted.
type sourceIgnoreOutput struct {
	Files   []string `json:"files,omitempty"`
	Folders []string `json:"folders,omitempty"`
}

// judgeSourceIgnore does what source-controller does when it makes an artifact.
func judgeSourceIgnore(input sourceIgnoreInput) (sourceIgnoreOutput, error) {
	if input.Bucket {
		return bucketArtifact(input), nil
	}
	var patterns []gitignore.Pattern
	if input.Disk {
		var err error
		if patterns, err = loadFromDisk(input.Files); err != nil {
			return sourceIgnoreOutput{}, err
		}
	} else {
		patterns = load(input.Files)
	}
	patterns = append(patterns, specPatterns(input.Spec)...)
	matcher := archiveMatcher(patterns, nil)
	there, made := newUnpacked(), newUnpacked()
	for name := range input.Files {
		there.add(name, false)
	}
	// The archiver goes on below a folder that is filtered: each path is asked for by itself.
	for name := range there.files {
		if !matcher.Match(strings.Split(name, "/"), false) {
			made.add(name, false)
		}
	}
	for name := range there.folders {
		if !matcher.Match(strings.Split(name, "/"), true) {
			made.add(name, true)
		}
	}
	return made.sorted(), nil
}

func specPatterns(spec *string) []gitignore.Pattern {
	if spec == nil {
		return nil
	}
	return sourceignore.ReadPatterns(strings.NewReader(*spec), nil)
}

// loadFromDisk asks upstream for the patterns of all folders.
func loadFromDisk(files map[string]string) ([]gitignore.Pattern, error) {
	dir, err := os.MkdirTemp("", "source-ignore-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	return sourceignore.LoadIgnorePatterns(dir, nil)
}

// load restates the order in which LoadIgnorePatterns enters folders, as the disk is slow.
func load(files map[string]string) []gitignore.Pattern {
	var folders [][]string
	for name := range files {
		folder := strings.Split(name, "/")
		last := len(folder) - 1
		if folder[last] == sourceignore.IgnoreFile && !slices.Contains(folder[:last], ".git") {
			folders = append(folders, folder[:last])
		}
	}
	slices.SortFunc(folders, slices.Compare)
	var patterns []gitignore.Pattern
	for _, folder := range folders {
		file := path.Join(path.Join(folder...), sourceignore.IgnoreFile)
		patterns = append(patterns, sourceignore.ReadPatterns(strings.NewReader(files[file]), folder)...)
	}
	return patterns
}

// archiveMatcher restates SourceIgnoreFilter of source-controller's storage, which is internal or,
// later, in a module that needs all of a controller.
func archiveMatcher(patterns []gitignore.Pattern, domain []string) gitignore.Matcher {
	if len(patterns) == 0 {
		return sourceignore.NewDefaultMatcher(nil, domain)
	}
	return sourceignore.NewMatcher(append(sourceignore.VCSPatterns(domain), patterns...))
}

// bucketArtifact does as fetchEtagIndex of source-controller's bucket_controller.go. The root's
// .sourceignore is left out of the answer: it is fetched, whatever it says.
func bucketArtifact(input sourceIgnoreInput) sourceIgnoreOutput {
	root := strings.NewReader(input.Files[sourceignore.IgnoreFile])
	matcher := sourceignore.NewMatcher(append(sourceignore.ReadPatterns(root, nil), specPatterns(input.Spec)...))
	made := newUnpacked()
	for key := range input.Files {
		if key != sourceignore.IgnoreFile && !matcher.Match(strings.Split(key, "/"), false) {
			made.add(key, false)
		}
	}
	return made.sorted()
}

// unpacked is what is on disk once an artifact is unpacked.
type unpacked struct {
	files, folders map[string]bool
}

func newUnpacked() unpacked {
	return unpacked{files: map[string]bool{}, folders: map[string]bool{}}
}

// add puts a path there, and the folders above it.
func (u unpacked) add(name string, isFolder bool) {
	if isFolder {
		u.folders[name] = true
	} else {
		u.files[name] = true
	}
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		u.folders[folder] = true
	}
}

func (u unpacked) sorted() sourceIgnoreOutput {
	delete(u.folders, ".")
	return sourceIgnoreOutput{
		Files:   slices.Sorted(maps.Keys(u.files)),
		Folders: slices.Sorted(maps.Keys(u.folders)),
	}
}
