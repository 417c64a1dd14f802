// How often a server that died is started again: three times in five minutes, each time after a longer wait.
// Pure; knows no editor.

const WINDOW_MS = 5 * 60_000;
const WAITS_MS = [500, 2_000, 8_000];

export class Restarts {
  private begun: number[] = [];

  /** The wait before the next start, or nothing when a person has to decide. */
  next(now: number): number | undefined {
    this.begun = this.begun.filter((at) => now - at < WINDOW_MS);
    const wait = WAITS_MS[this.begun.length];
    if (wait !== undefined) this.begun.push(now);
    return wait;
  }

  /** A person started it: what was before does not count. */
  forget(): void {
    this.begun = [];
  }
}
