//! What a URL asks for, before anybody is connected to: its scheme, its host, and how rules speak of it.
//!
//! Parsed by the WHATWG's rules (<https://url.spec.whatwg.org>), the same parser that the connection uses: an IPv4
//! address in any spelling (`0x7f.1`, `2130706433`, full-width digits) is that address here and there.

use std::net::IpAddr;

use reqwest::Url;

use crate::permission::{
    Item,
    rules::{escape, matches},
};

/// The longest URL, in bytes.
pub(in crate::tool) const LONGEST_URL: usize = 8 * 1024;

/// A place on the web that may be asked for permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    url: Url,
    /// The host without brackets.
    host: String,
}

/// Why a URL is not fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    /// It is no URL.
    #[error("`{0}` is not a URL: {1}. An absolute one is needed, such as https://example.com/page")]
    Invalid(String, String),
    /// It is too long.
    #[error("the URL has {0} bytes; at most {LONGEST_URL} are taken")]
    TooLong(usize),
    /// Another scheme.
    #[error("`{0}:` is not fetched; only https: and http: are")]
    Scheme(String),
    /// It carries a name or a password.
    #[error("the URL carries a user name or a password; those are not sent")]
    Credentials,
    /// A redirect leads from an encrypted connection to a plain one.
    #[error("the redirect to {0} leads from https to http and is not followed")]
    Downgrade(String),
}

impl Target {
    /// What `text` asks for.
    pub(super) fn parse(text: &str) -> Result<Self, TargetError> {
        if text.len() > LONGEST_URL {
            return Err(TargetError::TooLong(text.len()));
        }
        let url = Url::parse(text).map_err(|why| TargetError::Invalid(text.to_owned(), why.to_string()))?;
        Self::of(url)
    }

    /// Where a redirect from here to `location` leads.
    pub(super) fn redirect(&self, location: &str) -> Result<Self, TargetError> {
        if location.len() > LONGEST_URL {
            return Err(TargetError::TooLong(location.len()));
        }
        let invalid = |why: String| TargetError::Invalid(location.to_owned(), why);
        let next = Self::of(self.url.join(location).map_err(|why| invalid(why.to_string()))?)?;
        if self.url.scheme() == "https" && next.url.scheme() == "http" {
            return Err(TargetError::Downgrade(next.url.into()));
        }
        Ok(next)
    }

