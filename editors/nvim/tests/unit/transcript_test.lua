local check = require('check')
local stream = require('stream')
local transcript = require('agentls.transcript')

local function message(seq, parts)
  return { id = 'msg_' .. seq, sessionId = 'ses_1', seq = seq, role = 'assistant', createdAt = 1, parts = parts or {} }
end

local function text_part(id, text, extra)
  local body = vim.tbl_extend('force', { text = text, bytes = #text, truncated = false }, extra or {})
  return { id = id, messageId = 'msg_1', index = 0, type = 'text', text = body }
end

local function update(seq, content)
  return { sessionId = 'ses_1', eventSeq = seq, update = content }
end

return {
  ['a recorded turn ends as the server has it'] = function()
    local played = stream.play('edit_and_run')
    check.equal(played.status.status, 'idle')
    check.equal(#played.messages, 4)
    local tools = {}
    for _, one in ipairs(played.messages) do
      for _, part in ipairs(one.parts) do
        if part.type == 'tool' then
          tools[#tools + 1] = part.tool .. ' ' .. part.status
        end
      end
    end
    check.equal(tools, { 'edit completed', 'bash completed' })
  end,

  ['deltas are what the final part says'] = function()
    local sums, final = {}, {}
    for _, params in ipairs(stream.read('search')) do
      local one = params.update
      if one.kind == 'partDelta' then
        sums[one.partId .. one.field] = (sums[one.partId .. one.field] or '') .. one.text
      elseif one.kind == 'part' then
        for _, field in ipairs({ 'text', 'input' }) do
          if type(one.part[field]) == 'table' then
            final[one.part.id .. field] = one.part[field].text
          end
        end
      end
    end
    check.is_true(next(sums) ~= nil)
    for key, text in pairs(sums) do
      check.equal(text, final[key])
    end
  end,

  ['messages stand by seq, whatever comes first'] = function()
    local one = transcript.new()
    for _, seq in ipairs({ 5, 2, 9, 1 }) do
      one:enter(message(seq))
    end
    check.equal(vim.tbl_map(function(entry) return entry.seq end, one.messages), { 1, 2, 5, 9 })
    check.equal(one:before(one:message('msg_5')).seq, 2)
    check.equal(one:before(one:message('msg_1')), nil)
  end,

  ['an older page says whether there is more before it'] = function()
    local one = transcript.new()
    one:enter_page({ messages = { message(5), message(6) }, hasBefore = true, hasAfter = false })
    check.equal(one.has_before, true)
    local new = one:enter_page({ messages = { message(3), message(4) }, hasBefore = false, hasAfter = true })
    check.equal(#new, 2)
    check.equal(one.has_before, false)
    -- The newest page once more says nothing about what is before the oldest message.
    one:enter_page({ messages = { message(5), message(6) }, hasBefore = true, hasAfter = false })
    check.equal(one.has_before, false)
  end,

  ['streamed text is not cut by an update that brings only its beginning'] = function()
    local one = transcript.new()
    one:apply(update(1, { kind = 'message', message = message(1, { text_part('prt_1', '') }) }), 0)
    one:apply(update(2, { kind = 'partDelta', messageId = 'msg_1', partId = 'prt_1', field = 'text', text = 'hello world' }), 0)
    one:apply(update(3, { kind = 'part', part = text_part('prt_1', 'hello', { bytes = 11, truncated = true }) }), 0)
    check.equal(one:part('prt_1').text, { text = 'hello world', bytes = 11, truncated = false })
  end,

  ['a gap in the numbers is noticed'] = function()
    local one = transcript.new()
    local _, gap = one:apply(update(7, { kind = 'todo', items = {} }), 0)
    check.equal(gap, false)
    _, gap = one:apply(update(9, { kind = 'todo', items = {} }), 0)
    check.equal(gap, true)
    one:expect_any()
    _, gap = one:apply(update(1, { kind = 'todo', items = {} }), 0)
    check.equal(gap, false)
  end,

  ['an update of a newer server is left alone'] = function()
    local one = transcript.new()
    check.equal((one:apply(update(1, { kind = 'ofAnotherYear' }), 0)), nil)
    check.equal((one:apply(update(2, { kind = 'partDelta', messageId = 'x', partId = 'y', field = 'text', text = 'z' }), 0)), nil)
  end,

  ['a compaction empties the meter'] = function()
    local one = transcript.new()
    one:apply(update(1, { kind = 'usage', usage = {}, context = { used = 90, limit = 100 } }), 0)
    one:apply(update(2, { kind = 'compacted', before = 90, after = 20, evidence = 1, boundarySeq = 4 }), 0)
    check.equal(one.context, { used = 20, limit = 100 })
  end,

  ['thinking is timed'] = function()
    local one = transcript.new()
    local thought = { id = 'prt_r', messageId = 'msg_1', index = 0, type = 'reasoning', text = { text = '', bytes = 0, truncated = false } }
    one:apply(update(1, { kind = 'message', message = message(1) }), 0)
    one:apply(update(2, { kind = 'part', part = vim.deepcopy(thought) }), 1000)
    thought.text = { text = 'so', bytes = 2, truncated = false }
    one:apply(update(3, { kind = 'part', part = vim.deepcopy(thought) }), 13000)
    one:apply(update(4, { kind = 'message', message = message(1, { vim.deepcopy(thought) }) }), 14000)
    check.equal(one:part('prt_r').took, 12000)
  end,
}
