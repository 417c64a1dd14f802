local call = require('agentls.render.call')
local check = require('check')
local code_actions = require('agentls.code_actions')
local diff = require('agentls.diff')
local models = require('agentls.models')
local restarts = require('agentls.restarts')
local settings = require('agentls.settings')

local function tool(name, arguments, extra)
  local text = vim.json.encode(arguments)
  local part = { tool = name, status = 'completed', input = { text = text, bytes = #text, truncated = false } }
  return vim.tbl_extend('force', part, extra or {})
end

return {
  ['a server that dies is started three times in five minutes'] = function()
    restarts.forget()
    check.equal({ restarts.delay(0), restarts.delay(1000), restarts.delay(2000), restarts.delay(3000) }, { 250, 1000, 4000 })
    check.equal(restarts.delay(5 * 60 * 1000 + 1), 4000)
    restarts.forget()
    check.equal(restarts.delay(5 * 60 * 1000 + 2), 250)
    restarts.forget()
  end,

  ['a wrong setting is named'] = function()
    local _, problem = pcall(settings.set, { chat = { colour = 'blue' }, nothing = 1 })
    check.is_true(problem:find('chat.colour, nothing', 1, true) ~= nil, problem)
    _, problem = pcall(settings.set, { chat = { position = 'above' } })
    check.is_true(problem:find('chat.position', 1, true) ~= nil, problem)
    settings.set({ server = { config = { model = 'offline/explorer' } }, chat = { size = 0.3 } })
    check.equal(settings.get().chat.size, 0.3)
    check.equal(settings.get().chat.position, 'right')
    settings.set()
  end,

  ['an edit is taken back only where it is found once'] = function()
    local edit = { oldText = 'a = 3', newText = 'a = 5' }
    check.equal(diff.before_edit('x\na = 5\ny', edit), 'x\na = 3\ny')
    check.equal(diff.before_edit('a = 5\na = 5', edit), nil)
    check.equal(diff.before_edit('a = 4', edit), nil)
    check.equal(diff.before_edit('a = 5 a = 5', vim.tbl_extend('force', edit, { replaceAll = true })), 'a = 3 a = 3')
    check.equal(diff.before_edit('x', { oldText = 'y', newText = '' }), nil)
  end,

  ['a call names the files that it changed'] = function()
    local files = { { path = 'a.lua', uri = 'file:///p/a.lua' }, { path = 'b.lua', uri = 'file:///p/b.lua' } }
    check.equal(diff.files_of(files, tool('write', { path = '/p/b.lua' })), { files[2] })
    check.equal(diff.files_of(files, tool('write', { path = './a.lua' })), { files[1] })
    check.equal(diff.files_of(files, tool('patch', { patch = '*** Update File: b.lua\n' })), { files[2] })
    check.equal(diff.files_of(files, tool('bash', { command = 'make' })), files)
  end,

  ['a call is told by what says most of it, also while it is written'] = function()
    check.equal(call.title(tool('bash', { description = 'x', command = 'ls\n-la' })), 'ls ⏎ -la')
    check.equal(call.title(tool('todo', { items = { {}, {} } })), '2 items')
    local half = { tool = 'bash', status = 'pending', input = { text = '{"command":"cargo te', bytes = 20, truncated = false } }
    check.equal(call.title(half), 'cargo te')
    check.equal(call.title(tool('read', {}, { title = 'src/a.lua' })), 'src/a.lua')
  end,

  ['an edit is shown as a diff, a new file as added lines'] = function()
    local text, lang = call.shown(tool('edit', { path = 'a', oldText = 'one\ntwo', newText = 'one\nthree' }))
    check.equal({ text, lang }, { ' one\n-two\n+three\n', 'diff' })
    check.equal((call.shown(tool('write', { path = 'a', content = 'x\ny\n' }))), '+x\n+y')
    check.equal((call.shown(tool('bash', {}, { output = { text = 'out' } }))), 'out')
  end,

  ['code actions are told of the diagnostics of all servers on their lines'] = function()
    local buf = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, { 'a', 'b', 'c', 'd' })
    local original = { message = 'of a server', range = { start = { line = 1, character = 0 }, ['end'] = { line = 1, character = 1 } } }
    vim.diagnostic.set(vim.api.nvim_create_namespace('linter'), buf, {
      { lnum = 1, col = 0, message = 'of a server', user_data = { lsp = original } },
      { lnum = 2, col = 0, end_lnum = 2, end_col = 1, message = 'of a linter', severity = 2, source = 'lint' },
      { lnum = 3, col = 0, message = 'elsewhere' },
    })
    local range = { start = { line = 1, character = 0 }, ['end'] = { line = 2, character = 0 } }
    check.equal(code_actions.diagnostics(buf, range), {
      original,
      {
        message = 'of a linter', severity = 2, source = 'lint',
        range = { start = { line = 2, character = 0 }, ['end'] = { line = 2, character = 1 } },
      },
    })
  end,

  ['models come by use, and those without a key last'] = function()
    local function model(id, ready)
      return { provider = 'p', id = id, ready = ready, context = 1000, cost = { input = 0, output = 0 } }
    end
    local sorted = models.by_use({ model('a', true), model('b', false), model('c', true) }, { { model = { provider = 'p', id = 'c' } } })
    check.equal(vim.tbl_map(function(entry) return entry.model.id end, sorted), { 'c', 'a', 'b' })
    check.equal(models.line(sorted[1]), 'p/c  (1.0k window, recent)')
    check.equal(models.line(sorted[3]), 'p/b  (1.0k window, no key)')
  end,
}
