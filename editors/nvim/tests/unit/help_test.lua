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
      [7] = require('agentls.sessions').keys,
      [8] = require('agentls.context').keys,
      [9] = require('agentls.changes').keys,
    }) do
      for _, key in ipairs(keys) do
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
    for _, one in ipairs(require('agentls.mappings').all) do
      check.is_true(section(11):find(('`%s` %s'):format(one[2], one[1]), 1, true) ~= nil, one[1])
    end
  end,

  ['the help has tags, and its lines fit'] = function()
    local target = vim.fn.tempname()
    vim.fn.mkdir(target)
    vim.fn.writefile(help, target .. '/agentls.txt')
    vim.cmd.helptags(target)
    check.is_true(#vim.fn.readfile(target .. '/tags') > 15)
    for _, line in ipairs(help) do
      check.is_true(vim.fn.strdisplaywidth(line) <= 79, line)
    end
  end,
}
