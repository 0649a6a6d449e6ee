/** Sockets that nginx would refuse to share. */
import { listensOf, socketOf } from '../language/listens.ts';
import { type Directive, positionOf } from '../language/syntax-tree.ts';
import type { Scope } from '../language/walk.ts';
import type { Check } from './finding.ts';

export const listenCheck: Check = (_configuration, report) => {
  const defaults = new Map<string, Directive>();
  const ownSockets = new Map<Scope, Map<string, Directive>>();
  return {
    directive: (directive, scope) => {
      if (directive.name !== 'listen' || scope.context !== 'server') return;
      for (const listen of listensOf(directive, 80)) {
        const socket = socketOf(listen);
        const own = ownSockets.get(scope) ?? new Map<string, Directive>();
        ownSockets.set(scope, own);
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
    close: (scope) => {
      ownSockets.delete(scope);
    },
  };
};

function placeOf(directive: Directive): string {
  const { file, line } = positionOf(directive);
  return `${file}:${line}`;
}
