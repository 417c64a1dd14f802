// When the page is painted: at most 20 times a second, and only while there is something to paint.

const INTERVAL_MS = 50;

export class Painter {
  private readonly waiting = new Set<() => void>();
  private scheduled = false;
  private paintedAt = 0;

  constructor(private readonly clock: () => number = () => performance.now()) {}

  /** Has a job done with the next painting; the same job once, however often it is asked for. */
  request(job: () => void): void {
    this.waiting.add(job);
    if (this.scheduled) return;
    this.scheduled = true;
    const wait = Math.max(0, this.paintedAt + INTERVAL_MS - this.clock());
    setTimeout(() => requestAnimationFrame(() => this.paint()), wait);
  }

  private paint(): void {
    this.scheduled = false;
    this.paintedAt = this.clock();
    const jobs = [...this.waiting];
    this.waiting.clear();
    for (const job of jobs) job();
  }
}
