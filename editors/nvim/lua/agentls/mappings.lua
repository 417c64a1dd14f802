-- `<Plug>` mappings for every sub-command, and global ones behind a prefix for who asks for them.

local M = {}

-- Each sub-command, with its key behind the prefix if it has one.
local ALL = [[
  add=+ agent=g answer=<CR> archive ask=? cancel=x chat=a compact=k context=c delete doctor
  explain=e export=w fix=f fork=y image ledger=l logs model=m new=n next=q permissions=p projects=j
  queue=u rename=t restart resume=r review=v send sessions=s start status=i stop trust version
]]

---@type table<string, string|false> keys by sub-command
M.keys = {}
for name, key in ALL:gmatch('(%l+)=?(%S*)') do
  M.keys[name] = key ~= '' and key
end

-- Those that a selection is about.
local OF_LINES = { add = true, ask = true, explain = true, fix = true }

---@param name string a sub-command
function M.plug_name(name)
  return ('<Plug>(agentls-%s)'):format(name)
end

---`<Plug>(agentls-ask)` and its siblings.
function M.plug()
  for name in pairs(M.keys) do
    vim.keymap.set('n', M.plug_name(name), ('<Cmd>Agentls %s<CR>'):format(name))
    if OF_LINES[name] then
      -- `:` gives the command the range of the selection.
      vim.keymap.set('x', M.plug_name(name), (':Agentls %s<CR>'):format(name), { silent = true })
    end
  end
end

---@param prefix string
function M.global(prefix)
  for name, key in pairs(M.keys) do
    if key then
      local modes = OF_LINES[name] and { 'n', 'x' } or 'n'
      vim.keymap.set(modes, prefix .. key, M.plug_name(name), { desc = 'agentls: ' .. name })
    end
  end
end

return M
