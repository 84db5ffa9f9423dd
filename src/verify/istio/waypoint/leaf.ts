// One value of one field of a rule, as the Envoy matcher that istiod makes of it.
import { contains, parseBlock } from '../address.ts';
import { hasTemplate, parsePort } from '../admit/values.ts';
import type { Truth } from '../truth.ts';
import { pathTemplateTest } from './path-template.ts';
import type { Seen } from './request.ts';
import {
  namespaceTest,
  principalTest,
  serviceAccountTest,
  type TextTest,
  textTest,
  trustDomainTest,
} from './text-test.ts';

export interface Leaf {
  /** Istiod cannot express it on a TCP port. */
  readonly httpOnly: boolean;
  readonly test: (seen: Seen) => Truth;
}

/** What decides about a value: a `when` key, or the key that stands for a field of `from` or `to`. */
export type Attribute = string;

/** The matcher for one value; undefined where istiod cannot make one. */
export function leafOf(attribute: Attribute, value: string, policyNamespace: string): Leaf | undefined {
  switch (attribute) {
    case 'source.principal':
      return onPrincipal(principalTest(value));
    case 'source.namespace':
      return onPrincipal(namespaceTest(value));
    case 'source.serviceAccount':
      return onPrincipal(serviceAccountTest(value, policyNamespace));
    case 'source.trustDomain':
      return onPrincipal(trustDomainTest(value));
    case 'destination.port':
      return onPort(value);
    case 'destination.ip':
      return onDestination(value);
    case 'connection.sni':
      return onText(textTest(value), (seen) => seen.sni, 'SniUnknown', false);
    case ':path':
      return onPath(value);
    case ':method':
      return onText(textTest(value), (seen) => seen.method, 'HttpMethodUnknown', true);
    case ':authority':
      return onText(hostTest(value), (seen) => seen.host, 'HttpHostUnknown', true);
    // An Envoy behind HBONE does not see the peer's own address.
    case 'source.ip':
      return unmodelled('SourceIpAtWaypoint', false);
    case 'remote.ip':
      return unmodelled('RemoteIp', false);
    default:
      return prefixed(attribute, value);
  }
}

function prefixed(attribute: Attribute, value: string): Leaf | undefined {
  if (attribute.startsWith('request.headers')) return onHeader(attribute.slice('request.headers'.length), value);
  if (attribute.startsWith('experimental.')) return unmodelled('EnvoyFilterMetadata', false);
  if (attribute.startsWith('request.auth.claims')) {
    return /^\[.*\]$/s.test(attribute.slice('request.auth.claims'.length)) ? ON_CLAIMS : undefined;
  }
  return ON_CLAIMS;
}

/** Without a token there is nothing that could match, not even `*`. */
const ON_CLAIMS: Leaf = { httpOnly: true, test: ({ claims }) => (claims === 'none' ? false : 'JwtClaims') };

function unmodelled(name: string, httpOnly: boolean): Leaf {
  return { httpOnly, test: () => name };
}

/** A peer without identity has nothing to match. */
function onPrincipal(test: TextTest): Leaf {
  return { httpOnly: false, test: ({ principal }) => principal !== undefined && test(principal) };
}

function onPort(value: string): Leaf | undefined {
  const wanted = parsePort(value);
  return wanted === undefined
    ? undefined
    : { httpOnly: false, test: ({ port }) => (port === undefined ? 'PortUnknown' : port === wanted) };
}

function onDestination(value: string): Leaf | undefined {
  const block = parseBlock(value);
  return (
    block && {
      httpOnly: false,
      test: ({ destinationIp }) => (destinationIp ? contains(block, destinationIp) : 'DestinationIpUnknown'),
    }
  );
}

function onText(test: TextTest, read: (seen: Seen) => string | undefined, unknown: string, httpOnly: boolean): Leaf {
  return {
    httpOnly,
    test: (seen) => {
      const text = read(seen);
      return text === undefined ? unknown : test(text);
    },
  };
}

/** Hosts ignore case; a port in the host is part of it, so that `:80` slips past `notHosts`. */
function hostTest(value: string): TextTest {
  const test = textTest(value.toLowerCase());
  return (host) => test(host.toLowerCase());
}

function onPath(value: string): Leaf {
  const test = hasTemplate(value) ? pathTemplateTest(value) : textTest(value);
  if (!test) return unmodelled('InvalidPathTemplate', true);
  return onText(test, (seen) => seen.path, 'HttpPathUnknown', true);
}

function onHeader(bracketed: string, value: string): Leaf | undefined {
  if (!bracketed.startsWith('[') || !bracketed.endsWith(']')) return undefined;
  const name = bracketed.slice(1, -1).toLowerCase();
  const test = textTest(value);
  switch (name) {
    case ':method':
      return onText(test, (seen) => seen.method, 'HttpMethodUnknown', true);
    case ':path':
      return onText(test, (seen) => seen.rawPath, 'HttpPathUnknown', true);
    case ':authority':
    case 'host':
      return onText(test, (seen) => seen.host, 'HttpHostUnknown', true);
    case ':scheme':
      return unmodelled('HttpSchemeUnknown', true);
    default:
      // An empty value counts as no header.
      return {
        httpOnly: true,
        test: ({ headers }) => {
          const text = headers ? headers.get(name) : 'HttpHeadersUnknown';
          return headers ? text !== undefined && text !== '' && test(text) : 'HttpHeadersUnknown';
        },
      };
  }
}
