local check = require('check')
local editor = require('editor')
local long_session = require('long_session')

return {
  ['one hunk is accepted and one is rejected'] = function(place)
    local lines = vim.tbl_map(function(number)
      return ('line %02d'):format(number)
    end, vim.fn.range(1, 40))
    vim.fn.writefile(lines, place.project .. '/many.txt')
    editor.with(place, function(one)
      one:new_session()
      one:prompt('replace "line 03" with "first change" in many.txt')
      one:answer('ys')
      one:wait_idle()
      one:prompt('replace "line 20" with "a change" in many.txt, then replace "line 40" with "b change" in many.txt')
      one:wait_idle()
      one:wait_for('1 file changed')
      one:command('Agentls review')
      one:wait_for('2 hunks to review')
      one:command('call search("a change")')
      one:keys('a')
      one:wait_for('accepted')
      one:command('call search("b change")')
      one:keys('x')
      one:wait_for('rejected')
      one:wait_for('all reviewed')
      local text = table.concat(vim.fn.readfile(place.project .. '/many.txt'), '\n')
      check.is_true(text:find('a change', 1, true) ~= nil)
      check.is_true(text:find('b change', 1, true) == nil and text:find('line 40', 1, true) ~= nil)
    end)
  end,

  ['an edit is shown as a diff of two buffers'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:prompt('replace "retry_limit = 3" with "retry_limit = 5" in src/retry.lua')
      one:answer('yo')
      one:wait_idle()
      one:keys('<C-w>k')
      one:command('call search("✓ edit")')
      one:keys('=')
      one:wait('two windows in diff mode', function()
        return one:lua([[
          local diffs = vim.tbl_filter(function(win) return vim.wo[win].diff end, vim.api.nvim_tabpage_list_wins(0))
          return #diffs == 2
        ]])
      end)
      check.has_line(one:shown(), 'local retry_limit = 3')
      check.has_line(one:shown(), 'local retry_limit = 5')
    end)
  end,

  ['a session is compacted with a look at what would go, and the view shows it'] = function(place)
    local lines = {}
    for at = 1, 1500 do
      lines[at] = ('local value_%d = "needle %d"'):format(at, at)
    end
    vim.fn.writefile(lines, place.project .. '/src/large.lua')
    local config = {
      compaction = { keepTokens = 200, protectTokens = 1000, prune = false },
      permission = { bash = { ['cat *'] = 'allow' } },
    }
    vim.fn.writefile({ vim.json.encode(config) }, place.root .. '/config/config.jsonc')
    editor.with(place, function(one)
      one:new_session()
      for _, prompt in ipairs({ 'run `cat src/large.lua`', 'list src', 'read src/retry.lua' }) do
        one:prompt(prompt)
        one:wait_idle()
      end
      one:command('Agentls context')
      one:wait_for('What the model still sees')
      one:wait_for('The history, widest first')
      one:command('call search("#2 ")')
      one:keys('<CR>')
      one:wait_for('-- digest: the model still sees the result itself')
      one:wait_for('needle 1500')
      one:keys('q')
      one:keys('C')
      vim.wait(800)
      one:keys('2<CR>')
      one:wait_for('compacted:')
      one:wait_for('summarised')
      one:keys('L')
      one:wait_for('The ledger')
      one:keys('qN')
      one:wait_for('// POST')
    end)
  end,

  ['5,000 messages open at the newest page; older ones come by scrolling, and the view stays'] = function(place)
    long_session.import(place, 5000, 50e6)
    editor.with(place, function(one)
      one:command('Agentls resume ses_long')
      one:wait_for('That is answer 4991.')
      check.equal(one:lua("return #require('agentls.chat').current().transcript.messages"), 40)
      one:keys('<C-w>kgg')
      one:wait('an older page', function()
        return one:lua("return #require('agentls.chat').current().transcript.messages") == 80
      end)
      one:wait_for('prompt number 4921')
      local first = one:lua("return vim.fn.getline(vim.fn.line('.'))")
      check.is_true(first:find('You', 1, true) ~= nil, first)
      check.is_true(one:lua("return vim.fn.line('.')") > 100, 'the cursor stays on its text')
    end)
  end,

  ['sessions are renamed, forked, exported, archived, searched and deleted'] = function(place)
    editor.with(place, function(one)
      one:new_session()
      one:prompt('where is retry_limit defined?')
      one:wait_idle()
      local first = one:session()
      one:command('Agentls sessions')
      one:wait('the list', function()
        return one:lua("return vim.bo.filetype == 'agentls-sessions' and vim.fn.search('where is') > 0")
      end)
      one:keys('r<C-u>A better title<CR>')
      one:wait_for('A better title')
      one:command('call search("better")')
      one:keys('e')
      vim.wait(300)
      one:keys('<C-u>' .. place.root .. '/out.md<CR>')
      one:wait_for('written to')
      check.is_true(table.concat(vim.fn.readfile(place.root .. '/out.md'), '\n'):find('retry_limit', 1, true) ~= nil)
      one:keys('f')
      one:wait('the copy', function()
        return one:session() ~= first and one:lua("return #require('agentls.chat').current().transcript.messages > 0")
      end)
      one:command('Agentls sessions')
      one:wait('two sessions', function()
        return #one:request('session/list', {}).sessions == 2
      end)
      one:wait_for('A better title')
      one:keys('s')
      vim.wait(300)
      one:keys('nothing like it<CR>')
      one:wait_for('None. n begins one.')
      one:keys('s<C-u><CR>')
      one:wait_for('A better title')
      one:command('3')
      one:keys('a')
      one:wait('one session', function()
        return #one:request('session/list', {}).sessions == 1
      end)
      one:wait('the list', function()
        return one:lua("return vim.fn.line('$')") == 3
      end)
      one:command('3')
      one:keys('D')
      vim.wait(300)
      one:keys('2<CR>')
      one:wait_for('None. n begins one.')
    end)
  end,

  ['code actions of the server are offered, and their answers come into the chat'] = function(place)
    editor.with(place, function(one)
      one:command('edit src/retry.lua')
      one:command('Agentls start')
      one:wait('a client', function()
        return one:lua("return #vim.lsp.get_clients({ bufnr = 0, name = 'agentls', method = 'textDocument/codeAction' })") == 1
      end)
      one:lua([[
        -- Found by somebody else, as diagnostics always are.
        vim.diagnostic.set(vim.api.nvim_create_namespace('linter'), 0, {
          { lnum = 1, col = 6, end_lnum = 1, end_col = 17, message = 'too small', severity = 1 },
        })
        -- What is offered is kept; the test chooses by its title, as a person does in a picker.
        vim.ui.select = function(items, options, done)
          _G.offered = vim.tbl_map(options.format_item or tostring, items)
          for at, title in ipairs(_G.offered) do
            if title:find(_G.wanted, 1, true) then
              return done(items[at], at)
            end
          end
        end
        vim.ui.input = function(_, done)
          done('Who reads')
        end
      ]])
      local function take(title)
        one:command('wincmd t | 2 | normal! 7|')
        one:lua('_G.offered, _G.wanted = nil, ...', title)
        one:keys('gra')
        one:wait('the choice', function()
          return one:lua('return _G.offered')
        end)
      end
      take('explain')
      local offered = table.concat(one:lua('return _G.offered'), '\n')
      for _, title in ipairs({ 'fix “too small”', 'explain this', 'ask about this' }) do
        check.is_true(offered:find('agentls: ' .. title, 1, true) ~= nil, offered)
      end
      one:wait_for('Explain @src/retry.lua:2')
      one:wait_idle()
      take('ask about')
      one:wait_for('Who reads @src/retry.lua:2')
      one:wait_idle()
      take('fix')
      one:wait_for('Fix this in @src/retry.lua:2:')
      one:wait_for('- too small')
    end)
  end,
}
