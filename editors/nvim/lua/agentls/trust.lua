-- Whether a workspace is trusted: the person says so, once for each folder and what it brings; the server keeps it.

local cache = require('agentls.project.cache')
local chats = require('agentls.chat')
local methods = require('agentls.protocol').methods
local permission = require('agentls.permission')
local render = require('agentls.render.permission')
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

-- Why it is asked.
local REASONS = {
  untrusted = 'You have not said yet whether you trust what is in this folder.',
  changed = 'You trusted this folder; what it would enable has changed since.',
}

---What trusting a project would enable: tools, and each file that it brings, with what became of it since.
local function items(project)
  local list = { { label = 'Tools change files and run commands here, as your rules and you allow', rule = '' } }
  for _, one in ipairs(project.wouldRun) do
    local change = one.change and ', ' .. one.change or ''
    list[#list + 1] = { label = ('%s (%s%s)'):format(one.path, one.what, change), rule = '' }
  end
  return list
end

---A project's trust as the server would ask for it.
---@param project agentls.Project
---@param session_id string?
---@return table question parameters of `session/requestPermission`
function M.question(project, session_id)
  return {
    sessionId = session_id,
    tool = render.WORKSPACE,
    title = ('Trust %s?'):format(project.root),
    reason = REASONS[project.trust],
    items = items(project),
    options = {
      { id = 'trusted', label = 'Trust this workspace', scope = 'project' },
      { id = 'untrusted', label = 'Leave it read only', scope = 'never' },
    },
  }
end

---@param project agentls.Project
---@param trust 'trusted' | 'untrusted'
function M.set(project, trust)
  server.request(methods.project_trust, { projectId = project.id, trust = trust }, tell.or_else(function(result)
    cache.take(result.project)
    M.show()
    tell.info((trust == 'trusted' and 'trusted: ' or 'read only from now on: ') .. project.root)
  end))
end

---Asks whether a project is trusted; where it is, whether it is to stay so.
---@param project agentls.Project
function M.ask(project)
  if project.trust == 'trusted' then
    local prompt = ('%s is trusted'):format(project.root)
    return vim.ui.select({ 'Keep it so', 'Stop trusting it' }, { prompt = prompt }, function(_, choice)
      if choice == 2 then
        M.set(project, 'untrusted')
      end
    end)
  end
  local chat = chats.current()
  local view
  local function answer(given)
    view.close()
    if given and given.optionId == 'trusted' then
      M.set(project, 'trusted')
    end
  end
  view = permission.show({ params = M.question(project, chat and chat.session.id), reply = answer }, true)
end

---The project that a command means: that of the chat, else the one around the current directory.
---@param act fun(project: agentls.Project)
local function here(act)
  local chat = chats.current()
  cache.read(tell.or_else(function()
    local project = chat and cache.get(chat.session.projectId) or cache.around(vim.fn.getcwd())
    if not project then
      return tell.warn('no session has been here yet (:Agentls new)')
    end
    act(project)
  end))
end

---`:Agentls trust`, `:Agentls trust revoke`.
---@param rest string
function M.command(rest)
  if rest == 'revoke' then
    return here(function(project)
      M.set(project, 'untrusted')
    end)
  end
  here(M.ask)
end

---Says in the bar of each chat whether its workspace is trusted.
function M.show()
  for _, chat in pairs(chats.all()) do
    require('agentls.chat.windows').label(chat)
  end
end

return M
