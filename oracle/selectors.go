package main

import (
	"fmt"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// useUpstreamSelectors replaces cyclonus' own label matching with apimachinery's, in place.
//
// Cyclonus departs from the API in two ways: NotIn doesn't match labels that lack the key, and a
// matchLabels entry with an empty value does.
func useUpstreamSelectors(peers []matcher.PeerMatcher) error {
	for _, peer := range peers {
		pods, ok := peer.(*matcher.PodPeerMatcher)
		if !ok {
			continue
		}
		if written, ok := pods.Pod.(*matcher.LabelSelectorPodMatcher); ok {
			selector, err := metav1.LabelSelectorAsSelector(&written.Selector)
			if err != nil {
				return fmt.Errorf("podSelector: %w", err)
			}
			pods.Pod = podSelector{written, selector}
		}
		if written, ok := pods.Namespace.(*matcher.LabelSelectorNamespaceMatcher); ok {
			selector, err := metav1.LabelSelectorAsSelector(&written.Selector)
			if err != nil {
				return fmt.Errorf("namespaceSelector: %w", err)
			}
			pods.Namespace = namespaceSelector{written, selector}
		}
	}
	return nil
}

// podSelector is a matcher.PodMatcher.
type podSelector struct {
	*matcher.LabelSelectorPodMatcher
	selector labels.Selector
}

// Allows implements matcher.PodMatcher.
func (s podSelector) Allows(podLabels map[string]string) bool {
	return s.selector.Matches(labels.Set(podLabels))
}

// namespaceSelector is a matcher.NamespaceMatcher.
type namespaceSelector struct {
	*matcher.LabelSelectorNamespaceMatcher
	selector labels.Selector
}

// Allows implements matcher.NamespaceMatcher.
func (s namespaceSelector) Allows(_ string, namespaceLabels map[string]string) bool {
	return s.selector.Matches(labels.Set(namespaceLabels))
}
