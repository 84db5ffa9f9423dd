import type { Conversation } from '../conversation.ts';
import { CM, configMap, namespace, NS } from './vocabulary.ts';

export const endingsConversation: Conversation = {
  title: 'finalizers, owners and namespaces end objects in order',
  steps: [
    namespace,
    { say: 'an owner', method: 'POST', path: CM, body: configMap('owner', {}), as: 'owner' },
    {
      say: 'a dependent',
      method: 'POST',
      path: CM,
      body: configMap(
        'child',
        {},
        {
          ownerReferences: [
            { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: '$owner.uid', blockOwnerDeletion: true },
          ],
        },
      ),
    },
    {
      say: 'a held one',
      method: 'POST',
      path: CM,
      body: configMap('held', {}, { finalizers: ['example.com/hold'] }),
    },
    { say: 'a finalizer of no kind', method: 'POST', path: CM, body: configMap('bad', {}, { finalizers: ['hold'] }) },
    { say: 'delete the owner', method: 'DELETE', path: `${CM}/owner` },
    { say: 'the dependent goes', path: `${CM}/child`, until: 404 },
    { say: 'delete the held one', method: 'DELETE', path: `${CM}/held` },
    { say: 'it waits', path: `${CM}/held` },
    {
      say: 'no new finalizers',
      method: 'PATCH',
      path: `${CM}/held`,
      body: { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
    },
    { say: 'let it go', method: 'PATCH', path: `${CM}/held`, body: { metadata: { finalizers: null } } },
    { say: 'it is gone', path: `${CM}/held` },
    { say: 'an owner again', method: 'POST', path: CM, body: configMap('owner', {}), as: 'owner2' },
    {
      say: 'a free child',
      method: 'POST',
      path: CM,
      body: configMap(
        'child',
        {},
        { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: '$owner2.uid' }] },
      ),
    },
    { say: 'delete only the owner', method: 'DELETE', path: `${CM}/owner?propagationPolicy=Orphan` },
    { say: 'the owner goes', path: `${CM}/owner`, until: 404 },
    { say: 'the child stays', path: `${CM}/child` },
    { say: 'an owner in the foreground', method: 'POST', path: CM, body: configMap('front', {}), as: 'front' },
    {
      say: 'its child',
      method: 'POST',
      path: CM,
      body: configMap(
        'last',
        {},
        {
          ownerReferences: [
            { apiVersion: 'v1', kind: 'ConfigMap', name: 'front', uid: '$front.uid', blockOwnerDeletion: true },
          ],
          finalizers: ['example.com/hold'],
        },
      ),
    },
    { say: 'delete in the foreground', method: 'DELETE', path: `${CM}/front?propagationPolicy=Foreground` },
    { say: 'its child is told', path: `${CM}/last`, untilText: 'deletionTimestamp' },
    { say: 'it waits for its child', path: `${CM}/front` },
    { say: 'let the child go', method: 'PATCH', path: `${CM}/last`, body: { metadata: { finalizers: null } } },
    { say: 'both go', path: `${CM}/front`, until: 404 },
    {
      say: 'hold the namespace',
      method: 'POST',
      path: CM,
      body: configMap('hold', {}, { finalizers: ['example.com/hold'] }),
    },
    { say: 'delete the namespace', method: 'DELETE', path: NS },
    { say: 'nothing new in it', method: 'POST', path: CM, body: configMap('late', {}) },
    { say: 'let go', method: 'PATCH', path: `${CM}/hold`, body: { metadata: { finalizers: null } } },
    { say: 'it goes', path: NS, until: 404 },
  ],
};
