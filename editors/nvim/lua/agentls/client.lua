-- What Neovim's language client is told of our server: how it is started, what is handed over to it, and who handles what
-- it says. This is what `lsp/agentls.lua` gives to `vim.lsp.config`.

local protocol = require('agentls.protocol')
local server = require('agentls.server')
local settings = require('agentls.settings')
local tell = require('agentls.tell')

local M = {}

-- What stands in the root of a workspace.
local MARKERS = { '.agentls', '.git' }

local function handlers()
  local result = {
    ['window/showMessage'] = function(_, params)
      tell.message(params)
    end,
    ['workspace/applyEdit'] = function(...)
      return require('agentls.documents').apply_edit(...)
    end,
  }
  for _, method in pairs(protocol.notifications) do
    result[method] = function(_, params)
      server.told(method, params)
    end
  end
  for _, method in pairs(protocol.questions) do
    result[method] = function(_, params)
      return server.ask(method, params)
    end
  end
  return result
end

---What a person set, or what their function says.
local function said(value, ...)
  if type(value) == 'function' then
    return value(...)
  end
  return value
end

---`initializationOptions`. Credentials are read at the last moment and kept nowhere.
---@param folder string? the workspace folder, which trust is about
local function options(folder)
  local given = settings.get().server
  return {
    clientAbilities = { permission = true, question = true, diff = true, images = true },
    config = given.config,
    credentials = said(given.credentials),
    trust = folder and said(given.trust, folder) or nil,
  }
end

---@return vim.lsp.Config
function M.config()
  require('agentls.events').listen()
  return {
    name = server.NAME,
    cmd = settings.get().cmd,
    root_markers = MARKERS,
    -- A workspace without a marker is one, too: trust is about a folder.
    root_dir = function(buf, on_dir)
      on_dir(server.folder(buf, MARKERS))
    end,
    handlers = handlers(),
    commands = require('agentls.code_actions').commands(),
    -- So that an edit says which version of a buffer it was made for.
    capabilities = { workspace = { workspaceEdit = { documentChanges = true } } },
    before_init = function(params, config)
      params.initializationOptions = { agentls = options(config.root_dir) }
    end,
    -- One process serves all sessions of all projects; one that is leaving serves none.
    reuse_client = function(client)
      return client.name == server.NAME and not client:is_stopped()
    end,
    on_init = server.on_init,
    on_exit = vim.schedule_wrap(server.on_exit),
  }
end

return M
