//! Names to addresses, checked on the way to the connection: what was checked is what is connected to.
//!
//! The HTTP client asks this resolver once for each connection and connects to nothing but what it gets, so that a name
//! that means something else a moment later (DNS rebinding) means nothing to a connection. One forbidden address among
//! good ones forbids the name. An address in a URL is not resolved; whoever requests it checks it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{self, Reach};

/// Finds the addresses of a name.
pub(super) trait Lookup: Send + Sync {
    /// All addresses of `host`.
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's way.
pub(super) struct System;

impl Lookup for System {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver that gives addresses within `reach` only.
pub(super) struct Guarded {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) reach: Reach,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, reach) = (name.as_str().to_owned(), self.reach);
        let found = self.lookup.lookup(host.clone());
        Box::pin(async move {
            let found = found.await?;
            for address in &found {
                address::check(&host, *address, reach)?;
            }
            // The connection puts the URL's port in place of 0.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
