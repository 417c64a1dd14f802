-- A real Neovim with the plugin, driven over RPC: keys go in as a person types them, buffers are read as they stand.

local here = vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))
local plugin = vim.fs.dirname(vim.fs.dirname(here))

local Editor = {}
Editor.__index = Editor

local M = {}

-- What anything may take on a machine that is busy with other things.
local PATIENCE_MS = 20000

local SCREEN = 'vim.o.columns, vim.o.lines, vim.o.swapfile = 140, 45, false'

local INIT = [[
  local plugin, binary, opts = ...
  vim.opt.runtimepath:prepend(plugin)
  vim.cmd('runtime plugin/agentls.lua')
  -- Trusted, so that tests of other things are not asked for it.
  opts.server = opts.server or { trust = 'trusted' }
  opts = vim.tbl_deep_extend('force', { cmd = { binary, 'serve' }, permission = { guard = 100 } }, opts)
  require('agentls').setup(opts)
]]

---Starts a Neovim with these arguments, and these variables beside the place's own.
local function spawn(place, arguments, environment)
  local self = setmetatable({ place = place }, Editor)
  local own = { AGENTLS_DATA_DIR = place.root .. '/data', AGENTLS_CONFIG_DIR = place.root .. '/config' }
  local argv = vim.list_extend({ vim.v.progpath, '--embed', '--headless', '-n', '-i', 'NONE' }, arguments)
  self.channel = vim.fn.jobstart(argv, { rpc = true, cwd = place.project, env = vim.tbl_extend('error', own, environment) })
  assert(self.channel > 0)
  self:lua(SCREEN)
  return self
end

---@param place { root: string, project: string, binary: string }
---@param opts table? for `setup`
function M.start(place, opts)
  local self = spawn(place, { '--clean' }, {})
  self:lua(INIT, plugin, place.binary, opts or vim.empty_dict())
  return self
end

---Runs `act` with an editor that ends with it.
---@param place { root: string, project: string, binary: string }
---@param act fun(one: table)
---@param opts table? for `setup`
function M.with(place, act, opts)
  local one = M.start(place, opts)
  local ok, problem = xpcall(act, debug.traceback, one)
  one:quit()
  if not ok then
    error(problem, 0)
  end
end

---Installs server and plugin as the README says for no plugin manager, and starts a Neovim that nothing else is set in.
---@param place { root: string, project: string, binary: string }
function M.start_installed(place)
  local start = place.root .. '/share/nvim/site/pack/agentls/start'
  vim.fn.mkdir(start .. '/agentls', 'p')
  vim.fn.mkdir(place.root .. '/bin', 'p')
  -- Copies, because the tags of the help are written beside it.
  for _, folder in ipairs({ 'lua', 'plugin', 'doc', 'lsp' }) do
    assert(vim.system({ 'cp', '-R', vim.fs.joinpath(plugin, folder), start .. '/agentls/' }):wait().code == 0)
  end
  assert(vim.uv.fs_symlink(place.binary, place.root .. '/bin/agentls'))
  return spawn(place, { '-u', 'NORC' }, {
    PATH = place.root .. '/bin:' .. vim.env.PATH,
    XDG_DATA_HOME = place.root .. '/share',
    XDG_CONFIG_HOME = place.root .. '/settings',
    XDG_STATE_HOME = place.root .. '/state',
  })
end

---Runs Lua in the editor.
function Editor:lua(code, ...)
  return vim.rpcrequest(self.channel, 'nvim_exec_lua', code, { ... })
end

function Editor:command(command)
  vim.rpcrequest(self.channel, 'nvim_command', command)
end

---Types, as a person does.
function Editor:keys(keys)
  vim.rpcrequest(self.channel, 'nvim_input', keys)
end

