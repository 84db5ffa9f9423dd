import type { Conversation } from '../conversation.ts';
import { CRDS, definition, install, TABLE, uninstall } from './vocabulary.ts';

export const definitionsConversation: Conversation = {
  title: 'definitions are checked',
  steps: [
    {
      say: 'the wrong name',
      method: 'POST',
      path: CRDS,
      body: { ...Object(definition), metadata: { name: 'things.talk.lattice.dev' } },
    },
    {
      say: 'no versions',
      method: 'POST',
      path: CRDS,
      body: {
        ...Object(definition),
        spec: {
          group: 'talk.lattice.dev',
          scope: 'Namespaced',
          names: { plural: 'widgets', kind: 'Widget' },
          versions: [],
        },
      },
    },
    {
      say: 'no schema',
      method: 'POST',
      path: CRDS,
      body: {
        ...Object(definition),
        spec: {
          group: 'talk.lattice.dev',
          scope: 'Namespaced',
          names: { plural: 'widgets', kind: 'Widget' },
          versions: [{ name: 'v1', served: true, storage: true }],
        },
      },
    },
    {
      say: 'a scope of no kind',
      method: 'POST',
      path: CRDS,
      body: {
        ...Object(definition),
        spec: {
          group: 'talk.lattice.dev',
          scope: 'World',
          names: { plural: 'widgets', kind: 'Widget' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        },
      },
    },
    {
      say: 'no type',
      method: 'POST',
      path: CRDS,
      body: {
        ...Object(definition),
        spec: {
          group: 'talk.lattice.dev',
          scope: 'Namespaced',
          names: { plural: 'widgets', kind: 'Widget' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', properties: { spec: { properties: {} } } } },
            },
          ],
        },
      },
    },
    ...install,
    { say: 'as a table', path: `${CRDS}/widgets.talk.lattice.dev`, accept: TABLE },
    { say: 'as it is', path: `${CRDS}/widgets.talk.lattice.dev` },
    { say: 'discovery', path: '/apis/talk.lattice.dev/v1' },
    { say: 'the group', path: '/apis/talk.lattice.dev' },
    ...uninstall,
  ],
};
