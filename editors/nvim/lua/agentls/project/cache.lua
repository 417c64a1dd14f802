-- The projects that the server told of. Everything that comes in and everything that goes out is a copy of its own
-- (`project/copy`), so that nobody changes a record by holding it.

local copy = require('agentls.project.copy')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')

local M = {}

local known = {} ---@type table<string, agentls.Project>

---Takes what the server says of a project.
---@param record any
---@return agentls.Project? project
function M.take(record)
  local project = copy.of(record)
  if project then
    known[project.id] = project
  end
  return copy.of(project)
end

---@param id string
---@return agentls.Project?
function M.get(id)
  return copy.of(known[id])
end

---Those that are known, the one that was opened last first.
---@return agentls.Project[]
function M.list()
  local list = vim.tbl_map(copy.of, vim.tbl_values(known))
  table.sort(list, function(a, b)
    if a.openedAt ~= b.openedAt then
      return a.openedAt > b.openedAt
    end
    return a.root < b.root
  end)
  return list
end

---The innermost project that a path lies in.
---@param path string
---@return agentls.Project?
function M.around(path)
  local found
  for _, project in pairs(known) do
    if vim.fs.relpath(project.root, path) and (not found or #project.root > #found.root) then
      found = project
    end
  end
  return copy.of(found)
end

---Reads all projects.
---@param done fun(failure: agentls.Failure?, projects: agentls.Project[]?)
function M.read(done)
  server.request(methods.project_list, {}, function(failure, result)
    if failure then
      return done(failure)
    end
    known = {}
    vim.iter(result.projects):each(M.take)
    done(nil, M.list())
  end)
end

---Reads a project unless it is known. A server that keeps none is left alone.
---@param id string
---@param done fun(project: agentls.Project)
function M.want(id, done)
  if known[id] then
    return done(assert(M.get(id)))
  end
  server.request(methods.project_get, { projectId = id }, function(failure, result)
    local project = not failure and M.take(result.project)
    if project then
      done(project)
    end
  end)
end

---The server ended: it will tell anew.
function M.forget()
  known = {}
end

return M
