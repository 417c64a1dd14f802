local check = require('check')
local keys = require('agentls.keys')

local KEYS = {
  { 'x', 'reject', 'takes it back' },
  { 'a', 'accept', 'keeps it' },
  { '<C-p>', 'older', 'an older one', mode = 'i', menu = true },
}

---A buffer in a window, with a person's own mapping and ours.
local function with_buffer(act)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_set_current_buf(buf)
  vim.keymap.set('n', 'x', 'iown<Esc>', { buffer = buf })
  local ran = {}
  keys.map(buf, 'test', KEYS, function(name)
    table.insert(ran, name)
  end)
  act(ran, buf)
  vim.cmd('silent! close')
  vim.api.nvim_buf_delete(buf, { force = true })
end

return {
  ['a key leads to its act, and has a name for other keys'] = function()
    with_buffer(function(ran, buf)
      vim.keymap.set('n', 'Q', '<Plug>(agentls-test-accept)', { buffer = buf, remap = true })
      vim.api.nvim_feedkeys('aQ', 'x', false)
      check.equal(ran, { 'accept', 'accept' })
      vim.api.nvim_feedkeys(vim.keycode('i<C-p><Esc>'), 'x', false)
      check.equal(ran[3], 'older')
    end)
  end,

  ['a key that a person mapped for the view stays theirs'] = function()
    with_buffer(function(ran, buf)
      vim.api.nvim_feedkeys('x', 'x', false)
      check.equal({ ran, vim.api.nvim_buf_get_lines(buf, 0, -1, false) }, { {}, { 'own' } })
      vim.keymap.set('n', 'Q', '<Plug>(agentls-test-reject)', { buffer = buf, remap = true })
      vim.api.nvim_feedkeys('Q', 'x', false)
      check.equal(ran, { 'reject' })
    end)
  end,

  ['the keys of a view are shown by ?'] = function()
    with_buffer(function(_, buf)
      vim.api.nvim_feedkeys('?', 'x', false)
      check.is_true(vim.api.nvim_get_current_buf() ~= buf)
      check.has_line(vim.api.nvim_buf_get_lines(0, 0, -1, false), 'an older one')
      vim.api.nvim_feedkeys('q', 'x', false)
      check.equal(vim.api.nvim_get_current_buf(), buf)
    end)
  end,

  ['no key works outside of its buffer'] = function()
    with_buffer(function(ran)
      vim.cmd.enew()
      vim.api.nvim_feedkeys('a', 'x', false)
      check.equal(ran, {})
      vim.cmd.stopinsert()
      vim.cmd.buffer('#')
    end)
  end,
}
