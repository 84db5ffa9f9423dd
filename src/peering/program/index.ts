// A peering as a firewall program, and what a program does with a connection.
export { decidersOf } from './deciders.ts';
export { type Flow, type Judge, judgeAll, type Judgement, judgeOf } from './judge.ts';
export {
  meaningOf,
  type MissingRange,
  type Plan,
  type PlannedRule,
  type PlannedSet,
  planOf,
  PRIVATE_SUBNETS,
  type Refused,
} from './plan.ts';
export { type MembersOf, programOf } from './program.ts';
