package main

import (
	"fmt"
	"net/netip"
	"sort"
	"strings"

	"github.com/cilium/cilium/pkg/identity"
	k8sconst "github.com/cilium/cilium/pkg/k8s/apis/cilium.io"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/policy/api"
	pkgtypes "github.com/cilium/cilium/pkg/types"
)

const (
	localClusterID  = 1
	remoteClusterID = 2
)

// endpoint is one party of a flow: an identity, and whether the local agent enforces policy on it.
type endpoint struct {
	name     string
	identity *identity.Identity
	managed  bool
	ports    pkgtypes.NamedPortMap
}

// population is every endpoint of a scenario; equal label sets share an identity, as in a cluster.
type population struct {
	endpoints  map[string]*endpoint
	identities identity.IdentityMap
	ports      pkgtypes.NamedPortMultiMap
}

// GetNamedPorts makes a population the engine's source of the destination's port names.
func (p *population) GetNamedPorts() pkgtypes.NamedPortMultiMap { return p.ports }

// populate gives every endpoint an identity. An address that a name resolved to carries the label of each FQDN
// selector that matches the name, as the agent's name manager would add it.
func populate(in *scenario, names []api.FQDNSelector) (*population, error) {
	ports := pkgtypes.NewNamedPortMultiMap()
	people := &population{endpoints: map[string]*endpoint{}, identities: identity.IdentityMap{}, ports: ports}
	known := map[string]*identity.Identity{}
	numbers := &numbering{}
	for _, name := range sortedKeys(in.Endpoints) {
		found, err := readLabels(in.Endpoints[name], names)
		if err != nil {
			return nil, fmt.Errorf("endpoint %s: %w", name, err)
		}
		array := found.labels.LabelArray()
		key := array.String()
		who, ok := known[key]
		if !ok {
			who = identity.NewIdentity(numbers.next(found, in.LocalCluster), found.labels)
			known[key] = who
			people.identities[who.ID] = who.LabelArray
		}
		own := pkgtypes.NamedPortMap{}
		for _, portName := range sortedKeys(in.NamedPorts[name]) {
			port := in.NamedPorts[name][portName]
			if err := own.AddPort(portName, port.Port, port.Protocol); err != nil {
				return nil, fmt.Errorf("endpoint %s, port %s: %w", name, portName, err)
			}
		}
		ports.Update(who.ID, nil, own)
		people.endpoints[name] = &endpoint{name: name, identity: who, managed: found.managedBy(in.LocalCluster), ports: own}
	}
	return people, nil
}

// labelled is an endpoint's label set and what decides its kind of identity.
type labelled struct {
	labels   labels.Labels
	outside  bool
	reserved []string
	cluster  string
}

func readLabels(texts []string, names []api.FQDNSelector) (*labelled, error) {
	found := &labelled{labels: labels.Labels{}}
	for _, text := range texts {
		source, rest, _ := strings.Cut(text, ":")
		switch source {
		case labels.LabelSourceCIDR:
			prefix, err := netip.ParsePrefix(rest)
			if err != nil {
				return nil, err
			}
			found.outside = true
			found.labels.MergeLabels(labels.GetCIDRLabels(prefix))
		case "dns":
			if err := found.resolveName(rest, names); err != nil {
				return nil, err
			}
		default:
			label := labels.ParseLabel(text)
			if other, taken := found.labels[label.Key]; taken && other != label {
				return nil, fmt.Errorf("labels %s and %s share a key: an identity holds one label per key", other.String(), label.String())
			}
			found.labels[label.Key] = label
			if label.Source == labels.LabelSourceReserved {
				found.reserved = append(found.reserved, label.Key)
			}
			if label.Source == labels.LabelSourceK8s && label.Key == k8sconst.PolicyLabelCluster {
				found.cluster = label.Value
			}
		}
	}
	sort.Strings(found.reserved)
	return found, nil
}

func (l *labelled) resolveName(name string, selectors []api.FQDNSelector) error {
	asked := strings.ToLower(strings.TrimSuffix(name, ".")) + "."
	for i := range selectors {
		pattern, err := selectors[i].ToRegex()
		if err != nil {
			return fmt.Errorf("pattern %s: %w", selectors[i].String(), err)
		}
		if pattern.MatchString(asked) {
			label := selectors[i].IdentityLabel()
			l.labels[label.Key] = label
		}
	}
	return nil
}

// managedBy tells whether the local cluster's agents hold this endpoint: its pods, and the endpoints an agent makes
// for itself. Nodes and addresses are nobody's endpoints (the host firewall is off).
func (l *labelled) managedBy(localCluster string) bool {
	for _, name := range l.reserved {
		switch name {
		case labels.IDNameHealth, labels.IDNameInit, labels.IDNameIngress:
			return true
		}
	}
	if l.outside || len(l.reserved) > 0 {
		return false
	}
	return l.cluster == "" || l.cluster == localCluster
}

// numbering hands out numeric identities in the ranges that the datapath tells apart.
type numbering struct{ local, remote, node, outside uint32 }

func (n *numbering) next(of *labelled, localCluster string) identity.NumericIdentity {
	shift := identity.GetClusterIDShift()
	if of.outside {
		n.outside++
		return identity.IdentityScopeLocal | identity.NumericIdentity(n.outside)
	}
	if len(of.reserved) > 0 {
		if id := reservedNumber(of.reserved); id != identity.IdentityUnknown && len(of.labels) == len(of.reserved) {
			return id
		}
		n.node++
		return identity.IdentityScopeRemoteNode | identity.NumericIdentity(n.node)
	}
	if of.cluster != "" && of.cluster != localCluster {
		n.remote++
		return identity.NumericIdentity(remoteClusterID<<shift | (255 + n.remote))
	}
	n.local++
	return identity.NumericIdentity(localClusterID<<shift | (255 + n.local))
}

func reservedNumber(names []string) identity.NumericIdentity {
	if len(names) == 1 {
		return identity.GetReservedID(names[0])
	}
	if len(names) == 2 && names[0] == labels.IDNameKubeAPIServer && names[1] == labels.IDNameRemoteNode {
		return identity.ReservedIdentityKubeAPIServer
	}
	return identity.IdentityUnknown
}

func sortedKeys[V any](from map[string]V) []string {
	keys := make([]string, 0, len(from))
	for key := range from {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
