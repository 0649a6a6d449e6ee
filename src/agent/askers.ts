import type { RequestTrigger } from './schedule/state.ts';

/** What somebody who asked is told. */
export interface Answer {
  /** A verdict, or a word for why there is none. */
  readonly outcome: string;
  readonly message: string;
  /** nginx's own lines. */
  readonly lines: readonly string[];
}

interface Asker {
  readonly trigger: RequestTrigger;
  looked: boolean;
  readonly answer: (answer: Answer) => void;
}

/**
 * Those who wait for the outcome of a reload that they asked for. It follows the schedule's requests step by step: a
 * request is served by the first attempt that begins after a look made for it.
 */
export class Askers {
  #waiting: Asker[] = [];
  #served: Asker[] = [];

  add(trigger: RequestTrigger): Promise<Answer> {
    return new Promise((answer) => {
      this.#waiting.push({ trigger, looked: false, answer });
    });
  }

  looked(): void {
    for (const asker of this.#waiting) asker.looked = true;
  }

  /** An attempt begins: it serves everybody who was looked for. */
  started(): void {
    this.#served = this.#waiting.filter((asker) => asker.looked);
    this.#waiting = this.#waiting.filter((asker) => !asker.looked);
  }

  finished(answer: Answer): void {
    for (const asker of this.#served) asker.answer(answer);
    this.#served = [];
  }

  /** Nothing can be done for those who were looked for. */
  declined(answer: Answer): void {
    this.started();
    this.finished(answer);
  }

  /** The look itself failed, or the agent ends: nobody is left waiting. */
  dismiss(answer: Answer): void {
    for (const asker of [...this.#waiting, ...this.#served]) asker.answer(answer);
    this.#waiting = [];
    this.#served = [];
  }
}
