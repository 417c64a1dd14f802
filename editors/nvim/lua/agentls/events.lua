-- Leads what the server tells to the views, and to everybody who listens: each event is also a `User` autocommand.

local protocol = require('agentls.protocol')
local server = require('agentls.server')

local M = {}

---Fires `User Agentls<Name>` with `data`.
---@param name string
---@param data any
local function fire(name, data)
  local pattern = 'Agentls' .. name:sub(1, 1):upper() .. name:sub(2)
  vim.api.nvim_exec_autocmds('User', { pattern = pattern, modeline = false, data = data })
end

-- Tools after which files may be others on disk.
local CHANGING = { bash = true, edit = true, write = true, patch = true }

local function reload_changed_files(update)
  local part = update.kind == 'part' and update.part
  if part and part.type == 'tool' and part.status == 'completed' and CHANGING[part.tool] then
    require('agentls.documents').reload_changed()
  end
end

local on = {}

on[protocol.notifications.session_update] = function(params)
  local update = params.update
  require('agentls.activity').update(params)
  require('agentls.chat').update(params)
  if update.kind == 'status' then
    require('agentls.questions').status(params.sessionId, update.status)
  end
  reload_changed_files(update)
  fire(update.kind, params)
end

on[protocol.notifications.session_did_change] = function(params)
  require('agentls.sessions').changed(params)
  fire('SessionChanged', params)
end

on[protocol.notifications.project_did_change] = function(params)
  local project = require('agentls.project.cache').take(params.project)
  if project then
    require('agentls.trust').show()
    fire('ProjectChanged', { project = project })
  end
end

local listening = false

---Begins to listen, once.
function M.listen()
  if listening then
    return
  end
  listening = true
  server.on('notification', function(method, params)
    on[method](params)
  end)
  server.on('question', function(method, params, reply)
    require('agentls.questions').take(method, params, reply)
    fire(method == protocol.questions.session_request_permission and 'Permission' or 'Question', params)
  end)
  server.on('ready', function(client)
    require('agentls.documents').follow()
    require('agentls.code_actions').tell_all_diagnostics(client)
    require('agentls.chat').server_changed(nil)
    fire('ServerReady', { client_id = client.id, version = server.version() })
  end)
  server.on('down', function(failure)
    require('agentls.questions').drop_all()
    require('agentls.activity').forget()
    require('agentls.project.cache').forget()
    require('agentls.chat').server_changed(failure)
    fire('ServerDown', failure)
  end)
end

return M
