package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/environment"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
)

// admissionPoliciesInput asks what ValidatingAdmissionPolicies make of objects that are created.
type admissionPoliciesInput struct {
	// Policies are ValidatingAdmissionPolicies and their bindings.
	Policies []json.RawMessage `json:"policies"`
	// Namespaces are Namespace objects; one that an object names and that isn't here has no labels.
	Namespaces []json.RawMessage `json:"namespaces"`
	// Minor is the minor version of Kubernetes 1 that takes the policies in.
	Minor    int                `json:"minor"`
	Requests []admissionRequest `json:"requests"`
}

type admissionRequest struct {
	Object json.RawMessage `json:"object"`
	// Subresource is mostly empty.
	Subresource string `json:"subresource"`
}

type admissionPoliciesOutput struct {
	// Refused are the expressions that an API server of that version wouldn't take in.
	Refused []string `json:"refused"`
	// Verdicts are in the order of the requests.
	Verdicts []admissionVerdict `json:"verdicts"`
}

type admissionVerdict struct {
	// Denied is the answer to who asked; empty if the object comes in.
	Denied string `json:"denied"`
	// Failures are those of all policies: a denial names only the first.
	Failures []admissionFailure `json:"failures"`
}

type admissionFailure struct {
	Policy  string `json:"policy"`
	Message string `json:"message"`
	// Expression is the number of the validation in its policy.
	Expression int `json:"expressionIndex"`
	// Actions are those of the binding: without Deny the object comes in.
	Actions []string `json:"validationActions"`
}

// judgeAdmissionPolicies runs the admission plugin of the API server as it is, with a store in
// memory: matching of resources, namespaces and conditions, variables, messages, failure policy.
func judgeAdmissionPolicies(input admissionPoliciesInput) (admissionPoliciesOutput, error) {
	var stored []runtime.Object
	output := admissionPoliciesOutput{Refused: []string{}, Verdicts: []admissionVerdict{}}
	for _, raw := range input.Policies {
		object, _, err := clientscheme.Codecs.UniversalDeserializer().Decode(raw, nil, nil)
		if err != nil {
			return output, err
		}
		switch object := object.(type) {
		case *admissionv1.ValidatingAdmissionPolicy:
			defaultPolicy(object)
			output.Refused = append(output.Refused, refusedExpressions(object, input.Minor)...)
		case *admissionv1.ValidatingAdmissionPolicyBinding:
			defaultMatch(object.Spec.MatchResources)
		default:
			return output, fmt.Errorf("%T is no ValidatingAdmissionPolicy and no binding", object)
		}
		stored = append(stored, object)
	}
	requests := make([]*unstructured.Unstructured, 0, len(input.Requests))
	namespaces := map[string]*corev1.Namespace{}
	for _, raw := range input.Namespaces {
		var namespace corev1.Namespace
		if err := json.Unmarshal(raw, &namespace); err != nil {
			return output, err
		}
		namespaces[namespace.Name] = &namespace
	}
	for _, request := range input.Requests {
		var object unstructured.Unstructured
		if err := object.UnmarshalJSON(request.Object); err != nil {
			return output, err
		}
		if name := object.GetNamespace(); name != "" && namespaces[name] == nil {
			namespaces[name] = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		}
		requests = append(requests, &object)
	}
	for name, namespace := range namespaces {
		if namespace.Labels == nil {
			namespace.Labels = map[string]string{}
		}
		// The API server does so.
		namespace.Labels[corev1.LabelMetadataName] = name
		stored = append(stored, namespace)
	}

	stop := make(chan struct{})
	defer close(stop)
	plugin, err := admissionPlugin(stored, stop)
	if err != nil {
		return output, err
	}
	for i, object := range requests {
		verdict, err := admit(plugin, object, input.Requests[i].Subresource)
		if err != nil {
			return output, err
		}
		output.Verdicts = append(output.Verdicts, verdict)
	}
	return output, nil
}

// defaultPolicy sets what k8s.io/kubernetes/pkg/apis/admissionregistration/v1/defaults.go does.
func defaultPolicy(policy *admissionv1.ValidatingAdmissionPolicy) {
	if policy.Spec.FailurePolicy == nil {
		policy.Spec.FailurePolicy = ptr.To(admissionv1.Fail)
	}
	defaultMatch(policy.Spec.MatchConstraints)
}

func defaultMatch(match *admissionv1.MatchResources) {
	if match == nil {
		return
	}
	if match.MatchPolicy == nil {
		match.MatchPolicy = ptr.To(admissionv1.Equivalent)
	}
	if match.NamespaceSelector == nil {
		match.NamespaceSelector = &metav1.LabelSelector{}
	}
	if match.ObjectSelector == nil {
		match.ObjectSelector = &metav1.LabelSelector{}
	}
	for i := range match.ResourceRules {
		if match.ResourceRules[i].Scope == nil {
			match.ResourceRules[i].Scope = ptr.To(admissionv1.AllScopes)
		}
	}
}

