local check = require('check')
local editor = require('editor')
local provider = require('provider')

---Runs `act` with an editor whose model says `answers`.
local function with_model(place, answers, act, config)
  local listening = provider.listen(answers)
  provider.configure(place, listening, config)
  local one = editor.start(place)
  local ok, problem = xpcall(act, debug.traceback, one, listening)
  one:quit()
  listening.close()
  if not ok then
    error(problem, 0)
  end
end

local function says(...)
  local given = { ... }
  return function()
    return provider.text(unpack(given))
  end
end

return {
  ['a stream is drawn while it comes, reasoning is folded'] = function(place)
    local slow = function()
      local events = provider.thought('**Plan**\nfirst look', ('word '):rep(60))
      events[1][2] = 1200
      return events
    end
    with_model(place, { slow, says(('token '):rep(200), 100, 20) }, function(one)
      one:new_session()
      one:prompt('go')
      one:wait_for('Thinking… · Plan')
      one:wait_idle()
      one:wait_for('▸ Thought for 1.')
      one:prompt('again')
      one:wait('half of the stream', function()
        local shown = table.concat(one:shown(), '\n')
        local _, count = shown:gsub('token', '')
        return count > 20 and count < 190
      end)
      one:wait_idle()
      local _, count = table.concat(one:shown(), '\n'):gsub('token', '')
      check.equal(count, 200)
    end)
  end,

  ['a prompt waits, another one steers, a third interrupts'] = function(place)
    local answers = { says(('slow '):rep(100), 100, 60), says('second answer'), says('third answer') }
    with_model(place, answers, function(one, listening)
      one:new_session()
      one:prompt('first')
      one:wait_for('slow slow')
      one:prompt('waits')
      one:wait_for('1 waiting  (gq edits them)')
      one:keys('gq')
      vim.wait(300)
      one:keys('1<CR>')
      vim.wait(300)
      one:keys('1<CR>')
      one:wait('the prompt back', function()
        return one:lua("return vim.api.nvim_get_current_line()") == 'waits'
      end)
      check.is_true(not one:messages():find('withdrawn', 1, true), 'what a person does is no error')
      one:keys('<Esc>ggdGistop that<Esc>gi')
      one:wait_for('second answer')
      one:wait_idle()
      check.is_true(not one:shows('1 waiting'))
      check.equal(#listening.requests, 2)
    end)
  end,

  ['a prompt steers the running turn'] = function(place)
    with_model(place, { says(('slow '):rep(60), 60, 50), says('steered answer') }, function(one, listening)
      one:new_session()
      one:prompt('first')
      one:wait_for('slow slow')
      one:prompt('look there instead', 'gs')
      one:wait_for('steered answer')
      one:wait_idle()
      check.is_true(listening.requests[2]:find('look there instead', 1, true) ~= nil)
      check.is_true(listening.requests[2]:find('slow slow', 1, true) ~= nil, 'what was said before stays')
    end)
  end,

  ['a prompt that is refused stands in the prompt again'] = function(place)
    with_model(place, { says('never') }, function(one)
      one:new_session()
      one:lua("require('agentls.chat').current().wanted_model = { provider = 'no', id = 'such' }")
      one:prompt('precious words')
      one:wait('the words', function()
        return one:lua("return vim.api.nvim_buf_get_lines(require('agentls.chat').current().prompt_buf, 0, 1, false)[1]") == 'precious words'
      end)
      check.is_true(one:messages():find('agentls: ', 1, true) ~= nil)
    end)
  end,

  ['two sessions run at once, and the hidden one says that it needs the person'] = function(place)
    local answers = {
      function()
        return provider.call('bash', { command = 'touch made' })
      end,
      says('the other session'),
      says('made it'),
    }
    with_model(place, answers, function(one)
      one:new_session()
      one:prompt('do something')
      one:wait_for('yo  Allow once')
      one:keys('gq')
      one:new_session()
      one:prompt('hello')
      one:wait_for('the other session')
      check.is_true(one:lua("return require('agentls').statusline()"):find('1 needs you', 1, true) ~= nil)
      one:command('Agentls sessions')
      one:wait_for('needs you')
      one:keys('q')
      one:answer('yo')
      one:wait('the file', function()
        return vim.fn.filereadable(place.project .. '/made') == 1
      end)
    end)
  end,

  ['two sessions ask at once: each is answered from its own chat'] = function(place)
    local function makes(name)
      return function()
        return provider.call('bash', { command = 'touch ' .. name })
      end
    end
    local function there(name)
      return function()
        return vim.fn.filereadable(place.project .. '/' .. name) == 1
      end
    end
    with_model(place, { makes('first'), makes('second'), says('done') }, function(one)
      one:new_session()
      one:prompt('make the first')
      one:wait_for('touch first')
      one:wait_for('yo  Allow once')
      vim.wait(150)
      one:keys('gq')
      one:new_session()
      one:prompt('make the second')
      -- The other question is put aside, so that it does not stand in the way of this one.
      one:wait_for('touch second')
      one:wait_for('yo  Allow once')
      check.is_true(one:lua("return require('agentls').statusline()"):find('2 need you', 1, true) ~= nil)
      one:command('wincmd b')
      one:keys('<Esc>g<CR>')
      vim.wait(150)
      one:keys('yo')
      one:wait('the second file', there('second'))
      check.equal(there('first')(), false)
      one:command('Agentls answer')
      one:wait('the question, with its session named', function()
        local above = one:lua('local title = vim.api.nvim_win_get_config(0).title return title and title[1][1] or ""')
        return above:find('bash, in “make the first”', 1, true) ~= nil
      end)
      vim.wait(150)
      one:keys('yo')
      one:wait('the first file', there('first'))
    end)
  end,

  ['a question of the model that is left open is asked again, and goes with its turn'] = function(place)
    local function asks()
      return provider.call('question', { questions = { { question = 'Which colour?', options = { 'red' } } } })
    end
    with_model(place, { asks, says('so be it') }, function(one)
      one:lua([[
        vim.ui.select = function(_, _, done)
          _G.chosen = done
        end
      ]])
      local function wait_asked()
        one:wait('the choice', function()
          return one:lua('return _G.chosen ~= nil')
        end)
      end
      one:new_session()
      one:prompt('go')
      wait_asked()
      one:lua('local chosen = _G.chosen _G.chosen = nil chosen(nil)')
      one:wait_for('the question stays open')
      one:command('Agentls answer')
      wait_asked()
      one:command('Agentls cancel')
      one:wait_idle()
      one:lua("_G.chosen('red')")
      one:wait_for('the turn went on without an answer')
      check.equal(one:lua("return require('agentls.questions').count()"), 0)
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

  ['a todo list, a question of the model and its answer'] = function(place)
    local answers = {
      function()
        return provider.call('todo', { items = { { text = 'look', status = 'active' }, { text = 'write', status = 'pending' } } })
      end,
      function()
        return provider.call('question', { questions = { { question = 'Which colour?', options = { 'red', 'blue' } } } })
      end,
      says('so be it'),
    }
    with_model(place, answers, function(one, listening)
      one:new_session()
      one:prompt('go')
      one:wait_for('Todo  0 of 2')
      one:wait('the question', function()
        return one:lua("return require('agentls.questions').count()") == 1
      end)
      vim.wait(300)
      one:keys('2<CR>')
      one:wait_for('so be it')
      check.is_true(listening.requests[3]:find('blue', 1, true) ~= nil)
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
