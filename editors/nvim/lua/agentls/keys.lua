-- The keys of a view: mappings of its buffer only, each by way of a `<Plug>` name that a person may give other keys.

local keyhelp = require('agentls.keyhelp')

local M = {}

---@class agentls.Key
---@field [1] string key
---@field [2] string act
---@field [3] string what it does, for the help
---@field mode string? its modes; 'n' when missing
---@field menu boolean? whether it belongs to a completion menu while one is open

-- Every view has these.
M.help = { { '?', 'help', 'show these keys' }, { 'g?', 'help', 'show these keys' } }

---@return string name the mapping that a key leads to
function M.plug(view, act)
  return ('<Plug>(agentls-%s-%s)'):format(view, act)
end

---What the buffer maps already: a person's own mapping from a FileType autocommand stays.
local function taken(buf, mode)
  local found = {}
  for _, mapping in ipairs(vim.api.nvim_buf_get_keymap(buf, mode)) do
    found[mapping.lhsraw] = true
  end
  return found
end

---Leads a key to its name.
local function lead(buf, mode, key, plug)
  local options = { buffer = buf, nowait = true, silent = true, remap = true, desc = 'agentls: ' .. key[3] }
  if not key.menu then
    return vim.keymap.set(mode, key[1], plug, options)
  end
  options.expr = true
  vim.keymap.set(mode, key[1], function()
    return vim.fn.pumvisible() == 1 and key[1] or plug
  end, options)
end

---@param buf integer
---@param view string the view's name, such as `chat`
---@param keys agentls.Key[]
---@param run fun(act: string)
function M.map(buf, view, keys, run)
  local all = vim.list_extend(vim.list_slice(keys), M.help)
  local mapped = { n = taken(buf, 'n'), i = taken(buf, 'i') }
  for _, key in ipairs(all) do
    local plug = M.plug(view, key[2])
    for mode in (key.mode or 'n'):gmatch('.') do
      vim.keymap.set(mode, plug, function()
        if key[2] == 'help' then
          return keyhelp.show(view, all)
        end
        run(key[2])
      end, { buffer = buf, silent = true, desc = 'agentls: ' .. key[3] })
      if not mapped[mode][vim.keycode(key[1])] then
        lead(buf, mode, key, plug)
      end
    end
  end
end

return M
