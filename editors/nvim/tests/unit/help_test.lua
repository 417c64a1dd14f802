local check = require('check')

local root = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))))
local help = vim.fn.readfile(root .. '/doc/agentls.txt')
local text = table.concat(help, '\n')

---The lines between two headings.
local function section(number)
  return text:match('\n' .. number .. '%. %u.-\n====') or text:match('\n' .. number .. '%. %u.*$')
end

---The names that the help gives a view's keys: the lines that begin with the view, and those indented below.
local function names_of_view(view)
  local names, inside = {}, false
  for line in vim.gsplit(section(11), '\n') do
    local begins, rest = line:match('^    (%l+)  +(.*)$')
    if begins or not vim.startswith(line, '    ') then
      inside = begins == view
    end
    for name in (inside and (rest or line:match('^      +(.*)$')) or ''):gmatch('[%l_]+') do
      names[name] = true
    end
  end
  return names
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
  end,

  ['every name of a view\'s key is in the help, and no other'] = function()
    for view, keys in pairs({
      chat = require('agentls.chat.keys').keys,
      prompt = require('agentls.prompt').keys,
      question = require('agentls.permission').keys,
      sessions = require('agentls.sessions').keys,
      context = require('agentls.context').keys,
      review = require('agentls.changes').keys,
    }) do
      local acts = { help = true }
      for _, key in ipairs(keys) do
        acts[key[2]] = true
      end
      check.equal(names_of_view(view), acts)
    end
  end,

  ['every event is in the help, and no other'] = function()
    local names = {}
    for _, kind in pairs(require('agentls.protocol').updates) do
      names['Agentls' .. kind:sub(1, 1):upper() .. kind:sub(2)] = true
    end
    local source = table.concat(vim.fn.readfile(root .. '/lua/agentls/events.lua'), '\n')
    for line in source:gmatch('fire%([^\n]*') do
      for name in line:gmatch("'(%u%a+)'") do
        names['Agentls' .. name] = true
      end
    end
    local told = {}
    for name in section(12):match('hold anything(.-)>lua'):gmatch('Agentls%a+') do
      told[name] = true
    end
    check.equal(told, names)
  end,

  ['every highlight group is in the help, and no other'] = function()
    local told = {}
    for name in section(13):gmatch('\n    (Agentls%a+)') do
      told[name] = true
    end
    local groups = vim.tbl_map(function()
      return true
    end, require('agentls.highlights').groups)
    check.equal(told, groups)
  end,

  ['every function that a configuration may call is in the help'] = function()
    for name in pairs(require('agentls')) do
      check.is_true(text:find('%*agentls%.' .. name .. '%(%)%*') ~= nil, name)
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
