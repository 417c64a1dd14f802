local check = require('check')
local protocol = require('agentls.protocol')

local root = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))))

local function sources()
  local files = {}
  for path, kind in vim.fs.dir(root .. '/lua', { depth = 5 }) do
    if kind == 'file' then
      files[path] = table.concat(vim.fn.readfile(root .. '/lua/' .. path), '\n')
    end
  end
  return files
end

return {
  ['every method used exists in the generated table'] = function()
    local used = 0
    for path, text in pairs(sources()) do
      for name in text:gmatch('%f[%w_]methods%.([%l_]+)') do
        used = used + 1
        check.is_true(protocol.methods[name], path .. ': ' .. name)
      end
    end
    check.is_true(used > 20)
  end,

  ['no method is written by hand outside of the tables'] = function()
    local families = {}
    for _, method in pairs(vim.tbl_extend('error', protocol.methods, protocol.questions)) do
      families[method:match('^%l+')] = true
    end
    for path, text in pairs(sources()) do
      if path ~= 'agentls/protocol.lua' then
        for family, name in text:gmatch("['\"](%l+)/(%l%a+)['\"]") do
          check.is_true(not families[family], ('%s: %s/%s'):format(path, family, name))
        end
      end
    end
  end,

  ['the table is what the committed schema says'] = function()
    local schema = root .. '/../../src/face/lsp/schema.json'
    local before = table.concat(vim.fn.readfile(root .. '/lua/agentls/protocol.lua'), '\n')
    local made = vim.fn.tempname()
    local done = vim.system({ vim.v.progpath, '--clean', '-l', root .. '/scripts/protocol.lua', schema, made }):wait()
    check.equal(done.code, 0)
    check.equal(table.concat(vim.fn.readfile(made), '\n'), before)
  end,

  ['every update that the server sends is known'] = function()
    local known = { 'compacted', 'error', 'message', 'part', 'partDelta', 'queue', 'status', 'title', 'todo', 'usage', 'changes',
      'recovered' }
    for _, kind in pairs(protocol.updates) do
      check.is_true(vim.list_contains(known, kind), kind)
    end
  end,

  ['every sub-command has a <Plug> mapping, and every mapping a sub-command'] = function()
    local subs, keys = require('agentls.command').subs, require('agentls.mappings').keys
    require('agentls.mappings').plug()
    for name in pairs(vim.tbl_extend('keep', subs, keys)) do
      check.is_true(subs[name] and keys[name] ~= nil, name)
      check.is_true(vim.fn.maparg(('<Plug>(agentls-%s)'):format(name), 'n') ~= '', name)
    end
    local seen = {}
    for name, key in pairs(keys) do
      check.is_true(not key or not seen[key], name)
      seen[key or name] = true
    end
  end,

  ['every key of chat, prompt and slash does something'] = function()
    local subs = require('agentls.command').subs
    local chat, prompt = require('agentls.chat.acts'), require('agentls.prompt')
    for _, key in ipairs(require('agentls.chat.keys').keys) do
      check.is_true(chat[key[2]] or subs[key[2]], key[2])
    end
    for _, key in ipairs(prompt.keys) do
      check.is_true(prompt.acts[key[2]] or subs[key[2]], key[2])
    end
    for name in pairs(require('agentls.slash').commands) do
      check.is_true(subs[name], name)
    end
  end,
}
