/** New values that people write somewhere to ask for something, each of which asks once. */

export interface TokenRequest {
  readonly action: 'reload' | 'reopen-logs';
  readonly value: string;
  /** The object that the annotation stands on, where the API told of it. */
  readonly on?: 'Config' | 'Pod';
  /** What became of it. */
  readonly answered?: (outcome: string) => void;
}

export interface Tokens {
  /** Files in which new values appear. */
  readonly paths: readonly string[];
  /** Values that were not acted upon yet; noted as acknowledged before they are returned. */
  fresh(): readonly TokenRequest[];
}
