import { isIP, isIPv4, isIPv6 } from 'node:net';

/** The string formats that a CRD's schema may ask for. An unknown format is not judged. */
export function formatIsValid(format: string, value: string): boolean {
  const judge = FORMATS[format];
  return judge ? judge(value) : true;
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[-+]\d{2}:?\d{2})$/;
const DURATION = /^(?:-?\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w))+$/;

const FORMATS: Readonly<Record<string, (value: string) => boolean>> = {
  'date-time': (value) => DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)),
  date: (value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)),
  duration: (value) => DURATION.test(value) || value === '0',
  email: (value) => /^[^@\s]+@[^@\s]+$/.test(value),
  hostname: (value) =>
    value.length <= 255 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i.test(value),
  ipv4: isIPv4,
  ipv6: isIPv6,
  ip: (value) => isIP(value) !== 0,
  cidr: isCidr,
  uri: (value) => URL.canParse(value) || value.startsWith('/'),
  uuid: (value) => UUID.test(value),
  byte: (value) => /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0,
  mac: (value) => /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(value),
};

export function isCidr(value: string): boolean {
  const [address = '', bits = '', ...rest] = value.split('/');
  const version = isIP(address);
  return rest.length === 0 && version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}
