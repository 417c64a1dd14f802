//! The configuration as it may be shown: without what looks like a secret (invariant 13). Pure.

use super::Config;
use crate::transcript::secret::{HIDDEN, redact, redacted_url};

/// A copy without secrets: secret headers, values of options whose names speak of one, and passwords in URLs.
pub fn redacted(config: &Config) -> Config {
    let mut copy = config.clone();
    for provider in copy.providers.values_mut() {
        let mut headers = std::mem::take(&mut provider.headers);
        for (_, value) in headers.iter_mut().filter(|(name, _)| provider.is_secret_header(name)) {
            HIDDEN.clone_into(value);
        }
        provider.headers = headers;
        provider.base_url = provider.base_url.take().map(|url| redacted_url(&url));
        redact(&mut provider.options);
        provider.models.values_mut().for_each(|model| redact(&mut model.options));
    }
    copy
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_that_looks_like_a_secret_is_shown() {
        let config: Config = serde_json::from_value(json!({"providers": {"p": {
            "baseUrl": "https://me:canary@host/v1",
            "headers": {"Authorization": "Bearer canary", "X-Api-Key": "canary", "X-Title": "shown"},
            "options": {"apiToken": "canary", "keys": ["canary"], "nested": [{"password": "canary"}], "seed": 7},
            "models": {"m": {"options": {"secret": "canary"}}},
        }}}))
        .unwrap();
        let shown = serde_json::to_string(&redacted(&config)).unwrap();
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("shown") && shown.contains("host/v1") && shown.contains("\"seed\":7"));
    }
}
