/** Where to look for a served certificate: listen addresses and server names made into handshakes. */
import { isIP } from 'node:net';
import type { KeyAlgorithm } from './leaf.ts';

/** One `listen` of a server that has the certificate. */
export interface ListenAddress {
  /** As nginx resolved it: an address, `*`, a name, or `unix:PATH`. */
  readonly address: string;
  readonly port: number;
  readonly ssl: boolean;
  readonly quic: boolean;
  readonly proxyProtocol: boolean;
  readonly rejectHandshake: boolean;
  /** The server answers at this address when the client names none. */
  readonly defaultServer: boolean;
}

/** One handshake to make. */
export interface HandshakeTarget {
  readonly host: string;
  readonly port: number;
  /** Sent to the server (SNI); without it the default server of the address answers. */
  readonly serverName?: string;
  readonly proxyProtocol: boolean;
  /** Which of the server's certificates to ask for. */
  readonly algorithm: KeyAlgorithm;
}

/** A place where the certificate is served and that cannot be looked at, with the reason. */
export interface Unreachable {
  readonly unreachable: string;
}

/** More names of one address than these are not asked: they would say the same. */
const mostNames = 8;

/**
 * A handshake for each address and name of a server; `names` without wildcards (made concrete by the caller) and regular
 * expressions. What cannot be looked at comes as `Unreachable`.
 */
export function handshakeTargets(
  listens: readonly ListenAddress[],
  names: readonly string[],
  algorithm: KeyAlgorithm,
): readonly (HandshakeTarget | Unreachable)[] {
  return listens.flatMap((listen) => targetsAt(listen, names, algorithm));
}

function targetsAt(
  listen: ListenAddress,
  names: readonly string[],
  algorithm: KeyAlgorithm,
): readonly (HandshakeTarget | Unreachable)[] {
  const place = `${listen.address}:${listen.port}`;
  if (listen.address.startsWith('unix:')) return [{ unreachable: `${listen.address} is a Unix socket` }];
  if (listen.quic) return [{ unreachable: `${place} speaks QUIC` }];
  if (!listen.ssl) return [];
  if (listen.rejectHandshake) return [{ unreachable: `${place} rejects handshakes (ssl_reject_handshake)` }];
  const { port, proxyProtocol } = listen;
  const base = { host: hostOf(listen.address), port, proxyProtocol, algorithm };
  const asked = names.filter(isServerName).slice(0, mostNames);
  if (asked.length > 0) return asked.map((serverName) => ({ ...base, serverName }));
  if (listen.defaultServer) return [base];
  return [{ unreachable: `the server at ${place} has no name that a client could ask for` }];
}

/** Where to connect for a listen address: a wildcard is reached through the loopback address of its family. */
function hostOf(address: string): string {
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  if (bare === '*' || bare === '0.0.0.0' || bare === '') return '127.0.0.1';
  return isIP(bare) === 6 && /^[0:]+$/.test(bare) ? '::1' : bare;
}

/** What a client may send as a server name: a host name, and no address. */
function isServerName(name: string): boolean {
  return isIP(name) === 0 && /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/i.test(name) && name !== '_';
}
