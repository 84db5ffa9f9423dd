import { type FabricBypass, type FabricPath, PATH_CLASSES, type PathClass } from '../api/index.ts';
import type { Memory } from './canary/remember.ts';

/** What a node reports of the ways of packets. */
export interface JudgedPaths {
  readonly bypassed: FabricBypass[];
  readonly paths: FabricPath[];
}

/**
 * Configuration and canary together. Either is enough for a way to be bypassed: a canary can make the judgement stricter
 * or confirm it, and never lifts what the configuration says, because other pods may take another way than its own.
 * `canary` undefined: none is asked.
 */
export function judgePaths(configured: readonly FabricBypass[], canary: Memory | undefined): JudgedPaths {
  const judged = PATH_CLASSES.toSorted().map((each) => judgePath(each, configured, canary));
  return { bypassed: judged.flatMap(({ bypass }) => bypass ?? []), paths: judged.map(({ path }) => path) };
}

function judgePath(
  each: PathClass,
  configured: readonly FabricBypass[],
  canary: Memory | undefined,
): { readonly path: FabricPath; readonly bypass: FabricBypass | undefined } {
  const found = configured.find((bypass) => bypass.class === each);
  const sight = canary?.sights[each];
  const seenAt = canary?.seenAt[each];
  const path: FabricPath = {
    class: each,
    configuration: configurationOf(found),
    canary: sight?.canary ?? 'Off',
    ...(seenAt === undefined ? {} : { seenAt }),
    ...(sight ? { message: sight.message.slice(0, 1000) } : {}),
  };
  const isSeen = sight?.canary === 'Bypassed';
  if (found) {
    return { path, bypass: { ...found, judgedBy: isSeen ? ['Configuration', 'Canary'] : ['Configuration'] } };
  }
  if (!isSeen) return { path, bypass: undefined };
  const message = `${sight.message.slice(0, 800)}. ${CAUSES[each]}`;
  return { path, bypass: { class: each, reason: 'SeenBypassed', message, judgedBy: ['Canary'] } };
}

function configurationOf(found: FabricBypass | undefined): FabricPath['configuration'] {
  if (!found) return 'Passes';
  return found.reason === 'DatapathUnknown' ? 'Unknown' : 'Bypassed';
}

/** Where to look: the configuration that the agent reads does not show the cause. */
const CAUSES: Readonly<Record<PathClass, string>> = {
  SameNode: 'Look for a bridge that does not call netfilter, and for programs of tc or eBPF at interfaces of pods',
  CrossNode: 'Look for programs of tc or eBPF at the interfaces of pods and node, and for flow offload',
  ToNode: 'Look for programs of tc or eBPF at interfaces of pods, and for sockets that are joined past the stack',
};
