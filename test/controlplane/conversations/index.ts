import type { Conversation } from '../conversation.ts';
import { applyConversation } from './apply.ts';
import { checksConversation } from './checks.ts';
import { customObjectsConversation } from './custom-objects.ts';
import { definitionsConversation } from './definitions.ts';
import { discoveryConversation } from './discovery.ts';
import { endingsConversation } from './endings.ts';
import { listsConversation } from './lists.ts';
import { objectsConversation } from './objects.ts';
import { spoiledConversation } from './spoiled.ts';
import { settingsConversation, versionsConversation } from './versions.ts';

/** What clients say to an API server, and in which two servers must answer alike. */
export const CONVERSATIONS: readonly Conversation[] = [
  objectsConversation,
  listsConversation,
  checksConversation,
  customObjectsConversation,
  applyConversation,
  endingsConversation,
  definitionsConversation,
  versionsConversation,
  settingsConversation,
  discoveryConversation,
  spoiledConversation,
];

export { definition } from './vocabulary.ts';
