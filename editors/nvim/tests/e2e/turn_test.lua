local check = require('check')
local editor = require('editor')

local function file_text(place)
  return table.concat(vim.fn.readfile(place.project .. '/src/retry.lua'), '\n')
end

return {
  ['installed as the README says, without a line of configuration, it answers, is well and has its help'] = function(place)
    local one = editor.start_installed(place)
    one:command('Agentls')
    one:wait('a prompt', function()
      return one:lua("return vim.bo.filetype == 'agentls-prompt'")
    end)
    one:prompt('where is retry_limit defined?')
    one:wait_for('src/retry.lua:2')
    one:command('helptags ALL')
    for _, tag in ipairs({ 'agentls', ':Agentls', 'agentls-trust', 'agentls-view-keys', 'agentls.setup()' }) do
      one:command('help ' .. tag)
      check.equal(one:lua("return vim.fs.basename(vim.api.nvim_buf_get_name(0))"), 'agentls.txt')
    end
    one:command('checkhealth agentls')
    one:wait_for('the server runs: version')
    check.is_true(not one:shows('ERROR') and not one:shows('WARNING'), table.concat(one:shown(), '\n'))
    one:quit()
  end,

  ['a prompt is answered on screen'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:prompt('where is retry_limit defined?')
      one:wait_for('src/retry.lua:2')
      one:wait_idle()
      check.has_line(one:shown(), '❯ You')
      check.has_line(one:shown(), '▸ ✓ grep')
      one:keys('<C-w>kgg')
      one:command('call search("✓ grep")')
      one:keys('<CR>')
      one:wait_for('no line matches')
    end)
  end,

  ['older prompts come back, and insert mode sends, too'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:prompt('list src')
      one:wait_idle()
      one:keys('idraft<C-p>')
      one:wait('the older prompt', function()
        return one:lua('return vim.api.nvim_get_current_line()') == 'list src'
      end)
      one:keys('<C-n>')
      one:wait('the draft', function()
        return one:lua('return vim.api.nvim_get_current_line()') == 'draft'
      end)
      one:keys('<C-p><C-s>')
      one:wait('another turn', function()
        return one:lua("return #require('agentls.chat').current().transcript.messages >= 4")
      end)
      check.equal(one:lua('return vim.api.nvim_get_current_line()'), '')
    end)
  end,

  ['a permission is granted, and another one refused with words'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:prompt('replace "retry_limit = 3" with "retry_limit = 5" in src/retry.lua')
      one:wait_for('+local retry_limit = 5')
      check.is_true(file_text(place):find('= 3') ~= nil)
      one:answer('yo')
      one:wait_idle()
      check.is_true(file_text(place):find('= 5') ~= nil)
      one:prompt('run `touch forbidden`')
      one:answer('nf')
      one:keys('look only<CR>')
      one:wait_for('look only')
      one:wait_idle()
      check.equal(vim.fn.filereadable(place.project .. '/forbidden'), 0)
    end)
  end,

  ['no key in passing answers a question'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:prompt('run `touch forbidden`')
      one:wait_for('yo  Allow once')
      one:command('Agentls answer')
      one:keys('yo')
      vim.wait(400)
      one:keys('<CR><Esc>y<Esc>')
      vim.wait(300)
      check.equal(one:lua("return require('agentls.questions').count()"), 1)
      one:command('Agentls cancel')
      one:wait_idle()
      check.equal(one:lua("return require('agentls.questions').count()"), 0)
      check.is_true(not one:shows('yo  Allow once'))
      check.equal(vim.fn.filereadable(place.project .. '/forbidden'), 0)
    end, { permission = { guard = 60000 } })
  end,

  ['an open buffer is edited through the editor, and undo takes it back'] = function(place)
    editor.with(place, function(one)
      one:command('edit src/retry.lua')
      one:command('normal! Goreturn 1')
      one:new_session()
      one:prompt('replace "retry_limit = 3" with "retry_limit = 5" in src/retry.lua')
      one:answer('yo')
      one:wait_idle()
      local lines = one:lua("return vim.api.nvim_buf_get_lines(vim.fn.bufnr('src/retry.lua'), 0, -1, false)")
      check.equal(lines, { '-- how often a request is tried again', 'local retry_limit = 5', 'return retry_limit', 'return 1' })
      check.is_true(file_text(place):find('= 3') ~= nil, 'a buffer with unsaved changes is not written')
      one:command([[call win_execute(bufwinid('src/retry.lua'), 'undo')]])
      lines = one:lua("return vim.api.nvim_buf_get_lines(vim.fn.bufnr('src/retry.lua'), 0, -1, false)")
      check.equal({ lines[2], lines[4] }, { 'local retry_limit = 3', 'return 1' })
    end)
  end,

  ['a session is resumed after a restart of the editor'] = function(place)
    local session
    editor.with(place, function(one)
      one:new_session()
      one:prompt('where is retry_limit defined?')
      one:wait_idle()
      session = one:session()
    end)
    editor.with(place, function(one)
      one:command('Agentls sessions')
      one:wait_for('where is retry_limit defined?')
      one:command('call search("where is retry")')
      one:keys('<CR>')
      one:wait_for('src/retry.lua:2')
      check.equal(one:session(), session)
      one:prompt('list src')
      one:wait_idle()
      one:wait_for('retry.lua')
    end)
    -- By its name, too, as `:mksession` writes it.
    editor.with(place, function(one)
      one:command('edit agentls://chat/' .. session)
      one:wait_for('src/retry.lua:2')
      check.equal(one:session(), session)
    end)
  end,

  ['the server is killed and comes back'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:prompt('where is retry_limit defined?')
      one:wait_idle()
      local pid = one:request('server/status', {}).pid
      vim.uv.kill(pid, 'sigkill')
      one:wait('the end of the server', function()
        return one:lua("return (require('agentls.server').state())") ~= 'running'
      end)
      one:wait('another server', function()
        return one:lua("return (require('agentls.server').state())") == 'running'
      end)
      check.is_true(one:request('server/status', {}).pid ~= pid)
      one:wait_for('src/retry.lua:2')
      one:prompt('list src')
      one:wait_idle()
      check.has_line(one:shown(), 'list src')
    end)
  end,

  ['a prompt that is sent while the server is started anew is there, and is answered'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      local before
      for round = 1, 4 do
        local text = ('list src, round %d'):format(round)
        one:lua([[
          local chat = require('agentls.chat').current()
          vim.api.nvim_buf_set_lines(chat.prompt_buf, 0, -1, false, { ... })
          vim.cmd('Agentls restart')
          vim.api.nvim_feedkeys('\r', 'x', false)
        ]], text)
        one:wait('the answer', function()
          local messages = one:request('session/messages', { sessionId = one:session() }).messages
          local prompts = vim.tbl_filter(function(message)
            return message.role == 'user'
          end, messages)
          local last = messages[#messages]
          return #prompts == round and last.role == 'assistant' and last.finish == 'endTurn'
        end)
        one:wait_for(text)
        local pid = one:request('server/status', {}).pid
        check.is_true(pid ~= before, 'another process')
        before = pid
      end
      check.is_true(not one:messages():find('the server ended', 1, true), 'leaving when asked is no accident')
    end, { restart = false })
  end,

  ['what stands below a chat without a server is a button that starts it'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:command('Agentls stop')
      one:wait_for('<CR> starts it')
      one:keys('<Esc><C-w>kG<CR>')
      one:wait('the server', function()
        return one:lua("return (require('agentls.server').state())") == 'running'
      end)
      one:wait('a chat as before', function()
        return not one:shows('<CR> starts it')
      end)
    end)
  end,

  ['a server that cannot stay is left alone after three times'] = function(place)
    editor.with(place, function(one)
      one:command('Agentls new')
      one:wait_for('the server ended')
      one:wait_for(':Agentls start begins anew')
      check.equal(one:lua("return (require('agentls.server').state())"), 'failed')
    end, { cmd = { 'false' } })
  end,

  ['a server that is not installed is told with its cure'] = function(place)
    editor.with(place, function(one)
      one:keys(':Agentls new<CR>')
      one:wait_for('`no-such-agentls` is not installed')
    end, { cmd = { 'no-such-agentls', 'serve' } })
  end,

  ['status, version, log and doctor of the server are commands'] = function(place)
    editor.with(place, function(one)
      one:command('Agentls start')
      one:wait('the server', function()
        return one:lua("return (require('agentls.server').state())") == 'running'
      end)
      local pid = one:request('server/status', {}).pid
      one:command('Agentls status')
      one:wait_for(('* process %d, up for'):format(pid))
      check.has_line(one:shown(), '* database `' .. place.root .. '/data')
      one:command('Agentls version')
      one:wait_for('protocol 1')
      one:command('Agentls doctor')
      one:wait('doctor', function()
        return one:lua("return vim.api.nvim_buf_get_name(0) == 'agentls://doctor' and vim.api.nvim_buf_line_count(0) > 3")
      end)
      one:command('Agentls logs')
      one:wait('the log', function()
        return one:shows('nothing went wrong') or one:lua('return vim.api.nvim_buf_get_name(0)'):match('agentls%.log$')
      end)
      one:command('Agentls stop')
      one:wait('the end of the server', function()
        return vim.uv.kill(pid, 0) ~= 0
      end)
      one:command('Agentls status')
      one:wait_for('the server is stopped')
    end)
  end,

  ['nothing is mapped for everywhere unless it is asked for, and health is well'] = function(place)
    local mappings = [[
      local names = {}
      for _, mapping in ipairs(vim.api.nvim_get_keymap('n')) do
        if (mapping.rhs or ''):find('gentls') and not vim.startswith(mapping.lhs, '<Plug>') then
          names[#names + 1] = mapping.lhs
        end
      end
      return names
    ]]
    editor.with(place, function(one)
      one:new_session()
      check.equal(one:lua(mappings), {})
      check.equal(one:lua("return vim.fn.maparg('<Plug>(agentls-ask)', 'x')"), ':Agentls ask<CR>')
      one:command('checkhealth agentls')
      one:wait_for('agentls doctor')
      check.is_true(not one:shows('ERROR'))
      check.has_line(one:shown(), 'the server runs: version')
    end)
    editor.with(place, function(one)
      check.is_true(vim.list_contains(one:lua(mappings), ',ac'))
    end, { prefix = ',a' })
  end,

  ['a server of another protocol is told apart'] = function(place)
    editor.with(place, function(one)
      one:lua([[
        vim.lsp.config('agentls', { cmd = function(dispatchers)
          local announced = { experimental = { agentls = { protocolVersion = 99, methods = {} } } }
          return {
            request = function(method, _, callback)
              callback(nil, method == 'initialize' and { capabilities = announced } or vim.NIL)
              return true, 1
            end,
            notify = function() return true end,
            is_closing = function() return false end,
            terminate = function() dispatchers.on_exit(0, 0) end,
          }
        end })
      ]])
      one:keys(':Agentls new<CR>')
      one:wait_for('the server speaks protocol 99, this plugin 1: update this plugin')
    end)
  end,

  ['a chat whose buffer is wiped opens again'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:prompt('where is retry_limit defined?')
      one:wait_idle()
      local session = one:session()
      one:command('bwipeout!')
      one:wait('the end of the chat', function()
        return one:lua("return require('agentls.chat').of(...) == nil", session)
      end)
      one:command('Agentls resume ' .. session)
      one:wait_for('src/retry.lua:2')
    end)
  end,

  ['it works with vim.lsp.enable alone'] = function(place)
    local one = editor.start(place)
    one:lua("vim.lsp.config('agentls', { cmd = { ..., 'serve' } }) vim.lsp.enable('agentls')", place.binary)
    one:command('edit src/retry.lua')
    one:wait('a client', function()
      return one:lua("return require('agentls.server').state()") == 'running'
    end)
    one:new_session()
    one:prompt('where is retry_limit defined?')
    one:wait_for('src/retry.lua:2')
    check.equal(one:lua("return #vim.lsp.get_clients({ name = 'agentls' })"), 1)
    one:quit()
  end,

  ['every event is a User autocommand'] = function(place)
    editor.with(place, function(one)
      one:lua([[
        _G.events = {}
        vim.api.nvim_create_autocmd('User', { pattern = 'Agentls*', callback = function(event)
          _G.events[event.match] = type(event.data)
        end })
      ]])
      one:new_session()
      one:prompt('run `true`')
      one:answer('yo')
      one:wait_idle()
      local events = one:lua('return _G.events')
      for _, name in ipairs({ 'ServerReady', 'SessionChanged', 'Status', 'Message', 'Part', 'PartDelta', 'Usage', 'Queue', 'Title', 'Permission' }) do
        check.equal(events['Agentls' .. name], 'table')
      end
    end)
  end,
}
