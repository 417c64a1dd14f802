//! Whether the providers that are ready can be reached, on request. No tokens are spent.

use std::path::Path;

use agentls::engine::{Engine, KeyVerdict, Probe};

use super::Finding;
use crate::cli::{local, style::one_line};

pub(super) fn providers(engine: &Engine, here: &Path) -> anyhow::Result<Vec<Finding>> {
    let probed = local::runtime()?.block_on(engine.probe(here.to_string_lossy().into_owned()))?;
    if probed.is_empty() {
        return Ok(vec![Finding::plain("no provider with a key: there is nothing to call")]);
    }
    Ok(probed.iter().map(|(name, probe)| finding(name, probe)).collect())
}

fn finding(name: &str, probe: &Probe) -> Finding {
    match probe {
        Probe::Unreached(why) => Finding::broken(
            format!("{name}: not reached: {}", one_line(why)),
            "Check the network, a proxy, and the provider's `baseUrl`.",
        ),
        Probe::Answered { key, status, millis } => {
            let what = format!("{name}: answered in {millis} ms (HTTP {status})");
            match key {
                KeyVerdict::Accepted => Finding::fine(format!("{what}, the key is accepted")),
                KeyVerdict::Missing => Finding::plain(format!("{what}, asked without a key")),
                KeyVerdict::Refused => Finding::broken(
                    format!("{what}, the key is refused"),
                    "Set another key, and mind spaces around it.",
                ),
                KeyVerdict::Unknown => Finding::doubtful(
                    format!("{what}, which says nothing of the key"),
                    "A server may lack a list of models; prompt to see.",
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Weight, *};

    #[test]
    fn a_key_that_is_refused_is_broken_and_one_that_is_taken_is_fine() {
        let answered = |key, status| Probe::Answered { key, status, millis: 5 };
        assert_eq!(finding("p", &answered(KeyVerdict::Refused, 401)).weight, Weight::Broken);
        assert_eq!(finding("p", &answered(KeyVerdict::Accepted, 200)).weight, Weight::Fine);
        let unreached = finding("p", &Probe::Unreached("DNS: x has no address".to_owned()));
        assert!(unreached.weight == Weight::Broken && unreached.what.contains("DNS"));
    }
}
