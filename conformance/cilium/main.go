// Command cilium-oracle answers what Cilium's own policy engine would do: one JSON scenario per input line, one JSON
// answer per output line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
)

func main() {
	// The heap is dominated by short-lived policy maps: fewer collections are worth the memory.
	debug.SetGCPercent(400)
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cilium-oracle:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	configureAgent()
	judge, err := newJudge(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(in, 1<<20)
	printer := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(printer)
	encoder.SetEscapeHTML(false)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			if err := encoder.Encode(judge.answerLine(line)); err != nil {
				return err
			}
			if err := printer.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// answerLine never lets one bad scenario end the process: the caller may have thousands more.
func (j *judge) answerLine(line []byte) (out answer) {
	var in scenario
	defer func() {
		if problem := recover(); problem != nil {
			j.state = nil
			out = answer{ID: in.ID, Errors: []refusal{}, Verdicts: []string{}, Failure: fmt.Sprintf("panic: %v\n%s", problem, debug.Stack())}
		}
	}()
	if err := json.Unmarshal(line, &in); err != nil {
		return answer{ID: in.ID, Errors: []refusal{}, Verdicts: []string{}, Failure: err.Error()}
	}
	out, err := j.answer(&in)
	if err != nil {
		return answer{ID: in.ID, Errors: []refusal{}, Verdicts: []string{}, Failure: err.Error()}
	}
	return out
}
