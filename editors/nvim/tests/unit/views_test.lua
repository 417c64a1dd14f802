local changes = require('agentls.render.changes')
local check = require('check')
local context = require('agentls.render.context')
local drawn = require('drawn')
local json = require('agentls.render.json')
local permission = require('agentls.render.permission')
local sessions = require('agentls.render.sessions')
local steps = require('agentls.render.steps')

local QUESTION = {
  sessionId = 'ses_1', permissionId = 'per_1', tool = 'bash', title = 'cargo test && rm -rf target', reason = 'no rule',
  items = { { label = 'cargo test', rule = 'cargo test *' }, { label = 'rm -rf target', rule = 'rm -rf target' }, { label = 'odd', rule = '' } },
  path = { link = '/a/link', target = '/b/target' },
  diff = '@@ -1 +1 @@\n-a\n+b',
  options = { { id = 'o', label = 'Allow once', scope = 'once' }, { id = 'r', label = 'Refuse', scope = 'never' } },
}

local REPORT = {
  model = { provider = 'p', id = 'm' }, limit = 1000, reserved = 100, usable = 800, used = 400, estimated = 10,
  boundarySeq = 0, windowStartSeq = 1, fragments = { { name = 'agent build', tokens = 100 } },
  items = {
    { seq = 1, messageId = 'a', kind = 'earlier', tokens = 500, fate = 'outside', parts = 9 },
    { seq = 2, messageId = 'b', partId = 'prt_b', kind = 'tool', tool = 'bash', title = 'ls', tokens = 20, fate = 'evidence', parts = 1 },
    { seq = 3, messageId = 'c', partId = 'prt_c', kind = 'text', tokens = 280, fate = 'full', parts = 1 },
  },
  threading = { mode = 'full', reason = 'off' },
}

