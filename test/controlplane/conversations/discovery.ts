import type { Conversation } from '../conversation.ts';

/** Groups that are served whole. */
const SERVED = [
  '/apis/coordination.k8s.io',
  '/apis/rbac.authorization.k8s.io',
  '/apis/apiextensions.k8s.io',
  '/apis/events.k8s.io',
  '/apis/rbac.authorization.k8s.io/v1',
  '/apis/apiextensions.k8s.io/v1',
  '/apis/events.k8s.io/v1',
  '/apis/authorization.k8s.io/v1',
];

export const discoveryConversation: Conversation = {
  title: 'clients find out what there is',
  steps: [
    ...SERVED.map((path) => ({ say: path, path })),
    { say: 'a version that is not there', path: '/apis/apps/v9' },
    { say: 'a group that is not there', path: '/apis/nothing.example.com' },
    { say: 'resources of a group that is not there', path: '/apis/nothing.example.com/v1' },
    { say: 'a kind of a group that is not there', path: '/apis/nothing.example.com/v1/things' },
    { say: 'a kind that is not there', path: '/apis/apps/v1/things' },
    { say: 'a path that is not there', path: '/nothing' },
    { say: 'a method that is not for it', method: 'POST', path: '/apis/apps/v1', body: {} },
  ],
};
