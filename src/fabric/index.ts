// The door of the node agent: a firewall program in the kernel of one node.
export { type Agent, type AgentHealth, type AgentOptions, createAgent } from './agent.ts';
export { type Assembled, assemble } from './assemble.ts';
export type { CanarySettings } from './canary/watch.ts';
export { judgeDatapath, type DatapathEvidence } from './datapath.ts';
export { readDatapath } from './datapath-evidence.ts';
export { type HealthServerOptions, serveHealth } from './health-server.ts';
export { createKernel, type Kernel } from './kernel.ts';
export { tableName } from './names.ts';
export type { AgentLog, AgentLogFields, AgentMeter, LoadKind } from './observe.ts';
export { ruleLines, type SetSpelling } from './rule-lines.ts';
export { programScript } from './script.ts';
