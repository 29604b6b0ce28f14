// Command oracle runs upstream Go code as judges of portcullis.
//
// It reads one JSON request a line on standard input and writes one JSON answer a line on standard
// output, in the same order, until standard input ends. README.md describes the protocol and the
// judges.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// request asks one judge about one input, or about many.
type request struct {
	ID     json.RawMessage   `json:"id"`
	Judge  string            `json:"judge"`
	Input  json.RawMessage   `json:"input"`
	Inputs []json.RawMessage `json:"inputs"`
}

// verdict is a judge's answer to one input: Output or Error is set, never both.
type verdict struct {
	Output any    `json:"output,omitempty"`
	Error  string `json:"error,omitempty"`
}

// answer is the line written for a request. Outputs has one verdict for each of the inputs.
type answer struct {
	ID json.RawMessage `json:"id"`
	verdict
	Outputs []verdict `json:"outputs,omitempty"`
}

// console is the standard error stream. Upstream code that writes warnings there gets another.
var console = os.Stderr

func main() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	if len(os.Args) == 3 && os.Args[1] == "build-overlays" {
		if err := buildOverlays(os.Args[2]); err != nil {
			fmt.Fprintln(console, "oracle:", err)
			os.Exit(1)
		}
		return
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(console, "oracle:", err)
		os.Exit(1)
	}
}

// serve answers every request of in on out. It returns an error only if a stream fails: a request
// that makes no sense is answered with an error of its own.
func serve(in io.Reader, out io.Writer) error {
	reader := bufio.NewReaderSize(in, 1<<20)
	writer := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		line, readErr := reader.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := encoder.Encode(reply(line)); err != nil {
				return err
			}
		}
		// A client that waits for its answer must get it; one that pipelines gets a full buffer.
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
		answer.verdict = ask(judge, request.Input)
	default:
		answer.Error = "request has neither input nor inputs"
	}
	return answer
}
