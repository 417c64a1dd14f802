local check = require('check')
local drawn = require('drawn')
local message_view = require('agentls.render.message')
local stream = require('stream')

local function view(unfolded)
  return message_view.new(function()
    return { unfolded = unfolded or false, output_lines = 20, now = 1e15 }
  end)
end

---The lines of a whole transcript.
local function lines_of(transcript, messages)
  local lines, kind, before = {}, nil, nil
  for _, message in ipairs(transcript.messages) do
    local blocks
    blocks, kind = messages:blocks(message, before, kind)
    before = message
    vim.list_extend(lines, drawn.lines(blocks))
  end
  return lines
end

return {
  ['a recorded turn reads as one answer'] = function()
    local lines = lines_of(stream.play('edit_and_run'), view())
    check.equal(lines[1], '❯ You')
    check.equal(vim.tbl_filter(function(line) return vim.startswith(line, '✦') end, lines), { '✦ offline/explorer' })
    check.has_line(lines, '▸ ✓ edit  src/retry.lua')
    check.has_line(lines, '▸ ✓ bash  seq 40')
    check.has_line(lines, 'I replaced `retry_limit = 3` with `retry_limit = 5`')
  end,

  ['cards open'] = function()
    local lines = lines_of(stream.play('edit_and_run'), view(true))
    check.has_line(lines, '    -retry_limit = 3')
    check.has_line(lines, '    +retry_limit = 5')
    check.has_line(lines, '    20')
    check.has_line(lines, 'o opens it in a buffer')
  end,

  ['a refused call says so without being opened'] = function()
    local lines = lines_of(stream.play('refused'), view())
    check.has_line(lines, '▸ ✗ bash  rm -rf src')
    check.has_line(lines, '    Not done: refused.')
  end,

  ['at every moment of a stream the same is drawn step by step as from scratch'] = function()
    local updates = stream.read('search')
    local transcript, growing = require('agentls.transcript').new(), view()
    for at, params in ipairs(updates) do
      transcript:apply(params, 1000 * at)
      local scratch = stream.play('search', at)
      check.equal(lines_of(transcript, growing), lines_of(scratch, view()))
    end
  end,

  ['what did not change is the same table'] = function()
    local transcript, messages = stream.play('search'), view()
    local answer = transcript.messages[#transcript.messages]
    local first = messages:blocks(answer, transcript:before(answer), 'card')
    local second = messages:blocks(answer, transcript:before(answer), 'card')
    for at, block in ipairs(first) do
      check.is_true(rawequal(block, second[at]), block.lines[1])
    end
  end,

  ['an error stands with its cure'] = function()
    local message = {
      id = 'msg_1', seq = 1, role = 'assistant', createdAt = 0, completedAt = 1, parts = {},
      error = { kind = 'providerAuth', message = 'no key', cure = 'set OPENAI_API_KEY' },
    }
    local blocks = view():blocks(message, nil, nil)
    local lines = blocks[#blocks].lines
    check.equal(lines, { '✗ no key', '  set OPENAI_API_KEY' })
  end,

  ['a thought that was not watched says how long it took, as the server tells it'] = function()
    local message = { id = 'm', seq = 1, role = 'assistant', createdAt = 0, completedAt = 9, parts = {
      {
        id = '1', messageId = 'm', index = 0, version = 1, type = 'reasoning', startedAt = 1000, endedAt = 13000,
        text = { text = 'First this.', bytes = 11 },
      },
    } }
    check.has_line(lines_of({ messages = { message } }, view()), '▸ Thought for 12 s · First this.')
  end,

  ['a command shows what it became, and a call the files that it produced, once they are opened'] = function()
    local message = { id = 'm', seq = 1, role = 'user', createdAt = 0, parts = {
      { id = '1', messageId = 'm', index = 0, version = 1, type = 'command', name = 'fix', text = { text = 'Fix it.', bytes = 7 } },
      {
        id = '2', messageId = 'm', index = 1, version = 1, type = 'tool', tool = 'read', status = 'completed', title = 'shot.png',
        input = { text = '{}', bytes = 2 }, output = { text = '', bytes = 0 }, attachments = { { mime = 'image/png', bytes = 2048 } },
      },
    } }
    local function lines(unfolded)
      return lines_of({ messages = { message } }, view(unfolded))
    end
    check.has_line(lines(false), '▸ /fix became')
    check.has_line(lines(true), '    Fix it.')
    check.has_line(lines(false), '    ▤ image/png (2.0 KiB)')
  end,

  ['a compaction, a file, a child and a summary have their lines'] = function()
    local body = { text = '## Goal\nship', bytes = 12, truncated = false }
    local kept = { text = '[agentls] Still to do:\n- ship', bytes = 30, truncated = false }
    local parts = {
      { id = '1', messageId = 'm', index = 0, version = 1, type = 'compaction', auto = true, before = 120000, after = 12000 },
      { id = '2', messageId = 'm', index = 1, version = 1, type = 'file', mime = 'text/plain', name = 'a.lua', bytes = 120 },
      { id = '3', messageId = 'm', index = 2, version = 1, type = 'subtask', sessionId = 'ses_2', description = 'look' },
      { id = '4', messageId = 'm', index = 3, version = 1, type = 'text', text = body },
      { id = '5', messageId = 'm', index = 4, version = 1, type = 'text', text = kept },
      { id = '6', messageId = 'm', index = 5, version = 1, type = 'ofAnotherYear' },
    }
    local message = { id = 'm', seq = 1, role = 'assistant', createdAt = 0, completedAt = 1, summary = true, parts = parts }
    local lines = drawn.lines((view():blocks(message, nil, nil)))
    check.has_line(lines, 'History compacted: 120.0k → 12.0k tokens')
    check.has_line(lines, '▤ a.lua (120 B)')
    check.has_line(lines, '↳ look')
    check.has_line(lines, '▸ The summary that stands for what came before')
    check.has_line(lines, '▸ Beside the summary: Still to do')
  end,
}
