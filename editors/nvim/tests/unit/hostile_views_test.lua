-- Every view and every list of the plugin, drawn by the real thing from a server whose every text is hostile: what
-- reaches a buffer, a bar, a title, a picker or a message is fit to be shown, and nothing of it is carried out.

local chats = require('agentls.chat')
local check = require('check')
local double = require('double')

vim.cmd.runtime('plugin/agentls.lua')

local HOSTILE = {
  '\27[2J\27]0;owned\7 <img src=x onerror=alert(1)>\nsecond\r\nthird\0 \226\128\174turned\226\128\139 \194\1552J',
  '%{execute("let g:owned = 1")} %!execute("let g:owned = 1") %#Error# | let g:owned = 1 \n| let g:owned = 1',
  ('x'):rep(1024 * 1024),
  ('- item\n'):rep(10000),
}

---Every answer of a server, with `text` wherever a text may stand.
local function answers_of(text)
  local model = { provider = text, id = text }
  local usage = { input = 1, output = 1, reasoning = 0, cacheRead = 0, cacheWrite = 0, costUsd = 0 }
  local body = { text = text, bytes = #text, truncated = false }
  local session = {
    id = 'ses_1', projectId = 'prj_1', title = text, cwd = '/p', agent = text, model = model, status = 'idle', createdAt = 0,
    updatedAt = 0, counts = { messages = 1, parts = 1, bytes = 1 }, usage = usage, recovered = { note = text },
    lastTurn = { endedAt = 0, error = { message = text, cure = text } }, owner = { pid = 1, client = text },
  }
  local project = {
    id = 'prj_1', root = '/p', name = text, icon = { kind = 'emoji', value = text:sub(1, 60) }, trust = 'changed',
    sandboxes = { { path = text, branch = text } }, wouldRun = { { path = text, what = text, change = text } },
    createdAt = 0, updatedAt = 0, openedAt = 0,
  }
  local hunk = { id = 'h', oldStart = 1, oldLines = 1, newStart = 1, newLines = 1, text = text, verdict = 'open', applies = true }
  local file = { path = text, uri = 'file:///p/a', status = 'modified', additions = 1, deletions = 1, note = text, hunks = { hunk } }
  local function part(index, more)
    return vim.tbl_extend('force', { id = 'prt_' .. index, messageId = 'msg_1', index = index }, more)
  end
  local parts = {
    part(0, { type = 'text', text = body }),
    part(1, { type = 'reasoning', text = body }),
    part(2, {
      type = 'tool', tool = text, callId = 'c', title = text, status = 'error', error = text, input = body, output = body,
      attachments = { { mime = text, name = text, bytes = 1 } },
    }),
    part(3, { type = 'file', mime = text, name = text, uri = 'file:///p/a', bytes = 1 }),
    part(4, { type = 'command', name = text, text = body }),
    part(5, { type = 'patch', files = { text } }),
    part(6, { type = 'subtask', sessionId = 'ses_2', description = text }),
  }
  local message = {
    id = 'msg_1', sessionId = 'ses_1', seq = 1, role = 'assistant', createdAt = 0, completedAt = 1, model = model, parts = parts,
    error = { message = text, cure = text },
  }
  local results = {
    ['session/new'] = { session = session },
    ['session/get'] = { session = session, todo = { { text = text, status = 'active' } } },
    ['session/list'] = { sessions = { session } },
    ['session/messages'] = { messages = { message }, hasBefore = false, hasAfter = false },
    ['session/queue'] = { prompts = { { messageId = 'msg_9', text = text, delivery = 'queue', createdAt = 0 } } },
    ['session/unqueue'] = { removed = false },
    ['session/compact'] = { before = 10, after = 5, boundarySeq = 0, evidence = 1 },
    ['session/context'] = {
      model = model, limit = 10, reserved = 1, usable = 9, used = 5, estimated = 0, boundarySeq = 0, windowStartSeq = 1,
      fragments = { { name = text, tokens = 1 } }, threading = { mode = text, reason = text },
      items = { { seq = 1, messageId = 'msg_1', partId = 'prt_2', kind = 'tool', tool = text, title = text, tokens = 1, fate = 'full', parts = 1 } },
    },
    ['session/nextRequest'] = {
      method = text, url = text, headers = { [text:sub(1, 100)] = text }, body = vim.json.encode({ a = text }), bytes = 1, notes = { text },
      threading = { mode = text, reason = text }, forecast = { items = 1, tokens = 1, cachedItems = 1, cachedTokens = 1, miss = text },
    },
    ['session/steps'] = { steps = { {
      seq = 1, requestBytes = 1, inputItems = 1, threading = text, threadingReason = text, input = 1, cacheRead = 0, cacheWrite = 0,
      output = 1, costUsd = 0, durationMs = 1, retries = 0, finish = text, cacheMiss = text,
    } } },
    ['session/changes'] = { messageId = 'msg_1', running = false, files = { file } },
    ['part/read'] = { text = text, offset = 0, bytes = #text, eof = true },
    ['part/evidence'] = { text = text, source = 'stored' },
    ['permission/list'] = { approvals = { { approvalId = 'a', tool = text, rule = text, scope = text, createdAt = 0 } } },
    ['permission/revoke'] = { revoked = true },
    ['project/list'] = { projects = { project } },
    ['project/get'] = { project = project },
    ['agent/list'] = { agents = { { name = text, description = text, model = model, source = text, mistakes = { text } } } },
    ['model/list'] = { models = { { provider = text, id = text, context = 1, cost = { input = 0, output = 0 }, ready = true } } },
    ['server/status'] = {
      version = text, pid = 1, uptimeMs = 1, sqliteVersion = text, db = { path = text, bytes = 1, walBytes = 1 },
      sessions = { total = 1, running = 0 }, sandbox = { kind = text, reason = text },
    },
  }
  local answers = vim.tbl_map(function(result)
    return function()
      return vim.deepcopy(result)
    end
  end, results)
  answers['session/prompt'] = function()
    return nil, { code = -32803, message = text, data = { kind = 'x', cure = text } }
  end
  return answers
end

---Fails unless a text is one line that shows what it is.
local function fit(text, what)
  check.is_true(not text:find('[%z\1-\8\10-\31\127]'), what .. ': a control character in ' .. vim.inspect(text:sub(1, 200)))
  check.is_true(not text:find('\226\128[\139\174]') and not text:find('\194\155', 1, true), what .. ': hidden text')
  check.is_true(#text < 20000, ('%s: %d bytes'):format(what, #text))
end

---Checks everything that is on the screen.
local function check_screen(what)
  for _, win in ipairs(vim.api.nvim_list_wins()) do
    local buf = vim.api.nvim_win_get_buf(win)
    for _, line in ipairs(vim.api.nvim_buf_get_lines(buf, 0, -1, false)) do
      fit(line, what)
    end
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buf, -1, 0, -1, { details = true })) do
      for _, chunk in ipairs(mark[4].virt_text or {}) do
        fit(chunk[1], what .. ', at the edge')
      end
    end
    local bar = vim.wo[win].winbar
    fit(bar, what .. ', its bar')
    if bar ~= '' then
      vim.api.nvim_eval_statusline(bar, { winid = win, use_winbar = true })
    end
    for _, chunk in ipairs(vim.api.nvim_win_get_config(win).title or {}) do
      fit(chunk[1], what .. ', its title')
    end
  end
  vim.cmd.redraw()
end

-- What is done one after the other: a sub-command, and the choices that are taken in what it offers.
local COMMANDS = {
  { 'sessions' }, { 'context' }, { 'ledger' }, { 'next' }, { 'review' }, { 'status' }, { 'version' }, { 'resume', 1 }, { 'rename' },
  { 'export' }, { 'delete', 1 }, { 'model', 1 }, { 'agent', 1 }, { 'queue', 1, 2 }, { 'permissions', 1, 2 }, { 'projects', 1, 4 },
  { 'projects', 1, 5 }, { 'trust' }, { 'compact', 1 }, { 'archive' }, { 'send go' },
}

---Runs a sub-command and checks what it shows.
local function try(name, choices, state)
  state.choices, state.what = choices, ':Agentls ' .. name
  vim.cmd('Agentls ' .. name)
  vim.wait(20)
  check_screen(state.what)
  vim.cmd('silent! tabonly!')
end

---A person and a Neovim that keep what they are shown.
local function watched(state, act)
  local select, input, notify = vim.ui.select, vim.ui.input, vim.notify
  vim.ui.select = function(items, options, done)
    fit(options.prompt, state.what .. ', what is chosen')
    for _, item in ipairs(items) do
      fit((options.format_item or tostring)(item), state.what .. ', a choice')
    end
    state.offered = state.offered + 1
    local at = table.remove(state.choices, 1)
    done(at and items[at], at)
  end
  vim.ui.input = function(options, done)
    fit(options.prompt, state.what .. ', what is asked')
    fit(options.default or '', state.what .. ', what is proposed')
    done(nil)
  end
  vim.notify = function(text)
    fit(text, state.what .. ', what is told')
    state.told = state.told + 1
  end
  local ok, problem = xpcall(act, debug.traceback)
  vim.ui.select, vim.ui.input, vim.notify = select, input, notify
  assert(ok, problem)
end

---What the server says and asks by itself.
local function listen(server, text, state)
  state.what = 'an update'
  local brief = text:sub(1, 1000)
  for at, update in ipairs({
    { kind = 'status', status = 'retrying', detail = text, retryAt = 5 },
    { kind = 'title', title = text },
    { kind = 'todo', items = vim.fn['repeat']({ { text = brief, status = 'pending' } }, 10000) },
    { kind = 'queue', prompts = vim.fn['repeat']({ { messageId = 'm', text = brief } }, 10000) },
    { kind = 'error', error = { message = text, cure = text } },
    { kind = 'recovered', note = text },
    { kind = 'status', status = 'idle' },
  }) do
    server.tell('session/update', { sessionId = 'ses_1', eventSeq = at, update = update })
    chats.current().view:paint()
    check_screen('update ' .. update.kind)
  end
  server.tell('window/showMessage', { type = 2, message = text })
  local questions = require('agentls.questions')
  local item = { label = text, rule = text }
  state.what = 'a question for permission'
  questions.take('session/requestPermission', {
    sessionId = 'ses_1', permissionId = 'per_1', tool = text, title = text, reason = text, sandbox = text, diff = text,
    path = { link = text, target = text }, items = { item, { label = text, rule = '' } },
    options = { { id = 'o', label = text, scope = 'once' }, { id = 'n', label = text, scope = 'never' } },
  }, function() end)
  check_screen(state.what)
  questions.drop_all()
  state.what, state.choices = 'a question of the model', { 1 }
  questions.take('session/askQuestion', { sessionId = 'ses_1', questions = { { question = text, options = { text } } } }, function() end)
  questions.focus()
  vim.wait(20)
  questions.drop_all()
end

return {
  ['whatever a server says, what is shown is fit to be shown'] = function()
    for number, text in ipairs(HOSTILE) do
      local state = { offered = 0, told = 0, choices = {}, what = 'text ' .. number }
      double.with(answers_of(text), {}, function(server)
        watched(state, function()
          chats.new()
          vim.wait(5000, function()
            return chats.current() ~= nil and #chats.current().transcript.messages > 0
          end, 5)
          local chat = chats.current()
          chat.view.unfolded = setmetatable({}, { __index = function() return true end })
          chat.view:redraw()
          check_screen('the chat')
          for _, command in ipairs(COMMANDS) do
            try(command[1], vim.list_slice(command, 2), state)
          end
          listen(server, text, state)
          chats.close('ses_1')
          vim.wait(20)
        end)
      end)
      check.equal(vim.g.owned, nil)
      check.is_true(state.offered >= 12 and state.told >= 4, vim.inspect(state))
    end
  end,
}
