/** Certificates with their keys, and where each is served. */
import type { ListenAddress } from '../certificates/targets.ts';
import { type Listen, listensOf } from './listens.ts';
import { certificateDirectives } from './named-file-table.ts';
import type { Configuration } from './read-configuration.ts';
import { resolveName } from './resolve-name.ts';
import { mostNames, type ServedAt, type Server, servedAt, socketsOf } from './sockets.ts';
import { type Directive, type Position, positionOf } from './syntax-tree.ts';
import type { Scope } from './walk.ts';

export type { ServedAt } from './sockets.ts';

export interface CertificatePair {
  readonly certificate: PairedFile;
  readonly key: PairedFile;
  /** `client`: nginx shows it to others (`proxy_ssl_certificate`); it is served nowhere. */
  readonly purpose: 'server' | 'client';
  /** The servers that have it; those with the same addresses are one. Addresses and names of two must not be mixed. */
  readonly served: readonly ServedAt[];
}

export interface PairedFile {
  /** Absolute and normalised. */
  readonly path: string;
  /** Of the directive that names it. */
  readonly position: Position;
}

/** What a block itself says; what it inherits is known only at the end of the configuration. */
interface Block {
  /** By prefix: '' for `ssl_certificate`, `proxy_` for `proxy_ssl_certificate`. */
  readonly certificates: Map<string, Directive[]>;
  readonly keys: Map<string, Directive[]>;
  readonly listens: Listen[];
  readonly names: string[];
  sslOn?: boolean;
  rejectHandshake?: boolean;
  /** Lua chooses the certificate when a client comes. */
  choosesByLua?: boolean;
}

interface KnownPair {
  readonly certificate: PairedFile;
  readonly key: PairedFile;
  readonly purpose: CertificatePair['purpose'];
  readonly served: Map<string, { readonly listens: readonly ListenAddress[]; readonly names: string[] }>;
}

/** What an http server without any `listen` has, where nginx is started by root. */
const standardListen: Listen = {
  address: '*',
  port: 80,
  ssl: false,
  quic: false,
  proxyProtocol: false,
  isDefault: false,
};

export class PairCollector {
  readonly #configuration: Configuration;
  readonly #blocks = new Map<Scope, Block>();
  readonly #servers: Scope[] = [];
  readonly #pairs = new Map<string, KnownPair>();

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  add(directive: Directive, scope: Scope): void {
    const { name, args } = directive;
    switch (name) {
      case 'listen':
        this.#block(scope).listens.push(...listensOf(directive, scope.context === 'server' ? 80 : 0));
        break;
      case 'server_name':
        this.#block(scope).names.push(...args);
        break;
      case 'ssl':
        this.#block(scope).sslOn = isOn(directive);
        break;
      case 'ssl_reject_handshake':
        this.#block(scope).rejectHandshake = isOn(directive);
        break;
      case 'ssl_certificate_by_lua_block':
      case 'ssl_certificate_by_lua_file':
        this.#block(scope).choosesByLua = true;
        break;
      default: {
        const which = certificateDirectives.get(name);
        if (which === undefined) return;
        const block = this.#block(scope);
        const lists = which.isKey ? block.keys : block.certificates;
        const list = lists.get(which.client);
        if (list === undefined) lists.set(which.client, [directive]);
        else list.push(directive);
      }
    }
  }

  close(scope: Scope): void {
    const { context } = scope;
    if (context === 'server' || context === 'stream server' || context === 'mail server')
      this.#servers.push(scope);
  }

  /** To be called once, at the end. */
  pairs(): readonly CertificatePair[] {
    const servers = new Map(this.#servers.map((scope) => [scope, this.#server(scope)]));
    const sockets = socketsOf([...servers.values()]);
    for (const [scope, server] of servers) {
      const pairs = this.#inForce(scope, '', 'server');
      if (pairs.length === 0 || this.#inherited(scope, 'choosesByLua') === true) continue;
      const at = servedAt(server, sockets);
      const key = JSON.stringify(at.listens);
      for (const { served } of pairs) {
        const known = served.get(key);
        if (known === undefined) served.set(key, { listens: at.listens, names: [...at.names] });
        else known.names.push(...at.names.slice(0, mostNames - known.names.length));
      }
    }
    for (const [scope, block] of this.#blocks)
      for (const client of block.certificates.keys())
        if (client !== '') this.#inForce(scope, client, 'client');
    return [...this.#pairs.values()].map((pair) => ({ ...pair, served: [...pair.served.values()] }));
  }

  #server(scope: Scope): Server {
    const block = this.#blocks.get(scope);
    const listens = block?.listens ?? [];
    const isStandard = listens.length === 0 && scope.context === 'server';
    const withSsl = this.#inherited(scope, 'sslOn') === true;
    return {
      listens: (isStandard ? [standardListen] : listens).map((listen) =>
        withSsl ? { ...listen, ssl: true } : listen,
      ),
      names: block?.names ?? [],
      rejectHandshake: this.#inherited(scope, 'rejectHandshake') === true,
    };
  }

  /** The pairs in force in a block, by their order: its own, or else those of the blocks around it. */
  #inForce(scope: Scope, client: string, purpose: CertificatePair['purpose']): readonly KnownPair[] {
    const certificates = this.#listInForce(scope, 'certificates', client);
    const keys = this.#listInForce(scope, 'keys', client);
    return certificates.flatMap((directive, index) => {
      const certificate = this.#named(directive);
      const key = this.#named(keys[index]);
      if (certificate === undefined || key === undefined) return [];
      const id = `${purpose}\0${certificate.path}\0${key.path}`;
      const known: KnownPair = this.#pairs.get(id) ?? { certificate, key, purpose, served: new Map() };
      this.#pairs.set(id, known);
      return [known];
    });
  }

  #named(directive: Directive | undefined): PairedFile | undefined {
    if (directive === undefined) return undefined;
    const resolved = resolveName(this.#configuration, directive.args[0] ?? '', 'conf');
    return 'path' in resolved ? { path: resolved.path, position: positionOf(directive) } : undefined;
  }

  #listInForce(scope: Scope, which: 'certificates' | 'keys', client: string): readonly Directive[] {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      const list = this.#blocks.get(at)?.[which].get(client);
      if (list !== undefined) return list;
    }
    return [];
  }

  #inherited(scope: Scope, what: 'sslOn' | 'rejectHandshake' | 'choosesByLua'): boolean | undefined {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      const value = this.#blocks.get(at)?.[what];
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #block(scope: Scope): Block {
    const known = this.#blocks.get(scope);
    if (known !== undefined) return known;
    const block: Block = { certificates: new Map(), keys: new Map(), listens: [], names: [] };
    this.#blocks.set(scope, block);
    return block;
  }
}

function isOn({ args }: Directive): boolean {
  return args[0]?.toLowerCase() === 'on';
}
