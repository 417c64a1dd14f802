//! Where the gate of a session keeps what a person allowed: the store.

use futures::future::BoxFuture;

use crate::{
    failpoint,
    permission::{
        Scope,
        gate::{Approval, Approvals},
    },
    store::{Approved, Store},
    transcript::SessionId,
};

/// The approvals of one session, in the database.
pub struct StoredApprovals {
    /// The database.
    pub store: Store,
    /// The session.
    pub session: SessionId,
}

impl Approvals for StoredApprovals {
    fn list(&self) -> BoxFuture<'_, Vec<Approval>> {
        Box::pin(async move {
            match self.store.approvals(&self.session).await {
                Ok(approved) => {
                    let approved = approved.into_iter().map(|stored| stored.approved);
                    approved.map(|Approved { tool, rule }| Approval { tool, rule }).collect()
                }
                Err(error) => {
                    tracing::warn!(%error, "approvals cannot be read; the person is asked again");
                    Vec::new()
                }
            }
        })
    }

    fn remember(&self, scope: Scope, tool: String, rules: Vec<String>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let approved = rules.into_iter().map(|rule| Approved { tool: tool.clone(), rule }).collect();
            if let Err(error) = self.store.approve(&self.session, scope == Scope::Project, approved).await {
                tracing::warn!(%error, "an approval cannot be kept; it held for this once");
            }
            failpoint::reach("approval.stored").await;
        })
    }
}
