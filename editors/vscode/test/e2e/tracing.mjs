// What the browser's main threads did, in CPU time: on a busy machine the wall clock tells of the neighbours.

const CATEGORIES = ['toplevel', 'devtools.timeline'];

/** Records until `stop`, which gives the events. */
export async function trace(browser, page) {
  const session = await browser.newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: CATEGORIES },
  });
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    return events;
  };
}

/** The tasks of renderers' main threads: CPU time and wall time in milliseconds, and what they were made of. */
export function tasks(events) {
  const id = ({ pid, tid }) => `${pid}/${tid}`;
  const main = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(id),
  );
  const there = events
    .filter((it) => it.ph === 'X' && it.tdur !== undefined && main.has(id(it)))
    .sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const found = [];
  const open = new Map();
  for (const event of there) {
    const task = open.get(id(event));
    if (task && event.ts < task.until) task.made[event.name] = (task.made[event.name] ?? 0) + event.tdur / 1_000;
    else if (/RunTask$/.test(event.name)) {
      const begun = { cpu: event.tdur / 1_000, wall: event.dur / 1_000, until: event.ts + event.dur, made: {} };
      open.set(id(event), begun);
      found.push(begun);
    }
  }
  return found;
}
