local check = require('check')
local clean = require('agentls.clean')

return {
  ['plain text stays as it is'] = function()
    for _, line in ipairs({ 'local x = 1', 'Größe → 5 µm', '你好', '\tindented', '👩‍👩‍👧 and ❤' }) do
      check.equal(clean.line(line), line)
    end
  end,

  ['escape sequences of terminals are taken out'] = function()
    check.equal(clean.line('\27[31mred\27[0m'), 'red')
    check.equal(clean.line('\27]0;title\7text'), 'text')
    check.equal(clean.line('bell\7 back\8space nul\0'), 'bell␇ back␈space nul␀')
  end,

  ['hidden characters are shown'] = function()
    check.equal(clean.line('a\226\128\174b'), 'a‹U+202E›b')
    check.equal(clean.line('zero\226\128\139width'), 'zero‹U+200B›width')
    check.equal(clean.line('rm\226\128\141 -rf'), 'rm‹U+200D› -rf')
    check.equal(clean.line('tag\243\160\129\129'), 'tag‹U+E0041›')
    check.equal(clean.line('\194\155c1'), '‹U+009B›c1')
  end,

  ['a long line is cut where a character begins'] = function()
    local cut = clean.line(('ä'):rep(3000), 1001)
    check.is_true(vim.startswith(cut, ('ä'):rep(500) .. ' … (+5000 bytes)'), cut)
    check.is_true(#clean.line(('x'):rep(1024 * 1024)) < 2100)
  end,

  ['lines end at both kinds of line breaks'] = function()
    check.equal(clean.lines('a\r\nb\nc'), { 'a', 'b', 'c' })
    check.equal(clean.one_line('a\r\nb\nc'), 'a ⏎ b ⏎ c')
    check.equal(clean.one_line(nil), '')
  end,
}
