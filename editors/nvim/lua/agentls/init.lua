-- The plugin's front: `setup`, and what a configuration may call.

local M = {}

---Settings, all optional (:help agentls-settings). Everything works without calling this.
---@param opts table?
function M.setup(opts)
  local settings = require('agentls.settings')
  settings.set(opts)
  if settings.get().prefix then
    require('agentls.mappings').global(settings.get().prefix)
  end
  if settings.get().autostart then
    require('agentls.server').start()
  end
end

---For a statusline: `%{%v:lua.require'agentls'.statusline()%}`.
---@return string
function M.statusline()
  return require('agentls.activity').statusline()
end

---Sends a prompt to the current session, or to a new one.
---@param text string
function M.send(text)
  require('agentls.chat').with(function(chat)
    require('agentls.prompt').send_text(chat, text)
  end)
end

---Asks the server any method of the protocol.
---@param method string
---@param params table
---@param callback fun(failure: agentls.Failure?, result: any)
function M.request(method, params, callback)
  require('agentls.server').request(method, params, callback)
end

return M
