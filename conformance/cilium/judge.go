package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"

	"github.com/cilium/cilium/pkg/crypto/certificatemanager"
	"github.com/cilium/cilium/pkg/endpoint/regeneration"
	envoypolicy "github.com/cilium/cilium/pkg/envoy/policy"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
	"github.com/cilium/cilium/pkg/u8proto"
)

// configureAgent sets the options that a default installation runs with, dual stack.
func configureAgent() {
	option.Config.EnableIPv4 = true
	option.Config.EnableIPv6 = true
	option.Config.EnableL7Proxy = true
	option.Config.EnableICMPRules = true
	option.Config.EnableNonDefaultDenyPolicies = true
	option.Config.ClusterID = localClusterID
}

// judge keeps what is loaded once, and the cluster that the last line left behind.
type judge struct {
	log       *slog.Logger
	resources map[string]*resource
	state     *state
}

// state is one cluster: its policies by key, the engine's repository, and the policy of each endpoint asked so far.
type state struct {
	scenario   *scenario
	policies   map[string]*parsed
	order      []string
	names      string
	people     *population
	repository *policy.Repository
	resolved   map[string]*policy.EndpointPolicy
}

func newJudge(log *slog.Logger) (*judge, error) {
	resources, err := loadResources()
	if err != nil {
		return nil, err
	}
	return &judge{log: log, resources: resources}, nil
}

func (j *judge) answer(in *scenario) (answer, error) {
	out := answer{ID: in.ID, Errors: []refusal{}, Verdicts: []string{}}
	added := in.Policies
	if in.Edit != nil {
		if j.state == nil {
			return out, errors.New("an edit needs a scenario before it")
		}
		added = in.Edit.Add
	} else {
		j.state = &state{scenario: in, policies: map[string]*parsed{}}
	}
	if err := setModes(j.state.scenario); err != nil {
		return out, err
	}
	changed := map[string]*parsed{}
	if in.Edit != nil {
		for _, key := range in.Edit.Remove {
			changed[key] = nil
		}
	}
	for index, object := range added {
		found, refusals := j.admit(j.state.scenario.ClusterName, index, object)
		out.Errors = append(out.Errors, refusals...)
		// As in a cluster, a refused update leaves the object before it in force.
		if found != nil {
			changed[policyKey(object)] = found
		}
	}
	if err := j.apply(changed); err != nil {
		return out, err
	}
	return out, j.judgeFlows(in.Flows, &out)
}

func setModes(in *scenario) error {
	switch in.Enforcement {
	case "", option.DefaultEnforcement, option.AlwaysEnforce, option.NeverEnforce:
	default:
		return fmt.Errorf("enforcement %q is none of default, always, never", in.Enforcement)
	}
	mode := in.Enforcement
	if mode == "" {
		mode = option.DefaultEnforcement
	}
	policy.SetPolicyEnabled(mode)
	api.InitEntities(in.LocalCluster)
	return nil
}

// admit takes one object through the API server and the agent. The agent is asked about refused objects as well: that
// both refuse is worth knowing.
func (j *judge) admit(clusterName string, index int, object map[string]any) (*parsed, []refusal) {
	var refusals []refusal
	say := func(stage, message string) {
		refusals = append(refusals, refusal{Policy: index, Name: displayName(object), Stage: stage, Message: message})
	}
	stored, refused := object, false
	if kind, _ := object["kind"].(string); j.resources[kind] != nil {
		stored = deepCopy(object)
		dropped, problem := j.resources[kind].admit(stored)
		if len(dropped) > 0 {
			say(stagePruned, strings.Join(dropped, ", "))
		}
		if problem != "" {
			refused = true
			say(stageSchema, problem)
		}
	}
	found, err := parsePolicy(j.log, clusterName, stored)
	if err != nil {
		say(stageAgent, stableMessage(err))
		return nil, refusals
	}
	if refused {
		return nil, refusals
	}
	return found, refusals
}

func deepCopy(object map[string]any) map[string]any {
	raw, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	var copied map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if err := decoder.Decode(&copied); err != nil {
		panic(err)
	}
	return asMachineNumbers(copied).(map[string]any)
}

// asMachineNumbers gives integers as int64, which is what an API server's decoder yields and its validation expects.
func asMachineNumbers(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		for key, item := range typed {
			typed[key] = asMachineNumbers(item)
		}
	case []any:
		for index, item := range typed {
			typed[index] = asMachineNumbers(item)
		}
	case json.Number:
		if whole, err := typed.Int64(); err == nil {
			return whole
		}
		if real, err := typed.Float64(); err == nil {
			return real
		}
	}
	return value
}

// apply brings the repository to the new set of policies. Labels of resolved names are part of identities, so a
// change of the names that policies mention, like a new scenario, starts from fresh identities.
func (j *judge) apply(changed map[string]*parsed) error {
	stale := map[string]*parsed{}
	for _, key := range sortedKeys(changed) {
		old, found := j.state.policies[key], changed[key]
		switch {
		case found != nil:
			j.state.policies[key] = found
			stale[key] = found
		case old != nil:
			delete(j.state.policies, key)
			stale[key] = &parsed{resource: old.resource}
		}
	}
	names, selectors := wantedNames(j.state.policies)
	if j.state.repository == nil || names != j.state.names {
		j.state.names = names
		return j.rebuild(selectors)
	}
	for _, key := range sortedKeys(stale) {
		affected, _, _ := j.state.repository.ReplaceByResource(stale[key].entries, stale[key].resource)
		for name, who := range j.state.people.endpoints {
			if affected.Has(who.identity.ID) {
				delete(j.state.resolved, name)
			}
		}
	}
	return nil
}

