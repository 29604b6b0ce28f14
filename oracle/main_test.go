package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// exchange sends lines and returns the answers as text.
func exchange(t *testing.T, lines ...string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := serve(strings.NewReader(strings.Join(lines, "\n")), &out); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestAnswersComeInOrderAndNoRequestEndsTheStream(t *testing.T) {
	answers := exchange(t,
		`{"id":1,"judge":"quantity","input":{"text":"1Ki"}}`,
		`not json`,
		`{"id":"two","judge":"nobody","input":{}}`,
		`{"id":3,"judge":"quantity"}`,
		``,
		`{"id":4,"judge":"quantity","inputs":[]}`,
		`{"id":5,"judge":"quantity","inputs":[{"text":"1"},7,{"text":""}]}`,
	)
	want := []string{
		`{"id":1,"output":{"ok":true,"canonical":"1Ki","dec":"1024","milli":1024000,"sign":1}}`,
		`{"id":null,"error":"request: invalid character 'o' in literal null (expecting 'u')"}`,
		`{"id":"two","error":"no judge is called \"nobody\""}`,
		`{"id":3,"error":"request has neither input nor inputs"}`,
		`{"id":4}`,
	}
	for i, line := range want {
		if answers[i] != line {
			t.Errorf("answer %d is %s, want %s", i, answers[i], line)
		}
	}
	var last answer
	if err := json.Unmarshal([]byte(answers[5]), &last); err != nil {
		t.Fatal(err)
	}
	if len(last.Outputs) != 3 || last.Outputs[0].Output == nil || last.Outputs[1].Error == "" ||
		last.Outputs[2].Output == nil {
		t.Errorf("batch answered %s", answers[5])
	}
}

func TestPanicOfAJudgeIsAnError(t *testing.T) {
	verdict := ask(func(json.RawMessage) (any, error) { panic("upstream") }, nil)
	if verdict.Error != "panic: upstream" {
		t.Errorf("verdict is %+v", verdict)
	}
}
