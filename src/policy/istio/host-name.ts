/**
 * Whether istiod takes this as a host of a ServiceEntry: a name or `*.` before one, each label of letters, digits and
 * `-`, at most 63 characters, at most 255 in all, the last one no number. Underscores, which DNS allows, are refused.
 */
export function isHost(host: string): boolean {
  const labels = (host.startsWith('*.') ? host.slice(2) : host).split('.');
  return (
    host.length <= 255 &&
    labels.every((label) => label.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? '')
  );
}
