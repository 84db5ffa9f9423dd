// One side's answer to one flow: tiers and priorities in order, deny before allow, else the default.
import type { ObjectRef, Verdict } from '../verdict.ts';
import type { Identity } from './identity.ts';
import type { DirectionPolicy, IdentityPolicy, Level } from './identity-policy.ts';
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
  /** Ports that the destination names, as this direction resolves them. */
  readonly ports: PortNumbers | undefined;
}

/** Judges one direction of an identity's policy. */
export function judgeDirection(policy: IdentityPolicy, direction: Direction, question: Question): Verdict | Unmanaged {
  if (!policy.managed) return UNMANAGED;
  if (policy.conflict) return conflictVerdict(policy.conflict);
  const own = policy[direction];
  const found = walk(own, direction, question);
  if (found.outcomes.size === 1) return decided(found, own);
  const doubts = found.doubts.map((doubt) => doubt.path).join(', ');
  return {
    verdict: 'undecided',
    reason: `UnmodelledField: ${doubts}`,
    decidedBy: found.doubts.map((doubt) => doubt.ref),
  };
}

const UNMANAGED: Unmanaged = { verdict: 'unmanaged', reason: 'NotEnforcedHere', decidedBy: [] };

type Outcome = 'allow' | 'deny' | 'default';

interface Doubt {
  readonly ref: ObjectRef;
  readonly path: string;
}

interface Found {
  /** Every way the flow may end, given what is not modelled. */
  readonly outcomes: Set<'allowed' | 'denied'>;
  readonly doubts: Doubt[];
  /** The rules at which a definite walk ended. */
  readonly by: readonly Rule[];
  readonly proxied: boolean;
  readonly ended: Outcome;
}

function walk(policy: DirectionPolicy, direction: Direction, question: Question): Found {
  const outcomes = new Set<'allowed' | 'denied'>();
  const doubts: Doubt[] = [];
  let passedTier = -1;
  for (const level of policy.levels) {
    if (level.tier === passedTier) continue;
    const ended = askLevel(level, direction, question, outcomes, doubts);
    if (ended === 'passed') passedTier = level.tier;
    else if (ended) return { outcomes, doubts, ...ended };
  }
  outcomes.add(allowsOtherwise(policy) ? 'allowed' : 'denied');
  return { outcomes, doubts, by: [], proxied: false, ended: 'default' };
}

type Ending = Pick<Found, 'by' | 'proxied' | 'ended'>;

function askLevel(
  level: Level,
  direction: Direction,
  question: Question,
  outcomes: Set<'allowed' | 'denied'>,
  doubts: Doubt[],
): Ending | 'passed' | undefined {
  for (const [rules, outcome, ended] of [
    [level.denies, 'denied', 'deny'],
    [level.allows, 'allowed', 'allow'],
  ] as const) {
    const by: Rule[] = [];
    let proxied = false;
    for (const rule of rules) {
      const answer = askRule(rule, direction, question);
      if (answer === 'no') continue;
      if (answer === 'yes' || answer === 'proxied') {
        by.push(rule);
        proxied ||= answer === 'proxied';
      } else {
        outcomes.add(outcome);
        doubts.push({ ref: rule.ref, path: answer.doubt });
      }
    }
    if (by.length > 0) {
      outcomes.add(outcome);
      return { by, proxied, ended };
    }
  }
  return level.passes.some((rule) => askRule(rule, direction, question) !== 'no') ? 'passed' : undefined;
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
  const resolved = question.ports?.get(`${match.name}/${match.protocol}`);
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

function decided(found: Found, policy: DirectionPolicy): Verdict {
  const verdict = found.outcomes.has('allowed') ? 'allowed' : 'denied';
  if (found.ended === 'default') return { verdict, reason: policy.otherwise, decidedBy: policy.isolating };
  const decidedBy = found.by.map((rule) => rule.ref);
  if (found.ended === 'deny') return { verdict, reason: 'DenyRule', decidedBy };
  return { verdict, reason: found.proxied ? 'AllowRuleToProxy' : 'AllowRule', decidedBy };
}

function conflictVerdict([first, second]: readonly [Rule, Rule]): Verdict {
  const name = ({ ref }: Rule): string => `${ref.rule} of ${ref.kind} ${ref.namespace}/${ref.name}`;
  return {
    verdict: 'undecided',
    reason: `PolicyConflict: ${name(first)} and ${name(second)} cannot be merged`,
    decidedBy: [first.ref, second.ref],
  };
}
