//! Translations of the engine for clients. A face holds no logic and never sees SQL or vendor JSON.

pub mod failure;
pub mod lsp;
