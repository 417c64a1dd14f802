-- A project as the plugin keeps it: a plain copy with known keys only, of known types and bounded sizes, that shares
-- nothing with what it was made from. Pure.

local M = {}

---@class agentls.Project
---@field id string
---@field root string
---@field name string
---@field trust 'trusted' | 'untrusted' | 'changed'
---@field icon { kind: 'emoji' | 'color', value: string }?
---@field vcs string?
---@field sandboxes { path: string, branch: string? }[]
---@field wouldRun { path: string, what: string, change: string? }[]
---@field createdAt integer
---@field updatedAt integer
---@field openedAt integer

-- What is kept of a text, of an icon, and of a list.
local TEXT_BYTES, ICON_BYTES, MOST = 4096, 64, 200

local TRUST = { trusted = true, untrusted = true, changed = true }

-- Icons that a terminal can show: an image is left with the server.
local ICONS = { emoji = true, color = true }

---@return string?
local function text(value)
  return type(value) == 'string' and #value <= TEXT_BYTES and value or nil
end

---@return integer
local function time(value)
  return type(value) == 'number' and math.floor(value) or 0
end

local function icon(value)
  if type(value) ~= 'table' or not ICONS[value.kind] or type(value.value) ~= 'string' or #value.value > ICON_BYTES then
    return nil
  end
  return { kind = value.kind, value = value.value }
end

---The entries of a list that have a path and another text; a third one may be missing.
local function entries(list, required, optional)
  local result = {}
  for _, entry in ipairs(type(list) == 'table' and list or {}) do
    if #result == MOST then
      break
    end
    local one = type(entry) == 'table' and { path = text(entry.path), [required] = text(entry[required]) } or {}
    if one.path and one[required] then
      one[optional] = text(entry[optional])
      result[#result + 1] = one
    end
  end
  return result
end

---@param record any what the server said of a project, or a copy made here
---@return agentls.Project? copy nothing where it is none
function M.of(record)
  if type(record) ~= 'table' or not text(record.id) or not text(record.root) then
    return nil
  end
  return {
    id = record.id,
    root = record.root,
    name = text(record.name) or vim.fs.basename(record.root),
    trust = TRUST[record.trust] and record.trust or 'untrusted',
    icon = icon(record.icon),
    vcs = text(record.vcs),
    sandboxes = entries(record.sandboxes, 'path', 'branch'),
    wouldRun = entries(record.wouldRun, 'what', 'change'),
    createdAt = time(record.createdAt),
    updatedAt = time(record.updatedAt),
    openedAt = time(record.openedAt),
  }
end

return M
