import { loadState, type State, saveState } from '../publish/state.ts';
import type { Store } from './store.ts';

/** A store in one file; `problem` says that what was there could not be taken over. */
export function openStore(path: string): Store & { readonly problem: string | undefined } {
  const loaded = loadState(path);
  let state = loaded.state;
  return {
    problem: loaded.problem,
    get: () => state,
    update: (change: Partial<State>) => {
      state = { ...state, ...change };
      saveState(path, state);
    },
  };
}
