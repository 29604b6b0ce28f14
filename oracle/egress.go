package main

import (
	"fmt"
	"net"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// egressInput is a cluster's objects and questions about it.
type egressInput struct {
	// Objects are Namespaces, NetworkPolicies, and anything that holds pods; others are an error.
	Objects []manifest    `json:"objects"`
	Queries []egressQuery `json:"queries"`
}

// egressQuery asks whether policies let one packet out of Src (and, in direction ingress or both,
// into Dst).
type egressQuery struct {
	// Src and Dst are "namespace/name" of a workload, or an address. Src is a pod unless the
	// direction is ingress.
	Src string `json:"src"`
	Dst string `json:"dst"`
	// Protocol is TCP, UDP or SCTP; absent: TCP.
	Protocol corev1.Protocol `json:"protocol"`
	// Port is 1 to 65535.
	Port int `json:"port"`
	// Direction is egress, ingress or both; absent: egress.
	Direction string `json:"direction"`
}

type egressOutput struct {
	Answers []egressAnswer `json:"answers"`
}

type egressAnswer struct {
	Allowed bool `json:"allowed"`
	// Isolated tells whether any policy selects Src for egress (ingress: Dst).
	Isolated bool   `json:"isolated"`
	Error    string `json:"error,omitempty"`
}

func judgeEgress(input egressInput) (egressOutput, error) {
	cluster, err := readCluster(input.Objects)
	if err != nil {
		return egressOutput{}, err
	}
	output := egressOutput{Answers: make([]egressAnswer, len(input.Queries))}
	for i, query := range input.Queries {
		answer, err := cluster.answer(query)
		if err != nil {
			answer = egressAnswer{Error: err.Error()}
		}
		output.Answers[i] = answer
	}
	return output, nil
}

func (c *cluster) answer(query egressQuery) (egressAnswer, error) {
	if query.Protocol == "" {
		query.Protocol = corev1.ProtocolTCP
	}
	switch query.Protocol {
	case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
	default:
		return egressAnswer{}, fmt.Errorf("protocol %q", query.Protocol)
	}
	if query.Port < 1 || query.Port > 65535 {
		return egressAnswer{}, fmt.Errorf("port %d", query.Port)
	}
	source, err := c.endpoint(query.Src)
	if err != nil {
		return egressAnswer{}, err
	}
	destination, err := c.endpoint(query.Dst)
	if err != nil {
		return egressAnswer{}, err
	}
	packet := packet{source: source, destination: destination, port: query.Port, protocol: query.Protocol}
	switch query.Direction {
	case "", "egress":
		return c.passes(packet, egress)
	case "ingress":
		return c.passes(packet, ingress)
	case "both":
		out, err := c.passes(packet, egress)
		if err != nil {
			return egressAnswer{}, err
		}
		in, err := c.passes(packet, ingress)
		if err != nil {
			return egressAnswer{}, err
		}
		return egressAnswer{Allowed: out.Allowed && in.Allowed, Isolated: out.Isolated || in.Isolated}, nil
	default:
		return egressAnswer{}, fmt.Errorf("direction %q", query.Direction)
	}
}

// endpoint finds the workload or reads the address that a query names.
func (c *cluster) endpoint(name string) (*endpoint, error) {
	if !strings.Contains(name, "/") {
		if net.ParseIP(name) == nil {
			return nil, fmt.Errorf("%q is neither namespace/name nor an address", name)
		}
		return &endpoint{address: name}, nil
	}
	pod, known := c.pods[name]
	if !known {
		return nil, fmt.Errorf("no workload is called %q", name)
	}
	if pod.hostNetwork {
		return nil, fmt.Errorf("%q uses the host's network: policies don't govern it", name)
	}
	return pod, nil
}
