// Command kubernetes runs what a Kubernetes API server does with an object before it stores it, as
// judges of portcullis: defaulting, conversion, and the validation of the object's own strategy.
//
// It reads one JSON request a line on standard input and writes one JSON answer a line on standard
// output, in the same order, until standard input ends. The protocol is that of the module above
// (../README.md).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"k8s.io/kubernetes/pkg/capabilities"
)

// request asks one judge about one input, or about many.
type request struct {
	ID     json.RawMessage `json:"id"`
	Judge  string          `json:"judge"`
	Input  *input          `json:"input"`
	Inputs []input         `json:"inputs"`
}

// verdict is a judge's answer to one input: Output or Error is set, never both.
type verdict struct {
	Output *output `json:"output,omitempty"`
	Error  string  `json:"error,omitempty"`
}

// answer is the line written for a request. Outputs has one verdict for each of the inputs.
type answer struct {
	ID json.RawMessage `json:"id"`
	verdict
	Outputs []verdict `json:"outputs,omitempty"`
}

func main() {
	// As nearly every cluster has it, and as pods are judged elsewhere for.
	capabilities.Initialize(capabilities.Capabilities{AllowPrivileged: true})
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	reader := bufio.NewReaderSize(in, 1<<20)
	writer := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(writer)
	for {
		line, readErr := reader.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := encoder.Encode(reply(line)); err != nil {
				return err
			}
		}
		if reader.Buffered() == 0 || readErr != nil {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

func reply(line []byte) answer {
	var request request
	if err := json.Unmarshal(line, &request); err != nil {
		return answer{verdict: verdict{Error: "request: " + err.Error()}}
	}
	answer := answer{ID: request.ID}
	judge, known := judges[request.Judge]
	switch {
	case !known:
		answer.Error = fmt.Sprintf("no judge is called %q", request.Judge)
	case request.Inputs != nil:
		answer.Outputs = askAll(judge, request.Inputs)
	case request.Input != nil:
		answer.verdict = ask(judge, *request.Input)
	default:
		answer.Error = "request has neither input nor inputs"
	}
	return answer
}

// ask returns the judge's verdict. A panic of upstream code is an error that starts with "panic: ".
func ask(judge judge, input input) (result verdict) {
	defer func() {
		if cause := recover(); cause != nil {
			result = verdict{Error: fmt.Sprintf("panic: %v", cause)}
		}
	}()
	output, err := judge(input)
	if err != nil {
		return verdict{Error: err.Error()}
	}
	return verdict{Output: output}
}

// askAll returns the verdicts on all inputs, in their order, using every core.
func askAll(judge judge, inputs []input) []verdict {
	verdicts := make([]verdict, len(inputs))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(inputs)) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(inputs) {
					return
				}
				verdicts[i] = ask(judge, inputs[i])
			}
		})
	}
	workers.Wait()
	return verdicts
}
