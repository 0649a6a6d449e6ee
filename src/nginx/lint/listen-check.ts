/** Sockets that nginx would refuse to share. */
import { listensOf, socketOf } from '../language/listens.ts';
import { type Directive, positionOf } from '../language/syntax-tree.ts';
import type { Scope } from '../language/walk.ts';
import type { Check } from './finding.ts';

export const listenCheck: Check = (_configuration, report) => {
  const defaults = new Map<string, Directive>();
  /** Of the server that is being read: servers do not hold each other. */
  const own = new Map<string, Directive>();
  let server: Scope | undefined;
  return {
    directive: (directive, scope) => {
      if (directive.name !== 'listen' || scope.context !== 'server') return;
      if (scope !== server) own.clear();
      server = scope;
      for (const listen of listensOf(directive, 80)) {
        const socket = socketOf(listen);
        const same = own.get(socket);
        own.set(socket, same ?? directive);
        if (same !== undefined) {
          report.at(
            directive,
            'duplicate',
            `a duplicate listen ${socket}: this server listens there already, ${placeOf(same)}`,
          );
          continue;
        }
        if (!listen.isDefault) continue;
        const other = defaults.get(socket);
        if (other !== undefined)
          report.at(
            directive,
            'duplicate',
            `a duplicate default server for ${socket}: the other is ${placeOf(other)}`,
          );
        else defaults.set(socket, directive);
      }
    },
  };
};

function placeOf(directive: Directive): string {
  const { file, line } = positionOf(directive);
  return `${file}:${line}`;
}
