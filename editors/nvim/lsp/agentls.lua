-- For `vim.lsp.enable('agentls')` and `vim.lsp.config('agentls', { … })`.
return require('agentls.client').config()
