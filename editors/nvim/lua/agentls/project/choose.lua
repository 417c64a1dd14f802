-- `:Agentls projects`: choosing a project, and what to do with it.

local cache = require('agentls.project.cache')
local clean = require('agentls.clean')
local measure = require('agentls.measure')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

---A project's name, with its icon where it has one.
---@param project agentls.Project
---@return string
function M.name(project)
  local name = clean.one_line(project.name, 60)
  local icon = project.icon
  return icon and icon.kind == 'emoji' and clean.one_line(icon.value, 16) .. ' ' .. name or name
end

local TRUST = { untrusted = 'read only: not trusted', changed = 'read only: changed since it was trusted' }

---A project as a line.
---@param project agentls.Project
---@param now integer
---@return string
function M.line(project, now)
  local notes = { vim.fn.fnamemodify(clean.one_line(project.root, 200), ':~') }
  if project.openedAt > 0 then
    notes[#notes + 1] = measure.age(project.openedAt, now)
  end
  if #project.sandboxes > 0 then
    notes[#notes + 1] = ('%d worktree%s'):format(#project.sandboxes, #project.sandboxes == 1 and '' or 's')
  end
  notes[#notes + 1] = TRUST[project.trust]
  return ('%s  (%s)'):format(M.name(project), table.concat(notes, ', '))
end

---Asks for a value and gives it to the server.
local function update(project, prompt, default, make)
  vim.ui.input({ prompt = prompt, default = clean.one_line(default) }, function(value)
    if not value then
      return
    end
    local params = vim.tbl_extend('error', { projectId = project.id }, make(vim.trim(value)))
    server.request(methods.project_update, params, tell.or_else(function(result)
      local changed = cache.take(result.project)
      tell.info(changed and M.line(changed, require('agentls.chat.view').now()) or 'changed')
    end))
  end)
end

---@type { [1]: string, [2]: fun(project: agentls.Project) }[] what can be done with a project
local ACTS = {
  { 'Its sessions', function(project)
    require('agentls.sessions').open(project.root)
  end },
  { 'Begin a session in it', function(project)
    require('agentls.chat').new({ cwd = project.root })
  end },
  { 'Trust, or stop trusting it', function(project)
    require('agentls.trust').ask(project)
  end },
  { 'Give it another name', function(project)
    update(project, 'Name: ', project.name, function(name)
      return { name = name }
    end)
  end },
  { 'Give it an emoji', function(project)
    update(project, 'Emoji: ', project.icon and project.icon.kind == 'emoji' and project.icon.value or '', function(emoji)
      return { icon = { kind = 'emoji', value = emoji } }
    end)
  end },
}

local function choose_act(project)
  local options = {
    prompt = M.name(project),
    format_item = function(act)
      return act[1]
    end,
  }
  vim.ui.select(ACTS, options, function(act)
    if act then
      act[2](project)
    end
  end)
end

---Chooses one of all projects, then what to do with it.
function M.choose()
  cache.read(tell.or_else(function(projects)
    local now = require('agentls.chat.view').now()
    local options = {
      prompt = 'Projects',
      kind = 'agentls-project',
      format_item = function(project)
        return M.line(project, now)
      end,
    }
    vim.ui.select(projects, options, function(project)
      if project then
        choose_act(project)
      end
    end)
  end))
end

return M
