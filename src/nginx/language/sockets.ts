/** Which servers listen where, and by which names a client reaches each. */
import type { ListenAddress } from '../certificates/targets.ts';
import { type Listen, socketOf } from './listens.ts';

export interface Server {
  readonly listens: readonly Listen[];
  /** As in `server_name`. */
  readonly names: readonly string[];
  readonly rejectHandshake: boolean;
}

/** Where a certificate is served. */
export interface ServedAt {
  readonly listens: readonly ListenAddress[];
  /**
   * Names by which a client reaches exactly this server at every one of these addresses, wildcards made concrete, at most
   * 16. Not among them: regular expressions, and names that another server has at the same address.
   */
  readonly names: readonly string[];
}

export const mostNames = 16;

export function servedAt(server: Server, sockets: ReadonlyMap<string, Socket>): ServedAt {
  const names = new Set<string>();
  for (const name of server.names) {
    const isOwn = server.listens.every(
      (listen) => sockets.get(socketOf(listen))?.owners.get(name.toLowerCase()) === server,
    );
    const concrete = concreteName(name);
    if (isOwn && concrete !== undefined && names.size < mostNames) names.add(concrete);
  }
  return {
    listens: server.listens.map((listen) => listenAddress(listen, server, sockets)),
    names: [...names],
  };
}

/** One address and port with all servers that listen there: some settings of one server count for all. */
export interface Socket {
  ssl: boolean;
  proxyProtocol: boolean;
  defaultServer: Server;
  hasExplicitDefault: boolean;
  /** The first server that claims a name has it; nginx ignores it in the others, with a warning. */
  readonly owners: Map<string, Server>;
}

export function socketsOf(servers: readonly Server[]): ReadonlyMap<string, Socket> {
  const sockets = new Map<string, Socket>();
  for (const server of servers) {
    for (const listen of server.listens) {
      const id = socketOf(listen);
      const socket = sockets.get(id) ?? {
        ssl: false,
        proxyProtocol: false,
        defaultServer: server,
        hasExplicitDefault: false,
        owners: new Map<string, Server>(),
      };
      sockets.set(id, socket);
      socket.ssl ||= listen.ssl;
      socket.proxyProtocol ||= listen.proxyProtocol;
      if (listen.isDefault && !socket.hasExplicitDefault) {
        socket.defaultServer = server;
        socket.hasExplicitDefault = true;
      }
      for (const name of server.names) {
        const lower = name.toLowerCase();
        if (!socket.owners.has(lower)) socket.owners.set(lower, server);
      }
    }
  }
  return sockets;
}

function listenAddress(listen: Listen, server: Server, sockets: ReadonlyMap<string, Socket>): ListenAddress {
  const socket = sockets.get(socketOf(listen));
  const isWildcard = listen.address === '*' || listen.address === '0.0.0.0';
  // Another socket takes the usual loopback address away from the wildcard; the rest of 127.0.0.0/8 still reaches it.
  const isShadowed = isWildcard && sockets.has(socketOf({ ...listen, address: '127.0.0.1' }));
  return {
    address: isShadowed ? '127.0.0.2' : listen.address,
    port: listen.port,
    ssl: socket?.ssl ?? listen.ssl,
    quic: listen.quic,
    proxyProtocol: socket?.proxyProtocol ?? listen.proxyProtocol,
    rejectHandshake: server.rejectHandshake,
    defaultServer: socket?.defaultServer === server,
  };
}

/** A name that a client could send to get to the server with this `server_name`. */
function concreteName(name: string): string | undefined {
  if (name === '' || name.startsWith('~') || name.includes('$')) return undefined;
  if (name.startsWith('*.')) return `steward-probe${name.slice(1)}`;
  if (name.startsWith('.')) return name.slice(1);
  return name.endsWith('.*') ? `${name.slice(0, -1)}steward-probe` : name;
}
