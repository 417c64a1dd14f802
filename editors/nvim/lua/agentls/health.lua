-- `:checkhealth agentls`

local clean = require('agentls.clean')
local protocol = require('agentls.protocol')
local server = require('agentls.server')
local settings = require('agentls.settings')

local M = {}

local health = vim.health

local function check_neovim()
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim ' .. tostring(vim.version()) .. ' is too old', 'install 0.11 or newer')
  end
  for _, lang in ipairs({ 'markdown', 'markdown_inline' }) do
    if pcall(vim.treesitter.language.add, lang) and vim.treesitter.language.add(lang) then
      health.ok('parser for ' .. lang)
    else
      health.warn('no parser for ' .. lang, 'Markdown is shown without highlights')
    end
  end
end

local function check_program()
  local command = vim.lsp.config.agentls and vim.lsp.config.agentls.cmd
  if type(command) ~= 'table' then
    return health.warn('`cmd` is not a list, so that the program is not known')
  end
  local path = vim.fn.exepath(command[1])
  if path == '' then
    return health.error(
      ('`%s` is not in $PATH'):format(command[1]),
      'install it with `cargo install --path .` in the repository of agentls, or set `cmd`'
    )
  end
  local done = vim.system({ path, '--version' }, { text = true }):wait(5000)
  if done.code ~= 0 then
    return health.error(('`%s --version` failed'):format(path), vim.split(done.stderr or '', '\n'))
  end
  health.ok(('%s (%s)'):format(vim.trim(done.stdout), path))
end

---Methods of this plugin that the server that runs does not have: what needs them says so when it is wanted.
local function check_methods()
  local missing = vim.tbl_filter(function(method)
    return not server.supports(method)
  end, vim.tbl_values(protocol.methods))
  if #missing > 0 then
    table.sort(missing)
    health.info('the server is older than this plugin; it has no ' .. table.concat(missing, ', '))
  end
end

local function check_server()
  local phase, why = server.state()
  if phase == 'running' then
    health.ok(('the server runs: version %s, protocol %d'):format(server.version(), protocol.version))
    check_methods()
  elseif phase == 'failed' then
    health.error('the server does not run: ' .. why, { ':Agentls start', ':Agentls logs' })
  else
    health.info('the server is not started yet; the first command starts it')
  end
end

---What `agentls doctor` finds: database, configuration, keys.
local function check_doctor()
  local command = vim.lsp.config.agentls and vim.lsp.config.agentls.cmd
  if type(command) ~= 'table' or vim.fn.executable(command[1]) == 0 then
    return
  end
  local done = vim.system({ command[1], 'doctor' }, { text = true }):wait(10000)
  health.start('agentls doctor')
  for _, line in ipairs(clean.lines(vim.trim(done.stdout .. done.stderr))) do
    health.info(line)
  end
end

function M.check()
  health.start('agentls')
  check_neovim()
  check_program()
  check_server()
  local position = settings.get().chat.position
  health.info(('the chat opens at: %s; no telemetry, here or in the server'):format(position))
  check_doctor()
end

return M
