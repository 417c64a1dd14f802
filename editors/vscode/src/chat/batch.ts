// Gathers what comes in quick succession and passes it on together, at most so many times a second. Pure but for the
// timer.

export class Batch<T> {
  private waiting: T[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private passedAt = 0;

  constructor(
    private readonly pass: (items: T[]) => void,
    private readonly intervalMs: number,
  ) {}

  add(item: T): void {
    this.waiting.push(item);
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.passedAt + this.intervalMs - Date.now());
    this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Forgets what waits. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = [];
  }

  /** Passes on what waits. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    this.passedAt = Date.now();
    const items = this.waiting;
    this.waiting = [];
    this.pass(items);
  }
}
