-- The server from outside: status, logs, versions, doctor.

local buffers = require('agentls.chat.buffers')
local clean = require('agentls.clean')
local measure = require('agentls.measure')
local protocol = require('agentls.protocol')
local server = require('agentls.server')
local tell = require('agentls.tell')
local windows = require('agentls.chat.windows')

local M = {}

local function show(name, text, filetype)
  local buf = buffers.text('agentls://' .. name, clean.lines(text), filetype)
  windows.open_view(buf, true)
end

---What holds commands back, where the system can.
---@param sandbox { kind: string, abi: integer?, reason: string? }
local function sandbox_line(sandbox)
  local why = sandbox.reason and ': ' .. clean.one_line(sandbox.reason, 200) or ''
  if sandbox.kind == 'none' then
    return '* no sandbox: commands run with your rights' .. why
  end
  return ('* sandbox for commands: %s%s%s'):format(
    clean.one_line(sandbox.kind, 40),
    sandbox.abi and (' (ABI %d)'):format(sandbox.abi) or '',
    why
  )
end

function M.status()
  local phase, why = server.state()
  if phase ~= 'running' then
    return tell.info('the server is ' .. phase .. (why and ': ' .. why or '') .. ' (:Agentls start)')
  end
  server.request(protocol.methods.server_status, {}, tell.or_else(function(status)
    show('status', table.concat({
      '# agentls ' .. clean.one_line(status.version),
      '',
      ('* process %d, up for %s'):format(status.pid, measure.duration(status.uptimeMs)),
      '* memory ' .. (status.rssBytes and measure.bytes(status.rssBytes) or 'unknown'),
      ('* %d sessions, %d running'):format(status.sessions.total, status.sessions.running),
      ('* database `%s`, %s (log %s), SQLite %s'):format(
        clean.one_line(status.db.path),
        measure.bytes(status.db.bytes),
        measure.bytes(status.db.walBytes),
        clean.one_line(status.sqliteVersion)
      ),
      status.sandbox and sandbox_line(status.sandbox) or nil,
    }, '\n'), 'markdown')
  end))
end

function M.version()
  tell.info(('server %s, protocol %d'):format(server.version() or 'is not running', protocol.version))
end

---Opens the server's log, which lies beside its database; Neovim's log of language servers where it does not run.
function M.logs()
  if server.state() ~= 'running' then
    return vim.cmd('tabedit ' .. vim.fn.fnameescape(vim.lsp.get_log_path()))
  end
  server.request(protocol.methods.server_status, {}, tell.or_else(function(status)
    local path = vim.fs.joinpath(vim.fs.dirname(status.db.path), 'agentls.log')
    if vim.fn.filereadable(path) == 0 then
      return tell.info('the log is empty: nothing went wrong')
    end
    vim.cmd('tabedit ' .. vim.fn.fnameescape(path))
    vim.cmd('setlocal readonly autoread | normal! G')
  end))
end

---What `agentls doctor` says, and `:checkhealth agentls`.
function M.doctor()
  local command = vim.lsp.config.agentls.cmd
  if type(command) ~= 'table' then
    return vim.cmd.checkhealth('agentls')
  end
  vim.system({ command[1], 'doctor' }, { text = true }, vim.schedule_wrap(function(done)
    show('doctor', vim.trim(done.stdout .. '\n' .. done.stderr), 'agentls-output')
  end))
end

return M