// refusedExpressions compiles as the API server does when a policy is written: with the functions of
// the minor version before its own, so that a cluster can be rolled back.
func refusedExpressions(policy *admissionv1.ValidatingAdmissionPolicy, minor int) []string {
	var refused []string
	note := func(what string, result cel.CompilationResult) {
		if result.Error != nil {
			refused = append(refused, fmt.Sprintf("%s: %s: %s", policy.Name, what, result.Error.Detail))
		}
	}
	if minor < 1 {
		return []string{"minor is the minor version of the API server"}
	}
	environmentSet := environment.MustBaseEnvSet(version.MajorMinor(1, uint(minor-1)))
	compiler, err := cel.NewCompositedCompiler(environmentSet)
	if err != nil {
		return []string{err.Error()}
	}
	params := policy.Spec.ParamKind != nil
	all := cel.OptionalVariableDeclarations{HasParams: params, HasAuthorizer: true}
	message := cel.OptionalVariableDeclarations{HasParams: params}
	for _, one := range policy.Spec.Variables {
		accessor := &validating.Variable{Name: one.Name, Expression: one.Expression}
		note(one.Name, compiler.CompileAndStoreVariable(accessor, all, environment.NewExpressions))
	}
	for _, one := range policy.Spec.MatchConditions {
		accessor := &validating.ValidationCondition{Expression: one.Expression}
		note(one.Name, compiler.CompileCELExpression(accessor, all, environment.NewExpressions))
	}
	for _, one := range policy.Spec.Validations {
		accessor := &validating.ValidationCondition{Expression: one.Expression}
		note(one.Expression, compiler.CompileCELExpression(accessor, all, environment.NewExpressions))
		if one.MessageExpression != "" {
			accessor := &validating.MessageExpressionCondition{MessageExpression: one.MessageExpression}
			note(one.MessageExpression, compiler.CompileCELExpression(accessor, message, environment.NewExpressions))
		}
	}
	return refused
}

func admissionPlugin(stored []runtime.Object, stop <-chan struct{}) (*validating.Plugin, error) {
	client := fake.NewClientset(stored...)
	factory := informers.NewSharedInformerFactory(client, 0)
	plugin, err := validating.NewPlugin(nil)
	if err != nil {
		return nil, err
	}
	plugin.SetExternalKubeClientSet(client)
	plugin.SetExternalKubeInformerFactory(factory)
	plugin.SetDynamicClient(dynamicfake.NewSimpleDynamicClient(clientscheme.Scheme))
	plugin.SetRESTMapper(meta.NewDefaultRESTMapper(nil))
	plugin.SetDrainedNotification(stop)
	// No policy of ours asks about rights.
	plugin.SetUnconditionalAuthorizer(authorizer.AuthorizerFunc(
		func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
			return authorizer.DecisionNoOpinion, "", errors.New("the judge knows of no rights")
		}))
	if err := plugin.ValidateInitialization(); err != nil {
		return nil, err
	}
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
	if !plugin.WaitForReady() {
		return nil, errors.New("the admission plugin doesn't become ready")
	}
	return plugin, nil
}

// audited catches what the plugin writes into the audit log, where all failures are.
type audited struct {
	admission.Attributes
	annotations map[string]string
}

func (a *audited) AddAnnotation(key, value string) error {
	a.annotations[key] = value
	return nil
}

func admit(plugin *validating.Plugin, object *unstructured.Unstructured, subresource string) (admissionVerdict, error) {
	kind := object.GroupVersionKind()
	resource, _ := meta.UnsafeGuessKindToResource(kind)
	namespace := object.GetNamespace()
	if kind.Kind == "Namespace" {
		namespace = object.GetName()
	}
	attributes := &audited{
		Attributes: admission.NewAttributesRecord(object, nil, kind, namespace, object.GetName(), resource,
			subresource, admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{Name: "flux"}),
		annotations: map[string]string{},
	}
	verdict := admissionVerdict{Failures: []admissionFailure{}}
	interfaces := admission.NewObjectInterfacesFromScheme(clientscheme.Scheme)
	if err := plugin.Validate(context.Background(), attributes, interfaces); err != nil {
		verdict.Denied = err.Error()
	}
	if failures := attributes.annotations["validation.policy.admission.k8s.io/validation_failure"]; failures != "" {
		if err := json.Unmarshal([]byte(failures), &verdict.Failures); err != nil {
			return verdict, err
		}
	}
	return verdict, nil
}
