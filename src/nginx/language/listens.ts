/** What `listen` says: where a server listens, and how. */
import type { Directive } from './syntax-tree.ts';

export interface Listen {
  /** As written, without the port: an address, `*`, a name, or `unix:PATH`. IPv6 in brackets. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly ssl: boolean;
  readonly quic: boolean;
  readonly proxyProtocol: boolean;
  readonly isDefault: boolean;
}

const mostPorts = 64;

/** The sockets of one `listen`: several for a range of ports, none where it cannot be understood. */
export function listensOf(directive: Directive, defaultPort: number): readonly Listen[] {
  const [value = '', ...parameters] = directive.args;
  const flags = {
    ssl: parameters.includes('ssl'),
    quic: parameters.includes('quic'),
    proxyProtocol: parameters.includes('proxy_protocol'),
    isDefault: parameters.includes('default_server') || parameters.includes('default'),
  };
  if (value.startsWith('unix:')) return [{ address: value, port: 0, ...flags }];
  // The address may be left out, or the port: `80`, `*:80`, `[::]`, `localhost`.
  const colon = value.lastIndexOf(':');
  const hasPort = colon > value.lastIndexOf(']');
  const isPortAlone = !hasPort && /^\d+(?:-\d+)?$/.test(value);
  const ports = isPortAlone ? value : hasPort ? value.slice(colon + 1) : `${defaultPort}`;
  const address = isPortAlone ? '' : hasPort ? value.slice(0, colon) : value;
  const dash = ports.indexOf('-');
  const from = Number(dash === -1 ? ports : ports.slice(0, dash));
  const to = dash === -1 ? from : Number(ports.slice(dash + 1));
  if (!(from >= 1 && to >= from && to <= 65_535)) return [];
  const listens: Listen[] = [];
  for (let port = from; port <= to && listens.length < mostPorts; port++)
    listens.push({ address: address === '' ? '*' : address, port, ...flags });
  return listens;
}

/** What makes two `listen`s one socket: the wildcard has several spellings. */
export function socketOf(listen: Listen): string {
  const address = listen.address === '0.0.0.0' ? '*' : listen.address.toLowerCase();
  return `${address}:${listen.port}${listen.quic ? '/udp' : ''}`;
}