func wantedNames(policies map[string]*parsed) (string, []api.FQDNSelector) {
	distinct := map[string]api.FQDNSelector{}
	for _, found := range policies {
		for _, selector := range found.names {
			distinct[selector.String()] = selector
		}
	}
	keys := sortedKeys(distinct)
	selectors := make([]api.FQDNSelector, 0, len(keys))
	for _, key := range keys {
		selectors = append(selectors, distinct[key])
	}
	return strings.Join(keys, "\n"), selectors
}

func (j *judge) rebuild(names []api.FQDNSelector) error {
	people, err := populate(j.state.scenario, names)
	if err != nil {
		return err
	}
	secrets := certificatemanager.NewMockSecretManagerInline()
	repository := policy.NewPolicyRepository(j.log, people.identities, anySecret{}, envoypolicy.NewEnvoyL7RulesTranslator(j.log, secrets), nil, nil)
	repository.SetNamedPortsGetter(people)
	repository.UpdateIdentities(people.identities, nil)
	for _, key := range sortedKeys(j.state.policies) {
		found := j.state.policies[key]
		repository.ReplaceByResource(found.entries, found.resource)
	}
	j.state.people, j.state.repository = people, repository
	j.state.resolved = map[string]*policy.EndpointPolicy{}
	return nil
}

func (j *judge) judgeFlows(flows []flow, out *answer) error {
	failed := map[string]bool{}
	for _, asked := range flows {
		from, to := j.state.people.endpoints[asked.From], j.state.people.endpoints[asked.To]
		if from == nil || to == nil {
			return fmt.Errorf("flow %s -> %s: unknown endpoint", asked.From, asked.To)
		}
		protocol, ok := protocols[asked.Proto]
		if !ok {
			return fmt.Errorf("flow %s -> %s: unknown protocol %q", asked.From, asked.To, asked.Proto)
		}
		verdict := ""
		for _, side := range []struct {
			who *endpoint
			key policy.Key
		}{
			{from, policy.EgressKey().WithIdentity(to.identity.ID).WithPortProto(protocol, asked.Port)},
			{to, policy.IngressKey().WithIdentity(from.identity.ID).WithPortProto(protocol, asked.Port)},
		} {
			letter, err := j.side(side.who, side.key)
			if err != nil && !failed[side.who.name] {
				failed[side.who.name] = true
				out.Errors = append(out.Errors, refusal{Policy: -1, Name: side.who.name, Stage: stageEndpoint, Message: err.Error()})
			}
			verdict += letter
		}
		out.Verdicts = append(out.Verdicts, verdict)
	}
	return nil
}

// side is one letter of a verdict: A allowed, R allowed into the proxy, D denied, U nothing enforced there, E the
// engine could not compute this endpoint's policy.
func (j *judge) side(who *endpoint, key policy.Key) (string, error) {
	if !who.managed {
		return "U", nil
	}
	resolved, err := j.resolve(who)
	if err != nil {
		return "E", err
	}
	entry, _, _ := resolved.Lookup(key)
	switch {
	case entry.IsDeny():
		return "D", nil
	case entry.IsRedirectEntry():
		return "R", nil
	default:
		return "A", nil
	}
}

func (j *judge) resolve(who *endpoint) (*policy.EndpointPolicy, error) {
	if known := j.state.resolved[who.name]; known != nil {
		return known, nil
	}
	selected, _, err := j.state.repository.ComputeSelectorPolicy(who.identity)
	if err != nil {
		return nil, err
	}
	// One proxy port for every redirect: whether traffic goes to the proxy matters here, not where it listens.
	redirects := map[string]uint16{policy.FallbackRedirectID: math.MaxUint16}
	resolved := selected.DistillPolicy(j.log, owner{who}, redirects)
	if err := resolved.Ready(); err != nil {
		return nil, err
	}
	resolved.Detach(j.log)
	selected.Supersede()
	j.state.resolved[who.name] = resolved
	return resolved, nil
}

var protocols = map[string]u8proto.U8proto{
	"TCP":    u8proto.TCP,
	"UDP":    u8proto.UDP,
	"SCTP":   u8proto.SCTP,
	"ICMP":   u8proto.ICMP,
	"ICMPv6": u8proto.ICMPv6,
}

// anySecret finds whatever secret a policy names: whether it exists is no matter of policy.
type anySecret struct{}

func (anySecret) GetTLSContext(context.Context, *api.TLSContext, string) (ca, public, private string, inline bool, err error) {
	return "ca", "public", "private", true, nil
}

// owner is an endpoint as the engine sees it while it computes that endpoint's policy.
type owner struct{ of *endpoint }

func (o owner) GetID() uint64                      { return uint64(o.of.identity.ID) }
func (o owner) IsHost() bool                       { return o.of.identity.ID == identity.ReservedIdentityHost }
func (o owner) PreviousMapState() *policy.MapState { return nil }
func (o owner) PolicyDebug(string, ...any)         {}
func (o owner) RegenerateIfAlive(*regeneration.ExternalRegenerationMetadata) <-chan bool {
	done := make(chan bool)
	close(done)
	return done
}

func (o owner) GetIngressNamedPort(name string, protocol u8proto.U8proto) uint16 {
	port, err := o.of.ports.GetNamedPort(name, protocol)
	if err != nil {
		// An unknown name, or one of another protocol, opens no port: that is the engine's own rule for 0.
		return 0
	}
	return port
}
