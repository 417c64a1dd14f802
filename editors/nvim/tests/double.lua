-- A server inside the test's own Neovim: it announces and answers what a test gives it, and keeps what it was asked.

local M = {}

local Double = {}
Double.__index = Double

---What `vim.lsp` talks to, in the place of a process.
function Double:_connection(dispatchers)
  local closing = false
  local function leave()
    if not closing then
      closing = true
      dispatchers.on_exit(0, 0)
    end
  end
  self.tell = dispatchers.notification
  self.ask = dispatchers.server_request
  return {
    request = function(method, params, callback)
      table.insert(self.asked, { method = method, params = params })
      local result, failure = self:_answer(method, params)
      callback(failure, result)
      return true, #self.asked
    end,
    notify = function(method)
      if method == 'exit' then
        leave()
      end
      return true
    end,
    is_closing = function()
      return closing
    end,
    terminate = leave,
  }
end

function Double:_answer(method, params)
  if method == 'initialize' then
    local announced = { protocolVersion = require('agentls.protocol').version, methods = vim.tbl_keys(self.answers) }
    return { capabilities = { experimental = { agentls = announced } }, serverInfo = { name = 'agentls', version = '0' } }
  elseif self.answers[method] then
    return self.answers[method](params)
  end
  return vim.NIL
end

---What was asked of a method last.
function Double:params(method)
  local found
  for _, one in ipairs(self.asked) do
    found = one.method == method and one.params or found
  end
  return found
end

function Double:stop()
  local server = require('agentls.server')
  local gone = false
  server.stop(function()
    gone = true
  end)
  assert(vim.wait(5000, function()
    return gone and server.client() == nil
  end, 5))
end

---Starts it in the place of the real one.
---@param answers table<string, fun(params: table): any, any> result, or nothing and an error, by method
function M.start(answers)
  local self = setmetatable({ answers = answers, asked = {}, told = {} }, Double)
  local config = require('agentls.client').config()
  config.cmd = function(dispatchers)
    return self:_connection(dispatchers)
  end
  vim.lsp.config('agentls', config)
  local server = require('agentls.server')
  server.start()
  assert(vim.wait(5000, function()
    return server.state() == 'running'
  end, 5))
  return self
end

---Runs `act` with it, and with a person who always takes the choices of these numbers, one after the other.
---@param answers table
---@param choices integer[]
---@param act fun(double: table, offered: string[][])
function M.with(answers, choices, act)
  local select, notify = vim.ui.select, vim.notify
  local offered, at = {}, 0
  vim.ui.select = function(items, options, done)
    at = at + 1
    offered[at] = vim.tbl_map(options.format_item or tostring, items)
    done(choices[at] and items[choices[at]] or nil, choices[at])
  end
  local double = M.start(answers)
  vim.notify = function(text)
    table.insert(double.told, text)
  end
  local ok, problem = xpcall(act, debug.traceback, double, offered)
  vim.ui.select, vim.notify = select, notify
  double:stop()
  assert(ok, problem)
end

return M
