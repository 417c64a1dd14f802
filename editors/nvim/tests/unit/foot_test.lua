local check = require('check')
local foot = require('agentls.render.foot')
local stream = require('stream')
local transcript = require('agentls.transcript')

local function lines(one, down, now)
  local block = foot.block(one, down, now or 0)
  return block and block.lines
end

return {
  ['nothing stands below a session that rests'] = function()
    check.equal(lines(stream.play('search')), nil)
  end,

  ['a running turn, a wait for a person and a retry say so'] = function()
    local one = transcript.new()
    one.status = { status = 'running' }
    check.equal(lines(one), { '', '◐ Working…' })
    one.status = { status = 'waiting' }
    check.equal(lines(one), { '', '● Waiting for you' })
    one.status = { status = 'retrying', detail = 'rate limited', retry_at = 12000 }
    check.equal(lines(one, nil, 1500), { '', '↻ Waiting for the provider: rate limited, again in 11 s' })
  end,

  ['a todo list stays until all is done'] = function()
    local one = transcript.new()
    one.todo = { { text = 'read', status = 'done' }, { text = 'write', status = 'active' } }
    check.equal(lines(one), { '', 'Todo  1 of 2', '  ☑ read', '  ▶ write' })
    one.todo[2].status = 'dropped'
    check.equal(lines(one), nil)
  end,

  ['of a long todo list a part is shown, with what is not done yet in it'] = function()
    local one = transcript.new()
    for at = 1, 10000 do
      one.todo[at] = { text = 'item ' .. at, status = at < 5000 and 'done' or 'pending' }
    end
    local shown = lines(one)
    check.equal(shown[2], 'Todo  4999 of 10000')
    check.equal({ shown[3], shown[6] }, { '  ☑ item 4997', '  ☐ item 5000' })
    check.equal({ #shown, shown[#shown] }, { 33, '  ⋯ 9970 more' })
    one.todo[10000].status = 'active'
    for at = 1, 9999 do
      one.todo[at].status = 'done'
    end
    shown = lines(one)
    check.equal(shown[#shown - 1], '  ▶ item 10000')
  end,

  ['how a turn ended is said where its messages do not, until the next one'] = function()
    local one = transcript.new()
    one:take_end({ status = 'idle', lastTurn = { stopReason = 'maxTokens' } })
    check.has_line(lines(one), 'as long as the model may write')
    one:take_end({ status = 'idle', lastTurn = { stopReason = 'endTurn' } })
    check.equal(lines(one), nil)
    one:take_end({ status = 'idle', lastTurn = { stopReason = 'cancelled' }, recovered = { note = 'one call was interrupted' } })
    check.equal(lines(one), { '', 'one call was interrupted' })
    one:apply({ eventSeq = 1, update = { kind = 'status', status = 'running' } }, 0)
    check.equal(lines(one), { '', '◐ Working…' })
    one:apply({ eventSeq = 2, update = { kind = 'status', status = 'idle' } }, 0)
    check.equal(lines(one), nil)
    one:apply({ eventSeq = 3, update = { kind = 'recovered', note = 'again' } }, 0)
    check.equal(lines(one), { '', 'again' })
    one:take_end({ status = 'idle', lastTurn = { error = { message = 'no key', cure = 'set it' } } })
    check.equal(lines(one), { '', '✗ no key', '  set it' })
  end,

  ['waiting prompts are listed, but not the one that is being answered'] = function()
    local one = transcript.new()
    one:enter({ id = 'msg_1', seq = 1, role = 'user', createdAt = 0, parts = {} })
    one.queue = { { messageId = 'msg_1', text = 'now' }, { messageId = 'msg_2', text = 'later\nmore' } }
    check.equal(lines(one), { '', '1 waiting  (gq edits them)', '  ⏳ later ⏎ more' })
  end,

  ['a failure stands once'] = function()
    local one = transcript.new()
    one.error = { message = 'no key', cure = 'set it' }
    check.equal(lines(one), { '', '✗ no key', '  set it' })
    one:enter({ id = 'msg_1', seq = 1, role = 'assistant', createdAt = 0, parts = {}, error = { message = 'no key' } })
    check.equal(lines(one), nil)
  end,

  ['a server that is not there is all that counts'] = function()
    local one = transcript.new()
    one.status = { status = 'running' }
    check.equal(lines(one, { message = 'the server ended', cure = ':Agentls start' }), { '', '✗ the server ended', '  :Agentls start', '  <CR> starts it' })
  end,
}
