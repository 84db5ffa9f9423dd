import { at, type Json, type JsonObject, listAt, textAt } from '../json.ts';
import { AGE, type Column, column, NAME, number, or, since, wide } from './column.ts';

/** The columns of pods: the status is a summary of phase, reasons and containers. */
export function podColumns(): readonly Column[] {
  return [
    NAME,
    column('Ready', 'Ready of all containers.', (pod) => `${summarize(pod).ready}/${containersOf(pod)}`),
    column('Status', 'What the pod is doing.', (pod) => summarize(pod).status),
    column('Restarts', 'Restarts of containers, and the last one.', restarts),
    AGE,
    column('IP', 'Address of the pod.', (pod) => or(textAt(listAt(pod, 'status', 'podIPs')[0], 'ip'), '<none>'), wide),
    column('Node', 'Node it runs on.', (pod) => or(textAt(pod, 'spec', 'nodeName'), '<none>'), wide),
    column(
      'Nominated Node',
      'Node that makes room.',
      (pod) => or(textAt(pod, 'status', 'nominatedNodeName'), '<none>'),
      wide,
    ),
    column('Readiness Gates', 'Gates that are open.', readinessGates, wide),
  ];
}

interface Summary {
  readonly status: string;
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestart: string;
}

const containersOf = (pod: JsonObject): number =>
  listAt(pod, 'spec', 'containers').length + listAt(pod, 'spec', 'initContainers').filter(isSidecar).length;

const isSidecar = (container: Json | undefined): boolean => textAt(container, 'restartPolicy') === 'Always';

function restarts(pod: JsonObject, now: number): Json {
  const summary = summarize(pod);
  if (summary.restarts === 0 || summary.lastRestart === '') return String(summary.restarts);
  return `${summary.restarts} (${since(summary.lastRestart, now)} ago)`;
}

function summarize(pod: JsonObject): Summary {
  const init = summarizeInit(pod);
  const running = init.blocked && !hasCondition(pod, 'Initialized') ? undefined : summarizeContainers(pod, init);
  const summary = running ?? init;
  const deleting = at(pod, 'metadata', 'deletionTimestamp') !== undefined;
  if (!deleting) return summary;
  if (textAt(pod, 'status', 'reason') === 'NodeLost') return { ...summary, status: 'Unknown' };
  const over = ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'));
  return over ? summary : { ...summary, status: 'Terminating' };
}

const hasCondition = (pod: JsonObject, type: string): boolean =>
  listAt(pod, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === type && textAt(condition, 'status') === 'True',
  );

function initialStatus(pod: JsonObject): string {
  const gated = listAt(pod, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'PodScheduled' && textAt(condition, 'reason') === 'SchedulingGated',
  );
  return gated ? 'SchedulingGated' : or(textAt(pod, 'status', 'reason'), textAt(pod, 'status', 'phase'));
}

interface InitSummary extends Summary {
  readonly blocked: boolean;
  readonly sidecarRestarts: number;
  readonly sidecarRestart: string;
}

function summarizeInit(pod: JsonObject): InitSummary {
  const declared = listAt(pod, 'spec', 'initContainers');
  let seen: InitSummary = {
    status: initialStatus(pod),
    ready: 0,
    restarts: 0,
    lastRestart: '',
    blocked: false,
    sidecarRestarts: 0,
    sidecarRestart: '',
  };
  for (const [index, container] of listAt(pod, 'status', 'initContainerStatuses').entries()) {
    const sidecar = isSidecar(declared.find((item) => textAt(item, 'name') === textAt(container, 'name')));
    seen = countRestart(seen, container, sidecar);
    const ended = at(container, 'state', 'terminated');
    if (ended !== undefined && number(ended, 'exitCode') === 0) continue;
    if (sidecar && at(container, 'started') === true) {
      if (at(container, 'ready') === true) seen = { ...seen, ready: seen.ready + 1 };
      continue;
    }
    return { ...seen, blocked: true, status: `Init:${initReason(container, index, declared.length)}` };
  }
  return seen;
}

function countRestart(seen: InitSummary, container: Json, sidecar: boolean): InitSummary {
  const times = number(container, 'restartCount');
  const last = textAt(container, 'lastState', 'terminated', 'finishedAt');
  return {
    ...seen,
    restarts: seen.restarts + times,
    lastRestart: later(seen.lastRestart, last),
    sidecarRestarts: seen.sidecarRestarts + (sidecar ? times : 0),
    sidecarRestart: sidecar ? later(seen.sidecarRestart, last) : seen.sidecarRestart,
  };
}

const later = (left: string, right: string): string => (left > right ? left : right);

function initReason(container: Json, index: number, total: number): string {
  const ended = at(container, 'state', 'terminated');
  if (ended !== undefined) return endReason(ended);
  const waiting = textAt(container, 'state', 'waiting', 'reason');
  return waiting === '' || waiting === 'PodInitializing' ? `${index}/${total}` : waiting;
}

function endReason(ended: Json): string {
  const reason = textAt(ended, 'reason');
  if (reason !== '') return reason;
  const signal = number(ended, 'signal');
  return signal === 0 ? `ExitCode:${number(ended, 'exitCode')}` : `Signal:${signal}`;
}

function summarizeContainers(pod: JsonObject, init: InitSummary): Summary {
  let status = init.status;
  let failure = '';
  let ready = init.ready;
  let times = init.sidecarRestarts;
  let last = init.sidecarRestart;
  let running = false;
  for (const container of listAt(pod, 'status', 'containerStatuses').toReversed()) {
    times += number(container, 'restartCount');
    last = later(last, textAt(container, 'lastState', 'terminated', 'finishedAt'));
    const waiting = textAt(container, 'state', 'waiting', 'reason');
    const ended = at(container, 'state', 'terminated');
    if (waiting !== '') status = waiting;
    else if (ended !== undefined) {
      status = endReason(ended);
      if (number(ended, 'exitCode') !== 0) failure = status;
    } else if (at(container, 'ready') === true && at(container, 'state', 'running') !== undefined) {
      running = true;
      ready += 1;
    }
  }
  if (status === 'Completed') {
    if (running && hasCondition(pod, 'Ready')) status = 'Running';
    else if (failure !== '') status = failure;
    else if (running) status = 'NotReady';
  }
  return { status, ready, restarts: times, lastRestart: last };
}

function readinessGates(pod: JsonObject): Json {
  const gates = listAt(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return '<none>';
  const open = gates.filter((gate) => hasCondition(pod, textAt(gate, 'conditionType')));
  return `${open.length}/${gates.length}`;
}
