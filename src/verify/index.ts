// The door of the evaluators and of what is asked of them.
export { type ChangedFlow, type Difference, diffFlows } from './diff.ts';
export { isOpen } from './explain/chain.ts';
export { closedAmong, type Closure, type JudgedEdge, judgeEdges } from './explain/closed-edges.ts';
export { explain, type Explanation, nameOf, type PortExplanation, UnanswerableError } from './explain/explain.ts';
export { type DoorAnswer, type FlowAnswer, FlowJudge } from './explain/judge-flow.ts';
export { endOf, type FlowPort } from './explain/ends.ts';
export { type Operand, type PortAsked, readCallee, type ReadOperand, readOperand } from './explain/operand.ts';
export { foreignFindings, policiesAmong } from './lint/foreign.ts';
export { lint } from './lint/lint.ts';
export { type Attachment, attachmentOf } from './lint/attachment.ts';
export type { Counterexample, DoorName } from './prove/door.ts';
export { type Claim, isOurs, type Proof, prove } from './prove/prove.ts';
export { queryReach, type Reach } from './query.ts';
export type { ObjectRef, Refusal, Verdict } from './verdict.ts';
