// How Envoy compares texts that istiod turned into matchers.

export type TextTest = (text: string) => boolean;

/** `*` = not empty, `*x` suffix, `x*` prefix, else exact. A `*` anywhere else is literal. */
export function textTest(value: string): TextTest {
  if (value === '*') return (text) => text !== '';
  if (value.startsWith('*')) return (text) => text.endsWith(value.slice(1));
  if (value.endsWith('*')) return (text) => text.startsWith(value.slice(0, -1));
  return (text) => text === value;
}

const SCHEME = 'spiffe://';

/** The same on a SPIFFE URI, with a pattern that has no scheme (I4). */
export function principalTest(value: string): TextTest {
  const test = textTest(value);
  return (uri) => uri.startsWith(SCHEME) && test(uri.slice(SCHEME.length));
}

/** `*` crosses slashes, so that `*a` also matches the `sa` in front of the service account. */
export function namespaceTest(value: string): TextTest {
  const pieces = `/ns/${value}/`.split('*');
  return (uri) => {
    let at = 0;
    for (const piece of pieces) {
      const found = uri.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return true;
  };
}

/** `name` is in the namespace of the policy; any trust domain (I5). */
export function serviceAccountTest(value: string, policyNamespace: string): TextTest {
  const slash = value.indexOf('/');
  const namespace = slash === -1 ? policyNamespace : value.slice(0, slash);
  const account = value.slice(slash + 1);
  const pattern = new RegExp(`^spiffe://.+/ns/${quote(namespace)}/(.+/|)sa/${quote(account)}(/.+)?$`);
  return (uri) => pattern.test(uri);
}

export function trustDomainTest(value: string): TextTest {
  if (value === '*') return (uri) => uri.startsWith(SCHEME);
  const [head = '', tail] = value.split('*');
  if (tail === undefined) return (uri) => uri.startsWith(`${SCHEME}${value}/`);
  const pattern = new RegExp(`^spiffe://${quote(head)}[^/]*${quote(tail)}/`);
  return (uri) => pattern.test(uri);
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
