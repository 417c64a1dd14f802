// What a link to a file means: a path and a line. Pure.

export interface FileLink {
  path: string;
  /** From 1. */
  line: number;
}

/** `path`, `path:12`, `path:12:3`, `path#L12`, `file:///path`; nothing for other schemes. */
export function fileLink(href: string): FileLink | undefined {
  let path = href;
  if (/^file:\/\//i.test(path)) path = path.replace(/^file:\/\/(localhost)?/i, '');
  else if (/^[a-z][a-z0-9+.-]+:(?!\d)/i.test(path)) return undefined;
  const place = /(?::(\d+)(?::\d+)?|#L(\d+)(?:-L?\d+)?)$/.exec(path);
  if (place) path = path.slice(0, place.index);
  try {
    path = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (path === '' || path.startsWith('#') || path.startsWith('//') || path.includes('\0')) return undefined;
  return { path, line: Number(place?.[1] ?? place?.[2] ?? 1) };
}
