import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';

/** Addresses with commas between them, as the kubelet writes status.podIPs into a variable. */
export function addressList(text: string): readonly string[] {
  const all = text.split(',').filter((each) => each !== '');
  const wrong = all.find((each) => isIP(each) === 0);
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is no IPv4 or IPv6 address.`);
  return all;
}

export function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('A port from 1 to 65535.');
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('A number above 0.');
}
