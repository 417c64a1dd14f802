local agents = require('agentls.agents')
local approvals = require('agentls.approvals')
local cache = require('agentls.project.cache')
local chats = require('agentls.chat')
local check = require('check')
local choose = require('agentls.project.choose')
local copy = require('agentls.project.copy')
local double = require('double')
local trust = require('agentls.trust')

local function record(more)
  return vim.tbl_extend('force', {
    id = 'prj_1', root = '/p', name = 'Fish', trust = 'untrusted', icon = { kind = 'emoji', value = '🐟' }, vcs = 'git',
    sandboxes = { { path = '/p2', branch = 'x' } }, wouldRun = { { path = '.agentls/agents/a.md', what = 'agent', change = 'added' } },
    createdAt = 1, updatedAt = 2, openedAt = 3,
  }, more or {})
end

local SESSION = {
  id = 'ses_1', projectId = 'prj_1', title = 'A session', cwd = '/p', agent = 'build', status = 'idle', counts = { messages = 0 },
  model = { provider = 'offline', id = 'explorer' }, createdAt = 0, updatedAt = 0,
}

-- What a chat asks when it is opened.
local CHAT = {
  ['session/new'] = function()
    return { session = vim.deepcopy(SESSION) }
  end,
  ['session/get'] = function()
    return { session = vim.deepcopy(SESSION) }
  end,
  ['session/messages'] = function()
    return { messages = {}, hasBefore = false, hasAfter = false }
  end,
  ['session/queue'] = function()
    return { prompts = {} }
  end,
  ['session/prompt'] = function()
    return { messageId = 'm', stopReason = 'endTurn', steps = 1 }
  end,
}

---Runs `act` with a chat of a server that answers this, too.
local function with_chat(answers, choices, act)
  double.with(vim.tbl_extend('force', CHAT, answers), choices, function(server, offered)
    chats.new()
    assert(vim.wait(5000, function()
      return chats.current() ~= nil
    end, 5))
    local ok, problem = xpcall(act, debug.traceback, chats.current(), server, offered)
    chats.close(SESSION.id)
    vim.wait(50)
    assert(ok, problem)
  end)
end

local function bar(chat)
  local win = vim.fn.win_findbuf(chat.buf)[1]
  return vim.api.nvim_eval_statusline(vim.wo[win].winbar, { winid = win, use_winbar = true, maxwidth = 200 }).str
end

