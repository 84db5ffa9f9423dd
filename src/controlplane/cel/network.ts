import { BlockList, isIP, isIPv4 } from 'node:net';
import { type CelFunc, celFunc, celMethod, CelScalar } from '@bufbuild/cel';
import { isCidr } from '../schema/formats.ts';

const { STRING, BOOL, INT } = CelScalar;

/** Addresses and networks. `ip()` and `cidr()` yield checked text, on which the methods work. */
export function networkFunctions(): CelFunc[] {
  return [
    celFunc('isIP', [STRING], BOOL, (text) => isIP(text) !== 0),
    celFunc('ip', [STRING], STRING, (text) => checked(text, isIP(text) !== 0, 'IP address')),
    celFunc('isCIDR', [STRING], BOOL, isCidr),
    celFunc('cidr', [STRING], STRING, (text) => checked(text, isCidr(text), 'CIDR')),
    celMethod('family', STRING, [], INT, function family() {
      return isIPv4(this.split('/')[0] ?? '') ? 4n : 6n;
    }),
    celMethod('isUnspecified', STRING, [], BOOL, function isUnspecified() {
      return this === '0.0.0.0' || this === '::';
    }),
    celMethod('isLoopback', STRING, [], BOOL, function isLoopback() {
      return inside(this, '127.0.0.0/8') || this === '::1';
    }),
    celMethod('isLinkLocalUnicast', STRING, [], BOOL, function isLinkLocalUnicast() {
      return inside(this, '169.254.0.0/16') || inside(this, 'fe80::/10');
    }),
    celMethod('prefixLength', STRING, [], INT, function prefixLength() {
      return BigInt(this.split('/')[1] ?? '0');
    }),
    celMethod('containsIP', STRING, [STRING], BOOL, function containsIP(address) {
      return inside(address, this);
    }),
    celMethod('containsCIDR', STRING, [STRING], BOOL, function containsCIDR(network) {
      const [address = '', bits = '0'] = network.split('/');
      return Number(bits) >= Number(this.split('/')[1]) && inside(address, this);
    }),
  ];
}

function checked(text: string, valid: boolean, what: string): string {
  if (!valid) throw new Error(`${what} ${JSON.stringify(text)} parse error`);
  return text;
}

function inside(address: string, network: string): boolean {
  const [base = '', bits = '0'] = network.split('/');
  const type = isIPv4(base) ? 'ipv4' : 'ipv6';
  if (isIP(address) === 0 || isIPv4(address) !== isIPv4(base)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), type);
  return list.check(address, type);
}
