local check = require('check')

local root = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))))
local help = vim.fn.readfile(root .. '/doc/agentls.txt')
local text = table.concat(help, '\n')

---The lines between two headings.
local function section(number)
  return text:match('\n' .. number .. '%. %u.-\n====') or text:match('\n' .. number .. '%. %u.*$')
end

return {
  ['every sub-command is in the help'] = function()
    for name in pairs(require('agentls.command').subs) do
      check.is_true(text:find('Agentls %[?' .. name .. '%f[%W]') ~= nil, name)
    end
  end,

  ['every key of every view is in the help'] = function()
    for number, keys in pairs({
      [4] = require('agentls.chat.keys').keys,
      [5] = require('agentls.prompt').keys,
      [6] = require('agentls.permission').keys,
      [7] = require('agentls.sessions').keys,
      [8] = require('agentls.context').keys,
      [9] = require('agentls.changes').keys,
    }) do
      for _, key in ipairs(vim.list_extend(vim.list_slice(keys), require('agentls.keys').help)) do
        check.is_true(section(number):find(key[1], 1, true) ~= nil, ('%d: %s'):format(number, key[1]))
      end
    end
  end,

  ['every setting is in the help'] = function()
    local function names(settings)
      for name, value in pairs(settings) do
        check.is_true(section(10):find(name, 1, true) ~= nil, name)
        if type(value) == 'table' and not vim.islist(value) then
          names(value)
        end
      end
    end
    names(require('agentls.settings').defaults)
  end,

  ['every mapping is in the help'] = function()
    for name, key in pairs(require('agentls.mappings').keys) do
      check.is_true(not key or section(11):find(('`%s` %s'):format(key, name), 1, true) ~= nil, name)
    end
    for _, view in ipairs({ 'chat', 'prompt', 'question', 'sessions', 'context', 'review' }) do
      check.is_true(section(11):find(view, 1, true) ~= nil, view)
    end
  end,

  ['every event is in the help'] = function()
    for _, kind in pairs(require('agentls.protocol').updates) do
      local name = 'Agentls' .. kind:sub(1, 1):upper() .. kind:sub(2)
      check.is_true(section(12):find(name .. '%f[%W]') ~= nil, name)
    end
  end,

  ['every command behind a slash is in the help'] = function()
    for name in pairs(require('agentls.slash').commands) do
      check.is_true(section(5):find('/' .. name .. '%f[%W]') ~= nil, name)
    end
  end,

  ['the help has tags, and its lines fit'] = function()
    local target = vim.fn.tempname()
    vim.fn.mkdir(target)
    vim.fn.writefile(help, target .. '/agentls.txt')
    vim.cmd.helptags(target)
    local tags = table.concat(vim.fn.readfile(target .. '/tags'), '\n')
    for link in text:gmatch('|([^|%s]+)|') do
      local ours = link:find('gentls', 1, true)
      check.is_true(not ours or ('\n' .. tags):find('\n' .. link .. '\t', 1, true) ~= nil, link)
    end
    for _, line in ipairs(help) do
      check.is_true(vim.fn.strdisplaywidth(line) <= 79, line)
    end
  end,
}
