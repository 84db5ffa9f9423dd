import { at, type Json, type JsonObject, listAt, objectAt, plain, textAt } from '../json.ts';
import { formatLabels, formatSelector } from '../select/label-selector.ts';
import {
  AGE,
  type Column,
  column,
  count,
  humanDuration,
  integer,
  NAME,
  number,
  or,
  since,
  sizeOf,
  text,
  wide,
} from './column.ts';
import { podColumns } from './pod-columns.ts';

/** Columns of pods and of the kinds that make pods. */
export const WORKLOAD_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  pods: podColumns(),
  deployments: [
    NAME,
    column('Ready', 'Ready of desired pods.', readyOf('status', 'readyReplicas')),
    column('Up-to-date', 'Pods of the current template.', count('status', 'updatedReplicas')),
    column('Available', 'Pods that are available.', count('status', 'availableReplicas')),
    AGE,
    ...templateColumns('spec', 'template'),
    selectorColumn('spec'),
  ],
  statefulsets: [
    NAME,
    column('Ready', 'Ready of desired pods.', readyOf('status', 'readyReplicas')),
    AGE,
    ...templateColumns('spec', 'template'),
  ],
  replicasets: [
    NAME,
    column('Desired', 'Pods that should exist.', count('spec', 'replicas'), integer),
    column('Current', 'Pods that exist.', count('status', 'replicas'), integer),
    column('Ready', 'Pods that are ready.', count('status', 'readyReplicas'), integer),
    AGE,
    ...templateColumns('spec', 'template'),
    selectorColumn('spec'),
  ],
  daemonsets: [
    NAME,
    column('Desired', 'Nodes that should run it.', count('status', 'desiredNumberScheduled'), integer),
    column('Current', 'Nodes that run it.', count('status', 'currentNumberScheduled'), integer),
    column('Ready', 'Pods that are ready.', count('status', 'numberReady'), integer),
    column('Up-to-date', 'Pods of the current template.', count('status', 'updatedNumberScheduled'), integer),
    column('Available', 'Pods that are available.', count('status', 'numberAvailable'), integer),
    column('Node Selector', 'Labels of the nodes.', (object) =>
      formatLabels(objectAt(object, 'spec', 'template', 'spec', 'nodeSelector')),
    ),
    AGE,
    ...templateColumns('spec', 'template'),
    selectorColumn('spec'),
  ],
  jobs: [
    NAME,
    column('Status', 'State of the job.', jobStatus),
    column('Completions', 'Completed of wanted runs.', jobCompletions),
    column('Duration', 'How long it ran.', jobDuration),
    AGE,
    ...templateColumns('spec', 'template'),
    selectorColumn('spec'),
  ],
  cronjobs: [
    NAME,
    column('Schedule', 'When it runs.', text('spec', 'schedule')),
    column('Timezone', 'Zone of the schedule.', (object) => or(textAt(object, 'spec', 'timeZone'), '<none>')),
    column(
      'Suspend',
      'Whether runs are suspended.',
      (object) => {
        const suspended = at(object, 'spec', 'suspend');
        return suspended === undefined ? '<unset>' : suspended === true ? 'True' : 'False';
      },
      { type: 'boolean' },
    ),
    column('Active', 'Jobs that run now.', (object) => sizeOf(object, 'status', 'active'), integer),
    column('Last Schedule', 'Time since the last run.', (object, now) => {
      const last = at(object, 'status', 'lastScheduleTime');
      return last === undefined ? '<none>' : since(last, now);
    }),
    AGE,
    ...templateColumns('spec', 'jobTemplate', 'spec', 'template'),
    selectorColumn('spec', 'jobTemplate', 'spec'),
  ],
  horizontalpodautoscalers: [
    NAME,
    column('Reference', 'What is scaled.', (object) => {
      const target = objectAt(object, 'spec', 'scaleTargetRef');
      return `${textAt(target, 'kind')}/${textAt(target, 'name')}`;
    }),
    column('Targets', 'Measured against wanted.', metricTargets),
    column('MinPods', 'Fewest pods.', (object) => plain(at(object, 'spec', 'minReplicas') ?? '<unset>')),
    column('MaxPods', 'Most pods.', count('spec', 'maxReplicas')),
    column('Replicas', 'Pods now.', count('status', 'currentReplicas')),
    AGE,
  ],
};

function readyOf(...path: readonly string[]): (object: JsonObject) => Json {
  return (object) => `${number(object, ...path)}/${number(object, 'spec', 'replicas')}`;
}

function templateColumns(...path: readonly string[]): readonly Column[] {
  const each = (field: string) => (object: JsonObject) =>
    listAt(object, ...path, 'spec', 'containers')
      .map((container) => textAt(container, field))
      .join(',');
  return [
    column('Containers', 'Names of the containers.', each('name'), wide),
    column('Images', 'Images of the containers.', each('image'), wide),
  ];
}

function selectorColumn(...path: readonly string[]): Column {
  return column('Selector', 'Labels of the pods.', (object) => formatSelector(at(object, ...path, 'selector')), wide);
}

function jobStatus(object: JsonObject): string {
  const conditions = listAt(object, 'status', 'conditions');
  const has = (type: string): boolean =>
    conditions.some((condition) => textAt(condition, 'type') === type && textAt(condition, 'status') === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (at(object, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function jobCompletions(object: JsonObject): string {
  const succeeded = number(object, 'status', 'succeeded');
  const wanted = at(object, 'spec', 'completions');
  if (typeof wanted === 'number') return `${succeeded}/${wanted}`;
  const parallel = number(object, 'spec', 'parallelism');
  return parallel > 1 ? `${succeeded}/1 of ${parallel}` : `${succeeded}/1`;
}

function jobDuration(object: JsonObject, now: number): string {
  const start = Date.parse(textAt(object, 'status', 'startTime'));
  if (Number.isNaN(start)) return '';
  const end = Date.parse(textAt(object, 'status', 'completionTime'));
  return humanDuration((Number.isNaN(end) ? now : end) - start);
}

function metricTargets(object: JsonObject): string {
  const measured = listAt(object, 'status', 'currentMetrics');
  const shown = listAt(object, 'spec', 'metrics').map((metric, index) => metricTarget(metric, measured[index]));
  if (shown.length === 0) return '<none>';
  const more = shown.length - 2;
  return shown.slice(0, 2).join(', ') + (more > 0 ? ` + ${more} more...` : '');
}

function metricTarget(metric: Json, measured: Json | undefined): string {
  const type = textAt(metric, 'type');
  const field = type.charAt(0).toLowerCase() + type.slice(1);
  const target = objectAt(metric, field, 'target');
  const named = field === 'resource' || field === 'containerResource' ? `${textAt(metric, field, 'name')}: ` : '';
  for (const [key, suffix, unit] of [
    ['averageValue', field === 'external' || field === 'object' ? ' (avg)' : '', ''],
    ['averageUtilization', '', '%'],
    ['value', '', ''],
  ] as const) {
    const wanted = target[key];
    if (wanted === undefined) continue;
    const current = at(measured, field, 'current', key);
    return `${named}${current === undefined ? '<unknown>' : `${plain(current)}${unit}`}/${plain(wanted)}${unit}${suffix}`;
  }
  return `${named}<unknown>/<auto>`;
}
