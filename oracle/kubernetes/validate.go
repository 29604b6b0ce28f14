package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericrequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/batch"
	"k8s.io/kubernetes/pkg/apis/core"
)

// judge decides on one input. It is called from several goroutines at once and keeps no state.
type judge func(input) (*output, error)

var judges = map[string]judge{
	"validate":        validate,
	"validate-update": validateUpdate,
}

// input is an object, and, for an update, what it was before.
type input struct {
	Object json.RawMessage `json:"object"`
	Old    json.RawMessage `json:"old"`
}

// output is what is wrong with the object.
type output struct {
	// Errors are empty if the object is taken.
	Errors []problem `json:"errors"`
	// Decode says why the object can't even be read; nothing was validated then.
	Decode string `json:"decode,omitempty"`
}

// problem is one error of the validation.
type problem struct {
	// Type is as field.ErrorType has it.
	Type string `json:"type"`
	// Field is the path, as spec.ports[0].name.
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

var errUnknownKind = errors.New("there is no strategy for the kind")

// validate does what creating the object does before it is stored.
func validate(input input) (*output, error) {
	object, kind, err := decode(input.Object)
	if err != nil {
		return &output{Errors: []problem{}, Decode: err.Error()}, nil
	}
	strategy, known := strategies[kind.GroupKind()]
	if !known {
		return nil, fmt.Errorf("%w: %s", errUnknownKind, kind)
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	ctx, err := prepare(kind, accessor, strategy.NamespaceScoped())
	if err != nil {
		return &output{Errors: problems(field.ErrorList{field.Invalid(field.NewPath("metadata", "namespace"), accessor.GetNamespace(), err.Error())})}, nil
	}
	rest.FillObjectMetaSystemFields(accessor)
	if accessor.GetGenerateName() != "" && accessor.GetName() == "" {
		accessor.SetName(strategy.GenerateName(accessor.GetGenerateName()))
	}
	fillClusterIPs(object)
	strategy.PrepareForCreate(ctx, object)
	return &output{Errors: problems(rest.ValidateCreate(ctx, object, strategy))}, nil
}

// validateUpdate does what replacing an object does before it is stored.
func validateUpdate(input input) (*output, error) {
	old, kind, err := decode(input.Old)
	if err != nil {
		return nil, fmt.Errorf("old: %w", err)
	}
	object, kindNow, err := decode(input.Object)
	if err != nil {
		return &output{Errors: []problem{}, Decode: err.Error()}, nil
	}
	if kind != kindNow {
		return nil, fmt.Errorf("%s became %s", kind, kindNow)
	}
	strategy, known := strategies[kind.GroupKind()]
	if !known {
		return nil, fmt.Errorf("%w: %s", errUnknownKind, kind)
	}
	was, err := meta.Accessor(old)
	if err != nil {
		return nil, err
	}
	is, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	ctx, err := prepare(kind, was, strategy.NamespaceScoped())
	if err != nil {
		return nil, err
	}
	if _, err := prepare(kind, is, strategy.NamespaceScoped()); err != nil {
		return nil, err
	}
	rest.FillObjectMetaSystemFields(was)
	fillClusterIPs(old)
	fillClusterIPs(object)
	strategy.PrepareForCreate(ctx, old)
	if errs := rest.ValidateCreate(ctx, old, strategy); len(errs) > 0 {
		return nil, fmt.Errorf("old: %w", errs.ToAggregate())
	}
	keepGenerated(old, object)
	was.SetResourceVersion("1")
	is.SetResourceVersion("1")
	is.SetUID(was.GetUID())
	is.SetCreationTimestamp(was.GetCreationTimestamp())
	is.SetGeneration(was.GetGeneration())
	strategy.PrepareForUpdate(ctx, object, old)
	return &output{Errors: problems(rest.ValidateUpdate(ctx, object, old, strategy))}, nil
}

// prepare gives the context of a request, and the object the namespace that it is requested in.
func prepare(kind schema.GroupVersionKind, object metav1.Object, namespaced bool) (context.Context, error) {
	ctx := genericrequest.WithRequestInfo(context.Background(), &genericrequest.RequestInfo{
		IsResourceRequest: true,
		Verb:              "create",
		APIGroup:          kind.Group,
		APIVersion:        kind.Version,
	})
	if !namespaced {
		ctx = genericrequest.WithNamespace(ctx, metav1.NamespaceNone)
		return ctx, rest.EnsureObjectNamespaceMatchesRequestNamespace("", object)
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	return genericrequest.WithNamespace(ctx, object.GetNamespace()), nil
}

// decode reads an object strictly, defaults it, and converts it to the internal version.
func decode(text []byte) (runtime.Object, schema.GroupVersionKind, error) {
	var typeMeta metav1.TypeMeta
	if err := json.Unmarshal(text, &typeMeta); err != nil {
		return nil, schema.GroupVersionKind{}, err
	}
	kind := typeMeta.GroupVersionKind()
	internal := schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal}
	decoder := legacyscheme.Codecs.DecoderToVersion(strict, internal)
	object, _, err := decoder.Decode(text, nil, nil)
	return object, kind, err
}

// fillClusterIPs restates of the storage of Services, which a strategy doesn't reach, what it does
// with the one address before validation (normalizeClusterIPs).
func fillClusterIPs(object runtime.Object) {
	service, is := object.(*core.Service)
	if is && service.Spec.ClusterIP != "" && len(service.Spec.ClusterIPs) == 0 {
		service.Spec.ClusterIPs = []string{service.Spec.ClusterIP}
	}
}

// keepGenerated gives a Job the selector and the labels that were made for it when it was created:
// whoever applies it anew doesn't name them, and so they stay.
func keepGenerated(old, object runtime.Object) {
	was, isJob := old.(*batch.Job)
	is, _ := object.(*batch.Job)
	if !isJob || is == nil || is.Spec.Selector != nil {
		return
	}
	is.Spec.Selector = was.Spec.Selector
	if is.Spec.Template.Labels == nil {
		is.Spec.Template.Labels = map[string]string{}
	}
	for key, value := range was.Spec.Template.Labels {
		if _, written := is.Spec.Template.Labels[key]; !written {
			is.Spec.Template.Labels[key] = value
		}
	}
}

func problems(errs field.ErrorList) []problem {
	list := []problem{}
	for _, err := range errs {
		list = append(list, problem{Type: string(err.Type), Field: err.Field, Detail: err.Detail})
	}
	return list
}