return {
  ['a project is a copy with known keys of known types'] = function()
    local given = record({
      __proto__ = { polluted = true }, evil = 'x', nested = { deep = {} }, vcs = { 'git' }, createdAt = 'yesterday',
      icon = { kind = 'emoji', value = ('x'):rep(1024 * 1024) }, trust = 'absolutely',
      sandboxes = { { path = '/p2', branch = 'x', more = {} }, { branch = 'no path' }, 'text' },
    })
    local made = copy.of(given)
    check.equal(made, {
      id = 'prj_1', root = '/p', name = 'Fish', trust = 'untrusted', sandboxes = { { path = '/p2', branch = 'x' } },
      wouldRun = { { path = '.agentls/agents/a.md', what = 'agent', change = 'added' } }, createdAt = 0, updatedAt = 2, openedAt = 3,
    })
    check.equal({ copy.of(nil) or 'none', copy.of('x') or 'none', copy.of({ id = 'a' }) or 'none' }, { 'none', 'none', 'none' })
    check.equal(#copy.of(record({ sandboxes = vim.fn['repeat']({ { path = '/x' } }, 5000) })).sandboxes, 200)
    check.equal(copy.of(record({ name = ('x'):rep(1e6) })).name, 'p')
  end,

  ['nobody changes a project by holding it'] = function()
    local given = record()
    cache.take(given)
    given.name = 'changed outside'
    given.wouldRun[1].what = 'changed outside'
    local got = cache.get('prj_1')
    check.equal({ got.name, got.wouldRun[1].what }, { 'Fish', 'agent' })
    got.name, got.sandboxes[1].path = 'changed again', '/elsewhere'
    cache.list()[1].root = '/root'
    check.equal(cache.get('prj_1'), copy.of(record()))
    check.equal(cache.around('/p/src/deep').id, 'prj_1')
    check.equal(cache.around('/public'), nil)
    cache.forget()
    check.equal(cache.list(), {})
  end,

  ['a change of a project is an event, and stands in the bar of its chats'] = function()
    local answers = {
      ['project/get'] = function()
        return { project = record() }
      end,
    }
    with_chat(answers, {}, function(chat, server)
      vim.wait(5000, function()
        return bar(chat):find('read only', 1, true) ~= nil
      end, 5)
      check.is_true(bar(chat):find('read only', 1, true) ~= nil, bar(chat))
      local event
      vim.api.nvim_create_autocmd('User', {
        pattern = 'AgentlsProjectChanged',
        once = true,
        callback = function(given)
          event = given.data
        end,
      })
      server.tell('project/didChange', { project = record({ trust = 'trusted', evil = 'x' }) })
      vim.wait(5000, function()
        return event ~= nil
      end, 5)
      check.equal(event, { project = copy.of(record({ trust = 'trusted' })) })
      check.is_true(bar(chat):find('read only', 1, true) == nil, bar(chat))
    end)
  end,

  ['projects are chosen, renamed and opened'] = function()
    local answers = {
      ['project/list'] = function()
        return { projects = { record(), record({ id = 'prj_2', root = '/q', name = 'q', icon = vim.NIL, openedAt = 9 }) } }
      end,
      ['project/update'] = function(params)
        return { project = record({ name = params.name }) }
      end,
    }
    local input = vim.ui.input
    vim.ui.input = function(options, done)
      done(options.default .. ' tank')
    end
    double.with(answers, { 2, 4 }, function(server, offered)
      choose.choose()
      vim.ui.input = input
      check.is_true(vim.startswith(offered[1][1], 'q  (/q, '), offered[1][1])
      check.is_true(offered[1][2]:find('🐟 Fish', 1, true) ~= nil and offered[1][2]:find('not trusted', 1, true) ~= nil)
      check.equal(server:params('project/update'), { projectId = 'prj_1', name = 'Fish tank' })
      check.equal(cache.get('prj_1').name, 'Fish tank')
    end)
  end,

  ['trust is asked with what it would enable, and told'] = function()
    local question = trust.question(copy.of(record({ trust = 'changed' })), 'ses_1')
    local lines = require('agentls.render.permission').block(question, {}).lines
    check.equal(lines[1], 'Trust /p?')
    check.has_line(lines, 'has changed since')
    check.has_line(lines, '.agentls/agents/a.md (agent, added)')
    check.has_line(lines, 'yp  Trust this workspace')
    check.has_line(lines, 'nn  Leave it read only')
    check.is_true(not table.concat(lines, '\n'):find('nf', 1, true), 'no turn hears words')
    local answers = {
      ['project/trust'] = function(params)
        return { project = record({ trust = params.trust }) }
      end,
    }
    double.with(answers, {}, function(server)
      trust.ask(copy.of(record()))
      check.has_line(vim.api.nvim_buf_get_lines(0, 0, -1, false), 'Trust /p?')
      vim.wait(require('agentls.settings').get().permission.guard + 20)
      vim.api.nvim_feedkeys('yp', 'x', false)
      check.equal(server:params('project/trust'), { projectId = 'prj_1', trust = 'trusted' })
      check.equal(cache.get('prj_1').trust, 'trusted')
    end)
    double.with(answers, {}, function(server)
      local before = vim.api.nvim_get_current_win()
      trust.ask(copy.of(record()))
      check.is_true(vim.api.nvim_get_current_win() ~= before)
      vim.api.nvim_feedkeys('gq', 'x', false)
      check.equal(vim.api.nvim_get_current_win(), before)
      check.equal(server:params('project/trust'), nil)
    end)
    double.with(answers, { 2 }, function(server)
      trust.ask(copy.of(record({ trust = 'trusted' })))
      check.equal(server:params('project/trust'), { projectId = 'prj_1', trust = 'untrusted' })
    end)
  end,

  ['an agent is chosen for the next prompt, by the picker or by its name'] = function()
    local listed = {
      { name = 'build', source = 'built in', description = 'does it' },
      { name = 'plan', source = 'built in', description = 'looks first', readOnly = true, mistakes = { 'tools: unknown' } },
    }
    local answers = {
      ['agent/list'] = function()
        return { agents = listed }
      end,
    }
    check.equal(agents.line(listed[2]), 'plan  looks first  (looks only, has a mistake: tools: unknown)')
    with_chat(answers, { 2 }, function(chat, server, offered)
      agents.choose(chat, '')
      check.equal(offered[1][1], 'build  does it')
      check.equal(server:params('agent/list').cwd, '/p')
      check.is_true(bar(chat):find('plan  offline/explorer', 1, true) ~= nil, bar(chat))
      require('agentls.prompt').send_text(chat, 'go')
      check.equal(server:params('session/prompt').agent, 'plan')
      agents.choose(chat, 'build')
      check.equal(chat.wanted_agent, 'build')
      agents.choose(chat, 'none such')
      check.equal(chat.wanted_agent, 'build')
      check.has_line(server.told, 'there is no agent none such; there are build, plan')
    end)
  end,

  ['what was allowed is listed, and taken back once the person says so'] = function()
    local approval = { approvalId = 'apr_1', tool = 'bash', rule = 'cargo test *', scope = 'project', createdAt = 0 }
    check.equal(approvals.line(approval, 3 * 60000), 'bash  cargo test *  (for this project, 3 min)')
    local answers = {
      ['permission/list'] = function()
        return { approvals = { approval } }
      end,
      ['permission/revoke'] = function()
        return { revoked = true }
      end,
    }
    with_chat(answers, { 1, 1 }, function(chat, server)
      approvals.choose(chat)
      check.equal(server:params('permission/revoke'), nil)
    end)
    with_chat(answers, { 1, 2 }, function(chat, server)
      approvals.choose(chat)
      check.has_line(server.told, 'asked again from now on: bash cargo test *')
      check.equal(server:params('permission/revoke'), { sessionId = 'ses_1', approvalId = 'apr_1' })
    end)
  end,

  ['commands of the server are offered behind a slash, and go to it as they are'] = function()
    local complete = require('agentls.complete')
    local listed = {
      { name = 'fix-tests', description = 'mends them', argumentHint = '<name>', source = 'project' },
      { name = 'fix', source = 'user', mistakes = { 'no template' } },
      { name = 'compact', description = 'another', source = 'user' },
    }
    local _, items = complete.items('/fi', '/p', listed)
    check.equal(vim.tbl_map(function(one)
      return { one.word, one.menu }
    end, items), { { '/fix-tests', '<name>  mends them' }, { '/fix', 'has a mistake: no template' } })
    _, items = complete.items('/compac', '/p', listed)
    check.equal(#items, 1)
    check.is_true(items[1].menu ~= 'another', 'a command of ours is not hidden')
    check.equal(complete.items('/fi', '/p', nil), nil)
    with_chat({}, {}, function(chat, server)
      vim.api.nvim_buf_set_lines(chat.prompt_buf, 0, -1, false, { '/new-thing one two' })
      vim.api.nvim_set_current_buf(chat.prompt_buf)
      vim.api.nvim_feedkeys('\r', 'x', false)
      check.equal(server:params('session/prompt').parts, { { type = 'text', text = '/new-thing one two' } })
    end)
  end,

  ['a server that lacks a method is told apart, with the cure'] = function()
    double.with({}, {}, function(server)
      local failure
      require('agentls.server').request('project/list', {}, function(problem)
        failure = problem
      end)
      check.equal({ failure.kind, failure.cure }, { 'unsupported', 'install a newer one' })
      check.equal(server:params('project/list'), nil)
    end)
  end,

  ['the server is told of trust for its folder only when the person said so'] = function()
    local settings = require('agentls.settings')
    local function trust_given(setting)
      settings.set({ server = { trust = setting } })
      local params = {}
      require('agentls.client').config().before_init(params, { root_dir = '/p' })
      settings.set()
      return params.initializationOptions.agentls.trust
    end
    check.equal(trust_given(nil), nil)
    check.equal(trust_given('untrusted'), 'untrusted')
    local asked
    check.equal(trust_given(function(folder)
      asked = folder
      return 'trusted'
    end), 'trusted')
    check.equal(asked, '/p')
    double.with({}, {}, function(server)
      check.equal(#server:params('initialize').workspaceFolders, 1)
    end)
  end,
}
