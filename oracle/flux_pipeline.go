package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fluxcd/pkg/kustomize"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	ssautil "github.com/fluxcd/pkg/ssa/utils"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// fluxPipelineInput is a Kustomization of Flux, and what it is applied from.
type fluxPipelineInput struct {
	// Files are the source's contents by path.
	Files map[string]string `json:"files"`
	// Disk is an absolute path of the source's folder, which isn't changed; it goes before Files.
	Disk string `json:"disk"`
	// Kustomization is a manifest.
	Kustomization string `json:"kustomization"`
	// Cluster has the ConfigMaps and Secrets of the cluster, as manifests.
	Cluster string `json:"cluster"`
	Strict  bool   `json:"strict"`
}

type fluxPipelineOutput struct {
	OK      bool             `json:"ok"`
	Objects []map[string]any `json:"objects,omitempty"`
	Error   string           `json:"error,omitempty"`
}

// judgeFluxPipeline does what kustomize-controller does between fetching a source and applying it
// (internal/controller/kustomization_controller.go, build and apply), but for decryption.
func judgeFluxPipeline(input fluxPipelineInput) (fluxPipelineOutput, error) {
	root, err := os.MkdirTemp("", "flux-pipeline-")
	if err != nil {
		return fluxPipelineOutput{}, err
	}
	defer os.RemoveAll(root)
	if input.Disk != "" {
		if err := os.CopyFS(root, os.DirFS(input.Disk)); err != nil {
			return fluxPipelineOutput{}, err
		}
	}
	for name, content := range input.Files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fluxPipelineOutput{}, err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return fluxPipelineOutput{}, err
		}
	}
	objects, err := pipeline(input, root)
	if err != nil {
		return fluxPipelineOutput{Error: err.Error()}, nil
	}
	output := fluxPipelineOutput{OK: true, Objects: []map[string]any{}}
	for _, object := range objects {
		output.Objects = append(output.Objects, object.Object)
	}
	return output, nil
}

func pipeline(input fluxPipelineInput, root string) ([]*unstructured.Unstructured, error) {
	var kustomization unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(input.Kustomization), &kustomization.Object); err != nil {
		return nil, err
	}
	path, _, _ := unstructured.NestedString(kustomization.Object, "spec", "path")
	folder := filepath.Join(root, filepath.Join("/", path))
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("kustomization path not found: %s", path)
	}
	if _, err := kustomize.NewGenerator(root, kustomization).WriteFile(folder); err != nil {
		return nil, err
	}
	loadOpenAPI()
	openAPILock.RLock()
	defer openAPILock.RUnlock()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionNone
	options.LoadRestrictions = types.LoadRestrictionsNone
	options.PluginConfig = types.DisabledPluginConfig()
	built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, err
	}
	_, substitutes, _ := unstructured.NestedMap(kustomization.Object, "spec", "postBuild")
	strategy, _, _ := unstructured.NestedString(kustomization.Object, "spec", "postBuild", "substituteStrategy")
	cluster := liveCluster{manifests: input.Cluster}
	for _, resource := range built.Resources() {
		if !substitutes {
			break
		}
		replaced, err := kustomize.SubstituteVariables(context.Background(), cluster, kustomization, resource,
			kustomize.SubstituteWithStrict(input.Strict), kustomize.SubstituteWithAlways(strategy == "Always"))
		if err != nil {
			return nil, err
		}
		if replaced != nil {
			if _, err := built.Replace(resource); err != nil {
				return nil, err
			}
		}
	}
	text, err := built.AsYaml()
	if err != nil {
		return nil, err
	}
	objects, err := ssautil.ReadObjects(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	manager := ssa.NewResourceManager(nil, nil, ssa.Owner{Group: "kustomize.toolkit.fluxcd.io"})
	manager.SetOwnerLabels(objects, kustomization.GetName(), kustomization.GetNamespace())
	if err := normalize.UnstructuredListWithScheme(objects, ownScheme); err != nil {
		return nil, err
	}
	labels, _, _ := unstructured.NestedStringMap(kustomization.Object, "spec", "commonMetadata", "labels")
	annotations, _, _ := unstructured.NestedStringMap(kustomization.Object, "spec", "commonMetadata", "annotations")
	if _, found, _ := unstructured.NestedMap(kustomization.Object, "spec", "commonMetadata"); found {
		ssautil.SetCommonMetadata(objects, labels, annotations)
	}
	return objects, nil
}

// ownScheme has what client-go brings, as in kustomize-controller. Helm, which judges charts, adds the
// types of CRDs to the common one.
var ownScheme = func() *runtime.Scheme {
	own := runtime.NewScheme()
	metav1.AddToGroupVersion(own, schema.GroupVersion{Version: "v1"})
	utilruntime.Must(scheme.AddToScheme(own))
	return own
}()

// liveCluster answers the one question that the substitution of variables has.
type liveCluster struct {
	client.Client
	manifests string
}

func (c liveCluster) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	objects, err := ssautil.ReadObjects(bytes.NewReader([]byte(c.manifests)))
	if err != nil {
		return err
	}
	kinds, _, err := scheme.Scheme.ObjectKinds(into)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if object.GetKind() == kinds[0].Kind && object.GetName() == key.Name && object.GetNamespace() == key.Namespace {
			if err := normalize.UnstructuredWithScheme(object, ownScheme); err != nil {
				return err
			}
			return runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, into)
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{Resource: kinds[0].Kind}, key.Name)
}
