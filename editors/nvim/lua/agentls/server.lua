-- The server as a language client: started when it is needed, asked by method, started again when it died.
-- Knows no view. What it tells goes to whoever listens (see `on`).

local protocol = require('agentls.protocol')
local restarts = require('agentls.restarts')
local settings = require('agentls.settings')

local M = {}

---@alias agentls.State 'stopped' | 'starting' | 'running' | 'stopping' | 'failed'

---@class agentls.Failure
---@field message string
---@field kind string?
---@field cure string?

M.NAME = 'agentls'

-- How long a server may take to leave before it is made to.
local LEAVE_MS = 3000

local state = { phase = 'stopped' } ---@type { phase: agentls.State, why: string?, client: integer?, announced: table? }
local when_gone = {} ---@type function[] what is done once a server that was asked to leave has left
local waiting = {} ---@type function[] what is done once the server runs
local open = {} ---@type table<table, fun(failure: agentls.Failure)> requests without an answer
local listeners = { ready = {}, down = {}, notification = {}, question = {} }

---@param what 'ready' | 'down' | 'notification' | 'question'
---@param listener function
function M.on(what, listener)
  table.insert(listeners[what], listener)
end

local function tell(what, ...)
  for _, listener in ipairs(listeners[what]) do
    listener(...)
  end
end

---The server tells something.
---@param method string
---@param params table
function M.told(method, params)
  tell('notification', method, params)
end

---@return vim.lsp.Client?
function M.client()
  return state.client and vim.lsp.get_client_by_id(state.client) or nil
end

---@return agentls.State phase, string? why it is not running
function M.state()
  return state.phase, state.why
end

---Whether the server that runs announced a method.
---@param method string
function M.supports(method)
  return state.announced ~= nil and vim.list_contains(state.announced.methods or {}, method)
end

---Lets go on whoever waits for the server.
---@param failure agentls.Failure? why it will not come
local function release(failure)
  local work = waiting
  waiting = {}
  for _, call in ipairs(work) do
    call(failure)
  end
end

---What the server said of itself, or why we cannot work with it.
local function meet(result)
  local announced = vim.tbl_get(result or {}, 'capabilities', 'experimental', 'agentls')
  if not announced then
    return nil, 'the program in `cmd` is a language server, but not agentls'
  end
  if announced.protocolVersion ~= protocol.version then
    local older = announced.protocolVersion < protocol.version and 'the server' or 'this plugin'
    return nil,
      ('the server speaks protocol %s, this plugin %s: update %s'):format(
        announced.protocolVersion,
        protocol.version,
        older
      )
  end
  return announced
end

---The server answered `initialize`.
function M.on_init(client, result)
  if state.phase == 'stopping' then
    return
  end
  state.client = client.id
  local announced, problem = meet(result)
  if not announced then
    state.phase, state.why = 'failed', problem
    client:stop(true)
    vim.notify('agentls: ' .. problem, vim.log.levels.ERROR)
    return release({ message = problem })
  end
  announced.version = vim.tbl_get(result, 'serverInfo', 'version')
  state.phase, state.why, state.announced = 'running', nil, announced
  tell('ready', client)
  release()
end

---Answers what will never be answered.
local function drop_open(failure)
  local dropped = open
  open = {}
  for _, callback in pairs(dropped) do
    callback(failure)
  end
end

---Starts a server that died again, a little later; where it died too often, a person has to.
---@param failure agentls.Failure
local function start_again(failure)
  local delay = settings.get().restart and restarts.delay(vim.uv.now())
  if not delay then
    release(failure)
    return vim.notify('agentls: ' .. failure.message .. '. :Agentls start begins anew, :Agentls logs says more.', vim.log.levels.ERROR)
  end
  vim.defer_fn(function()
    if state.phase == 'failed' then
      M.start()
    end
  end, delay)
end

---The server's process ended.
function M.on_exit(code, signal, client_id)
  if state.client and state.client ~= client_id then
    return
  end
  local expected = state.phase == 'stopping' or state.phase == 'failed' or vim.v.exiting ~= vim.NIL
  state.client, state.announced = nil, nil
  local failure = {
    kind = 'serverGone',
    message = expected and 'the server was stopped' or ('the server ended (code %d, signal %d)'):format(code, signal),
    cure = ':Agentls start',
  }
  if not expected then
    state.phase, state.why = 'failed', failure.message
  elseif state.phase == 'stopping' then
    state.phase = 'stopped'
  end
  drop_open(failure)
  tell('down', failure)
  if not expected then
    return start_again(failure)
  end
  local work = when_gone
  when_gone = {}
  for _, call in ipairs(work) do
    call()
  end