---Waits until `holds` says so.
function Editor:wait(what, holds)
  local last
  local ok = vim.wait(PATIENCE_MS, function()
    last = holds()
    return last and last ~= vim.NIL
  end, 20)
  if not ok then
    local shown = vim.tbl_map(function(line)
      return line:sub(1, 160)
    end, vim.list_slice(self:shown(), 1, 80))
    error(('%s did not happen. The editor shows:\n%s\n%s'):format(what, table.concat(shown, '\n'), self:messages()), 2)
  end
  return last
end

---The lines of every window, with the name of its buffer before them.
function Editor:shown()
  return self:lua([[
    local lines = {}
    for _, win in ipairs(vim.api.nvim_list_wins()) do
      local buf = vim.api.nvim_win_get_buf(win)
      lines[#lines + 1] = '== ' .. vim.api.nvim_buf_get_name(buf)
      vim.list_extend(lines, vim.api.nvim_buf_get_lines(buf, 0, -1, false))
    end
    return lines
  ]])
end

function Editor:messages()
  return self:lua("return vim.api.nvim_exec2('messages', { output = true }).output")
end

---Waits until a text stands somewhere, in a buffer that is shown or in the messages.
function Editor:wait_for(text)
  self:wait(('%q'):format(text), function()
    return self:shows(text)
  end)
end

function Editor:shows(text)
  for _, line in ipairs(self:shown()) do
    if line:find(text, 1, true) then
      return true
    end
  end
  return self:messages():find(text, 1, true) ~= nil
end

---Begins a session, with the cursor in its prompt.
function Editor:new_session()
  local before = self:lua("local chat = require('agentls.chat').current() return chat and chat.session.id or ''")
  self:command('Agentls new')
  self:wait('a prompt', function()
    return self:lua([[
      local chat = require('agentls.chat').current()
      return chat ~= nil and chat.session.id ~= ... and vim.api.nvim_get_current_buf() == chat.prompt_buf
    ]], before)
  end)
end

---Types a prompt and sends it.
function Editor:prompt(text, key)
  self.before = self:lua([[
    local chat = require('agentls.chat').current()
    local last = chat.transcript.messages[#chat.transcript.messages]
    return last and last.seq or 0
  ]])
  self:keys('<Esc>ggdGi' .. text:gsub('<', '<lt>') .. '<Esc>' .. (key or '<CR>'))
end

---Waits until the session rests, with an answer to the newest prompt.
function Editor:wait_idle()
  self:wait('the end of the turn', function()
    return self:lua([[
      local chat = require('agentls.chat').current()
      local last = chat and chat.transcript.messages[#chat.transcript.messages]
      return chat ~= nil and last ~= nil and last.seq > ... and chat.transcript.status.status == 'idle' and not chat.view.scheduled
        and (last.role == 'assistant' or chat.transcript.error ~= nil)
    ]], self.before or 0)
  end)
end

---Waits for a question and answers it with a pair of keys, once it listens.
function Editor:answer(keys)
  self:wait('a question', function()
    return self:lua("return require('agentls.questions').count() > 0")
  end)
  self:command('Agentls answer')
  vim.wait(150)
  self:keys(keys)
end

---The id of the session that is shown.
function Editor:session()
  return self:lua("return require('agentls.chat').current().session.id")
end

---Asks the server as a headless client would.
function Editor:request(method, params)
  self:lua([[
    local method, params = ...
    vim.g.answer = false
    require('agentls').request(method, params, function(failure, result)
      vim.g.answer = vim.json.encode({ failure = failure, result = result })
    end)
  ]], method, vim.tbl_isempty(params) and vim.empty_dict() or params)
  local answer = self:wait(method, function()
    return self:lua('return vim.g.answer')
  end)
  answer = vim.json.decode(answer, { luanil = { object = true } })
  assert(answer.failure == nil, vim.inspect(answer.failure))
  return answer.result
end

---Leaves as a person does.
function Editor:quit()
  vim.rpcnotify(self.channel, 'nvim_command', 'qall!')
  vim.fn.jobwait({ self.channel }, 5000)
  vim.fn.jobstop(self.channel)
end

return M
