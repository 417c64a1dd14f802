-- Prompts, questions, sessions and windows that come at the same time.

local check = require('check')
local editor = require('editor')
local model = require('model')
local provider = require('provider')

local says, with_model = model.says, model.with

return {
  ['a prompt waits, another one steers, a third interrupts'] = function(place)
    local answers = { says(('slow '):rep(100), 100, 60), says('second answer'), says('third answer') }
    with_model(place, answers, function(one, listening)
      one:new_session()
      one:prompt('first')
      one:wait_for('slow slow')
      one:prompt('waits')
      one:wait_for('1 waiting  (gq edits them)')
      one:keys('iunfinished<Esc>gq')
      vim.wait(300)
      one:keys('1<CR>')
      vim.wait(300)
      one:keys('1<CR>')
      one:wait('the prompt back, before what was being written', function()
        local lines = one:lua("return vim.api.nvim_buf_get_lines(require('agentls.chat').current().prompt_buf, 0, -1, false)")
        return vim.deep_equal(lines, { 'waits', '', 'unfinished' })
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

  ['what the death of the server interrupts is kept, and the chat says so until it goes on'] = function(place)
    local gate = { open = false }
    local answers = {
      function()
        return provider.held('said before the end', gate)
      end,
      says('and after it'),
    }
    with_model(place, answers, function(one)
      one:new_session()
      one:prompt('begin')
      one:wait_for('said before the end')
      -- Streamed text reaches the database within a second.
      vim.wait(1200)
      vim.uv.kill(one:request('server/status', {}).pid, 'sigkill')
      one:wait_for('the server ended')
      one:wait('another server', function()
        return one:lua("return (require('agentls.server').state())") == 'running'
      end)
      local note
      one:wait('what was interrupted', function()
        local session = one:request('session/get', { sessionId = one:session() }).session
        note = session.recovered and session.recovered.note
        return note
      end)
      one:wait_for(note:sub(1, 60))
      check.has_line(one:shown(), 'said before the end')
      one:prompt('go on')
      one:wait_for('and after it')
      one:wait_idle()
      check.is_true(not one:shows(note:sub(1, 60)), note)
    end)
  end,

  ['another window follows a session that runs, is told who runs it, and takes it over when asked to'] = function(place)
    local gate = { open = false }
    local answers = {
      function()
        return provider.held('said in the first window', gate)
      end,
      says('said in the other window'),
    }
    with_model(place, answers, function(one)
      one:new_session()
      one:prompt('begin')
      one:wait_for('said in the first window')
      local session = one:session()
      editor.with(place, function(other)
        other:command('Agentls resume ' .. session)
        other:wait_for('said in the first window')
        other:wait_for('Working…')
        other:prompt('mine')
        other:wait_for('gi in the prompt stops it and takes over')
        check.equal(other:lua('return vim.api.nvim_get_current_line()'), 'mine')
        other:keys('gi')
        other:wait_for('said in the other window')
        one:wait_for('said in the other window')
      end)
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
}
