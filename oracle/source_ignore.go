package main

import (
	"io/fs"
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
}

// sourceIgnoreOutput is what an artifact holds once it is unpacked, by path, sorted.
type sourceIgnoreOutput struct {
	Files   []string `json:"files,omitempty"`
	Folders []string `json:"folders,omitempty"`
}

// judgeSourceIgnore does what source-controller does when it makes an artifact.
func judgeSourceIgnore(input sourceIgnoreInput) (sourceIgnoreOutput, error) {
	dir, err := os.MkdirTemp("", "source-ignore-")
	if err != nil {
		return sourceIgnoreOutput{}, err
	}
	defer os.RemoveAll(dir)
	for name, content := range input.Files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return sourceIgnoreOutput{}, err
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return sourceIgnoreOutput{}, err
		}
	}
	if input.Bucket {
		return bucketArtifact(dir, input)
	}
	domain := strings.Split(dir, string(filepath.Separator))
	patterns, err := sourceignore.LoadIgnorePatterns(dir, domain)
	if err != nil {
		return sourceIgnoreOutput{}, err
	}
	if input.Spec != nil {
		patterns = append(patterns, sourceignore.ReadPatterns(strings.NewReader(*input.Spec), domain)...)
	}
	matcher := archiveMatcher(patterns, domain)
	made := newUnpacked()
	// The archiver goes on below a folder that is filtered.
	err = filepath.Walk(dir, func(file string, info fs.FileInfo, err error) error {
		if err != nil || matcher.Match(strings.Split(file, string(filepath.Separator)), info.IsDir()) {
			return err
		}
		relative, err := filepath.Rel(dir, file)
		if err == nil {
			made.add(relative, info.IsDir())
		}
		return err
	})
	return made.sorted(), err
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
func bucketArtifact(dir string, input sourceIgnoreInput) (sourceIgnoreOutput, error) {
	patterns, err := sourceignore.ReadIgnoreFile(filepath.Join(dir, sourceignore.IgnoreFile), nil)
	if err != nil {
		return sourceIgnoreOutput{}, err
	}
	if input.Spec != nil {
		patterns = append(patterns, sourceignore.ReadPatterns(strings.NewReader(*input.Spec), nil)...)
	}
	matcher := sourceignore.NewMatcher(patterns)
	made := newUnpacked()
	for key := range input.Files {
		if key != sourceignore.IgnoreFile && !matcher.Match(strings.Split(key, "/"), false) {
			made.add(key, false)
		}
	}
	return made.sorted(), nil
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
