-- `<Plug>` mappings for everything, and global ones behind a prefix for who asks for them.

local M = {}

---@type { [1]: string, [2]: string, [3]: string|string[] }[] sub-command, key behind the prefix, modes
M.all = {
  { 'chat', 'a', 'n' },
  { 'new', 'n', 'n' },
  { 'sessions', 's', 'n' },
  { 'resume', 'r', 'n' },
  { 'add', '+', { 'n', 'x' } },
  { 'ask', '?', { 'n', 'x' } },
  { 'explain', 'e', { 'n', 'x' } },
  { 'fix', 'f', { 'n', 'x' } },
  { 'context', 'c', 'n' },
  { 'review', 'v', 'n' },
  { 'model', 'm', 'n' },
  { 'answer', '<CR>', 'n' },
  { 'cancel', 'x', 'n' },
  { 'ledger', 'l', 'n' },
  { 'next', 'q', 'n' },
  { 'compact', 'k', 'n' },
  { 'fork', 'y', 'n' },
  { 'rename', 't', 'n' },
  { 'export', 'w', 'n' },
  { 'queue', 'u', 'n' },
  { 'status', 'i', 'n' },
}

---`<Plug>(agentls-ask)` and its siblings.
function M.plug()
  for _, one in ipairs(M.all) do
    local name = one[1]
    vim.keymap.set('n', ('<Plug>(agentls-%s)'):format(name), ('<Cmd>Agentls %s<CR>'):format(name))
    if type(one[3]) == 'table' then
      -- `:` gives the command the range of the selection.
      vim.keymap.set('x', ('<Plug>(agentls-%s)'):format(name), (':Agentls %s<CR>'):format(name), { silent = true })
    end
  end
end

---@param prefix string
function M.global(prefix)
  for _, one in ipairs(M.all) do
    vim.keymap.set(one[3], prefix .. one[2], ('<Plug>(agentls-%s)'):format(one[1]), { desc = 'agentls: ' .. one[1] })
  end
end

return M
