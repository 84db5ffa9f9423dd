// Names of ports: the IANA service names of RFC 6335.

const SERVICE_NAME = /^(?:[a-zA-Z0-9]-?)*[a-zA-Z](?:-?[a-zA-Z0-9])*$/;
const CONTAINER_PORT_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

/** A service name of any case: 1 to 15 characters, at least one letter, no leading, trailing or double dash. */
export function isServiceName(name: string): boolean {
  return name.length > 0 && name.length <= 15 && SERVICE_NAME.test(name);
}

/** What Kubernetes takes as the name of a container's port: a service name in lower case. */
export function isContainerPortName(name: string): boolean {
  return name.length <= 15 && CONTAINER_PORT_NAME.test(name) && /[a-z]/.test(name) && !name.includes('--');
}
