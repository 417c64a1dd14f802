local check = require('check')
local editor = require('editor')

local function write(path, ...)
  vim.fn.mkdir(vim.fs.dirname(path), 'p')
  vim.fn.writefile({ ... }, path)
end

---The bar above the chat.
local function bar(one)
  return one:lua([[
    local win = vim.fn.win_findbuf(require('agentls.chat').current().buf)[1]
    return vim.api.nvim_eval_statusline(vim.wo[win].winbar, { winid = win, use_winbar = true, maxwidth = 200 }).str
  ]])
end

---Waits until the bar says something, or does not any more.
local function wait_bar(one, text, gone)
  one:wait(('%q %s the bar'):format(text, gone and 'out of' or 'in'), function()
    return (bar(one):find(text, 1, true) ~= nil) == not gone
  end)
end

---Takes the choices of these numbers in the lists that come, and types these words where they are asked for.
local function choose(one, choices, words)
  one:lua([[
    local choices, words = ...
    vim.ui.select = function(items, options, done)
      _G.offered = vim.tbl_map(options.format_item or tostring, items)
      local at = table.remove(choices, 1)
      done(items[at], at)
    end
    vim.ui.input = function(_, done)
      done(words)
    end
  ]], choices, words or '')
end

return {
  ['an untrusted workspace is only looked at until the person trusts it, and after that is taken back'] = {
    needs = 'project/trust',
    run = function(place)
      write(place.project .. '/.agentls/agents/looker.md', '---', 'description: looks', '---', 'Look.')
      editor.with(place, function(one)
        one:new_session()
        wait_bar(one, 'read only')
        one:prompt('run `touch refused`')
        one:wait_for('Trust ')
        check.has_line(one:shown(), 'It would enable')
        check.has_line(one:shown(), '.agentls/agents/looker.md')
        one:answer('nn')
        one:wait_idle()
        check.equal(vim.fn.filereadable(place.project .. '/refused'), 0)
        one:command('Agentls trust')
        one:wait_for('Trust this workspace')
        vim.wait(150)
        one:keys('yp')
        one:wait_for('trusted: ')
        wait_bar(one, 'read only', true)
        one:prompt('run `touch allowed`')
        one:answer('yo')
        one:wait_idle()
        check.equal(vim.fn.filereadable(place.project .. '/allowed'), 1)
        one:command('Agentls trust revoke')
        wait_bar(one, 'read only')
        one:prompt('run `touch again`')
        one:wait_for('Trust ')
        one:answer('yp')
        one:answer('yo')
        one:wait_idle()
        check.equal(vim.fn.filereadable(place.project .. '/again'), 1)
        wait_bar(one, 'read only', true)
      end, { server = {} })
    end,
  },

  ['what a person said of the folder beforehand is passed on'] = {
    needs = 'project/trust',
    run = function(place)
      editor.with(place, function(one)
        one:new_session()
        one:prompt('run `touch made`')
        one:wait_for('yo  Allow once')
        check.is_true(not one:shows('Trust this workspace'))
        one:answer('yo')
        one:wait_idle()
        check.equal(vim.fn.filereadable(place.project .. '/made'), 1)
      end)
    end,
  },

  ['an agent is chosen, answers, and cannot do what it may not'] = {
    needs = 'agent/list',
    run = function(place)
      write(place.root .. '/config/agents/reviewer.md', '---', 'description: reads with care', '---', 'Read with care.')
      editor.with(place, function(one)
        one:new_session()
        one:command('Agentls agent reviewer')
        wait_bar(one, 'reviewer')
        one:prompt('where is retry_limit defined?')
        one:wait_idle()
        check.equal(one:request('session/get', { sessionId = one:session() }).session.agent, 'reviewer')
        one:lua([[
          vim.ui.select = function(items, options, done)
            _G.offered = vim.tbl_map(options.format_item, items)
            for _, agent in ipairs(items) do
              if agent.name == 'plan' then
                return done(agent)
              end
            end
          end
        ]])
        one:keys('<Esc>ga')
        wait_bar(one, 'plan')
        local offered = table.concat(one:lua('return _G.offered'), '\n')
        check.is_true(offered:find('reviewer  reads with care', 1, true) ~= nil, offered)
        check.is_true(offered:find('looks only', 1, true) ~= nil, offered)
        one:prompt('run `touch forbidden`')
        one:wait_idle()
        check.equal(vim.fn.filereadable(place.project .. '/forbidden'), 0)
      end)
    end,
  },

  ['a command of the person is offered behind a slash, and expanded by the server'] = {
    needs = 'command/list',
    run = function(place)
      write(place.root .. '/config/commands/where-is.md', '---', 'description: looks for a name', '---', 'where is $1 defined?')
      editor.with(place, function(one)
        one:new_session()
        one:keys('i/wh')
        one:wait('the command', function()
          local word = one:lua("local items = vim.fn.complete_info({ 'items' }).items return items[1] and items[1].word")
          return word == '/where-is'
        end)
        check.is_true(one:lua("return vim.fn.complete_info({ 'items' }).items[1].menu"):find('looks for a name', 1, true) ~= nil)
        one:keys('<C-e><Esc>ggdGi/')
        one:wait('all commands', function()
          return one:lua([[
            local words = vim.tbl_map(function(item) return item.word end, vim.fn.complete_info({ 'items' }).items)
            return vim.list_contains(words, '/where-is') and vim.list_contains(words, '/compact')
          ]])
        end)
        one:keys('<C-e>')
        one:prompt('/where-is retry_limit')
        one:wait_for('src/retry.lua:2')
        check.has_line(one:shown(), '/where-is retry_limit')
      end)
    end,
  },

  ['what was allowed for the session is listed, and taken back'] = {
    needs = 'permission/revoke',
    run = function(place)
      editor.with(place, function(one)
        one:new_session()
        one:prompt('run `touch one`')
        one:answer('ys')
        one:wait_idle()
        one:prompt('run `touch one`')
        one:wait_idle()
        choose(one, { 1, 2 })
        one:command('Agentls permissions')
        one:wait_for('asked again from now on')
        one:prompt('run `touch one`')
        one:wait_for('yo  Allow once')
        one:answer('nn')
        one:wait_idle()
        one:command('Agentls permissions')
        one:wait_for('nothing is allowed for longer than once')
      end)
    end,
  },

  ['projects are listed and renamed, and everybody hears of it'] = {
    needs = 'project/list',
    run = function(place)
      editor.with(place, function(one)
        one:new_session()
        one:lua([[
          vim.api.nvim_create_autocmd('User', { pattern = 'AgentlsProjectChanged', callback = function(event)
            _G.changed = event.data.project
          end })
        ]])
        choose(one, { 1, 4 }, 'Retries')
        one:command('Agentls projects')
        one:wait('the event', function()
          return one:lua("return _G.changed ~= nil and _G.changed.name == 'Retries'")
        end)
        check.is_true(one:lua('return _G.changed.root') == place.project)
        choose(one, { 1, 1 })
        one:command('Agentls projects')
        one:wait('the sessions', function()
          return one:lua("return vim.bo.filetype == 'agentls-sessions'")
        end)
        one:keys('E')
        one:wait_for('Sessions, everywhere')
        one:wait_for('Retries ')
      end)
    end,
  },
}
