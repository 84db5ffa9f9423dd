import type { Provisions } from '../workload/index.ts';

/**
 * What to write so that `from` may call `to`, which a resource class makes: it has no declaration of its own that could
 * accept a caller. Undefined when no class makes it. Both are names as they are printed.
 */
export function adviceOnClass(provisions: Provisions, from: string, to: string): string | undefined {
  const key = to.replace(/^external:/, '').replace(/ .*/, '');
  const instance = provisions.instance(key);
  const [claim] = provisions.claimsOn(key);
  if (!instance?.declared || !claim) return undefined;
  const made = `${key} is what LatticeResourceClass ${instance.className} makes for ${claim.service}, entry ${claim.entry}`;
  const [namespace = '', name = ''] = key.split('/');
  const write = `"${claim.entry}: {type: ${claim.type}, class: ${claim.class}, id: ${name}}"`;
  if (!from.startsWith(`${namespace}/`)) {
    return `${made}: only services of the namespace ${namespace} can share it\nfor all, declare a class with endpoint: {service: NAMESPACE/NAME}`;
  }
  const both = claim.shared ? from : `${claim.service} and ${from}`;
  return `${made}: who asks for it may call it\nto share it, in LatticeService ${both}, under spec.resources, write ${write}`;
}

/** Why nothing of this name is there, where a class was to make it; undefined when nobody asked for it. */
export function whyNotMade(provisions: Provisions, operand: string): string | undefined {
  const name = operand.replace(/^external:/, '');
  const key = provisions.asked().find((each) => each === name || each.endsWith(`/${name}`));
  const [claim] = key === undefined ? [] : provisions.claimsOn(key);
  if (!claim || key === undefined || provisions.instance(key)) return undefined;
  return `${claim.service}, entry ${claim.entry}, asks for a ${claim.type} of class ${claim.class}, and no LatticeResourceClass makes it`;
}
