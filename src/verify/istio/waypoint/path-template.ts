// Path templates as Envoy's URI template matcher reads them (I18).
import type { TextTest } from './text-test.ts';

const SEGMENT = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=]";

/**
 * `{*}` is one segment that is not empty, `{**}` any rest, also an empty one after its slash. Undefined when Envoy
 * would refuse the template, and with it the waypoint's whole configuration.
 */
export function pathTemplateTest(template: string): TextTest | undefined {
  if (!template.startsWith('/')) return undefined;
  const segments = template.slice(1).split('/');
  // One trailing slash is a segment of its own; any other empty segment is an error.
  const last = segments.length - 1;
  const literal = new RegExp(`^${SEGMENT}+$`);
  const parts: string[] = [];
  for (const [index, segment] of segments.entries()) {
    if (segment === '{*}') parts.push(`${SEGMENT}+`);
    else if (segment === '{**}') parts.push(`[/${SEGMENT.slice(1, -1)}]*`);
    else if (literal.test(segment)) parts.push(segment.replace(/[$().+]/g, '\\$&'));
    else if (segment === '' && index === last) parts.push('');
    else return undefined;
  }
  const pattern = new RegExp(`^/${parts.join('/')}$`);
  return (path) => pattern.test(path);
}
