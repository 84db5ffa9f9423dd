import type { Conversation, Step } from '../conversation.ts';
import { CM, configMap, goodbye, namespace } from './vocabulary.ts';

export const listsConversation: Conversation = {
  title: 'lists are selected and paged',
  steps: [
    namespace,
    ...['a', 'b', 'c', 'd'].map(
      (name): Step => ({
        say: `create ${name}`,
        method: 'POST',
        path: CM,
        body: configMap(name, {}, { labels: { app: name, tier: name < 'c' ? 'front' : 'back' } }),
      }),
    ),
    { say: 'equality', path: `${CM}?labelSelector=tier%3Dfront` },
    { say: 'inequality', path: `${CM}?labelSelector=tier!%3Dfront` },
    { say: 'sets', path: `${CM}?labelSelector=app%20in%20(a,d),tier` },
    { say: 'absence', path: `${CM}?labelSelector=!tier` },
    { say: 'by name', path: `${CM}?fieldSelector=metadata.name%3Db` },
    { say: 'by a field that is not selectable', path: `${CM}?fieldSelector=data.x%3Db` },
    { say: 'the first page', path: `${CM}?limit=3` },
    { say: 'a selected page', path: `${CM}?limit=1&labelSelector=tier%3Dfront` },
    { say: 'delete some', method: 'DELETE', path: `${CM}?labelSelector=tier%3Dfront` },
    { say: 'the rest', path: CM },
    ...goodbye,
  ],
};
