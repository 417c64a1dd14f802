-- Choosing the agent that answers from the next prompt on.

local clean = require('agentls.clean')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

---An agent as a line.
---@param agent table an entry of `agent/list`
---@return string
function M.line(agent)
  local notes = {}
  if agent.readOnly then
    notes[#notes + 1] = 'looks only'
  end
  if agent.model then
    notes[#notes + 1] = clean.one_line(agent.model.provider .. '/' .. agent.model.id, 60)
  end
  local mistake = (agent.mistakes or {})[1]
  if mistake then
    notes[#notes + 1] = 'has a mistake: ' .. clean.one_line(mistake, 120)
  end
  local about = agent.description and '  ' .. clean.one_line(agent.description, 120) or ''
  local noted = #notes > 0 and ('  (%s)'):format(table.concat(notes, ', ')) or ''
  return clean.one_line(agent.name, 40) .. about .. noted
end

---@param chat agentls.Chat
---@param agent table
local function take(chat, agent)
  chat.wanted_agent = agent.name
  require('agentls.chat.windows').label(chat)
end

---Takes the agent of a name.
local function take_named(chat, agents, name)
  local names = {}
  for _, agent in ipairs(agents) do
    if agent.name == name then
      return take(chat, agent)
    end
    names[#names + 1] = clean.one_line(agent.name, 40)
  end
  tell.warn(('there is no agent %s; there are %s'):format(name, table.concat(names, ', ')))
end

---@param chat agentls.Chat
---@param name string the agent that is wanted; the person chooses where it is empty
function M.choose(chat, name)
  server.request(methods.agent_list, { cwd = chat.session.cwd }, tell.or_else(function(list)
    if name ~= '' then
      return take_named(chat, list.agents, name)
    end
    vim.ui.select(list.agents, { prompt = 'Agent', kind = 'agentls-agent', format_item = M.line }, function(agent)
      if agent then
        take(chat, agent)
      end
    end)
  end))
end

return M
