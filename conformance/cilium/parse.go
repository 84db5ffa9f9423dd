package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"

	ipcachetypes "github.com/cilium/cilium/pkg/ipcache/types"
	"github.com/cilium/cilium/pkg/k8s"
	ciliumv2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	networkingv1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"
	"github.com/cilium/cilium/pkg/policy/api"
	"github.com/cilium/cilium/pkg/policy/types"
	"github.com/cilium/cilium/pkg/policy/utils"
	clusternetworkpolicy "sigs.k8s.io/network-policy-api/apis/v1alpha2"
)

const (
	kindNamespaced     = "CiliumNetworkPolicy"
	kindClusterwide    = "CiliumClusterwideNetworkPolicy"
	kindKubernetes     = "NetworkPolicy"
	kindKubernetesWide = "ClusterNetworkPolicy"
)

// parsed is a policy as the agent keeps it: the entries for the repository and the names it wants resolved.
type parsed struct {
	resource ipcachetypes.ResourceID
	entries  types.PolicyEntries
	names    []api.FQDNSelector
}

// policyKey names an object among all others: "Kind/namespace/name", as `edit.remove` spells it.
func policyKey(object map[string]any) string {
	kind, _ := object["kind"].(string)
	namespace, name := objectName(object)
	if kind == kindKubernetes && namespace == "" {
		namespace = "default"
	}
	return kind + "/" + namespace + "/" + name
}

// displayName is "namespace/name", or "name" where there is no namespace.
func displayName(object map[string]any) string {
	namespace, name := objectName(object)
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

func objectName(object map[string]any) (namespace, name string) {
	metadata, _ := object["metadata"].(map[string]any)
	namespace, _ = metadata["namespace"].(string)
	name, _ = metadata["name"].(string)
	return namespace, name
}

// parsePolicy runs the agent's own parser and validation on a stored object. clusterName "" lets selectors reach every
// cluster. The agent's decoder panics on objects that no API server stores (an ICMP field without a type); such a panic
// counts as a refusal.
func parsePolicy(log *slog.Logger, clusterName string, object map[string]any) (found *parsed, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			found, err = nil, fmt.Errorf("the agent panics: %v", problem)
		}
	}()
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	namespace, name := objectName(object)
	switch kind, _ := object["kind"].(string); kind {
	case kindNamespaced:
		var policy ciliumv2.CiliumNetworkPolicy
		if err := json.Unmarshal(raw, &policy); err != nil {
			return nil, err
		}
		rules, err := policy.Parse(log, clusterName)
		if err != nil {
			return nil, err
		}
		return fromRules(ipcachetypes.NewResourceID(ipcachetypes.ResourceKindCNP, namespace, name), rules), nil
	case kindClusterwide:
		var policy ciliumv2.CiliumClusterwideNetworkPolicy
		if err := json.Unmarshal(raw, &policy); err != nil {
			return nil, err
		}
		rules, err := policy.Parse(log, clusterName)
		if err != nil {
			return nil, err
		}
		return fromRules(ipcachetypes.NewResourceID(ipcachetypes.ResourceKindCCNP, namespace, name), rules), nil
	case kindKubernetes:
		var policy networkingv1.NetworkPolicy
		if err := json.Unmarshal(raw, &policy); err != nil {
			return nil, err
		}
		entries, err := k8s.ParseNetworkPolicy(log, clusterName, &policy)
		if err != nil {
			return nil, err
		}
		if namespace == "" {
			namespace = "default"
		}
		return fromEntries(ipcachetypes.NewResourceID(ipcachetypes.ResourceKindNetpol, namespace, name), entries), nil
	case kindKubernetesWide:
		var policy clusternetworkpolicy.ClusterNetworkPolicy
		if err := json.Unmarshal(raw, &policy); err != nil {
			return nil, err
		}
		entries, err := k8s.ParseClusterNetworkPolicy(log, clusterName, &policy)
		if err != nil {
			return nil, err
		}
		return fromEntries(ipcachetypes.NewResourceID(ipcachetypes.ResourceKindKCNP, namespace, name), entries), nil
	default:
		return nil, fmt.Errorf("kind %q is no policy that Cilium reads", kind)
	}
}

func fromRules(resource ipcachetypes.ResourceID, rules api.Rules) *parsed {
	return fromEntries(resource, utils.RulesToPolicyEntries(rules))
}

func fromEntries(resource ipcachetypes.ResourceID, entries types.PolicyEntries) *parsed {
	found := &parsed{resource: resource, entries: entries}
	for _, entry := range entries {
		for _, selector := range entry.L3 {
			if name, ok := selector.GetFQDNSelector(); ok {
				found.names = append(found.names, *name)
			}
		}
	}
	return found
}

var combining = regexp.MustCompile(`combining (\w+) and (\w+)`)

// stableMessage undoes the one random choice in the agent's messages: which of two fields it met first.
func stableMessage(err error) string {
	return combining.ReplaceAllStringFunc(err.Error(), func(text string) string {
		pair := combining.FindStringSubmatch(text)
		if pair[1] > pair[2] {
			pair[1], pair[2] = pair[2], pair[1]
		}
		return "combining " + pair[1] + " and " + pair[2]
	})
}
