package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"helm.sh/helm/v3/pkg/releaseutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// helm adds CustomResourceDefinitions to client-go's scheme, which says to Flux's code what Kubernetes'
// own kinds are. The other judges get the scheme as client-go makes it.
func init() {
	pristine := runtime.NewScheme()
	metav1.AddToGroupVersion(pristine, schema.GroupVersion{Version: "v1"})
	utilruntime.Must(scheme.AddToScheme(pristine))
	scheme.Scheme = pristine
}

// helmTemplateInput is a chart on disk, and how it is to be rendered.
type helmTemplateInput struct {
	// Chart is an absolute path.
	Chart     string `json:"chart"`
	Release   string `json:"release"`
	Namespace string `json:"namespace"`
	// Values are the text of a values file.
	Values string `json:"values"`
	// Kubernetes is a version, as v1.34.0.
	Kubernetes string `json:"kubernetes"`
}

// helmTemplateOutput is what `helm template` prints, or why it prints nothing.
type helmTemplateOutput struct {
	OK bool `json:"ok"`
	// Objects are in the order of the templates' names.
	Objects []any  `json:"objects,omitempty"`
	Error   string `json:"error,omitempty"`
	// Lint has what `helm lint` warns of.
	Lint []string `json:"lint"`
}

func judgeHelmTemplate(input helmTemplateInput) (helmTemplateOutput, error) {
	output := helmTemplateOutput{Lint: []string{}}
	chart, err := loader.LoadDir(input.Chart)
	if err != nil {
		return output, err
	}
	// Two, as each use takes out the nulls that a user set.
	given, forLint := map[string]any{}, map[string]any{}
	if err := errors.Join(
		yaml.Unmarshal([]byte(input.Values), &given),
		yaml.Unmarshal([]byte(input.Values), &forLint),
	); err != nil {
		return output, fmt.Errorf("values: %w", err)
	}
	version, err := chartutil.ParseKubeVersion(input.Kubernetes)
	if err != nil {
		return output, err
	}
	for _, message := range lint.AllWithKubeVersion(input.Chart, forLint, input.Namespace, version).Messages {
		if message.Severity >= support.WarningSev {
			output.Lint = append(output.Lint, message.Error())
		}
	}
	if err := chartutil.ProcessDependenciesWithMerge(chart, given); err != nil {
		return output, err
	}
	capabilities := *chartutil.DefaultCapabilities
	capabilities.KubeVersion = *version
	options := chartutil.ReleaseOptions{Name: input.Release, Namespace: input.Namespace, Revision: 1, IsInstall: true}
	// Holds the values against values.schema.json, too.
	values, err := chartutil.ToRenderValues(chart, given, options, &capabilities)
	if err != nil {
		output.Error = err.Error()
		return output, nil
	}
	rendered, err := engine.Render(chart, values)
	if err != nil {
		output.Error = err.Error()
		return output, nil
	}
	output.OK = true
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if strings.HasSuffix(name, "NOTES.txt") {
			continue
		}
		documents := releaseutil.SplitManifests(rendered[name])
		for _, key := range slices.Sorted(maps.Keys(documents)) {
			var object any
			if err := yaml.UnmarshalStrict([]byte(documents[key]), &object); err != nil {
				return output, fmt.Errorf("%s: %w", name, err)
			}
			if object != nil {
				output.Objects = append(output.Objects, object)
			}
		}
	}
	return output, nil
}
