local agents = require('agentls.agents')
local approvals = require('agentls.approvals')
local changes = require('agentls.render.changes')
local check = require('check')
local choose = require('agentls.project.choose')
local complete = require('agentls.complete')
local context = require('agentls.render.context')
local foot = require('agentls.render.foot')
local message_view = require('agentls.render.message')
local models = require('agentls.models')
local permission = require('agentls.render.permission')
local sessions = require('agentls.render.sessions')
local steps = require('agentls.render.steps')
local stream = require('stream')

local HOSTILE = {
  '\27[2J\27]0;x\7<script>alert(1)</script>\nsecond line\r\nthird\0nul',
  '\226\128\174reversed\226\128\139hidden\243\160\129\129tag %{os.exit()} %s %d',
  ('x'):rep(1024 * 1024),
  ('- item\n'):rep(10000),
}

-- Fields that the program goes by: a server that says something else there is a newer one, not a hostile text.
local KEPT = {
  type = true, kind = true, status = true, id = true, messageId = true, partId = true, sessionId = true, role = true,
  parentId = true, fate = true, scope = true, verdict = true, rule = true, delivery = true, eventSeq = true,
}

---Everything that is a text, with another text in its place.
local function poisoned(value, text, name)
  if type(value) == 'table' then
    local result = {}
    for key, member in pairs(value) do
      result[key] = poisoned(member, text, key)
    end
    return result
  elseif type(value) == 'string' and not KEPT[name] then
    return text
  end
  return value
end

---Fails unless every line is fit to be shown, and can be put into a buffer.
local function check_lines(blocks, what)
  local buf = vim.api.nvim_create_buf(false, true)
  for _, block in ipairs(blocks) do
    for _, line in ipairs(block.lines) do
      check.is_true(not line:find('[%z\1-\8\10-\31\127]'), what .. ': ' .. line:sub(1, 80))
      check.is_true(not line:find('\226\128\174', 1, true), what .. ': text that turns around')
      check.is_true(#line < 20000, what .. ': an endless line')
    end
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, block.lines)
    for _, mark in ipairs(block.marks) do
      check.is_true(mark.row < #block.lines and (mark.end_col or 0) <= #block.lines[mark.row + 1], what .. ': a mark outside')
      for _, chunk in ipairs(mark.right or {}) do
        check.is_true(#chunk[1] < 200 and not chunk[1]:find('%c'), what .. ': at the edge')
      end
    end
  end
  vim.api.nvim_buf_delete(buf, { force = true })
end

local function each_text(act)
  return function()
    for number, text in ipairs(HOSTILE) do
      act(text, ('text %d'):format(number))
    end
  end
end

return {
  ['a chat shows any text'] = each_text(function(text, what)
    for _, name in ipairs({ 'search', 'edit_and_run', 'refused' }) do
      local transcript = require('agentls.transcript').new()
      for at, params in ipairs(stream.read(name)) do
        transcript:apply(poisoned(params, text), 1000 * at)
      end
      for _, unfolded in ipairs({ false, true }) do
        local view = message_view.new(function()
          return { unfolded = unfolded, output_lines = 20, now = 1e15 }
        end)
        for _, message in ipairs(transcript.messages) do
          message.error = { message = text, cure = text }
          check_lines((view:blocks(message, nil, nil)), what)
        end
      end
    end
  end),

  ['what stands below a chat shows any text'] = each_text(function(text, what)
    local transcript = require('agentls.transcript').new()
    transcript.status = { status = 'retrying', detail = text, retry_at = 5 }
    transcript.todo = { { text = text, status = 'active' } }
    transcript.queue = { { messageId = 'm', text = text } }
    transcript.error = { message = text, cure = text }
    check_lines({ foot.block(transcript, nil, 0) }, what)
    check_lines({ foot.block(transcript, { message = text, cure = text }, 0) }, what)
  end),

  ['a question for permission shows any text'] = each_text(function(text, what)
    local question = {
      permissionId = 'per_1', tool = text, title = text, sandbox = text, reason = text, diff = text, path = { link = text, target = text },
      items = { { label = text, rule = text } }, options = { { id = 'o', label = text, scope = 'once' } },
    }
    check_lines({ (permission.block(question, { true })) }, what)
    check_lines({ (permission.block(vim.tbl_extend('force', question, { tool = permission.WORKSPACE }), {})) }, what)
  end),

  ['lists and views show any text'] = each_text(function(text, what)
    local usage = { input = 1, output = 1, reasoning = 0, cacheRead = 0, cacheWrite = 0, costUsd = 0 }
    local project = { id = 'p', root = text, name = text, icon = { kind = 'emoji', value = text }, trust = 'changed' }
    local session = { id = 's', projectId = 'p', title = text, cwd = text, status = 'idle', updatedAt = 0, counts = { messages = 1 }, usage = usage }
    local options = { now = 0, activity = function() return {} end, search = text, project = function() return project end }
    check_lines(sessions.blocks({ session }, options), what)
    check_lines(context.blocks({
      model = { provider = text, id = text }, limit = 10, reserved = 1, usable = 9, used = 5, estimated = 0, windowStartSeq = 1,
      fragments = { { name = text, tokens = 1 } }, threading = { mode = text, reason = text },
      items = { { seq = 1, messageId = 'm', kind = text, tool = text, title = text, tokens = 1, fate = 'full', parts = 1 } },
    }, 'size'), what)
    check_lines(steps.blocks({ {
      seq = 1, requestBytes = 1, inputItems = 1, threading = text, threadingReason = text, input = 1, cacheRead = 0, output = 1,
      costUsd = 0, durationMs = 1, retries = 0, finish = text, cacheMiss = text,
    } }), what)
    local hunk = { id = 'h', oldStart = 1, oldLines = 1, newStart = 1, newLines = 1, text = text, verdict = 'open', applies = true }
    local file = { path = text, uri = text, status = 'modified', additions = 1, deletions = 1, note = text, hunks = { hunk } }
    check_lines(changes.blocks({ running = false, files = { file } }, {}), what)
    local model = { provider = text, id = text, context = 1, cost = { input = 0, output = 0 }, ready = true }
    local listed = { name = text, description = text, model = { provider = text, id = text }, mistakes = { text }, argumentHint = text }
    local approval = { tool = text, rule = text, scope = text, createdAt = 0 }
    for _, line in ipairs({
      models.line({ model = model }),
      agents.line(listed),
      approvals.line(approval, 0),
      choose.line(vim.tbl_extend('force', project, { sandboxes = {}, openedAt = 0 }), 0),
    }) do
      check.is_true(not line:find('%c') and not line:find('\226\128\174', 1, true) and #line < 1500, what)
    end
    local _, items = complete.items('/', '/', { listed })
    for _, item in ipairs(items) do
      check.is_true(not (item.word .. item.menu):find('%c'), what)
    end
  end),
}
