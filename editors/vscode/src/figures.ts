// Figures and times as a person reads them. Pure; used by the extension and its webviews.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in one or two words. */
export function age(then: number, now: number): string {
  const past = Math.max(0, now - then);
  if (past < MINUTE) return 'now';
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min`;
  if (past < DAY) return `${Math.floor(past / HOUR)} h`;
  if (past < 14 * DAY) return `${Math.floor(past / DAY)} d`;
  return new Date(then).toISOString().slice(0, 10);
}

/** How long something took. */
export function duration(millis: number): string {
  if (millis < 1_000) return `${Math.max(0, Math.round(millis))} ms`;
  if (millis < 10_000) return `${(millis / 1_000).toFixed(1)} s`;
  if (millis < MINUTE) return `${Math.round(millis / 1_000)} s`;
  return `${Math.floor(millis / MINUTE)} min ${Math.round((millis % MINUTE) / 1_000)} s`;
}

/** A count, shortened: 950, 12.3k, 4.5M. */
export function count(value: number): string {
  if (value < 1_000) return String(Math.round(value));
  if (value < 99_950) return `${trimmed(value / 1_000)}k`;
  if (value < 999_500) return `${Math.round(value / 1_000)}k`;
  return `${trimmed(value / 1_000_000)}M`;
}

/** A size in bytes. */
export function size(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_024 * 1_024) return `${trimmed(bytes / 1_024)} KiB`;
  return `${trimmed(bytes / 1_024 / 1_024)} MiB`;
}

/** US dollars; nothing where no price is known. */
export function cost(dollars: number): string {
  if (dollars <= 0) return '';
  return dollars < 0.01 ? '< $0.01' : `$${dollars.toFixed(2)}`;
}

export function percent(part: number, whole: number): string {
  return whole > 0 ? `${Math.round((part / whole) * 100)} %` : '–';
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}
