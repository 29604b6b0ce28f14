package main

import (
	"errors"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
)

// setPolicyDefaults does the API server's defaulting: SetDefaults_NetworkPolicy and
// SetDefaults_NetworkPolicyPort of k8s.io/kubernetes/pkg/apis/networking/v1, restated because that
// module can't be imported.
func setPolicyDefaults(policy *networkingv1.NetworkPolicy) {
	spec := &policy.Spec
	if len(spec.PolicyTypes) == 0 {
		spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(spec.Egress) > 0 {
			spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	forEachRule(spec, func(ports []networkingv1.NetworkPolicyPort, _ []networkingv1.NetworkPolicyPeer) error {
		for i := range ports {
			if ports[i].Protocol == nil {
				ports[i].Protocol = ptr.To(corev1.ProtocolTCP)
			}
		}
		return nil
	})
}

// forEachRule visits the rules of both directions until one is at fault.
func forEachRule(
	spec *networkingv1.NetworkPolicySpec,
	visit func([]networkingv1.NetworkPolicyPort, []networkingv1.NetworkPolicyPeer) error,
) error {
	for _, rule := range spec.Ingress {
		if err := visit(rule.Ports, rule.From); err != nil {
			return fmt.Errorf("ingress: %w", err)
		}
	}
	for _, rule := range spec.Egress {
		if err := visit(rule.Ports, rule.To); err != nil {
			return fmt.Errorf("egress: %w", err)
		}
	}
	return nil
}

// validatePolicy refuses what the API server refuses and the matcher would panic at, or misread.
// It follows ValidateNetworkPolicySpec of k8s.io/kubernetes/pkg/apis/networking/validation.
func validatePolicy(policy *networkingv1.NetworkPolicy) error {
	for _, kind := range policy.Spec.PolicyTypes {
		if kind != networkingv1.PolicyTypeIngress && kind != networkingv1.PolicyTypeEgress {
			return fmt.Errorf("policy type %q", kind)
		}
	}
	return forEachRule(&policy.Spec,
		func(ports []networkingv1.NetworkPolicyPort, peers []networkingv1.NetworkPolicyPeer) error {
			for _, port := range ports {
				if err := validatePort(port); err != nil {
					return err
				}
			}
			for _, peer := range peers {
				if err := validatePeer(peer); err != nil {
					return err
				}
			}
			return nil
		})
}

func validatePort(port networkingv1.NetworkPolicyPort) error {
	switch *port.Protocol {
	case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
	default:
		return fmt.Errorf("protocol %q", *port.Protocol)
	}
	if port.Port == nil {
		if port.EndPort != nil {
			return errors.New("endPort without port")
		}
		return nil
	}
	if port.Port.Type == intstr.String {
		if port.EndPort != nil {
			return errors.New("endPort with a named port")
		}
		if problems := validation.IsValidPortName(port.Port.StrVal); len(problems) > 0 {
			return fmt.Errorf("port %q: %s", port.Port.StrVal, problems[0])
		}
		return nil
	}
	if problems := validation.IsValidPortNum(port.Port.IntValue()); len(problems) > 0 {
		return fmt.Errorf("port %d: %s", port.Port.IntVal, problems[0])
	}
	if port.EndPort != nil {
		if *port.EndPort < port.Port.IntVal {
			return fmt.Errorf("endPort %d below port %d", *port.EndPort, port.Port.IntVal)
		}
		if problems := validation.IsValidPortNum(int(*port.EndPort)); len(problems) > 0 {
			return fmt.Errorf("endPort %d: %s", *port.EndPort, problems[0])
		}
	}
	return nil
}

func validatePeer(peer networkingv1.NetworkPolicyPeer) error {
	if peer.IPBlock == nil {
		if peer.PodSelector == nil && peer.NamespaceSelector == nil {
			return errors.New("peer without ipBlock, podSelector and namespaceSelector")
		}
		return nil
	}
	if peer.PodSelector != nil || peer.NamespaceSelector != nil {
		return errors.New("peer with ipBlock and a selector")
	}
	block, err := parseBlock(peer.IPBlock.CIDR)
	if err != nil {
		return err
	}
	for _, text := range peer.IPBlock.Except {
		except, err := parseBlock(text)
		if err != nil {
			return err
		}
		if !block.Contains(except.Addr()) || except.Bits() <= block.Bits() {
			return fmt.Errorf("except %s isn't strictly within %s", except, block)
		}
	}
	return nil
}

// parseBlock reads a CIDR. Like an API server without StrictIPCIDRValidation it lets bits beyond
// the prefix stand. IPv4-mapped IPv6 is refused: whether it covers IPv4 depends on the reader.
func parseBlock(text string) (netip.Prefix, error) {
	block, err := netip.ParsePrefix(text)
	if err == nil && block.Addr().Is4In6() {
		err = fmt.Errorf("%s is IPv4-mapped IPv6", text)
	}
	return block, err
}
