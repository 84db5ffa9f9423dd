// One side's answer to one flow: tiers and priorities in order, deny before allow, else the default.
import type { ObjectRef, Verdict } from '../verdict.ts';
import type { Identity } from './identity.ts';
import type { DirectionPolicy, IdentityPolicy } from './identity-policy.ts';
import type { LabelIndex } from './label-index.ts';
import type { PortNumbers, Protocol } from './port.ts';
import type { Direction, Rule, RulePort } from './rule.ts';
import type { Match } from './selector.ts';

/** A side on which this cluster's agents enforce nothing: the host, a node, an address, another cluster's pod. */
export interface Unmanaged {
  readonly verdict: 'unmanaged';
  readonly reason: 'NotEnforcedHere';
  readonly decidedBy: readonly [];
}

/** What a side is asked: who is at the other end, and which port (ICMP: which type) of the destination. */
export interface Question {
  readonly peer: Identity;
  readonly port: number;
  readonly protocol: Protocol;
  /** Ports that the destination names, as this direction resolves them; asked only where a rule names one. */
  readonly namedPorts: () => PortNumbers | undefined;
}

/** Judges one direction of an identity's policy. */
export function judgeDirection(policy: IdentityPolicy, direction: Direction, question: Question): Verdict | Unmanaged {
  if (!policy.managed) return UNMANAGED;
  if (policy.conflict) return conflictVerdict(policy.conflict);
  const own = policy[direction];
  const doubts: Doubt[] = [];
  const ending = walk(own.levels, direction, question, doubts);
  const verdict = ending?.verdict ?? (allowsOtherwise(own) ? 'allowed' : 'denied');
  if (own.otherLevels) {
    const other = walk(own.otherLevels, direction, question, doubts);
    if ((other?.verdict ?? (allowsOtherwise(own) ? 'allowed' : 'denied')) !== verdict)
      return { verdict: 'undecided', reason: SHARED_ENTRY, decidedBy: ending?.decidedBy ?? other?.decidedBy ?? [] };
  }
  if (doubts.some((doubt) => doubt.verdict !== verdict)) {
    const reason = `UnmodelledField: ${doubts.map((doubt) => doubt.path).join(', ')}`;
    return { verdict: 'undecided', reason, decidedBy: doubts.map((doubt) => doubt.ref) };
  }
  return ending ?? { verdict, reason: own.otherwise, decidedBy: own.isolating };
}

const SHARED_ENTRY =
  'WildcardSharedWithCidrGroup: an empty cidrGroupSelector and a selector of every peer share one entry of the agent, and with a named port it depends on which of them the agent saw first';

const UNMANAGED: Unmanaged = { verdict: 'unmanaged', reason: 'NotEnforcedHere', decidedBy: [] };

/** A rule that may match, depending on what is not modelled, and how the flow would then end. */
interface Doubt {
  readonly ref: ObjectRef;
  readonly path: string;
  readonly verdict: 'allowed' | 'denied';
}

/** The verdict of the first level that certainly has one; collects the doubts on the way there. */
function walk(
  levels: DirectionPolicy['levels'],
  direction: Direction,
  question: Question,
  doubts: Doubt[],
): Verdict | undefined {
  let passedTier = -1;
  for (const level of levels) {
    if (level.tier === passedTier) continue;
    const denied = askRules(level.denies, 'denied', direction, question, doubts);
    if (denied) return denied;
    const allowed = askRules(level.allows, 'allowed', direction, question, doubts);
    if (allowed) return allowed;
    const passing = level.passes.candidates(question.peer);
    if (passing.some((rule) => askRule(rule, direction, question) !== 'no')) passedTier = level.tier;
  }
  return undefined;
}

function askRules(
  rules: LabelIndex<Rule>,
  verdict: 'allowed' | 'denied',
  direction: Direction,
  question: Question,
  doubts: Doubt[],
): Verdict | undefined {
  let decidedBy: ObjectRef[] | undefined;
  let proxied = false;
  for (const rule of rules.candidates(question.peer)) {
    const answer = askRule(rule, direction, question);
    if (answer === 'no') continue;
    if (answer === 'yes' || answer === 'proxied') {
      (decidedBy ??= []).push(rule.ref);
      proxied ||= answer === 'proxied';
    } else doubts.push({ ref: rule.ref, path: answer.doubt, verdict });
  }
  if (!decidedBy) return undefined;
  return { verdict, reason: verdict === 'denied' ? 'DenyRule' : proxied ? 'AllowRuleToProxy' : 'AllowRule', decidedBy };
}

/** Whether a rule matches; the doubt names what its match depends on. */
function askRule(
  rule: Rule,
  direction: Direction,
  question: Question,
): 'no' | 'yes' | 'proxied' | { readonly doubt: string } {
  if (rule.peers === 'nobody') return 'no';
  const port = rule.ports === undefined ? ALL_PORTS : bestPort(rule.ports, direction, question);
  if (!port) return 'no';
  let match: Match = 'no';
  let doubtful = '';
  for (const peer of rule.peers) {
    const answer = peer.selects(question.peer);
    if (answer === 'yes') {
      match = 'yes';
      break;
    }
    if (answer === 'unknown') {
      match = 'unknown';
      doubtful = peer.text.slice('unknown:'.length);
    }
  }
  if (match === 'no') return 'no';
  if (match === 'unknown') return { doubt: doubtful };
  const field = rule.unmodelled ?? port.unmodelled;
  if (field !== undefined) return { doubt: `${field} of ${rule.ref.kind} ${rule.ref.namespace}/${rule.ref.name}` };
  return port.proxied ? 'proxied' : 'yes';
}

interface MatchedPort {
  readonly proxied: boolean;
  readonly unmodelled: string | undefined;
}

const ALL_PORTS: MatchedPort = { proxied: false, unmodelled: undefined };

/** Of the entries that match the port, one without anything unmodelled if there is one. */
function bestPort(ports: readonly RulePort[], direction: Direction, question: Question): MatchedPort | undefined {
  let found: RulePort | undefined;
  let proxied = false;
  for (const port of ports) {
    if (!matchesPort(port, direction, question)) continue;
    proxied ||= port.proxy.parser !== 'none';
    if (!found || found.unmodelled !== undefined) found = port;
  }
  return found && { proxied, unmodelled: found.unmodelled };
}

function matchesPort({ match }: RulePort, direction: Direction, question: Question): boolean {
  if (match.protocol !== question.protocol) return false;
  if (match.kind === 'any') return true;
  if (match.kind === 'range') return question.port >= match.first && question.port <= match.last;
  const resolved = question.namedPorts()?.get(`${match.name}/${match.protocol}`);
  if (resolved === undefined) return false;
  // Ranges from a name exist at ingress only.
  const last = direction === 'ingress' ? Math.max(resolved, match.last) : resolved;
  return question.port >= resolved && question.port <= last;
}

function allowsOtherwise(policy: DirectionPolicy): boolean {
  return (
    policy.otherwise !== 'DefaultDeny' && policy.otherwise !== 'AlwaysEnforced' && policy.otherwise !== 'InitIdentity'
  );
}

function conflictVerdict([first, second]: readonly [Rule, Rule]): Verdict {
  const name = ({ ref }: Rule): string => `${ref.rule} of ${ref.kind} ${ref.namespace}/${ref.name}`;
  return {
    verdict: 'undecided',
    reason:
      first === second
        ? `PolicyConflict: the listener of ${name(first)} is one of a namespace, and the endpoint has none`
        : `PolicyConflict: ${name(first)} and ${name(second)} cannot be merged`,
    decidedBy: first === second ? [first.ref] : [first.ref, second.ref],
  };
}
