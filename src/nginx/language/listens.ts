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
  const parts = /^(?:(?<address>\[[^\]]*\]|[^:]*?)(?::|$))?(?:(?<first>\d+)(?:-(?<last>\d+))?)?$/.exec(
    value,
  )?.groups;
  if (parts === undefined) return [];
  const isPortAlone = /^\d+(?:-\d+)?$/.test(value);
  const [first, last] = isPortAlone ? value.split('-') : [parts['first'], parts['last']];
  const address = isPortAlone ? '*' : (parts['address'] ?? '*') || '*';
  const from = first === undefined ? defaultPort : Number(first);
  const to = last === undefined ? from : Number(last);
  if (from < 1 || to > 65_535 || to < from) return [];
  const count = Math.min(to - from + 1, mostPorts);
  return Array.from({ length: count }, (_, index) => ({ address, port: from + index, ...flags }));
}

/** What makes two `listen`s one socket: the wildcard has several spellings. */
export function socketOf(listen: Listen): string {
  const address = listen.address === '0.0.0.0' ? '*' : listen.address.toLowerCase();
  return `${address}:${listen.port}${listen.quic ? '/udp' : ''}`;
}