end

---The server asks something. Waits, without blocking, for the answer of whoever shows questions.
function M.ask(method, params)
  local asking = coroutine.running()
  local answered, result = false, nil
  tell('question', method, params, function(answer)
    if answered then
      return
    end
    answered, result = true, answer
    if coroutine.status(asking) == 'suspended' then
      assert(coroutine.resume(asking))
    end
  end)
  if not answered then
    coroutine.yield()
  end
  if result == nil then
    return nil, vim.lsp.rpc_response_error(vim.lsp.protocol.ErrorCodes.InternalError, 'nobody answered')
  end
  return result
end

---Says so: to whoever waits for the server, else to the person.
local function cannot_start(why, cure)
  state.phase, state.why = 'failed', why
  if #waiting > 0 then
    return release({ message = why, cure = cure })
  end
  vim.notify(('agentls: %s: %s'):format(why, cure), vim.log.levels.ERROR)
end

---The folder of a workspace that a buffer or a path lies in: the current one where no marker is found.
---@param source integer|string
---@param markers string[]?
function M.folder(source, markers)
  return vim.fs.root(source, markers or {}) or vim.fn.getcwd()
end

---Starts the server unless it runs; one that is leaving is waited for, because it still holds its sessions.
function M.start()
  if state.phase == 'stopping' then
    return table.insert(when_gone, M.start)
  elseif state.phase == 'starting' or (state.phase == 'running' and M.client()) then
    return
  end
  state.phase, state.why = 'starting', nil
  local config = vim.lsp.config[M.NAME]
  local program = type(config.cmd) == 'table' and config.cmd[1]
  if program and vim.fn.executable(program) == 0 then
    return cannot_start(('`%s` is not installed'):format(program), 'install it, or set `cmd` (:help agentls-install)')
  end
  local started = vim.deepcopy(config)
  if type(config.root_dir) ~= 'string' then
    started.root_dir = M.folder(vim.fn.getcwd(), config.root_markers)
  end
  local id = vim.lsp.start(started, { attach = false, reuse_client = config.reuse_client })
  if not id then
    return cannot_start('the server cannot be started', ':Agentls doctor')
  end
  state.client = id
end

---@param done function? called once the server is gone
function M.stop(done)
  local client = M.client()
  restarts.forget()
  release({ message = 'the server was stopped' })
  if not client then
    state.phase, state.why = 'stopped', nil
    return done and done()
  end
  table.insert(when_gone, done)
  if state.phase == 'stopping' then
    return
  end
  state.phase, state.why = 'stopping', nil
  client:stop()
  vim.defer_fn(function()
    if vim.lsp.get_client_by_id(client.id) then
      client.rpc.terminate()
    end
  end, LEAVE_MS)
end

function M.restart()
  M.stop(M.start)
end

---Asks the server, and starts it before when it does not run; not one that a person has just stopped: what belongs to an
---answer that still came would start it again. `callback` gets a failure or a result, always once.
---@param method string
---@param params table
---@param callback fun(failure: agentls.Failure?, result: any)
function M.request(method, params, callback)
  if state.phase == 'stopping' and not vim.list_contains(when_gone, M.start) then
    return callback({ kind = 'serverGone', message = 'the server was stopped', cure = ':Agentls start' })
  end
  if state.phase ~= 'running' then
    table.insert(waiting, function(failure)
      if failure then
        return callback(failure)
      end
      M.request(method, params, callback)
    end)
    return M.start()
  end
  if not M.supports(method) then
    local message = ('this server has no `%s`'):format(method)
    return callback({ kind = 'unsupported', message = message, cure = 'install a newer one' })
  end
  local client = M.client()
  local token = {}
  open[token] = callback
  local sent = client ~= nil
    and client:request(method, vim.tbl_isempty(params) and vim.empty_dict() or params, function(err, result)
      if open[token] then
        open[token] = nil
        callback(err and M.failure(err), result)
      end
    end)
  if not sent and open[token] then
    open[token] = nil
    callback({ kind = 'serverGone', message = 'the server is not there', cure = ':Agentls start' })
  end
end

---An error answer as a failure.
---@return agentls.Failure
function M.failure(err)
  local data = type(err.data) == 'table' and err.data or {}
  return { message = err.message, kind = data.kind, cure = data.cure, data = data }
end

---The version that the server that runs said of itself.
function M.version()
  return state.announced and state.announced.version
end

return M
