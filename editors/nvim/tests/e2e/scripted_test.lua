local check = require('check')
local model = require('model')
local provider = require('provider')

local says, with_model = model.says, model.with

return {
  ['a stream is drawn while it comes, reasoning is folded'] = function(place)
    local thought, half = { open = false }, { open = false }
    local function thinks()
      local events = provider.thought('**Plan**\nfirst look', ('word '):rep(60))
      events[1][2] = thought
      return events
    end
    local function streams()
      local events = provider.text(('token '):rep(200), 100, 5)
      events[50][2] = half
      return events
    end
    with_model(place, { thinks, streams }, function(one)
      one:new_session()
      one:prompt('go')
      one:wait_for('Thinking… · Plan')
      vim.wait(1100)
      thought.open = true
      one:wait_idle()
      one:wait_for('▸ Thought for ')
      one:prompt('again')
      one:wait('half of the stream', function()
        local shown = table.concat(one:shown(), '\n')
        local _, count = shown:gsub('token', '')
        return count > 80 and count < 120
      end)
      half.open = true
      one:wait_idle()
      local _, count = table.concat(one:shown(), '\n'):gsub('token', '')
      check.equal(count, 200)
    end)
  end,

  ['a retry counts down, an error stands with its cure'] = function(place)
    local answers = {
      function()
        return provider.status(429, 'Retry-After: 2\r\n')
      end,
      says('after all'),
      function()
        return provider.status(401)
      end,
    }
    with_model(place, answers, function(one)
      one:new_session()
      one:prompt('go')
      one:wait_for('again in')
      one:wait_for('after all')
      one:wait_idle()
      one:prompt('once more')
      one:wait_for('✗')
      one:wait_idle()
    end)
  end,

  ['hostile content breaks nothing'] = function(place)
    local hostile = table.concat({
      '<script>alert(1)</script> <img src=x onerror=alert(1)>',
      '\27[31mred\27[0m \27]52;c;aGFja2Vk\7 \226\128\174reversed \194\155 2J',
      '%{luaeval("os.exit(1)")} %!v:lua.os.exit() | call delete("x")',
      '```lua',
      'not closed ' .. ('x'):rep(1024 * 1024),
      '~~~',
      ('- item\n'):rep(10000),
    }, '\n')
    local answers = {
      says(hostile, 50),
      function()
        return provider.call('bash', { command = 'echo \226\128\174\27[2K hidden # ' .. ('y'):rep(5000) })
      end,
      says('done'),
    }
    with_model(place, answers, function(one)
      one:command('set statusline=%{v:lua.require\'agentls\'.statusline()}')
      one:new_session()
      one:request('session/rename', { sessionId = one:session(), title = '%{os.exit()} %!\27[2J <b>' })
      one:prompt('go')
      one:wait_idle()
      check.has_line(one:shown(), '‹U+202E›reversed')
      check.has_line(one:shown(), '- item')
      for _, line in ipairs(one:shown()) do
        check.is_true(#line < 20000 and not line:find('\27', 1, true))
      end
      one:prompt('run it')
      one:wait_for('yo  Allow once')
      check.has_line(one:shown(), '‹U+202E›')
      one:answer('nn')
      one:wait_idle()
      one:command('Agentls sessions')
      one:wait_for('%{os.exit()} %!')
    end, { providers = { scripted = { models = { model = { context = 4000000 } } } } })
  end,

  ['the image of the clipboard comes into the prompt, and with it to the model'] = function(place)
    local png = vim.base64.decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')
    -- A program of a clipboard that holds a picture at first, and a text later.
    local bin = place.root .. '/bin'
    vim.fn.mkdir(bin)
    local file = assert(io.open(bin .. '/dot.png', 'wb'))
    file:write(png)
    file:close()
    vim.fn.writefile({ '#!/bin/sh', ('cat "%s/dot.png"'):format(bin) }, bin .. '/wl-paste')
    vim.fn.setfperm(bin .. '/wl-paste', 'rwxr-xr-x')
    with_model(place, { says('I see a dot') }, function(one, listening)
      one:lua('vim.env.PATH = ... .. ":" .. vim.env.PATH', bin)
      one:new_session()
      one:keys('iwhat is this?<Esc>gp')
      one:wait('the image', function()
        return one:lua('return vim.api.nvim_get_current_line()'):match('^what is this%? @%S+%.png $')
      end)
      one:keys('<CR>')
      one:wait_for('I see a dot')
      check.is_true(listening.requests[1]:find('data:image/png;base64,', 1, true) ~= nil, 'the picture itself is sent')
      check.has_line(one:shown(), '▤ ')
      vim.fn.writefile({ '#!/bin/sh', 'echo "no image" >&2; exit 1' }, bin .. '/wl-paste')
      one:command('Agentls image')
      one:wait_for('there is no image in the clipboard')
    end)
  end,

  ['context comes with a prompt: lines, folder, image, diagnostics'] = function(place)
    with_model(place, { says('seen') }, function(one, listening)
      local png = assert(io.open(place.project .. '/dot.png', 'wb'))
      png:write(vim.base64.decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='))
      png:close()
      one:command('edit src/retry.lua')
      one:lua([[
        vim.diagnostic.set(vim.api.nvim_create_namespace('x'), 0, { { lnum = 1, col = 0, message = 'a number too small', severity = 1 } })
      ]])
      one:new_session()
      one:prompt('look at @src/retry.lua:2 @src @dot.png @diagnostics')
      one:wait_for('seen')
      local sent = listening.requests[1]
      for _, text in ipairs({ 'local retry_limit = 3', 'a number too small', 'image' }) do
        check.is_true(sent:find(text, 1, true) ~= nil, text)
      end
      check.is_true(sent:find('return retry_limit', 1, true) == nil, 'only the lines that were named')
      one:command('wincmd t | edit src/retry.lua')
      one:command('2Agentls explain')
      one:wait_for('Explain @src/retry.lua:2')
      one:wait_idle()
      one:command('wincmd t | 2')
      one:command('Agentls fix')
      one:wait_for('- line 2: a number too small')
      one:wait_idle()
    end)
  end,

  ['a hunk that is rejected while the turn runs is taken back when it ends, and not before'] = function(place)
    local gate = { open = false }
    local answers = {
      function()
        return provider.call('edit', { path = 'src/retry.lua', oldText = 'retry_limit = 3', newText = 'retry_limit = 5' })
      end,
      function()
        return provider.held('still at work', gate)
      end,
    }
    local function text()
      return table.concat(vim.fn.readfile(place.project .. '/src/retry.lua'), '\n')
    end
    with_model(place, answers, function(one)
      one:new_session()
      one:prompt('change it')
      one:wait_for('still at work')
      one:command('Agentls review')
      one:wait_for('the turn is running, rejections wait for its end')
      one:command('call search("@@")')
      one:keys('x')
      one:wait_for('rejected when the turn ends')
      vim.wait(1000)
      check.is_true(text():find('= 5', 1, true) ~= nil, 'not before the end')
      check.equal(one:lua("return require('agentls.chat').current().transcript.status.status"), 'running')
      gate.open = true
      one:wait('the old line', function()
        return text():find('= 3', 1, true) ~= nil
      end)
      one:wait_for('all reviewed')
      check.is_true(not one:shows('when the turn ends'))
    end, { permission = { edit = 'allow' } })
  end,

  ['a patch and a rewritten file are shown as diffs of two buffers'] = function(place)
    local patch = '*** Begin Patch\n*** Update File: src/retry.lua\n-local retry_limit = 3\n+local retry_limit = 9\n*** End Patch\n'
    local answers = {
      function()
        return provider.call('patch', { patch = patch })
      end,
      says('patched'),
      function()
        return provider.call('write', { path = 'src/retry.lua', content = 'return 7\n' })
      end,
      says('written'),
    }
    with_model(place, answers, function(one)
      local function look(tool, before, after)
        one:answer('yo')
        one:wait_idle()
        one:keys('<Esc><C-w>k')
        one:command(('call search("✓ %s")'):format(tool))
        one:keys('=')
        one:wait('two windows in diff mode', function()
          return one:lua([[
            return #vim.tbl_filter(function(win) return vim.wo[win].diff end, vim.api.nvim_tabpage_list_wins(0)) == 2
          ]])
        end)
        check.has_line(one:shown(), before)
        check.has_line(one:shown(), after)
        one:command('tabclose | wincmd b')
      end
      one:new_session()
      one:prompt('patch it')
      look('patch', 'local retry_limit = 3', 'local retry_limit = 9')
      one:prompt('write it anew')
      look('write', 'local retry_limit = 9', 'return 7')
    end)
  end,

  ['completion offers files and commands'] = function(place)
    with_model(place, { says('ok') }, function(one)
      one:new_session()
      one:keys('i@sr')
      one:wait('a menu', function()
        return one:lua('return vim.fn.pumvisible()') == 1
      end)
      check.equal(one:lua("return vim.fn.complete_info({ 'items' }).items[1].word"), '@src/')
      one:keys('<C-e><Esc>ggdGi/co')
      one:wait('another menu', function()
        return one:lua("return vim.fn.complete_info({ 'items' }).items[1] and vim.fn.complete_info({ 'items' }).items[1].word") == '/compact'
      end)
    end)
  end,
}
