-- Choosing the model that answers from the next prompt on.

local clean = require('agentls.clean')
local measure = require('agentls.measure')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

local function name_of(model)
  return model.provider .. '/' .. model.id
end

---Models by when they were used last: those of recent sessions first, then those that can be called.
---@param models table[]
---@param sessions table[] newest activity first
---@return table[]
function M.by_use(models, sessions)
  local rank = {}
  for at, session in ipairs(sessions) do
    local name = name_of(session.model)
    rank[name] = rank[name] or at
  end
  local sorted = {}
  for at, model in ipairs(models) do
    local recent = rank[name_of(model)]
    sorted[at] = { model = model, recent = recent, order = (model.ready and 0 or 1e6) + (recent or 1e3 + at) }
  end
  table.sort(sorted, function(a, b)
    return a.order < b.order
  end)
  return sorted
end

---A model as a line.
function M.line(entry)
  local model = entry.model
  local notes = { measure.count(model.context) .. ' window' }
  if model.cost.input > 0 then
    notes[#notes + 1] = ('$%g in, $%g out'):format(model.cost.input, model.cost.output)
  end
  if entry.recent then
    notes[#notes + 1] = 'recent'
  end
  if not model.ready then
    notes[#notes + 1] = 'no key'
  end
  return ('%s  (%s)'):format(clean.one_line(name_of(model), 80), table.concat(notes, ', '))
end

---@param chat agentls.Chat
function M.choose(chat)
  local cwd = chat.session.cwd
  server.request(methods.model_list, { cwd = cwd }, tell.or_else(function(list)
    server.request(methods.session_list, { limit = 20 }, tell.or_else(function(page)
      local options = { prompt = 'Model', kind = 'agentls-model', format_item = M.line }
      vim.ui.select(M.by_use(list.models, page.sessions), options, function(entry)
        if entry then
          chat.wanted_model = { provider = entry.model.provider, id = entry.model.id }
          require('agentls.chat.windows').label(chat)
        end
      end)
    end))
  end))
end

return M
