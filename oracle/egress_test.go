package main

import (
	"encoding/json"
	"testing"
)

// objects makes manifests of YAML texts.
func objects(t *testing.T, texts ...string) []manifest {
	t.Helper()
	var manifests []manifest
	for _, text := range texts {
		encoded, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		manifests = append(manifests, encoded)
	}
	return manifests
}

// policies are rules where cyclonus alone answers otherwise than the API says, or can't answer.
const policies = `
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec:
  podSelector:
    matchExpressions: [{key: tier, operator: NotIn, values: [open]}]
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {marked: ""}}}]
  - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: bank}}}]
    ports: [{port: web}]
  - to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]
    ports: [{port: 10, endPort: 20, protocol: UDP}]
`

func TestEgress(t *testing.T) {
	input := egressInput{Objects: objects(t, policies,
		`{kind: Pod, metadata: {name: plain, namespace: shop}, spec: {containers: []}}`,
		`{kind: Pod, metadata: {name: open, namespace: shop, labels: {tier: open}}, spec: {containers: []}}`,
		`{kind: Pod, metadata: {name: marked, namespace: shop, labels: {marked: ""}}, spec: {containers: []}}`,
		`{kind: Pod, metadata: {name: host, namespace: shop}, spec: {hostNetwork: true, containers: []}}`,
		`{kind: Pod, metadata: {name: ten, namespace: else}, spec: {containers: []}, status: {podIP: 10.0.0.9}}`,
		`{kind: Deployment, metadata: {name: vault, namespace: bank}, spec: {template: {spec: {containers: [
			{name: c, ports: [{name: web, containerPort: 80}]}]}}}}`,
	)}
	cases := []struct {
		query   egressQuery
		allowed bool
	}{
		{egressQuery{Src: "shop/plain", Dst: "1.1.1.1", Port: 443}, false},
		{egressQuery{Src: "shop/open", Dst: "1.1.1.1", Port: 443}, true},
		{egressQuery{Src: "shop/plain", Dst: "shop/open", Port: 1}, false},
		{egressQuery{Src: "shop/plain", Dst: "shop/marked", Port: 1}, true},
		{egressQuery{Src: "shop/plain", Dst: "bank/vault", Port: 80}, true},
		{egressQuery{Src: "shop/plain", Dst: "bank/vault", Port: 80, Protocol: "UDP"}, false},
		{egressQuery{Src: "shop/plain", Dst: "bank/vault", Port: 81}, false},
		{egressQuery{Src: "shop/plain", Dst: "10.0.0.1", Port: 10, Protocol: "UDP"}, true},
		{egressQuery{Src: "shop/plain", Dst: "10.0.0.1", Port: 20, Protocol: "UDP"}, true},
		{egressQuery{Src: "shop/plain", Dst: "10.0.0.1", Port: 21, Protocol: "UDP"}, false},
		{egressQuery{Src: "shop/plain", Dst: "10.1.0.1", Port: 10, Protocol: "UDP"}, false},
		{egressQuery{Src: "shop/plain", Dst: "else/ten", Port: 10, Protocol: "UDP"}, true},
		{egressQuery{Src: "shop/plain", Dst: "shop/open", Port: 1, Direction: "ingress"}, true},
		{egressQuery{Src: "1.1.1.1", Dst: "shop/open", Port: 1, Direction: "ingress"}, true},
	}
	for _, c := range cases {
		input.Queries = append(input.Queries, c.query)
	}
	refused := []egressQuery{
		{Src: "shop/host", Dst: "1.1.1.1", Port: 1},
		{Src: "shop/nobody", Dst: "1.1.1.1", Port: 1},
		{Src: "1.1.1.1", Dst: "shop/open", Port: 1},
		{Src: "shop/open", Dst: "1.1.1", Port: 1},
		{Src: "shop/open", Dst: "1.1.1.1", Port: 0},
		{Src: "shop/open", Dst: "1.1.1.1", Port: 1, Protocol: "ICMP"},
	}
	input.Queries = append(input.Queries, refused...)
	output, err := judgeEgress(input)
	if err != nil {
		t.Fatal(err)
	}
	for i, answer := range output.Answers {
		if i >= len(cases) {
			if answer.Error == "" {
				t.Errorf("%+v is answered %+v, want an error", input.Queries[i], answer)
			}
		} else if answer.Error != "" || answer.Allowed != cases[i].allowed {
			t.Errorf("%+v is answered %+v, want %t", input.Queries[i], answer, cases[i].allowed)
		}
	}
}

func TestEgressRefusesInvalidPolicies(t *testing.T) {
	for _, egress := range []string{
		`{to: [{}]}`,
		`{to: [{ipBlock: {cidr: 10.0.0.0}}]}`,
		`{to: [{ipBlock: {cidr: "::ffff:10.0.0.0/104"}}]}`,
		`{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}`,
		`{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}`,
		`{to: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}`,
		`{to: [{podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}}]}`,
		`{ports: [{port: 20, endPort: 10}]}`,
		`{ports: [{endPort: 10}]}`,
		`{ports: [{port: web, endPort: 10}]}`,
		`{ports: [{port: 0}]}`,
		`{ports: [{port: 70000}]}`,
		`{ports: [{port: 1, protocol: tcp}]}`,
	} {
		text := `{kind: NetworkPolicy, metadata: {name: p}, spec: {podSelector: {}, egress: [` + egress + `]}}`
		if _, err := judgeEgress(egressInput{Objects: objects(t, text)}); err == nil {
			t.Errorf("%s is accepted", egress)
		}
	}
}