    fn of(mut url: Url) -> Result<Self, TargetError> {
        if !matches!(url.scheme(), "https" | "http") {
            return Err(TargetError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let invalid = |url: &Url, why: &str| TargetError::Invalid(url.to_string(), why.to_owned());
        // A fragment is not sent; a final dot names the same host.
        url.set_fragment(None);
        let bare = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
        if bare.is_empty() {
            return Err(invalid(&url, "it has no host"));
        }
        url.set_host(Some(&bare)).map_err(|why| invalid(&url, &why.to_string()))?;
        let host =
            url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { url, host })
    }

    /// The URL as it is requested.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The host without brackets.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The address, where the host is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether a pattern of the configuration (`localhost`, `*.internal`, `localhost:8080`) names the host.
    pub(super) fn is_among(&self, patterns: &[String]) -> bool {
        let bracketed = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        let names = [self.host.clone(), bracketed.to_owned(), format!("{bracketed}:{port}")];
        patterns.iter().any(|pattern| names.iter().any(|name| matches(&pattern.to_lowercase(), name)))
    }

    /// What rules decide about. Allowed for longer, it stands for all of the host; a rule denies it also by the bare
    /// host, with and without its port, and by the URL without its scheme.
    pub(super) fn item(&self) -> Item {
        let (host, url) = (self.url.host_str().unwrap_or_default(), self.url.as_str());
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let aliases =
            vec![self.host.clone(), self.authority(), rest.to_owned(), format!("{host}{}", self.url.path())];
        let rule = format!("{}://{}/*", self.url.scheme(), escape(&self.authority()));
        Item { aliases, looks: true, ..Item::new(url, rule) }
    }

    /// Whether a permission for `self` covers `next`: the same scheme or a better one, the same host but for `www.`,
    /// the same port but for the scheme's own.
    pub(super) fn covers(&self, next: &Self) -> bool {
        fn site(target: &Target) -> (&str, Option<u16>) {
            (target.host.strip_prefix("www.").unwrap_or(&target.host), target.url.port())
        }
        site(self) == site(next)
    }

    /// Host and, where it is not the scheme's own, port.
    fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn an_address_in_any_spelling_is_that_address() {
        for spelling in [
            "http://127.0.0.1",
            "http://127.1",
            "http://0x7f.1",
            "http://0177.0.0.1",
            "http://2130706433",
            "http://0x7f000001",
            "http://127.0.0.1.",
            "http://１２７.０.０.１",
            "http://127。0。0。1",
            "http:127.0.0.1",
            r"http:\\127.0.0.1\",
            "http://%31%32%37.0.0.1",
            "hTTp://127.0.0.1:80",
            "\thttp://127.0.0\n.1 ",
        ] {
            assert_eq!(target(spelling).address(), Some("127.0.0.1".parse().unwrap()), "{spelling}");
        }
        assert_eq!(target("http://[::FFFF:127.0.0.1]/").address(), Some("::ffff:7f00:1".parse().unwrap()));
    }

    #[test]
    fn what_is_not_fetched_says_why() {
        for (url, words) in [
            ("file:///etc/passwd", "`file:`"),
            ("ftp://example.com/", "`ftp:`"),
            ("gopher://127.0.0.1:70/_x", "`gopher:`"),
            ("data:text/html,x", "`data:`"),
            ("javascript:alert(1)", "`javascript:`"),
            ("https://user@example.com/", "user name"),
            ("https://:secret@example.com/", "password"),
            ("https://example.com@127.0.0.1/", "user name"),
            ("example.com/x", "is not a URL"),
            ("", "is not a URL"),
            ("http://", "is not a URL"),
            ("http://./", "host"),
            ("http://[fe80::1%25eth0]/", "is not a URL"),
            ("http://256.256.256.256/", "is not a URL"),
            ("https://exa mple.com/", "is not a URL"),
        ] {
            let error = Target::parse(url).expect_err(url).to_string();
            assert!(error.contains(words), "{url}: {error}");
        }
        assert!(Target::parse(&format!("https://example.com/{}", "x".repeat(LONGEST_URL))).is_err());
    }

    #[test]
    fn a_redirect_goes_to_the_same_kinds_of_places_and_never_down() {
        let from = target("https://example.com/a/b");
        assert_eq!(from.redirect("../c#d").unwrap().url().as_str(), "https://example.com/c");
        assert!(matches!(from.redirect("http://example.com/"), Err(TargetError::Downgrade(_))));
        assert!(matches!(from.redirect("file:///etc/passwd"), Err(TargetError::Scheme(_))));
        assert!(matches!(from.redirect("//user:pw@example.com/"), Err(TargetError::Credentials)));
        assert!(target("http://example.com").redirect("https://example.com/").is_ok());
    }

    #[test]
    fn a_permission_covers_the_host_and_its_www_and_no_other() {
        let from = target("http://example.com/a");
        for (next, covered) in [
            ("https://www.example.com/b", true),
            ("https://example.com/b", true),
            ("https://example.com:8443/", false),
            ("https://docs.example.com/", false),
            ("https://example.com.evil.net/", false),
        ] {
            assert_eq!(from.covers(&target(next)), covered, "{next}");
        }
    }

    #[test]
    fn rules_speak_of_the_host_and_denials_find_it_by_each_of_its_names() {
        let item = target("https://Example.com./docs?q=1#part").item();
        assert_eq!(item.label, "https://example.com/docs?q=1");
        assert_eq!(item.rule, "https://example.com/*");
        assert!(matches(&item.rule, &item.label));
        for denial in ["example.com", "example.com/docs", "example.com/*", "*example.com*"] {
            assert!(item.aliases.iter().any(|name| matches(denial, name)), "{denial}");
        }
        let item = target("http://[::1]:8080/").item();
        assert_eq!(item.rule, "http://[::1]:8080/*");
        assert!(item.aliases.contains(&"::1".to_owned()));
    }

    #[test]
    fn a_host_is_named_with_or_without_its_port() {
        let named = |url, pattern: &str| target(url).is_among(&[pattern.to_owned()]);
        assert!(named("http://localhost:3000/", "localhost"));
        assert!(named("http://localhost:3000/", "LOCALHOST:3000"));
        assert!(named("http://wiki.corp.internal/", "*.internal"));
        assert!(named("http://[::1]:1/", "[::1]:1") && named("http://[::1]:1/", "::1"));
        assert!(!named("http://localhost:3000/", "localhost:4000"));
        assert!(!named("http://localhost.evil.net/", "localhost"));
    }
}
