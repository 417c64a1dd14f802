local check = require('check')
local measure = require('agentls.measure')

return {
  ['figures are short'] = function()
    check.equal(measure.count(999), '999')
    check.equal(measure.count(12345), '12.3k')
    check.equal(measure.count(999999), '1.0M')
    check.equal(measure.bytes(1023), '1023 B')
    check.equal(measure.bytes(8600), '8.4 KiB')
    check.equal(measure.duration(12), '12 ms')
    check.equal(measure.duration(1234), '1.2 s')
    check.equal(measure.duration(61000), '1 min 1 s')
    check.equal(measure.share(1, 3), '33 %')
    check.equal(measure.share(0, 0), '–')
    check.equal(measure.cost(0), '')
    check.equal(measure.cost(0.001), '<$0.01')
    check.equal(measure.cost(1.5), '$1.50')
  end,

  ['an age is told in the largest unit that fits'] = function()
    local minute = 60000
    for _, row in ipairs({ { 0, 'now' }, { 5, '5 min' }, { 180, '3 h' }, { 47 * 60, '47 h' }, { 12 * 1440, '12 d' }, { 800 * 1440, '2 y' } }) do
      check.equal(measure.age(0, row[1] * minute), row[2])
    end
  end,
}
