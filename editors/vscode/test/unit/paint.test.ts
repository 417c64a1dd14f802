// The painter: at most 20 paintings a second, each with everything that was asked for.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { Painter } from '../../src/webview/paint';

test('a burst is painted at once, a stream at most 20 times a second', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let now = 1_000;
  Object.assign(globalThis, { requestAnimationFrame: (job: () => void) => setTimeout(job, 1) });
  const painter = new Painter(() => now);
  let paintings = 0;
  let others = 0;
  const job = () => void (paintings += 1);
  for (let millis = 0; millis < 1_000; millis += 1) {
    if (millis % 16 === 0) {
      painter.request(job);
      painter.request(job);
      painter.request(() => void (others += 1));
    }
    now += 1;
    mock.timers.tick(1);
  }
  mock.timers.reset();
  assert.ok(paintings >= 15 && paintings <= 20, `${paintings} paintings in a second`);
  assert.ok(others >= 60, 'no job is lost');
});
