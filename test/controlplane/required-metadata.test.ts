import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startControlPlane } from '../../src/controlplane/index.ts';
import { talkTo } from './talk.ts';

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['metadata', 'spec'],
            properties: {
              metadata: { type: 'object' },
              spec: { type: 'object', properties: { size: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
};

test("a definition that requires metadata, as Cilium's do, accepts what has it and misses only what is missing", async () => {
  const plane = await startControlPlane({ crds: [DEFINITION] });
  try {
    await plane.settled();
    const talk = talkTo(plane);
    const widgets = '/apis/example.com/v1/namespaces/default/widgets';
    const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'one' } };
    await talk.must('POST', widgets, { ...widget, spec: { size: 1 } });
    await assert.rejects(
      async () => await talk.must('POST', widgets, { ...widget, metadata: { name: 'two' } }),
      /spec/,
    );
  } finally {
    await plane.close();
  }
});
