/** Which directives name files, and how nginx finds and opens each. */

export type FileRole =
  | 'certificate'
  | 'certificate-key'
  | 'ca'
  | 'crl'
  | 'dhparam'
  | 'ticket-key'
  | 'password'
  | 'ocsp'
  | 'htpasswd'
  | 'lua'
  | 'js'
  | 'geo'
  | 'include'
  | 'module'
  | 'other';

export interface FileDirective {
  readonly role: FileRole;
  /**
   * Where a relative name starts: the directory of the configuration file, nginx's own prefix (`-p`), or the directory in
   * which nginx was started. A test asks nginx for each.
   */
  readonly base: 'conf' | 'server' | 'started';
  /** Which argument, from 0. */
  readonly argument: number;
  /** nginx opens it (again) after it has loaded the configuration: when a request or a new worker needs it. */
  readonly isLate: boolean;
  readonly isDirectory: boolean;
}

interface CertificateDirective {
  /** `proxy_`, `grpc_` …; empty for a server's own. */
  readonly client: string;
  readonly isKey: boolean;
}

const atLoad = { base: 'conf', argument: 0, isLate: false, isDirectory: false } as const;

/** Prefixes of the directives by which some module makes TLS connections of its own. */
const tlsClients = ['proxy', 'grpc', 'uwsgi', 'zone_sync', 'lua'] as const;

/** Certificates and keys: `ssl_certificate` of servers, `proxy_ssl_certificate` and its like of clients. */
export const certificateDirectives: ReadonlyMap<string, CertificateDirective> = new Map(
  ['', ...tlsClients.map((client) => `${client}_`)].flatMap(
    (client): readonly (readonly [string, CertificateDirective])[] => [
      [`${client}ssl_certificate`, { client, isKey: false }],
      [`${client}ssl_certificate_key`, { client, isKey: true }],
    ],
  ),
);

const table: ReadonlyMap<string, FileDirective> = new Map<string, FileDirective>([
  ...[...certificateDirectives].map(([name, { isKey }]): readonly [string, FileDirective] => [
    name,
    { ...atLoad, role: isKey ? 'certificate-key' : 'certificate' },
  ]),
  ...['', ...tlsClients.map((client) => `${client}_`)].flatMap(
    (client): readonly (readonly [string, FileDirective])[] => [
      [`${client}ssl_trusted_certificate`, { ...atLoad, role: 'ca' }],
      [`${client}ssl_crl`, { ...atLoad, role: 'crl' }],
      [`${client}ssl_password_file`, { ...atLoad, role: 'password' }],
    ],
  ),
  ['ssl_client_certificate', { ...atLoad, role: 'ca' }],
  ['js_fetch_trusted_certificate', { ...atLoad, role: 'ca' }],
  ['ssl_dhparam', { ...atLoad, role: 'dhparam' }],
  ['ssl_session_ticket_key', { ...atLoad, role: 'ticket-key' }],
  ['quic_host_key', { ...atLoad, role: 'other' }],
  ['ssl_ech_file', { ...atLoad, role: 'other' }],
  ['ssl_stapling_file', { ...atLoad, role: 'ocsp' }],
  ['auth_basic_user_file', { ...atLoad, role: 'htpasswd', isLate: true }],
  ['auth_jwt_key_file', { ...atLoad, role: 'other', isLate: true }],
  ['geoip_country', { ...atLoad, role: 'geo' }],
  ['geoip_city', { ...atLoad, role: 'geo' }],
  ['geoip_org', { ...atLoad, role: 'geo' }],
  ['geoip2', { ...atLoad, role: 'geo', base: 'started' }],
  ['xml_entities', { ...atLoad, role: 'other', base: 'started' }],
  ['xslt_stylesheet', { ...atLoad, role: 'other', base: 'server' }],
  ['load_module', { ...atLoad, role: 'module', base: 'server' }],
  ['js_path', { ...atLoad, role: 'js', isDirectory: true }],
  ['perl_modules', { ...atLoad, role: 'other', base: 'server', isDirectory: true }],
  ['root', { ...atLoad, role: 'other', base: 'server', isLate: true, isDirectory: true }],
  ['alias', { ...atLoad, role: 'other', base: 'server', isLate: true, isDirectory: true }],
  ['working_directory', { ...atLoad, role: 'other', base: 'started', isLate: true, isDirectory: true }],
]);

/** How the directive `name` names a file; undefined when it names none, or in a way of its own (`js_import`, `include`). */
export function fileDirective(name: string): FileDirective | undefined {
  const known = table.get(name);
  if (known !== undefined || !name.endsWith('_by_lua_file')) return known;
  return {
    role: 'lua',
    base: 'server',
    // set_by_lua_file has the variable first.
    argument: name === 'set_by_lua_file' ? 1 : 0,
    isLate: name !== 'init_by_lua_file',
    isDirectory: false,
  };
}
