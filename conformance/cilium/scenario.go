package main

import (
	"encoding/json"
	"fmt"
)

// scenario is one input line: a whole cluster and the flows to judge, or an edit of the cluster of the line before.
type scenario struct {
	ID           string                          `json:"id"`
	ClusterName  string                          `json:"clusterName"`
	LocalCluster string                          `json:"localCluster"`
	Enforcement  string                          `json:"enforcement"`
	Endpoints    map[string][]string             `json:"endpoints"`
	NamedPorts   map[string]map[string]namedPort `json:"namedPorts"`
	Policies     []map[string]any                `json:"policies"`
	Edit         *edit                           `json:"edit"`
	Flows        []flow                          `json:"flows"`
}

// edit changes the policies of the previous line; endpoints, named ports and modes stay as they were.
type edit struct {
	Add    []map[string]any `json:"add"`
	Remove []string         `json:"remove"`
}

type namedPort struct {
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
}

type flow struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Port  uint16 `json:"port"`
	Proto string `json:"proto"`
}

// UnmarshalJSON reads both spellings of a flow: an object, or a list of from, to, port and protocol.
func (f *flow) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] != '[' {
		type plain flow
		return json.Unmarshal(data, (*plain)(f))
	}
	parts := []any{&f.From, &f.To, &f.Port, &f.Proto}
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if len(parts) != 4 {
		return fmt.Errorf("a flow has 4 parts, not %d", len(parts))
	}
	return nil
}

// refusal says that one policy does not take effect, wholly or in part, and at which stage that was decided.
type refusal struct {
	Policy  int    `json:"policy"`
	Name    string `json:"name"`
	Stage   string `json:"stage"`
	Message string `json:"message"`
}

// Stages: the API server refuses; it drops unknown fields and keeps the rest; the agent refuses; an endpoint's
// policy could not be computed.
const (
	stageSchema   = "schema"
	stagePruned   = "pruned"
	stageAgent    = "agent"
	stageEndpoint = "endpoint"
)

type answer struct {
	ID       string    `json:"id"`
	Errors   []refusal `json:"errors"`
	Verdicts []string  `json:"verdicts"`
	Failure  string    `json:"failure,omitempty"`
}