return {
  ['a question for permission shows all that will happen'] = function()
    local block, items = permission.block(QUESTION, { true, false, true })
    check.equal(block.lines[1], 'cargo test && rm -rf target')
    check.has_line(block.lines, 'leads to /b/target')
    check.has_line(block.lines, '[x] cargo test   as cargo test *')
    check.has_line(block.lines, '[ ] rm -rf target')
    check.has_line(block.lines, '    odd')
    check.has_line(block.lines, 'yo  Allow once')
    check.has_line(block.lines, 'nf  Refuse, and say what to do instead')
    check.has_line(block.lines, '+b')
    local labels = {}
    for line, item in pairs(items) do
      labels[item] = block.lines[line]
    end
    check.is_true(labels[2]:find('rm %-rf target') ~= nil)
    check.equal(permission.ticked_rules(QUESTION, { true, false, true }), { 'cargo test *' })
  end,

  ['a question says what the system holds the command back from'] = function()
    local question = vim.tbl_extend('force', QUESTION, { sandbox = 'Sandbox (Landlock): it writes only below /p' })
    local lines = permission.block(question, {}).lines
    check.equal(lines[3], 'Sandbox (Landlock): it writes only below /p')
    check.equal(#permission.block(QUESTION, {}).lines, #lines - 1)
  end,

  ['what is hidden in a command is seen before it is allowed'] = function()
    local question = vim.tbl_extend('force', QUESTION, { title = 'echo \226\128\174 a\27[8mhidden', items = { { label = 'a\nb', rule = '' } } })
    local block = permission.block(question, {})
    check.equal(block.lines[1], 'echo ‹U+202E› ahidden')
    check.has_line(block.lines, 'a⏎b')
  end,

  ['no answer is one key'] = function()
    for _, key in pairs(permission.KEYS) do
      check.equal(#key, 2)
    end
  end,

  ['the meter is as full as the window'] = function()
    local lines = drawn.lines(context.blocks(REPORT, 'size'))
    check.has_line(lines, '400 of 1.0k tokens (40 %)')
    local meter = vim.tbl_filter(function(line) return line:find('of 1.0k', 1, true) end, lines)[1]
    local _, filled = meter:gsub('█', '')
    local _, evidence = meter:gsub('▒', '')
    check.equal({ filled, evidence }, { 6 + 18, 1 })
    check.is_true(vim.fn.strcharlen(meter:match('^(.-)  ')) == 65)
    -- The same call before the window is part of the summary, and counted with it.
    local compacted = drawn.lines(context.blocks(vim.tbl_extend('force', REPORT, { windowStartSeq = 3 }), 'size'))
    check.is_true(not compacted[3]:find('▒'))
  end,

  ['pieces are sorted by size or by place'] = function()
    local function order(by)
      return vim.iter(context.blocks(REPORT, by)):map(function(block) return block.item and block.item.seq end):totable()
    end
    check.equal(order('size'), { 1, 3, 2 })
    check.equal(order('place'), { 1, 2, 3 })
  end,

  ['a session says what it does'] = function()
    local session = { status = 'idle', counts = { messages = 2 } }
    check.equal(sessions.state(session, {}), 'done')
    check.equal(sessions.state(session, { status = 'waiting' }), 'needs you')
    check.equal(sessions.state(session, { status = 'idle', failed = true }), 'failed')
    check.equal(sessions.state({ status = 'idle', counts = { messages = 0 } }, {}), 'new')
    local counts = { messages = 2 }
    check.equal(sessions.state({ status = 'idle', counts = counts, lastTurn = { error = { message = 'x' } } }, {}), 'failed')
    check.equal(sessions.state({ status = 'idle', counts = counts, lastTurn = { stopReason = 'cancelled' } }, {}), 'interrupted')
    check.equal(sessions.state({ status = 'idle', counts = counts, lastTurn = { stopReason = 'endTurn' } }, {}), 'done')
    check.equal(sessions.state({ status = 'idle', counts = { messages = 3 }, recovered = { note = 'x' } }, {}), 'interrupted')
  end,

  ['the ledger says why'] = function()
    local step = {
      seq = 4, requestBytes = 2048, inputItems = 3, threading = 'delta', threadingReason = 'anchored', input = 10, cacheRead = 2000,
      output = 5, costUsd = 0.5, durationMs = 1500, retries = 2, finish = 'endTurn', cacheMiss = 'model',
    }
    local lines = drawn.lines(steps.blocks({ step }))
    check.has_line(lines, '2.0 KiB')
    check.has_line(lines, 'delta, anchored')
    check.has_line(lines, 'cache miss: model; after 2 failed')
    check.has_line(drawn.lines(steps.blocks({})), 'No call yet.')
  end,

  ['JSON is laid out without touching what is in strings'] = function()
    check.equal(json.pretty('{"a":[1,{"b":"x,{\\"y\\":1}"}],"c":[],"d":{}}'), table.concat({
      '{', '  "a": [', '    1,', '    {', '      "b": "x,{\\"y\\":1}"', '    }', '  ],', '  "c": [],', '  "d": {}', '}',
    }, '\n'))
  end,

  ['changes count what is open'] = function()
    local function hunk(verdict)
      return { id = 'h', oldStart = 1, oldLines = 1, newStart = 1, newLines = 1, text = '-a\n+b\n', verdict = verdict, applies = verdict ~= 'open' }
    end
    local result = { messageId = 'm', running = true, files = {
      { path = 'a.lua', uri = 'file:///a.lua', status = 'modified', additions = 1, deletions = 1, hunks = { hunk('open'), hunk('rejected') } },
    } }
    check.equal(changes.open_hunks(result), 1)
    local lines = drawn.lines(changes.blocks(result, {}))
    check.has_line(lines, '1 hunk to review; the turn is running')
    check.has_line(lines, 'the file was changed since')
    check.has_line(lines, '✗ @@ -1,1 +1,1 @@  rejected')
    local file = result.files[1]
    lines = drawn.lines(changes.blocks(result, { [changes.key(file, file.hunks[1])] = true }))
    check.has_line(lines, '● @@ -1,1 +1,1 @@  rejected when the turn ends')
  end,
}
