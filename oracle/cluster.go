package main

import (
	"fmt"
	"net"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// direction is which policies of a pod are asked.
type direction bool

const (
	egress  direction = false
	ingress direction = true
)

// cluster is what the egress judge knows of a cluster.
type cluster struct {
	// pods are workloads by "namespace/name".
	pods map[string]*endpoint
	// targets are the policies' matchers, by the namespace that they govern.
	targets map[direction]map[string][]*target
}

// endpoint is one end of a packet.
type endpoint struct {
	// peer is nil for an address outside the cluster.
	peer *matcher.InternalPeer
	// address is empty for a pod that has none yet.
	address     string
	hostNetwork bool
	ports       []corev1.ContainerPort
}

// target is one direction of one policy: the pods that it selects and what it lets them reach.
type target struct {
	selects labels.Selector
	// whole is upstream's; selectors in it are apimachinery's (see selectors.go).
	whole *matcher.Target
	// withoutBlocks lacks the address blocks: for a peer whose address isn't known.
	withoutBlocks *matcher.Target
}

func readCluster(objects []manifest) (*cluster, error) {
	c := &cluster{
		pods:    map[string]*endpoint{},
		targets: map[direction]map[string][]*target{egress: {}, ingress: {}},
	}
	namespaces := map[string]map[string]string{}
	for i, object := range objects {
		if err := c.read(object, namespaces); err != nil {
			return nil, fmt.Errorf("object %d: %w", i, err)
		}
	}
	// Namespaces may come after their pods.
	for _, pod := range c.pods {
		pod.peer.NamespaceLabels = namespaceLabels(pod.peer.Namespace, namespaces)
	}
	return c, nil
}

// namespaceLabels adds the label that the API server puts on every namespace.
func namespaceLabels(name string, namespaces map[string]map[string]string) map[string]string {
	labels := map[string]string{}
	for key, value := range namespaces[name] {
		labels[key] = value
	}
	labels[corev1.LabelMetadataName] = name
	return labels
}

func (c *cluster) read(object manifest, namespaces map[string]map[string]string) error {
	raw, err := object.json()
	if err != nil {
		return err
	}
	var head head
	if err := decode(raw, &head); err != nil {
		return err
	}
	switch head.Kind {
	case "Namespace":
		namespaces[head.Name] = head.Labels
		return nil
	case "NetworkPolicy":
		var policy networkingv1.NetworkPolicy
		if err := decode(raw, &policy); err != nil {
			return err
		}
		return c.addPolicy(&policy)
	default:
		return c.addWorkload(raw, head)
	}
}

func (c *cluster) addWorkload(raw []byte, head head) error {
	metadata, spec, err := podOf(raw)
	if err != nil {
		return err
	}
	namespace := namespaceOf(&head.ObjectMeta)
	pod := &endpoint{
		peer:        &matcher.InternalPeer{PodLabels: metadata.Labels, Namespace: namespace},
		hostNetwork: spec.HostNetwork,
	}
	if head.Kind == "Pod" {
		var whole corev1.Pod
		if err := decode(raw, &whole); err != nil {
			return err
		}
		if pod.address = whole.Status.PodIP; pod.address != "" && net.ParseIP(pod.address) == nil {
			return fmt.Errorf("status.podIP %q is no address", pod.address)
		}
	}
	for _, container := range spec.InitContainers {
		if container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			pod.ports = append(pod.ports, container.Ports...)
		}
	}
	for _, container := range spec.Containers {
		pod.ports = append(pod.ports, container.Ports...)
	}
	name := namespace + "/" + head.Name
	if _, taken := c.pods[name]; taken {
		return fmt.Errorf("two workloads are called %q", name)
	}
	c.pods[name] = pod
	return nil
}

func namespaceOf(metadata *metav1.ObjectMeta) string {
	if metadata.Namespace == "" {
		return corev1.NamespaceDefault
	}
	return metadata.Namespace
}

func (c *cluster) addPolicy(policy *networkingv1.NetworkPolicy) error {
	setPolicyDefaults(policy)
	if err := validatePolicy(policy); err != nil {
		return fmt.Errorf("policy %q: %w", policy.Name, err)
	}
	selects, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
	if err != nil {
		return fmt.Errorf("policy %q: %w", policy.Name, err)
	}
	in, out := matcher.BuildTarget(policy)
	for direction, whole := range map[direction]*matcher.Target{ingress: in, egress: out} {
		if whole == nil {
			continue
		}
		if err := useUpstreamSelectors(whole.Peers); err != nil {
			return fmt.Errorf("policy %q: %w", policy.Name, err)
		}
		withoutBlocks := &matcher.Target{Namespace: whole.Namespace, PodSelector: whole.PodSelector}
		for _, peer := range whole.Peers {
			if _, block := peer.(*matcher.IPPeerMatcher); !block {
				withoutBlocks.Peers = append(withoutBlocks.Peers, peer)
			}
		}
		c.targets[direction][whole.Namespace] = append(c.targets[direction][whole.Namespace],
			&target{selects: selects, whole: whole, withoutBlocks: withoutBlocks})
	}
	return nil
}

// packet is what policies are asked about.
type packet struct {
	source, destination *endpoint
	port                int
	protocol            corev1.Protocol
}

// passes asks the policies of the packet's source (egress) or destination (ingress).
func (c *cluster) passes(packet packet, direction direction) (egressAnswer, error) {
	governed, other := packet.source, packet.destination
	if direction == ingress {
		governed, other = packet.destination, packet.source
	}
	if governed.peer == nil {
		return egressAnswer{}, fmt.Errorf("%s is an address: no policy governs it", governed.address)
	}
	answer := egressAnswer{Allowed: true}
	peer := &matcher.TrafficPeer{Internal: other.peer, IP: other.address}
	for _, target := range c.targets[direction][governed.peer.Namespace] {
		if !target.selects.Matches(labels.Set(governed.peer.PodLabels)) {
			continue
		}
		if !answer.Isolated {
			answer = egressAnswer{Isolated: true}
		}
		rules := target.whole
		if other.address == "" {
			rules = target.withoutBlocks
		}
		for _, name := range packet.portNames() {
			answer.Allowed = answer.Allowed || rules.Allows(peer, packet.port, name, packet.protocol)
		}
	}
	return answer, nil
}

// portNames are the names by which policies may call the packet's port: the empty one, which no
// policy can write, and those of the destination's containers.
func (p packet) portNames() []string {
	names := []string{""}
	for _, port := range p.destination.ports {
		protocol := port.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		if port.Name != "" && int(port.ContainerPort) == p.port && protocol == p.protocol {
			names = append(names, port.Name)
		}
	}
	return names
}
